"""The form is found where it stands: moved, with rows above it, in another order; and one fault is one finding."""

import csv
import io

import pytest

from ikz_eval.delivery.expectation import expect
from ikz_eval.delivery.judge import judge
from ikz_eval.delivery.reading import Contents, Refusal, read_file
from tests.ikz_eval.delivery.builders import address, edit_workbook, places
from tests.ikz_eval.delivery.reading.hostile import CSV, GOOD, NAME, REGISTRY, good_table
from tests.ikz_eval.delivery.reading.packages import ods, xls

EXPECTED = expect(REGISTRY)
VALUES = judge(GOOD, NAME, EXPECTED).cells


def said(cells):
    """Return what cells say, apart from where they stand."""
    return sorted((cell.table, cell.field or "", cell.item, cell.value) for cell in cells)


def judged(edit):
    return judge(edit_workbook(GOOD, edit), NAME, EXPECTED)


def csv_lines(change):
    out = io.StringIO()
    rows = list(csv.reader(io.StringIO(CSV)))
    csv.writer(out).writerows(change(rows))
    return judge(out.getvalue().encode(), "X0101_2024-Q3.csv", EXPECTED)


def test_the_form_says_the_same_in_every_format():
    table = good_table()
    for data, ending in ((xls(table), "xls"), (ods(table), "ods")):
        judgement = judge(data, f"X0101_2024-Q3.{ending}", EXPECTED)
        assert judgement.status == "accepted" and judgement.cells == VALUES
    assert judgement.guards[-1] == "time"


def test_a_table_moved_down_and_right_is_read_where_it_stands():
    def move(book):
        for name in ("Kosten", "Fälle"):
            book[name].insert_rows(1, 7)
            book[name].insert_cols(1, 2)

    judgement = judged(move)
    assert places(judgement.findings) == [("K49", "Kosten", None, None, "11"), ("K49", "Fälle", None, None, "11")]
    assert said(judgement.cells) == said(VALUES)
    assert next(cell for cell in judgement.cells if cell.item == "personnel")[:3] == ("Kosten", 12, "D")


def test_a_deleted_column_is_one_finding_even_when_it_names_the_rows():
    assert places(judged(lambda book: book["Kosten"].delete_cols(4)).findings) == [("K14", "Kosten", 4, "D", "nichts")]
    assert places(judged(lambda book: book["Kosten"].delete_cols(1)).findings) == [("K14", "Kosten", 4, "A", "nichts")]
    assert [f.rule for f in judged(lambda book: book["Fälle"].delete_rows(4)).findings] == ["K14"]


def test_a_renamed_heading_of_the_rows_is_one_finding():
    judgement = judged(lambda book: book["Kosten"].__setitem__("A4", "Amt"))
    assert places(judgement.findings) == [("K14", "Kosten", 4, "A", "Amt")]


def test_a_sheet_without_header_is_one_finding_in_words():
    findings = judged(lambda book: book["Kosten"].delete_rows(4)).findings
    assert [(f.rule, f.allowed(), f.allowed("en")) for f in findings] == [
        ("K14", "die Kopfzeile des Formulars", "the header of the form")
    ]


def test_many_foreign_rows_are_one_finding():
    def add(book):
        for row in range(20, 60):
            book["Kosten"].cell(row, 1, f"Konto {row}")

    assert places(judged(add).findings) == [("K17", "Kosten", 20, "A", "Z 20–59")]


@pytest.mark.parametrize(
    ("table", "field", "item", "value", "allowed"),
    [
        ("caseload", "wohngeld", "cases", -5, "mindestens 0 Fälle"),
        ("staff", "wohngeld", "staff_fte", -1, "mindestens 0 VZÄ"),
        ("cost", "wohngeld", "grants", -1, "mindestens 0 EUR"),
    ],
)
def test_limits_read_as_a_person_says_them(table, field, item, value, allowed):
    sheet, cell = address(table, field, item)
    assert judged(lambda book: book[sheet].__setitem__(cell, value)).findings[0].allowed() == allowed


def test_scaled_and_foreign_formats_say_what_was_read():
    sheet, cell = address("cost", "wohngeld", "material")

    def show(number_format):
        def edit(book):
            book[sheet][cell] = 12400
            book[sheet][cell].number_format = number_format

        return judged(edit)

    scaled = show('#,##0.0," T€"')
    assert (scaled.status, scaled.findings[0].allowed()) == (
        "accepted",
        "ein Zellformat ohne Teilung; gelesen wurde 12.400 EUR",
    )
    for number_format in ('#,##0 "T€"', '0.0\\ "TEUR"', '#,##0" Tsd. EUR"', "[$T€-407] #,##0"):
        assert [f.rule for f in show(number_format).findings] == ["K45"], number_format
    for number_format in ("#,##0.00", '#,##0.00 "€"', "#,##0 _€", "_-* #,##0.00 [$€-407]_-", "0", "General", "@"):
        assert show(number_format).findings == (), number_format


def test_columns_of_a_csv_may_stand_in_another_order():
    judgement = csv_lines(lambda rows: [row[::-1] for row in rows])
    assert (judgement.status, judgement.findings) == ("accepted", ())
    assert said(judgement.cells) == said(VALUES)


def test_a_csv_torn_throughout_is_not_a_page_of_findings():
    findings = csv_lines(lambda rows: [rows[0], rows[1], *[row[:5] for row in rows[2:]]]).findings
    assert len([f for f in findings if f.rule == "K33"]) == 11 == len(findings)


@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        (b"a;b\r\n1;2", "utf-8", "a;b\r\n1;2"),
        ("Gebühren €".encode("cp1252"), "cp1252", "Gebühren €"),
        ("Gebühren €".encode(), "utf-8", "Gebühren €"),
        ("Gebühren €".encode("utf-8-sig"), "utf-8-sig", "Gebühren €"),
        ("Gebühren €".encode("utf-16"), "utf-16", "Gebühren €"),
        (b"a\x1a", "utf-8", "a"),
        ("„Grün“ – Straße § 5".encode("cp1252"), "cp1252", "„Grün“ – Straße § 5"),
    ],
)
def test_text_is_decoded_by_mark_then_utf_8_then_cp1252(data, encoding, text):
    read = read_file(data, "a.csv")
    assert isinstance(read, Contents)
    assert (read.kind, read.encoding, read.text) == ("text", encoding, text)


@pytest.mark.parametrize(
    "data",
    [
        b"a\x81b",
        b"a\x8d",
        b"F\x84lle",
        "Geb\x9fhren".encode("mac-roman", "replace") + b"\x9fa",
        "a\x85".encode(),
        b"\xff\xfea",
    ],
)
def test_text_that_nobody_can_be_sure_of_is_refused(data):
    read = read_file(data, "a.csv")
    assert isinstance(read, Refusal)
    assert read.rule == "K02"
