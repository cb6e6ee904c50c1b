"""From a table with named columns to one series in order of time.

Holds the reading of periods and of the intervention, the refusal of what is not one series, and the count of dropped rows
and of periods without a row. Regressors are segments.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError, IkzError, UsageError
from ikz_eval.estimate.observations import Flags, Floats, Ints, whole_numbers
from ikz_eval.estimate.treatment_start import require_columns
from ikz_eval.estimate.usable_rows import usable_rows
from ikz_eval.quarters import quarter_index, quarter_of_index

MIN_BEFORE = 4
"""Periods needed before the intervention."""
MIN_AFTER = 2
"""Periods needed from the intervention on."""


@dataclass(frozen=True, slots=True)
class Series:
    """One outcome over time, a row a period.

    Attributes
    ----------
    name : str
        Column of the outcome.
    outcome : ndarray
        Outcome, shape (n,), in order of time.
    period : ndarray
        Period of each row, whole numbers, increasing, shape (n,).
    intervention : float or None
        First period after the intervention; None where there is none.
    exposure : ndarray
        Exposure of each row, above zero, shape (n,); ones without an offset.
    covariates : ndarray
        A column a covariate, shape (n, k).
    covariate_names : tuple of str
        Their names.
    is_quarters : bool
        Whether periods are quarters counted from year 0.
    dropped : dict of str to int
        Rows dropped, by reason.
    """

    name: str
    outcome: Floats
    period: Floats
    intervention: float | None
    exposure: Floats
    covariates: Floats
    covariate_names: tuple[str, ...]
    is_quarters: bool
    dropped: dict[str, int]

    @property
    def n_obs(self) -> int:
        """Number of periods with a row."""
        return int(self.outcome.size)

    @property
    def position(self) -> Ints:
        """Position of each row in the span of periods without gaps, shape (n,)."""
        positions: Ints = (self.period - self.period[0]).astype(np.intp)
        return positions

    @property
    def n_periods(self) -> int:
        """Number of periods from the first to the last, those without a row included."""
        return int(self.position[-1]) + 1

    @property
    def n_missing(self) -> int:
        """Number of periods between the first and the last that have no usable row."""
        return self.n_periods - self.n_obs

    @property
    def after(self) -> Flags:
        """Whether a row lies at or after the intervention, shape (n,)."""
        flags: Flags = self.period >= (np.inf if self.intervention is None else self.intervention)
        return flags

    def spread(self, values: Floats, fill: float) -> Floats:
        """Return values by row laid out over all periods, ``fill`` where there is no row; first axis n_periods."""
        laid = np.full((self.n_periods, *values.shape[1:]), fill)
        laid[self.position] = values
        return laid

    def name_of(self, period: float) -> str:
        """Return a period as it was written: ``1899`` or ``2024-Q3``."""
        return quarter_of_index(int(period)) if self.is_quarters else str(int(period))


class FromSeries:
    """Gives a fit that keeps its ``series`` what every fit of a single series says of itself."""

    __slots__ = ()
    series: Series
    linear = None
    n_units = 1

    @property
    def dropped(self) -> dict[str, int]:
        """Rows dropped, by reason."""
        return self.series.dropped

    @property
    def n_obs(self) -> int:
        """Number of periods used."""
        return self.series.n_obs


def read_series(
    panel: pd.DataFrame,
    *,
    outcome: str,
    period: str,
    intervention: str | float | None,
    unit: str | None = None,
    covariates: Sequence[str] = (),
    offset: str | None = None,
) -> Series:
    """Read one series.

    Parameters
    ----------
    panel : pd.DataFrame
        One row a period, in any order.
    outcome, period : str
        Column names; periods are whole numbers or quarters as text (``2024-Q3``).
    intervention : str, float or None
        First period after the intervention, written as the periods are.
    unit : str, optional
        Column naming the unit; it must hold one unit only.
    covariates : sequence of str
        Columns of numbers. A row with a gap is dropped, counted.
    offset : str, optional
        Column with the exposure.

    Raises
    ------
    EstimationError
        If a column is missing, the rows are not one series, or the intervention leaves fewer than ``MIN_BEFORE`` periods
        before it or ``MIN_AFTER`` from it on.
    UsageError
        If the intervention is not written as the periods are.
    """
    named = tuple(name for name in (outcome, period, unit, offset, *covariates) if name is not None)
    require_columns(panel, named)
    _require_one_unit(panel, unit)
    is_quarters = not pd.api.types.is_numeric_dtype(panel[period].dtype)
    periods = _periods(panel[period], period)
    ordered = np.argsort(periods, kind="stable")
    _require_each_once(periods[ordered], period, is_quarters=is_quarters)
    numbers = {"outcome": (outcome,), "covariate": tuple(covariates), "offset": () if offset is None else (offset,)}
    seen = usable_rows(panel.iloc[ordered], numbers=numbers, keys={})
    n = seen.n_obs
    series = Series(
        outcome, seen.numbers["outcome"][:, 0], periods[ordered][seen.rows], _first_after(intervention, is_quarters),
        seen.numbers["offset"][:, 0] if offset is not None else np.ones(n),
        seen.numbers.get("covariate", np.empty((n, 0))), tuple(covariates), is_quarters, seen.dropped,
    )  # fmt: skip
    _require_segments(series, period)
    return series


def _require_one_unit(panel: pd.DataFrame, unit: str | None) -> None:
    if unit is None:
        return
    units = panel[unit].dropna().unique()
    if len(units) > 1:
        shown = ", ".join(str(one) for one in units[:3])
        raise EstimationError(
            f"'{unit}' holds {len(units)} units ({shown}{', ...' if len(units) > 3 else ''}); allowed is one series: keep the "
            "rows of one unit, or add the units up to one row a period"
        )


def _periods(column: pd.Series, name: str) -> Floats:
    if column.isna().any():
        raise EstimationError(f"'{name}' is empty in {int(column.isna().sum())} rows; fill or drop them")
    periods = whole_numbers(column, name)
    if np.isinf(periods).any():
        raise EstimationError(f"'{name}' holds an infinite period; allowed are whole numbers or quarters as 2024-Q3")
    return periods


def _require_each_once(ordered: Floats, name: str, *, is_quarters: bool) -> None:
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if twice.size:
        shown = quarter_of_index(int(twice[0])) if is_quarters else str(int(twice[0]))
        raise EstimationError(
            f"'{name}' holds {shown} more than once; allowed is one row a period: keep the rows of one unit, or add the units "
            "up to one row a period"
        )


def _first_after(intervention: str | float | None, is_quarters: bool) -> float | None:
    """Return the first period after the intervention as a number."""
    if intervention is None:
        return None
    try:
        found = float(quarter_index(str(intervention))) if is_quarters else float(intervention)
    except (ValueError, IkzError):
        found = float("nan")
    if found != np.floor(found) or not np.isfinite(found):
        allowed = "a quarter as 2024-Q3" if is_quarters else "a whole number"
        raise UsageError(f"intervention '{intervention}': the periods here are such that allowed is {allowed}")
    return found


def _require_segments(series: Series, period: str) -> None:
    if series.intervention is None:
        return
    before, after = int((~series.after).sum()), int(series.after.sum())
    if before < MIN_BEFORE or after < MIN_AFTER:
        first, last = series.name_of(series.period[0]), series.name_of(series.period[-1])
        raise EstimationError(
            f"intervention {series.name_of(series.intervention)}: '{period}' runs from {first} to {last}, {before} usable "
            f"periods before it and {after} from it on; at least {MIN_BEFORE} before and {MIN_AFTER} after are needed"
        )
