"""The minimum effect that passes all tests: its parts, its power and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from ikz_eval.errors import EstimationError
from ikz_eval.inference import (
    LinearEstimates,
    Reassigned,
    assignments,
    cluster_robust,
    minimum_detectable,
    minimum_supported,
    satterthwaite,
    score_rows,
    wild_bootstrap,
    working_model,
)

PERIODS = 6


def two_way(starts):
    """Return unit and period effects and the treated column of one unit a block, and its least-squares weights."""
    blocks = len(starts)
    unit, period = np.repeat(np.arange(blocks), PERIODS), np.tile(np.arange(PERIODS), blocks)
    treated = (period >= np.array(starts)[unit]).astype(float)
    design = np.column_stack([treated, np.eye(blocks)[unit], np.eye(PERIODS)[period]])
    return unit, design, np.linalg.pinv(design)[0]


def estimates(starts):
    unit, design, weights = two_way(starts)
    names = tuple(f"b{i}" for i in range(len(starts)))
    return LinearEstimates(("ATT",), weights[:, None], np.zeros(unit.size), design, unit, names, 7, 14)


def reassigned(starts):
    weights, scores = [], []
    for dealt in assignments(starts)[0]:
        unit, design, c = two_way(dealt)
        weights.append(c)
        scores.append(score_rows(working_model(design, unit), c))
    return Reassigned(np.array(weights), np.array(scores))


NEVER = 99
STARTS = (2, 3, 3, *[NEVER] * 6)


def test_more_tests_and_more_fields_need_a_larger_effect():
    one = estimates(STARTS)
    effect = one.design[:, 0]
    options = {"effect": effect, "simulations": 60, "seed": 1}
    alone = minimum_detectable(1.0, float(satterthwaite(one, "cr2")[0]))
    both = minimum_supported(one, 1.0, **options)
    three = minimum_supported(one, 1.0, **options, reassigned=reassigned(STARTS))
    four_fields = minimum_supported(one, 1.0, **options, reassigned=reassigned(STARTS), fields=4)
    assert 0.8 * alone < both <= three < four_fields < np.inf
    assert minimum_supported(one, 0.1, **options) == pytest.approx(both / 10)


def test_it_has_its_power_in_fresh_noise():
    """300 new panels with that effect, each put through both tests: 80 % pass, within three Monte Carlo errors."""
    one = estimates(STARTS)
    effect, deviation = one.design[:, 0], float(np.linalg.norm(one.weights))
    size = minimum_supported(one, deviation, effect=effect, simulations=300, seed=2)
    draw = np.random.default_rng(7)
    passed = []
    for _ in range(300):
        panel = replace(one, outcome=size * effect + draw.normal(size=one.n_obs))
        p = cluster_robust(panel, "cr2")[0].p, wild_bootstrap(panel, denominator="cr2")[0].p
        passed.append(max(p) < 0.05)
    assert np.mean(passed) == pytest.approx(0.8, abs=0.08)


def test_too_few_clusters_never_pass():
    """Four clusters: the wild bootstrap's smallest p is 2/16."""
    one = estimates((2, 3, NEVER, NEVER))
    assert minimum_supported(one, 1.0, effect=one.design[:, 0], simulations=20) == np.inf


def test_further_requirements_enter():
    one = estimates(STARTS)
    assert minimum_supported(one, 1.0, effect=one.design[:, 0], simulations=20, also=lambda outcome: False) == np.inf


def test_an_effect_that_is_not_one_is_refused():
    one = estimates(STARTS)
    with pytest.raises(EstimationError, match="moves the estimate by 2; allowed is 1"):
        minimum_supported(one, 1.0, effect=2 * one.design[:, 0])
    twice = replace(one, terms=("a", "b"), weights=np.repeat(one.weights, 2, axis=1))
    with pytest.raises(EstimationError, match="2 estimates; the minimum supported effect is that of one"):
        minimum_supported(twice, 1.0, effect=one.design[:, 0])
