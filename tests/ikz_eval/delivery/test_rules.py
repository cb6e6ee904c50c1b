"""Every rule: what it finds, where, how grave it is; and one fault gives one finding."""

import datetime as dt
import time
import unicodedata

import pytest

from ikz_eval.delivery.csv_form import filled_csv
from ikz_eval.delivery.expectation import expect
from ikz_eval.delivery.frames import cell_frame
from ikz_eval.delivery.judge import judge
from ikz_eval.delivery.rules import RULES, rule_page
from ikz_eval.delivery.rules.page import sample_finding
from ikz_eval.delivery.template import filled_workbook
from ikz_eval.texts import LANGUAGES
from schemas.vocabulary import REJECTING
from tests.ikz_eval.delivery.builders import address, edit_workbook, make_content, make_registry, places

NAME = "X0101_2024-Q3.xlsx"
REGISTRY = make_registry()
GOOD = filled_workbook(REGISTRY, make_content())
CSV = filled_csv(REGISTRY, make_content(), "semicolon_cp1252").decode("cp1252")


def judge_edited(edit, name=NAME):
    return judge(edit_workbook(GOOD, edit), name, expect(REGISTRY))


def judge_value(table, field, item, value, number_format=None):
    """Return the judgement of the good workbook with one cell changed."""
    sheet, cell = address(table, field, item)

    def put(book):
        book[sheet][cell] = value
        if number_format is not None:
            book[sheet][cell].number_format = number_format

    return judge_edited(put)


def judge_csv(old, new, count=1):
    assert old in CSV
    return judge(CSV.replace(old, new, count).encode("cp1252"), "X0101_2024-Q3.csv", expect(REGISTRY))


def cover(cell, value):
    return judge_edited(lambda book: book["Deckblatt"].__setitem__(cell, value))


@pytest.mark.parametrize(
    ("cell", "value", "rule", "found"),
    [
        ("B7", "2019", "K03", "2019"),
        ("B7", None, "K03", "nichts"),
        ("B4", "X9999", "K04", "X9999"),
        ("B6", "2019-Q1", "K05", "2019-Q1"),
        ("B6", "2026-Q1", "K05", "2026-Q1"),
        ("B6", "Sommer", "K05", "Sommer"),
        ("B6", None, "K05", "nichts"),
        ("B5", "Stadt Erdach", "K32", "Stadt Erdach"),
    ],
)
def test_cover(cell, value, rule, found):
    judgement = cover(cell, value)
    assert places(judgement.findings) == [(rule, "Deckblatt", int(cell[1:]), "B", found)]
    assert judgement.status == ("rejected" if RULES[rule].severity in REJECTING else "accepted")


@pytest.mark.parametrize("spelling", ["Q3/2024", "3. Quartal 2024", "2024 Q3", "2024-q3"])
def test_quarter_spellings_that_can_mean_nothing_else_are_read(spelling):
    assert (cover("B6", spelling).quarter, cover("B6", spelling).status) == ("2024-Q3", "accepted")


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("X0101_2024-Q3.xlsx", []),
        ("Meldung Nebelau endgültig (2).xlsx", []),
        ("X0102_2024-Q3.xlsx", ["K25"]),
        ("X0101_2024-Q2.xlsx", ["K25"]),
        ("X0101_2024Q3_55555.xlsx", []),
    ],
)
def test_a_file_name_is_compared_and_never_believed(name, rules):
    judgement = judge(GOOD, name, expect(REGISTRY))
    assert [finding.rule for finding in judgement.findings] == rules
    assert (judgement.status, judgement.ags, judgement.quarter) == ("accepted", "X0101", "2024-Q3")


def _rename(old, new):
    def edit(book):
        book[old].title = new

    return edit


def _copy(name):
    def edit(book):
        book.copy_worksheet(book[name])

    return edit


