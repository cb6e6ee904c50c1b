"""What is no workbook is answered with one: what was read stands in its row, and the faults are marked there."""

import io
from datetime import datetime

import pytest
from openpyxl import load_workbook

from ikz_eval.delivery.csv_form import DIALECTS, filled_csv
from ikz_eval.delivery.layout import load_layout
from ikz_eval.delivery.reading import Contents, RawCell, Refusal, Sheet
from ikz_eval.delivery.returned.own import MOST_ROWS, own_workbook
from tests.ikz_eval.delivery.builders import make_content, make_registry

HEADERS = load_layout().csv_headers


def opened(data: bytes):
    return load_workbook(io.BytesIO(data))


def shown(read: Contents | Refusal):
    return own_workbook(read, "Gelesene Werte", HEADERS)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_csv_delivery_stands_line_by_line(dialect):
    encoding = DIALECTS[dialect][1]
    text = filled_csv(make_registry(), make_content(), dialect).decode(encoding)
    own = shown(Contents("text", text=text))
    sheet = opened(own.data)["Gelesene Werte"]
    assert [cell.value for cell in sheet[1]] == list(HEADERS)
    assert sheet["E2"].value == "Fahrzeugzulassung" and sheet["G2"].value.endswith("234,56")
    assert own.find("Kosten", 2, "Wert") == ("Gelesene Werte", "G2")
    assert own.find(None, 7, None) == ("Gelesene Werte", "A7"), "a line as a whole is marked in its first column"
    assert own.lines[2] == "Fahrzeugzulassung, Personalkosten" and 1 not in own.lines
    assert not own.is_cut


def test_lines_keep_their_number_behind_breaks_inside_a_cell():
    own = shown(Contents("text", text='a;b\n"eins\nzwei";2\n\nlast;3\n'))
    sheet = opened(own.data)["Gelesene Werte"]
    assert (sheet["A2"].value, sheet["A5"].value, sheet["B5"].value) == ("eins\nzwei", "last", "3")


def test_an_older_workbook_is_shown_at_the_same_cells():
    cells = {
        (5, 2): RawCell(1234.5), (5, 3): RawCell("=1+1"), (6, 2): RawCell(True), (7, 2): RawCell(datetime(2024, 3, 1)),
        (8, 2): RawCell(float("inf")), (9, 2): RawCell(10**20),
    }  # fmt: skip
    own = shown(Contents("xls", sheets=(Sheet("Kosten", cells), Sheet("Fälle"))))
    sheet = opened(own.data)["Kosten"]
    assert sheet["B5"].value == 1234.5 and (sheet["C5"].value, sheet["C5"].data_type) == ("=1+1", "s")
    assert [sheet[f"B{row}"].value for row in (6, 7, 8, 9)] == ["True", "2024-03-01 00:00:00", "inf", str(10**20)]
    assert own.find("Kosten", 5, "B") == ("Kosten", "B5") and own.find("gibt es nicht", 5, "B") is None


def test_names_that_excel_does_not_take_are_changed():
    names = ["Kosten/Fälle: [2024]?", "x" * 60, "x" * 61, "''", "Kosten", "KOSTEN"]
    own = shown(Contents("ods", sheets=tuple(Sheet(name, {(1, 1): RawCell(name)}) for name in names)))
    book = opened(own.data)
    assert book.sheetnames[0] == "Kosten_Fälle_ _2024__" and len({name.casefold() for name in book.sheetnames}) == 6
    assert all(len(name) <= 31 for name in book.sheetnames)
    for name in names:
        sheet, cell = own.find(name, 1, "A")
        assert book[sheet][cell].value == name


def test_a_file_nobody_could_open_gives_an_empty_workbook():
    own = shown(Refusal("K01", "damaged"))
    assert opened(own.data).sheetnames == ["-"] and own.find("Kosten", 1, "A") is None


def test_a_very_long_file_is_cut_and_says_so():
    own = shown(Contents("text", text="a;b\n" * (MOST_ROWS + 100)))
    assert own.is_cut and opened(own.data)["Gelesene Werte"].max_row == MOST_ROWS
    assert own.find(None, MOST_ROWS + 5, "A") is None


def test_the_same_contents_give_the_same_bytes():
    read = Contents("text", text="a;b\n1;2\n")
    assert shown(read).data == shown(read).data
