"""A workbook of our own, for deliveries that were none: CSV, older formats, files nobody could open.

Shows what was read, each value at the row and column it has in the file, so that findings can be marked there. The first
sheet comes from patch.py, like everywhere. Written with XlsxWriter: text as text, a fixed date, the same bytes.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ikz_eval.delivery.layout import column_letter
from ikz_eval.delivery.reading.contents import Contents, Refusal, Sheet
from ikz_eval.delivery.returned.cover_sheet import clean

MOST_ROWS, _MOST_COLUMNS, _MOST_CHARACTERS = 5_000, 256, 32_000
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")
_LONGEST_NAME = 31
_LARGEST_NUMBER = 1e15
"""Beyond it a spreadsheet drops digits: such a number is shown as text."""
_SEPARATORS = ";,\t"
_CREATED = datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None)
Grid = dict[tuple[int, int], Any]
"""Values by row and column, from 1."""


@dataclass(frozen=True, slots=True)
class OwnWorkbook:
    """A workbook that shows what was read.

    Attributes
    ----------
    data : bytes
        The workbook.
    find : callable
        (sheet, row, column) as a finding names it -> (sheet, cell) in this workbook, or None.
    lines : dict of int to str
        Of a CSV file: what a line is about (task, position), by its number.
    is_cut : bool
        Whether there are more rows than are shown.
    """

    data: bytes
    find: Callable[[str | None, int | None, str | None], tuple[str, str] | None]
    lines: dict[int, str]
    is_cut: bool


def own_workbook(read: Contents | Refusal, name: str, headers: tuple[str, ...]) -> OwnWorkbook:
    """Return a workbook with what was read of a file.

    Parameters
    ----------
    read : Contents or Refusal
        What the file holds.
    name : str
        Name of the sheet with the lines of a text file.
    headers : tuple of str
        Official headers of the form as CSV; those of task and position say what a line is about.
    """
    if isinstance(read, Refusal):
        return OwnWorkbook(_written([]), lambda sheet, row, column: None, {}, is_cut=False)
    if read.text is not None:
        return _of_text(read.text, name, headers)
    names = _sheet_names([sheet.name for sheet in read.sheets])
    grids = [(names[sheet.name], _grid(sheet)) for sheet in read.sheets]

    def find(sheet: str | None, row: int | None, column: str | None) -> tuple[str, str] | None:
        return (names[sheet], f"{column or 'A'}{row or 1}") if sheet in names else None

    return OwnWorkbook(_written(grids), find, {}, is_cut=any(row > MOST_ROWS for _, grid in grids for row, _ in grid))


def _of_text(text: str, name: str, headers: tuple[str, ...]) -> OwnWorkbook:
    rows = _lines(text)
    grid = {(row, column): value for row, cells in rows.items() for column, value in enumerate(cells, 1)}
    head = next((cells for cells in rows.values() if set(headers) <= {cell.strip() for cell in cells}), [])
    letters = {title.strip(): column_letter(at) for at, title in enumerate(head, 1)}

    def find(sheet: str | None, row: int | None, column: str | None) -> tuple[str, str] | None:
        return None if row is None or row > MOST_ROWS else (name, f"{letters.get(column or '', 'A')}{row}")

    return OwnWorkbook(
        _written([(name, grid)]), find, _about(rows, head, headers), is_cut=max(rows, default=0) > MOST_ROWS
    )


def _lines(text: str) -> dict[int, list[str]]:
    """Return the cells of every line, by its number; the separator is the one that splits most."""
    sample = text[:20_000]
    separator = max(_SEPARATORS, key=sample.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows, start = {}, 1
    try:
        for cells in reader:
            rows[start] = cells
            start = reader.line_num + 1
            if start > MOST_ROWS + 1:
                break
    except csv.Error:  # a field larger than any cell: shown as plain lines
        rows = {number: [line] for number, line in enumerate(text.splitlines()[: MOST_ROWS + 1], 1)}
    return rows


def _about(rows: dict[int, list[str]], head: list[str], headers: tuple[str, ...]) -> dict[int, str]:
    """Return task and position of each line of the form as CSV."""
    titles = [cell.strip() for cell in head]
    wanted = [titles.index(title) for title in headers[4:6] if title in titles]
    about = {
        row: ", ".join(cells[at].strip() for at in wanted if at < len(cells) and cells[at].strip())
        for row, cells in rows.items()
        if cells is not head
    }
    return {row: words for row, words in about.items() if words}


def _sheet_names(found: list[str]) -> dict[str, str]:
    """Return a name that Excel takes for every sheet; other formats allow more."""
    names: dict[str, str] = {}
    for at, name in enumerate(found, 1):
        plain = clean(_NOT_IN_NAMES.sub("_", name)).strip("'")[:_LONGEST_NAME] or f"Blatt {at}"
        taken = {one.casefold() for one in names.values()}
        names[name] = plain if plain.casefold() not in taken else f"{plain[: _LONGEST_NAME - 5]} ({at})"
    return names


def _grid(sheet: Sheet) -> Grid:
    return {at: cell.value for at, cell in sheet.cells.items()}


def _written(grids: Iterable[tuple[str, Grid]]) -> bytes:
    from xlsxwriter import Workbook

    out = io.BytesIO()
    book = Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": _CREATED})
    as_text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    grids = list(grids)
    for name, grid in grids:
        sheet = book.add_worksheet(name)
        sheet.set_column(0, 15, 18)
        for (row, column), value in sorted(grid.items()):
            if row <= MOST_ROWS and column <= _MOST_COLUMNS and value is not None:
                _write_value(sheet, row - 1, column - 1, value, as_text)
    if not grids:
        book.add_worksheet("-").hide()
    book.close()
    return out.getvalue()


def _write_value(sheet: Any, row: int, column: int, value: Any, as_text: Any) -> None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _LARGEST_NUMBER:
        sheet.write_number(row, column, value)
    else:
        sheet.write_string(row, column, clean(str(value))[:_MOST_CHARACTERS], as_text)