@pytest.mark.parametrize(
    ("edit", "expected", "status"),
    [
        (lambda book: book.remove(book["Personal"]), [("K11", "Personal", None, None, "nichts")], "rejected"),
        (_rename("Kosten", "Ausgaben"), [("K11", "Ausgaben", None, None, "Ausgaben")], "rejected"),
        (_rename("Kosten", "KOSTEN "), [], "accepted"),
        (_copy("Kosten"), [("K12", "Kosten Copy", None, None, "Kosten Copy")], "accepted"),
        (lambda book: book["Kosten"].delete_cols(3), [("K14", "Kosten", 4, "C", "nichts")], "rejected"),
        (lambda book: book["Kosten"].__setitem__("M4", "Summe"), [("K15", "Kosten", 4, "M", "Summe")], "accepted"),
        (lambda book: book["Kosten"].delete_rows(5), [("K16", "Kosten", None, None, "nichts")], "rejected"),
        (
            lambda book: book["Kosten"].__setitem__("A6", "Wohngelt"),
            [("K16", "Kosten", 6, "A", "Wohngelt")],
            "rejected",
        ),
        (lambda book: book["Kosten"].__setitem__("A8", "Summe"), [("K17", "Kosten", 8, "A", "Summe")], "accepted"),
        (
            lambda book: book["Fälle"].__setitem__("B9", 5),
            [("K17", "Fälle", 9, "A", "Werte ohne Bezeichnung in der ersten Spalte")],
            "accepted",
        ),
        (lambda book: book["Fälle"].__setitem__("A8", "wohngeld"), [("K18", "Fälle", 8, "A", "wohngeld")], "rejected"),
        (
            lambda book: book["Kosten"].__setitem__("M4", "Raumkosten [EUR]"),
            [("K18", "Kosten", 4, "M", "Raumkosten [EUR]")],
            "rejected",
        ),
        (lambda book: book["Kosten"].insert_rows(6), [], "accepted"),
        (lambda book: book["Kosten"].insert_cols(4), [], "accepted"),
    ],
)
def test_structure(edit, expected, status):
    judgement = judge_edited(edit)
    assert (places(judgement.findings), judgement.status) == (expected, status)


def test_a_moved_row_is_read_where_it_stands():
    judgement = judge_edited(lambda book: book["Kosten"].insert_rows(6))
    cells = cell_frame([judgement])
    rows = cells.loc[(cells["field"] == "wohngeld") & (cells["table"] == "cost"), "row"]
    assert set(rows) == {7}


@pytest.mark.parametrize(
    ("place", "value", "number_format", "rule", "found"),
    [
        (("cost", "wohngeld", "material"), "k. A.", None, "K07", "k. A."),
        (("cost", "wohngeld", "material"), True, None, "K07", "WAHR"),
        (("cost", "wohngeld", "material"), "1.250,00 €", None, "K08", "1.250,00 €"),
        (("cost", "wohngeld", "material"), "1234.50", None, "K09", "1234.50"),
        (("cost", "wohngeld", "material"), "  ", None, "K10", "nichts"),
        (("cost", "wohngeld", "material"), 12.345, None, "K19", "12,345"),
        (("cost", "wohngeld", "material"), "12345,678", None, "K19", "12345,678"),
        (("cost", "wohngeld", "material"), "=1+1", None, "K20", "eine Formel ohne lesbares Ergebnis"),
        (("cost", "wohngeld", "grants"), -5, None, "K22", "−5"),
        (("caseload", "wohngeld", "cases"), "-5", None, "K22", "-5"),
        (("caseload", "wohngeld", "cases"), "12,5", None, "K23", "12,5"),
        (("service_quality", "wohngeld", "opening_hours_per_week"), 169, None, "K24", "169"),
        (("service_quality", "wohngeld", "online_share_percent"), "100,5", None, "K24", "100,5"),
        (("cost", "wohngeld", "material"), 1e300, None, "K24", None),
        (("caseload", "wohngeld", "cases"), 0, None, "K28", "0"),
        (("staff", "wohngeld", "staff_fte"), 0, None, "K29", "0"),
        (("cost", "wohngeld", "material"), dt.datetime(2025, 2, 1), None, "K30", "01.02.2025"),
        (("service_quality", "wohngeld", "online_share_percent"), 0.45, "0%", "K31", "0,45"),
        (("cost", "wohngeld", "material"), 0.45, "0.0 %", "K31", "0,45"),
    ],
)
def test_values(place, value, number_format, rule, found):
    judgement = judge_value(*place, value, number_format)
    sheet, cell = address(*place)
    assert [(f.rule, f.place.sheet, f.place.row, f.place.column) for f in judgement.findings] == [
        (rule, sheet, int(cell[1:]), cell[0])
    ]
    assert found is None or judgement.findings[0].found_text() == found
    assert judgement.status == ("rejected" if RULES[rule].severity in REJECTING else "accepted")


