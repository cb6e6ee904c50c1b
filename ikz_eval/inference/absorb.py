"""Projecting out the dummies of one or several columns of labels without ever forming them.

Holds the exact projection: the first dimension leaves by its means, the others by the Schur complement of their normal
equations, which is as small as they are. Nothing is iterated and no column of zeros and ones is stored. Which effects a
model has is the methods' part (ikz_eval/estimate). Docs: docs/methods/speed.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from ikz_eval.errors import EstimationError

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

LARGEST_DESIGN = 200_000_000
"""Cells of the matrix of dummies (1.6 GB), where an inference needs the hat matrix with all effects whole."""
LARGEST_REST = 5_000
"""Levels of all dimensions after the first together: the side of the Schur complement (200 MB)."""
_RANK = 1e-10
"""Eigenvalues of the scaled Schur complement lie in [0, 1] a dimension; below this they are zero."""
_DENSE_TABLE = 4
"""A table of two dimensions with at most this many cells a row of the data is held dense."""


@dataclass(frozen=True, slots=True, eq=False)
class Absorbed:
    """The dummies of one or several dimensions in the space of rows times the root of their weight.

    Attributes
    ----------
    codes : tuple of ndarray of int
        Level of each row in each dimension as codes 0 to levels-1, shape (n,) each.
    levels : tuple of int
        Number of levels of each dimension.
    root : ndarray or None
        Root of the weight of each row, shape (n,); None when all are one.
    totals : ndarray
        Sum of weights in each level of the first dimension, shape (levels[0],).
    solver : ndarray
        Moore-Penrose inverse of the Schur complement of the dimensions after the first, shape (rest, rest).
    rank : int
        Rank of all dummies together.
    is_grid : bool
        Whether rows are sorted by the first dimension, then by the second (of two), each pair once, all weights one.
    """

    codes: tuple[Ints, ...]
    levels: tuple[int, ...]
    root: Floats | None
    totals: Floats
    solver: Floats
    rank: int
    is_grid: bool

    @property
    def n_rows(self) -> int:
        """Number of rows n."""
        return int(self.codes[0].size)

    def residuals(self, columns: Floats) -> Floats:
        """Return what the effects leave of the columns, shape as given, (n,) or (n, k)."""
        if columns.ndim == 1:
            return self._residual(columns)
        if columns.shape[1] == 1:
            return self._residual(np.ascontiguousarray(columns[:, 0]))[:, None]
        left = np.empty_like(columns)
        for place in range(columns.shape[1]):
            left[:, place] = self._residual(np.ascontiguousarray(columns[:, place]))
        return left

    def _residual(self, column: Floats) -> Floats:
        if self.is_grid:
            return _less_grid_means(column.reshape(self.levels[0], self.levels[1]))
        left = self._less_means(column)
        if len(self.codes) > 1:
            left -= self._spread_rest(self.solver @ self.rest_sums(left))
            left = self._less_means(left)
        return left

    def _less_means(self, column: Floats) -> Floats:
        weighted = column if self.root is None else column * self.root
        means = np.bincount(self.codes[0], weighted, minlength=self.levels[0]) / self.totals
        spread = means[self.codes[0]]
        if self.root is not None:
            spread *= self.root
        return np.subtract(column, spread, out=spread)

    def rest_sums(self, column: Floats) -> Floats:
        """Return the sums of a column by level of the dimensions after the first, stacked, shape (rest,)."""
        weighted = column if self.root is None else column * self.root
        sums = [
            np.bincount(each, weighted, minlength=n) for each, n in zip(self.codes[1:], self.levels[1:], strict=True)
        ]
        return np.concatenate([np.empty(0), *sums])

    def rest_sums_by(self, groups: Ints, n_groups: int, column: Floats) -> Floats:
        """Return the same sums within each group of rows, shape (n_groups, rest)."""
        weighted = column if self.root is None else column * self.root
        tables = [
            np.bincount(groups * n + each, weighted, minlength=n_groups * n).reshape(n_groups, n)
            for each, n in zip(self.codes[1:], self.levels[1:], strict=True)
        ]
        return np.column_stack([np.empty((n_groups, 0)), *tables])

    def _spread_rest(self, values: Floats) -> Floats:
        spread, start = np.zeros(self.n_rows), 0
        for codes, n in zip(self.codes[1:], self.levels[1:], strict=True):
            spread += values[start : start + n][codes]
            start += n
        return spread if self.root is None else spread * self.root

    def columns(self) -> Floats:
        """Return all dummies as columns, shape (n, levels of all dimensions); only their span is meant to be used.

        Raises
        ------
        EstimationError
            If they would be larger than ``LARGEST_DESIGN``.
        """
        width = sum(self.levels)
        if width * self.n_rows > LARGEST_DESIGN:
            raise EstimationError(
                f"{self.n_rows} rows with {width} absorbed effects make {width * self.n_rows:.0e} cells; allowed are "
                f"{LARGEST_DESIGN:.0e} where the hat matrix is needed whole: cr0, cr1 and the wild bootstrap 11 do without"
            )
        columns = np.zeros((self.n_rows, width))
        rows, start = np.arange(self.n_rows), 0
        for codes, n in zip(self.codes, self.levels, strict=True):
            columns[rows, start + codes] = 1.0 if self.root is None else self.root
            start += n
        return columns


def absorbed(codes: Sequence[Ints], root: Floats | None = None) -> Absorbed:
    """Prepare the projection on the dummies of one or several dimensions.

    Parameters
    ----------
    codes : sequence of ndarray of int
        Level of each row in each dimension, every code from 0 to levels-1 present, shape (n,) each. The first should be
        the one with most levels.
    root : ndarray, optional
        Root of the weight of each row, above zero, shape (n,).

    Raises
    ------
    EstimationError
        If the dimensions after the first have more than ``LARGEST_REST`` levels together.

    References
    ----------
    .. [1] Frisch, R., Waugh, F. V. (1933). Partial time regressions as compared with individual trends.
       *Econometrica* 1(4).
    .. [2] Wansbeek, T., Kapteyn, A. (1989). Estimation of the error-components model with incomplete panels. *Journal of
       Econometrics* 41(3).
    """
    levels = tuple(int(each.max()) + 1 for each in codes)
    if sum(levels[1:]) > LARGEST_REST:
        raise EstimationError(
            f"the absorbed effects beside the largest dimension have {sum(levels[1:])} levels; allowed are {LARGEST_REST}"
        )
    if root is None and _is_grid(codes, levels):
        solver = np.eye(levels[1]) / levels[0]
        return Absorbed(
            tuple(codes), levels, None, np.full(levels[0], float(levels[1])), solver, sum(levels) - 1, is_grid=True
        )
    weight = None if root is None else root**2
    totals = np.bincount(codes[0], weight, minlength=levels[0]).astype(np.float64)
    solver, rank = _solver(codes, levels, weight, totals)
    return Absorbed(tuple(codes), levels, root, totals, solver, levels[0] + rank, is_grid=False)


def _is_grid(codes: Sequence[Ints], levels: tuple[int, ...]) -> bool:
    if len(codes) != 2 or codes[0].size != levels[0] * levels[1]:
        return False
    first, second = (each.reshape(levels) for each in codes)
    is_sorted = (first == np.arange(levels[0])[:, None]).all() and (second == np.arange(levels[1])).all()
    return bool(is_sorted)


def _less_grid_means(table: Floats) -> Floats:
    left: Floats = table - table.mean(axis=1, keepdims=True)
    left -= left.mean(axis=0)
    flat: Floats = left.ravel()
    return flat


def _solver(
    codes: Sequence[Ints], levels: tuple[int, ...], weight: Floats | None, totals: Floats
) -> tuple[Floats, int]:
    """Return the Moore-Penrose inverse of S = D'WD - D'WF (F'WF)^-1 F'WD and its rank; F: first dimension, D: the rest."""
    n_rest = sum(levels[1:])
    if n_rest == 0:
        return np.empty((0, 0)), 0
    cross = [_table(codes[0], each, (levels[0], n), weight) for each, n in zip(codes[1:], levels[1:], strict=True)]
    own, starts = np.zeros((n_rest, n_rest)), np.cumsum([0, *levels[1:]])
    for i, left in enumerate(codes[1:]):
        for j, right in enumerate(codes[1:]):
            block = _table(left, right, (levels[1 + i], levels[1 + j]), weight)
            reduced = _scaled_product(cross[i], cross[j], totals)
            own[starts[i] : starts[i + 1], starts[j] : starts[j + 1]] = _dense(block) - reduced
    size = np.sqrt(
        np.concatenate([np.bincount(each, weight, minlength=n) for each, n in zip(codes[1:], levels[1:], strict=True)])
    )
    values, vectors = linalg.eigh(own / np.outer(size, size))
    kept = values > _RANK
    half = (vectors[:, kept] / np.sqrt(values[kept])) / size[:, None]
    return half @ half.T, int(kept.sum())


def _table(left: Ints, right: Ints, shape: tuple[int, int], weight: Floats | None) -> "Floats | sparse.csr_array":
    """Return the sums of weights by two dimensions; sparse when most cells would be empty."""
    if shape[0] * shape[1] <= _DENSE_TABLE * left.size:
        return (
            np.bincount(left * shape[1] + right, weight, minlength=shape[0] * shape[1])
            .reshape(shape)
            .astype(np.float64)
        )
    values = np.ones(left.size) if weight is None else weight
    return sparse.csr_array(sparse.coo_array((values, (left, right)), shape=shape))


def _scaled_product(left: "Floats | sparse.csr_array", right: "Floats | sparse.csr_array", totals: Floats) -> Floats:
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        return left.T @ (right / totals[:, None])
    one, other = sparse.csr_array(left), sparse.csr_array(right)
    return _dense(one.T @ (sparse.diags_array(1 / totals) @ other))


def _dense(table: "Floats | sparse.csr_array") -> Floats:
    return table if isinstance(table, np.ndarray) else np.asarray(table.toarray(), dtype=np.float64)
