"""Rows of an export with their number, from text or from a sheet; no meaning."""

import csv
import io

from ikz_eval.delivery.reading import Contents, Sheet

Row = tuple[int, list[str]]
"""Number of a line or row, from 1, and its cells as text."""


def rows_of(contents: Contents, separator: str) -> list[Row]:
    """Return the rows of a file; of a workbook those of its first sheet that holds any."""
    if contents.text:
        return text_rows(contents.text, separator)
    sheet = next((sheet for sheet in contents.sheets if sheet.cells), None)
    return [] if sheet is None else _sheet_rows(sheet)


def text_rows(text: str, separator: str) -> list[Row]:
    """Return the lines of separated text; a line that is no CSV ends the reading there."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows: list[Row] = []
    start = 1
    try:
        for cells in reader:
            rows.append((start, [cell.strip() for cell in cells]))
            start = reader.line_num + 1
    except csv.Error:
        return rows
    return rows


def _sheet_rows(sheet: Sheet) -> list[Row]:
    """Return a sheet as rows of text; a number keeps its digits, with decimal comma."""
    width = max(column for _, column in sheet.cells)
    rows: dict[int, list[str]] = {}
    for (row, column), cell in sorted(sheet.cells.items()):
        cells = rows.setdefault(row, [""] * width)
        value = cell.value
        shown = f"{value:f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        cells[column - 1] = shown.replace(".", ",") if isinstance(value, float) else shown.strip()
    return [(row, rows[row]) for row in sorted(rows)]