def test_a_percent_sign_that_is_only_printed_changes_no_value():
    judgement = judge_value("service_quality", "wohngeld", "online_share_percent", 45, '0.0" %"')
    assert (judgement.status, judgement.findings) == ("accepted", ())


def test_the_key_proposed_is_one_of_the_study():
    (found,) = cover("B4", "X9999").findings
    assert found.allowed() == "der fünfstellige AGS einer Körperschaft der Untersuchung, zum Beispiel X0101"


@pytest.mark.parametrize("value", [-1234.5, "-1.234,50", 0, "0", "1.234"])
def test_ordinary_values_of_a_cost_give_no_finding(value):
    assert judge_value("cost", "wohngeld", "material", value).findings == ()


def test_a_formula_counts_by_its_stored_value():
    import io

    from xlsxwriter import Workbook

    out = io.BytesIO()
    book = Workbook(out)
    book.add_worksheet("A").write_formula(0, 0, "=1+1", None, 2.5)
    book.close()
    from ikz_eval.delivery.reading import RawCell, read_file

    sheets = read_file(out.getvalue(), "a.xlsx").sheets
    assert sheets[0].cells == {(1, 1): RawCell(2.5, "General", is_formula=True)}


def test_payments_need_an_agreement_in_that_quarter():
    def asked(ags, quarter, field):
        content = make_content(ags, quarter, **{f"{field}__partner_paid": "100"})
        judgement = judge(filled_workbook(REGISTRY, content), "a.xlsx", expect(REGISTRY))
        assert judgement.status == "accepted"
        return [finding.rule for finding in judgement.findings]

    assert asked("X0101", "2024-Q1", "wohngeld") == []
    assert asked("X0101", "2023-Q4", "wohngeld") == ["K27"]
    assert asked("X0101", "2024-Q1", "elterngeld") == ["K27"]
    assert asked("X0102", "2023-Q1", "wohngeld") == []  # start unknown: nothing to object
    assert asked("X0901", "2024-Q1", "wohngeld") == ["K27"]


@pytest.mark.parametrize(
    ("remark", "found"),
    [
        ("Rückfragen an erika.muster@example.org", "eine E-Mail-Adresse"),
        ("Tel. 06131 / 16-0000", "eine Telefonnummer"),
        ("Umzug am 01.08.2024, 412 Fälle nachgeholt", None),
    ],
)
def test_remarks_with_personal_data_are_asked_about_without_repeating_them(remark, found):
    judgement = judge_edited(lambda book: book["Bemerkungen"].__setitem__("A6", remark))
    expected = [] if found is None else [("K26", "Bemerkungen", 6, "A", found)]
    assert places(judgement.findings) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("Wohngeld;Personalkosten;1.234,56", "Wohngeld;Personalkosten;1.23", [("K09", "Kosten", 14, "Wert", "1.23")]),
        ("Wohngeld;Sachkosten;1.234,56;EUR", "Wohngeld;Sachkosten;1,2;Tsd. EUR", [("K35", "Kosten", 15, "Einheit", "Tsd. EUR")]),
        ("Wohngeld;Sachkosten;", "Wohngeld;Sachausgaben;", [("K14", "Kosten", 15, "Position", "Sachausgaben")]),
        ("Wohngeld;Sachkosten;", "Wohngelt;Sachkosten;", [("K16", "Kosten", 15, "Aufgabe", "Wohngelt")]),
        ("Wohngeld;Sachkosten;", "Wohngeld;Sach;kosten;", [("K33", None, 15, None, "9")]),
        ("Wohngeld;Sachkosten;", "Wohngeld;Personalkosten;", [
            ("K18", "Kosten", 15, "Wert", "Wohngeld, Personalkosten"), ("K10", "Kosten", None, "Wert", "nichts")]),
        ("Kosten;Wohngeld;Sachkosten", "Ausgaben;Wohngeld;Sachkosten", [("K11", "Ausgaben", 15, "Blatt", "Ausgaben")]),
    ],
)  # fmt: skip
def test_lines_of_a_csv_file(old, new, expected):
    judgement = judge_csv(old, new)
    assert (places(judgement.findings), judgement.status) == (expected, "rejected")


