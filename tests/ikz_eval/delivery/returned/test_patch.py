"""The sender's own workbook comes back marked, and in all else as it was."""

import io
import random
import re
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime

import pytest
import xlsxwriter
from openpyxl import load_workbook
from openpyxl.comments import Comment

from ikz_eval.delivery.returned import CannotReturnError, CoverCell, Mark, Reply, returned_workbook
from ikz_eval.delivery.returned.reply import reply_as_json, reply_from_json
from ikz_eval.delivery.returned.styles import COLOURS
from ikz_eval.delivery.template import filled_workbook
from tests.ikz_eval.delivery.builders import edit_workbook, make_content, make_registry

GOOD = filled_workbook(make_registry(), make_content())
RED, YELLOW = COLOURS["reject_value"], COLOURS["question"]


def reply(*marks: Mark, rows: tuple[tuple[CoverCell, ...], ...] = ()) -> Reply:
    title = (CoverCell("Rückmeldung zu Ihrer Lieferung", "title", span=3),)
    return Reply("Rückmeldung", (title[0].text,), "Rückmeldung", (60.0, 30.0, 30.0), (title, *rows), marks)


def mark(cell: str, sheet: str = "Kosten", severity: str = "reject_value", body: str = "Bitte nur die Zahl") -> Mark:
    return Mark(sheet, cell, severity, "Rückmeldung K07", body)


def opened(data: bytes):
    return load_workbook(io.BytesIO(data))


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_part(data: bytes, **changed: bytes | None) -> bytes:
    """Return a package with parts replaced or added; names with ``__`` for ``/``."""
    out = io.BytesIO()
    new = {name.replace("__", "/"): part for name, part in changed.items()}
    with zipfile.ZipFile(out, "w") as archive:
        for name, part in (parts(data) | new).items():
            if part is not None:
                archive.writestr(name, part)
    return out.getvalue()


