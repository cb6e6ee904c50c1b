"""Two-by-two, two-way: by hand, by brute force, and what is refused in words."""

import numpy as np
import pandas as pd
import pytest

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.regression import fit_regression
from ikz_eval.estimate.two_by_two import fit_two_by_two
from ikz_eval.estimate.twoway import fit_twoway

SQUARE = {"outcome": "y", "period": "t"}
PANEL = {"outcome": "y", "unit": "u", "period": "t"}


@pytest.fixture
def square():
    """Means 1, 2 (comparison) and 4, 9 (treated): the effect is (9 - 4) - (2 - 1) = 4."""
    rows = [(u, t, int(u >= 3), y + e) for u in range(6) for t, y in ((0, 1), (1, 2)) for e in [u % 3 - 1]]
    frame = pd.DataFrame(rows, columns=["u", "t", "group", "y"])
    frame["y"] += frame["group"] * (3 + 4 * frame["t"])
    return frame.assign(treated=frame["group"] * frame["t"], start=frame["group"].where(frame["group"] == 1, 0))


@pytest.fixture
def panel():
    draw = np.random.default_rng(2)
    frame = pd.DataFrame([(u, t) for u in range(8) for t in range(6)], columns=["u", "t"])
    frame["start"] = frame["u"].map({0: 2, 1: 3, 2: 3, 3: 5}).fillna(0)
    frame["treated"] = ((frame["start"] > 0) & (frame["t"] >= frame["start"])).astype(int)
    return frame.assign(y=draw.normal(size=48), x=draw.normal(size=48), w=draw.uniform(1, 2, 48))


@pytest.mark.parametrize("roles", [{"treatment": "group"}, {"treatment": "treated"}, {"cohort": "start"}])
@pytest.mark.parametrize("where", [{"unit": "u"}, {"cluster": "u"}])
def test_four_means(square, roles, where):
    fit = fit_two_by_two(square, **SQUARE, **roles, **where)
    assert fit.linear.estimates[0] == pytest.approx(4.0)
    assert fit.cells["mean"].tolist() == pytest.approx([1, 2, 4, 9])
    assert fit.linear.parameters == fit.linear.parameters_full == 4
    assert fit.linear.n_clusters == 6
    assert fit.n_units == (6 if "unit" in where else None)


def test_repeated_cross_sections(square):
    fit = fit_two_by_two(square.drop(columns="u"), **SQUARE, treatment="group")
    assert (fit.linear.estimates[0], fit.linear.n_clusters) == (pytest.approx(4.0), 12)


def test_quarters_as_text_and_weights(square):
    square["t"] = square["t"].map({0: "2023-Q4", 1: "2024-Q1"})
    square["w"] = np.tile([1.0, 3.0], 6)
    fit = fit_two_by_two(square, **SQUARE, unit="u", treatment="group", weights="w")
    assert fit.linear.estimates[0] == pytest.approx(4.0)


def test_more_than_two_periods_are_before_and_after(panel):
    one = panel[panel["u"].isin([1, 2, 5, 6])]
    fit = fit_two_by_two(one, **SQUARE, unit="u", cohort="start")
    mean = one.groupby([one["start"] > 0, one["t"] >= 3])["y"].mean()
    by_hand = mean[True, True] - mean[True, False] - mean[False, True] + mean[False, False]
    assert fit.linear.estimates[0] == pytest.approx(by_hand)
    assert fit.linear.estimates[0] == pytest.approx(fit_twoway(one, **PANEL, cohort="start").linear.estimates[0])


def test_a_unit_that_leaves_before_the_start_has_no_group_by_treated_rows(square):
    left = square.drop(index=square[(square["u"] == 5) & (square["t"] == 1)].index)
    fit = fit_two_by_two(left, **SQUARE, unit="u", treatment="treated")
    assert fit.dropped == {"group_unknown": 1}
    assert fit_two_by_two(left, **SQUARE, unit="u", cohort="start").dropped == {}
    assert fit_two_by_two(left, **SQUARE, unit="u", cohort="start", balanced=True).dropped == {"unit_not_in_both": 1}


