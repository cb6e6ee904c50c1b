"""The robustness card and placebo starts: against refits, on rows without noise, and with regions taken away."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from ikz_eval.estimate import evaluate, evaluate_field, fit_imputation, required_tests
from ikz_eval.estimate.placebo import placebo_starts
from ikz_eval.estimate.result import robustness_rows
from ikz_eval.estimate.robustness import robustness_card
from ikz_eval.warehouse import typed
from schemas.vocabulary import ROBUSTNESS_CHECKS
from tests.ikz_eval.estimate.invented import FIELD, LAST, MAIN, OWN, STARTS, make_panel, make_partnership, make_registry


@pytest.fixture(autouse=True)
def few_simulations(monkeypatch):
    """Simulate the least supported effect with few sets of noise: no figure of it is checked here."""
    monkeypatch.setattr(required_tests, "SIMULATIONS", 10)


@cache
def tiny_panel() -> pd.DataFrame:
    return make_panel()


@cache
def run() -> dict[str, pd.DataFrame]:
    return evaluate(make_registry(None, MAIN, OWN), LAST, tiny_panel(), make_partnership(tiny_panel()))


def card(tables):
    return tables["robustness"].set_index(["check", "part"])


def field(panel):
    """Return the evaluation of the field alone, without tests and tables."""
    return evaluate_field(make_registry(), MAIN, FIELD, LAST, panel, make_partnership(panel))


def card_of(panel):
    """Return the card of another panel, without what else is evaluated."""
    found = field(panel)
    checks = robustness_card(make_registry(), found, [found], LAST, (panel, make_partnership(panel)))
    return card({"robustness": typed("robustness", robustness_rows(LAST, found, checks))})


def refit(panel, **changes):
    partnership = make_partnership(panel)
    rows = partnership.assign(y=np.log(partnership["real_gross_cost_per_case_eur"]), **changes)
    return fit_imputation(rows, outcome="y", unit="unit", period="quarter", cohort="cohort")


def test_the_card_has_every_check_and_only_the_primary_specification():
    tables = run()
    assert set(card(tables).index.get_level_values("check")) == set(ROBUSTNESS_CHECKS)
    assert set(tables["robustness"]["specification"]) == {"main"}
    assert card(tables).loc["specification"].index.tolist() == ["main", "own"]
    unrecorded = tables["robustness"][tables["robustness"]["withheld"] == "not_recorded"]
    assert len(unrecorded) == 5 and unrecorded["estimate_log"].isna().all()


def test_leaving_a_region_out_is_a_refit_without_it():
    rows = card(run())
    for region in STARTS:
        fit = refit(tiny_panel()[tiny_panel()["unit"] != region])
        found = rows.loc[("leave_one_region_out", region)]
        expected = (fit.estimate, fit.inference.low, fit.inference.p)
        assert (found["estimate_log"], found["low_log"], found["p_value"]) == pytest.approx(expected)


def test_effects_of_regions_average_to_the_whole():
    rows = card(run())
    whole = rows.loc[("specification", "main"), "estimate_log"]
    assert rows.loc["region_effect", "estimate_log"].mean() == pytest.approx(whole)
    assert rows.loc["region_effect", ["low_log", "p_value"]].isna().all(axis=None)


def test_bodies_are_points_and_cases_do_not_move():
    rows = card(run())
    assert len(rows.loc["leave_one_body_out"]) == 6
    assert rows.loc["leave_one_body_out", ["low_log", "p_value"]].isna().all(axis=None)
    assert rows.loc["leave_one_body_out", "estimate_log"].to_numpy() == pytest.approx(-0.1, abs=0.02)
    assert rows.loc[("cases", "all"), "estimate_log"] == pytest.approx(0, abs=1e-12)


def test_equivalence_and_donald_lang_see_the_effect():
    rows = card(run())
    assert rows.loc[("equivalence", "all"), "p_value"] > 0.95
    assert rows.loc[("donald_lang", "all"), "estimate_log"] == pytest.approx(-0.1, abs=0.02)
    assert rows.loc[("donald_lang", "all"), "p_value"] < 0.01
    assert card_of(make_panel(0.0))["p_value"].loc[("equivalence", "all")] < 0.05


def test_with_one_region_nothing_says_how_uncertain_it_is():
    rows = card_of(tiny_panel()[~tiny_panel()["unit"].isin(["beta", "gamma"])])
    assert rows[["low_log", "high_log", "p_value"]].isna().all(axis=None)
    assert rows.loc[("donald_lang", "all"), "withheld"] == "too_few_regions"


def test_a_placebo_is_the_estimate_among_blocks_with_a_start_of_their_own():
    placebo = run()["placebo"].set_index(["block", "region"])
    assert len(placebo) == 4 * 3
    blocks = tiny_panel()[tiny_panel()["unit_kind"] == "block"]
    partnership = make_partnership(blocks)
    start = partnership["unit"].map({"block2": STARTS["beta"]}).astype(object)
    fit = refit(blocks, cohort=start.where(start.notna(), None))
    assert placebo.loc[("block2", "beta"), "estimate_log"] == pytest.approx(fit.estimate)
    assert abs(placebo["estimate_log"]).max() < 0.03


def test_without_noise_there_is_no_placebo_effect():
    placebo = list(placebo_starts(field(make_panel(noise=0.0)).partnership.frame))
    assert [each.estimate for each in placebo] == pytest.approx([0] * 12, abs=1e-5)
