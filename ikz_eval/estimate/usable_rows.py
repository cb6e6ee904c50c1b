"""From any table with named columns to the rows a regression may use.

Holds the reading of columns by their role and the dropping of rows, each counted under its reason. Knows no unit, period
or treatment: a panel that has them is read by observations.py.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.observations import Flags, Floats, Ints

Roles = Mapping[str, Sequence[str]]
"""Role (``outcome``, ``regressor``, ``absorbed``, ``cluster``) -> names of its columns."""


@dataclass(frozen=True, slots=True)
class UsableRows:
    """Rows with every value that is needed.

    Attributes
    ----------
    numbers : dict of str to ndarray
        Role -> its columns side by side, shape (n, columns of the role).
    keys : dict of str to tuple
        Role -> per column the code of each row, shape (n,), and the names of the codes.
    weight : ndarray
        Weight of each row, above zero, shape (n,).
    rows : ndarray of int
        Position of each row in the table it was read from, shape (n,).
    dropped : dict of str to int
        Rows dropped, by reason.
    """

    numbers: dict[str, Floats]
    keys: dict[str, tuple[tuple[Ints, tuple[str, ...]], ...]]
    weight: Floats
    rows: Ints
    dropped: dict[str, int]

    @property
    def n_obs(self) -> int:
        """Number of rows."""
        return int(self.rows.size)


def usable_rows(table: pd.DataFrame, *, numbers: Roles, keys: Roles, weights: str | None = None) -> UsableRows:
    """Read columns by role and keep the rows without a gap.

    Parameters
    ----------
    table : pd.DataFrame
        Any table.
    numbers, keys : mapping of str to sequence of str
        Columns of numbers and columns of labels, by role. A row with a gap in one is dropped as ``<role>_missing``.
    weights : str, optional
        Column of weights; a row with none or weight zero is dropped as ``weight_missing`` or ``weight_zero``.

    Raises
    ------
    EstimationError
        If a column is missing or not of numbers, a weight is negative, or no row is left.
    """
    _require_columns(table, {**numbers, **keys, "weight": () if weights is None else (weights,)})
    read = {
        role: np.column_stack([_numbers(table, name) for name in names]) for role, names in numbers.items() if names
    }
    weight = np.ones(len(table)) if weights is None else _weights(table, weights)
    usable, dropped = np.ones(len(table), dtype=bool), Counter[str]()
    gaps: dict[str, Flags] = {f"{role}_missing": _with_gap(~np.isfinite(values)) for role, values in read.items()}
    gaps |= {
        f"{role}_missing": _with_gap(table[list(names)].isna().to_numpy(dtype=bool))
        for role, names in keys.items()
        if names
    }
    gaps["weight_missing"], gaps["weight_zero"] = np.isnan(weight), weight == 0
    for reason, applies in gaps.items():
        dropped[reason] = int((usable & applies).sum())
        usable = usable & ~applies
    if not usable.any():
        raise EstimationError(f"no usable row is left of {len(table)}; dropped: {dict(+dropped)}")
    kept = table.loc[usable]
    return UsableRows(
        {role: values[usable] for role, values in read.items()},
        {role: tuple(coded(kept[name]) for name in names) for role, names in keys.items()},
        weight[usable],
        np.flatnonzero(usable).astype(np.intp),
        dict(sorted((+dropped).items())),
    )


def coded(labels: pd.Series) -> tuple[Ints, tuple[str, ...]]:
    """Return the code of each label in sorted order, and the names of the codes."""
    codes, names = pd.factorize(labels, sort=True)
    return codes.astype(np.intp), tuple(str(name) for name in names)


def _require_columns(table: pd.DataFrame, roles: Roles) -> None:
    missing = [f"{role} '{name}'" for role, names in roles.items() for name in names if name not in table.columns]
    if missing:
        has = ", ".join(str(name) for name in table.columns)
        raise EstimationError(f"the panel has no column for {', '.join(missing)}; it has: {has}")
    if table.empty:
        raise EstimationError("the panel has no rows")


def _with_gap(gaps: Flags) -> Flags:
    """Return which rows have a gap in some column."""
    return np.asarray(gaps.any(axis=1), dtype=np.bool_)


def _numbers(table: pd.DataFrame, name: str) -> Floats:
    if not pd.api.types.is_numeric_dtype(table[name].dtype):
        raise EstimationError(
            f"'{name}' holds {table[name].dtype} values; allowed are numbers (absorb a column of labels, or code it 0 and 1)"
        )
    values: Floats = table[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return values


def _weights(table: pd.DataFrame, name: str) -> Floats:
    weight = _numbers(table, name)
    wrong = (weight < 0) | np.isinf(weight)
    if wrong.any():
        raise EstimationError(f"'{name}' holds the weight {weight[wrong][0]:g}; allowed are finite numbers from 0")
    return weight
