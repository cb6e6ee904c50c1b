"""Zero or negative cost: the field is evaluated in EUR per case, counted, and says so."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from ikz_eval.estimate import evaluate, evaluate_field, fit_imputation, required_tests
from ikz_eval.estimate.result import estimate_rows
from ikz_eval.estimate.verdict import blocking_reasons
from schemas import CONTRACTS
from tests.ikz_eval.estimate.invented import BODIES, FIELD, LAST, MAIN, make_panel, make_partnership, make_registry

AMOUNTS = ["real_gross_cost_cents", "real_net_cost_cents"]


@pytest.fixture(autouse=True)
def few_simulations(monkeypatch):
    """Simulate the least supported effect with few sets of noise: no figure of it is checked here."""
    monkeypatch.setattr(required_tests, "SIMULATIONS", 10)


def changed(cents, bodies=BODIES["alpha"], quarters=("2020-Q2",)):
    """Return the panel with one amount in some rows: a credit, or a quarter nobody paid for."""
    panel = make_panel()
    panel.loc[panel["ags"].isin(bodies) & panel["quarter"].isin(quarters), AMOUNTS] = cents
    return panel


def run(panel):
    return evaluate(make_registry(None, MAIN), LAST, panel, make_partnership(panel))


def field(panel):
    """Return the evaluation of the field alone, without tests and tables."""
    return evaluate_field(make_registry(None, MAIN), MAIN, FIELD, LAST, panel, make_partnership(panel))


@cache
def with_a_credit():
    return changed(-300_000), run(changed(-300_000))


def refit(panel):
    rows = make_partnership(panel)
    rows = rows.assign(y=rows["real_gross_cost_per_case_eur"])
    return fit_imputation(rows, outcome="y", unit="unit", period="quarter", cohort="cohort")


def primary(tables):
    return tables["estimate"][tables["estimate"]["is_primary"]].squeeze()


def test_the_estimate_is_that_of_cost_per_case_in_eur():
    panel, tables = with_a_credit()
    fit, row = refit(panel), primary(tables)
    known = fit.inference
    found = row[["effect_eur_per_case", "low_eur_per_case", "high_eur_per_case", "df", "p_value"]].astype(float)
    assert found.to_numpy() == pytest.approx((fit.estimate, known.low, known.high, known.df, known.p), abs=1e-9)
    without = float(fit.treated_weights @ fit.counterfactual)
    assert row["effect_percent"] == pytest.approx(100 * fit.estimate / without)
    assert row["low_percent"] == pytest.approx(100 * known.low / without)
    assert row["outcome"] == "real_gross_cost_per_case"
    assert row[["estimate_log", "se_log", "low_log", "high_log"]].isna().all()


def test_rows_are_counted_and_none_is_dropped():
    _, tables = with_a_credit()
    assert tables["design_card"]["rows_not_positive"].item() == 1
    assert (primary(tables)["n_dropped"], primary(tables)["n_obs"]) == (0, 7 * 16)
    assert pd.isna(primary(tables)["dropped"])
    assert field(make_panel()).design.not_positive == 0


def test_the_verdict_says_that_the_outcome_is_in_levels():
    _, tables = with_a_credit()
    verdict = tables["verdict"].squeeze()
    assert verdict["verdict"] == "compatible"
    assert verdict["reasons"].split(",")[-1] == "outcome_in_levels"
    row = primary(tables)
    for end in ("effect_percent", "low_percent", "high_percent"):
        assert verdict[end] == pytest.approx(row[end])


def test_every_table_keeps_its_contract_and_has_percent_instead_of_logs():
    _, tables = with_a_credit()
    for name, table in tables.items():
        if name in CONTRACTS:
            CONTRACTS[name].validate(table)
    assert tables["event_path"]["estimate_log"].isna().all()
    assert tables["event_path"]["estimate_percent"].notna().all()
    assert tables["placebo"]["estimate_log"].isna().all() and tables["placebo"]["effect_percent"].notna().all()
    card = tables["robustness"].set_index(["check", "part"])
    whole = card.loc[("specification", "main")]
    assert whole["effect_percent"] == pytest.approx(primary(tables)["effect_percent"]) and pd.isna(
        whole["estimate_log"]
    )
    # The number of cases never is in levels.
    assert card.loc[("cases", "all"), "estimate_log"] == pytest.approx(0, abs=1e-12)
    assert card.loc["missing_bounds", "effect_percent"].to_numpy() == pytest.approx([whole["effect_percent"]] * 2)


def test_without_noise_the_effect_in_eur_is_the_mean_difference():
    """Cost per case falls from level to 0.9 level in each region; the one free quarter moves the base of its own region."""
    panel = make_panel(np.log(0.9), noise=0.0)
    level = panel[panel["quarter"] == "2020-Q1"].groupby("unit")["real_gross_cost_cents"].sum() / 2 / 100_000
    panel.loc[panel["ags"].isin(BODIES["block1"]) & (panel["quarter"] == "2020-Q1"), AMOUNTS] = 0
    fit = refit(panel)
    regions = ["alpha", "beta", "gamma"]
    assert field(panel).partnership.imputation.estimate == pytest.approx(fit.estimate, abs=1e-12)
    # The free quarter of a block is in every region's comparison: that error is its weight times the level.
    weight = fit.weights[[(u == 0 and p == 0) for u, p in _keys(fit, "block1")]].sum()
    expected = -0.1 * level[regions].mean() - weight * level["block1"]
    assert fit.estimate == pytest.approx(expected, abs=1e-4)


def _keys(fit, unit):
    """Return for each row whether it is of a unit (0: yes) and its position in time."""
    code, seen = fit.observations.unit_names.index(unit), fit.observations
    return zip((seen.unit != code).astype(int), seen.period_code, strict=True)


def test_a_credit_of_one_body_leaves_the_partnership_in_logs():
    found = field(changed(-1, bodies=BODIES["alpha"][:1]))
    assert found.partnership.frame.outcome == "log_real_gross_cost_per_case"
    assert found.body.frame.outcome == "real_net_cost_per_case"
    assert (found.design.not_positive, found.design.notes) == (0, ())
    assert found.partnership.imputation.estimate < 0


def test_a_mean_cost_of_zero_or_less_is_no_base_for_an_effect():
    bodies = [ags for unit in ("alpha", "beta", "gamma") for ags in BODIES[unit]]
    quarters = sorted(make_panel()["quarter"].unique())
    found = field(changed(-100_000, bodies=bodies, quarters=quarters))
    assert blocking_reasons(found.design) == ["outcome_not_defined"]
    row = estimate_rows(LAST, found)[0]
    assert np.isnan([row["effect_percent"], row["low_percent"], row["mde_cr2_percent"]]).all()
    assert np.isfinite(row["effect_eur_per_case"])


def test_further_figures_in_percent_of_logs_are_withheld():
    _, tables = with_a_credit()
    further = tables["further_estimate"]
    mine = further[further["family"].isin(["description", "few_treated", "honest"])]
    assert len(mine) > 0 and mine[["estimate", "low", "high", "fit_before"]].isna().all(axis=None)
    assert mine["withheld"].notna().all() and (mine["withheld"] == "in_levels").any()
