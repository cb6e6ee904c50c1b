"""Reminders once each, deliveries withdrawn and never deleted, personal data removed by law with the fact left."""

from datetime import UTC, date, datetime

import pandas as pd
import pytest

from ikz_eval.delivery.ingest import ingest
from ikz_eval.delivery.reminders import due_reminders, reminder_text, write_reminders
from ikz_eval.delivery.template import filled_workbook
from ikz_eval.delivery.withdrawal import remove_content, withdraw
from ikz_eval.errors import DeliveryError
from ikz_eval.settings import Place
from ikz_eval.warehouse import Warehouse, typed
from tests.ikz_eval.delivery.builders import make_content
from tests.ikz_eval.delivery.test_ingest import drop

NOW = datetime(2024, 11, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def at(tmp_path):
    return Place("tiny", tmp_path)


def awaited(status: str = "open") -> pd.DataFrame:
    row = {"ags": "X0101", "quarter": "2024-Q3", "due_on": "2024-11-14", "status": status, "version": None}
    return pd.DataFrame([row, row | {"ags": "X0102", "status": "on_time"}])


@pytest.mark.parametrize(
    ("day", "notice"),
    [
        ("2024-10-30", None), ("2024-10-31", "before"), ("2024-11-13", "before"), ("2024-11-14", "due"),
        ("2024-11-20", "due"), ("2024-11-21", "overdue"), ("2025-01-23", "overdue"), ("2025-01-24", None),
    ],
)  # fmt: skip
def test_a_body_is_reminded_before_at_and_after_the_due_date(registry, day, notice):
    reminders = due_reminders(registry, awaited(), typed("notice", []), date.fromisoformat(day))
    assert [(one.ags, one.notice) for one in reminders] == ([] if notice is None else [("X0101", notice)])


def test_each_reminder_is_written_once_holds_no_value_and_brings_the_calendar(at, registry):
    warehouse = Warehouse(at.warehouse)
    paths = write_reminders(at, registry, warehouse, awaited("rejected"), datetime(2024, 11, 21, 8, tzinfo=UTC))
    assert [path.name for path in paths] == ["X0101_2024-Q3_Erinnerung-overdue.mail.txt"]
    written = paths[0].read_text(encoding="utf-8")
    assert written.startswith("Betreff: IKZ-Meldung 3. Quartal 2024 ist überfällig (Landkreis Nebelau)\n\n")
    assert "war am 14.11.2024 fällig" in written and "konnte aber nicht angenommen werden" in written
    assert "fehlt Landkreis Nebelau in der Auswertung" in written and "ERFUNDEN" in written
    assert b"X0101-2024-Q3" in (at.outbox / "X0101_Liefertermine.ics").read_bytes()
    again = write_reminders(at, registry, warehouse, awaited("rejected"), datetime(2024, 11, 22, 8, tzinfo=UTC))
    assert again == [] and warehouse.count("notice") == 1


def test_an_english_reminder_has_the_same_facts(registry):
    one = due_reminders(registry, awaited(), typed("notice", []), date(2024, 11, 14))[0]
    assert reminder_text(registry, one, "en").startswith("Subject: IKZ delivery for quarter 3 of 2024 is due today")


def taken(at, registry) -> tuple[Warehouse, str]:
    content = make_content()
    drop(at, "meldung.xlsx", filled_workbook(registry, content))
    warehouse = Warehouse(at.warehouse)
    report = ingest(at, registry, warehouse, now=NOW, sender="erika.muster@example.org")
    return warehouse, report.taken["delivery_id"].iloc[0]


def test_a_withdrawn_delivery_stays_and_is_withdrawn_once(at, registry):
    warehouse, key = taken(at, registry)
    withdraw(at, warehouse, key, "falsches Quartal", NOW)
    assert warehouse.count("delivery") == 1 and len(list((at.ledger / "files").iterdir())) == 1
    assert warehouse.ledger.latest_values(None, "2024-Q1", "2024-Q4") == []
    with pytest.raises(DeliveryError, match="was withdrawn before"):
        withdraw(at, warehouse, key, "noch einmal", NOW)
    with pytest.raises(DeliveryError, match="'ffffffffffff' is no delivery of this study"):
        withdraw(at, warehouse, "f" * 12, "falsch", NOW)
    with pytest.raises(DeliveryError, match="--reason"):
        withdraw(at, warehouse, key, " ", NOW)


def test_a_removal_takes_what_names_a_person_and_leaves_the_fact(at, registry):
    warehouse, key = taken(at, registry)
    values = warehouse.read("delivery_cell").query("table != 'remark'").reset_index(drop=True)
    assert remove_content(at, warehouse, [key], "Art. 17 DSGVO, Antrag vom 3.2.2026", NOW) == 1
    assert not list((at.ledger / "files").iterdir()) and not list(at.outbox.glob(f"*{key}*"))
    pd.testing.assert_frame_equal(warehouse.read("delivery_cell"), values)
    row, event = warehouse.read("delivery").iloc[0], warehouse.read("ledger_event").iloc[0]
    assert (row["file_name"], len(row["sha256"]), row["received_at"]) == ("-", 64, pd.Timestamp(NOW))
    assert (event["event"], event["reason"]) == ("removed", "Art. 17 DSGVO, Antrag vom 3.2.2026")
    assert remove_content(at, warehouse, [key], "Art. 17 DSGVO", NOW) == 0
    with pytest.raises(DeliveryError, match="--legal-basis"):
        remove_content(at, warehouse, [key], "", NOW)


def test_content_that_was_removed_and_is_sent_again_stops_nobody(at, registry):
    warehouse, key = taken(at, registry)
    remove_content(at, warehouse, [key], "Art. 17 DSGVO", NOW)
    drop(at, "meldung.xlsx", filled_workbook(registry, make_content()))
    report = ingest(at, registry, warehouse, now=NOW)
    assert (report.known, list(at.inbox.iterdir())) == (("meldung.xlsx",), [])
