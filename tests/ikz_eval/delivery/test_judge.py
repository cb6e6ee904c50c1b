"""A file is judged once and for all: what it holds, whose it is, what is wrong with it."""

import io
import zipfile
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ikz_eval.delivery.csv_form import DIALECTS, filled_csv
from ikz_eval.delivery.expectation import expect
from ikz_eval.delivery.frames import cell_frame
from ikz_eval.delivery.judge import judge
from ikz_eval.delivery.template import empty_workbook, filled_workbook
from schemas import CONTRACTS
from tests.ikz_eval.delivery.builders import address, edit_workbook, make_content, make_registry, places

NAME = "X0101_2024-Q3.xlsx"
REGISTRY = make_registry()
GOOD = filled_workbook(REGISTRY, make_content())


def test_a_complete_workbook_is_accepted_with_every_cell_at_its_address(registry):
    judgement = judge(GOOD, NAME, expect(registry))
    assert (judgement.status, judgement.findings) == ("accepted", ())
    assert (judgement.ags, judgement.quarter, judgement.layout, judgement.is_invented) == (
        "X0101",
        "2024-Q3",
        "2026",
        True,
    )
    cells = CONTRACTS["delivery_cell"].validate(cell_frame([judgement]))
    assert len(cells) == 3 * (11 + 1 + 1 + 1 + 3) + 1
    third = cells[(cells["field"] == "wohngeld") & (cells["item"] == "material")].iloc[0]
    assert (third["sheet"], third["row"], third["column"], third["value"]) == ("Kosten", 6, "C", "1234.56")
    remark = cells[cells["table"] == "remark"].iloc[0]
    assert (remark["sheet"], remark["value"]) == ("Bemerkungen", "Umzug der Stelle im August.")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_csv_in_every_dialect_says_the_same_as_the_workbook(registry, dialect):
    content = make_content(fahrzeugzulassung__personnel="-1234567.05", wohngeld__staff_fte="0.125")
    book = judge(filled_workbook(registry, content), NAME, expect(registry))
    judgement = judge(filled_csv(registry, content, dialect), "X0101_2024-Q3.csv", expect(registry))
    assert (judgement.status, judgement.findings) == ("accepted", ())
    assert [cell[3:] for cell in judgement.cells] == [cell[3:] for cell in book.cells]
    assert len({cell.row for cell in judgement.cells}) == len(judgement.cells) and {
        cell.column for cell in judgement.cells
    } == {"Wert"}


def test_dialects_are_what_bodies_really_send(registry):
    content = make_content(wohngeld__personnel="1234.56")
    semicolon = filled_csv(registry, content, "semicolon_cp1252")
    assert "Gebühreneinnahmen;1.234,56;EUR\r\n".encode("cp1252") in semicolon
    comma = filled_csv(registry, content, "comma_utf8_bom")
    assert comma.startswith(b"\xef\xbb\xbfFormular,AGS,") and 'Gebühreneinnahmen,"1234,56",EUR\r\n'.encode() in comma


def test_a_damaged_file_of_any_compression_is_refused(registry):
    for method in (zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED):
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(GOOD)) as parts, zipfile.ZipFile(out, "w", method) as archive:
            for name in parts.namelist():
                archive.writestr(name, parts.read(name))
        assert judge(out.getvalue(), NAME, expect(registry)).status == "accepted"
        damaged = bytearray(out.getvalue())
        for position in range(200, len(damaged) - 2000, 37):
            damaged[position] ^= 0x5A
        assert [f.rule for f in judge(bytes(damaged), NAME, expect(registry)).findings] == ["K01"]


