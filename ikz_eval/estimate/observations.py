"""From any tidy panel to the arrays the estimators work on.

Holds the reading of column names, the coding of "never treated", and the refusal of panels that contradict themselves.
Knows no study and no specification: that is design.py.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ikz_eval.errors import EstimationError, IkzError
from ikz_eval.estimate.number_column import number_column
from ikz_eval.estimate.quick_arrays import as_floats, chosen, coded, is_finite, numbered, ones, side_by_side
from ikz_eval.inference.few_treated import RowDesign
from ikz_eval.quarters import quarter_index, quarter_of_index

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Flags = NDArray[np.bool_]

AVERAGES = ("clusters", "observations")
"""Each treated cluster weighs the same, or each treated row."""


@dataclass(frozen=True, slots=True)
class Observations:
    """Rows an estimator may use.

    Attributes
    ----------
    outcome : ndarray
        Outcome, shape (n,).
    unit, cluster : ndarray of int
        Positions in ``unit_names`` and ``cluster_names``, shape (n,).
    period : ndarray
        Period of each row, whole numbers, shape (n,).
    start : ndarray
        First treated period of the row's unit; ``inf`` when never, shape (n,).
    unit_names, cluster_names : tuple of str
        In sorted order.
    share : ndarray
        Weight of the row's unit among the units of its cluster in averages over the treated, above zero, shape (n,).
    anticipation : int
        Periods before the start that are neither base nor effect; their rows are dropped.
    rows : ndarray of int
        Position of each row in the frame it was read from, shape (n,).
    dropped : dict of str to int
        Rows dropped, by reason.
    weight : ndarray
        Sampling weight of each row, above zero, shape (n,).
    covariates : ndarray
        One column a covariate, shape (n, k).
    covariate_names : tuple of str
        Their names.
    is_quarters : bool
        Whether periods are quarters counted from year 0.
    """

    outcome: Floats
    unit: Ints
    cluster: Ints
    period: Floats
    start: Floats
    unit_names: tuple[str, ...]
    cluster_names: tuple[str, ...]
    share: Floats
    anticipation: int
    rows: Ints
    dropped: dict[str, int]
    weight: Floats
    covariates: Floats
    covariate_names: tuple[str, ...] = ()
    is_quarters: bool = False

    def name_of(self, period: float) -> str:
        """Return a period or start as it was written in the panel: ``2004`` or ``2024-Q3``."""
        return quarter_of_index(int(period)) if self.is_quarters else str(int(period))

    @property
    def is_weighted(self) -> bool:
        """Whether sampling weights differ."""
        return bool((self.weight != self.weight[0]).any())

    @property
    def period_code(self) -> Ints:
        """Position of each row's period among the periods present, shape (n,)."""
        return numbered(self.period)[0]

    @property
    def n_periods(self) -> int:
        """Number of periods present."""
        return int(numbered(self.period)[1].size)

    @property
    def n_units(self) -> int:
        """Number of units present."""
        return int(np.count_nonzero(np.bincount(self.unit)))

    @property
    def treated(self) -> Flags:
        """Whether the row's unit is treated in the row's period, shape (n,)."""
        flags: Flags = self.period >= self.start
        return flags

    @property
    def never(self) -> Flags:
        """Whether the row's unit is never treated, shape (n,)."""
        flags: Flags = np.isinf(self.start)
        return flags

    @property
    def row_design(self) -> RowDesign:
        """Period, treatment, weight and position of the rows, for inference with few treated clusters."""
        return RowDesign(self.period_code, self.treated, self.weight, self.rows)

    def keep(self, flags: Flags, reasons: Counter[str]) -> "Observations":
        """Return the flagged rows; the others are counted under ``reasons``."""
        dropped = dict(sorted((Counter(self.dropped) + reasons).items()))
        if flags.all():
            return replace(self, dropped=dropped)
        unit = self.unit[flags]
        return replace(
            self, outcome=self.outcome[flags], unit=unit, cluster=unit if self.cluster is self.unit else self.cluster[flags],
            period=self.period[flags], start=chosen(self.start, flags), share=chosen(self.share, flags),
            rows=self.rows[flags], weight=chosen(self.weight, flags), covariates=self.covariates[flags], dropped=dropped,
        )  # fmt: skip


