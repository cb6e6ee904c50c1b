"""The conditional and hybrid test of moment inequalities with one parameter, and the values it does not reject.

A moment set says: none of some linear functionals of the coefficients has a positive mean at the true parameter. The test
looks at the largest of them, given all that does not move with it (Andrews, Roth, Pakes). The hybrid first rejects when
that largest one exceeds its least favourable quantile at level kappa. Which functionals there are is
relative_magnitudes.py.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import optimize, special

from ikz_eval.inference.honest.study import Floats

DRAWS = 50_000
"""Normal draws for a least favourable quantile of more than two dimensions (fixed seed)."""
DIRECTIONS = 1_024
"""Directions over which a least favourable quantile in the plane is integrated."""
GRID = 1_000
"""Values of the parameter that are tested before the ends are refined by halving."""
HALVINGS = 40
_SAME = 1e-9
"""Functionals whose shared part differs by less are the same one."""


@dataclass(frozen=True, slots=True, eq=False)
class MomentSet:
    """Functionals with means that should not be positive, at every value of the parameter.

    Attributes
    ----------
    values : ndarray
        Each functional of the estimates where the parameter is zero, shape (k,), in units of standard errors of the
        moments it is made of.
    slopes : ndarray
        How each changes with the parameter, shape (k,).
    covariance : ndarray
        Of the functionals, shape (k, k).
    """

    values: Floats
    slopes: Floats
    covariance: Floats


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels of a test: alpha in all, kappa of it in the first step of the hybrid (zero: conditional test alone)."""

    alpha: float
    kappa: float

    @property
    def second(self) -> float:
        """Level of the conditional step."""
        return (self.alpha - self.kappa) / (1 - self.kappa)


def rejects(moments: MomentSet, theta: Floats, levels: Levels, first: float) -> np.ndarray:
    """Return for each value of the parameter whether it is rejected, shape (n,).

    Parameters
    ----------
    moments : MomentSet
        What should not be positive.
    theta : ndarray
        Values to test, shape (n,).
    levels : Levels
        Of the test.
    first : float
        Least favourable quantile, see :func:`least_favourable`; infinite for the conditional test alone.

    References
    ----------
    .. [1] Andrews, I., Roth, J., Pakes, A. (2023). Inference for linear conditional moment inequalities. *Review of Economic
       Studies* 90(6).
    """
    found = moments.values + theta[:, None] * moments.slopes
    at = found.argmax(axis=1)
    largest = found[np.arange(theta.size), at]
    variance = np.diag(moments.covariance)[at]
    low, high = _limits(moments, found, at, largest, variance)
    high = np.minimum(high, first)
    error = np.sqrt(np.maximum(variance, 0.0))
    varies = error > _SAME
    scale = np.where(varies, error, 1.0)
    log_p = _log_tail(largest / scale, low / scale, high / scale)
    within = varies & (low <= largest) & (largest <= high)
    rejected: np.ndarray = (largest > first) | (within & (largest > 0) & (log_p < np.log(levels.second)))
    return rejected


def _limits(
    moments: MomentSet, found: Floats, at: np.ndarray, largest: Floats, variance: Floats
) -> tuple[Floats, Floats]:
    """Return between which values the largest functional would stay the largest, each shape (n,)."""
    safe = np.where(variance > _SAME**2, variance, 1.0)
    shared = moments.covariance[at] / safe[:, None]
    apart = 1 - shared
    other = np.abs(apart) > _SAME
    crossing = (found - shared * largest[:, None]) / np.where(other, apart, 1.0)
    low = np.where(other & (apart > 0), crossing, -np.inf).max(axis=1)
    high = np.where(other & (apart < 0), crossing, np.inf).min(axis=1)
    return low, high


def _log_tail(z: Floats, low: Floats, high: Floats) -> Floats:
    """Return the logarithm of P(Z > z) for a standard normal Z cut to [low, high]; 0 where z is not inside."""
    z = np.clip(z, low, high)
    above, at, below = (special.log_ndtr(-x) for x in (high, z, low))
    with np.errstate(divide="ignore", invalid="ignore"):
        upper = at + np.log1p(-np.exp(above - at))
        whole = below + np.log1p(-np.exp(above - below))
        log_p: Floats = np.where(np.isfinite(whole), upper - whole, 0.0)
    return log_p


