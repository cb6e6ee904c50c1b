"""Attainable p values, assignments, detectable effects and Holm, against enumeration and by hand."""

from itertools import permutations, product

import numpy as np
import pytest
from scipy import stats

from ikz_eval.errors import EstimationError
from ikz_eval.inference import (
    count_assignments,
    holm,
    minimum_detectable,
    saving_percent,
    smallest_randomisation_p,
    smallest_wild_p,
)

PERIODS = 6


def t_of(outcome, starts):
    """|t| of the constant effect in a two-way model, by brute force."""
    treated = np.array([[period >= start for period in range(PERIODS)] for start in starts], dtype=float)

    def demean(values):
        return values - values.mean(0) - values.mean(1, keepdims=True) + values.mean()

    regressor = demean(treated)
    effect = (regressor * outcome).sum() / (regressor**2).sum()
    residual = demean(outcome) - effect * regressor
    return abs(effect) / np.sqrt(((regressor * residual).sum(1) ** 2).sum())


@pytest.mark.parametrize("starts", [(2, 3, 4, 9, 9), (2, 2, 9, 9, 9), (3, 4, 9, 9, 9, 9)])
def test_smallest_wild_p_is_what_enumeration_attains(starts):
    """Over many outcomes with a large effect, the smallest share of sign vectors with |t| at least the observed."""
    draw = np.random.default_rng(1)
    treated = np.array([[period >= start for period in range(PERIODS)] for start in starts], dtype=float)
    best = 1.0
    for _ in range(30):
        outcome = 5 * treated + 0.1 * draw.normal(size=treated.shape)
        centred = outcome - outcome.mean(0) - outcome.mean(1, keepdims=True) + outcome.mean()
        observed = t_of(centred, starts)
        signs = [np.array(s)[:, None] for s in product((1.0, -1.0), repeat=len(starts))]
        best = min(best, np.mean([t_of(sign * centred, starts) >= observed * (1 - 1e-9) for sign in signs]))
    assert smallest_wild_p(len(starts)) == pytest.approx(best)


@pytest.mark.parametrize("starts", [(2, 3, 9, 9), (2, 2, 9, 9), (2, 3, 4, 9, 9), (3, 9, 9, 9)])
def test_smallest_randomisation_p_is_what_enumeration_attains(starts):
    draw = np.random.default_rng(2)
    assignments = sorted(set(permutations(starts)))
    assert count_assignments(starts) == len(assignments)
    treated = np.array([[period >= start for period in range(PERIODS)] for start in starts], dtype=float)
    best = 1.0
    for _ in range(30):
        outcome = 5 * treated + 0.1 * draw.normal(size=treated.shape)
        observed = t_of(outcome, starts)
        best = min(best, np.mean([t_of(outcome, other) >= observed * (1 - 1e-9) for other in assignments]))
    assert smallest_randomisation_p(starts) == pytest.approx(best)


def test_nine_blocks_with_three_starts_have_504_assignments():
    paths = ["2022-Q4", "2023-Q4", "2024-Q4", *["never"] * 6]
    assert count_assignments(paths) == 504
    assert smallest_randomisation_p(paths) == pytest.approx(1 / 504)
    assert smallest_wild_p(9) == 2 / 512


def test_too_many_to_enumerate_are_drawn():
    assert smallest_wild_p(14) == 1 / 10_000
    assert smallest_randomisation_p(list(range(9))) == 1 / 10_000


def test_nothing_to_count_is_refused():
    with pytest.raises(EstimationError, match="without clusters"):
        smallest_wild_p(0)
    with pytest.raises(EstimationError, match="without units"):
        smallest_randomisation_p([])


def test_minimum_detectable_effect_by_hand():
    """Two-sided 5 %, 80 % power, 3.2439 degrees of freedom: (3.051... + 0.967...) standard errors."""
    factor = stats.t.ppf(0.975, 3.2439) + stats.t.ppf(0.8, 3.2439)
    assert minimum_detectable(0.0045, 3.2439) == pytest.approx(0.0045 * factor, rel=1e-10)
    assert saving_percent(0.1) == pytest.approx(9.516258196, rel=1e-9)
    assert saving_percent(-0.1) == saving_percent(0.1)


def test_minimum_detectable_effect_has_its_power():
    """Of 20,000 t statistics with that true effect and 4 degrees of freedom, 80 % find it (Monte Carlo error .003)."""
    draw = np.random.default_rng(5)
    df = 4
    t = (minimum_detectable(1.0, df) + draw.normal(size=20_000)) / np.sqrt(draw.chisquare(df, size=20_000) / df)
    assert (np.abs(t) > stats.t.ppf(0.975, df)).mean() == pytest.approx(0.80, abs=0.01)


def test_unusable_standard_errors_are_refused():
    with pytest.raises(EstimationError, match="allowed are se >= 0 and df > 0"):
        minimum_detectable(float("nan"), 3.0)


def test_holm_by_hand():
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.5}) == pytest.approx(
        {"a": 0.04, "c": 0.09, "b": 0.09, "d": 0.5}
    )
    assert holm({}) == {}


def test_nan_as_a_start_path_is_refused():
    """Each nan would count as a path of its own, and 504 assignments would become 362,880."""
    with pytest.raises(EstimationError, match="a start path is nan"):
        count_assignments([1.0, 2.0, float("nan"), float("nan")])
