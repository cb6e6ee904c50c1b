"""What the further instruments say of a study's fields: known effects, refits, and what is withheld."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from ikz_eval.estimate.evaluation import evaluate_field
from ikz_eval.estimate.further import further_figures
from ikz_eval.inference import romano_wolf
from tests.ikz_eval.estimate.invented import FIELD, LAST, MAIN, STARTS, make_panel, make_partnership, make_registry


@cache
def tiny_panel() -> pd.DataFrame:
    return make_panel()


@cache
def tiny_figures():
    return figures(tiny_panel())


def figures(panel: pd.DataFrame):
    partnership = make_partnership(panel)
    found = evaluate_field(make_registry(), MAIN, FIELD, LAST, panel, partnership)
    said = further_figures([found], panel, partnership)[FIELD]
    return found, {(each.method, each.part): each for each in said}


def test_before_and_after_is_the_difference_of_means_of_each_region():
    _, said = figures(make_panel(effect=-0.1, noise=0.0))
    for region in STARTS:
        one = said["before_after", region]
        assert one.estimate == pytest.approx(-0.1, abs=1e-6)
        assert (one.warnings, one.withheld) == (("no_comparison",), "one_region")


def test_few_treated_tests_give_a_point_alone_where_their_size_would_be_wrong():
    found, said = tiny_figures()
    for name in ("conley_taber", "ferman_pinto"):
        one = said[name, "all"]
        assert one.estimate == pytest.approx(found.partnership.imputation.estimate)
        assert np.isnan([one.low, one.high, one.p]).all() and one.withheld == "size_too_large"
        assert one.warnings == ("independent_blocks_assumed",)
    stacked = said["stacked", "all"]
    assert stacked.low < -0.1 < stacked.high and stacked.warnings == ("first_year_only",)


def test_a_quarter_that_a_block_lacks_is_left_out_for_the_tests_from_blocks_and_said():
    panel = tiny_panel()
    panel = panel[~((panel["unit"] == "block1") & (panel["quarter"] == "2020-Q2"))]
    _, said = figures(panel)
    assert said["conley_taber", "all"].warnings == ("independent_blocks_assumed", "incomplete_quarters_dropped")
    _, without = figures(tiny_panel()[tiny_panel()["quarter"] != "2020-Q2"])
    assert said["conley_taber", "all"].estimate == pytest.approx(without["conley_taber", "all"].estimate)


def test_exploratory_outcomes_are_adjusted_together_and_cases_do_not_move():
    found, said = tiny_figures()
    explored = [each for each in said.values() if each.family == "exploratory"]
    assert [each.method for each in explored] == [
        "outcome_cases", "outcome_cases_per_fte", "outcome_cost_with_transition",
    ]  # fmt: skip
    cost = said["outcome_cost_with_transition", "all"]
    alone = romano_wolf([found.partnership.imputation.linear], denominator="cr2")[0]
    assert cost.estimate == pytest.approx(alone.estimate) and cost.p == pytest.approx(alone.p)
    assert all(each.p <= each.p_adjusted for each in explored if np.isfinite(each.p))


@pytest.mark.parametrize("left_out", [("beta", "gamma"), ("block2", "block3", "block4")])
def test_with_one_region_or_one_block_there_are_points_and_reasons_and_no_p(left_out):
    _, said = figures(tiny_panel()[~tiny_panel()["unit"].isin(left_out)])
    of_treatment = [each for each in said.values() if each.family not in ("honest", "scale")]
    assert of_treatment
    for each in of_treatment:
        assert np.isnan([each.p, each.p_adjusted, each.low, each.high]).all(), each
        assert each.withheld, each
    for each in said.values():
        if each.family == "honest" and np.isfinite(each.low):
            assert "point_identified" in each.warnings, each


def test_a_region_has_a_rank_among_comparison_blocks_and_a_counterpart_that_finds_the_effect():
    _, said = tiny_figures()
    for region in STARTS:
        control, did = said["synthetic_control", region], said["synthetic_did", region]
        assert (control.rank, control.rank_of) == (1, 5)
        assert did.estimate == pytest.approx(-0.1, abs=0.02)
        assert "few_donors" in control.warnings
        assert control.estimate == pytest.approx(-0.1, abs=2 * control.fit_before + 0.01)


def test_a_break_in_the_own_series_is_found():
    _, said = figures(make_panel(effect=-0.1, noise=1e-5))
    assert said["interrupted", "alpha"].estimate == pytest.approx(-0.1, abs=1e-4)
    assert said["interrupted", "alpha"].warnings == ("no_comparison", "short_series")


def test_bounds_widen_with_the_violation_allowed_and_hold_the_estimate():
    _, said = tiny_figures()
    bounds = [each for (method, _), each in said.items() if method == "relative_magnitudes"]
    assert [each.part for each in bounds] == ["M=0.5", "M=1", "M=1.5", "M=2"]
    widths = [each.high - each.low for each in bounds]
    assert widths == sorted(widths) and all(each.low < each.estimate < each.high for each in bounds)


def test_bodies_of_one_size_have_no_elasticity():
    _, said = tiny_figures()
    assert said["cost_function", "all"].withheld == "not_identified"


def test_the_elasticity_between_bodies_before_cooperation_is_found():
    panel = make_panel(effect=-0.5, noise=0.0)
    sizes = {ags: 1000 + 100 * i for i, ags in enumerate(sorted(panel["ags"].unique()))}
    cases = panel["ags"].map(sizes)
    cents = (1000 * cases.astype("float64") ** 0.8 * 100).round().astype("int64")
    panel = panel.assign(cases=cases, real_gross_cost_cents=cents, real_net_cost_cents=cents)
    _, said = figures(panel)
    assert said["cost_function", "all"].estimate == pytest.approx(0.8, abs=1e-5)
    parts = [part for method, part in said if method == "cost_function"]
    assert parts == ["all", "1500", "1800", "2100"]  # quartiles over untreated quarters
