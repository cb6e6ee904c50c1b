"""Minimum detectable effects: what a test could have found at all.

Holds the effect of the CR2 test alone. The effect needed to be "belegt" (all tests together) needs the wild bootstrap
and randomisation and belongs here too, once they exist. Docs: docs/methods/detectable_effect.md.
"""

import numpy as np
from scipy import special

from ikz_eval.errors import EstimationError


def minimum_detectable(se: float, df: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return the smallest effect a two-sided t test finds with the given power, in units of ``se``.

    (t_{1-alpha/2, df} + t_{power, df}) se, after Bloom (1995), "Minimum detectable effects", *Evaluation Review* 19(5).

    Raises
    ------
    EstimationError
        If ``se`` is negative or ``df`` not positive.
    """
    if not (se >= 0 and df > 0):
        raise EstimationError(f"standard error {se} and degrees of freedom {df}: allowed are se >= 0 and df > 0")
    return float(special.stdtrit(df, 1 - alpha / 2) + special.stdtrit(df, power)) * se


def saving_percent(log_points: float) -> float:
    """Return the size of a saving of ``log_points`` in percent, positive: 100 (1 - exp(-log_points)).

    Read in the direction of a saving: an equal step upwards in logs is a larger percentage.
    """
    return float(-100.0 * np.expm1(-abs(log_points)))
