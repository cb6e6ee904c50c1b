"""Honest bounds and pre-trend power against the programs of their authors: HonestDiD and pretrends (R)."""

import numpy as np
import pytest

from ikz_eval.inference.honest import honest_bounds, pretrend_power
from ikz_eval.inference.honest.conditional import Levels, least_favourable, rejects
from ikz_eval.inference.honest.relative_magnitudes import _moment_sets
from ikz_eval.inference.honest.study import event_study
from tests.reference.event_studies import (
    MEDICAID,
    MEDICAID_COVARIANCE,
    R_RELATIVE,
    R_SMOOTHNESS,
    README_RELATIVE,
    README_SMOOTHNESS,
    RESTAURANTS,
    RESTAURANTS_COVARIANCE,
    STATA_AVERAGE,
)

GRID, REACH = 1_000, 20
FIRST_STEP = 0.2
"""R takes the least favourable quantile from 1,000 draws; this share of a grid step covers what that moves an end."""
DRAWN_QUANTILE = 7e-5
"""R takes the folded normal quantile from a million draws: its standard error .002 times that of the estimator."""


def first_on_grid(ends: tuple[float, float], error: float) -> tuple[float, float]:
    """Return the smallest and the largest point of HonestDiD's grid inside."""
    grid = np.linspace(-REACH * error, REACH * error, GRID)
    inside = grid[(grid >= ends[0]) & (grid <= ends[1])]
    return float(inside[0]), float(inside[-1])


@pytest.mark.parametrize("m", README_RELATIVE)
def test_medicaid_relative_magnitudes_as_in_the_readme(m):
    """On R's own grid to the printed digits, save where the end lies within R's simulation error of a grid point."""
    bounds = honest_bounds(MEDICAID, MEDICAID_COVARIANCE, 5, 2, m=[m]).bounds[0]
    error = float(np.sqrt(MEDICAID_COVARIANCE[5, 5]))
    step = 2 * REACH * error / (GRID - 1)
    for ours, printed in zip((bounds.low, -bounds.high), (README_RELATIVE[m][0], -README_RELATIVE[m][1]), strict=True):
        assert -FIRST_STEP * step - 5e-5 < printed - ours < (1 + FIRST_STEP) * step + 5e-5


def test_medicaid_average_as_printed_by_the_stata_version():
    found = honest_bounds(MEDICAID, MEDICAID_COVARIANCE, 5, 2, m=list(STATA_AVERAGE), l_vec=[0.5, 0.5])
    functional = np.array([0, 0, 0, 0, 0, 0.5, 0.5])
    error = float(np.sqrt(functional @ MEDICAID_COVARIANCE @ functional))
    for bound in found.bounds:
        on_grid = first_on_grid((bound.low, bound.high), error)
        assert np.abs(np.subtract(on_grid, STATA_AVERAGE[bound.m])).max() < 5e-4 + 2 * REACH * error / (GRID - 1)


@pytest.mark.parametrize("m", README_SMOOTHNESS)
def test_medicaid_smoothness_as_in_the_readme(m):
    bounds = honest_bounds(MEDICAID, MEDICAID_COVARIANCE, 5, 2, restriction="smoothness", m=[m]).bounds[0]
    digits = 5e-5 if m < 0.03 else 5e-4
    assert bounds.low == pytest.approx(README_SMOOTHNESS[m][0], abs=5e-5 + DRAWN_QUANTILE)
    assert bounds.high == pytest.approx(README_SMOOTHNESS[m][1], abs=digits + DRAWN_QUANTILE)


def test_medicaid_breakdown_values():
    """Between the M of the README whose sets exclude and include zero."""
    assert 1.5 < honest_bounds(MEDICAID, MEDICAID_COVARIANCE, 5, 2).breakdown < 2
    assert 0.02 < honest_bounds(MEDICAID, MEDICAID_COVARIANCE, 5, 2, restriction="smoothness").breakdown < 0.03


