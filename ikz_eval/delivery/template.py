"""The official workbook, written from the layout: prefilled for a body, or filled (demonstration, tests).

Written in memory by XlsxWriter with a fixed creation date, so the same input gives the same bytes. Text is written as
text, never as a formula. Reading a workbook is workbook.py and form_sheets.py.
"""

import io
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ikz_eval.delivery.content import DeliveryContent
from ikz_eval.delivery.expectation import Expected, expect
from ikz_eval.delivery.history import Values
from ikz_eval.delivery.layout import Column, Layout, SheetLayout, column_index, load_layout
from ikz_eval.delivery.template_sheets import (
    Draft,
    add_sheet,
    contract_mark,
    form_properties,
    write_agreements,
    write_earlier,
)
from ikz_eval.quarters import quarter_range, quarter_shift
from ikz_eval.registry.model import Registry
from ikz_eval.texts import text

CREATED = datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""Date in the file's properties: that of the edition, so that bytes do not depend on the clock."""
_QUARTERS_OFFERED = 8
_CHARACTERS_PER_LINE = 90
_INPUT_COLOUR = "#FFF8DC"
_HEAD_COLOUR = "#1F3A5F"
_MARK_COLOUR = "#B00020"


def empty_workbook(
    study: Registry | Expected, ags: str, quarter: str, earlier: Mapping[str, Values] | None = None
) -> bytes:
    """Return the official form of a body for a quarter, to be filled in.

    Parameters
    ----------
    study : Registry or Expected
        The study: names of body and fields, quarters that can be delivered, agreements.
    ags, quarter : str
        Body and quarter the form is for.
    earlier : mapping of str to Values, optional
        The body's values of earlier quarters, the last one first: shown beside, locked.
    """
    return _workbook(_expected(study), DeliveryContent(ags, quarter, {}), earlier or {}, is_for_body=True)


def filled_workbook(study: Registry | Expected, content: DeliveryContent) -> bytes:
    """Return the official form with the values of a delivery; a value that is missing stays an empty cell."""
    return _workbook(_expected(study), content, {}, is_for_body=False)


def _expected(study: Registry | Expected) -> Expected:
    return study if isinstance(study, Expected) else expect(study)


def _workbook(
    expected: Expected, content: DeliveryContent, earlier: Mapping[str, Values], *, is_for_body: bool
) -> bytes:
    from xlsxwriter import Workbook

    layout = load_layout()
    mark = text("delivery.mark.invented") if expected.is_invented else ""
    out = io.BytesIO()
    book = Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": layout.title, "comments": mark, "created": CREATED})
    draft = Draft(book, _formats(book, layout), layout, content, expected.bodies.get(content.ags, ""), expected, mark)
    _write_cover(draft)
    for sheet in layout.sheets:
        _write_table(draft, sheet)
    _write_remarks(draft)
    if is_for_body:
        for name, value in form_properties(expected, layout).items():
            book.set_custom_property(name, value)
        write_agreements(draft)
        write_earlier(draft, earlier)
    book.close()
    return out.getvalue()


def _formats(book: Any, layout: Layout) -> dict[str, Any]:
    """Return the cell formats by name; input formats are unlocked and named like their number kind."""
    border = {"border": 1, "border_color": "#9AA5B1"}
    formats = {
        "title": {"bold": True, "font_size": 14},
        "mark": {"bold": True, "font_color": _MARK_COLOUR},
        "label": {"bold": True, **border},
        "fixed": {"num_format": "@", **border},
        "fixed_wrapped": {"num_format": "@", "text_wrap": True, "valign": "top", **border},
        "choice": {"num_format": "@", "locked": False, "bg_color": _INPUT_COLOUR, **border},
        "wrapped": {"text_wrap": True, "valign": "top"},
        "header": {"bold": True, "text_wrap": True, "valign": "top", "font_color": "#FFFFFF", "bg_color": _HEAD_COLOUR, **border},
        "remark": {"text_wrap": True, "valign": "top", "num_format": "@", "locked": False, "bg_color": _INPUT_COLOUR, **border},
    }  # fmt: skip
    for sheet in layout.sheets:
        for kind in (column.kind for column in sheet.columns):
            formats[kind.name] = {
                "num_format": kind.number_format,
                "locked": False,
                "bg_color": _INPUT_COLOUR,
                **border,
            }
            formats[f"{kind.name}_locked"] = {"num_format": kind.number_format, **border}
    return {name: book.add_format(properties) for name, properties in formats.items()}


