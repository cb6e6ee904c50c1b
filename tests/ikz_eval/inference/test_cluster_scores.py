"""The bootstrap from sums by cluster: each draw against a refit, with and without forming the working model."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ikz_eval.estimate.regression import fit_regression
from ikz_eval.inference import bootstrap_weights, cluster_scores, sign_draws, wild_bootstrap, wild_t
from ikz_eval.inference.absorbed_scores import absorbed_scores
from tests.ikz_eval.inference.drawn import left_over


def panel(units, periods, *, missing, seed=7):
    """Return a two-way panel with a staggered treatment, a covariate, weights and regions of three units."""
    draw = np.random.default_rng(seed)
    unit, period = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    treated = period >= draw.integers(2, 2 * periods, units)[unit]
    frame = pd.DataFrame({"unit": unit, "period": period, "region": unit // 3, "treated": treated.astype(float)})
    frame["x"] = draw.normal(size=unit.size)
    frame["w"] = draw.uniform(0.5, 2, unit.size)
    frame["y"] = 0.3 * treated + draw.normal(size=units)[unit] + draw.normal(size=unit.size)
    return frame[draw.random(unit.size) >= missing].reset_index(drop=True)


def fitted(frame, **options):
    asked = {"outcome": "y", "regressors": ["treated", "x"], "absorb": ["unit", "period"], "cluster": "unit"}
    return fit_regression(frame, **(asked | options)).linear


def refitted(linear, term, signs, *, restricted):
    """Fit the outcome of each draw anew by least squares on all dummies; return |t| with CR1, observed first."""
    design = np.column_stack([linear.design, linear.absorbed.columns()])
    weights, rest = np.linalg.pinv(design)[term], left_over(design)
    factor = linear.n_clusters / (linear.n_clusters - 1) * (linear.n_obs - 1) / (linear.n_obs - linear.parameters)

    def t_of(outcome, centre=0.0):
        scores = np.bincount(linear.cluster, weights * (rest @ outcome))
        return abs(weights @ outcome - centre) / np.sqrt(factor * (scores**2).sum())

    others = left_over(np.delete(design, term, axis=1)) if restricted else rest
    residual = others @ linear.outcome
    centre = 0.0 if restricted else weights @ linear.outcome
    again = [t_of(linear.outcome - residual + sign[linear.cluster] * residual, centre) for sign in signs]
    return np.array([t_of(linear.outcome), *again])


@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("form", ["direct", "factored"])
def test_each_draw_is_a_refit(missing, restricted, form, monkeypatch):
    """36 units and 8 periods; the product over K columns is taken too, though the G x G form is smaller here."""
    if form == "factored":
        monkeypatch.setattr(cluster_scores.ClusterScores, "is_direct", False)
    linear = fitted(panel(36, 8, missing=missing))
    signs = sign_draws(36, draws=25, seed=3)[0]
    observed, drawn = wild_t(linear, signs, restricted=restricted)
    for term in range(2):
        expected = refitted(linear, term, signs, restricted=restricted)
        assert abs(observed[term]) == pytest.approx(expected[0], rel=1e-10)
        np.testing.assert_allclose(drawn[:, term], expected[1:], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"weights": "w"},
        {"cluster": "region"},
        {"cluster": "period"},
        {"absorb": ["period", "region"], "cluster": "region"},
        {"absorb": ["unit", "period", "region"], "cluster": "region", "weights": "w"},
    ],
)
@pytest.mark.parametrize("weights", ["rademacher", "webb", "mammen"])
def test_as_with_the_model_formed_whole(options, weights):
    linear = fitted(panel(30, 9, missing=0.1), **options)
    whole = replace(linear, design=linear.columns, absorbed=None)
    assert absorbed_scores(linear, "cr1", "1", restricted=True) is not None
    assert absorbed_scores(whole, "cr1", "1", restricted=True) is None
    asked = {"weights": weights, "draws": 199, "confidence": 0.9, "seed": 5}
    for found, expected in zip(wild_bootstrap(linear, **asked), wild_bootstrap(whole, **asked), strict=True):
        assert found.p == expected.p
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-8)


def test_effects_that_cross_the_clusters_are_formed_whole():
    linear = fitted(panel(30, 9, missing=0.1), absorb=["period"], cluster="unit")
    assert absorbed_scores(linear, "cr1", "1", restricted=True) is None
    assert 0 < wild_bootstrap(linear, draws=99)[0].p <= 1


@pytest.mark.parametrize("weights", ["rademacher", "webb", "mammen"])
def test_blocks_are_the_whole_table_in_parts(weights, monkeypatch):
    monkeypatch.setattr(bootstrap_weights, "BLOCK_CELLS", 64 * 20 * 2)
    table, is_exact = sign_draws(20, weights=weights, draws=300, seed=2)
    blocks = [block.copy() for block in bootstrap_weights.sign_blocks(20, weights=weights, draws=300, seed=2)]
    assert [block.shape for block in blocks] == [(20, 128), (20, 128), (20, 44)]
    np.testing.assert_array_equal(table, np.hstack(blocks).T)
    assert not is_exact and np.unique(table).size == {"rademacher": 2, "webb": 6, "mammen": 2}[weights]


def test_many_clusters_take_little_room():
    """2,000 clusters and 2,000 draws would be 32 MB at once; a block is 1 MB."""
    linear = fitted(panel(2_000, 6, missing=0.1))
    assert not absorbed_scores(linear, "cr1", "1", restricted=True)[0].is_direct
    assert wild_bootstrap(linear, draws=1_999)[0].draws == 1_999
    biggest = max(block.nbytes for block in bootstrap_weights.sign_blocks(2_000, weights="webb", draws=1_999, seed=0))
    assert biggest <= 2_000 * 64 * 8
