"""One row of the robustness card, and the primary method on other rows.

Which checks there are is robustness.py, robustness_records.py and missing_deliveries.py.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.evaluation import FieldEvaluation
from ikz_eval.estimate.imputation import ImputationFit, fit_imputation
from ikz_eval.estimate.outcome_scale import LOG, Scale
from ikz_eval.inference import CoefficientInference, LinearInference


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the card.

    Attributes
    ----------
    name, part : str
        The check, and what was left out or looked at (region, body, specification; ``all`` otherwise).
    estimate : float
        In units of the outcome; nan when there is none.
    low, high, p : float
        95 % interval and p, nan when withheld.
    n_units : int
        Units used.
    withheld : str or None
        Why interval and p, or all of it, are missing.
    scale : Scale
        Of the outcome.
    """

    name: str
    part: str
    estimate: float = np.nan
    low: float = np.nan
    high: float = np.nan
    p: float = np.nan
    n_units: int = 0
    withheld: str | None = None
    scale: Scale = LOG


def tried(rows: pd.DataFrame, *, weights: str | None = None) -> ImputationFit | None:
    """Return the primary method on other rows, None when it is not identified there."""
    try:
        return fit_imputation(
            rows, outcome="outcome", unit="unit", period="quarter", cohort="start", cluster="cluster", share="share",
            weights=weights,
        )  # fmt: skip
    except EstimationError:
        return None


def fitted(
    name: str, part: str, fit: ImputationFit | None, found: FieldEvaluation, scale: Scale | None = None
) -> Check:
    """Return the row of a fit; interval and p only where the primary estimate has them.

    Parameters
    ----------
    scale : Scale, optional
        That of the primary estimate when left out.
    """
    if fit is None:
        return Check(name, part, withheld="not_identified")
    scale = found.partnership.scale if scale is None else scale
    if not found.has_inference:
        return Check(name, part, fit.estimate, n_units=fit.n_units, withheld="too_few_regions", scale=scale)
    return inferred(name, part, fit.estimate, fit.inference, fit.n_units, scale)


def inferred(
    name: str, part: str, estimate: float, inference: LinearInference | CoefficientInference | None, n_units: int,
    scale: Scale,
) -> Check:  # fmt: skip
    """Return the row of an inference; without one there were too few regions."""
    if inference is None:
        return Check(name, part, estimate, n_units=n_units, withheld="too_few_regions", scale=scale)
    return Check(name, part, estimate, inference.low, inference.high, inference.p, n_units, scale=scale)
