"""Absorbed effects of any number of dimensions: projecting them out, their columns, their count.

Holds what Frisch, Waugh and Lovell need: residuals on the dummies of one or several columns of labels, weighted or not.
The largest dimension is removed by its means, which is exact; the rest by an orthonormal basis. Fitting is
least_squares.py's part.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.observations import Flags, Floats, Ints
from ikz_eval.inference.linear import column_basis

LARGEST_DESIGN = 200_000_000
"""Cells of the matrix of dummies (1.6 GB); inference with absorbed effects in the hat matrix needs it whole."""
_ZERO = 1e-10
"""Of a column's length: what is left of a dummy that other dummies explain is rounding below this."""


@dataclass(frozen=True, slots=True)
class AbsorbedEffects:
    """The dummies of one or several dimensions in the space of rows times the root of their weight.

    Attributes
    ----------
    codes : tuple of ndarray of int
        Level of each row in each dimension as codes 0 to levels-1, largest dimension first, shape (n,) each. Without
        absorbed columns one dimension of one level: the constant.
    root : ndarray
        Root of the weight of each row, shape (n,).
    rest : ndarray
        Orthonormal basis of what the dimensions after the first add, shape (n, added rank).
    """

    codes: tuple[Ints, ...]
    root: Floats
    rest: Floats

    @property
    def levels(self) -> tuple[int, ...]:
        """Number of levels of each dimension."""
        return tuple(int(codes.max()) + 1 for codes in self.codes)

    @property
    def rank(self) -> int:
        """Rank of all dummies together."""
        return self.levels[0] + int(self.rest.shape[1])

    def residuals(self, columns: Floats) -> Floats:
        """Return what the effects leave of the columns, shape as given (n, k); twice, so that rounding does not pile up."""
        for _ in range(2):
            columns = _less_means(self.codes[0], self.root, columns)
            columns = columns - self.rest @ (self.rest.T @ columns)
        return columns

    def columns(self) -> Floats:
        """Return columns with the span of all dummies, of full rank, shape (n, rank)."""
        columns = np.zeros((self.root.size, self.rank))
        columns[np.arange(self.root.size), self.codes[0]] = self.root
        columns[:, self.levels[0] :] = self.rest
        return columns

    def parameters(self, cluster: Ints, regressors: int) -> int:
        """Return K of ``cr1`` by the convention of fixest.

        All dimensions count levels, less one for each after the first. A dimension is nested when each of its levels
        lies in one cluster: it then counts one only. With every dimension nested, regressors and a constant are left.
        """
        nested = [is_nested(codes, cluster) for codes in self.codes]
        if all(nested):
            return regressors + 1
        counted = sum(1 if inside else levels for inside, levels in zip(nested, self.levels, strict=True))
        return regressors + counted - (len(self.codes) - 1)


def prepare_effects(codes: Sequence[Ints], weight: Floats) -> AbsorbedEffects:
    """Prepare the effects of several dimensions; without any, the constant.

    Parameters
    ----------
    codes : sequence of ndarray of int
        Level of each row in each dimension, shape (n,) each; any whole numbers from 0.
    weight : ndarray
        Weight of each row, above zero, shape (n,).

    Raises
    ------
    EstimationError
        If the dummies would be larger than ``LARGEST_DESIGN``.
    """
    compact = [np.unique(each, return_inverse=True)[1].ravel().astype(np.intp) for each in codes]
    ordered = sorted(compact or [np.zeros(weight.size, dtype=np.intp)], key=lambda each: -int(each.max()))
    root = np.sqrt(weight)
    levels = sum(int(each.max()) + 1 for each in ordered)
    if levels * weight.size > LARGEST_DESIGN:
        raise EstimationError(
            f"{weight.size} rows with {levels} absorbed effects make {levels * weight.size:.0e} cells; "
            f"allowed are {LARGEST_DESIGN:.0e}"
        )
    others = [_dummies(each, root) for each in ordered[1:]]
    stacked = np.column_stack([np.empty((weight.size, 0)), *others])
    left = _less_means(ordered[0], root, stacked)
    is_new = np.linalg.norm(left, axis=0) > _ZERO * np.linalg.norm(stacked, axis=0)
    return AbsorbedEffects(tuple(ordered), root, column_basis(left[:, is_new]))


def without_singletons(codes: Sequence[Ints]) -> tuple[Flags, Counter[str]]:
    """Return the rows that share every level with another row, and the count of the others.

    A row alone in a level is fitted exactly and says nothing; dropping one can leave another alone, so this repeats.
    """
    kept = np.ones(codes[0].size if codes else 0, dtype=bool)
    while True:
        alone = np.zeros_like(kept)
        for each in codes:
            alone |= kept & (np.bincount(each[kept], minlength=int(each.max()) + 1)[each] == 1)
        if not alone.any():
            return kept, +Counter({"singleton": int((~kept).sum())})
        kept &= ~alone


def is_nested(codes: Ints, cluster: Ints) -> bool:
    """Return whether each level lies within one cluster."""
    first = np.zeros(int(codes.max()) + 1, dtype=np.intp)
    first[codes[::-1]] = cluster[::-1]
    return bool((first[codes] == cluster).all())


def _dummies(codes: Ints, root: Floats) -> Floats:
    columns = np.zeros((codes.size, int(codes.max()) + 1))
    columns[np.arange(codes.size), codes] = root
    return columns


def _less_means(codes: Ints, root: Floats, columns: Floats) -> Floats:
    """Return the columns less their weighted means by level, all in the space of rows times root weight."""
    weight = np.bincount(codes, root**2)
    means = np.column_stack(
        [np.empty((weight.size, 0)), *(np.bincount(codes, root * column) / weight for column in columns.T)]
    )
    left: Floats = columns - root[:, None] * means[codes]
    return left