class FromObservations:
    """Gives a fit that keeps its ``observations`` the counts that every fit offers."""

    __slots__ = ()
    observations: Observations

    @property
    def dropped(self) -> dict[str, int]:
        """Rows dropped, by reason."""
        return self.observations.dropped

    @property
    def n_obs(self) -> int:
        """Number of rows used."""
        return self.observations.outcome.size

    @property
    def n_units(self) -> int:
        """Number of units used."""
        return self.observations.n_units


def read_observations(
    panel: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    period: str,
    cohort: str | None,
    cluster: str | None = None,
    share: str | None = None,
    weights: str | None = None,
    covariates: Sequence[str] = (),
    anticipation: int = 0,
) -> Observations:
    """Read a tidy panel.

    Parameters
    ----------
    panel : pd.DataFrame
        One row per unit and period.
    outcome, unit, period, cohort : str
        Column names. Periods and cohorts are whole numbers, or quarters as text (``2024-Q3``); a cohort that is empty,
        0 or infinite was never treated. Without a column of cohorts all are never treated.
    cluster : str, optional
        Column of the clusters; the unit itself when left out.
    share : str, optional
        Column with the weight of each unit among the treated units of its cluster; all alike when left out.
    weights : str, optional
        Column of sampling weights; a row with weight zero or none is dropped, counted.
    covariates : sequence of str
        Columns of numbers; a row where one is missing is dropped, counted.
    anticipation : int
        Periods before the start that may already be affected.

    Raises
    ------
    EstimationError
        If a column is missing, a unit and period occur twice, a unit changes its cohort,
        cluster or share, a share is not above zero, a weight is negative, an outcome, weight or covariate is no number, or no
        row is left.
    """
    names = {"outcome": outcome, "unit": unit, "period": period, "cluster": cluster or unit}
    further = {"cohort": cohort, "share": share, "weights": weights} | {
        f"covariate {i}": name for i, name in enumerate(covariates, 1)
    }
    _require_columns(panel, names | {role: name for role, name in further.items() if name is not None})
    _require_anticipation(anticipation)
    _require_keys(panel, names)
    unit_codes, unit_names = coded(panel[unit])
    start = _starts(panel, cohort, unit_codes, unit_names)
    cluster_codes, cluster_names = unit_codes, unit_names
    if names["cluster"] != unit:
        cluster_codes, cluster_names = coded(panel[names["cluster"]])
        _require_constant(unit_codes, cluster_codes.astype(np.float64), unit_names, names["cluster"])
    shares = _read_shares(panel, share, unit_codes, unit_names)
    values = number_column(panel, outcome)
    periods = whole_numbers(panel[period], period)
    _require_one_row_each(panel, names, unit_codes, periods)
    everything = Observations(
        values, unit_codes, cluster_codes, periods, start, unit_names, cluster_names, shares, anticipation,
        np.arange(len(panel)), {}, _read_weights(panel, weights), _read_covariates(panel, covariates), tuple(covariates),
        not pd.api.types.is_numeric_dtype(panel[period].dtype),
    )  # fmt: skip
    return _drop_unusable(everything)


def _starts(panel: pd.DataFrame, cohort: str | None, unit: Ints, names: tuple[str, ...]) -> Floats:
    """Return the first treated period of each row's unit, infinite when never."""
    if cohort is None:
        return np.broadcast_to(np.inf, len(panel))
    start = whole_numbers(panel[cohort], cohort).copy()
    start[~(start > 0)] = np.inf
    _require_constant(unit, start, names, cohort)
    return start


def _read_shares(panel: pd.DataFrame, column: str | None, unit: Ints, names: tuple[str, ...]) -> Floats:
    if column is None:
        return ones(len(panel))
    shares = number_column(panel, column)
    if not (shares > 0).all():
        raise EstimationError(f"'{column}' must be above zero in every row, found {shares[~(shares > 0)][0]}")
    _require_constant(unit, shares, names, column)
    return shares


def _read_weights(panel: pd.DataFrame, column: str | None) -> Floats:
    if column is None:
        return ones(len(panel))
    weights = number_column(panel, column)
    if (weights < 0).any() or np.isinf(weights).any():
        raise EstimationError(
            f"'{column}' holds the weight {weights[(weights < 0) | np.isinf(weights)][0]}; allowed: >= 0"
        )
    return weights


