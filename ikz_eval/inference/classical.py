"""The textbook variance of a linear estimate: independent errors of one variance. For comparison with published tables.

Never primary: bodies of a region share shocks (domain of the project). Cluster-robust variances are sandwich.py.
"""

import numpy as np

from ikz_eval.errors import EstimationError
from ikz_eval.inference.estimator import LinearEstimates
from ikz_eval.inference.sandwich import CoefficientInference, t_inference


def classical(estimates: LinearEstimates, *, confidence: float = 0.95) -> list[CoefficientInference]:
    """Infer about each estimate with s^2 c'c, s^2 = e'e / (n - rank), and n - rank degrees of freedom.

    Parameters
    ----------
    estimates : LinearEstimates
        From a method.
    confidence : float
        Of the interval.

    Raises
    ------
    EstimationError
        If the working model leaves no degrees of freedom.

    References
    ----------
    .. [1] Wooldridge, J. M. (2020). *Introductory Econometrics*, 7th ed., ch. 3.
    """
    df = estimates.n_obs - estimates.parameters_full
    if df < 1:
        raise EstimationError(
            f"{estimates.n_obs} rows and rank {estimates.parameters_full}: no degrees of freedom are left"
        )
    rest = estimates.residuals
    variance = float(rest @ rest) / df
    errors = np.sqrt(variance * (estimates.weights**2).sum(axis=0))
    return [
        t_inference(float(b), float(se), float(df), confidence=confidence)
        for b, se in zip(estimates.estimates, errors, strict=True)
    ]
