"""One figure of a further instrument, and the row of ``further_estimate`` it becomes.

The contract is schemas/further.py; what is computed stands in the files beside this one.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure; see the contract ``further_estimate``.

    Attributes
    ----------
    family, method, part : str
        Kind, instrument, and what it is about.
    estimate, low, high, p, p_adjusted, rank, rank_of, fit_before : float
        nan where there is none; log points, for scale the elasticity.
    n_units : int
        Units used.
    warnings : tuple of str
        What to beware of.
    withheld : str or None
        Why it, or its interval, is missing.
    """

    family: str
    method: str
    part: str = "all"
    estimate: float = np.nan
    low: float = np.nan
    high: float = np.nan
    p: float = np.nan
    p_adjusted: float = np.nan
    rank: float = np.nan
    rank_of: float = np.nan
    fit_before: float = np.nan
    n_units: int = 0
    warnings: tuple[str, ...] = ()
    withheld: str | None = None

    def row(self, evaluation_quarter: str, specification: str, field: str) -> dict[str, Any]:
        """Return the row of ``further_estimate``; an end that is not bounded is empty."""
        numbers = {
            "estimate": self.estimate, "low": self.low, "high": self.high, "p_value": self.p,
            "p_adjusted": self.p_adjusted, "rank": self.rank, "rank_of": self.rank_of, "fit_before": self.fit_before,
        }  # fmt: skip
        return {
            "evaluation_quarter": evaluation_quarter,
            "specification": specification,
            "field": field,
            "family": self.family,
            "method": self.method,
            "part": self.part,
            **{key: value if np.isfinite(value) else np.nan for key, value in numbers.items()},
            "n_units": self.n_units,
            "warnings": ",".join(self.warnings) or None,
            "withheld": self.withheld,
        }