def rich_workbook() -> bytes:
    """Return a workbook with what senders have: chart, picture-like drawing, formats, names, filters, own comment."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"created": datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None)})
    sheet, other = book.add_worksheet("Kosten & mehr"), book.add_worksheet("Grafik")
    for row in range(6):
        sheet.write_number(row, 1, row * 1000.5, book.add_format({"num_format": "0.00", "italic": True}))
    sheet.write_formula("B8", "=SUM(B1:B6)", None, 15007.5)
    sheet.write_comment("B2", "eigene Notiz", {"author": "Amt"})
    sheet.conditional_format("B1:B6", {"type": "data_bar"})
    sheet.data_validation("C1", {"validate": "list", "source": ["ja", "nein"]})
    sheet.autofilter("A1:C6")
    sheet.set_header("&CKopf")
    book.define_name("'Grafik'!Bereich", "='Grafik'!$A$1:$A$3")
    other.print_area("A1:D20")
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "='Kosten & mehr'!$B$1:$B$6"})
    other.insert_chart("C3", chart)
    other.activate()
    book.close()
    return out.getvalue()


def test_every_fault_is_a_comment_and_a_colour_at_its_cell_and_formats_stay():
    book = opened(returned_workbook(GOOD, reply(mark("B5"), mark("C6", severity="question"))))
    cost, before = book["Kosten"], opened(GOOD)["Kosten"]
    assert (cost["B5"].fill.fgColor.rgb, cost["C6"].fill.fgColor.rgb) == (RED, YELLOW)
    assert cost["B5"].comment.text == "Rückmeldung K07\nBitte nur die Zahl"
    assert cost["D5"].comment is None and cost["D5"].fill.fgColor.rgb == before["D5"].fill.fgColor.rgb
    for cell in ("B5", "C6"):
        now, was = cost[cell], before[cell]
        for look in ("value", "number_format", "border", "alignment", "font"):
            assert repr(getattr(now, look)) == repr(getattr(was, look))
        assert not now.protection.locked


def test_drop_downs_and_locks_are_as_before():
    book, before = opened(returned_workbook(GOOD, reply(mark("B5")))), opened(GOOD)
    for sheet in before.worksheets:
        now = book[sheet.title]
        assert now.protection.sheet == sheet.protection.sheet
        assert [
            (v.type, str(v.sqref), v.formula1, v.formula2, v.error) for v in now.data_validations.dataValidation
        ] == [(v.type, str(v.sqref), v.formula1, v.formula2, v.error) for v in sheet.data_validations.dataValidation]
        assert {c.coordinate: (c.value, c.protection.locked, c.number_format) for row in now for c in row} == {
            c.coordinate: (c.value, c.protection.locked, c.number_format) for row in sheet for c in row
        }
        assert now.column_dimensions["A"].width == sheet.column_dimensions["A"].width


def test_parts_without_a_fault_stay_byte_for_byte():
    original = rich_workbook()
    before, after = parts(original), parts(returned_workbook(original, reply(mark("B3", "Kosten & mehr"))))
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {
        "[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml",
        "xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml", "xl/comments1.xml", "xl/drawings/vmlDrawing1.vml",
    }  # fmt: skip
    assert set(after) - set(before) == {"xl/worksheets/sheet3.xml"}
    assert after["xl/worksheets/sheet2.xml"] == before["xl/worksheets/sheet2.xml"].replace(b' tabSelected="1"', b"")


def test_only_the_colour_of_a_marked_cell_changes_in_its_sheet():
    before, after = (
        parts(data)["xl/worksheets/sheet2.xml"].decode() for data in (GOOD, returned_workbook(GOOD, reply(mark("B5"))))
    )
    cells = re.compile(r"<c [^>]*?(?:/>|>.*?</c>)")
    different = [(a, b) for a, b in zip(cells.findall(before), cells.findall(after), strict=True) if a != b]
    assert len(different) == 1 and re.sub(r' s="\d+"', "", different[0][0]) == re.sub(r' s="\d+"', "", different[0][1])
    assert after.count("<legacyDrawing") == 1
    outside = [re.sub(r"^.*?(<worksheet)", r"\1", cells.sub("", text), flags=re.S) for text in (before, after)]
    assert re.sub(r"<legacyDrawing[^>]*/>", "", outside[1]) == outside[0]


def test_names_that_count_sheets_count_anew_and_the_first_sheet_opens():
    book = opened(returned_workbook(rich_workbook(), reply()))
    assert book.sheetnames == ["Rückmeldung", "Kosten & mehr", "Grafik"]
    assert "Bereich" in book["Grafik"].defined_names and book["Grafik"].print_area == "'Grafik'!$A$1:$D$20"
    assert book["Kosten & mehr"].auto_filter.ref == "A1:C6"
    assert book.active.title == "Rückmeldung"
    assert [sheet.sheet_view.tabSelected for sheet in book.worksheets] == [True, None, None] or [
        bool(sheet.sheet_view.tabSelected) for sheet in book.worksheets
    ] == [True, False, False]


def test_the_first_sheet_leads_to_the_cells():
    rows = (
        (
            CoverCell("Blatt „Kosten & mehr“, Zeile 3", "cell", ("Kosten & mehr", "B3")),
            CoverCell("=1+1\x00<b>", "cell"),
        ),
    )
    sheet = opened(returned_workbook(rich_workbook(), reply(rows=rows)))["Rückmeldung"]
    assert sheet["A1"].value == "Rückmeldung zu Ihrer Lieferung" and "A1:C1" in map(str, sheet.merged_cells.ranges)
    assert sheet["A2"].hyperlink.location == "'Kosten & mehr'!B3" and sheet["A2"].hyperlink.target is None
    assert (sheet["B2"].value, sheet["B2"].data_type) == ("=1+1<b>", "s"), "text is text, never a formula"
    assert sheet.page_setup.orientation == "landscape" and sheet.sheet_properties.pageSetUpPr.fitToPage


def test_the_senders_own_comment_keeps_its_words():
    book = opened(returned_workbook(rich_workbook(), reply(mark("B2", "Kosten & mehr"), mark("B3", "Kosten & mehr"))))
    sheet = book["Kosten & mehr"]
    assert sheet["B2"].comment.text == "eigene Notiz\n\nRückmeldung K07\nBitte nur die Zahl"
    assert sheet["B3"].comment.text.startswith("Rückmeldung K07")
    drawing = parts(returned_workbook(rich_workbook(), reply(mark("B3", "Kosten & mehr"))))[
        "xl/drawings/vmlDrawing1.vml"
    ].decode()
    ids = re.findall(r'<v:shape id="(\w+)"', drawing)
    assert len(ids) == len(set(ids)) == 2
    assert re.findall(r"<x:Row>(\d+)</x:Row>\s*<x:Column>(\d+)</x:Column>", drawing) == [("1", "1"), ("2", "1")]


def test_several_faults_at_one_cell_share_a_comment_the_gravest_gives_the_colour():
    marks = mark("B5", severity="note", body="zuletzt"), mark("B5", body="zuerst")
    cell = opened(returned_workbook(GOOD, reply(*marks)))["Kosten"]["B5"]
    assert cell.comment.text == "Rückmeldung K07\nzuerst\n\nRückmeldung K07\nzuletzt"
    assert cell.fill.fgColor.rgb == RED


def test_cells_that_are_not_there_are_made_at_their_place():
    marks = mark("AA2", "Grafik"), mark("A9", "Grafik"), mark("B1", "Grafik"), mark("XFD1048576", "Grafik")
    data = returned_workbook(rich_workbook(), reply(*marks))
    sheet = opened(data)["Grafik"]
    assert all(sheet[one.cell].fill.fgColor.rgb == RED for one in marks)
    rows = re.findall(r'<row r="(\d+)"', parts(data)["xl/worksheets/sheet2.xml"].decode())
    assert rows == ["1", "2", "9", "1048576"]


def test_a_place_that_does_not_exist_is_left_out():
    marks = mark("B5", "gibt es nicht"), mark("Wert14"), mark("ZZZ1"), mark("A0")
    book = opened(returned_workbook(GOOD, reply(*marks)))
    assert all(cell.comment is None for sheet in book.worksheets for row in sheet for cell in row)


def test_an_answer_that_comes_back_is_taken_back():
    first = returned_workbook(GOOD, reply(mark("B5"), mark("B6")))
    saved = edit_workbook(first, lambda book: None)  # as another program writes it
    for again in (first, saved):
        second = opened(returned_workbook(again, reply(mark("B6", severity="question"))))
        cost = second["Kosten"]
        assert second.sheetnames.count("Rückmeldung") == 1 and len(second.sheetnames) == 7
        assert (
            cost["B5"].comment is None and cost["B5"].fill.fgColor.rgb == opened(GOOD)["Kosten"]["B5"].fill.fgColor.rgb
        )
        assert cost["B6"].comment.text.count("Rückmeldung K07") == 1 and cost["B6"].fill.fgColor.rgb == YELLOW
        assert not cost["B5"].protection.locked and cost["B5"].number_format == "#,##0.00"


def test_a_sheet_of_the_sender_with_our_name_is_kept():
    own = edit_workbook(GOOD, lambda book: book.create_sheet("Rückmeldung").append(["meine Notizen"]))
    book = opened(returned_workbook(own, reply()))
    assert book.sheetnames[0] == "Rückmeldung (2)" and book["Rückmeldung"]["A1"].value == "meine Notizen"


def test_a_workbook_of_another_program_is_marked_too():
    def edit(book):
        book["Kosten"]["B5"].comment = Comment("Notiz", "Amt")

    book = opened(returned_workbook(edit_workbook(GOOD, edit), reply(mark("B5"), mark("B6"))))
    assert book["Kosten"]["B5"].comment.text.startswith("Notiz\n\nRückmeldung K07")
    assert book["Kosten"]["B6"].fill.fgColor.rgb == RED


def test_the_same_input_gives_the_same_bytes_also_over_json():
    one = reply(mark("B5"), rows=((CoverCell("x", "cell", ("Kosten", "B5")),),))
    assert returned_workbook(GOOD, one) == returned_workbook(GOOD, reply_from_json(reply_as_json(one)))


MACRO = parts(GOOD)["[Content_Types].xml"].replace(b"spreadsheetml.sheet.main", b"spreadsheetml.macroEnabled.main")
ENTITY = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'


@pytest.mark.parametrize(
    "data",
    [
        b"", b"PK\x03\x04", GOOD[:4000], b"Aufgabe;Wert",
        with_part(GOOD, **{"[Content_Types].xml": MACRO}),
        with_part(GOOD, xl__workbook_xml=None, **{"xl/workbook.xml": ENTITY}),
        with_part(GOOD, **{"xl/worksheets/sheet2.xml": ENTITY}),
        with_part(GOOD, **{"xl/styles.xml": b"<styleSheet/>"}),
        with_part(GOOD, **{"xl/workbook.xml": b"<workbook xmlns='http://purl.oclc.org/ooxml/spreadsheetml/main'/>"}),
        with_part(GOOD, **{"_rels/.rels": b"<Relationships/>"}),
    ],
)  # fmt: skip
def test_what_cannot_be_patched_is_refused_and_nothing_else_happens(data):
    with pytest.raises(CannotReturnError):
        returned_workbook(data, reply(mark("B5")))


def test_damaged_workbooks_are_returned_or_refused():
    rng, done = random.Random(14), {"returned": 0, "refused": 0}
    names = sorted(parts(GOOD))
    for _ in range(60):
        name = rng.choice(names)
        part = bytearray(parts(GOOD)[name])
        for _ in range(rng.randint(1, 4)):
            part[rng.randrange(len(part))] = rng.randrange(256)
        try:
            zipfile.ZipFile(io.BytesIO(returned_workbook(with_part(GOOD, **{name: bytes(part)}), reply(mark("B5")))))
            done["returned"] += 1
        except CannotReturnError:
            done["refused"] += 1
    assert min(done.values()) > 0, done


SOFFICE = shutil.which("soffice")


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed here")
def test_libreoffice_shows_comments_and_first_sheet(tmp_path):
    (tmp_path / "antwort.xlsx").write_bytes(returned_workbook(GOOD, reply(mark("B5"), mark("C6", body="zweitens"))))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [
        str(SOFFICE),
        profile,
        "--headless",
        "--convert-to",
        "fods",
        "--outdir",
        str(tmp_path),
        str(tmp_path / "antwort.xlsx"),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    content = (tmp_path / "antwort.fods").read_text(encoding="utf-8")
    assert len(re.findall("<office:annotation ", content)) == 2 and "zweitens" in content
    assert content.index('table:name="Rückmeldung"') < content.index('table:name="Deckblatt"')
    assert 'fo:background-color="#f6b1a9"' in content
