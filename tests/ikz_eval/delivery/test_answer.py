"""The answer: plain words for a clerk, safe for any content, the same bytes for the same ledger."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from ikz_eval.delivery.answer import AnswerFinding, AnswerJob, Earlier, answer_job, write_answer
from ikz_eval.delivery.answer_page import answer_page
from ikz_eval.delivery.answer_words import answer_words
from ikz_eval.delivery.expectation import expect
from ikz_eval.delivery.judgement import Cell
from ikz_eval.delivery.template import filled_workbook
from ikz_eval.settings import Place
from tests.ikz_eval.delivery.builders import make_content, make_registry

EXPECTED = expect(make_registry())


def delivery(**changes: object) -> dict[str, object]:
    row = {
        "delivery_id": "0123456789ab", "sha256": "0" * 64, "file_name": "Wohngeld Herbst.xlsx", "stored_as": "x.xlsx",
        "byte_count": 10, "layout": "2025", "ags": "X0101", "quarter": "2024-Q3", "version": 2, "status": "accepted",
        "is_invented": True, "received_at": pd.Timestamp("2024-11-01T23:30:00Z"),
        "ingested_at": pd.Timestamp("2024-11-03T08:00:00Z"),
    }  # fmt: skip
    return row | changes


def finding(severity: str, **changes: object) -> dict[str, object]:
    row = {
        "delivery_id": "0123456789ab", "sequence": 1, "rule": "K07", "severity": severity, "sheet": "Kosten", "row": 14,
        "column": "C", "found": "ca. 12 Tsd.", "allowed": "ein Betrag in Euro", "remedy": "Bitte nur die Zahl eintragen.",
    }  # fmt: skip
    return row | changes


def job(row: dict[str, object], findings: list[dict[str, object]], lang: str = "de", **more: object) -> AnswerJob:
    return answer_job(Place(study="tiny", data=Path("nowhere")), EXPECTED, row, findings, lang=lang, **more)  # type: ignore[arg-type]


def html(one: AnswerJob) -> str:
    return answer_page(one, answer_words(one))


def page_of(row: dict[str, object], findings: list[dict[str, object]], **more: object) -> str:
    return words(html(job(row, findings, **more)))


def words(page: str) -> str:
    """Return what a reader sees."""
    bare = re.sub(r"<(style|title)>.*?</\1>|<[^>]+>", " ", page, flags=re.S)
    return re.sub(r"\s+", " ", bare)


def test_an_accepted_delivery_says_so_and_asks_for_nothing():
    page = page_of(delivery(), [])
    assert "Ihre Lieferung ist angenommen. Vielen Dank." in page
    assert "Sie müssen nichts tun." in page
    assert "Landkreis Nebelau (X0101)" in page and "3. Quartal 2024" in page and "Fassung 2" in page
    assert "02.11.2024, 00:30 Uhr" in page, "the day is the day in Germany"
    assert "Zu dieser Lieferung gibt es keine Hinweise." in page


def test_a_rejected_delivery_names_place_found_allowed_and_remedy():
    page = page_of(
        delivery(status="rejected", version=1),
        [finding("reject_value"), finding("note", rule="K08", row=15, sequence=2)],
    )
    assert "konnte noch nicht angenommen werden" in page
    assert re.search(
        r"Blatt „Kosten“, Zeile 14, Spalte C „[^“]+“ ca\. 12 Tsd\. ein Betrag in Euro Bitte nur die Zahl eintragen\. K07",
        page,
    )
    assert "Diese Werte müssen berichtigt werden (1)" in page and "Hinweise (1)" in page
    assert "Legen Sie die berichtigte Datei wieder in den Eingangsordner." in page
    assert "Fassung 1" in page


def test_questions_are_asked_of_an_accepted_delivery():
    page = page_of(delivery(), [finding("question")])
    assert "angenommen und zählt. Wir haben dazu noch Rückfragen." in page
    assert "Stimmen alle Werte, brauchen Sie nichts zu tun." in page


def test_an_unreadable_file_has_an_answer_too():
    row = delivery(status="rejected", version=pd.NA, ags=None, quarter=None, layout=None)
    findings = [finding("reject_file", sheet=None, row=pd.NA, column=None)]
    page = page_of(row, findings)
    assert "ganze Datei" in page and "nicht erkennbar" in page
    assert "keine (Körperschaft oder Quartal nicht lesbar)" in page
    assert job(row, findings).name == "unlesbar_ohne-Quartal_0123456789ab"


def test_the_gravest_findings_come_first():
    page = page_of(
        delivery(status="rejected"),
        [finding("note", sequence=1), finding("question", sequence=2), finding("reject_value", sequence=3)],
    )
    order = [page.index(title) for title in ("müssen berichtigt werden", "Rückfragen (1)", "Hinweise (1)")]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("2024-11-01T10:00:00Z", r"bis 14\.11\.2024; an diesem Tag ist die Lieferung fällig"),
        ("2024-11-15T10:00:00Z", r"war am 14\.11\.2024 fällig\. Bitte senden Sie die berichtigte Datei möglichst bald"),
    ],
)
def test_a_rejected_delivery_says_by_when(received, expected):
    row = delivery(status="rejected", received_at=pd.Timestamp(received))
    assert re.search(expected, page_of(row, [finding("reject_value")]))


def test_the_difference_to_the_earlier_version_is_shown_cell_by_cell():
    old = [
        Cell("Kosten", 5, "B", "cost", "wohngeld", "personnel", "1234.50"),
        Cell("Fälle", 5, "B", "caseload", "wohngeld", "cases", "412"),
        Cell("Bemerkungen", 5, "A", "remark", None, "remark", "Anruf bei Frau Muster"),
    ]
    new = [old[0]._replace(value="12345.00"), old[1], old[2]._replace(value="ohne Namen")]
    page = page_of(delivery(), [], cells=new, earlier=Earlier(1, old))
    assert "Verglichen mit Fassung 1: 3 Stellen sind anders." in page
    assert "Blatt „Kosten“, Wohngeld, Personalkosten 1.234,50 12.345,00" in page
    assert "Fälle" not in page.split("Verglichen")[1].split("Ihre Lieferung")[0], "what is equal is not listed"
    assert "Bemerkung geändert" in page and "Muster" not in page, "remarks may hold personal data"
    same = page_of(delivery(), [], cells=old, earlier=Earlier(1, old))
    assert "Verglichen mit Fassung 1: alle Werte sind gleich." in same


def test_what_a_file_says_is_shown_never_run():
    row = delivery(file_name="<script>alert(1)</script>.xlsx")
    page = html(job(row, [finding("reject_value", found='"><img src=x onerror=alert(2)>')]))
    assert "<script" not in page and "<img" not in page
    assert "&lt;script&gt;" in page


def test_the_page_needs_nothing_from_elsewhere():
    page = html(job(delivery(), [finding("note")]))
    assert not re.search(r"(?:src|href)=|https?://|@import|url\(", page)
    assert '<html lang="de">' in page and '<meta charset="utf-8">' in page


@pytest.mark.parametrize(("is_invented", "expected"), [(True, 1), (False, 0)])
def test_invented_deliveries_are_marked(is_invented, expected):
    page = html(replace(job(delivery(), []), is_invented=is_invented))
    assert page.count("ERFUNDENE ZAHLEN") == expected


def test_the_english_edition():
    one = replace(
        job(delivery(), []), lang="en", findings=(AnswerFinding("K07", "question", "Kosten", 14, "C", "x", "y", "z"),)
    )
    page = words(html(one))
    assert "Your delivery is accepted and counts." in page and "quarter 3 of 2024" in page
    assert one.name == "X0101_2024-Q3_0123456789ab.en"


def test_a_job_is_plain_and_says_the_due_date():
    one = job(delivery(received_at=datetime(2024, 11, 1, tzinfo=UTC)), [])
    assert one.due_on == date(2024, 11, 14)
    assert (one.version, one.who) == (2, "Landkreis Nebelau (X0101)")


def test_the_same_ledger_gives_the_same_bytes(tmp_path):
    at = Place(study="tiny", data=tmp_path)
    at.outbox.mkdir(parents=True)
    rows = [finding("note", sequence=2, rule="K08"), finding("question", sequence=1)]
    (at.ledger / "files").mkdir(parents=True)
    (at.ledger / "files" / "x.xlsx").write_bytes(filled_workbook(make_registry(), make_content()))
    first = [path.read_bytes() for path in write_answer(answer_job(at, EXPECTED, delivery(), rows))]
    later = delivery(ingested_at=pd.Timestamp("2025-01-01T00:00:00Z"))
    again = write_answer(answer_job(at, EXPECTED, later, rows[::-1]))
    assert [path.read_bytes() for path in again] == first
    names = [f"X0101_2024-Q3_0123456789ab.{ending}" for ending in ("html", "mail.txt", "xlsx")]
    assert sorted(path.name for path in at.outbox.iterdir()) == names
