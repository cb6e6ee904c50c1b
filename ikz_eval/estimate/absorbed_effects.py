"""Absorbed effects of any number of dimensions: which there are, and how many parameters they count as.

Holds the order of the dimensions, fixest's count of parameters, and the dropping of singletons. Projecting effects out is
ikz_eval/inference/absorb.py; fitting is least_squares.py's part.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ikz_eval.estimate.observations import Flags, Floats, Ints
from ikz_eval.estimate.quick_arrays import are_ones
from ikz_eval.inference.absorb import Absorbed, absorbed

_A_LOOK = 10_000
"""Rows looked at first: where they already speak against it, the others need not be read."""


@dataclass(frozen=True, slots=True)
class AbsorbedEffects:
    """The dummies of one or several dimensions, largest dimension first, and the count of their parameters.

    Attributes
    ----------
    projection : Absorbed
        Projects them out, in the space of rows times the root of their weight. Without absorbed columns one dimension of
        one level: the constant.
    """

    projection: Absorbed

    @property
    def root(self) -> Floats | None:
        """Root of the weight of each row, shape (n,); None when all are one."""
        return self.projection.root

    @property
    def rank(self) -> int:
        """Rank of all dummies together."""
        return self.projection.rank

    def scaled(self, values: Floats) -> Floats:
        """Return values of rows, shape (n,) or (n, k), times the root of the weight."""
        if self.root is None:
            return values
        return values * (self.root if values.ndim == 1 else self.root[:, None])

    def residuals(self, columns: Floats) -> Floats:
        """Return what the effects leave of scaled columns, shape as given."""
        return self.projection.residuals(columns)

    def parameters(self, cluster: Ints, regressors: int) -> int:
        """Return K of ``cr1`` by the convention of fixest.

        All dimensions count levels, less one for each after the first. A dimension is nested when each of its levels
        lies in one cluster: it then counts one only. With every dimension nested, regressors and a constant are left.
        """
        codes, levels = self.projection.codes, self.projection.levels
        nested = [is_nested(each, cluster) for each in codes]
        if all(nested):
            return regressors + 1
        counted = sum(1 if inside else n for inside, n in zip(nested, levels, strict=True))
        return regressors + counted - (len(codes) - 1)


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
        If the dimensions after the largest have too many levels.
    """
    dense = [without_gaps(each) for each in codes] or [np.zeros(weight.size, dtype=np.intp)]
    ordered = sorted(dense, key=lambda each: -int(each.max()))
    return AbsorbedEffects(absorbed(ordered, None if are_ones(weight) else np.sqrt(weight)))


def without_gaps(codes: Ints) -> Ints:
    """Return codes renumbered so that none is left out; as they are where none is."""
    present = np.bincount(codes) > 0
    if present.all():
        return codes
    renumbered: Ints = (np.cumsum(present) - 1)[codes]
    return renumbered


def without_singletons(codes: Sequence[Ints]) -> tuple[Flags, Counter[str]]:
    """Return the rows that share every level with another row, and the count of the others.

    A row alone in a level is fitted exactly and says nothing; dropping one can leave another alone, so this repeats.
    """
    kept = np.ones(codes[0].size if codes else 0, dtype=bool)
    while True:
        alone = np.zeros_like(kept)
        for each in codes:
            is_single = np.bincount(each if kept.all() else each[kept], minlength=int(each.max()) + 1) == 1
            if is_single.any():
                alone |= kept & is_single[each]
        if not alone.any():
            return kept, +Counter({"singleton": int((~kept).sum())})
        kept &= ~alone


def is_nested(codes: Ints, cluster: Ints) -> bool:
    """Return whether each level lies within one cluster."""
    if codes is cluster:
        return True
    return all(_is_nested(codes[:some], cluster[:some]) for some in (_A_LOOK, codes.size))


def _is_nested(codes: Ints, cluster: Ints) -> bool:
    a_cluster = np.zeros(int(codes.max()) + 1, dtype=np.intp)
    a_cluster[codes] = cluster
    return bool((a_cluster[codes] == cluster).all())
