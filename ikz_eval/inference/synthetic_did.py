"""Synthetic difference-in-differences: weights of units and periods, the effect, placebo effects and the jackknife.

Arrays in, arrays out, with the defaults of the reference program synthdid (penalties, intercepts, two rounds). Several
starts are averaged by treated cells. Reading panels and naming results is ikz_eval/estimate/synthetic. Docs:
docs/methods/synthetic_did.md.
"""

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ikz_eval.inference.estimator import Floats
from ikz_eval.inference.frank_wolfe import Flags, SimplexProblems, two_rounds
from ikz_eval.inference.synthetic_control import LEAST_DECREASE, RIDGE, noise_level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Labels = NDArray[np.intp]
CONTROL = -1
"""Label of a unit that stays a control."""
CHUNK = 512
"""Placebo assignments solved at once: enough to be quick, few enough for the cache."""


@dataclass(frozen=True, slots=True)
class CohortWeights:
    """Units that start together, and the weights of their comparison.

    Attributes
    ----------
    before : int
        Periods before the start.
    units : ndarray
        Weights of the controls, shape (n,).
    periods : ndarray
        Weights of the periods before the start, shape (before,).
    ridge : float
        Root of the penalty on unit weights (zeta), kept in placebo runs.
    noise : float
        Standard deviation of the controls' changes before the start.
    treated : ndarray
        Outcomes of the treated, shape (m, periods).
    """

    before: int
    units: Floats
    periods: Floats
    ridge: float
    noise: float
    treated: Floats

    def curve(self, path: Floats, controls: Floats, units: Floats) -> Floats:
        """Return a treated path less its synthetic one, from the level before the start on, shape (periods,)."""
        gap = path - units @ controls
        level: Floats = gap - gap[: self.before] @ self.periods
        return level

    @property
    def cells(self) -> int:
        """Treated units times periods from the start on."""
        return int(self.treated.shape[0] * (self.treated.shape[1] - self.before))


def cohort_weights(controls: Floats, treated: Floats, before: int) -> CohortWeights:
    """Return the weights of one cohort.

    Parameters
    ----------
    controls, treated : ndarray
        Outcomes, shape (n, periods) and (m, periods).
    before : int
        Periods before the start, at least two.

    Raises
    ------
    EstimationError
        If the controls do not move before the start.

    References
    ----------
    .. [1] Arkhangelsky, D., Athey, S., Hirshberg, D. A., Imbens, G. W., Wager, S. (2021). Synthetic
       difference-in-differences. *American Economic Review* 111(12), algorithm 1.
    """
    noise = noise_level(controls[:, :before])
    ridge = float((len(treated) * (controls.shape[1] - before)) ** 0.25 * noise)
    everyone = np.ones((1, len(controls)), dtype=np.bool_)
    units = unit_problems(controls, treated.mean(axis=0)[None, :], everyone, before, ridge)
    periods = period_problems(controls, everyone, before, RIDGE * noise)
    stop = LEAST_DECREASE * noise
    omega, lam = two_rounds(units, units.equal(), stop)[0], two_rounds(periods, periods.equal(), stop)[0]
    return CohortWeights(before, omega, lam, ridge, noise, treated)


def unit_problems(controls: Floats, paths: Floats, allowed: Flags, before: int, ridge: float) -> SimplexProblems:
    """Return the problems of unit weights: paths before the start, each less its mean (the intercept)."""
    own = controls[:, :before] - controls[:, :before].mean(axis=1, keepdims=True)
    path = paths[:, :before] - paths[:, :before].mean(axis=1, keepdims=True)
    count = np.ones(len(paths))
    return SimplexProblems(own @ own.T, path @ own.T, allowed, ridge**2 * count, before * count)


def period_problems(controls: Floats, allowed: Flags, before: int, ridge: float) -> SimplexProblems:
    """Return the problems of period weights: the controls' later mean by their earlier periods, with an intercept."""
    collapsed = np.column_stack([controls[:, :before], controls[:, before:].mean(axis=1)])
    collapsed = collapsed - collapsed.mean(axis=0)
    used, count = allowed.astype(np.float64), allowed.sum(axis=1).astype(np.float64)
    means = used @ collapsed / count[:, None]
    squares = np.einsum("bn,nk,nl->bkl", used, collapsed, collapsed, optimize=True)
    squares -= count[:, None, None] * means[:, :, None] * means[:, None, :]
    gram, linear = np.ascontiguousarray(squares[:, :before, :before]), np.ascontiguousarray(squares[:, :before, before])
    return SimplexProblems(gram, linear, np.ones(linear.shape, dtype=np.bool_), ridge**2 * np.ones(len(used)), count)


