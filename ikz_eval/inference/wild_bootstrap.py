"""Wild cluster bootstrap 11, 31, 13 and 33, restricted and unrestricted, for linear estimates.

Holds the signs, the counting and the interval by inversion; the bootstrap t statistics are wild_statistics.py. Docs:
docs/methods/wild_bootstrap.md.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ikz_eval.errors import EstimationError
from ikz_eval.inference.attainable import DRAWS
from ikz_eval.inference.estimator import Floats, LinearEstimates
from ikz_eval.inference.stepdown import TIES, at_least
from ikz_eval.inference.wild_statistics import Quadratic, prepare

TYPES = ("11", "31", "13", "33")
"""First digit: residuals of the bootstrap's model, plain or jackknifed. Second digit: variance in t, CR1 or CR3."""
SIGNS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "rademacher": ((1.0, -1.0), (0.5, 0.5)),
    "webb": (tuple(s * np.sqrt(x) for s in (1, -1) for x in (1.5, 1.0, 0.5)), (1 / 6,) * 6),
    "mammen": (
        ((1 - np.sqrt(5)) / 2, (1 + np.sqrt(5)) / 2),
        ((np.sqrt(5) + 1) / (2 * np.sqrt(5)), (np.sqrt(5) - 1) / (2 * np.sqrt(5))),
    ),
}
"""Values of a cluster's weight and their probabilities, by name of the distribution."""
_DOUBLINGS, _HALVINGS = 24, 60


@dataclass(frozen=True, slots=True)
class WildResult:
    """What the wild cluster bootstrap says of one estimate.

    Attributes
    ----------
    p : float
        Two-sided p by |t|, ties counted as at least as large.
    draws : int
        Sign vectors used; 2^G when all were.
    low, high : float or None
        Ends of the interval by inversion, in units of the outcome; infinite where no effect that far is rejected; None
        when no interval was asked for.
    is_exact : bool
        Whether all sign vectors were enumerated.
    """

    p: float
    draws: int
    low: float | None
    high: float | None
    is_exact: bool


def wild_bootstrap(
    estimates: LinearEstimates,
    *,
    kind: str = "11",
    restricted: bool = True,
    weights: str = "rademacher",
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float | None = None,
    denominator: str | None = None,
) -> list[WildResult]:
    """Test each estimate against no effect with the wild cluster bootstrap.

    Parameters
    ----------
    estimates : LinearEstimates
        From a method.
    kind : str
        ``11``, ``31``, ``13`` or ``33``, see :data:`TYPES`.
    restricted : bool
        Whether the bootstrap's model has no effect (WCR, the one to use); otherwise WCU.
    weights : str
        ``rademacher`` (all 2^G sign vectors when they are at most ``draws``), ``webb`` or ``mammen``.
    draws, seed : int
        Number of random draws and their seed.
    confidence : float, optional
        Of the interval; none is computed when left out.
    denominator : str, optional
        Variance in t; by default that of ``kind``. ``cr2`` for the primary estimate.

    Raises
    ------
    EstimationError
        If an option is unknown, there are fewer than two clusters, or an estimate has no variance.

    References
    ----------
    .. [1] Cameron, A. C., Gelbach, J. B., Miller, D. L. (2008). Bootstrap-based improvements for inference with clustered
       errors. *Review of Economics and Statistics* 90(3).
    .. [2] MacKinnon, J. G., Nielsen, M. O., Webb, M. D. (2023). Fast and reliable jackknife and bootstrap methods for
       cluster-robust inference. *Journal of Applied Econometrics* 38(5).
    """
    signs, is_exact = sign_draws(estimates.n_clusters, weights=weights, draws=draws, seed=seed)
    results = []
    for quadratic in _quadratics(estimates, signs, kind, restricted, denominator):

        def p_of(effect: float, each: Quadratic = quadratic) -> float:
            count = int(at_least(each.t_draws(effect), each.t(effect)).sum())
            return count / len(signs) if is_exact else (count + 1) / (len(signs) + 1)

        low, high = _interval(p_of, quadratic, confidence)
        results.append(WildResult(p_of(0.0), len(signs), low, high, is_exact))
    return results


