"""From an estimate and its standard error to what is shown: p and interval, by t or by the normal distribution."""

import numpy as np

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.inferring import Numbers
from ikz_eval.estimate.observations import Floats
from ikz_eval.inference.sandwich import t_inference

_NO_RESIDUAL = 1e-12
"""Residuals smaller than this, relative to the outcome, are rounding."""


def wald(estimate: float, se: float, df: float | None, confidence: float) -> Numbers:
    """Return se, df, p, low and high; without degrees of freedom from the normal distribution.

    Raises
    ------
    EstimationError
        If the standard error is zero or no number.
    """
    if not se > 0 or not np.isfinite(se):
        raise EstimationError(f"the standard error is {se:g}: the series leaves no noise to infer from")
    found = t_inference(estimate, se, np.inf if df is None else df, confidence=confidence)
    return {"se": se, "df": df, "p": found.p, "low": found.low, "high": found.high}


def require_residual(outcome: Floats, residuals: Floats) -> None:
    """Refuse a model that fits exactly."""
    if np.linalg.norm(residuals) <= _NO_RESIDUAL * max(float(np.linalg.norm(outcome)), 1.0):
        raise EstimationError("the model fits the series exactly; there is no noise to infer from")
