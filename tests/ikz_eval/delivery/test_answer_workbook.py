"""From a delivery to the files of its answer: judged, answered, opened again."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from ikz_eval.delivery.answer import AnswerJob, answer_job, write_answer
from ikz_eval.delivery.csv_form import filled_csv
from ikz_eval.delivery.expectation import expect
from ikz_eval.delivery.judge import judge
from ikz_eval.delivery.reading import Sandbox
from ikz_eval.delivery.template import filled_workbook
from ikz_eval.settings import Place
from tests.ikz_eval.delivery.builders import edit_workbook, make_content, make_registry

REGISTRY = make_registry()
EXPECTED = expect(REGISTRY)
GOOD = filled_workbook(EXPECTED, make_content())


@dataclass
class Desk:
    """A place where files are judged and answered."""

    place: Place
    sandbox: Sandbox

    def job(self, data: bytes, name: str, lang: str = "de", **changes: object) -> AnswerJob:
        judged = judge(data, name, EXPECTED, sandbox=self.sandbox)
        stored = judged.sha256 + Path(name).suffix
        (self.place.ledger / "files" / stored).write_bytes(data)
        row = {
            "delivery_id": judged.delivery_id, "file_name": name, "stored_as": stored, "layout": judged.layout,
            "ags": judged.ags, "quarter": judged.quarter, "version": 1, "status": judged.status,
            "received_at": datetime(2024, 11, 4, 9, tzinfo=UTC),
        }  # fmt: skip
        return answer_job(self.place, EXPECTED, row | changes, judged.findings, lang=lang)

    def answer(self, data: bytes, name: str, lang: str = "de"):
        """Return the page and the opened workbook of an answer."""
        page, book, mail = write_answer(self.job(data, name, lang), sandbox=self.sandbox)
        assert mail.name.endswith(".mail.txt")
        return page.read_text(encoding="utf-8"), load_workbook(book)


@pytest.fixture
def desk(tmp_path):
    place = Place(study="tiny", data=tmp_path)
    (place.ledger / "files").mkdir(parents=True)
    place.outbox.mkdir()
    with Sandbox() as sandbox:
        yield Desk(place, sandbox)


def spoiled(book):
    book["Kosten"]["B5"], book["Kosten"]["C6"], book["Fälle"]["B5"] = "ca. 12 Tsd.", None, 41.5


def column(sheet, letter: str) -> list[str]:
    return [str(cell.value) for cell in sheet[letter] if cell.value is not None]


def test_a_faulty_workbook_comes_back_with_every_fault_at_its_cell(desk):
    page, book = desk.answer(edit_workbook(GOOD, spoiled), "X0101_2024-Q3.xlsx")
    assert book.sheetnames[:2] == ["Rückmeldung", "Deckblatt"]
    for sheet, cell, word in (("Kosten", "B5", "ca. 12 Tsd."), ("Kosten", "C6", "nichts"), ("Fälle", "B5", "41,5")):
        assert word in book[sheet][cell].comment.text and book[sheet][cell].fill.fgColor.rgb in ("FFF6B1A9", "FFFFE187")
    first = column(book["Rückmeldung"], "A")
    assert first[0] == "Rückmeldung zu Ihrer Lieferung"
    assert "Bitte senden Sie die berichtigte Datei bis 14.11.2024; an diesem Tag ist die Lieferung fällig." in first
    assert any("arbeiten Sie in der Arbeitsmappe weiter" in words for words in first)
    assert "Am einfachsten arbeiten Sie in der Arbeitsmappe weiter" in page
    places = {cell.hyperlink.location for cell in book["Rückmeldung"]["A"] if cell.hyperlink}
    assert {"'Kosten'!B5", "'Kosten'!C6", "'Fälle'!B5"} <= places


def test_a_good_workbook_comes_back_with_a_first_sheet_and_nothing_else(desk):
    page, book = desk.answer(GOOD, "X0101_2024-Q3.xlsx")
    assert "Ihre Lieferung ist angenommen. Vielen Dank." in page
    assert column(book["Rückmeldung"], "A")[2] == "Ihre Lieferung ist angenommen. Vielen Dank."
    assert not any(cell.comment for sheet in book.worksheets for row in sheet for cell in row)


def test_a_returned_workbook_can_be_corrected_and_delivered_again(desk):
    _, book = desk.answer(edit_workbook(GOOD, spoiled), "X0101_2024-Q3.xlsx")
    book["Kosten"]["B5"], book["Kosten"]["C6"], book["Fälle"]["B5"] = 1234.56, 1234.56, 412
    target = desk.place.data / "again.xlsx"
    book.save(target)
    page, again = desk.answer(target.read_bytes(), "X0101_2024-Q3.xlsx")
    assert "Ihre Lieferung ist angenommen. Vielen Dank." in page
    assert again.sheetnames.count("Rückmeldung") == 1
    assert not any(cell.comment for sheet in again.worksheets for row in sheet for cell in row)
    assert again["Kosten"]["B5"].fill.fgColor.rgb == "FFFFF8DC", "the yellow of an input cell, as before"


def test_a_csv_delivery_is_answered_with_task_and_position_and_a_workbook_of_its_own(desk):
    data = filled_csv(REGISTRY, make_content(wohngeld__it="1"), "semicolon_cp1252").replace(
        b";IT-Kosten;1;", b";IT-Kosten;viel;"
    )
    page, book = desk.answer(data, "X0101_2024-Q3.csv")
    line = next(at for at, text in enumerate(data.decode("cp1252").splitlines(), 1) if ";viel;" in text)
    assert f"Zeile {line} (Wohngeld, IT-Kosten)" in page and "Arbeitsmappe weiter" not in page
    assert book.sheetnames == ["Rückmeldung", "Gelesene Werte"]
    cell = book["Gelesene Werte"][f"G{line}"]
    assert (
        cell.value == "viel" and cell.comment.text.startswith("Rückmeldung K07") and cell.fill.fgColor.rgb == "FFF6B1A9"
    )


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "leer.xlsx"),
        (b"PK\x03\x04", "kaputt.xlsx"),
        (GOOD[:5000], "halb.xlsx"),
        (b"\x00\x01\x02" * 50, "bild.png"),
    ],
)
def test_a_file_nobody_can_open_is_answered_too(desk, data, name):
    page, book = desk.answer(data, name)
    assert "konnte noch nicht angenommen werden" in page
    assert book["Rückmeldung"].sheet_state == "visible" and book.active.title == "Rückmeldung"
    assert any("ließ sich nicht öffnen" in words for words in column(book["Rückmeldung"], "A"))


def test_a_file_that_could_not_be_read_is_not_opened_again(desk):
    job = desk.job(GOOD[:5000], "halb.xlsx")
    desk.sandbox.close()
    with Sandbox(use_fork=False) as unused:
        unused.call = None  # type: ignore[method-assign,assignment]
        assert len(write_answer(job, sandbox=unused)) == 3


def test_another_workbook_is_returned_with_the_first_sheet_alone(desk):
    def rename(book):
        book["Deckblatt"].title = "Irgendwas"

    _, book = desk.answer(edit_workbook(GOOD, rename), "anderes.xlsx")
    assert book.sheetnames[:2] == ["Rückmeldung", "Irgendwas"]


def test_the_english_edition_names_its_own_files(desk):
    page, book = desk.answer(edit_workbook(GOOD, spoiled), "X0101_2024-Q3.xlsx", "en")
    assert "could not be accepted yet" in page
    assert column(book["Rückmeldung"], "A")[0] == "Answer to your delivery"
    assert "Found: ca. 12 Tsd." in book["Kosten"]["B5"].comment.text
    assert sorted(path.name.split(".", 1)[1] for path in desk.place.outbox.iterdir()) == [
        "en.html",
        "en.mail.txt",
        "en.xlsx",
    ]


def test_an_answer_written_again_from_the_ledgers_rows_is_the_same(desk):
    data = edit_workbook(GOOD, spoiled)
    first = desk.job(data, "X0101_2024-Q3.xlsx")
    rows = [
        {"sequence": at, **{name: getattr(one, name) for name in ("rule", "severity", "sheet", "row", "column", "found", "allowed", "remedy")}}
        for at, one in enumerate(first.findings, 1)
    ]  # fmt: skip
    row = {
        name: getattr(first, name)
        for name in ("delivery_id", "file_name", "layout", "ags", "quarter", "version", "status", "received_at")
    }
    again = answer_job(desk.place, EXPECTED, row | {"stored_as": first.original.name}, rows)
    assert again == first
    english = answer_job(desk.place, EXPECTED, row | {"stored_as": first.original.name}, rows, lang="en")
    assert {one.remedy for one in english.findings}.isdisjoint({one.remedy for one in first.findings})