@pytest.mark.parametrize(
    ("change", "roles", "message"),
    [
        ({}, {}, "0 of treatment and cohort are named"),
        ({}, {"treatment": "group", "cohort": "start"}, "2 of treatment and cohort are named"),
        ({}, {"treatment": "nobody"}, "no column 'nobody'"),
        ({}, {"treatment": "treated"}, "give the group as treatment"),
        ({"group": 0}, {"treatment": "group"}, "no row is treated"),
        ({"group": 1}, {"treatment": "group"}, "every row is treated"),
        ({"group": 0.5}, {"treatment": "group"}, "holds 0.5; allowed are 0 and 1"),
        ({"group": "yes"}, {"treatment": "group"}, "allowed are 0 and 1"),
        ({"t": 1}, {"treatment": "group"}, "single period"),
        ({"start": 0}, {"cohort": "start"}, "no row is treated"),
        ({"start": 1}, {"cohort": "start"}, "leaves no comparison"),
        ({"start": lambda f: 1 + f["u"] % 2, "t": lambda f: 2 * f["t"]}, {"cohort": "start"}, "has 2 starts"),
        ({"t": lambda f: f["t"] + 1}, {"cohort": "start"}, "treated from the first period on"),
        ({"start": lambda f: f["t"]}, {"cohort": "start", "unit": "u"}, "'start' changes within unit"),
        ({"group": lambda f: f["u"] == f["t"] * 5}, {"treatment": "group", "unit": "u"}, "changes within 'u' 0"),
        ({"t": range(12)}, {"treatment": "treated"}, "it does not tell the treated group there"),
        ({"t": range(12), "group": 1 - np.arange(12) % 2}, {"treatment": "group"}, "the start is not known"),
        (
            {"y": lambda f: f["y"].where(f["treated"] == 0)},
            {"cohort": "start"},
            "treated group has no usable row after",
        ),
        ({"c": lambda f: f["group"]}, {"treatment": "group", "covariates": ["c"]}, "'c' is a combination of treated"),
        ({"u": 1}, {"treatment": "group", "unit": "u"}, "changes within|occur more than once"),
        ({}, {"treatment": "group", "balanced": True}, "needs a unit column"),
    ],
)
def test_what_a_two_by_two_refuses(square, change, roles, message):
    with pytest.raises(EstimationError, match=message):
        fit_two_by_two(square.assign(**change), **SQUARE, **roles)


def test_staggered_and_ending_treatments_are_no_two_by_two(panel):
    with pytest.raises(EstimationError, match="one start and no end"):
        fit_two_by_two(panel, **SQUARE, unit="u", treatment="treated")
    with pytest.raises(EstimationError, match="has 3 starts"):
        fit_two_by_two(panel, **SQUARE, unit="u", cohort="start")


def test_twoway_is_the_regression(panel):
    gaps = panel.drop(index=[3, 17, 40])
    fit = fit_twoway(gaps, **PANEL, cohort="start", covariates=["x"], weights="w")
    same = fit_regression(gaps, outcome="y", regressors=["treated", "x"], absorb=["u", "t"], cluster="u", weights="w")
    assert fit.linear.terms == ("ATT",)
    assert fit.linear.estimates[0] == pytest.approx(same.linear.estimates[0], rel=1e-12)
    assert (fit.linear.parameters, fit.linear.parameters_full) == (2 + 6, 2 + 8 + 5)
    assert fit.classical[0].se == pytest.approx(same.classical[0].se, rel=1e-12)


def test_twoway_takes_shares_of_a_period_and_anticipation(panel):
    share = panel.assign(treated=panel["treated"].where(panel["t"] != panel["start"], 0.5))
    share.loc[47, "treated"] = np.nan
    fit = fit_twoway(share, **PANEL, treatment="treated")
    assert fit.dropped == {"treatment_missing": 1}
    assert fit_twoway(panel, **PANEL, cohort="start", anticipation=1).dropped == {"anticipation": 4}


@pytest.mark.parametrize(
    ("change", "roles", "message"),
    [
        ({"start": 0}, {"cohort": "start"}, "no row is treated: 'start'"),
        ({"treated": 0}, {"treatment": "treated"}, "no row is treated: 'treated'"),
        ({"t": 1, "u": range(48)}, {"cohort": "start"}, "single period"),
        ({"start": 1, "t": lambda f: f["t"] + 1}, {"cohort": "start"}, "treated from its first observed period"),
        ({"start": 3}, {"cohort": "start"}, "'start' does not vary beside unit and period effects"),
        ({"treated": lambda f: f["u"] % 2}, {"treatment": "treated"}, "'treated' does not vary beside"),
        ({"x": lambda f: f["u"]}, {"cohort": "start", "covariates": ["x"]}, "regressor 'x' does not vary"),
        ({}, {"treatment": "treated", "anticipation": 1}, "anticipation needs a cohort"),
    ],
)
def test_what_twoway_refuses(panel, change, roles, message):
    with pytest.raises(EstimationError, match=message):
        fit_twoway(panel.assign(**change), **PANEL, **roles)
