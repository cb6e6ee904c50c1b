"""Randomisation without refits: coefficient and t of each assignment against the fit it stands for."""

import numpy as np
import pandas as pd
import pytest

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.twoway import fit_twoway
from ikz_eval.inference import cluster_robust, randomise_twoway
from ikz_eval.inference.dealt_cr2 import fixed_effects_model
from ikz_eval.inference.dealt_twoway import prepare_dealing
from ikz_eval.inference.randomisation import assignments, deal
from tests.ikz_eval.inference.drawn import robust_t

PERIODS = 10


def drawn(*, per_cluster=1, missing=0.0, paths=2, seed=1):
    """Return outcome, unit, period, cluster, treatment by path and period, and the path of each of twelve clusters."""
    draw = np.random.default_rng(seed)
    units = 12 * per_cluster
    unit, period = np.repeat(np.arange(units), PERIODS), np.tile(np.arange(PERIODS), units)
    treated = np.array([np.arange(PERIODS) >= start for start in (5, 99, 3, 7)[:paths]], dtype=float)
    path = np.arange(12) % paths
    outcome = draw.normal(size=units)[unit] + draw.normal(size=unit.size)
    kept = draw.random(unit.size) >= missing
    return outcome[kept], unit[kept], period[kept], (unit // per_cluster)[kept], treated, path


@pytest.mark.parametrize("per_cluster", [1, 3])
@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("paths", [2, 4])
def test_each_assignment_is_a_refit(per_cluster, missing, paths):
    outcome, unit, period, cluster, treated, path = drawn(per_cluster=per_cluster, missing=missing, paths=paths)
    dealt = deal(path, draws=20, seed=3)[0][:20]
    coefficient, t = prepare_dealing(outcome, unit, period, cluster, treated).statistics(dealt)
    frame = pd.DataFrame({"y": outcome, "unit": unit, "period": period, "cluster": cluster})
    for row, b, each in zip(dealt, coefficient, t, strict=True):
        fit = fit_twoway(
            frame.assign(d=treated[row[cluster], period]), outcome="y", unit="unit", period="period", treatment="d",
            cluster="cluster",
        )  # fmt: skip
        expected = cluster_robust(fit.linear, "cr1")[0]
        assert (b, each) == pytest.approx((expected.estimate, expected.t), rel=1e-10)


def test_p_counts_the_assignments():
    given = drawn(missing=0.1, seed=4)
    found = randomise_twoway(*given, draws=200, seed=1)
    coefficient, t = prepare_dealing(*given[:5]).statistics(deal(given[5], draws=200, seed=1)[0])
    result = found.results()[0]
    assert result.assignments == len(t) == 924, "12 over 6, all of them"
    assert result.p_t == np.mean(np.abs(t) >= abs(t[0]) * (1 - 1e-9))
    assert result.p_coefficient == np.mean(np.abs(coefficient) >= abs(coefficient[0]) * (1 - 1e-9))


def test_an_assignment_that_effects_explain_has_no_estimate():
    """All paths alike: the treatment is an effect of the period."""
    outcome, unit, period, cluster, treated, _ = drawn()
    coefficient, t = prepare_dealing(outcome, unit, period, cluster, treated).statistics(np.zeros((1, 12), dtype=int))
    assert np.isinf(coefficient).all() and np.isinf(t).all()


def test_a_unit_in_two_clusters_is_refused():
    outcome, unit, period, cluster, treated, path = drawn()
    with pytest.raises(EstimationError, match="a unit lies in several clusters"):
        randomise_twoway(outcome, unit, period, (cluster + period) % 12, treated, path)


@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("per_cluster", [1, 3])
def test_cr2_under_any_treatment_is_that_of_full_matrices(missing, per_cluster):
    """Two-way effects as columns and a treatment at random; weights of least squares and others."""
    outcome, unit, period, cluster, _, _ = drawn(per_cluster=per_cluster, missing=missing, seed=6)
    effects = np.column_stack([np.eye(unit.max() + 1)[unit], np.eye(PERIODS)[period]])
    draw = np.random.default_rng(8)
    treated = (draw.random((outcome.size, 5)) > 0.6).astype(float)
    model = fixed_effects_model(effects, cluster, outcome)
    left = model.residuals(treated)
    estimate, t = model.t(left / (left**2).sum(axis=0), treated)
    for place in range(5):
        expected = robust_t(np.column_stack([treated[:, place], effects]), outcome, cluster, 0, "cr2")
        assert (estimate[place], t[place]) == pytest.approx(expected, rel=1e-8)


def test_codes_and_paths_are_the_same_assignments():
    paths = ["a", "b", "never", "never", "never", "a", "b", "never"] * 3
    found, is_exact = assignments(paths, draws=30, seed=9)
    codes, _ = deal(np.array([["a", "b", "never"].index(path) for path in paths]), draws=30, seed=9)
    assert not is_exact and len(found) == 31 and found[0] == tuple(paths)
    assert [["a", "b", "never"].index(path) for path in found[7]] == codes[7].tolist()
    assert len({tuple(row) for row in codes.tolist()}) == 31
    assert all(sorted(row) == sorted(codes[0]) for row in codes.tolist())
