"""Step-down max-|t| by hand, against its definition, and its control of the familywise error."""

import numpy as np
import pytest

from ikz_eval.errors import EstimationError
from ikz_eval.inference import step_down


def by_definition(observed, draws):
    """Go down the fields one at a time, as Romano and Wolf write it."""
    left, adjusted, before = list(np.argsort(-np.abs(observed))), np.empty(len(observed)), 0.0
    while left:
        field = left[0]
        before = max(before, np.mean(np.abs(draws[:, left]).max(axis=1) >= abs(observed[field])))
        adjusted[field] = before
        left = left[1:]
    return adjusted


def test_two_fields_by_hand():
    """Four draws. Field one: largest of both at least 3 in two draws. Field two alone: at least 2 in three draws."""
    draws = [[3.0, 2.0], [1.0, -3.5], [0.5, 1.0], [-2.0, 2.5]]
    assert step_down([3.0, 2.0], draws).tolist() == [0.5, 0.75]


def test_one_field_is_the_share():
    assert step_down([-2.0], [[-2.0], [1.0], [2.0], [0.0], [3.0]]).tolist() == [0.6]


@pytest.mark.parametrize("seed", range(4))
def test_it_follows_its_definition(seed):
    draws = np.random.default_rng(seed).standard_t(4, size=(300, 5))
    assert step_down(draws[0], draws) == pytest.approx(by_definition(draws[0], draws), abs=1e-12)


def test_equal_fields_cost_nothing_and_adjusted_is_never_below_unadjusted():
    draws = np.random.default_rng(8).normal(size=(500, 3))
    alone = [float(step_down(draws[0, [field]], draws[:, [field]])[0]) for field in range(3)]
    assert (step_down(draws[0], draws) >= np.array(alone) - 1e-12).all()
    same = np.repeat(draws[:, :1], 3, axis=1)
    assert step_down(same[0], same).tolist() == [alone[0]] * 3


def test_a_true_effect_does_not_weigh_on_the_others():
    draws = np.random.default_rng(9).normal(size=(500, 2))
    draws[0, 0] = 50.0
    assert step_down(draws[0], draws)[1] == step_down(draws[0, 1:], draws[:, 1:])[0]


def test_ties_up_to_rounding_count():
    assert step_down([1.0], [[1.0 - 1e-12], [0.5]]).tolist() == [0.5]


@pytest.mark.parametrize(
    ("observed", "draws", "message"),
    [([1.0], [[1.0, 2.0]], "observed has shape"), ([], [], "observed has shape"), ([np.nan], [[1.0]], "nan")],
)
def test_what_does_not_fit_is_refused(observed, draws, message):
    with pytest.raises(EstimationError, match=message):
        step_down(observed, draws)