def wild_t(
    estimates: LinearEstimates,
    signs: Floats,
    *,
    kind: str = "11",
    restricted: bool = True,
    denominator: str | None = None,
) -> tuple[Floats, Floats]:
    """Return the observed t, shape (m,), and |t| of each draw, shape (B, m), for signs shared by several fields.

    Parameters
    ----------
    estimates, kind, restricted, denominator
        As for :func:`wild_bootstrap`.
    signs : ndarray
        A column for each cluster in the order of its code, shape (B, G), see :func:`sign_draws`.
    """
    quadratics = _quadratics(estimates, signs, kind, restricted, denominator)
    observed = np.array([each.t(0.0) for each in quadratics])
    return observed, np.column_stack([each.t_draws(0.0) for each in quadratics])


def sign_draws(
    n_clusters: int, *, weights: str = "rademacher", draws: int = DRAWS, seed: int = 0
) -> tuple[Floats, bool]:
    """Return a weight for each draw and cluster, shape (B, G), and whether these are all there are.

    Rademacher signs are enumerated when 2^G is at most ``draws``; the first row is then all plus, the observed one.
    """
    if weights not in SIGNS:
        raise EstimationError(f"bootstrap weights '{weights}' are unknown; allowed: {', '.join(SIGNS)}")
    if draws < 1:
        raise EstimationError(f"draws is {draws}; allowed are whole numbers from 1")
    if weights == "rademacher" and n_clusters < 63 and 2**n_clusters <= draws:
        bits = (np.arange(2**n_clusters)[:, None] >> np.arange(n_clusters)) & 1
        every: Floats = 1.0 - 2.0 * bits.astype(np.float64)
        return every, True
    values, chances = SIGNS[weights]
    drawn = np.random.default_rng(seed).choice(len(values), size=(draws, n_clusters), p=chances)
    picked: Floats = np.array(values, dtype=np.float64)[drawn]
    return picked, False


def _quadratics(
    estimates: LinearEstimates, signs: Floats, kind: str, restricted: bool, denominator: str | None
) -> list[Quadratic]:
    if signs.shape[1] != estimates.n_clusters:
        raise EstimationError(f"signs for {signs.shape[1]} clusters, but the estimates have {estimates.n_clusters}")
    prepared = prepare(estimates, _variance(kind, denominator), kind[0], restricted=restricted)
    return [each.statistics(estimates.outcome, signs) for each in prepared]


def _variance(kind: str, denominator: str | None) -> str:
    if kind not in TYPES:
        raise EstimationError(f"wild bootstrap '{kind}' is unknown; allowed: {', '.join(TYPES)}")
    if denominator is not None and kind[1] == "3" and denominator != "cr3":
        raise EstimationError(f"wild bootstrap '{kind}' has the variance cr3, not {denominator}")
    return denominator or ("cr3" if kind[1] == "3" else "cr1")


def _interval(
    p_of: Callable[[float], float], quadratic: Quadratic, confidence: float | None
) -> tuple[float | None, float | None]:
    """Return the ends of the interval: on each side the nearest crossing found by doubling, then halving."""
    if confidence is None:
        return None, None
    if not 0 < confidence < 1:
        raise EstimationError(f"confidence is {confidence}; allowed is between 0 and 1")
    alpha = 1 - confidence
    ends = [
        _crossing(lambda effect: p_of(effect) < alpha - TIES, quadratic.estimate, side * quadratic.se)
        for side in (-1, 1)
    ]
    return ends[0], ends[1]


def _crossing(is_rejected: Callable[[float], bool], inside: float, step: float) -> float:
    outside = inside + step
    for _ in range(_DOUBLINGS):
        if is_rejected(outside):
            break
        inside, step = outside, 2 * step
        outside = inside + step
    else:
        return float(np.copysign(np.inf, step))
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        if is_rejected(middle):
            outside = middle
        else:
            inside = middle
    return (inside + outside) / 2