def _read_covariates(panel: pd.DataFrame, names: Sequence[str]) -> Floats:
    if len(set(names)) < len(names):
        raise EstimationError(f"covariates {', '.join(names)}: allowed is each name once")
    return side_by_side([number_column(panel, name) for name in names]) if names else np.empty((len(panel), 0))


def _drop_unusable(everything: Observations) -> Observations:
    usable, reasons = np.ones(everything.outcome.size, dtype=bool), Counter[str]()
    for reason, applies in _unusable(everything):
        reasons[reason] = int((usable & applies).sum())
        usable = usable & ~applies
    kept = everything.keep(usable, +reasons)
    if kept.outcome.size == 0:
        raise EstimationError(f"no usable row is left of {everything.outcome.size}; dropped: {kept.dropped}")
    return kept


def _unusable(everything: Observations) -> Iterator[tuple[str, Flags]]:
    """Yield each reason that may apply, in their order, and the rows with it."""
    if not is_finite(everything.outcome):
        yield "outcome_missing", ~np.isfinite(everything.outcome)
    if everything.anticipation:
        before_start = everything.start - everything.period
        yield "anticipation", (before_start > 0) & (before_start <= everything.anticipation)
    if everything.weight.strides != (0,):
        yield "weight_missing", np.isnan(everything.weight)
        yield "weight_zero", everything.weight == 0
    if not is_finite(everything.covariates):
        yield "covariate_missing", np.asarray(~np.isfinite(everything.covariates).all(axis=1), dtype=np.bool_)


def _require_columns(panel: pd.DataFrame, names: dict[str, str]) -> None:
    missing = [f"{role} '{name}'" for role, name in names.items() if name not in panel.columns]
    if missing:
        raise EstimationError(f"the panel has no column for {', '.join(missing)}; it has: {', '.join(panel.columns)}")
    if panel.empty:
        raise EstimationError("the panel has no rows")


def _require_anticipation(anticipation: int) -> None:
    if anticipation < 0:
        raise EstimationError(f"anticipation is {anticipation}; allowed are whole numbers from 0")


def _require_keys(panel: pd.DataFrame, names: dict[str, str]) -> None:
    keys = [names["unit"], names["period"]]
    if any(panel[name].hasnans for name in (*keys, names["cluster"])):
        raise EstimationError(f"unit, period or cluster is empty in some rows ({', '.join(keys)}); fill or drop them")


def _require_one_row_each(panel: pd.DataFrame, names: dict[str, str], unit: Ints, periods: Floats) -> None:
    keys, period = [names["unit"], names["period"]], numbered(periods)[0]
    place = unit * (int(period.max()) + 1) + period
    if (place[1:] > place[:-1]).all():  # sorted, so that a repeated row would show at once
        return
    twice = panel.duplicated(keys)
    if twice.any():
        first = ", ".join(str(value) for value in panel.loc[twice, keys].iloc[0])
        raise EstimationError(f"unit and period occur more than once, first ({first}); allowed is one row each")


def _require_constant(unit: Ints, values: Floats, names: tuple[str, ...], column: str) -> None:
    """Refuse a value that changes within a unit."""
    some = np.full(len(names), np.nan)
    some[unit] = values
    changed = some[unit] != values
    if changed.any():
        culprit = names[int(unit[np.flatnonzero(changed)[0]])]
        raise EstimationError(f"'{column}' changes within unit '{culprit}'; allowed is one value a unit")


def whole_numbers(column: pd.Series, name: str) -> Floats:
    """Return periods as whole numbers; quarters as text are counted, empty stays nan.

    Raises
    ------
    EstimationError
        If a number is not whole, or a text is no quarter: which, and what is allowed.
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        numbers = as_floats(column)
        if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu":
            return numbers
        finite = numbers[np.isfinite(numbers)]
        wrong = finite[finite != np.floor(finite)]
        if wrong.size:
            raise EstimationError(
                f"'{name}' holds the period {wrong[0]:g}; allowed are whole numbers or quarters as 2024-Q3"
            )
        return numbers
    texts = column.astype("str")
    try:  # years stand last: they are words only because of some other cell, which is the one to name
        known = {value: float(quarter_index(value)) for value in sorted(texts.dropna().unique(), key=str.isdigit)}
    except IkzError as error:
        raise EstimationError(f"'{name}': {error} (or whole numbers)") from error
    return texts.map(known).to_numpy(dtype=np.float64, na_value=np.nan).copy()
