"""The answer: plain words for a clerk, safe for any content, the same bytes for the same ledger."""

import re

import pandas as pd
import pytest

from ikz_eval.delivery.answer import answer_name, answer_page, write_answer
from ikz_eval.settings import Place
from tests.ikz_eval.delivery.builders import make_registry


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


def words(page: str) -> str:
    """Return what a reader sees."""
    bare = re.sub(r"<(style|title)>.*?</\1>|<[^>]+>", " ", page, flags=re.S)
    return re.sub(r"\s+", " ", bare)


def test_an_accepted_delivery_says_so_and_asks_for_nothing():
    page = words(answer_page(make_registry(), delivery(), []))
    assert "Ihre Lieferung ist angenommen. Vielen Dank." in page
    assert "Sie müssen nichts tun." in page
    assert "Landkreis Nebelau (X0101)" in page and "3. Quartal 2024" in page and "Fassung 2" in page
    assert "02.11.2024, 00:30 Uhr" in page, "the day is the day in Germany"
    assert "Zu dieser Lieferung gibt es keine Hinweise." in page


def test_a_rejected_delivery_names_place_found_allowed_and_remedy():
    row = delivery(status="rejected", version=1)
    page = words(answer_page(make_registry(), row, [finding("reject_value"), finding("note", rule="K08", row=15)]))
    assert "konnte noch nicht angenommen werden" in page
    assert re.search(
        r"Blatt „Kosten“, Zeile 14, Spalte C „[^“]+“ ca\. 12 Tsd\. ein Betrag in Euro Bitte nur die Zahl eintragen\. K07",
        page,
    )
    assert "Diese Werte müssen berichtigt werden (1)" in page and "Hinweise (1)" in page
    assert "Legen Sie die berichtigte Datei wieder in den Eingangsordner." in page
    assert "Fassung 1" in page


def test_questions_are_asked_of_an_accepted_delivery():
    page = words(answer_page(make_registry(), delivery(), [finding("question")]))
    assert "angenommen und zählt. Wir haben dazu noch Rückfragen." in page
    assert "Stimmen alle Werte, brauchen Sie nichts zu tun." in page


def test_an_unreadable_file_has_an_answer_too():
    row = delivery(status="rejected", version=pd.NA, ags=None, quarter=None, layout=None)
    page = words(answer_page(make_registry(), row, [finding("reject_file", sheet=None, row=pd.NA, column=None)]))
    assert "ganze Datei" in page and "nicht erkennbar" in page
    assert "keine (Körperschaft oder Quartal nicht lesbar)" in page
    assert answer_name(row) == "unlesbar_ohne-Quartal_0123456789ab.html"


def test_what_a_file_says_is_shown_never_run():
    row = delivery(file_name="<script>alert(1)</script>.xlsx")
    page = answer_page(make_registry(), row, [finding("reject_value", found='"><img src=x onerror=alert(2)>')])
    assert "<script" not in page and "<img" not in page
    assert "&lt;script&gt;" in page


def test_the_page_needs_nothing_from_elsewhere():
    page = answer_page(make_registry(), delivery(), [finding("note")])
    assert not re.search(r"(?:src|href)=|https?://|@import|url\(", page)
    assert '<html lang="de">' in page and '<meta charset="utf-8">' in page


@pytest.mark.parametrize(("is_invented", "expected"), [(True, 1), (False, 0)])
def test_invented_deliveries_are_marked(is_invented, expected):
    page = answer_page(make_registry(is_invented=is_invented), delivery(), [])
    assert page.count("ERFUNDENE ZAHLEN") == expected


def test_the_english_edition():
    page = answer_page(make_registry(), delivery(), [finding("question")], "en")
    assert "Your delivery is accepted and counts." in page and "quarter 3 of 2024" in page
    assert answer_name(delivery(), "en") == "X0101_2024-Q3_0123456789ab.en.html"


def test_the_same_ledger_gives_the_same_bytes(tmp_path):
    at = Place(study="tiny", data=tmp_path)
    at.outbox.mkdir(parents=True)
    rows = pd.DataFrame([finding("note", sequence=2, rule="K08"), finding("question", sequence=1)])
    first = write_answer(at, make_registry(), delivery(), rows).read_bytes()
    later = delivery(ingested_at=pd.Timestamp("2025-01-01T00:00:00Z"))
    assert write_answer(at, make_registry(), later, rows.iloc[::-1]).read_bytes() == first
    assert [path.name for path in at.outbox.iterdir()] == ["X0101_2024-Q3_0123456789ab.html"]
