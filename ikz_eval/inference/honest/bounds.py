"""The one call for honest bounds: a list of M in, bounds with or without sampling error and the breakdown value out.

Holds what is common to both restrictions. Docs: docs/methods/honest.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ikz_eval.errors import EstimationError
from ikz_eval.inference.honest.conditional import Levels
from ikz_eval.inference.honest.relative_magnitudes import confidence_set, contains_zero, identified_relative
from ikz_eval.inference.honest.smoothness import frontier, identified_smoothness
from ikz_eval.inference.honest.study import EventStudy, event_study

RESTRICTIONS = ("relative_magnitudes", "smoothness")
TESTS = ("hybrid", "conditional")
RELATIVE_M = (0.5, 1.0, 1.5, 2.0)
"""Usual M of relative magnitudes; it has no unit."""
TURN_MULTIPLES = (0.0, 0.5, 1.0, 1.5, 2.0)
"""Usual M of smoothness, in multiples of the largest change of slope before the start."""
KAPPA_SHARE = 0.1
"""Share of alpha that the first step of the hybrid uses, as in HonestDiD."""
TOLERANCE = 5e-4
"""Relative precision of a breakdown value found by halving."""

Ends = tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Bound:
    """Bounds on the parameter under one restriction.

    Attributes
    ----------
    restriction : str
        ``relative_magnitudes`` or ``smoothness``.
    m : float
        Without unit for relative magnitudes; in units of the outcome for smoothness.
    low, high : float
        Ends in units of the outcome; nan when the restriction is refuted (no value is kept).
    kind : str
        ``confidence``: with sampling error at level 1 - alpha; ``point_identified``: as if coefficients had none.
    """

    restriction: str
    m: float
    low: float
    high: float
    kind: str


@dataclass(frozen=True, slots=True)
class HonestBounds:
    """Bounds for a list of M.

    Attributes
    ----------
    restriction, kind : str
        As in :class:`Bound`.
    estimate : float
        The parameter if trends are parallel.
    bounds : tuple of Bound
        In the order of M.
    breakdown : float
        Largest M whose bounds exclude zero; nan when zero is inside at every M, infinite when it never is.
    """

    restriction: str
    kind: str
    estimate: float
    bounds: tuple[Bound, ...]
    breakdown: float

    @property
    def breakdown_note(self) -> str | None:
        """Why there is no breakdown value in words; None where there is one."""
        if np.isfinite(self.breakdown):
            return None
        return "zero is inside at every M" if np.isnan(self.breakdown) else "zero is outside at every M"


def honest_bounds(
    estimates: ArrayLike,
    covariance: ArrayLike | None,
    n_pre: int,
    n_post: int,
    *,
    restriction: str = "relative_magnitudes",
    m: Sequence[float] | None = None,
    l_vec: ArrayLike | None = None,
    alpha: float = 0.05,
    test: str = "hybrid",
    gap: int = 0,
) -> HonestBounds:
    """Bound an effect when trends may have differed, from coefficients and their covariance alone.

    Parameters
    ----------
    estimates : array
        Coefficients before the reference and from the start on, in order of time, shape (n_pre + n_post,).
    covariance : array or None
        Of the coefficients; None for bounds without sampling error.
    n_pre, n_post : int
        Coefficients before and after the reference, which is left out.
    restriction : str
        ``relative_magnitudes``: no step after the start exceeds m times the largest before; ``smoothness``: the slope
        changes by at most m a period.
    m : sequence of float, optional
        ``RELATIVE_M``, or ``TURN_MULTIPLES`` of the largest change of slope before the start, when left out.
    l_vec : array, optional
        Weights of the effects; the first one alone when left out.
    alpha : float
        One minus the confidence.
    test : str
        Of relative magnitudes: ``hybrid`` (least favourable and conditional) or ``conditional``.
    gap : int
        Periods without a coefficient between the reference and the first one after it.

    Raises
    ------
    EstimationError
        If an argument does not fit.

    References
    ----------
    .. [1] Rambachan, A., Roth, J. (2023). A more credible approach to parallel trends. *Review of Economic Studies* 90(5).
    """
    study = event_study(estimates, covariance, n_pre, n_post, l_vec, gap)
    if restriction not in RESTRICTIONS or test not in TESTS:
        raise EstimationError(
            f"restriction '{restriction}', test '{test}'; allowed: {', '.join(RESTRICTIONS)}; {', '.join(TESTS)}"
        )
    if not 0 < alpha < 1:
        raise EstimationError(f"alpha is {alpha}; allowed is between 0 and 1")
    wanted = usual_m(study, restriction) if m is None else tuple(map(float, m))
    if not all(0 <= one < np.inf for one in wanted):
        raise EstimationError(f"m is {wanted}; allowed are finite numbers of zero or more")
    kind = "point_identified" if study.covariance is None else "confidence"
    ends, excludes_zero, breakdown = _calculations(study, restriction, alpha, test)
    bounds = tuple(Bound(restriction, one, *(ends(one) or (np.nan, np.nan)), kind) for one in wanted)
    value = _first_kept(excludes_zero, study) if breakdown is None else breakdown
    return HonestBounds(restriction, kind, study.estimate, bounds, value)


def usual_m(study: EventStudy, restriction: str) -> tuple[float, ...]:
    """Return the M looked at when none is named; smoothness with one coefficient before takes its step as the unit."""
    if restriction == "relative_magnitudes":
        return RELATIVE_M
    seen = study.pre_turns if study.n_pre > 1 else study.pre_steps
    return tuple(multiple * float(np.abs(seen).max()) for multiple in TURN_MULTIPLES)


def _calculations(
    study: EventStudy, restriction: str, alpha: float, test: str
) -> tuple[Callable[[float], Ends], Callable[[float], bool], float | None]:
    """Return the bounds at an M, whether they exclude zero, and the breakdown value where it needs no search."""
    if study.covariance is None:
        relative = restriction == "relative_magnitudes"
        identified = identified_relative if relative else identified_smoothness
        return lambda m: identified(study, m), lambda m: False, _point_breakdown(study, relative)
    if restriction == "smoothness":
        found = frontier(study)

        def excludes(m: float) -> bool:
            low, high = found.interval(m, alpha)
            return low > 0 or high < 0

        return lambda m: found.interval(m, alpha), excludes, None
    levels = Levels(alpha, KAPPA_SHARE * alpha if test == "hybrid" else 0.0)
    return lambda m: confidence_set(study, m, levels), lambda m: not contains_zero(study, m, levels), None


def _point_breakdown(study: EventStudy, relative: bool) -> float:
    """Return the largest M whose bounds without sampling error exclude zero."""
    if relative:
        centre, reach = study.estimate, identified_relative(study, 1.0)[1] - study.estimate
        least = 0.0
    else:
        least = float(np.abs(study.pre_turns).max(initial=0.0))
        low, high = identified_smoothness(study, least) or (0.0, 0.0)
        next_low, _ = identified_smoothness(study, least + 1.0) or (low - 1.0, 0.0)
        centre, reach = (low + high) / 2, low - next_low
    if centre == 0:
        return np.nan
    value = abs(centre) / reach if reach > 0 else np.inf
    return value if value > least or relative else np.nan


def _first_kept(excludes_zero: Callable[[float], bool], study: EventStudy) -> float:
    """Return the smallest M that keeps zero, by doubling and halving (bounds widen with M)."""
    if not excludes_zero(0.0):
        return np.nan
    low, high = 0.0, max(study.standard_error, 1e-12)
    for _ in range(100):
        if not excludes_zero(high):
            break
        low, high = high, 2 * high
    else:
        return np.inf
    while high - low > TOLERANCE * high:
        middle = (low + high) / 2
        low, high = (middle, high) if excludes_zero(middle) else (low, middle)
    return (low + high) / 2