@pytest.mark.parametrize("m", R_RELATIVE)
def test_restaurants_relative_magnitudes_within_a_step_of_r(m):
    bounds = honest_bounds(RESTAURANTS, RESTAURANTS_COVARIANCE, 4, 4, m=[m]).bounds[0]
    step = 2 * REACH * float(np.sqrt(RESTAURANTS_COVARIANCE[4, 4])) / (GRID - 1)
    assert 0 <= R_RELATIVE[m][0] - bounds.low <= step
    assert 0 <= bounds.high - R_RELATIVE[m][1] <= step


def test_restaurants_conditional_test_on_the_grid_of_r():
    """The conditional test alone has no drawn quantile: the very grid points of R, 200 between -.3795 and .3795."""
    error = float(np.sqrt(RESTAURANTS_COVARIANCE[4, 4]))
    grid = np.linspace(-REACH * error, REACH * error, 200)
    found = honest_bounds(RESTAURANTS, RESTAURANTS_COVARIANCE, 4, 4, m=[1.0], test="conditional").bounds[0]
    inside = grid[(grid >= found.low) & (grid <= found.high)]
    assert (inside[0], inside[-1]) == pytest.approx((0.07055244362, 0.3184394077), abs=1e-9)


@pytest.mark.parametrize("m", R_SMOOTHNESS)
def test_restaurants_smoothness(m):
    bounds = honest_bounds(RESTAURANTS, RESTAURANTS_COVARIANCE, 4, 4, restriction="smoothness", m=[m]).bounds[0]
    assert (bounds.low, bounds.high) == pytest.approx(R_SMOOTHNESS[m], abs=DRAWN_QUANTILE)


def test_one_effect_alone_as_r_printed():
    """HonestDiD's test log (stata-honestdid, unit-tests-consistency.R.log): seven coefficients before, one after."""
    printed = {0.0: (0.0713, 0.181), 0.5: (-0.0315, 0.306), 1.0: (-0.151, 0.441)}
    found = honest_bounds(RESTAURANTS, RESTAURANTS_COVARIANCE, 7, 1, m=list(printed))
    step = 2 * REACH * float(np.sqrt(RESTAURANTS_COVARIANCE[7, 7])) / (GRID - 1)
    for bound in found.bounds:
        low, high = printed[bound.m]
        assert bound.low == pytest.approx(low, abs=step + 5e-4)
        assert bound.high == pytest.approx(high, abs=step + 5e-4)


def test_average_smoothness_as_r_printed():
    """The same log: average of four effects."""
    printed = {0.0: (0.133, 0.230), 0.1: (-0.186, 0.988), 0.2: (-0.686, 1.49), 0.3: (-1.19, 1.99)}
    found = honest_bounds(
        RESTAURANTS, RESTAURANTS_COVARIANCE, 4, 4, restriction="smoothness", m=list(printed), l_vec=[0.25] * 4
    )
    for bound in found.bounds:
        assert (bound.low, bound.high) == pytest.approx(printed[bound.m], abs=5e-3 if bound.m > 0.1 else 5.5e-4)


MODERNDID_RELATIVE = {
    0.5: (0.024130, 0.066888), 1.0: (0.017094, 0.071963), 1.5: (0.008587, 0.079599), 2.0: (-0.000666, 0.087946),
}  # fmt: skip
"""moderndid 0.2.0, create_sensitivity_results_rm(b, V, num_pre_periods=5, num_post_periods=2, m_bar_vec=[...]): a grid."""
MODERNDID_SMOOTHNESS = {0.0: (0.025967, 0.060711), 0.01: (0.013175, 0.078684), 0.02: (0.002834, 0.090739)}
"""The same, create_sensitivity_results_sm(..., m_vec=[...]): exact quantiles, minimised numerically."""