def test_a_label_wrong_throughout_a_csv_file_is_reported_once_per_sheet():
    judgement = judge_csv("Wohngeld", "Wohngelt", -1)
    assert [(f.rule, f.place.sheet) for f in judgement.findings] == [
        ("K16", "Kosten"), ("K16", "Fälle"), ("K16", "Personal"), ("K16", "Servicequalität"),
    ]  # fmt: skip


def test_what_a_csv_file_lacks_is_said_in_few_words():
    def without(part):
        kept = "".join(line for line in CSV.splitlines(keepends=True) if part not in line)
        return places(judge(kept.encode("cp1252"), "a.csv", expect(REGISTRY)).findings)

    assert without(";Personal;") == [("K11", "Personal", None, None, "nichts")]
    assert without(";Kosten;Wohngeld;") == [("K16", "Kosten", None, None, "nichts")]
    assert without(";Raumkosten;") == [("K14", "Kosten", None, None, "nichts")]
    assert without(";Wohngeld;Raumkosten;") == [("K10", "Kosten", None, "Wert", "nichts")]


def test_a_csv_file_of_two_bodies_or_quarters_is_refused():
    judgement = judge_csv("X0101;2024-Q3;Fälle", "X0102;2024-Q3;Fälle")
    assert places(judgement.findings) == [("K34", None, 38, "AGS", "X0102")]
    assert judgement.status == "rejected"


def test_the_longest_remark_is_searched_at_once():
    remark = CSV.rstrip().rpartition("\r\n")[2].replace("Umzug der Stelle im August.", "ä" * 100_000)
    start = time.perf_counter()
    assert judge((CSV + remark + "\r\n").encode("cp1252"), "a.csv", expect(REGISTRY)).findings == ()
    assert time.perf_counter() - start < 5, "a pattern that tries every start of every word takes a minute"


def test_csv_of_another_edition_or_header_is_not_the_form():
    assert [f.rule for f in judge_csv("2026 ERFUNDEN", "2019 ERFUNDEN", -1).findings] == ["K03"]
    assert [f.rule for f in judge_csv("Formular;AGS", "Formular;Schlüssel").findings] == ["K03"]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_csv_is_read_in_every_encoding_and_line_ending(encoding, ending):
    data = CSV.replace("\r\n", ending).replace("EUR" + ending, "EUR;;" + ending).encode(encoding)
    assert judge(data, "a.csv", expect(REGISTRY)).findings == ()


@pytest.mark.parametrize(
    "data",
    [
        CSV.encode("utf-16"),
        CSV.replace(";", "\t").encode("utf-16"),
        ("sep=;\r\n" + CSV).encode("cp1252"),
        unicodedata.normalize("NFD", CSV).encode(),
    ],
    ids=["utf-16", "unicode-text", "sep-line", "split-umlauts"],
)
def test_csv_as_spreadsheets_and_macs_save_it_is_read(data):
    assert (judge(data, "a.csv", expect(REGISTRY)).status, judge(data, "a.csv", expect(REGISTRY)).findings) == (
        "accepted",
        (),
    )


def test_a_torn_last_line_is_one_finding():
    torn = CSV.encode("cp1252")
    judgement = judge(torn[: torn.rindex(b"Umzug") - 20], "a.csv", expect(REGISTRY))
    assert [f.rule for f in judgement.findings] == ["K33"]


def test_every_rule_has_its_words_in_both_languages_and_its_section_on_the_page():
    page = rule_page()
    for number, rule in RULES.items():
        for lang in LANGUAGES:
            sentence = sample_finding(rule).sentence(lang)
            assert sentence.startswith(number) and "{" not in sentence
        assert f"## {number}: " in page
        assert rule.apply.__doc__.startswith(f"{number}: given")
    assert page.startswith("# Prüfregeln für Meldungen") and page.count("- **Abhilfe:** ") == len(RULES)
