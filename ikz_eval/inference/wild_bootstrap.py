"""Wild cluster bootstrap 11, 31, 13 and 33, restricted and unrestricted, for linear estimates.

Holds the counting and the interval by inversion; the draws are bootstrap_weights.py, their statistics cluster_scores.py.
Docs: docs/methods/wild_bootstrap.md, docs/methods/speed.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ikz_eval.errors import EstimationError
from ikz_eval.inference.absorbed_scores import absorbed_scores
from ikz_eval.inference.attainable import DRAWS
from ikz_eval.inference.bootstrap_weights import BLOCK_CELLS, is_enumerated, sign_blocks
from ikz_eval.inference.cluster_scores import ClusterScores, Quadratic, draw_statistics
from ikz_eval.inference.estimator import Floats, LinearEstimates
from ikz_eval.inference.stepdown import TIES, at_least
from ikz_eval.inference.wild_statistics import prepare

TYPES = ("11", "31", "13", "33")
"""First digit: residuals of the bootstrap's model, plain or jackknifed. Second digit: variance in t, CR1 or CR3."""
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
    groups = estimates.n_clusters
    blocks = sign_blocks(groups, weights=weights, draws=draws, seed=seed)
    is_exact = is_enumerated(groups, weights=weights, draws=draws)
    scores = _scores(estimates, kind, restricted, denominator)
    results = []
    for quadratic in draw_statistics(scores, blocks, effects=confidence is not None, are_signs=weights == "rademacher"):

        def p_of(effect: float, each: Quadratic = quadratic) -> float:
            count = int(at_least(each.t_draws(effect), each.t(effect)).sum())
            return count / each.level.size if is_exact else (count + 1) / (each.level.size + 1)

        low, high = _interval(p_of, quadratic, confidence)
        results.append(WildResult(p_of(0.0), quadratic.level.size, low, high, is_exact))
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
    if signs.shape[1] != estimates.n_clusters:
        raise EstimationError(f"signs for {signs.shape[1]} clusters, but the estimates have {estimates.n_clusters}")
    step = max(BLOCK_CELLS // signs.shape[1], 1)
    blocks = (signs[start : start + step].T for start in range(0, len(signs), step))
    quadratics = draw_statistics(_scores(estimates, kind, restricted, denominator), blocks, effects=False)
    observed = np.array([each.t(0.0) for each in quadratics])
    return observed, np.column_stack([each.t_draws(0.0) for each in quadratics])


def _scores(
    estimates: LinearEstimates, kind: str, restricted: bool, denominator: str | None
) -> Sequence[ClusterScores]:
    """Return the cross-products by cluster of each estimate, without forming the working model where that can be."""
    variance = _variance(kind, denominator)
    quick = absorbed_scores(estimates, variance, kind[0], restricted=restricted)
    if quick is not None:
        return quick
    return [each.scores(estimates.outcome) for each in prepare(estimates, variance, kind[0], restricted=restricted)]


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
