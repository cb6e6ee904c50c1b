"""Regression: which rows are dropped and counted, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.regression import fit_regression


@pytest.fixture
def table():
    draw = np.random.default_rng(8)
    frame = pd.DataFrame(draw.normal(size=(40, 3)), columns=["y", "x", "z"])
    return frame.assign(firm=np.repeat(list("abcdefgh"), 5), w=1.0)


def fit(table, **changed):
    roles = {"outcome": "y", "regressors": ["x", "z"], "absorb": ["firm"], "cluster": "firm", "weights": "w"}
    return fit_regression(table, **(roles | changed))


def test_each_dropped_row_has_one_reason(table):
    table.loc[[0, 1], "y"] = [np.nan, np.inf]
    table.loc[[1, 2], "x"] = np.nan
    table.loc[[3, 7], "firm"] = None
    table.loc[8, "w"] = np.nan
    table.loc[[9, 10], "w"] = 0.0
    found = fit(table)
    assert found.dropped == {
        "absorbed_missing": 2, "outcome_missing": 2, "regressor_missing": 1, "singleton": 1, "weight_missing": 1,
        "weight_zero": 2,
    }  # fmt: skip
    assert found.n_obs + sum(found.dropped.values()) == len(table)
    assert found.n_units == 7
    assert table.loc[found.rows, ["y", "x", "firm", "w"]].notna().all(axis=None)


def test_missing_cluster_is_counted(table):
    table["region"] = [None, *["r"] * 19, *["s"] * 20]
    assert fit(table, cluster="region").dropped == {"cluster_missing": 1}


def test_twice_the_weight_is_the_row_twice(table):
    doubled = pd.concat([table, table.iloc[:20]], ignore_index=True)
    table.loc[:19, "w"] = 2.0
    assert fit(table).linear.estimates == pytest.approx(fit(doubled).linear.estimates, rel=1e-12)


def test_frame(table):
    frame = fit(table).to_frame()
    assert list(frame["term"]) == ["x", "z"]
    assert list(frame["df_classical"]) == [30.0, 30.0]


@pytest.mark.parametrize(
    ("change", "roles", "message"),
    [
        ({}, {"regressors": ["x", "q"]}, "no column for regressor 'q'; it has: y, x, z, firm, w"),
        ({}, {"regressors": []}, "no regressor is named"),
        ({}, {"regressors": "x"}, "regressors is the text 'x'"),
        ({}, {"regressors": ["x", "x"]}, "'x' is named twice"),
        ({}, {"regressors": ["firm"]}, "'firm' holds words in 40 rows, first 'a'; allowed are numbers"),
        ({"w": -1.0}, {}, "'w' holds the weight -1"),
        ({"w": np.inf}, {}, "'w' holds the weight inf"),
        ({"y": np.nan}, {}, r"no usable row is left of 40; dropped: {'outcome_missing': 40}"),
        ({"x": 3.0}, {}, "regressor 'x' does not vary"),
        ({"x": 0.0}, {"absorb": ()}, "regressor 'x' does not vary"),
        ({"half": lambda t: t["x"] / 2 + 4}, {"regressors": ["x", "z", "half"]}, "'half' is a combination of x and"),
        ({"sum": lambda t: t["x"] + t["z"]}, {"regressors": ["x", "z", "sum"]}, "'sum' is a combination of x, z and"),
        ({"group": range(40)}, {"absorb": ["group"]}, "every row is alone"),
    ],
)
def test_refusals(table, change, roles, message):
    with pytest.raises(EstimationError, match=message):
        fit(table.assign(**change), **roles)


def test_effects_in_separate_parts_repeat_each_other_more_than_once(table):
    """20 pairs of rows and 8 firms of 5 rows hang together in 4 parts; K of cr1 takes one off a dimension only."""
    found = fit(table.assign(pair=np.arange(40) // 2), absorb=["pair", "firm"])
    assert found.linear.parameters_full == 2 + 20 + 8 - 4
    assert found.linear.parameters == 2 + 20 + 1 - 1


def test_no_residual_left(table):
    with pytest.raises(EstimationError, match="3 rows and rank 3: the regression leaves no residual"):
        fit_regression(table.head(3), outcome="y", regressors=["x", "z"])
    with pytest.raises(EstimationError, match="the panel has no rows"):
        fit_regression(table.head(0), outcome="y", regressors=["x", "z"])
    with pytest.raises(EstimationError, match="regressor 'z' is a combination of x"):
        fit_regression(table.head(2), outcome="y", regressors=["x", "z"])
