"""How much bodies' cost per case moves, from the deliveries so far.

Holds the estimate of noise scale, ICC and autocorrelation from the residuals of the untreated quarters. Treated quarters
do not enter, so an effect is not taken for noise. What follows from the numbers is power.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.design import body_frame
from ikz_eval.estimate.evaluation import fit_level
from ikz_eval.estimate.imputation import ImputationFit
from ikz_eval.registry import Registry

ASSUMED_NOISE, ASSUMED_ICC = 0.05, 0.3
"""Where nothing was delivered yet: the plan of analysis, error world B."""
_LARGEST = 0.95
"""Estimates of ICC and autocorrelation stay below one."""


@dataclass(frozen=True, slots=True)
class Noise:
    """How errors of bodies arise, in the terms of worlds.py.

    Attributes
    ----------
    scale : float
        Standard deviation of a body's quarter [log points].
    icc, autocorrelation : float
        Share of the variance common to a region or block; correlation with the quarter before.
    quarter : str or None
        Evaluation quarter of the deliveries it was estimated from; None when it is assumed.
    """

    scale: float
    icc: float
    autocorrelation: float
    quarter: str | None = None


def latest_noise(registry: Registry, panel: pd.DataFrame, quarter: str) -> Noise | None:
    """Estimate the noise from the latest evaluation up to a quarter: from no deliveries that were not there yet.

    Parameters
    ----------
    registry : Registry
        The study.
    panel : pd.DataFrame
        Table ``panel`` of all evaluation quarters.
    quarter : str
        Last quarter of the design.

    Returns
    -------
    Noise or None
        None when nothing was evaluated up to then, or no field has an estimate.
    """
    known = [] if panel.empty else [each for each in panel["evaluation_quarter"].unique() if each <= quarter]
    if not known:
        return None
    latest = str(max(known))
    return estimate_noise(registry, panel[panel["evaluation_quarter"] == latest], latest)


def estimate_noise(registry: Registry, panel: pd.DataFrame, quarter: str) -> Noise | None:
    """Estimate the noise of a study's fields together, each with the same weight.

    Parameters
    ----------
    registry : Registry
        The study.
    panel : pd.DataFrame
        Table ``panel`` of one evaluation quarter.
    quarter : str
        That quarter.

    Returns
    -------
    Noise or None
        None when no field has an estimate at the level of bodies yet.
    """
    found = []
    for field in registry.delivered_fields:
        if (panel["field"] == field).any():
            fit = fit_level("body", body_frame(registry, registry.primary, field, quarter, panel)).imputation
            if fit is not None:
                found.append(residual_moments(fit))
    return None if not found else from_moments(found, quarter)


@dataclass(frozen=True, slots=True)
class Moments:
    """Variance of a body's quarter and of its own part, and correlation with the quarter before."""

    variance: float
    own: float
    autocorrelation: float


def residual_moments(fit: ImputationFit) -> Moments:
    """Return the moments of the untreated residuals of a fit at the level of bodies.

    The variance counts the degrees of freedom that body and quarter effects use. The own part is the variance between
    bodies of one region or block in one quarter, where their common shock cancels. The correlation is corrected for the
    estimated mean of each series (Kendall 1954): with T quarters it is expected near rho - (1 + 3 rho) / T.

    Raises
    ------
    EstimationError
        If no region or block has two bodies in an untreated quarter, or no two quarters follow each other.
    """
    seen = fit.observations
    kept = ~seen.treated
    rows = pd.DataFrame(
        {
            "unit": seen.unit[kept],
            "cluster": seen.cluster[kept],
            "period": seen.period[kept],
            "residual": (seen.outcome - fit.counterfactual)[kept],
        }
    )
    lengths = rows.groupby("unit")["period"].transform("size")
    effects = rows["unit"].nunique() + rows["period"].nunique() - 1
    variance = float((rows["residual"] ** 2).sum()) / (len(rows) - effects)
    cells = rows.assign(left=1 - 1 / lengths).groupby(["cluster", "period"])
    spread, count = cells["residual"].var(ddof=1), cells.size()
    several = count > 1
    table = rows.pivot(index="unit", columns="period", values="residual")
    now, before = table.to_numpy()[:, 1:], table.to_numpy()[:, :-1]
    both = np.isfinite(now) & np.isfinite(before)
    if not several.any() or not both.any():
        raise EstimationError("the noise shared by bodies needs two bodies of a region in a quarter, and two quarters")
    weight = (count - 1)[several] * cells["left"].mean()[several]
    own = float((spread[several] * (count - 1)[several]).sum() / weight.sum())
    raw = float((now * before)[both].sum() / (now[both] ** 2 / 2 + before[both] ** 2 / 2).sum())
    quarters = float(lengths.mean())
    return Moments(variance, own, (raw + 1 / quarters) / (1 - 3 / quarters))


def from_moments(found: Sequence[Moments], quarter: str | None) -> Noise:
    """Return the noise that several fields show together."""
    variance = float(np.mean([each.variance for each in found]))
    own = float(np.mean([each.own for each in found]))
    lasting = float(np.mean([each.autocorrelation for each in found]))
    icc, correlation = (float(np.clip(value, 0.0, _LARGEST)) for value in (1 - own / variance, lasting))
    return Noise(float(np.sqrt(variance)), icc, correlation, quarter)
