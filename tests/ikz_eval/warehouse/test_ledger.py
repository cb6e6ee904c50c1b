"""The ledger only grows, shows a delivery whole or not at all, and knows what counts."""

import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime

import pandas as pd
import pytest
from deltalake import write_deltalake

from ikz_eval.errors import WarehouseError
from ikz_eval.warehouse import Warehouse, typed
from ikz_eval.warehouse.takeover import take_over
from ikz_eval.warehouse.typing import arrow_schema


def frames(
    number: int = 1, quarter: str = "2024-Q1", status: str = "accepted", value: str = "12.5", day: int = 1
) -> dict:
    """Return one delivery in the tables of the ledger."""
    key = f"{number:012x}"
    at = pd.Timestamp(datetime(2024, 5, day, 9, 30, 0, 125, tzinfo=UTC))
    delivery = {
        "delivery_id": key, "sha256": key + "0" * 52, "file_name": "Meldung.xlsx", "stored_as": key, "byte_count": 7,
        "layout": "2025", "ags": "X0101", "quarter": quarter, "version": number, "status": status, "is_invented": True,
        "received_at": at, "ingested_at": at,
    }  # fmt: skip
    cell = {
        "delivery_id": key, "sheet": "Kosten", "row": 6, "column": "B", "table": "cost", "field": "wohngeld",
        "item": "personnel", "value": value,
    }  # fmt: skip
    arrival = {"arrival_id": key, "delivery_id": key, "file_name": "Meldung.xlsx", "sender": None, "received_at": at}
    return {
        "delivery": typed("delivery", [delivery]),
        "delivery_cell": typed("delivery_cell", [cell]),
        "arrival": typed("arrival", [arrival]),
    }


def event(number: int, what: str = "withdrawn") -> pd.DataFrame:
    at = pd.Timestamp(datetime(2024, 6, 1, tzinfo=UTC))
    row = {
        "event_id": f"{number:012x}",
        "delivery_id": f"{number:012x}",
        "event": what,
        "happened_at": at,
        "reason": "x",
    }
    return typed("ledger_event", [row])


def test_rows_come_back_typed_and_one_delivery_can_be_asked_for(tmp_path):
    warehouse = Warehouse(tmp_path)
    warehouse.append_ledger(frames(1))
    warehouse.append_ledger(frames(2, value="13"))
    assert warehouse.tables() == ["delivery", "delivery_cell", "arrival"]
    pd.testing.assert_frame_equal(warehouse.read("delivery").iloc[:1], frames(1)["delivery"])
    asked = warehouse.read("delivery_cell", delivery_ids=["000000000002"])
    assert asked["value"].tolist() == ["13"]
    assert warehouse.ledger.known("000000000002" + "0" * 52) == "000000000002"
    assert warehouse.ledger.known("f" * 64) is None
    assert warehouse.ledger.deliveries_of("X0101", "2024-Q1") == 2


def test_nothing_in_it_can_be_changed_or_removed(tmp_path):
    warehouse = Warehouse(tmp_path)
    warehouse.append_ledger(frames(1))
    connection = sqlite3.connect(warehouse.ledger.path)
    with pytest.raises(sqlite3.IntegrityError, match="a row of table delivery_cell would change"):
        connection.execute("UPDATE delivery_cell SET value = '0'")
    with pytest.raises(sqlite3.IntegrityError, match="a row of table delivery would change"):
        connection.execute("DELETE FROM delivery")
    connection.close()
    with pytest.raises(WarehouseError, match="only grows"):
        warehouse.append_ledger(frames(1))
    with pytest.raises(WarehouseError, match="append to it"):
        warehouse.write("delivery", frames(1)["delivery"])


def test_a_delivery_is_there_whole_or_not_at_all(tmp_path):
    warehouse = Warehouse(tmp_path)
    warehouse.append_ledger(frames(1))
    doubled = frames(2) | {"arrival": frames(2)["arrival"], "delivery": frames(1)["delivery"]}
    with pytest.raises(WarehouseError):
        warehouse.append_ledger(dict(reversed(doubled.items())))
    assert warehouse.count("delivery_cell") == 1 and warehouse.count("arrival") == 1


