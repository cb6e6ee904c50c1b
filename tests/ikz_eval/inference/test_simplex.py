"""Weights on the simplex: conditions of Kuhn and Tucker, a case by hand, and Frank-Wolfe against the exact optimum."""

import numpy as np
import pytest

from ikz_eval.errors import EstimationError
from ikz_eval.inference.frank_wolfe import SimplexProblems, frank_wolfe, two_rounds
from ikz_eval.inference.simplex import equal_fit_range, simplex_least_squares


def problem(seed: int, rows: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    return draw.normal(size=(rows, count)), draw.normal(size=rows)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("ridge", [0.0, 0.7])
def test_weights_meet_the_conditions_of_kuhn_and_tucker(seed, ridge):
    """The slope is the same, and lowest, wherever a weight is above zero."""
    columns, target = problem(seed, 12, 9)
    weights = simplex_least_squares(columns, target, ridge=ridge)
    slope = columns.T @ (columns @ weights - target) + ridge * weights
    used = weights > 1e-9
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    assert (weights >= 0).all()
    assert np.ptp(slope[used]) < 1e-6
    assert (slope[~used] >= slope[used].min() - 1e-6).all()


def test_two_donors_by_hand():
    """Donors at 0 and 10, target 3: weights .7 and .3; a target beyond both gives all weight to the nearer."""
    columns = np.array([[0.0, 10.0]])
    assert simplex_least_squares(columns, np.array([3.0])) == pytest.approx([0.7, 0.3], abs=1e-6)
    assert simplex_least_squares(columns, np.array([14.0])) == pytest.approx([0.0, 1.0], abs=1e-6)
    # min (10 w - 3)^2 + 20 ((1-w)^2 + w^2): 200 w - 60 + 20 (4 w - 2) = 0
    assert simplex_least_squares(columns, np.array([3.0]), ridge=20.0)[1] == pytest.approx(100 / 280, abs=1e-6)


def test_of_several_perfect_fits_the_nearest_to_the_start_is_taken():
    """Three donors at 0, 1, 2 and a target of 1: equal weights fit, and so does the middle donor alone."""
    columns, target = np.array([[0.0, 1.0, 2.0]]), np.array([1.0])
    assert simplex_least_squares(columns, target) == pytest.approx([1 / 3] * 3, abs=1e-6)
    alone = np.array([0.0, 1.0, 0.0])
    assert simplex_least_squares(columns, target, near=alone) == pytest.approx(alone, abs=1e-6)


def test_the_range_of_equal_fits_by_hand():
    """The effect 1, 0, 1 of those donors lies between 0 (the middle one) and 1 (the outer two)."""
    columns, fitted = np.array([[0.0, 1.0, 2.0]]), np.array([1.0])
    low, high = equal_fit_range(columns, fitted, np.array([1.0, 0.0, 1.0]), 1e-9)
    assert (low, high) == pytest.approx((0, 1), abs=1e-6)


def test_the_range_closes_on_the_only_best_weights():
    columns, target = problem(3, 30, 5)
    weights = simplex_least_squares(columns, target)
    low, high = equal_fit_range(columns, columns @ weights, columns.sum(axis=0), 1e-6)
    assert low <= columns.sum(axis=0) @ weights <= high
    assert high - low < 1e-4


@pytest.mark.parametrize("shared", [True, False])
def test_frank_wolfe_reaches_the_optimum(shared):
    """With a penalty it converges fast enough; barred donors keep weight zero; many problems equal one by one."""
    columns, _ = problem(5, 15, 6)
    draw = np.random.default_rng(6)
    targets, allowed = draw.normal(size=(4, 15)), np.ones((4, 6), dtype=bool)
    allowed[1, 2] = allowed[3, 0] = False
    gram = columns.T @ columns
    problems = SimplexProblems(
        gram if shared else np.tile(gram, (4, 1, 1)), targets @ columns, allowed, np.full(4, 0.5), np.full(4, 15.0)
    )
    together = two_rounds(problems, problems.equal(), 1e-7)
    for i in range(4):
        exact = np.zeros(6)
        exact[allowed[i]] = simplex_least_squares(columns[:, allowed[i]], targets[i], ridge=0.5 * 15)
        assert together[i] == pytest.approx(exact, abs=1e-3)
        one = problems.part(np.array([i]))
        assert together[i] == pytest.approx(two_rounds(one, one.equal(), 1e-7)[0], abs=1e-12)
    assert together[1, 2] == together[3, 0] == 0


def test_frank_wolfe_steps_by_hand():
    """From equal weights on donors 0 and 10 towards 9: slope points at the second; the line search ends at .1 and .9."""
    problems = SimplexProblems(
        np.array([[0.0, 0.0], [0.0, 100.0]]),
        np.array([[0.0, 90.0]]),
        np.ones((1, 2), dtype=bool),
        np.zeros(1),
        np.ones(1),
    )
    assert frank_wolfe(problems, problems.equal(), 0.0, 1)[0] == pytest.approx([0.1, 0.9])


def test_what_is_no_problem_is_refused():
    with pytest.raises(EstimationError, match="only finite values"):
        simplex_least_squares(np.array([[np.nan, 1.0]]), np.array([1.0]))
    with pytest.raises(EstimationError, match="at least one column"):
        simplex_least_squares(np.empty((3, 0)), np.ones(3))