def least_favourable(covariance: Floats, kappa: float) -> float:
    """Return the quantile at 1 - kappa of the largest functional when all means are zero; infinite for kappa 0.

    With two dimensions or fewer by integration over directions, otherwise from draws with a fixed seed.
    """
    if kappa <= 0:
        return np.inf
    values, vectors = np.linalg.eigh(covariance)
    kept = values > _SAME * max(values[-1], 0.0)
    if not kept.any():
        return 0.0
    root = vectors[:, kept] * np.sqrt(values[kept])
    if root.shape[1] <= 2:
        return _planar_quantile(root, kappa)
    largest = (_normals(root.shape[1]) @ root.T).max(axis=1)
    return float(np.quantile(largest, 1 - kappa))


def surely_rejected(covariance: Floats, kappa: float) -> float:
    """Return a value at or above the least favourable quantile, without computing that; infinite for kappa 0."""
    if kappa <= 0:
        return np.inf
    return float(np.sqrt(2 * np.diag(covariance).max() * np.log(len(covariance) / kappa)))


def _planar_quantile(root: Floats, kappa: float) -> float:
    angle = 2 * np.pi * (np.arange(DIRECTIONS) + 0.5) / DIRECTIONS
    directions = np.array([np.cos(angle), np.sin(angle)])[: root.shape[1]]
    reach = np.maximum((root @ directions).max(axis=0), 0.0)
    squares = reach[reach > 0] ** 2

    def excess(quantile: float) -> float:
        return float(np.exp(-(quantile**2) / (2 * squares)).sum()) / DIRECTIONS - kappa

    top = float(np.sqrt(-2 * squares.max() * np.log(kappa / 2)))
    return 0.0 if excess(0.0) <= 0 else float(optimize.brentq(excess, 0.0, top, xtol=1e-12))


@lru_cache(maxsize=4)
def _normals(dimensions: int) -> Floats:
    return np.random.default_rng(0).standard_normal((DRAWS, dimensions))


def accepted_range(
    sets: list[tuple[MomentSet, float]], levels: Levels, inside: float, reach: float
) -> tuple[float, float] | None:
    """Return the smallest and the largest value that some moment set does not reject; None when all reject all.

    Parameters
    ----------
    sets : list of (MomentSet, float)
        Each with its least favourable quantile.
    levels : Levels
        Of the test.
    inside : float
        A value to test besides the grid (the estimate).
    reach : float
        How far from it to look where the first step of the hybrid does not say.
    """
    found = [(*each, *ends) for each in sets if (ends := _grid_ends(*each, levels, inside, reach)) is not None]
    if not found:
        return None
    low, high = min(one[2][1] for one in found), max(one[3][0] for one in found)
    lows = [_refined(one[0], one[1], levels, *one[2]) for one in found if one[2][0] < low]
    highs = [_refined(one[0], one[1], levels, *one[3][::-1]) for one in found if one[3][1] > high]
    return min([low, *lows]), max([high, *highs])


Ends = tuple[tuple[float, float], tuple[float, float]]


def _grid_ends(moments: MomentSet, first: float, levels: Levels, inside: float, reach: float) -> Ends | None:
    """Return (rejected, accepted) at the lower end of what is accepted and (accepted, rejected) at the upper one."""
    low, high = inside - reach, inside + reach
    if np.isfinite(first):
        falls, rises = moments.slopes < 0, moments.slopes > 0
        low = float(((first - moments.values[falls]) / moments.slopes[falls]).max())
        high = float(((first - moments.values[rises]) / moments.slopes[rises]).min())
        if low > high:
            return None
    grid = np.unique(np.concatenate([np.linspace(low, high, GRID), [np.clip(inside, low, high)]]))
    accepted = np.flatnonzero(~rejects(moments, grid, levels, first))
    if not accepted.size:
        return None
    start, end = int(accepted[0]), int(accepted[-1])
    below, above = grid[max(start - 1, 0)], grid[min(end + 1, grid.size - 1)]
    return (float(below), float(grid[start])), (float(grid[end]), float(above))


def _refined(moments: MomentSet, first: float, levels: Levels, rejected: float, accepted: float) -> float:
    """Return the value between a rejected and an accepted one where the decision changes, by halving."""
    for _ in range(HALVINGS):
        middle = (rejected + accepted) / 2
        if rejects(moments, np.array([middle]), levels, first)[0]:
            rejected = middle
        else:
            accepted = middle
    return accepted
