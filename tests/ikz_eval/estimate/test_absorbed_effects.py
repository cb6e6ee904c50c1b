"""Absorbed effects: by brute force with all dummies, the count of parameters, singletons."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.absorbed_effects import is_nested, prepare_effects, without_singletons
from ikz_eval.estimate.regression import fit_regression
from ikz_eval.inference import absorb
from ikz_eval.inference.sandwich import cluster_robust

DIMENSIONS = (["body"], ["body", "quarter"], ["quarter", "body", "kind"], ["region", "body", "quarter", "kind"])


@pytest.fixture
def table():
    draw = np.random.default_rng(3)
    body = np.repeat(np.arange(20), 12)
    frame = pd.DataFrame(
        {
            "body": [f"b{b}" for b in body],
            "region": [f"r{b // 4}" for b in body],
            "quarter": np.tile(np.arange(12), 20),
            "kind": draw.integers(0, 3, body.size),
            "x": draw.normal(size=body.size) + body,
            "z": draw.normal(size=body.size),
            "w": draw.uniform(0.1, 3, body.size),
        }
    )
    frame["y"] = frame["x"] - 2 * frame["z"] + draw.normal(size=body.size)
    return frame.drop(index=draw.choice(body.size, 40, replace=False)).reset_index(drop=True)


def independent(columns):
    """Return the columns that are no combination of those before them."""
    kept = []
    for column in columns.T:
        if np.linalg.matrix_rank(np.column_stack([*kept, column])) > len(kept):
            kept.append(column)
    return np.column_stack(kept)


@pytest.mark.parametrize("absorb", DIMENSIONS)
@pytest.mark.parametrize("weights", [None, "w"])
def test_as_with_all_dummies(table, absorb, weights):
    fit = fit_regression(table, outcome="y", regressors=["x", "z"], absorb=absorb, cluster="region", weights=weights)
    dummies = pd.get_dummies(table[absorb].astype("str"), dtype=float)
    design = independent(np.column_stack([table[["x", "z"]], dummies]))
    codes = table["region"].astype("category").cat.codes
    weight = np.ones(len(table)) if weights is None else table["w"]
    full = sm.WLS(table["y"], design, weights=weight).fit(cov_type="cluster", cov_kwds={"groups": codes}, use_t=True)
    found = cluster_robust(fit.linear, "cr1_full")
    assert fit.linear.parameters_full == design.shape[1]
    assert fit.linear.estimates == pytest.approx(full.params.iloc[:2].to_numpy(), rel=1e-9)
    assert [each.se for each in found] == pytest.approx(full.bse.iloc[:2].to_numpy(), rel=1e-8)
    plain = sm.WLS(table["y"], design, weights=weight).fit()
    assert [each.se for each in fit.classical] == pytest.approx(plain.bse.iloc[:2].to_numpy(), rel=1e-9)
    assert fit.classical[0].p == pytest.approx(plain.pvalues.iloc[0], rel=1e-6)


@pytest.mark.parametrize(
    ("absorb", "cluster", "parameters"),
    [
        ((), "region", 2 + 1),
        (("body",), "body", 2 + 1),
        (("body",), "region", 2 + 1),
        (("body", "region"), "region", 2 + 1),
        (("quarter",), "body", 2 + 12),
        (("body", "quarter"), "body", 2 + 12),
        (("body", "quarter"), "region", 2 + 12),
        (("body", "quarter"), "quarter", 2 + 20),
        (("body", "quarter"), "kind", 2 + 20 + 12 - 1),
        (("body", "region", "quarter"), "region", 2 + 12),
        (("body", "quarter", "kind"), "body", 2 + 12 + 3 - 1),
        (("body", "quarter"), None, 2 + 20 + 12 - 1),
    ],
)
def test_parameters_as_fixest_counts_them(table, absorb, cluster, parameters):
    """fixest: levels of all dimensions less one for each after the first; less levels minus one of each nested one.

    When every dimension is nested, regressors and a constant.
    """
    fit = fit_regression(table, outcome="y", regressors=["x", "z"], absorb=absorb, cluster=cluster)
    assert fit.linear.parameters == parameters


def test_without_a_cluster_cr1_is_hc1(table):
    fit = fit_regression(table, outcome="y", regressors=["x", "z"])
    plain = sm.OLS(table["y"], sm.add_constant(table[["x", "z"]])).fit(cov_type="HC1")
    assert [each.se for each in cluster_robust(fit.linear, "cr1")] == pytest.approx(plain.bse.to_numpy()[1:], rel=1e-10)


def test_weights_are_the_coefficients(table):
    fit = fit_regression(table, outcome="y", regressors=["x", "z"], absorb=["body", "quarter"], weights="w")
    inside = fit.linear.weights.T @ (table[["x", "z"]].to_numpy() * np.sqrt(table[["w"]].to_numpy()))
    np.testing.assert_allclose(inside, np.eye(2), atol=1e-10)


def test_singletons_are_dropped_again_and_again():
    kept, reasons = without_singletons([np.array([0, 1, 1, 2, 2, 2]), np.array([0, 0, 1, 1, 1, 2])])
    assert kept.tolist() == [False, False, False, True, True, False]
    assert reasons == {"singleton": 4}


def test_singletons_change_nothing_but_the_count(table):
    alone = pd.concat([table, table.iloc[[0]].assign(body="b99", y=7.0)], ignore_index=True)
    roles = {"outcome": "y", "regressors": ["x", "z"], "absorb": ["body"], "cluster": "body"}
    fit, without = fit_regression(alone, **roles), fit_regression(table, **roles)
    assert fit.dropped == {"singleton": 1}
    assert fit.linear.estimates == pytest.approx(without.linear.estimates, rel=1e-12)
    assert fit.linear.cluster_names == without.linear.cluster_names
    with pytest.raises(EstimationError, match=r"every row is alone in an absorbed effect \(body\)"):
        fit_regression(table.drop_duplicates("body"), **roles)


def test_nested():
    assert is_nested(np.array([0, 0, 1, 2]), np.array([5, 5, 5, 3]))
    assert not is_nested(np.array([0, 0, 1, 2]), np.array([5, 4, 5, 3]))


def test_too_many_effects_are_refused_only_where_the_hat_matrix_is_needed_whole(table, monkeypatch):
    fit = fit_regression(table, outcome="y", regressors=["x", "z"], absorb=["body", "quarter"], cluster="region")
    monkeypatch.setattr(absorb, "LARGEST_DESIGN", 1_000)
    assert cluster_robust(fit.linear, "cr1")[0].se > 0
    with pytest.raises(
        EstimationError, match=r"200 rows with 32 absorbed effects make 6e\+03 cells; .* cr1 and the wild"
    ):
        cluster_robust(fit.linear, "cr2")


def test_too_many_levels_beside_the_largest_dimension_are_refused(monkeypatch):
    monkeypatch.setattr(absorb, "LARGEST_REST", 9)
    codes = [np.repeat(np.arange(20), 2), np.tile(np.arange(10), 4)]
    with pytest.raises(EstimationError, match="beside the largest dimension have 10 levels; allowed are 9"):
        prepare_effects(codes, np.ones(40))
