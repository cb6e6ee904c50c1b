"""Effects projected out without their dummies: against least squares on the dummies."""

import numpy as np
import pytest

from ikz_eval.inference.absorb import absorbed


def dummies(codes, root):
    return root[:, None] * np.column_stack([np.eye(each.max() + 1)[each] for each in codes])


def drawn(levels, seed, rows=240):
    draw = np.random.default_rng(seed)
    codes = [np.unique(draw.integers(0, n, rows), return_inverse=True)[1] for n in levels]
    return codes, draw.uniform(0.3, 3, rows), draw.normal(size=(rows, 3))


@pytest.mark.parametrize("levels", [(30,), (40, 8), (40, 8, 5), (90, 60), (40, 8, 5, 3)])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_as_least_squares_on_the_dummies(levels, is_weighted):
    """Rows at random: cells are missing and repeated; with 90 and 60 levels some parts are not connected."""
    codes, root, columns = drawn(levels, seed=sum(levels))
    root = root if is_weighted else np.ones(root.size)
    effects = absorbed(codes, root if is_weighted else None)
    every = dummies(codes, root)
    expected = columns - every @ np.linalg.lstsq(every, columns, rcond=None)[0]
    np.testing.assert_allclose(effects.residuals(columns), expected, atol=1e-10)
    np.testing.assert_allclose(effects.residuals(columns[:, 0]), expected[:, 0], atol=1e-10)
    assert effects.rank == np.linalg.matrix_rank(every)
    np.testing.assert_array_equal(effects.columns(), every)


def test_a_sorted_complete_panel_is_a_grid_and_the_same_shuffled():
    unit, period = np.repeat(np.arange(25), 7), np.tile(np.arange(7), 25)
    draw = np.random.default_rng(1)
    column, order = draw.normal(size=unit.size), draw.permutation(unit.size)
    grid, shuffled = absorbed([unit, period]), absorbed([unit[order], period[order]])
    assert (grid.is_grid, shuffled.is_grid, grid.rank, shuffled.rank) == (True, False, 31, 31)
    np.testing.assert_allclose(grid.residuals(column)[order], shuffled.residuals(column[order]), atol=1e-12)


def test_two_parts_that_share_no_level_have_a_rank_less():
    unit, period = np.repeat(np.arange(8), 4), np.concatenate([np.tile(np.arange(4), 4), np.tile(np.arange(4, 8), 4)])
    effects = absorbed([unit, period])
    every = dummies([unit, period], np.ones(unit.size))
    column = np.random.default_rng(2).normal(size=unit.size)
    assert effects.rank == 8 + 8 - 2
    left = column - every @ np.linalg.lstsq(every, column, rcond=None)[0]
    np.testing.assert_allclose(effects.residuals(column), left, atol=1e-12)


def test_sums_within_groups_add_up():
    codes, root, columns = drawn((40, 8, 5), seed=4)
    effects = absorbed(codes, root)
    groups = codes[0] % 6
    by_group = effects.rest_sums_by(groups, 6, columns[:, 0])
    assert by_group.shape == (6, 13)
    np.testing.assert_allclose(by_group.sum(axis=0), effects.rest_sums(columns[:, 0]), atol=1e-12)
    np.testing.assert_allclose(by_group.sum(axis=0), dummies(codes[1:], root).T @ columns[:, 0], atol=1e-12)
