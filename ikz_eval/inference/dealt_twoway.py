"""Randomisation of a two-way fixed-effects coefficient: t with CR1 under all assignments, from sums by unit and period.

Holds the case that grows: thousands of assignments of start paths to clusters, nothing refitted. The t with CR2 of any
linear estimator is dealt_cr2.py; which assignments there are is randomisation.py. Docs: docs/methods/speed.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ikz_eval.errors import EstimationError
from ikz_eval.inference.absorb import Absorbed, absorbed
from ikz_eval.inference.attainable import DRAWS
from ikz_eval.inference.estimator import Floats, Ints
from ikz_eval.inference.randomisation import RandomisationDraws, deal

_CELLS_AT_ONCE = 2**15
"""Assignments looked at together, times clusters: few enough (256 kB a table) to stay near the processor and to find their room
again; with four times as many, time doubles."""
_NOTHING_LEFT = 1e-18
"""Sum of squares left of a treatment that unit and period effects explain, relative to its own: rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class DealtTwoway:
    """A panel summed by unit and period, ready for any assignment of paths to its clusters.

    With x the treatment under a path less its means by unit and W = S^- of its sums by period, the treatment free of both
    effects is x - W less its mean by unit. All that is needed of it are sums within clusters, tabulated here.

    Attributes
    ----------
    observed : ndarray
        Whether unit and period have a row, as 0 and 1, shape (units, periods).
    owner : ndarray of int
        Cluster of each unit, shape (units,).
    own_squares, own_products : ndarray
        Sums of x^2 and x e within each cluster under each path, shape (G, paths); e: outcome free of both effects.
    own_periods : ndarray
        Sums of x by period within each cluster under each path, shape (G, paths, periods).
    left : ndarray
        Sums of e by period within each cluster, shape (G, periods).
    totals : ndarray
        Sum of the treatment's own squares within each cluster under each path, shape (G, paths).
    solver : ndarray
        S^-, shape (periods, periods).
    factor : float
        Small-sample factor of the variance.
    """

    observed: Floats
    owner: Ints
    own_squares: Floats
    own_products: Floats
    own_periods: Floats
    left: Floats
    totals: Floats
    solver: Floats
    factor: float

    def statistics(self, dealt: NDArray[np.integer]) -> tuple[Floats, Floats]:
        """Return coefficient and t under each assignment, infinite where there is none.

        Parameters
        ----------
        dealt : ndarray of int
            Path of each cluster, a row an assignment, shape (B, G).
        """
        step = max(_CELLS_AT_ONCE // dealt.shape[1], 1)
        parts = [self._some(dealt[start : start + step].astype(np.intp)) for start in range(0, len(dealt), step)]
        coefficient, t = (np.concatenate([part[i] for part in parts]) for i in range(2))
        return coefficient, t

    def _some(self, dealt: Ints) -> tuple[Floats, Floats]:
        clusters = np.arange(dealt.shape[1])
        n_paths, n_periods = self.own_periods.shape[1:]
        chosen = np.zeros((len(dealt), clusters.size, n_paths))
        np.put_along_axis(chosen, dealt[:, :, None], 1.0, axis=2)
        sums = chosen.reshape(len(dealt), -1) @ self.own_periods.reshape(-1, n_periods)
        effects = self.solver @ sums.T
        products = self.own_products[clusters, dealt].T - self.left @ effects
        inside = (self.own_periods.reshape(-1, n_periods) @ effects).reshape(clusters.size, n_paths, -1)
        crossed = np.take_along_axis(inside, dealt.T[:, None, :], axis=1)[:, 0]
        by_unit = self.observed @ effects**2 - (self.observed @ effects) ** 2 / self.observed.sum(axis=1)[:, None]
        squares = self.own_squares[clusters, dealt].T - 2 * crossed + self._by_cluster(by_unit)
        return self._ratios(products, squares, self.totals[clusters, dealt].sum(axis=1))

    def _by_cluster(self, by_unit: Floats) -> Floats:
        if self.owner.size == self.left.shape[0] and (self.owner == np.arange(self.owner.size)).all():
            return by_unit
        member = np.zeros((self.left.shape[0], self.owner.size))
        member[self.owner, np.arange(self.owner.size)] = 1.0
        summed: Floats = member @ by_unit
        return summed

    def _ratios(self, products: Floats, squares: Floats, total: Floats) -> tuple[Floats, Floats]:
        size = squares.sum(axis=0)
        has_one = size > _NOTHING_LEFT * np.maximum(total, 1.0)
        size = np.where(has_one, size, 1.0)
        coefficient = products.sum(axis=0) / size
        scores = products - coefficient * squares
        spread = np.sqrt(self.factor * (scores**2).sum(axis=0)) / size
        with np.errstate(divide="ignore", invalid="ignore"):
            t = coefficient / spread
        return np.where(has_one, coefficient, np.inf), np.where(has_one & (spread > 0), t, np.inf)


def prepare_dealing(outcome: Floats, unit: Ints, period: Ints, cluster: Ints, treated: Floats) -> DealtTwoway:
    """Sum a panel by unit and period.

    Parameters
    ----------
    outcome : ndarray
        Shape (n,).
    unit, period, cluster : ndarray of int
        Codes from 0 without gaps, one row a unit and period; each unit lies in one cluster, shape (n,).
    treated : ndarray
        Treatment in each period under each path, shape (paths, periods).

    Raises
    ------
    EstimationError
        If a unit lies in several clusters.
    """
    effects = absorbed([unit, period])
    n_units, n_periods = effects.levels
    owner = np.zeros(n_units, dtype=np.intp)
    owner[unit] = cluster
    if not (owner[unit] == cluster).all():
        raise EstimationError("a unit lies in several clusters; allowed is one, so that its path can be dealt")
    groups, left = int(cluster.max()) + 1, effects.residuals(outcome)
    observed = np.zeros((n_units, n_periods))
    observed[unit, period] = 1.0
    tables = [_of_path(effects, owner, groups, left, path) for path in treated]
    squares, products, periods, totals = (np.stack(each, axis=1) for each in zip(*tables, strict=True))
    factor = groups / (groups - 1) * (outcome.size - 1) / (outcome.size - n_periods - 1)
    own = (
        np.bincount(cluster * n_periods + period, left, minlength=groups * n_periods)
        .reshape(groups, n_periods)
        .astype(np.float64)
    )
    return DealtTwoway(observed, owner, squares, products, periods, own, totals, effects.solver, factor)


def _of_path(effects: Absorbed, owner: Ints, groups: int, left: Floats, path: Floats) -> tuple[Floats, ...]:
    """Return the sums of x^2, x e, x by period, and of the squared treatment itself, within each cluster."""
    unit, period = effects.codes
    cluster, given = owner[unit], path[period]
    centred = given - (np.bincount(unit, given) / effects.totals)[unit]
    by_period = np.bincount(cluster * path.size + period, centred, minlength=groups * path.size)
    sums = (
        np.bincount(cluster, each, minlength=groups).astype(np.float64)
        for each in (centred**2, centred * left, given**2)
    )
    squares, products, totals = sums
    return squares, products, by_period.reshape(groups, path.size).astype(np.float64), totals


def randomise_twoway(
    outcome: Floats,
    unit: Ints,
    period: Ints,
    cluster: Ints,
    treated: Floats,
    paths: Ints,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> RandomisationDraws:
    """Deal the observed paths anew to the clusters and estimate two-way fixed effects under each assignment.

    Parameters
    ----------
    outcome, unit, period, cluster, treated
        As for :func:`prepare_dealing`; units of a cluster share its path.
    paths : ndarray of int
        Observed path of each cluster, a row of ``treated``, shape (G,).
    draws, seed : int
        As for :func:`ikz_eval.inference.randomise`.

    Returns
    -------
    RandomisationDraws
        t with CR1 (effects nested in clusters not counted), one field.
    """
    dealt, is_exact = deal(paths, draws=draws, seed=seed)
    coefficient, t = prepare_dealing(outcome, unit, period, cluster, treated).statistics(dealt)
    if not np.isfinite(coefficient[0]):
        raise EstimationError("randomisation: the observed assignment has no estimate")
    sizes = np.bincount(cluster)
    return RandomisationDraws(coefficient[:, None], t[:, None], is_exact, bool((sizes != sizes[0]).any()))
