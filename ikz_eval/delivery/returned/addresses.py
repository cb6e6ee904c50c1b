"""Addresses of cells: ``C14`` and its row and column."""

import re

from ikz_eval.delivery.layout import column_index, column_letter

_CELL = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384


def row_column(cell: str) -> tuple[int, int] | None:
    """Return row and column of an address, from 1; None when a sheet has no such cell."""
    match = _CELL.fullmatch(cell)
    if match is None:
        return None
    row, column = int(match[2]), column_index(match[1])
    return (row, column) if 1 <= row <= LAST_ROW and column <= LAST_COLUMN else None


def address(row: int, column: int) -> str:
    """Return the address of a cell."""
    return f"{column_letter(column)}{row}"
