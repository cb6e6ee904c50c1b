"""Earlier values that a prefilled form carries: written by template.py, read back by ``ikz check``.

A locked sheet with one line a value and one column a quarter, the last one first: a clerk sees at a glance what was
delivered before, and the offline check can ask about jumps as the ingestion would. Nothing of it goes into the ledger.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from ikz_eval.delivery.expectation import Expected
from ikz_eval.delivery.form import label_words
from ikz_eval.delivery.history import QUARTERS_BACK, Known, Values
from ikz_eval.delivery.layout import Layout, load_layout
from ikz_eval.delivery.numbers import exact_number
from ikz_eval.delivery.reading import Contents, Sheet
from ikz_eval.quarters import QUARTER_PATTERN, quarter_shift

SHEET = "Vorquartal"
HEADER_ROW = 4
HEADERS = ("Blatt", "Aufgabe", "Position", "Einheit")
"""Columns A to D of the sheet; a column a quarter follows."""
Item = tuple[str, str, str]
"""Table, field and item of a value."""


def carried_history(read: Contents, expected: Expected, quarter: str) -> Known | None:
    """Return the earlier values that a delivered workbook carries; None when it carries none.

    Parameters
    ----------
    read : Contents
        What the file holds.
    expected : Expected
        What the study expects.
    quarter : str
        Quarter it delivers: only the eight before it are looked at.
    """
    sheet = next((one for one in read.sheets if label_words(one.name) == label_words(SHEET)), None)
    if sheet is None:
        return None
    before = [quarter_shift(quarter, -back) for back in range(1, QUARTERS_BACK + 1)]
    values = {one: found for one, found in _values(sheet, expected).items() if one in before}
    return Known(own={one: values[one] for one in before if one in values}) if values else None


def items_in_order(layout: Layout, fields: dict[str, str]) -> Iterator[tuple[Item, tuple[str, str, str, str]]]:
    """Yield each value of a form and its labels (sheet, task, position, unit), in the order of the form."""
    for sheet in layout.sheets:
        for key, name in fields.items():
            for column in sheet.columns:
                if column.table == sheet.table:
                    yield (column.table, key, column.item), (sheet.name, name, column.label, column.unit)


def _values(sheet: Sheet, expected: Expected) -> dict[str, Values]:
    """Return the numbers of the sheet by quarter; what is no number or has no place in the form is left out."""
    items = {
        tuple(map(label_words, labels[:3])): item for item, labels in items_in_order(load_layout(), expected.fields)
    }
    head = next((row for row, column in sorted(sheet.cells) if column == 1 and sheet.text(row, 1) == HEADERS[0]), None)
    quarters = {
        column: sheet.text(row, column)
        for row, column in sheet.cells
        if row == head and re.fullmatch(QUARTER_PATTERN, sheet.text(row, column))
    }
    found: dict[str, dict[Item, Decimal]] = {}
    for (row, column), cell in sheet.cells.items():
        item = items.get(tuple(label_words(sheet.text(row, at)) for at in (1, 2, 3)))
        if item is None or column not in quarters or isinstance(cell.value, bool):
            continue
        number = exact_number(cell.value) if isinstance(cell.value, (int, float)) else None
        if number is not None:
            found.setdefault(quarters[column], {})[item] = number
    return {quarter: dict(values) for quarter, values in found.items()}