def average_effect(cohorts: "Sequence[CohortWeights]", controls: Floats) -> float:
    """Return the effect: averages of the curves after the starts, weighted by treated cells."""
    effects = [c.curve(c.treated.mean(axis=0), controls, c.units)[c.before :].mean() for c in cohorts]
    return float(np.average(effects, weights=[c.cells for c in cohorts]))


def placebo_effects(cohorts: "Sequence[CohortWeights]", controls: Floats, labels: Labels) -> Floats:
    """Return the effect when controls are taken as if treated, weights estimated anew, shape (b,).

    Parameters
    ----------
    cohorts : sequence of CohortWeights
        Their starts, penalties and weights (the search begins there).
    controls : ndarray
        Outcomes of the never treated, shape (n, periods).
    labels : ndarray of int
        Position in ``cohorts`` that each control takes, or ``CONTROL``, shape (b, n).

    References
    ----------
    .. [1] Arkhangelsky et al. (2021), algorithm 4.
    """
    parts = [labels[first : first + CHUNK] for first in range(0, len(labels), CHUNK)]
    return np.concatenate([_placebo_chunk(cohorts, controls, part) for part in parts])


def _placebo_chunk(cohorts: "Sequence[CohortWeights]", controls: Floats, labels: Labels) -> Floats:
    allowed = labels == CONTROL
    total, cells = np.zeros(len(labels)), np.zeros(len(labels))
    for code, cohort in enumerate(cohorts):
        before, stop = cohort.before, LEAST_DECREASE * cohort.noise
        taken = (labels == code).astype(np.float64)
        size = taken.sum(axis=1)
        paths = taken @ controls / size[:, None]
        units = unit_problems(controls, paths, allowed, before, cohort.ridge)
        periods = period_problems(controls, allowed, before, RIDGE * cohort.noise)
        many = (len(labels), 1)
        omega = two_rounds(units, units.normalised(np.tile(cohort.units, many)), stop)
        lam = two_rounds(periods, np.tile(cohort.periods, many), stop)
        gap = paths - omega @ controls
        effect = gap[:, before:].mean(axis=1) - (gap[:, :before] * lam).sum(axis=1)
        weight = size * (controls.shape[1] - before)
        total, cells = total + weight * effect, cells + weight
    effects: Floats = total / cells
    return effects


def count_labels(places: int, sizes: "Sequence[int]") -> int:
    """Return in how many ways ``sizes`` of cohorts can be dealt to so many places."""
    count, left = 1, places
    for size in sizes:
        count, left = count * comb(left, size), left - size
    return count


def deal_labels(places: int, sizes: "Sequence[int]", draws: int, seed: int) -> Labels:
    """Return placebo assignments: all of them when there are at most ``draws``, otherwise so many at random."""
    if count_labels(places, sizes) <= draws:
        return np.array(list(_every(places, tuple(sizes))), dtype=np.intp)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    blank = np.full(places, CONTROL)
    blank[: codes.size] = codes
    random = np.random.default_rng(seed)
    return np.array([random.permutation(blank) for _ in range(draws)], dtype=np.intp)


def _every(places: int, sizes: tuple[int, ...]) -> "Iterator[NDArray[np.intp]]":
    def fill(labels: NDArray[np.intp], code: int) -> "Iterator[NDArray[np.intp]]":
        if code == len(sizes):
            yield labels
            return
        for chosen in combinations(np.flatnonzero(labels == CONTROL), sizes[code]):
            filled = labels.copy()
            filled[list(chosen)] = code
            yield from fill(filled, code + 1)

    return fill(np.full(places, CONTROL, dtype=np.intp), 0)


def jackknife_se(
    cohorts: "Sequence[CohortWeights]", controls: Floats, control_group: Labels, treated_group: "Sequence[Labels]"
) -> float:
    """Return the jackknife standard error: each group of units left out once, weights kept and normalised.

    Parameters
    ----------
    cohorts, controls
        As in :func:`placebo_effects`.
    control_group, treated_group : ndarray of int
        Group of each control, shape (n,), and of the treated of each cohort; every cohort keeps some whoever is left out.

    References
    ----------
    .. [1] Arkhangelsky et al. (2021), algorithm 3; program synthdid, ``jackknife_se``.
    """
    effects = []
    for group in np.unique(np.concatenate([control_group, *treated_group])):
        kept = control_group != group
        units = kept.astype(np.float64)
        total, cells = 0.0, 0
        for cohort, groups in zip(cohorts, treated_group, strict=True):
            left = cohort.units * units if (cohort.units * units).sum() > 0 else units
            own = cohort.treated[groups != group]
            curve = cohort.curve(own.mean(axis=0), controls, left / left.sum())
            size = len(own) * (controls.shape[1] - cohort.before)
            total, cells = total + size * float(curve[cohort.before :].mean()), cells + size
        effects.append(total / cells)
    count = len(effects)
    return float(np.sqrt((count - 1) ** 2 / count * np.var(effects, ddof=1)))
