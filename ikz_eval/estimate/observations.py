"""From any tidy panel to the arrays the estimators work on.

Holds the reading of column names, the coding of "never treated", and the refusal of panels that contradict themselves.
Knows no study and no specification: that is design.py.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ikz_eval.errors import EstimationError
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
        codes: Ints = np.unique(self.period, return_inverse=True)[1].astype(np.intp)
        return codes

    @property
    def n_periods(self) -> int:
        """Number of periods present."""
        return int(np.unique(self.period).size)

    @property
    def n_units(self) -> int:
        """Number of units present."""
        return int(np.unique(self.unit).size)

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
        counted = Counter(self.dropped) + reasons
        return replace(
            self, outcome=self.outcome[flags], unit=self.unit[flags], cluster=self.cluster[flags],
            period=self.period[flags], start=self.start[flags], share=self.share[flags], rows=self.rows[flags],
            weight=self.weight[flags], covariates=self.covariates[flags], dropped=dict(sorted(counted.items())),
        )  # fmt: skip


def read_observations(
    panel: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    period: str,
    cohort: str,
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
        0 or infinite was never treated.
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
        cluster or share, a share is not above zero, a weight is negative, a covariate is no number, or no row is left.
    """
    names = {"outcome": outcome, "unit": unit, "period": period, "cohort": cohort, "cluster": cluster or unit}
    further = {"share": share, "weights": weights} | {f"covariate {i}": name for i, name in enumerate(covariates, 1)}
    _require_columns(panel, names | {role: name for role, name in further.items() if name is not None})
    _require_anticipation(anticipation)
    _require_keys(panel, names)
    start = _whole_numbers(panel[cohort], cohort)
    start[~(start > 0)] = np.inf
    unit_codes, unit_names = _coded(panel[unit])
    cluster_codes, cluster_names = _coded(panel[names["cluster"]])
    _require_constant(unit_codes, start, unit_names, cohort)
    _require_constant(unit_codes, cluster_codes.astype(np.float64), unit_names, names["cluster"])
    shares = _read_shares(panel, share, unit_codes, unit_names)
    values = panel[outcome].to_numpy(dtype=np.float64, na_value=np.nan)
    periods = _whole_numbers(panel[period], period)
    everything = Observations(
        values, unit_codes, cluster_codes, periods, start, unit_names, cluster_names, shares, anticipation,
        np.arange(len(panel)), {}, _read_weights(panel, weights), _read_covariates(panel, covariates), tuple(covariates),
        not pd.api.types.is_numeric_dtype(panel[period].dtype),
    )  # fmt: skip
    return _drop_unusable(everything)


def _read_shares(panel: pd.DataFrame, column: str | None, unit: Ints, names: tuple[str, ...]) -> Floats:
    if column is None:
        return np.ones(len(panel))
    shares: Floats = panel[column].to_numpy(dtype=np.float64, na_value=np.nan)
    if not (shares > 0).all():
        raise EstimationError(f"'{column}' must be above zero in every row, found {shares[~(shares > 0)][0]}")
    _require_constant(unit, shares, names, column)
    return shares


def _read_weights(panel: pd.DataFrame, column: str | None) -> Floats:
    if column is None:
        return np.ones(len(panel))
    weights: Floats = _numbers(panel, column)
    if (weights < 0).any() or np.isinf(weights).any():
        raise EstimationError(
            f"'{column}' holds the weight {weights[(weights < 0) | np.isinf(weights)][0]}; allowed: >= 0"
        )
    return weights


def _read_covariates(panel: pd.DataFrame, names: Sequence[str]) -> Floats:
    if len(set(names)) < len(names):
        raise EstimationError(f"covariates {', '.join(names)}: allowed is each name once")
    return np.column_stack([np.empty((len(panel), 0)), *(_numbers(panel, name) for name in names)])


def _numbers(panel: pd.DataFrame, column: str) -> Floats:
    if not pd.api.types.is_numeric_dtype(panel[column].dtype):
        raise EstimationError(f"'{column}' holds {panel[column].dtype} values; allowed are numbers")
    return panel[column].to_numpy(dtype=np.float64, na_value=np.nan)


def _drop_unusable(everything: Observations) -> Observations:
    usable = np.isfinite(everything.outcome)
    reasons = Counter({"outcome_missing": int((~usable).sum())})
    before_start = everything.start - everything.period
    for reason, applies in (
        ("anticipation", (before_start > 0) & (before_start <= everything.anticipation)),
        ("weight_missing", np.isnan(everything.weight)),
        ("weight_zero", everything.weight == 0),
        ("covariate_missing", ~np.isfinite(everything.covariates).all(axis=1)),
    ):
        reasons[reason] = int((usable & applies).sum())
        usable = usable & ~applies
    kept = everything.keep(usable, +reasons)
    if kept.outcome.size == 0:
        raise EstimationError(f"no usable row is left of {everything.outcome.size}; dropped: {kept.dropped}")
    return kept


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
    if panel[[*keys, names["cluster"]]].isna().to_numpy().any():
        raise EstimationError(f"unit, period or cluster is empty in some rows ({', '.join(keys)}); fill or drop them")
    twice = panel.duplicated(keys)
    if twice.any():
        first = ", ".join(str(value) for value in panel.loc[twice, keys].iloc[0])
        raise EstimationError(f"unit and period occur more than once, first ({first}); allowed is one row each")


def _require_constant(unit: Ints, values: Floats, names: tuple[str, ...], column: str) -> None:
    """Refuse a value that changes within a unit."""
    first = np.full(len(names), np.nan)
    first[unit[::-1]] = values[::-1]
    changed = first[unit] != values
    if changed.any():
        culprit = names[int(unit[np.flatnonzero(changed)[0]])]
        raise EstimationError(f"'{column}' changes within unit '{culprit}'; allowed is one value a unit")


def _whole_numbers(column: pd.Series, name: str) -> Floats:
    """Return periods as whole numbers; quarters as text are counted, empty stays nan."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan).copy()
        finite = numbers[np.isfinite(numbers)]
        if (finite != np.floor(finite)).any():
            raise EstimationError(f"'{name}' holds periods that are not whole numbers")
        return numbers
    texts = column.astype("str")
    known = {value: float(quarter_index(value)) for value in texts.dropna().unique()}
    return texts.map(known).to_numpy(dtype=np.float64, na_value=np.nan).copy()


def _coded(column: pd.Series) -> tuple[Ints, tuple[str, ...]]:
    codes, names = pd.factorize(column, sort=True)
    return codes.astype(np.intp), tuple(str(name) for name in names)
