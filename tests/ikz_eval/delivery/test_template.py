"""The official form: what a clerk sees and may change, always the same bytes."""

import io
import re
import shutil
import subprocess
from decimal import Decimal

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
    asked = {(column.table, column.item) for sheet in load_layout().sheets for column in sheet.columns}
    assert asked == (
        {("cost", block) for block in COST_BLOCKS}
        | {("caseload", "cases"), ("staff", "staff_fte")}
        | {("service_quality", indicator) for indicator in SERVICE_INDICATORS}
        | {("control", "total")}
    )


def test_sheets_headings_and_tasks_are_german_with_units(registry):
    book = opened(empty_workbook(registry, "X0901", "2025-Q4"))
    assert book.sheetnames == ["Deckblatt", "Kosten", "Fälle", "Personal", "Servicequalität", "Bemerkungen"]
    cover = book["Deckblatt"]
    assert [cover[f"B{row}"].value for row in range(4, 8)] == ["X0901", "Landkreis Öwenried", "2025-Q4", "2026"]
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


def earlier_values(value: str = "1234.56") -> dict[tuple[str, str, str], Decimal]:
    return {
        (column.table, field, column.item): Decimal(value)
        for sheet in load_layout().sheets
        for field in FIELDS
        for column in sheet.columns
        if column.table != "control"
    }


def test_a_prefilled_form_shows_what_was_delivered_before_and_is_locked(registry):
    earlier = {"2025-Q3": earlier_values(), "2025-Q2": earlier_values("7.5")}
    book = opened(empty_workbook(registry, "X0101", "2025-Q4", earlier))
    sheet = book["Vorquartal"]
    assert [cell.value for cell in sheet[4]] == ["Blatt", "Aufgabe", "Position", "Einheit", "2025-Q3", "2025-Q2"]
    assert [cell.value for cell in sheet[5]] == ["Kosten", "Fahrzeugzulassung", "Personalkosten", "EUR", 1234.56, 7.5]
    assert sheet.max_row == 4 + 3 * (11 + 1 + 1 + 3), "three fields, sixteen values each"
    assert sheet.protection.sheet and all(cell.protection.locked for row in sheet for cell in row)
    assert sheet["E5"].number_format == "#,##0.00" and sheet.freeze_panes == "E5"
    assert book["Kosten"]["B5"].value is None, "what is to be delivered stays open"


def test_a_prefilled_form_names_the_agreements_of_its_body_alone(registry):
    sheet = opened(empty_workbook(registry, "X0101", "2025-Q4"))["Vereinbarungen"]
    assert [cell.value for cell in sheet[4]] == ["Aufgabe", "Partner", "Beginn", "Ende", "Ihre Rolle", "Stand"]
    assert [cell.value for cell in sheet[5]] == ["Wohngeld", "Stadt Erdach", "01.01.2024", "offen", "beteiligt", "gilt"]
    assert sheet.max_row == 5
    other = opened(empty_workbook(registry, "X0102", "2025-Q4"))["Vereinbarungen"]
    assert other["C5"].value == "nicht bekannt", "an unknown start is said to be unknown"
    assert "Vereinbarungen" not in opened(empty_workbook(registry, "X0901", "2025-Q4")).sheetnames


def test_a_form_says_by_which_contract_it_was_made(registry):
    book = opened(empty_workbook(registry, "X0101", "2025-Q4"))
    mark = book["Deckblatt"]["B8"].value
    assert re.fullmatch(r"2026-[0-9a-f]{12}", mark)
    said = {prop.name: prop.value for prop in book.custom_doc_props}
    assert said == {"ikz_study": "tiny", "ikz_edition": "2026", "ikz_contract": mark}
    fewer = registry.fields[registry.fields["field"] != "elterngeld"]
    assert opened(empty_workbook(make_registry(fields=fewer), "X0101", "2025-Q4"))["Deckblatt"]["B8"].value != mark


def test_the_prefilled_form_has_the_same_bytes_every_time(registry):
    earlier = {"2025-Q3": earlier_values()}
    assert empty_workbook(registry, "X0101", "2025-Q4", earlier) == empty_workbook(
        registry, "X0101", "2025-Q4", earlier
    )


SOFFICE = shutil.which("soffice")


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed here")
def test_libreoffice_opens_the_prefilled_form_with_all_its_sheets(registry, tmp_path):
    form = tmp_path / "form.xlsx"
    form.write_bytes(empty_workbook(registry, "X0101", "2025-Q4", {"2025-Q3": earlier_values()}))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [str(SOFFICE), profile, "--headless", "--convert-to", "fods", "--outdir", str(tmp_path), str(form)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    content = (tmp_path / "form.fods").read_text(encoding="utf-8")
    names = re.findall(r'<table:table table:name="([^"]+)"', content)
    assert names == [
        "Deckblatt", "Kosten", "Fälle", "Personal", "Servicequalität", "Bemerkungen", "Vereinbarungen", "Vorquartal",
    ]  # fmt: skip
    assert content.count('table:protected="true"') == len(names)
