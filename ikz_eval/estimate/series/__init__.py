"""One series, interrupted: what happened when something started, without anything to compare with.

Holds three methods (one file each), the reading of a series, its regressors, and the words in which it is described. Every
result here is descriptive: whatever else happened at the same time is in its number. Comparison units are the other
methods of ikz_eval/estimate.
"""

from ikz_eval.estimate.series.interrupted import InterruptedFit, fit_interrupted
from ikz_eval.estimate.series.poisson_interrupted import PoissonInterruptedFit, fit_poisson_interrupted
from ikz_eval.estimate.series.structural import StructuralFit, fit_structural

__all__ = [
    "InterruptedFit",
    "PoissonInterruptedFit",
    "StructuralFit",
    "fit_interrupted",
    "fit_poisson_interrupted",
    "fit_structural",
]
