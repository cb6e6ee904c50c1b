"""The wild cluster bootstrap as matrix products over clusters: no row of the data is touched in a draw.

Holds what is left of a design and an outcome once they are summed by cluster, and the statistics of many draws made from
it. How the sums come about is wild_statistics.py (any working model, formed whole) and absorbed_scores.py (absorbed effects,
never formed); the weights of the draws are bootstrap_weights.py. Docs: docs/methods/speed.md.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ikz_eval.inference.estimator import Floats

Kernel = Callable[[Floats], tuple[Floats, ...]]
"""From the weights of a block of draws to the parts of :class:`Quadratic`."""

_ZERO = 1e-12
"""A standard error below this, relative to the largest, is zero up to rounding."""
_NO_LOAD = 1e-12
"""Columns of loads shorter than this, relative to the longest, are rounding."""
_PAIRS = ((0, 0), (0, 1), (1, 1))
_NONE = np.empty(0)
_FEW_CLUSTERS = 64
"""With at most this many clusters the G x G form is taken always: it loses no digits where a variance vanishes."""


@dataclass(frozen=True, slots=True)
class Quadratic:
    """Bootstrap statistics of one estimate as functions of the effect b0 under test.

    Numerator of each draw: ``level - b0 slope``; its squared standard error: ``aa - 2 b0 ab + b0^2 bb``, each shape (B,).
    Where only no effect is to be tested, slope, ab and bb are empty.
    """

    estimate: float
    se: float
    level: Floats
    slope: Floats
    aa: Floats
    ab: Floats
    bb: Floats

    def t_draws(self, effect: float) -> Floats:
        """Return |t| of each draw; infinite where the standard error is zero."""
        variance, numerator = self.aa, self.level
        if effect:
            variance = variance - 2 * effect * self.ab + effect**2 * self.bb
            numerator = numerator - effect * self.slope
        variance = np.maximum(variance, 0.0)
        usable = variance > _ZERO**2 * max(float(variance.max()), self.se**2)
        drawn = np.full(variance.size, np.inf)
        drawn[usable] = np.abs(numerator[usable]) / np.sqrt(variance[usable])
        return drawn

    def t(self, effect: float) -> float:
        """Return the observed t of the effect."""
        return (self.estimate - effect) / self.se


@dataclass(frozen=True, slots=True)
class ClusterScores:
    """One estimate summed by cluster: all that its bootstrap needs.

    With u_i the bootstrap's residuals (i = 0) and the direction of one unit of effect (i = 1), the score of cluster r when
    cluster s has weight v_s is ``v_r own[r, i] - loads[r] . sum_s v_s inside[i, s]``.

    Attributes
    ----------
    estimate, se : float
        Estimate and its standard error on the outcome as observed.
    numerators : ndarray
        c_r'u_i of each cluster, shape (G, 2).
    own : ndarray
        a_r'u_i of each cluster, shape (G, 2).
    loads, inside : ndarray
        Such that a_r'H_rs u_i = loads[r] . inside[i, s]; shapes (G, K) and (2, G, K).
    """

    estimate: float
    se: float
    numerators: Floats
    own: Floats
    loads: Floats
    inside: Floats

    @property
    def is_direct(self) -> bool:
        """Whether the G x G form is the smaller one."""
        clusters, columns = self.loads.shape
        return bool(clusters <= max(2 * columns + 1, _FEW_CLUSTERS))

    def matrix(self, i: int) -> Floats:
        """Return the score of each cluster (row) for a weight of one in each cluster (column), shape (G, G)."""
        matrix: Floats = -(self.loads @ self.inside[i].T)
        matrix[np.diag_indices_from(matrix)] += self.own[:, i]
        return matrix


def draw_statistics(
    scores: Sequence[ClusterScores], blocks: Iterable[Floats], *, effects: bool, are_signs: bool = False
) -> list[Quadratic]:
    """Return the statistics of several estimates over the same draws.

    Parameters
    ----------
    scores : sequence of ClusterScores
        One for each estimate.
    blocks : iterable of ndarray
        Weights of the clusters, shape (G, draws of the block) each.
    effects : bool
        Whether effects other than zero are to be tested, as for an interval; otherwise that part is not computed.
    are_signs : bool
        Whether every weight is known to be plus or minus one.
    """
    kernels = [_direct(each, effects) if each.is_direct else _factored(each, effects, are_signs) for each in scores]
    found: list[list[tuple[Floats, ...]]] = [[] for _ in scores]
    for block in blocks:
        for kernel, parts in zip(kernels, found, strict=True):
            parts.append(kernel(block))
    return [
        Quadratic(each.estimate, each.se, *(np.concatenate(part) for part in zip(*parts, strict=True)))
        for each, parts in zip(scores, found, strict=True)
    ]


def _direct(score: ClusterScores, effects: bool) -> Kernel:
    """Few clusters: scores of all clusters in each draw by a G x G matrix."""
    which = range(2 if effects else 1)
    stacked = np.vstack([np.vstack([score.matrix(i), score.numerators[:, i]]) for i in which])
    product = _into_same_room(stacked)

    def of(block: Floats) -> tuple[Floats, ...]:
        drawn = product(block).reshape(len(which), -1, block.shape[1])
        level, slope = drawn[0, -1].copy(), drawn[1, -1].copy() if effects else _NONE
        products = [_column_products(drawn[i, :-1], drawn[j, :-1]) for i, j in _PAIRS[: 3 if effects else 1]]
        return level, slope, *products, *(() if effects else (_NONE, _NONE))

    return of


def _factored(score: ClusterScores, effects: bool, are_signs: bool) -> Kernel:
    """Many clusters: the sum over clusters is multiplied out, so that only K numbers a draw remain.

    Sum over r of (v_r own_r - loads_r . W)^2 = sum of v_r^2 own_r^2 - 2 P . W + W'LW, with W = sum of v_s inside_s,
    P = sum of v_r own_r loads_r and L = loads'loads, turned into the identity: one product of the draws with a
    G x (2K + 1) matrix.
    """
    which = range(2 if effects else 1)
    loads, inside = _orthonormal(score.loads, score.inside)
    k = loads.shape[1]
    columns = [np.column_stack([score.numerators[:, i], inside[i], score.own[:, i, None] * loads]) for i in which]
    product = _into_same_room(np.ascontiguousarray(np.column_stack(columns).T))
    squares = np.column_stack([score.own[:, i] * score.own[:, j] for i, j in _PAIRS[: 3 if effects else 1]])

    def of(block: Floats) -> tuple[Floats, ...]:
        drawn = product(block).reshape(len(which), 2 * k + 1, -1)
        plain = np.repeat(squares.sum(axis=0)[:, None], block.shape[1], axis=1) if are_signs else squares.T @ block**2
        w, p = drawn[:, 1 : k + 1], drawn[:, k + 1 :]
        products = [
            plain[n] + _column_products(w[i], w[j] - p[j]) - _column_products(w[j], p[i])
            for n, (i, j) in enumerate(_PAIRS[: 3 if effects else 1])
        ]
        level, slope = drawn[0, 0].copy(), drawn[1, 0].copy() if effects else _NONE
        return level, slope, *products, *(() if effects else (_NONE, _NONE))

    return of


def _into_same_room(matrix: Floats) -> Callable[[Floats], Floats]:
    """Return the product of the matrix with a block, written over the last one of the same shape."""
    room = np.empty((matrix.shape[0], 0))

    def product(block: Floats) -> Floats:
        nonlocal room
        if room.shape[1] != block.shape[1]:
            room = np.empty((matrix.shape[0], block.shape[1]))
        return np.matmul(matrix, block, out=room)

    return product


def _orthonormal(loads: Floats, inside: Floats) -> tuple[Floats, Floats]:
    """Return loads turned so that L is the identity, without columns that are zero, and inside turned against them."""
    turned = np.linalg.eigh(loads.T @ loads)[1]
    loads, inside = loads @ turned, inside @ turned
    length = np.linalg.norm(loads, axis=0)
    kept = length > _NO_LOAD * length.max(initial=0.0)
    return loads[:, kept] / length[kept], inside[:, :, kept] * length[kept]


def _column_products(left: Floats, right: Floats) -> Floats:
    products: Floats = np.einsum("kb,kb->b", left, right)
    return products
