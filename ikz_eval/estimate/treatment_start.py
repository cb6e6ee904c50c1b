"""From a treatment column to the first treated period of each unit.

Holds the reading of the two ways a panel can say who is treated when: a cohort (first treated period) or a treatment
(0 or 1 in each row), and the refusal of treatments that end again. Rows are read by observations.py.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.number_column import number_column
from ikz_eval.estimate.observations import Flags, Floats


@dataclass(frozen=True, slots=True)
class StartedPanel:
    """A panel with a column of first treated periods, its name, and the rows dropped for want of a treatment."""

    panel: pd.DataFrame
    cohort: str
    dropped: Counter[str]


def with_start(
    panel: pd.DataFrame, *, unit: str, period: str, treatment: str | None, cohort: str | None
) -> StartedPanel:
    """Return the panel with a column of first treated periods, from whichever of the two columns is named.

    Parameters
    ----------
    panel : pd.DataFrame
        One row per unit and period.
    unit, period : str
        Column names.
    treatment : str, optional
        Column of 0 and 1: treated in this period. Rows without a value are dropped, counted.
    cohort : str, optional
        Column of first treated periods, returned as it is.

    Raises
    ------
    EstimationError
        If not exactly one of the two is named, or the treatment is not 0 or 1, ends again, or never changes.
    """
    name = require_one(treatment, cohort)
    require_columns(panel, (unit, period, name))
    if treatment is None:
        return StartedPanel(panel, name, Counter())
    known = panel[treatment].notna()
    kept = panel.loc[known]
    treated = binary(kept, treatment) == 1
    _require_change(kept[unit], treated, treatment)
    first = kept.loc[treated].groupby(unit)[period].min()
    start = kept[unit].map(first)
    _require_lasting(kept, treated, start, unit=unit, period=period, treatment=treatment)
    column = f"start of {treatment}"
    return StartedPanel(kept.assign(**{column: start}), column, +Counter({"treatment_missing": int((~known).sum())}))


def require_one(treatment: str | None, cohort: str | None) -> str:
    """Return the one of the two columns that is named, or refuse."""
    named = [name for name in (treatment, cohort) if name is not None]
    if len(named) != 1:
        raise EstimationError(
            f"{len(named)} of treatment and cohort are named; allowed is exactly one: a column of 0 and 1, "
            "or of first treated periods"
        )
    return named[0]


def require_columns(panel: pd.DataFrame, names: tuple[str, ...]) -> None:
    """Refuse a panel without one of the columns."""
    missing = [f"'{name}'" for name in names if name not in panel.columns]
    if missing:
        has = ", ".join(str(name) for name in panel.columns)
        raise EstimationError(f"the panel has no column {', '.join(missing)}; it has: {has}")


def binary(panel: pd.DataFrame, name: str) -> Floats:
    """Return a column of 0 and 1 as numbers, or refuse."""
    values = number_column(panel, name, "0 and 1")
    wrong = values[~np.isin(values, (0.0, 1.0))]
    if wrong.size:
        raise EstimationError(f"treatment '{name}' holds {wrong[0]:g}; allowed are 0 and 1")
    return values


def _require_change(unit: pd.Series, treated: Flags, name: str) -> None:
    if not treated.any():
        raise EstimationError(f"no row is treated: '{name}' is 0 throughout")
    span = pd.Series(treated).groupby(unit.to_numpy()).agg(["min", "max"])
    if (span["min"] == span["max"]).all():
        raise EstimationError(
            f"treatment '{name}' does not vary within any unit: allowed is 1 from the first treated period on; "
            "if it marks a group, give the first treated period as a cohort"
        )


def _require_lasting(
    panel: pd.DataFrame, treated: Flags, start: pd.Series, *, unit: str, period: str, treatment: str
) -> None:
    ended = ~treated & start.notna().to_numpy() & (panel[period] >= start.fillna(panel[period])).to_numpy()
    if ended.any():
        where = panel.loc[ended].iloc[0]
        raise EstimationError(
            f"treatment '{treatment}' ends again in unit {where[unit]}, period {where[period]}; allowed is a treatment "
            "that stays once begun"
        )
