"""Edition 2026 has a total as control; edition 2025 without it stays readable."""

import pytest

from ikz_eval.delivery.csv_form import filled_csv
from ikz_eval.delivery.expectation import expect
from ikz_eval.delivery.frames import cell_frame
from ikz_eval.delivery.judge import judge
from ikz_eval.delivery.layout import load_layout
from ikz_eval.delivery.template import filled_workbook
from schemas import CONTRACTS
from tests.ikz_eval.delivery.builders import TOTAL_OF, edit_workbook, make_content, make_registry

EXPECTED = expect(make_registry())
CSV = filled_csv(make_registry(), make_content(), "semicolon_cp1252").decode("cp1252")


def without_totals(written):
    return "".join(line for line in written.splitlines(keepends=True) if ";Summe der Kosten;" not in line)


def test_a_form_of_edition_2025_is_read_as_before():
    judgement = judge(without_totals(CSV.replace("2026 ERFUNDEN", "2025 ERFUNDEN")).encode("cp1252"), "a.csv", EXPECTED)
    assert (judgement.status, judgement.layout, judgement.findings) == ("accepted", "2025", ())
    assert {cell.table for cell in judgement.cells} == {"cost", "caseload", "staff", "service_quality", "remark"}


def test_a_workbook_of_edition_2025_is_read_as_before():
    def older(book):
        book["Deckblatt"]["B7"] = "2025"
        book["Kosten"].delete_cols(13)

    judgement = judge(edit_workbook(filled_workbook(make_registry(), make_content()), older), "a.xlsx", EXPECTED)
    assert (judgement.status, judgement.layout) == ("accepted", "2025")
    assert [finding.rule for finding in judgement.findings] == []


def test_the_total_sums_the_cost_blocks_and_goes_to_no_table_of_facts():
    (total,) = [column for column in load_layout().sheets[0].columns if column.controls]
    assert (total.heading, total.controls, total.table) == ("Summe der Kosten [EUR]", TOTAL_OF, "control")
    judgement = judge(CSV.encode("cp1252"), "a.csv", EXPECTED)
    controls = [cell for cell in judgement.cells if cell.table == "control"]
    assert [(cell.field, cell.value) for cell in controls][1] == ("wohngeld", "8641.92")
    CONTRACTS["delivery_cell"].validate(cell_frame([judgement]))


@pytest.mark.parametrize("left_out", [without_totals, lambda written: written.replace("8.641,92", "")])
def test_a_total_may_be_left_out(left_out):
    judgement = judge(left_out(CSV).encode("cp1252"), "a.csv", EXPECTED)
    assert (judgement.status, judgement.findings) == ("accepted", ())
