"""The official form: what a clerk sees and may change, always the same bytes."""

import io

import pytest
from openpyxl import load_workbook

from ikz_eval.delivery.content import DeliveryContent
from ikz_eval.delivery.csv_form import filled_csv
from ikz_eval.delivery.layout import column_index, column_letter, load_layout
from ikz_eval.delivery.template import empty_workbook, filled_workbook
from ikz_eval.errors import DeliveryError
from schemas.vocabulary import COST_BLOCKS, SERVICE_INDICATORS
from tests.ikz_eval.delivery.builders import FIELDS, make_content, make_registry

MARK = "ERFUNDEN – nur Vorführung"


def opened(data):
    return load_workbook(io.BytesIO(data))


def test_the_form_asks_for_everything_the_contracts_hold_and_nothing_else():
    asked = {(sheet.table, column.item) for sheet in load_layout().sheets for column in sheet.columns}
    assert asked == (
        {("cost", block) for block in COST_BLOCKS}
        | {("caseload", "cases"), ("staff", "staff_fte")}
        | {("service_quality", indicator) for indicator in SERVICE_INDICATORS}
    )


def test_sheets_headings_and_tasks_are_german_with_units(registry):
    book = opened(empty_workbook(registry, "X0901", "2025-Q4"))
    assert book.sheetnames == ["Deckblatt", "Kosten", "Fälle", "Personal", "Servicequalität", "Bemerkungen"]
    cover = book["Deckblatt"]
    assert [cover[f"B{row}"].value for row in range(4, 8)] == ["X0901", "Landkreis Öwenried", "2025-Q4", "2025"]
    cost = book["Kosten"]
    assert [cost.cell(4, column).value for column in (1, 2, 12)] == [
        "Aufgabe",
        "Personalkosten [EUR]",
        "Zuwendungen [EUR]",
    ]
    assert [cost.cell(row, 1).value for row in range(5, 9)] == [*FIELDS.values(), None]
    assert "0 eintragen" in " ".join(str(cell.value) for cell in cover["B"])


def test_only_input_cells_can_be_changed_and_protection_needs_no_password(registry):
    book = opened(empty_workbook(registry, "X0901", "2025-Q4"))
    for sheet in book.worksheets:
        assert sheet.protection.sheet and sheet.protection.password is None
    cost = book["Kosten"]
    assert cost["A5"].protection.locked and cost["B4"].protection.locked
    assert not cost["B5"].protection.locked and not book["Bemerkungen"]["A5"].protection.locked
    assert cost["B5"].number_format == "#,##0.00" and cost.freeze_panes == "B5"
    assert book["Deckblatt"]["B4"].protection.locked and not book["Deckblatt"]["B6"].protection.locked


def test_inputs_are_guided_by_drop_down_and_limits(registry):
    book = opened(empty_workbook(registry, "X0901", "2025-Q4"))
    (quarter,) = book["Deckblatt"].data_validations.dataValidation
    assert quarter.type == "list" and quarter.formula1.strip('"').split(",")[-1] == "2025-Q4"
    share = book["Servicequalität"].data_validations.dataValidation[2]
    assert (share.type, float(share.formula1), float(share.formula2)) == ("decimal", 0, 100)
    assert "Prozent" in share.prompt and "12,5" in share.error


def test_every_sheet_of_an_invented_study_is_marked_and_no_other(registry):
    book = opened(empty_workbook(registry, "X0901", "2025-Q4"))
    assert {sheet["A2"].value for sheet in book.worksheets} == {MARK}
    assert all(MARK in sheet.oddFooter.left.text for sheet in book.worksheets)
    real = make_registry(is_invented=False)
    assert {sheet["A2"].value for sheet in opened(empty_workbook(real, "X0901", "2025-Q4")).worksheets} == {None}


def test_the_same_input_gives_the_same_bytes(registry):
    assert filled_workbook(registry, make_content()) == filled_workbook(registry, make_content())


def test_text_never_becomes_a_formula_or_a_link(registry):
    content = make_content()
    hostile = DeliveryContent(content.ags, content.quarter, content.values, ("=1+1", "https://example.org", "{=2}"))
    sheet = opened(filled_workbook(registry, hostile))["Bemerkungen"]
    assert [(sheet.cell(row, 1).value, sheet.cell(row, 1).data_type) for row in (5, 6)] == [
        ("=1+1", "s"), ("https://example.org", "s"),
    ]  # fmt: skip
    assert sheet["A6"].hyperlink is None


def test_a_remark_the_dialect_cannot_hold_is_refused(registry):
    content = make_content()
    odd = DeliveryContent(content.ags, content.quarter, content.values, ("Łódź",))
    with pytest.raises(DeliveryError, match="use the dialect comma_utf8_bom"):
        filled_csv(registry, odd, "semicolon_cp1252")
    assert "Łódź".encode() in filled_csv(registry, odd, "comma_utf8_bom")


def test_column_letters():
    for index in (1, 26, 27, 52, 53, 702, 703, 16384):
        assert column_index(column_letter(index)) == index
    assert [column_letter(index) for index in (1, 26, 27, 703, 16384)] == ["A", "Z", "AA", "AAA", "XFD"]
