"""Sheets of the form that only inform: what the body delivered before, and the agreements it is party to.

Also what every sheet of the form has in common, and how a form says by which contract it was made. The sheets to be
filled in are template.py; how earlier values are read back is prefilled.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from ikz_eval.delivery.content import DeliveryContent
from ikz_eval.delivery.expectation import AgreementPart, Expected
from ikz_eval.delivery.history import Values
from ikz_eval.delivery.layout import Layout
from ikz_eval.delivery.prefilled import HEADER_ROW, HEADERS, SHEET, items_in_order
from ikz_eval.texts import day, text


@dataclass(frozen=True, slots=True)
class Draft:
    """The workbook being written, and all that its sheets need."""

    book: Any
    formats: dict[str, Any]
    layout: Layout
    content: DeliveryContent
    body: str
    expected: Expected
    mark: str


def contract_mark(expected: Expected, layout: Layout) -> str:
    """Return the mark of the contract between form and reader: edition, and a hash of its cells, units and limits."""
    said = [layout.edition, *layout.sheet_names, *expected.fields]
    for sheet in layout.sheets:
        for column in sheet.columns:
            limits = column.kind.name, str(column.kind.decimals), str(column.minimum), str(column.kind.maximum)
            said += [sheet.name, column.letter, column.table, column.item, column.heading, *limits]
    digest = sha256("\n".join(said).encode()).hexdigest()
    return f"{layout.edition}-{digest[:12]}"


def form_properties(expected: Expected, layout: Layout) -> dict[str, str]:
    """Return what the file's properties say about the form."""
    return {
        "ikz_study": expected.study,
        "ikz_edition": layout.edition,
        "ikz_contract": contract_mark(expected, layout),
    }


def add_sheet(draft: Draft, name: str, title: str) -> Any:
    """Return a new protected sheet with title, mark and print set-up."""
    sheet = draft.book.add_worksheet(name)
    sheet.protect("", {"format_columns": True, "format_rows": True})
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_header(f"&L{draft.body.replace('&', '&&')} ({draft.content.ags})&R{draft.layout.title}")
    sheet.set_footer(f"&L{draft.mark}&C&A&R" + text("delivery.template.page", page="&P", pages="&N"))
    sheet.write_string(0, 0, title, draft.formats["title"])
    if draft.mark:
        sheet.write_string(draft.layout.mark_row - 1, 0, draft.mark, draft.formats["mark"])
    return sheet


def write_earlier(draft: Draft, earlier: Mapping[str, Values]) -> None:
    """Write what the body delivered for earlier quarters, one column a quarter; no sheet when there is nothing."""
    if not earlier:
        return
    sheet = add_sheet(draft, SHEET, text("template.earlier.title"))
    sheet.write_string(2, 0, text("template.earlier.explanation"))
    sheet.freeze_panes(HEADER_ROW, len(HEADERS))
    for at, width in enumerate((16, 30, 34, 12, *([16] * len(earlier)))):
        sheet.set_column(at, at, width)
    for at, head in enumerate((*HEADERS, *earlier)):
        sheet.write_string(HEADER_ROW - 1, at, head, draft.formats["header"])
    kinds = {(column.table, column.item): column.kind.name for one in draft.layout.sheets for column in one.columns}
    for row, (item, labels) in enumerate(items_in_order(draft.layout, draft.expected.fields), HEADER_ROW):
        for at, label in enumerate(labels):
            sheet.write_string(row, at, label, draft.formats["fixed"])
        for at, values in enumerate(earlier.values(), len(labels)):
            look = draft.formats[f"{kinds[item[0], item[2]]}_locked"]
            if item in values:
                sheet.write_number(row, at, float(values[item]), look)
            else:
                sheet.write_blank(row, at, None, look)


def write_agreements(draft: Draft) -> None:
    """Write the agreements that the body is party to, as the study knows them; no sheet when it knows none."""
    mine = [part for part in draft.expected.agreements if part.ags == draft.content.ags]
    if not mine:
        return
    sheet = add_sheet(draft, text("template.agreements.sheet"), text("template.agreements.title"))
    sheet.write_string(2, 0, text("template.agreements.explanation"))
    for at, (name, width) in enumerate(_AGREEMENT_COLUMNS):
        sheet.set_column(at, at, width)
        sheet.write_string(HEADER_ROW - 1, at, text(f"template.agreements.column.{name}"), draft.formats["header"])
    for row, part in enumerate(mine, HEADER_ROW):
        for at, words in enumerate(_agreement_words(part, draft.expected)):
            sheet.write_string(row, at, words, draft.formats["fixed_wrapped"])


_AGREEMENT_COLUMNS = (("field", 30), ("partners", 60), ("start", 16), ("end", 16), ("role", 18), ("status", 18))


def _agreement_words(part: AgreementPart, expected: Expected) -> tuple[str, ...]:
    others = (one for one in expected.agreements if one.agreement == part.agreement and one.ags != part.ags)
    partners = ", ".join(dict.fromkeys(expected.bodies.get(one.ags, one.ags) for one in others))
    known = ("valid", "planned", "earlier", "conflicting")
    return (
        expected.fields.get(part.field, part.field),
        partners,
        _day(part.start, "unknown"),
        _day(part.end, "open"),
        text(f"template.agreements.{'host' if part.is_host else 'partner'}"),
        text(f"template.agreements.status.{part.status}") if part.status in known else part.status,
    )


def _day(iso: str, otherwise: str) -> str:
    return day(date.fromisoformat(iso)) if iso else text(f"template.agreements.{otherwise}")
