"""The scale of an outcome: logs, or EUR per case where zero or negative cost has no logarithm.

Holds how an effect on either scale is published: in percent and in EUR per case. Which scale a field is evaluated on is
design.py's part.
"""

from dataclasses import dataclass

import numpy as np

from ikz_eval.inference import saving_percent


@dataclass(frozen=True, slots=True)
class Scale:
    """How effects on an outcome are shown.

    Attributes
    ----------
    is_log : bool
        Whether the outcome is in logs; otherwise it is EUR per case.
    base_eur : float
        Mean cost per case without cooperation of the treated [EUR per case]; nan when unknown.
    """

    is_log: bool = True
    base_eur: float = float("nan")

    def log_points(self, effect: float) -> float:
        """Return an effect in log points; nan in levels, where there is none."""
        return effect if self.is_log else float("nan")

    def percent(self, effect: float) -> float:
        """Return an effect in percent: 100 (exp b - 1) of logs; in levels 100 b / the mean without cooperation.

        Nan in levels when that mean is not positive: a percentage of it would mean nothing.
        """
        if self.is_log:
            return float(100.0 * np.expm1(effect))
        return 100.0 * effect / self.base_eur if self.base_eur > 0 else float("nan")

    def eur(self, effect: float) -> float:
        """Return an effect in EUR per case, of logs at the mean cost without cooperation."""
        return float(np.expm1(effect)) * self.base_eur if self.is_log else effect

    def size_percent(self, size: float) -> float:
        """Return a detectable size as that of a saving [%]."""
        return saving_percent(size) if self.is_log else self.percent(size)

    def margin(self, share: float) -> tuple[float, float]:
        """Return a share either way as lower and upper effect; nan in levels without a positive mean."""
        if self.is_log:
            return float(np.log1p(-share)), float(np.log1p(share))
        reach = share * self.base_eur if self.base_eur > 0 else float("nan")
        return -reach, reach


LOG = Scale()
"""Of an outcome in logs whose effects are shown in percent only."""
