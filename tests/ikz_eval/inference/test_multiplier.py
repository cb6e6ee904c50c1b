"""Multiplier bootstrap: standard errors of means, clusters, the band, refusals."""

import numpy as np
import pytest

from ikz_eval.errors import EstimationError
from ikz_eval.inference import multiplier_bootstrap


@pytest.fixture(scope="module")
def influence():
    return np.random.default_rng(1).normal(size=(800, 3)) * [1.0, 2.0, 0.5]


@pytest.mark.parametrize("weights", ["rademacher", "webb", "mammen"])
def test_standard_errors_are_those_of_means(influence, weights):
    """Within four Monte Carlo standard errors of a quartile distance from 4,000 draws (1.2 % each)."""
    found = multiplier_bootstrap(np.ones(3), influence, np.arange(800), weights=weights, draws=4_000, seed=2)
    expected = np.sqrt((influence**2).sum(axis=0)) / 800
    assert [each.se for each in found] == pytest.approx(expected, rel=0.05)
    first = found[0]
    assert (first.high - 1) / first.se == pytest.approx(1.959964, abs=1e-6)
    assert first.band_low < first.low < 1 < first.high < first.band_high


def test_the_band_is_as_wide_as_independent_estimates_need(influence):
    """Three independent estimates: .95 = (2 F(z) - 1)^3 at z = 2.388."""
    found = multiplier_bootstrap(np.zeros(3), influence, np.arange(800), draws=8_000, seed=3)
    assert found[1].band_high / found[1].se == pytest.approx(2.388, abs=0.1)


def test_units_of_a_cluster_share_their_weight(influence):
    cluster = np.random.default_rng(4).permutation(np.repeat(np.arange(40), 20))
    found = multiplier_bootstrap(np.zeros(3), influence, cluster, draws=4_000, seed=5)
    summed = np.array([influence[cluster == code].sum(axis=0) for code in range(40)])
    assert [each.se for each in found] == pytest.approx(np.sqrt((summed**2).sum(axis=0)) / 800, rel=0.06)


def test_repeats_by_seed_and_passes_over_what_has_no_influence(influence):
    still = np.column_stack([influence, np.zeros(800)])
    found = multiplier_bootstrap(np.zeros(4), still, np.arange(800), draws=99, seed=6)
    again = multiplier_bootstrap(np.zeros(4), still, np.arange(800), draws=99, seed=6)
    assert [each.se for each in found] == [each.se for each in again]
    assert found[3].se == 0 and np.isnan(found[3].p)
    assert (
        found[0].band_high
        == multiplier_bootstrap(np.zeros(3), influence, np.arange(800), draws=99, seed=6)[0].band_high
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cluster": np.zeros(800, dtype=int)}, "1 cluster; the multiplier bootstrap needs at least 2"),
        ({"confidence": 1.5}, "confidence is 1.5; allowed is between 0 and 1"),
        ({"draws": 0}, "draws is 0"),
    ],
)
def test_what_cannot_be_drawn_is_refused(influence, options, message):
    asked = {"cluster": np.arange(800)} | options
    with pytest.raises(EstimationError, match=message):
        multiplier_bootstrap(np.zeros(3), influence, **asked)
