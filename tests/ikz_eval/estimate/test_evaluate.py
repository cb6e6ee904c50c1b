"""The stage as a whole: what it writes for a study, what it withholds, and what it refuses."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from ikz_eval.errors import EstimationError
from ikz_eval.estimate import ImputationFit, evaluate, fit_imputation, judge, required_tests
from ikz_eval.registry import Outcome
from ikz_eval.warehouse import empty_table
from schemas import CONTRACTS
from tests.ikz_eval.estimate.invented import (
    BODIES,
    FIELD,
    LAST,
    MAIN,
    OWN,
    STARTS,
    make_panel,
    make_partnership,
    make_registry,
    with_anticipation,
)

WHOLE = "ATT"


@pytest.fixture(autouse=True)
def few_simulations(monkeypatch):
    """Simulate the least supported effect with few sets of noise: quick, and no figure of it is checked here."""
    monkeypatch.setattr(required_tests, "SIMULATIONS", 10)


@cache
def tiny_panel() -> pd.DataFrame:
    return make_panel()


@cache
def whole() -> dict[str, pd.DataFrame]:
    """Return every table of the tiny panel."""
    return evaluate(make_registry(), LAST, tiny_panel(), make_partnership(tiny_panel()))


def run(panel=None, registry=None):
    """Return the tables a verdict rests on; of the tiny panel as it stands, those of the whole evaluation."""
    if panel is None and registry is None:
        return whole()
    panel = tiny_panel() if panel is None else panel
    return judge(registry or make_registry(), LAST, panel, make_partnership(panel))


def primary(tables):
    estimate = tables["estimate"]
    return estimate[estimate["is_primary"]].squeeze()


def judged(tables):
    verdict = tables["verdict"].iloc[0]
    return verdict["verdict"], [] if pd.isna(verdict["reasons"]) else verdict["reasons"].split(",")


def without(panel, unit, quarters=None):
    gone = panel["unit"] == unit
    return panel[~gone] if quarters is None else panel[~(gone & panel["quarter"].isin(quarters))]


def test_every_table_keeps_its_contract_and_every_field_has_card_and_verdict():
    tables = whole()
    for name, table in tables.items():
        CONTRACTS[name].validate(table)
    assert [len(tables[name]) for name in ("design_card", "verdict")] == [1, 1]


def fit_of(partnership: pd.DataFrame) -> ImputationFit:
    rows = partnership.assign(y=np.log(partnership["real_gross_cost_per_case_eur"]))
    return fit_imputation(rows, outcome="y", unit="unit", period="quarter", cohort="cohort")


def test_primary_estimate_is_the_imputation_of_the_partnerships():
    fit, row = fit_of(make_partnership(tiny_panel())), primary(run())
    assert (row["estimate_log"], row["se_log"], row["df"], row["p_value"]) == pytest.approx(
        (fit.estimate, fit.inference.se, fit.inference.df, fit.inference.p), rel=1e-9
    )
    assert row["effect_percent"] == pytest.approx(100 * (np.exp(fit.estimate) - 1))
    assert row["high_percent"] == pytest.approx(100 * (np.exp(fit.inference.high) - 1))
    assert row["low_log"] < -0.1 < row["high_log"]


def test_effect_in_eur_is_the_percentage_of_the_cost_without_cooperation():
    """Without noise the cost without cooperation is the level before: regions weigh the same."""
    panel = make_panel(noise=0.0)
    row = primary(run(panel))
    partnership = make_partnership(panel)
    before = partnership[partnership["quarter"] < partnership["cohort"].fillna("")].groupby("unit")
    level = before["real_gross_cost_per_case_eur"].mean().mean()
    assert row["effect_eur_per_case"] == pytest.approx((np.exp(-0.1) - 1) * level, rel=1e-4)
    assert row["effect_percent"] == pytest.approx(100 * (np.exp(-0.1) - 1), abs=1e-3)


def test_parts_of_regions_and_bodies_and_the_second_method_are_points_only():
    estimate = run()["estimate"]
    parts = estimate[estimate["withheld"].isin(["one_region", "one_body", "reported_point"])]
    assert parts[["se_log", "df", "p_value", "low_log", "high_log", "mde_cr2_percent"]].isna().all(axis=None)
    regions = parts[parts["withheld"] == "one_region"]
    assert regions["term"].tolist() == list(STARTS)
    assert regions["estimate_log"].mean() == pytest.approx(primary({"estimate": estimate})["estimate_log"], abs=1e-12)
    assert parts.loc[parts["withheld"] == "one_body", "term"].tolist() == [a for u in STARTS for a in BODIES[u]]
    assert set(parts.loc[parts["withheld"] == "reported_point", "level"]) == {"partnership", "body"}


def test_no_p_value_at_the_level_of_bodies():
    estimate = run()["estimate"]
    body = estimate[estimate["level"] == "body"]
    assert body["p_value"].isna().all()
    whole = body[(body["term"] == WHOLE) & (body["method"] == "imputation")].squeeze()
    assert whole["withheld"] == "body_level_p"
    assert whole["outcome"] == "log_real_net_cost_per_case"


def test_a_clear_saving_is_supported_and_the_card_says_what_the_design_allows():
    tables = run()
    card, verdict = tables["design_card"].iloc[0], tables["verdict"].iloc[0]
    assert (verdict["verdict"], verdict["direction"]) == ("supported", "saving")
    assert verdict["is_zero_excluded"] and pd.isna(verdict["reasons"])
    assert (card["treated_regions"], card["comparison_blocks"]) == (3, 4)
    assert (card["quarters_before"], card["quarters_after"]) == (6, 6)
    assert (card["assignments"], card["attainable_p_randomisation"]) == (210, pytest.approx(1 / 210))
    assert card["attainable_p_wild"] == pytest.approx(2 / 128)
    assert not card["is_randomisation_approximate"]
    assert card["mde_cr2_percent"] < card["mde_supported_percent"] < 10
    assert pd.isna(card["missing_tests"])


def test_no_effect_is_compatible_with_zero():
    verdict = run(make_panel(effect=0.0))["verdict"].iloc[0]
    assert (verdict["verdict"], verdict["direction"]) == ("compatible", "none")
    assert verdict["low_percent"] < 0 < verdict["high_percent"]
    assert "zero_in_interval" in verdict["reasons"]


def test_nothing_delivered_is_not_assessable_and_no_error():
    tables = evaluate(make_registry(), LAST, empty_table("panel"), empty_table("partnership"))
    for name, table in tables.items():
        CONTRACTS[name].validate(table)
    assert tables["estimate"].empty and tables["event_path"].empty
    assert judged(tables) == ("not_assessable", ["no_deliveries", "fewer_than_2_regions", "fewer_than_2_blocks"])
    card = tables["design_card"].iloc[0]
    assert card[["quarters_before", "attainable_p_wild", "assignments", "mde_cr2_percent"]].isna().all()


def test_unknown_starts_are_named():
    registry = make_registry({ags: None for ags in BODIES["alpha"]})
    tables = evaluate(registry, LAST, empty_table("panel"), empty_table("partnership"))
    assert judged(tables)[1][:2] == ["no_deliveries", "unknown_start"]


def test_one_treated_region_gives_a_point_and_never_a_p_value():
    tables = run(without(without(tiny_panel(), "beta"), "gamma"))
    row = primary(tables)
    assert row["withheld"] == "one_treated_region"
    assert row[["se_log", "df", "p_value", "low_log", "mde_cr2_percent"]].isna().all()
    assert row["estimate_log"] == pytest.approx(-0.1, abs=0.03)
    verdict, reasons = judged(tables)
    assert (verdict, reasons[0]) == ("not_assessable", "fewer_than_2_regions")
    assert pd.isna(tables["verdict"].iloc[0]["low_percent"])
    assert tables["event_path"]["se_log"].isna().all()


def test_one_block_is_not_assessable():
    panel = tiny_panel()
    tables = run(panel[~panel["unit"].isin(["block1", "block2", "block3"])])
    verdict, reasons = judged(tables)
    assert verdict == "not_assessable"
    assert "fewer_than_2_blocks" in reasons and "attainable_p_above_05" in reasons
    assert primary(tables)["withheld"] == "fewer_than_2_blocks"


def test_a_region_with_little_before_or_after_is_not_assessable():
    early = without(tiny_panel(), "alpha", ["2020-Q1", "2020-Q2", "2020-Q3"])
    assert "fewer_than_4_quarters_before" in judged(run(early))[1]
    late = without(tiny_panel(), "gamma", [f"2022-Q{q}" for q in (3, 4)] + [f"2023-Q{q}" for q in (1, 2, 3)])
    assert "fewer_than_2_quarters_after" in judged(run(late))[1]


def test_two_regions_and_two_blocks_cannot_reach_a_small_p():
    panel = tiny_panel()
    verdict, reasons = judged(run(panel[~panel["unit"].isin(["gamma", "block3", "block4"])]))
    assert (verdict, "attainable_p_above_05" in reasons) == ("not_assessable", True)


def test_a_region_that_carries_more_than_half_is_not_assessable():
    panel = without(tiny_panel(), "gamma")
    panel = without(panel, "beta", [f"{y}-Q{q}" for y in (2022, 2023) for q in (1, 2, 3, 4)][:6])
    tables = run(panel)
    assert tables["design_card"].iloc[0]["leverage_share_max"] > 0.5
    assert "region_dominates_leverage" in judged(tables)[1]


def test_missing_members_are_counted():
    panel = tiny_panel()
    tables = run(panel[~((panel["ags"] == BODIES["block1"][0]) & (panel["quarter"] == "2021-Q1"))])
    assert primary(tables)["dropped"] == "members_missing: 1"
    assert primary(tables)["n_obs"] == 7 * 16 - 1


def test_partial_quarter_is_neither_base_nor_effect():
    panel = tiny_panel().copy()
    partial = (panel["unit"] == "beta") & (panel["quarter"] == STARTS["beta"])
    panel.loc[partial, "is_partial"] = True
    first = primary(run(panel))
    panel.loc[partial, ["real_gross_cost_cents", "real_net_cost_cents"]] *= 3
    assert primary(run(panel))["estimate_log"] == pytest.approx(first["estimate_log"], abs=1e-12)
    assert first["dropped"] == "partial_quarter: 1"


def test_anticipation_is_left_out_and_counted():
    tables = run(registry=make_registry(None, with_anticipation(2)))
    assert primary(tables)["dropped"] == "anticipation: 6"
    path = tables["event_path"]
    reference = path[(path["level"] == "partnership") & path["is_reference"]]
    assert dict(zip(reference["bin_quarters"], reference["event_time"], strict=True)) == {1: -3, 4: -6}


def test_late_joiner_by_own_start_waits_for_the_last_member():
    late = BODIES["beta"][1]
    panel = make_panel(late={late: "2022-Q3"})
    registry = make_registry({late: "2022-07-01"}, MAIN, OWN)
    estimate = run(panel, registry)["estimate"].set_index(["specification", "level", "method", "term"])
    assert "partly_joined: 2" in estimate.loc[("own", "partnership", "imputation", WHOLE), "dropped"]
    own = estimate.loc[("own", "partnership", "imputation", "beta"), "estimate_log"]
    main = estimate.loc[("main", "partnership", "imputation", "beta"), "estimate_log"]
    assert own == pytest.approx(-0.1, abs=0.015)
    assert own < main, "counted from the region's start, the quarters before the second body joined dilute the effect"
    body = estimate.loc[("own", "body", "imputation", late), "estimate_log"]
    assert body == pytest.approx(-0.1, abs=0.02)


def test_late_joiner_inside_a_quarter_loses_that_quarter_by_own_start():
    late = BODIES["beta"][1]
    panel = make_panel(late={late: "2022-Q3"})
    estimate = run(panel, make_registry({late: "2022-08-15"}, MAIN, OWN))["estimate"]
    own = estimate[(estimate["specification"] == "own") & (estimate["term"] == WHOLE)]
    assert own["dropped"].tolist() == ["partial_quarter: 1; partly_joined: 2"] * 2 + ["partial_quarter: 1"] * 2


def test_a_region_that_begins_later_is_comparison_until_then():
    panel = tiny_panel()
    tables = judge(make_registry(), "2022-Q2", panel, make_partnership(panel))
    card = tables["design_card"].iloc[0]
    assert (card["treated_regions"], card["quarters_after"], card["assignments"]) == (2, 2, 42)
    assert primary(tables)["n_units"] == 7


def test_evaluation_quarter_ends_the_rows():
    panel = tiny_panel()
    partnership = make_partnership(panel)
    early = judge(make_registry(), "2023-Q1", panel, partnership)["estimate"]
    assert early.loc[early["is_primary"], "dropped"].item() == "after_evaluation_quarter: 21"


def test_same_input_gives_the_same_tables_in_any_row_order():
    panel = tiny_panel()
    shuffled = panel.sample(frac=1, random_state=1)
    second = evaluate(make_registry(), LAST, shuffled, make_partnership(panel).sample(frac=1, random_state=2))
    for name, table in whole().items():
        pd.testing.assert_frame_equal(table, second[name], check_exact=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "twoway"}, "specification 'main': method is 'twoway'; allowed: imputation"),
        ({"late_joiners": "none"}, "late_joiners is 'none'; allowed: region_start, own_start"),
        ({"average": "bodies"}, "average is 'bodies'; allowed: regions"),
    ],
)
def test_unknown_specifications_are_refused(change, message):
    with pytest.raises(EstimationError, match=message):
        run(registry=make_registry(None, replace(MAIN, **change)))


def test_an_unknown_outcome_is_refused():
    registry = replace(make_registry(), outcomes=(Outcome(FIELD, "cases", "reason"),))
    with pytest.raises(EstimationError, match="outcome 'cases' of field 'zulassung'; allowed is log_real_gross"):
        run(registry=registry)


def test_a_block_that_cooperates_and_a_region_without_start_are_no_comparison():
    """Neither is treated nor untouched; leaving them in would make its own cooperation part of the comparison."""
    panel = tiny_panel()
    partnership = make_partnership(panel)
    touched = partnership.copy()
    touched.loc[touched["unit"] == "block4", "cohort"] = "2022-Q1"
    touched.loc[touched["unit"] == "gamma", "cohort"] = None
    kept = partnership[~partnership["unit"].isin(["block4", "gamma"])]
    bodies = panel[~panel["unit"].isin(["block4", "gamma"])]
    row = primary(judge(make_registry(), LAST, panel, touched))
    assert row["estimate_log"] == pytest.approx(primary(judge(make_registry(), LAST, bodies, kept))["estimate_log"])
    assert "block_with_cooperation: 16" in row["dropped"]
    assert "region_without_start: 16" in row["dropped"]


def test_sources_that_disagree_about_the_start_are_an_unknown_start_not_no_cooperation():
    registry = make_registry()
    agreements = registry.agreements.assign(status="conflicting")
    tables = evaluate(replace(registry, agreements=agreements), LAST, empty_table("panel"), empty_table("partnership"))
    assert judged(tables)[1][:2] == ["no_deliveries", "unknown_start"]


def test_a_second_agreement_without_a_date_does_not_make_a_known_start_unknown():
    registry = make_registry()
    extended = pd.concat([registry.agreements, registry.agreements.iloc[[0]].assign(agreement="more", start=None)])
    tables = judge(replace(registry, agreements=extended), LAST, tiny_panel(), make_partnership(tiny_panel()))
    assert tables["verdict"].iloc[0]["verdict"] == "supported"
    assert "unknown_start" not in str(tables["verdict"].iloc[0]["reasons"])


def test_fields_are_adjusted_together_by_holm():
    """Two fields: the clear one keeps its test (2p), and a p between .025 and .05 beside a large one fails it."""
    weak = next(p for p in (make_panel(effect=-0.02, noise=0.02, seed=s) for s in range(60)) if 0.025 < p_of(p) < 0.05)
    null = next(p for p in (make_panel(effect=0.0, seed=s) for s in range(20)) if p_of(p) > 0.3)
    registry = make_registry()
    other = registry.fields.assign(field="wohngeld")
    both = replace(
        registry,
        fields=pd.concat([registry.fields, other], ignore_index=True),
        agreements=pd.concat([registry.agreements, registry.agreements.assign(field="wohngeld")], ignore_index=True),
        outcomes=(*registry.outcomes, replace(registry.outcomes[0], field="wohngeld")),
    )
    panel = pd.concat([weak, null.assign(field="wohngeld")], ignore_index=True)
    partnership = pd.concat([make_partnership(weak), make_partnership(null).assign(field="wohngeld")])
    verdict = judge(both, LAST, panel, partnership)["verdict"].set_index("field")
    assert "failed_cr2_adjusted" in verdict.loc[FIELD, "reasons"]
    assert verdict.loc[FIELD, "is_zero_excluded"], "the interval printed is the unadjusted one"
    assert "failed_cr2_adjusted" not in judged(run(weak))[1]


def p_of(panel: pd.DataFrame) -> float:
    return float(fit_of(make_partnership(panel)).inference.p)


def test_bodies_weigh_by_their_cases_in_every_method_of_the_body_level():
    """One body of each region has nine times the cases; only that one saves, so the effect is .9 of its own."""
    panel = make_panel(effect=0.0, noise=0.0).copy()
    large = panel["ags"].isin([BODIES[unit][0] for unit in STARTS])
    panel.loc[large, ["cases", "real_net_cost_cents"]] *= 9
    after = large & (panel["quarter"] >= panel["cohort"].fillna("9999"))
    panel.loc[after, "real_net_cost_cents"] = (
        (panel.loc[after, "real_net_cost_cents"] * np.exp(-0.1)).round().astype(int)
    )
    tables = run(panel)
    body = tables["estimate"].query("level == 'body' and term == 'ATT'").set_index("method")["estimate_log"]
    assert body.to_dict() == pytest.approx({"imputation": -0.09, "group_time": -0.09}, abs=1e-5)
    path = tables["event_path"].query("level == 'body' and bin_quarters == 4").set_index("event_time")["estimate_log"]
    assert path[0] == pytest.approx(-0.09, abs=1e-5)
    panel.loc[after, ["cases", "real_net_cost_cents"]] *= 5
    again = run(panel)["estimate"].query("level == 'body' and term == 'ATT' and method == 'imputation'")
    assert again["estimate_log"].item() == pytest.approx(-0.09, abs=1e-5), "a mix that changes afterwards has no weight"


@pytest.mark.parametrize("reason", ["earlier_cooperation", "other_cooperation", "after_end", "not_taking_part"])
def test_what_the_panel_excludes_is_not_used_and_is_counted(reason):
    panel = tiny_panel()
    partnership = make_partnership(panel)
    gone = partnership["unit"] == "block4"
    marked = partnership.assign(exclusion=partnership["exclusion"].mask(gone, reason))
    row = primary(judge(make_registry(), LAST, panel, marked))
    kept = primary(judge(make_registry(), LAST, panel, partnership[~gone]))
    assert row["estimate_log"] == pytest.approx(kept["estimate_log"], abs=1e-12)
    assert (row["dropped"], row["n_units"]) == (f"{reason}: 16", 6)


def test_a_body_that_never_joined_its_region_is_left_out_by_own_start():
    never = BODIES["beta"][1]
    panel = tiny_panel().copy()
    panel.loc[panel["ags"] == never, "own_start"] = None
    estimate = run(panel, make_registry({never: None}, MAIN, OWN))["estimate"]
    row = estimate.query("specification == 'own' and level == 'body' and term == 'ATT' and method == 'imputation'")
    assert row["dropped"].item() == "never_joined: 16"
    assert never not in set(estimate.query("specification == 'own'")["term"])


def test_with_one_block_neither_standard_error_nor_interval_is_shown():
    panel = tiny_panel()
    tables = run(panel[~panel["unit"].isin(["block1", "block2", "block3"])])
    whole = tables["estimate"].query("term == 'ATT' and method == 'imputation'")
    assert whole[["se_log", "df", "p_value", "low_log", "high_log", "mde_cr2_percent"]].isna().all(axis=None)
    assert tables["event_path"][["se_log", "df", "low_log"]].isna().all(axis=None)
    assert pd.isna(tables["design_card"].iloc[0]["mde_cr2_percent"])


def test_units_of_unequal_size_make_randomisation_approximate():
    panel = tiny_panel()
    partnership = make_partnership(panel)
    larger = partnership["unit"] == "block1"
    unequal = partnership.assign(members=partnership["members"].mask(larger, 3))
    unequal["members_delivered"] = unequal["members"]
    assert judge(make_registry(), LAST, panel, unequal)["design_card"].iloc[0]["is_randomisation_approximate"]
