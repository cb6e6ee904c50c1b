"""Weights on the simplex by Frank-Wolfe steps, many problems at once, with the stopping rule of the reference program.

Holds the solver of Arkhangelsky et al. (their program synthdid, defaults): it stops early by design, so its weights depend
slightly on where it begins. The exact optimum of the same problems is simplex.py; which problems are solved is
synthetic_control.py and synthetic_did.py.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ikz_eval.inference.estimator import Floats

Flags = NDArray[np.bool_]
FIRST_STEPS = 100
"""Steps before small weights are set to zero."""
MOST_STEPS = 10_000
"""Steps after that, at most."""
SMALL = 0.25
"""Weights up to this share of the largest are set to zero between the two rounds."""
_FLAT = 1e-200
"""In place of a curvature of zero: the step then goes all the way."""


@dataclass(frozen=True, slots=True)
class SimplexProblems:
    """Problems min (x'Gx - 2 c'x) / n + zeta^2 x'x over weights x >= 0 that sum to one.

    Attributes
    ----------
    gram : ndarray
        G = A'A, shape (k, k) when all problems share it, or (b, k, k).
    linear : ndarray
        c = A'y of each problem, shape (b, k).
    allowed : ndarray of bool
        Which weights may be above zero, shape (b, k).
    ridge : ndarray
        zeta^2 of each problem, shape (b,).
    rows : ndarray
        n, the rows of A, of each problem, shape (b,).
    """

    gram: Floats
    linear: Floats
    allowed: Flags
    ridge: Floats
    rows: Floats

    def part(self, which: NDArray[np.intp]) -> "SimplexProblems":
        """Return some of the problems."""
        gram = self.gram if self.gram.ndim == 2 else self.gram[which]
        return SimplexProblems(gram, self.linear[which], self.allowed[which], self.ridge[which], self.rows[which])

    def equal(self) -> Floats:
        """Return equal weights on what is allowed, shape (b, k)."""
        return self.normalised(np.zeros(self.linear.shape))

    def normalised(self, weights: Floats) -> Floats:
        """Return weights on what is allowed that sum to one; equal ones where nothing is left."""
        left = np.where(self.allowed, weights, 0.0)
        total = left.sum(axis=1, keepdims=True)
        left = np.where(total > 0, left, self.allowed.astype(np.float64))
        whole: Floats = left / left.sum(axis=1, keepdims=True)
        return whole


def two_rounds(problems: SimplexProblems, start: Floats, least_decrease: float) -> Floats:
    """Return the weights after a first round of steps, without the small ones, and a second round, shape (b, k).

    Parameters
    ----------
    problems : SimplexProblems
        What is minimised.
    start : ndarray
        Weights to begin with, shape (b, k).
    least_decrease : float
        A round ends when a step lowers the objective by no more than the square of this [units of the outcome].

    References
    ----------
    .. [1] Arkhangelsky, D., Athey, S., Hirshberg, D. A., Imbens, G. W., Wager, S. (2021). Synthetic
       difference-in-differences. *American Economic Review* 111(12). Its program: synthdid, ``synthdid_estimate``.
    """
    first = frank_wolfe(problems, start, least_decrease, FIRST_STEPS)
    large = np.where(first > SMALL * first.max(axis=1, keepdims=True), first, 0.0)
    return frank_wolfe(problems, large / large.sum(axis=1, keepdims=True), least_decrease, MOST_STEPS)


def frank_wolfe(problems: SimplexProblems, start: Floats, least_decrease: float, most: int) -> Floats:
    """Return the weights after Frank-Wolfe steps with exact line search, shape (b, k); at least two steps are made."""
    found = np.array(start, dtype=np.float64)
    active = np.arange(len(found))
    running = _Running(problems, found)
    for step in range(most):
        ended = (running.step() <= least_decrease**2) & (step > 0)
        if step + 1 == most or ended.all():
            break
        if ended.sum() * 2 >= ended.size:  # leaving a problem out costs a copy of the others
            found[active] = running.weights
            left = np.flatnonzero(~(ended | running.ended))
            active = active[left]
            running = running.part(left)
            if active.size == 0:
                return found
        else:
            running.ended |= ended
    found[active] = running.weights
    return found


class _Running:
    """Problems under way: their weights, and the products that a step needs."""

    def __init__(self, problems: SimplexProblems, weights: Floats) -> None:
        self.problems = problems
        self.weights = np.array(weights, order="C")
        self.eta = problems.ridge * problems.rows
        self.barred = None if problems.allowed.all() else np.where(problems.allowed, 0.0, np.inf)
        self.first = np.arange(len(weights)) * weights.shape[1]
        self.ended = np.zeros(len(weights), dtype=np.bool_)
        self.eta_column = self.eta[:, None]
        self.linear = np.ascontiguousarray(problems.linear)
        gram = np.ascontiguousarray(problems.gram)
        self.is_shared = gram.ndim == 2
        product = self.weights @ gram if self.is_shared else np.einsum("bk,bkl->bl", self.weights, gram)
        self.product = np.ascontiguousarray(product)
        self.diagonal = np.ascontiguousarray(np.diagonal(gram, axis1=-2, axis2=-1)).ravel()
        self.rows = gram.reshape(-1, weights.shape[1])
        self.squared = (self.weights**2).sum(axis=1)
        self.bent = (self.product * self.weights).sum(axis=1)
        self.along = (problems.linear * self.weights).sum(axis=1)

    def part(self, which: NDArray[np.intp]) -> "_Running":
        """Return some of the problems as they stand."""
        one = _Running(self.problems.part(which), self.weights[which])
        one.ended = self.ended[which]
        return one

    def step(self) -> Floats:
        """Move each problem that has not ended towards its best vertex; return by how much the objectives fell."""
        x, product, eta, squared, bent = self.weights, self.product, self.eta, self.squared, self.bent
        slope = product - self.linear
        slope += self.eta_column * x
        best = (slope if self.barred is None else slope + self.barred).argmin(axis=1)
        at = self.first + best
        vertex = best if self.is_shared else at
        corner, share, there = self.diagonal.take(vertex), x.reshape(-1).take(at), product.reshape(-1).take(at)
        towards = slope.reshape(-1).take(at) - (bent - self.along + eta * squared)
        curve = np.maximum(corner - 2 * there + bent + eta * (1 - 2 * share + squared), _FLAT)
        length = np.minimum(np.maximum(-towards, 0.0) / curve, 1.0)
        if self.ended.any():
            length[self.ended] = 0.0
        rest = 1 - length
        kept, mixed, moved = rest * rest, 2 * length * rest, length * length
        self.bent = kept * bent + mixed * there + moved * corner
        self.squared = kept * squared + mixed * share + moved
        self.along = rest * self.along + length * self.linear.reshape(-1).take(at)
        column = rest[:, None]
        x *= column
        x.reshape(-1)[at] += length  # a view: x is contiguous
        product *= column
        product += length[:, None] * self.rows.take(vertex, axis=0)
        fell: Floats = -(2 * length * towards + moved * curve) / self.problems.rows
        return fell
