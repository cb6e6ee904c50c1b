"""Randomisation over blocks: which assignments there are, how they are counted, and what is refused."""

from itertools import permutations

import numpy as np
import pytest

from ikz_eval.errors import EstimationError
from ikz_eval.inference import assignments, count_assignments, randomisation_draws, randomise, step_down

LEVELS = np.array([5.0, 1.0, 2.0, 2.5, 0.5])


def difference(paths):
    """Return the difference of mean levels of started and never started blocks, and a Welch t."""
    treated = np.array([path != "never" for path in paths])
    ours, others = LEVELS[treated], LEVELS[~treated]
    difference = ours.mean() - others.mean()
    return difference, difference / np.sqrt(ours.var() / ours.size + others.var() / others.size)


@pytest.mark.parametrize("paths", [(9, 13, 17, 0, 0), (1, 1, 0, 0, 0, 2), ("b", "a", "a"), ((1, 2), (1, 3), (1, 2))])
def test_assignments_are_the_distinct_permutations_observed_first(paths):
    dealt, is_exact = assignments(paths)
    assert is_exact
    assert dealt[0] == paths
    assert len(dealt) == count_assignments(paths)
    assert set(dealt) == set(permutations(paths))


def test_beyond_ten_thousand_they_are_drawn():
    paths = tuple(range(8))
    dealt, is_exact = assignments(paths, draws=50, seed=2)
    assert (len(dealt), is_exact, dealt[0]) == (51, False, paths)
    assert all(sorted(each) == sorted(paths) for each in dealt)
    assert dealt == assignments(paths, draws=50, seed=2)[0]


def test_p_is_the_share_at_least_as_large_by_hand():
    """Two of five blocks start: ten assignments. Observed {5, 1}, difference 4/3; the list is counted by hand."""
    paths = ("s", "s", "never", "never", "never")
    observed = difference(paths)
    every = {tuple(each) for each in permutations(paths)}
    found = randomise(difference, paths)
    assert (found.assignments, found.is_exact, found.is_approximate) == (10, True, False)
    assert found.p_coefficient == np.mean([abs(difference(each)[0]) >= abs(observed[0]) - 1e-12 for each in every])
    assert found.p_t == np.mean([abs(difference(each)[1]) >= abs(observed[1]) - 1e-12 for each in every])
    assert found.p_coefficient == 0.5, "as large or larger are {5, 1}, {5, 2}, {5, 2.5}, {1, .5} and {2, .5}"


def test_unequal_blocks_are_called_approximate():
    paths = ("s", "s", "never", "never", "never")
    assert randomise(difference, paths, sizes=[4, 4, 3, 4, 4]).is_approximate
    assert not randomise(difference, paths, sizes=[4] * 5).is_approximate


def test_assignments_without_an_estimate_count_against_the_effect():
    def partly(paths):
        if paths[0] == "never":
            raise EstimationError("no estimate")
        return difference(paths) if paths[4] == "never" else (np.nan, np.nan)

    found = randomise(partly, ("s", "s", "never", "never", "never"))
    assert found.not_estimable == 7
    assert found.p_t >= 0.8


def test_one_permutation_serves_all_fields():
    """Two fields, the second with the sign turned: the same draws, so the step-down p is the unadjusted one."""

    def both(paths):
        coefficient, t = difference(paths)
        return np.array([coefficient, -coefficient]), np.array([t, -t])

    drawn = randomisation_draws(both, ("s", "s", "never", "never", "never"))
    first, second = drawn.results()
    assert first == second
    assert step_down(drawn.t[0], drawn.t).tolist() == [first.p_t, first.p_t]


@pytest.mark.parametrize(
    ("paths", "options", "message"),
    [
        (("never",) * 4, {}, "at least two different start paths"),
        ((1, 0, 0), {"sizes": [1, 2]}, "2 sizes for 3 blocks"),
        (tuple(range(9)), {"draws": 0}, "draws is 0"),
    ],
)
def test_what_cannot_be_dealt_is_refused(paths, options, message):
    with pytest.raises(EstimationError, match=message):
        randomise(lambda _: (1.0, 1.0), paths, **options)


def test_an_observed_assignment_without_estimate_is_refused():
    with pytest.raises(EstimationError, match="the observed assignment has no estimate"):
        randomise(lambda _: (np.nan, np.nan), (1, 0, 0))
