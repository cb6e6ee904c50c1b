"""Reading long columns without copying them: small helpers of the readers of tables.

Holds what saves a pass over millions of rows where there is nothing to do. What a table must hold is said by
observations.py and usable_rows.py.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Flags = NDArray[np.bool_]

Kind = TypeVar("Kind", bound=np.generic)

_SPREAD = 4
"""Whole numbers whose range is at most this many times their count are numbered by counting, others by sorting."""


def as_floats(column: pd.Series) -> Floats:
    """Return a column as numbers, empty cells as nan; without a copy where it holds such numbers already."""
    if column.dtype == np.float64:
        return np.asarray(column.to_numpy())
    values: Floats = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return values


def side_by_side(columns: Sequence[Floats]) -> Floats:
    """Return columns as one array, shape (n, columns); a single one is not copied."""
    return columns[0][:, None] if len(columns) == 1 else np.column_stack(columns)


def is_finite(values: Floats) -> bool:
    """Return whether all values are finite, in one pass where they are: a sum holds every nan and infinity."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(values.sum())) or bool(np.isfinite(values).all())


def chosen(values: NDArray[Kind], flags: Flags) -> NDArray[Kind]:
    """Return the flagged rows; the array itself where all are."""
    if flags.all():
        return values
    return np.broadcast_to(values[0], int(flags.sum())) if values.strides == (0,) else values[flags]


def ones(count: int) -> Floats:
    """Return that many ones, which take no room; not to be written to."""
    return np.broadcast_to(np.float64(1.0), count)


def are_ones(values: Floats) -> bool:
    """Return whether all values are one."""
    return bool(values.strides == (0,) and values[0] == 1.0) or bool((values == 1.0).all())


def numbered(values: NDArray[np.generic]) -> tuple[Ints, NDArray[np.generic]]:
    """Return the position of each whole number among those present, and these in order.

    Parameters
    ----------
    values : ndarray
        Whole numbers, of any type and without a gap, shape (n,).
    """
    if values.size == 0:
        return np.empty(0, dtype=np.intp), values
    low, high = values.min(), values.max()
    if float(high) - float(low) > _SPREAD * values.size:
        present, codes = np.unique(values, return_inverse=True)
        return codes.ravel().astype(np.intp), present
    shifted: Ints = (values - low).astype(np.intp)
    found = np.flatnonzero(np.bincount(shifted))
    if found.size <= int(high - low):
        renumbered = np.zeros(int(high - low) + 1, dtype=np.intp)
        renumbered[found] = np.arange(found.size)
        shifted = renumbered[shifted]
    return shifted, (found + low).astype(values.dtype)


def coded(labels: pd.Series) -> tuple[Ints, tuple[str, ...]]:
    """Return the code of each label in sorted order, and the names of the codes."""
    if isinstance(labels.dtype, np.dtype) and labels.dtype.kind in "iu":
        codes, values = numbered(labels.to_numpy())
        return codes, tuple(map(str, values.tolist()))
    codes, names = pd.factorize(labels, sort=True)
    return codes.astype(np.intp), tuple(str(name) for name in names)