def test_the_same_arrival_seen_twice_is_one(tmp_path):
    warehouse = Warehouse(tmp_path)
    warehouse.append_ledger(frames(1))
    warehouse.append_ledger({"arrival": frames(1)["arrival"]})
    assert warehouse.count("arrival") == 1


def test_the_values_that_count_are_those_of_the_last_accepted_version_not_withdrawn(tmp_path):
    warehouse = Warehouse(tmp_path)
    for number, status, value, day in ((1, "accepted", "1", 1), (2, "accepted", "2", 2), (3, "rejected", "3", 3)):
        warehouse.append_ledger(frames(number, status=status, value=value, day=day))

    def value() -> list[str]:
        return [row[-1] for row in warehouse.ledger.latest_values(("X0101",), "2023-Q1", "2024-Q4")]

    assert value() == ["2"]
    warehouse.append_ledger({"ledger_event": event(2)})
    assert value() == ["1"]
    assert warehouse.ledger.latest_values(("X0102",), "2023-Q1", "2024-Q4") == []
    assert warehouse.ledger.latest_values(None, "2024-Q2", "2024-Q4") == []


def test_content_that_must_go_by_law_leaves_the_fact_and_the_numbers(tmp_path):
    warehouse = Warehouse(tmp_path)
    said = frames(1)
    remark = said["delivery_cell"].assign(
        row=9, table="remark", item="remark", field=None, value="Frau Muster, Zimmer 3"
    )
    said["delivery_cell"] = typed("delivery_cell", pd.concat([said["delivery_cell"], remark]))
    said["arrival"] = said["arrival"].assign(sender="erika.muster@example.org")
    warehouse.append_ledger(said)
    assert b"Frau Muster" in warehouse.ledger.path.read_bytes()
    warehouse.ledger.remove_content(["000000000001"], event(1, "removed"))
    assert warehouse.read("delivery_cell")["value"].tolist() == ["12.5"]
    assert warehouse.count("delivery") == 1 and warehouse.read("ledger_event")["event"].tolist() == ["removed"]
    assert warehouse.read("arrival")["sender"].isna().all()
    left = warehouse.ledger.path.read_bytes()
    assert b"Frau Muster" not in left and b"erika.muster" not in left and b"Meldung.xlsx" not in left
    connection = sqlite3.connect(warehouse.ledger.path)
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("DELETE FROM delivery_cell")
    connection.close()


def test_a_writer_killed_amid_its_transaction_leaves_the_state_before(tmp_path):
    warehouse = Warehouse(tmp_path)
    warehouse.append_ledger(frames(1))
    script = (
        "import os, signal, sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('PRAGMA cache_spill = 1'); connection.execute('PRAGMA cache_size = 5')\n"
        "connection.execute('BEGIN IMMEDIATE')\n"
        "for n in range(3000):\n"
        "    connection.execute(\"INSERT INTO arrival VALUES (?, 'x', ?, NULL, 'x')\", (str(n), 'x' * 400))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    died = subprocess.run([sys.executable, "-c", script, str(warehouse.ledger.path)], check=False)
    assert died.returncode == -signal.SIGKILL
    assert warehouse.ledger.path.with_name("ledger.sqlite-journal").stat().st_size > 0
    assert warehouse.count("arrival") == 1
    warehouse.append_ledger(frames(2))
    assert warehouse.count("arrival") == 2


def test_an_old_warehouse_is_taken_over_once(tmp_path):
    import pyarrow as pa

    for name, frame in frames(1).items():
        if name != "arrival":
            table = pa.Table.from_pandas(frame, schema=arrow_schema(name), preserve_index=False)
            write_deltalake(str(tmp_path / name), table)
    stray = frames(9)["delivery_cell"]
    write_deltalake(
        str(tmp_path / "delivery_cell"),
        pa.Table.from_pandas(stray, schema=arrow_schema("delivery_cell"), preserve_index=False),
        mode="append",
    )
    warehouse = Warehouse(tmp_path)
    assert (take_over(warehouse), take_over(warehouse)) == (1, 0)
    assert warehouse.read("delivery_cell")["delivery_id"].tolist() == ["000000000001"]
    assert warehouse.read("arrival")["delivery_id"].tolist() == ["000000000001"]
