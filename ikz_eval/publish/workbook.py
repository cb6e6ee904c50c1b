"""tables.xlsx: the published tables for people, in German, a sheet per table.

Every sheet carries the mark, what the table shows, headings, units and the notes in words. Text is written as text
(nothing becomes a formula), numbers as numbers; the same cells give the same bytes.
"""

from collections.abc import Hashable
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from math import ceil
from typing import Any

import pandas as pd
import xlsxwriter

from ikz_eval.publish.cells import notes, wide
from ikz_eval.publish.columns import SHEETS, TABLES, Column
from ikz_eval.publish.display import Words
from ikz_eval.publish.mark import mark
from ikz_eval.publish.sentences import lacking_here
from ikz_eval.registry import Registry
from ikz_eval.texts import text

LANG = "de"
_CREATED = datetime(2020, 1, 1)
"""Fixed, so that the same tables give the same bytes; the release's dates stand in the overview and the manifest."""
_FIRST_ROW = 6
"""Row of the first value, counted from 0: title, mark, about, blank, headings, units."""
_GROUPED = {0: "#,##0", 1: "#,##0.0", 2: "#,##0.00", 3: "#,##0.000", 4: "0.0000"}
_COUNT = "0"
_LINE_LENGTH, _LINE_HEIGHT = 100, 15
"""Characters on a line of the overview, and its height in points: not every program fits the height to wrapped text."""
_LONG = {"fields": 32, "warnings": 64}
"""Kinds of columns whose words fill several lines -> how wide those columns are [characters]."""


RESULTS = ("T2", "T3", "T10", "RC", "PS", "DF", "F1", "F2", "DC")
"""Tables that deliveries are missing from when a body has not delivered."""


def workbook_bytes(cells: pd.DataFrame, registry: Registry, facts: dict[str, str], sentences: list[str]) -> bytes:
    """Return the workbook.

    Parameters
    ----------
    cells : pd.DataFrame
        Contract ``published_cell``, one evaluation quarter.
    registry : Registry
        Names, and whether the study is invented.
    facts : dict of str to str
        Label -> value, shown in the overview.
    sentences : list of str
        One sentence per field, shown in the overview.
    """
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": registry.title(LANG), "comments": mark(registry, LANG), "created": _CREATED})
    formats = _formats(book)
    _overview(book, formats, registry, facts, sentences)
    for table in SHEETS:
        _sheet(book, formats, registry, cells, table)
    book.close()
    return buffer.getvalue()


def _formats(book: Any) -> dict[str, Any]:
    looks: dict[str, dict[str, Any]] = {
        "title": {"bold": True, "font_size": 14},
        "mark": {"bold": True, "font_color": "#FFFFFF", "bg_color": "#7A1F1F"},
        "wrap": {"text_wrap": True, "valign": "top"},
        "head": {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1},
        "unit": {"italic": True, "font_color": "#404040", "bottom": 1},
        "text": {"valign": "top"},
        "count": {"num_format": _COUNT, "valign": "top"},
    }
    looks |= {f"number{digits}": {"num_format": pattern, "valign": "top"} for digits, pattern in _GROUPED.items()}
    return {name: book.add_format(look) for name, look in looks.items()}


def _start(book: Any, formats: dict[str, Any], registry: Registry, name: str, title: str, width: int) -> Any:
    sheet = book.add_worksheet(name)
    sheet.hide_gridlines(2)
    sheet.write_string(0, 0, title, formats["title"])
    for place in range(width):
        sheet.write_blank(1, place, None, formats["mark"])
    sheet.write_string(1, 0, mark(registry, LANG), formats["mark"])
    sheet.set_header(f"&C{mark(registry, LANG)}")
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    return sheet


