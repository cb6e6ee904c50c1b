"""From any table with named columns to the rows a regression may use.

Holds the reading of columns by their role and the dropping of rows, each counted under its reason. Knows no unit, period
or treatment: a panel that has them is read by observations.py.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.number_column import number_column
from ikz_eval.estimate.observations import Flags, Floats, Ints
from ikz_eval.estimate.quick_arrays import chosen, coded, is_finite, ones, side_by_side

Roles = Mapping[str, Sequence[str]]
"""Role (``outcome``, ``regressor``, ``absorbed``, ``cluster``) -> names of its columns."""
_NUMBERS = "numbers, with a decimal point (absorb a column of labels, or code it 0 and 1)"


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
        role: side_by_side([number_column(table, name, _NUMBERS) for name in names])
        for role, names in numbers.items()
        if names
    }
    weight = ones(len(table)) if weights is None else _weights(table, weights)
    usable, dropped = np.ones(len(table), dtype=bool), Counter[str]()
    for reason, applies in _gaps(table, read, keys, None if weights is None else weight):
        dropped[reason] = int((usable & applies).sum())
        usable = usable & ~applies
    if not usable.any():
        raise EstimationError(f"no usable row is left of {len(table)}; dropped: {dict(+dropped)}")
    kept = table if usable.all() else table.loc[usable]
    known = {name: coded(kept[name]) for name in dict.fromkeys(name for names in keys.values() for name in names)}
    return UsableRows(
        {role: chosen(values, usable) for role, values in read.items()},
        {role: tuple(known[name] for name in names) for role, names in keys.items()},
        chosen(weight, usable),
        np.flatnonzero(usable).astype(np.intp),
        dict(sorted((+dropped).items())),
    )


def _gaps(
    table: pd.DataFrame, read: dict[str, Floats], keys: Roles, weight: Floats | None
) -> Iterator[tuple[str, Flags]]:
    """Yield each reason that applies to some row, and the rows with it."""
    for role, values in read.items():
        if not is_finite(values):
            yield f"{role}_missing", _with_gap(~np.isfinite(values))
    for role, names in keys.items():
        gaps = [table[name].isna().to_numpy(dtype=bool) for name in names if table[name].hasnans]
        if gaps:
            yield f"{role}_missing", _with_gap(np.column_stack(gaps))
    if weight is not None:
        yield "weight_missing", np.isnan(weight)
        yield "weight_zero", weight == 0


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


def _weights(table: pd.DataFrame, name: str) -> Floats:
    weight = number_column(table, name)
    wrong = (weight < 0) | np.isinf(weight)
    if wrong.any():
        raise EstimationError(f"'{name}' holds the weight {weight[wrong][0]:g}; allowed are finite numbers from 0")
    return weight
