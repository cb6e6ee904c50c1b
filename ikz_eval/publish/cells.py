"""Cells: from rows of a published table to ``published_cell`` and back to a wide table.

Holds the canonical text form of values (decimal point, no thousands mark, ``true``/``false``) and the only rounding
that published numbers get: once, half away from zero, from exact values. What is computed stands in ``tables_*``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import isfinite

import numpy as np
import pandas as pd

from ikz_eval.errors import ReleaseError
from ikz_eval.publish.columns import TABLES, Column
from ikz_eval.warehouse import typed

WITHHELD = "withheld."
"""A note that begins so is a reason of the estimator; its words stand with the verdicts."""

Plain = str | int | float | bool | Decimal | Fraction | None


@dataclass(frozen=True, slots=True)
class Gap:
    """A cell without a value, and the key of the note that says why."""

    note: str


Value = Plain | Gap
Row = dict[str, Value]


def canonical(value: object, column: Column) -> str | None:
    """Return a value in canonical text, rounded to the column's digits; None when there is none.

    Raises
    ------
    ReleaseError
        If a number is infinite.
    """
    if pd.isna(value):  # type: ignore[call-overload]
        return None
    if column.kind == "flag":
        return "true" if value else "false"
    if not column.is_number:
        return str(value)
    return _rounded(_exact(value, column), column.digits)


def _exact(value: object, column: Column) -> Fraction:
    if isinstance(value, float):
        if not isfinite(value):
            raise ReleaseError(f"published column '{column.key}': {value} is no number that can be published")
        return Fraction(repr(float(value)))
    return Fraction(str(value))


def _rounded(value: Fraction, digits: int) -> str:
    scaled = Fraction(abs(value)) * 10**digits
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    sign = "-" if value < 0 and whole else ""
    return f"{sign}{Decimal(whole).scaleb(-digits):f}"


def cells_of(evaluation_quarter: str, table: str, rows: Sequence[Mapping[str, Value]]) -> pd.DataFrame:
    """Return the cells of one published table, one per row and column.

    Raises
    ------
    ReleaseError
        If a row has a column the table does not know.
    """
    columns = TABLES[table]
    keys = {column.key for column in columns}
    cells = []
    for number, row in enumerate(rows, start=1):
        if set(row) - keys:
            raise ReleaseError(
                f"published table {table} has no column {sorted(set(row) - keys)}; allowed: {sorted(keys)}"
            )
        for order, column in enumerate(columns, start=1):
            value = row.get(column.key)
            note = value.note if isinstance(value, Gap) else None
            shown = None if isinstance(value, Gap) else canonical(value, column)
            unit = column.unit if column.is_number else None
            cells.append((evaluation_quarter, table, number, order, column.key, shown, unit, note, None))
    return typed("published_cell", pd.DataFrame(cells, columns=_CELL_COLUMNS))


_CELL_COLUMNS = [
    "evaluation_quarter", "table", "row", "column_order", "column", "value", "unit", "note", "suppression",
]  # fmt: skip


def wide(cells: pd.DataFrame, table: str) -> pd.DataFrame:
    """Return one published table as text columns in canonical form, missing values as NaN.

    Parameters
    ----------
    cells : pd.DataFrame
        Contract ``published_cell``, one evaluation quarter.
    table : str
        ``T1`` … ``PF``; a table without rows gives its columns and no row.
    """
    return _spread(cells, table, "value")


def notes(cells: pd.DataFrame, table: str) -> pd.DataFrame:
    """Return the keys of notes in the shape of :func:`wide`."""
    return _spread(cells, table, "note")


def _spread(cells: pd.DataFrame, table: str, what: str) -> pd.DataFrame:
    """Return one column of the cells as a table; by position, since a release asks some hundred times."""
    columns = pd.Index([column.key for column in TABLES[table]])
    own = cells.loc[cells["table"] == table, ["row", "column", what]]
    across, (numbers, down) = columns.get_indexer(pd.Index(own["column"])), np.unique(own["row"], return_inverse=True)
    is_known = across >= 0
    spread = np.full((len(numbers), len(columns)), np.nan, dtype=object)
    spread[down[is_known], across[is_known]] = own[what].to_numpy(dtype=object)[is_known]
    return pd.DataFrame(spread, columns=columns, dtype="str")