def _write_cover(draft: Draft) -> None:
    cover, formats, content = draft.layout.cover, draft.formats, draft.content
    sheet = add_sheet(draft, cover.sheet, draft.layout.title)
    values = {"ags": content.ags, "name": draft.body, "quarter": content.quarter, "edition": draft.layout.edition}
    values["contract"] = contract_mark(draft.expected, draft.layout)
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, _CHARACTERS_PER_LINE)
    label_at, value_at = column_index(cover.label_column) - 1, column_index(cover.value_column) - 1
    for entry in cover.entries:
        row = entry.row - 1
        sheet.write_string(row, label_at, entry.label, formats["label"])
        sheet.write_string(row, value_at, values[entry.key], formats["choice" if entry.key == "quarter" else "fixed"])
        if entry.key == "quarter":
            sheet.data_validation(
                row, value_at, row, value_at, _quarter_choice(content.quarter, draft.expected.first_quarter)
            )
    lines = text("delivery.template.instructions", fields=", ".join(draft.expected.fields.values())).strip().split("\n")
    for offset, line in enumerate(lines):
        row = cover.instructions_row - 1 + offset
        sheet.set_row(row, 15 * (1 + len(line) // _CHARACTERS_PER_LINE))
        sheet.write_string(row, label_at, f"{offset}." if offset else "", formats["wrapped"])
        sheet.write_string(row, value_at, line, formats["wrapped" if offset else "label"])


def _quarter_choice(quarter: str, first_quarter: str) -> dict[str, Any]:
    """Return the drop-down of the quarter: the last ones up to the form's own, within the study."""
    first = max(first_quarter, quarter_shift(quarter, 1 - _QUARTERS_OFFERED))
    offered = quarter_range(first, quarter) or [quarter]
    return {"validate": "list", "source": offered, "error_message": text("delivery.template.quarter_error")}


def _write_table(draft: Draft, table: SheetLayout) -> None:
    formats = draft.formats
    sheet = add_sheet(draft, table.name, table.title)
    header, first = table.header_row - 1, table.header_row
    sheet.freeze_panes(first, 1)
    sheet.set_row(header, 48)
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, len(table.columns), 20)
    sheet.repeat_rows(header)
    sheet.write_string(header, 0, table.row_label, formats["header"])
    for column in table.columns:
        at = column.index - 1
        sheet.write_string(header, at, column.heading, formats["header"])
        sheet.data_validation(first, at, first + len(draft.expected.fields) - 1, at, _limits(column))
    for row, (key, name) in enumerate(draft.expected.fields.items(), first):
        sheet.write_string(row, 0, name, formats["label"])
        for column in table.columns:
            value = draft.content.values.get((column.table, key, column.item))
            if value is None:
                sheet.write_blank(row, column.index - 1, None, formats[column.kind.name])
            else:
                sheet.write_number(row, column.index - 1, float(value), formats[column.kind.name])


def _limits(column: Column) -> dict[str, Any]:
    """Return the data validation of a column: its limits, and its hint when the cell is chosen."""
    return {
        "validate": "integer" if column.kind.decimals == 0 else "decimal",
        "criteria": "between",
        "minimum": float(column.minimum) if column.kind.decimals else int(column.minimum),
        "maximum": float(column.kind.maximum) if column.kind.decimals else int(column.kind.maximum),
        "input_title": column.label[:32],
        "input_message": column.hint,
        "error_title": column.label[:32],
        "error_message": text(f"delivery.kind.{column.kind.name}")[:255],
    }


def _write_remarks(draft: Draft) -> None:
    remarks, written = draft.layout.remarks, draft.content.remarks
    sheet = add_sheet(draft, remarks.sheet, remarks.title)
    column, header = column_index(remarks.column) - 1, remarks.header_row - 1
    sheet.set_column(column, column, 110)
    sheet.freeze_panes(header + 1, 0)
    sheet.write_string(header, column, remarks.label, draft.formats["header"])
    for offset in range(max(remarks.rows, len(written))):
        row = header + 1 + offset
        if offset < len(written):
            sheet.write_string(row, column, written[offset], draft.formats["remark"])
        else:
            sheet.write_blank(row, column, None, draft.formats["remark"])