def test_ten_faults_give_ten_findings_with_their_places(registry):
    def plant(book):
        def put(table, field, item, value):
            sheet, cell = address(table, field, item)
            book[sheet][cell] = value

        put("cost", "fahrzeugzulassung", "personnel", "ca. 12 Tsd.")
        put("cost", "fahrzeugzulassung", "material", "1.23")
        put("cost", "wohngeld", "it", None)
        put("cost", "wohngeld", "partner_paid", -250)
        put("cost", "elterngeld", "rooms", "=1/0")
        put("caseload", "wohngeld", "cases", 412.5)
        put("service_quality", "wohngeld", "online_share_percent", 104)
        put("staff", "wohngeld", "staff_fte", "3.5")
        book["Kosten"]["K4"] = "Gebühren [Tsd. EUR]"
        book["Personal"]["A7"] = "Elterngelt"

    judgement = judge(edit_workbook(GOOD, plant), NAME, expect(registry))
    assert places(judgement.findings) == [
        ("K14", "Kosten", 4, "K", "Gebühren [Tsd. EUR]"),
        ("K16", "Personal", 7, "A", "Elterngelt"),
        ("K07", "Kosten", 5, "B", "ca. 12 Tsd."),
        ("K09", "Kosten", 5, "C", "1.23"),
        ("K10", "Kosten", 6, "D", "nichts"),
        ("K22", "Kosten", 6, "I", "−250"),
        ("K20", "Kosten", 7, "E", "eine Formel ohne lesbares Ergebnis"),
        ("K23", "Fälle", 6, "B", "412,5"),
        ("K09", "Personal", 6, "B", "3.5"),
        ("K24", "Servicequalität", 6, "D", "104"),
    ]
    assert all(finding.allowed() and finding.remedy().endswith(".") for finding in judgement.findings)
    assert judgement.status == "rejected" and judgement.cells == ()
    CONTRACTS["delivery_cell"].validate(cell_frame([judgement]))


def test_a_finding_reads_as_one_german_sentence(registry):
    sheet, cell = address("cost", "fahrzeugzulassung", "material")
    judgement = judge(
        edit_workbook(GOOD, lambda book: book[sheet].__setitem__(cell, "ca. 12 Tsd.")), NAME, expect(registry)
    )
    assert [finding.sentence() for finding in judgement.findings] == [
        "K07 X0101_2024-Q3.xlsx, Blatt „Kosten“, Zeile 5, Spalte C „Sachkosten“: gefunden „ca. 12 Tsd.“; zulässig: ein "
        "Betrag in Euro, zum Beispiel 12.400,50. Bitte nur die Zahl eintragen und die Datei erneut senden."
    ]
    assert (
        judgement.findings[0]
        .sentence("en")
        .startswith(
            "K07 X0101_2024-Q3.xlsx, sheet 'Kosten', row 5, column C 'Sachkosten': found 'ca. 12 Tsd.'; allowed: an amount"
        )
    )


def test_the_empty_form_lacks_every_row_and_nothing_else(registry):
    judgement = judge(empty_workbook(registry, "X0102", "2025-Q1"), "X0102_2025-Q1.xlsx", expect(registry))
    assert {finding.rule for finding in judgement.findings} == {"K10"} and len(judgement.findings) == 3 * 4
    assert judgement.findings[0].allowed() == "in jeder Spalte der Zeile ein Wert; eine Null wird als 0 eingetragen"
    assert (judgement.ags, judgement.quarter) == ("X0102", "2025-Q1")


