"""Tables of other programs: .xls and .ods, by calamine; no meaning.

Runs in the child of the sandbox, which calamine may take down: it is fast, and aborts on hostile sizes. Number formats
are not told by calamine, so a cell's format is empty: rules ask where a format would matter (K46).
"""

import io
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from ikz_eval.delivery.reading.contents import Contents, Kind, Oddity, RawCell, Refusal, Sheet
from ikz_eval.delivery.reading.workbook import BROKEN, MAX_CELLS, MAX_COLUMNS, MAX_ROWS

UNKNOWN_FORMAT = ""


def read_old_format(data: bytes, kind: Kind, oddities: tuple[Oddity, ...] = ()) -> Contents | Refusal:
    """Return the sheets of an .xls or .ods file in order, or why it cannot be read."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets, cut_off = _read_sheets(book)
    except PasswordError:
        return Refusal("K01", "encrypted")
    except (CalamineError, *BROKEN):
        return Refusal("K01", "broken")
    return Contents(kind, sheets, oddities=(*oddities, *cut_off))


def _read_sheets(book: CalamineWorkbook) -> tuple[tuple[Sheet, ...], list[Oddity]]:
    sheets, oddities = [], []
    for position, about in enumerate(book.sheets_metadata):
        if about.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_index(position)
        cells = _cells(sheet)
        end = sheet.end or (0, 0)
        if end[0] >= MAX_ROWS or end[1] >= MAX_COLUMNS or len(cells) >= MAX_CELLS:
            oddities.append(Oddity("cut_off", about.name))
        merged = tuple(
            (top + 1, left + 1, bottom + 1, right + 1)
            for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
        )
        sheets.append(Sheet(about.name, cells, merged, is_hidden=about.visible != SheetVisibleEnum.Visible))
    return tuple(sheets), oddities


def _cells(sheet: Any) -> dict[tuple[int, int], RawCell]:
    """Return the non-empty cells within the limits; whole numbers, which calamine gives as 12.0, stay exact floats."""
    cells: dict[tuple[int, int], RawCell] = {}
    top, left = sheet.start or (0, 0)
    for row, values in enumerate(sheet.to_python(skip_empty_area=True, nrows=MAX_ROWS), top + 1):
        for column, value in enumerate(values[:MAX_COLUMNS], left + 1):
            if value == "" or len(cells) >= MAX_CELLS:
                continue
            whole = int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value
            cells[row, column] = RawCell(whole, UNKNOWN_FORMAT)
    return cells
