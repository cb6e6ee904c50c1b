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


def test_few_treated_methods_find_a_clear_effect_and_name_what_they_assume():
    found, said = figures(tiny_panel())
    for name in ("conley_taber", "ferman_pinto"):
        one = said[name, "all"]
        assert one.estimate == pytest.approx(found.partnership.imputation.estimate)
        assert one.low < -0.1 < one.high and one.p < 0.05
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
    assert said["conley_taber", "all"].p == pytest.approx(without["conley_taber", "all"].p)


def test_exploratory_outcomes_are_adjusted_together_and_cases_do_not_move():
    found, said = figures(tiny_panel())
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
    assert said
    for each in said.values():
        assert np.isnan([each.p, each.p_adjusted, each.low, each.high]).all(), each
        assert each.withheld or each.family == "description", each
