"""The multiplier bootstrap of estimates with influence functions: nothing is estimated again, weights are drawn anew.

Holds standard errors, intervals and a band over several estimates. Influence functions are the methods' part. With one
treated region a start date they leave the treated regions out, whatever is drawn: for comparison with published numbers.
Docs: docs/methods/group_time.md.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from ikz_eval.errors import EstimationError
from ikz_eval.inference.bootstrap_weights import sign_blocks
from ikz_eval.inference.estimator import Floats, Ints

DRAWS = 999
"""Draws where none are named, as in R's did."""
_QUARTILES = float(special.ndtri(0.75) - special.ndtri(0.25))
_NO_SPREAD = 1e-12
"""A standard error below this, relative to the largest, is rounding: the estimate takes no part in the band."""


@dataclass(frozen=True, slots=True)
class MultiplierResult:
    """What the multiplier bootstrap says of one estimate.

    Attributes
    ----------
    estimate, se : float
        Estimate and standard error (distance of the drawn quartiles over that of the normal distribution).
    p : float
        Two-sided p of no effect, normal.
    low, high : float
        Ends of the interval of this estimate alone.
    band_low, band_high : float
        Ends of the band that holds all estimates together.
    draws : int
        Draws used.
    """

    estimate: float
    se: float
    p: float
    low: float
    high: float
    band_low: float
    band_high: float
    draws: int


def multiplier_bootstrap(
    estimates: Floats,
    influence: Floats,
    cluster: Ints,
    *,
    weights: str = "rademacher",
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
) -> list[MultiplierResult]:
    """Draw a weight for each cluster and look how the estimates scatter.

    Parameters
    ----------
    estimates : ndarray
        Shape (m,).
    influence : ndarray
        Influence of each unit on each estimate, shape (n, m); the estimates' errors are its means.
    cluster : ndarray of int
        Cluster of each unit, codes from 0, shape (n,).
    weights : str
        ``rademacher``, ``webb`` or ``mammen``.
    draws, seed : int
        Number of draws and their seed.
    confidence : float
        Of intervals and band.

    Raises
    ------
    EstimationError
        If there are fewer than two clusters, or confidence is not between 0 and 1.

    References
    ----------
    .. [1] Callaway, B., Sant'Anna, P. H. C. (2021). Difference-in-differences with multiple time periods.
       *Journal of Econometrics* 225(2), algorithm 1.
    """
    groups = int(cluster.max()) + 1
    if groups < 2:
        raise EstimationError(f"{groups} cluster; the multiplier bootstrap needs at least 2")
    if not 0 < confidence < 1:
        raise EstimationError(f"confidence is {confidence}; allowed is between 0 and 1")
    summed = _by_cluster(influence, cluster, groups).T / influence.shape[0]
    blocks = sign_blocks(groups, weights=weights, draws=draws, seed=seed)
    drawn = np.concatenate([(summed @ block).T for block in blocks])
    quartiles = np.quantile(drawn, [0.25, 0.75], axis=0)
    errors = (quartiles[1] - quartiles[0]) / _QUARTILES
    has_spread = errors > _NO_SPREAD * max(float(errors.max()), float(np.finfo(np.float64).tiny))
    scaled = np.abs(drawn[:, has_spread]) / errors[has_spread]
    critical = float(np.quantile(scaled.max(axis=1), confidence)) if has_spread.any() else np.nan
    reach = float(special.ndtri(0.5 + confidence / 2))
    return [
        _result(float(b), float(se) if known else 0.0, reach, critical, len(drawn))
        for b, se, known in zip(estimates, errors, has_spread, strict=True)
    ]


def _by_cluster(influence: Floats, cluster: Ints, groups: int) -> Floats:
    if groups == cluster.size and (cluster == np.arange(groups)).all():
        return influence
    order = np.argsort(cluster, kind="stable")
    begins = np.searchsorted(cluster[order], np.arange(groups))
    summed: Floats = np.add.reduceat(influence[order], begins, axis=0)
    return summed


def _result(b: float, se: float, reach: float, critical: float, draws: int) -> MultiplierResult:
    p = float(2 * special.ndtr(-abs(b / se))) if se > 0 else float("nan")
    return MultiplierResult(b, se, p, b - reach * se, b + reach * se, b - critical * se, b + critical * se, draws)
