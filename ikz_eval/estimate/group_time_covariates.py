"""The effect in one cell of two periods and two groups, given covariates.

Holds the three estimators of Sant'Anna and Zhao for panels (outcome regression, inverse probability weighting, doubly
robust in its traditional form, as R's did calls them from DRDID) with their influence functions. Which units and periods
make a cell is group_time.py. Docs: docs/methods/group_time.md.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from ikz_eval.estimate.observations import Flags, Floats

ADJUSTMENTS = ("dr", "reg", "ipw")
"""Doubly robust, outcome regression, inverse probability weighting."""
LARGEST_PROPENSITY = 0.999
"""A unit whose probability to be treated is estimated at least as high has no counterpart (R's did)."""
LARGEST_COMPARISON_PROPENSITY = 0.995
"""The same for a comparison unit, whose weight p/(1-p) would then outdo all others (DRDID trims there, we refuse)."""
_RANK_TOLERANCE = 1e-9
"""Relative to the largest singular value of the covariates, each scaled to a largest value of one."""


@dataclass(frozen=True, slots=True)
class PairData:
    """Two periods of treated and comparison units.

    Attributes
    ----------
    change : ndarray
        Change of the outcome from the base to the period, shape (n,).
    is_treated : ndarray of bool
        Whether the unit is of the group, shape (n,).
    weight : ndarray
        Sampling weight, shape (n,).
    covariates : ndarray
        A column of ones, then the covariates in the base period, shape (n, k).
    """

    change: Floats
    is_treated: Flags
    weight: Floats
    covariates: Floats


@dataclass(frozen=True, slots=True)
class PairEffect:
    """The effect in a cell, and the influence of each unit of it, shape (n,)."""

    estimate: float
    influence: Floats


def adjusted_effect(pair: PairData, adjustment: str) -> PairEffect | str:
    """Return the effect given covariates, or the reason why it is not identified.

    With outcome regression m and probability p (each left out where the adjustment does not use it): mean of
    change - m over the treated, less the mean of change - m over the comparison weighted by p / (1 - p).

    Parameters
    ----------
    pair : PairData
        The cell.
    adjustment : str
        One of ``ADJUSTMENTS``.

    Returns
    -------
    PairEffect or str
        ``covariates_not_identified`` or ``no_overlap`` when it cannot be computed.

    References
    ----------
    .. [1] Sant'Anna, P. H. C., Zhao, J. (2020). Doubly robust difference-in-differences estimators. *Journal of
       Econometrics* 219(1).
    """
    x, n = pair.covariates, pair.change.size
    treated = pair.weight * pair.is_treated
    compared = pair.weight * ~pair.is_treated
    if not _is_regular(x, compared if adjustment != "ipw" else pair.weight):
        return "covariates_not_identified"
    rest, of_outcome = pair.change, np.zeros_like(x)
    if adjustment != "ipw":
        rest, of_outcome = _outcome_model(pair, compared)
    effect = float(treated @ rest / treated.sum())
    share = treated / treated.sum()
    influence = n * share * (rest - effect) - of_outcome @ (share @ x)
    if adjustment == "reg":
        return PairEffect(effect, influence)
    fitted = _propensity(pair)
    if fitted is None:
        return "no_overlap"
    probability, of_probability = fitted
    odds = compared * probability / (1 - probability)
    share = odds / odds.sum()
    level = float(share @ rest)
    centred = share * (rest - level)
    of_level = n * centred + of_probability @ (centred @ x) - of_outcome @ (share @ x)
    return PairEffect(effect - level, influence - of_level)


def _is_regular(x: Floats, weight: Floats) -> bool:
    """Whether a regression on the covariates over the units with weight is identified."""
    used = x[weight > 0]
    if used.shape[0] < used.shape[1]:
        return False
    scaled = used / np.maximum(np.abs(used).max(axis=0), np.finfo(np.float64).tiny)
    rank = int(np.linalg.matrix_rank(scaled, rtol=_RANK_TOLERANCE))
    return rank == int(used.shape[1])


def _outcome_model(pair: PairData, compared: Floats) -> tuple[Floats, Floats]:
    """Return the change not explained by the comparison units' regression, and its influence on the coefficients."""
    from statsmodels.regression.linear_model import WLS

    inside = compared > 0
    fit = WLS(pair.change[inside], pair.covariates[inside], weights=compared[inside]).fit(method="qr")
    rest: Floats = pair.change - pair.covariates @ np.asarray(fit.params)
    scores = (compared * rest)[:, None] * pair.covariates
    influence: Floats = scores @ (np.asarray(fit.normalized_cov_params) * rest.size)
    return rest, influence


def _propensity(pair: PairData) -> tuple[Floats, Floats] | None:
    """Return each unit's probability to be of the group by a logit, and the influence on its coefficients."""
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    target = pair.is_treated.astype(np.float64)
    weight = pair.weight / pair.weight.mean()
    with warnings.catch_warnings():
        # Separation shows in the probabilities, which are checked.
        warnings.simplefilter("ignore")
        fit: Any = GLM(target, pair.covariates, family=Binomial(), freq_weights=weight).fit(tol=1e-12, maxiter=100)
    probability: Floats = np.asarray(fit.fittedvalues, dtype=np.float64)
    if not np.isfinite(probability).all() or not fit.converged:
        return None
    highest = probability[~pair.is_treated].max()
    if probability.max() >= LARGEST_PROPENSITY or highest >= LARGEST_COMPARISON_PROPENSITY:
        return None
    x, information = pair.covariates, weight * probability * (1 - probability)
    inverse = np.linalg.inv(x.T @ (information[:, None] * x)) * target.size
    influence: Floats = ((weight * (target - probability))[:, None] * x) @ inverse
    return probability, influence