@pytest.mark.parametrize("m", MODERNDID_RELATIVE)
def test_moderndid_relative_magnitudes(m):
    bounds = honest_bounds(MEDICAID, MEDICAID_COVARIANCE, 5, 2, m=[m]).bounds[0]
    assert (bounds.low, bounds.high) == pytest.approx(MODERNDID_RELATIVE[m], abs=5e-4)


@pytest.mark.parametrize("m", MODERNDID_SMOOTHNESS)
def test_moderndid_smoothness(m):
    bounds = honest_bounds(MEDICAID, MEDICAID_COVARIANCE, 5, 2, restriction="smoothness", m=[m]).bounds[0]
    assert (bounds.low, bounds.high) == pytest.approx(MODERNDID_SMOOTHNESS[m], abs=1e-5)


def test_diff_diff_leaves_out_that_the_largest_step_is_estimated():
    """diff-diff 3.13.0, HonestDiD()._compute_rm_bounds on these inputs at M = 2: points' bounds plus 1.96 errors.

    It excludes zero where HonestDiD's set, and ours, does not.
    """
    theirs = (0.0112668567777005, 0.08162685154219038)
    points = honest_bounds(MEDICAID, None, 5, 2, m=[2.0]).bounds[0]
    reach = 1.959964 * np.sqrt(MEDICAID_COVARIANCE[5, 5])
    assert (points.low - reach, points.high + reach) == pytest.approx(theirs, abs=1e-6)
    ours = honest_bounds(MEDICAID, MEDICAID_COVARIANCE, 5, 2, m=[2.0]).bounds[0]
    assert ours.low < 0 < theirs[0]


TIMES = np.array([-4.0, -3, -2, 0, 1, 2])
ERRORS = np.array([0.050, 0.045, 0.040, 0.100, 0.110, 0.120])
POINTS = np.array([0.012, -0.008, 0.021, 0.180, 0.240, 0.310])
CORRELATED = 0.5 ** np.abs(np.subtract.outer(np.arange(6), np.arange(6))) * np.outer(ERRORS, ERRORS)
R_POWER = {0.02: (0.331636386010325, 0.767764750944334, 0.369180669397493),
           0.05: (0.901493717618343, 0.113163052944783, 0.00448269494048729)}  # fmt: skip
"""R 4.5.2, pretrends 0.1.0 (stored by StatsPAI's tests): power, Bayes factor, likelihood ratio by slope."""
R_SLOPES = {0.5: 0.027901593818477, 0.8: 0.0424249541097126}
DRAWN_BOX = 1e-3
"""mvtnorm's probability of a box is itself drawn; repeated calls spread over 5e-4."""


@pytest.mark.parametrize("slope", R_POWER)
def test_power_of_the_pretest_against_pretrends(slope):
    found = pretrend_power(POINTS, CORRELATED, 3, 3, trend=slope * (TIMES + 1))
    power, factor, ratio = R_POWER[slope]
    assert found.power == pytest.approx(power, abs=DRAWN_BOX)
    assert found.bayes_factor == pytest.approx(factor, abs=DRAWN_BOX)
    assert found.likelihood_ratio == pytest.approx(ratio, rel=1e-9)


def test_detectable_slopes_against_pretrends():
    assert pretrend_power(POINTS, CORRELATED, 3, 3).slopes == pytest.approx(R_SLOPES, rel=2e-3)


def test_readme_grid_decisions_do_not_depend_on_the_refinement():
    """The ends found by halving are where the test changes its mind."""
    study = event_study(MEDICAID, MEDICAID_COVARIANCE, 5, 2)
    levels = Levels(0.05, 0.005)
    found = honest_bounds(MEDICAID, MEDICAID_COVARIANCE, 5, 2, m=[1.0]).bounds[0]
    near = np.array([found.low - 1e-6, found.low + 1e-6, found.high - 1e-6, found.high + 1e-6])
    kept = [~rejects(s, near, levels, least_favourable(s.covariance, levels.kappa)) for s in _moment_sets(study, 1.0)]
    assert np.array(kept).any(axis=0).tolist() == [False, True, True, False]
