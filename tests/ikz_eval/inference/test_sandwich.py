"""CR0 to CR3 against definition, statsmodels and the jackknife, and what they refuse."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ikz_eval.errors import EstimationError
from ikz_eval.inference import cluster_robust, infer_each, satterthwaite, working_model
from tests.ikz_eval.inference.drawn import left_over, regression, robust_t


@pytest.mark.parametrize("effects", ["none", "cluster", "two-way"])
@pytest.mark.parametrize("kind", ["cr0", "cr2", "cr3"])
def test_standard_errors_follow_their_definition(effects, kind):
    drawn = regression(1, effects=effects)
    for term, found in enumerate(cluster_robust(drawn, kind)):
        coefficient, t = robust_t(drawn.design, drawn.outcome, drawn.cluster, term, kind)
        assert (found.estimate, found.t) == pytest.approx((coefficient, t), rel=1e-8)
        assert found.scaling == ("clubSandwich, no (G-1)/G" if kind == "cr3" else None)


def test_cr1_is_statsmodels():
    from statsmodels.regression.linear_model import OLS

    drawn = regression(2)
    groups = {"groups": drawn.cluster, "use_correction": True, "df_correction": True}
    expected = OLS(drawn.outcome, drawn.design).fit(cov_type="cluster", cov_kwds=groups, use_t=True)
    for term, found in enumerate(cluster_robust(drawn, "cr1")):
        assert found.se == pytest.approx(expected.bse[term], rel=1e-10)
        assert found.p == pytest.approx(expected.pvalues[term], rel=1e-8)
        assert (found.low, found.high) == pytest.approx(tuple(expected.conf_int()[term]), rel=1e-8)
        assert found.df == 5


def test_cr1_counts_parameters_as_told():
    drawn = replace(regression(3, effects="cluster"), parameters=3)
    few, full, none = (cluster_robust(drawn, kind)[0].se ** 2 for kind in ("cr1", "cr1_full", "cr0"))
    assert few / none == pytest.approx(6 / 5 * 32 / (33 - 3), rel=1e-12)
    assert full / none == pytest.approx(6 / 5 * 32 / (33 - 8), rel=1e-12)


def test_cr3_is_the_sum_of_squared_jackknife_deviations():
    drawn = regression(4)
    every = np.linalg.pinv(drawn.design) @ drawn.outcome
    deviations = []
    for code in range(drawn.n_clusters):
        kept = drawn.cluster != code
        deviations.append(np.linalg.lstsq(drawn.design[kept], drawn.outcome[kept], rcond=None)[0] - every)
    expected = np.sqrt((np.array(deviations) ** 2).sum(axis=0))
    assert [found.se for found in cluster_robust(drawn, "cr3")] == pytest.approx(expected[:2].tolist(), rel=1e-9)


@pytest.mark.parametrize("effects", ["none", "two-way"])
def test_cr2_is_that_of_one_estimator(effects):
    drawn = regression(5, effects=effects)
    expected = infer_each(working_model(drawn.design, drawn.cluster), drawn.weights, drawn.outcome, confidence=0.9)
    for found, one in zip(cluster_robust(drawn, "cr2", confidence=0.9), expected, strict=True):
        shown = (found.estimate, found.se, found.df, found.t, found.p, found.low, found.high)
        assert shown == pytest.approx((one.estimate, one.se, one.df, one.t, one.p, one.low, one.high), rel=1e-9)


@pytest.mark.parametrize("kind", ["cr0", "cr1", "cr2", "cr3"])
def test_satterthwaite_is_twice_the_squared_mean_over_the_variance(kind):
    """Under independent noise of variance one the variance estimate is a quadratic form; its moments are exact."""
    drawn = regression(6)
    rest, rows = left_over(drawn.design), []
    for code in range(drawn.n_clusters):
        inside = np.flatnonzero(drawn.cluster == code)
        block = rest[np.ix_(inside, inside)]
        values, vectors = np.linalg.eigh(block)
        power = {"cr2": -0.5, "cr3": -1.0}.get(kind, 0.0)
        adjust = (vectors * np.where(values > 1e-9, np.maximum(values, 1e-9) ** power, 0.0)) @ vectors.T
        rows.append((drawn.weights[inside, 0] @ adjust) @ rest[inside])
    form = np.array(rows).T @ np.array(rows)
    expected = 2 * np.trace(form) ** 2 / (2 * np.trace(form @ form))
    assert satterthwaite(drawn, kind)[0] == pytest.approx(expected, rel=1e-9)


def test_rows_that_are_their_own_clusters_give_hc3():
    drawn = regression(7, sizes=(1,) * 20)
    hat = 1 - np.diag(left_over(drawn.design))
    residual = left_over(drawn.design) @ drawn.outcome
    expected = np.sqrt((drawn.weights[:, 0] ** 2 * (residual / (1 - hat)) ** 2).sum())
    assert cluster_robust(drawn, "cr3")[0].se == pytest.approx(expected, rel=1e-10)


def test_interval_and_p_agree():
    found = cluster_robust(regression(8, effect=0.7), "cr3")[0]
    at_the_end = found.estimate - stats.t.ppf(0.975, found.df) * found.se
    assert found.low == pytest.approx(at_the_end, rel=1e-10)


def one_cluster(drawn):
    return replace(drawn, cluster=np.zeros(drawn.n_obs, dtype=int), cluster_names=("only",))


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (lambda d: d, "cr4", "inference 'cr4' is unknown; allowed: cr0, cr1, cr1_full, cr2, cr3"),
        (one_cluster, "cr1", "1 cluster; inference by cluster needs at least 2"),
        (lambda d: replace(d, outcome=d.design[:, 0] * 2.0), "cr2", "fits the outcome exactly"),
        (lambda d: replace(d, parameters=33), "cr1", "33 rows and 33 parameters"),
        (lambda d: replace(d, design=np.eye(33)), "cr0", "rank 33: the working model leaves no residual"),
    ],
)
def test_what_cannot_be_inferred_is_refused(change, kind, message):
    with pytest.raises(EstimationError, match=message):
        cluster_robust(change(regression(9)), kind)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outcome": np.full(33, np.nan)}, "outcome holds values that are not finite"),
        ({"weights": np.ones((33, 3))}, r"weights has shape \(33, 3\), expected is \(33, 2\)"),
        ({"restricted": np.ones((3, 1))}, r"restricted has shape \(3, 1\) for 33 rows"),
        ({"cluster": np.repeat([0, 2], [10, 23])}, "cluster codes must run from 0 to G-1"),
    ],
)
def test_estimates_that_do_not_fit_together_are_refused(change, message):
    with pytest.raises(EstimationError, match=message):
        replace(regression(9), **change)