def _overview(
    book: Any, formats: dict[str, Any], registry: Registry, facts: dict[str, str], sentences: list[str]
) -> None:
    sheet = _start(book, formats, registry, text("publish.workbook.overview", LANG), registry.title(LANG), 2)
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 110)
    row = 3
    for label, value in facts.items():
        sheet.write_string(row, 0, label, formats["head"])
        sheet.write_string(row, 1, value, formats["wrap"])
        row += 1
    for sentence in sentences:
        sheet.set_row(row + 1, _LINE_HEIGHT * ceil(len(sentence) / _LINE_LENGTH))
        sheet.write_string(row + 1, 1, sentence, formats["wrap"])
        row += 1
    for table in SHEETS:
        sheet.write_string(row + 2, 0, table, formats["text"])
        sheet.write_string(row + 2, 1, text(f"publish.table.{table}", LANG), formats["text"])
        row += 1


def _sheet(book: Any, formats: dict[str, Any], registry: Registry, cells: pd.DataFrame, table: str) -> None:
    words, columns = Words(registry, LANG), TABLES[table]
    sheet = _start(book, formats, registry, table, text(f"publish.table.{table}", LANG), len(columns))
    sheet.merge_range(2, 0, 2, len(columns) - 1, text(f"publish.about.{table}", LANG), formats["wrap"])
    sheet.set_row(2, 48)
    for place, column in enumerate(columns):
        sheet.write_string(_FIRST_ROW - 2, place, words.heading(column), formats["head"])
        sheet.write_string(_FIRST_ROW - 1, place, words.unit(column), formats["unit"])
        sheet.set_column(place, place, _width(words, column))
    sheet.freeze_panes(_FIRST_ROW, 0)
    sheet.repeat_rows(_FIRST_ROW - 2, _FIRST_ROW - 1)
    frame, keys = wide(cells, table), notes(cells, table)
    if frame.empty:
        sheet.write_string(_FIRST_ROW, 0, text("publish.page.no_rows", LANG), formats["text"])
        return
    used: list[str] = []
    for row, (values, why) in enumerate(zip(frame.to_dict("records"), keys.to_dict("records"), strict=True)):
        if (lines := _lines(words, columns, values)) > 1:
            sheet.set_row(_FIRST_ROW + row, _LINE_HEIGHT * lines)
        for place, column in enumerate(columns):
            _cell(sheet, formats, words, (_FIRST_ROW + row, place), column, values[column.key])
            if isinstance(why[column.key], str) and why[column.key] not in used:
                used.append(why[column.key])
            if isinstance(why[column.key], str):
                sheet.write_string(_FIRST_ROW + row, place, f"– {_letter(used, why[column.key])}", formats["text"])
    said = [f"{_letter(used, key)} {words.note(key)}" for key in used]
    lacking = lacking_here(wide(cells, "F3"), LANG) if table in RESULTS else ""
    for line, sentence in enumerate([*said, *([lacking] if lacking else [])]):
        sheet.write_string(_FIRST_ROW + len(frame) + 1 + line, 0, sentence, formats["text"])


def _width(words: Words, column: Column) -> int:
    """Return the characters of a column: no word of its heading is broken."""
    longest = max(len(word) for word in words.heading(column).split())
    return max(14 if column.is_number else _LONG.get(column.kind, 24), longest + 3)


def _lines(words: Words, columns: tuple[Column, ...], values: dict[Hashable, object]) -> int:
    """Return how many lines the longest cell of a row fills."""
    long = (column for column in columns if column.kind in _LONG)
    return max((ceil(len(words.show(values[each.key], each)) / (_LONG[each.kind] - 4)) for each in long), default=1)


def _letter(used: list[str], key: str) -> str:
    return f"({chr(ord('a') + used.index(key))})"


def _cell(
    sheet: Any, formats: dict[str, Any], words: Words, place: tuple[int, int], column: Column, value: object
) -> None:
    if not isinstance(value, str):
        return
    if column.is_number or column.kind == "as_printed":
        digits = max(0, -int(Decimal(value).as_tuple().exponent))
        look = "count" if column.kind == "integer" else f"number{min(digits, 4)}"
        sheet.write_number(*place, float(value), formats[look])
    else:
        sheet.write_string(*place, words.show(value, column), formats["wrap" if column.kind in _LONG else "text"])