def _archive(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name.replace("__", "/"), member)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "rule", "found"),
    [
        (b"", "K01", "eine leere Datei"),
        (b"PK\x03\x04 broken", "K01", "eine beschädigte Datei"),
        (GOOD[: len(GOOD) // 2], "K01", "eine beschädigte Datei"),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "K01", "eine mit Kennwort geschützte Datei"),
        (b"\xd0\xcf\x11\xe0" + "Workbook".encode("utf-16-le"), "K01", "eine beschädigte Datei"),
        (_archive(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "K01", "eine beschädigte Datei"),
        (_archive(**{"xl/vbaProject.bin": b""}), "K02", "eine Excel-Datei mit Makros (.xlsm)"),
        (_archive(**{"xl/workbook.bin": b""}), "K02", "eine binäre Excel-Datei (.xlsb)"),
        (_archive(xl__workbook=b""), "K01", "eine beschädigte Datei"),
        (_archive(word__document=b"<w/>"), "K02", "ein Textdokument oder eine Präsentation"),
        (b"%PDF-1.7", "K02", "eine PDF-Datei"),
        (_archive(xl__bomb=b"\0" * 40_000_000), "K01", "eine zu große Datei"),
        (b"Sehr geehrte Damen und Herren", "K03", "eine Datei, die nicht das amtliche Formular ist"),
        (b"\xff\xfe" + "Formular;AGS".encode("utf-16-le"), "K03", "eine Datei, die nicht das amtliche Formular ist"),
        (b"Formular;\x00AGS", "K02", "ein anderes Dateiformat"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_finding(registry, data, rule, found):
    judgement = judge(data, "x.xlsx", expect(registry))
    assert [(f.rule, f.found_text()) for f in judgement.findings] == [(rule, found)]
    assert (judgement.status, judgement.ags, judgement.quarter, judgement.layout) == ("rejected", None, None, None)
    assert judgement.delivery_id == judgement.sha256[:12] and len(judgement.sha256) == 64


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_damaged_file_never_crashes(data):
    damaged = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 20))):
        damaged[data.draw(st.integers(0, len(GOOD) - 1))] = data.draw(st.integers(0, 255))
    assert judge(bytes(damaged), NAME, expect(REGISTRY)).status in ("accepted", "rejected")


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_get_a_judgement(data):
    assert judge(data, "x", expect(REGISTRY)).status == "rejected"


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(zipfile.ZipFile(io.BytesIO(GOOD)).namelist())), st.data())
def test_damaged_parts_inside_the_archive_never_crash(member, data):
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    part = parts[member]
    start = data.draw(st.integers(0, len(part)))
    parts[member] = part[:start] + data.draw(st.binary(max_size=6)) + part[start + data.draw(st.integers(0, 40)) :]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert judge(out.getvalue(), NAME, expect(REGISTRY)).status in ("accepted", "rejected")


def test_a_cell_in_the_last_corner_is_survived(registry):
    def far(book):
        book["Kosten"]["XFD1048576"] = 1

    assert judge(edit_workbook(GOOD, far), NAME, expect(registry)).status == "accepted"


def test_an_entity_bomb_is_refused(registry):
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    parts["xl/sharedStrings.xml"] = parts["xl/sharedStrings.xml"].replace(b"?>", b"?>" + bomb, 1)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert [f.rule for f in judge(out.getvalue(), NAME, expect(registry)).findings] == ["K01"]


def test_an_invented_file_is_refused_by_a_real_study_and_the_reverse(registry):
    real = replace(registry, is_invented=False)
    refused = judge(GOOD, NAME, expect(real))
    assert places(refused.findings) == [("K06", "Deckblatt", 4, "B", "eine erfundene Meldung der Vorführung")]
    assert refused.is_invented
    bodies = registry.bodies.assign(ags=["07131", "07132", "07133"])
    real = make_registry(is_invented=False, bodies=bodies)
    data = filled_workbook(real, make_content("07131"))
    assert judge(data, "07131_2024-Q3.xlsx", expect(real)).status == "accepted"
    assert [f.rule for f in judge(data, "x.xlsx", expect(registry)).findings] == ["K06"]


def test_a_leading_zero_dropped_by_a_spreadsheet_is_put_back():
    bodies = make_registry().bodies.assign(ags=["07131", "07132", "07133"])
    real = make_registry(is_invented=False, bodies=bodies)

    def drop(book):
        book["Deckblatt"]["B4"] = 7131

    judgement = judge(edit_workbook(filled_workbook(real, make_content("07131")), drop), "a.xlsx", expect(real))
    assert (judgement.status, judgement.ags) == ("accepted", "07131")
