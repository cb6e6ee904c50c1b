"""Ingestion: whatever arrives is kept once, judged, answered; nothing is lost when it dies in between."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from ikz_eval.delivery import ingest as ingest_module
from ikz_eval.delivery import workers as workers_module
from ikz_eval.delivery.arriving import Arrival, portions
from ikz_eval.delivery.csv_form import filled_csv
from ikz_eval.delivery.expectation import expect
from ikz_eval.delivery.inbox import settled_files
from ikz_eval.delivery.ingest import IngestReport, ingest
from ikz_eval.delivery.judge import judge
from ikz_eval.delivery.template import filled_workbook
from ikz_eval.delivery.workers import Workers
from ikz_eval.errors import DeliveryError
from ikz_eval.registry import Registry
from ikz_eval.settings import ROOT, Place
from ikz_eval.warehouse import Warehouse
from tests.ikz_eval.delivery.builders import make_content, make_registry

NOW = datetime(2024, 11, 2, 9, 30, tzinfo=UTC)
DAY = datetime(2024, 11, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def at(tmp_path: Path) -> Place:
    return Place(study="tiny", data=tmp_path)


def drop(at: Place, name: str, data: bytes, age_seconds: float = 60.0) -> Path:
    """Put a file into the inbox as it looks some time after it was copied."""
    at.inbox.mkdir(parents=True, exist_ok=True)
    path = at.inbox / name
    path.write_bytes(data)
    moment = time.time() - age_seconds
    os.utime(path, (moment, moment))
    return path


def take(at: Place, registry: Registry, **changes: object) -> IngestReport:
    return ingest(at, registry, Warehouse(at.warehouse), **{"now": NOW, "received_at": DAY} | changes)  # type: ignore[arg-type]


def tables(at: Place) -> dict[str, pd.DataFrame]:
    """Return the ledger's tables without the moment of ingestion, the only thing that may differ."""
    warehouse = Warehouse(at.warehouse)
    frames = {name: warehouse.read(name) for name in ("delivery", "delivery_cell", "finding", "arrival")}
    frames["delivery"] = frames["delivery"].drop(columns="ingested_at")
    return frames


def csv(registry: Registry, ags: str = "X0101", quarter: str = "2024-Q3", **values: str) -> bytes:
    return filled_csv(registry, make_content(ags, quarter, **values), "comma_utf8_bom")


def test_an_accepted_file_is_kept_answered_and_gone_from_the_inbox(at, registry):
    data = filled_workbook(registry, make_content())
    drop(at, "X0101_2024-Q3.xlsx", data)
    report = take(at, registry)
    row = report.taken.iloc[0]
    assert (row["status"], row["version"], row["ags"], row["quarter"]) == ("accepted", 1, "X0101", "2024-Q3")
    assert (row["received_at"], row["ingested_at"]) == (DAY, NOW)
    assert (at.ledger / "files" / row["stored_as"]).read_bytes() == data
    assert row["stored_as"] == row["sha256"] + ".xlsx"
    assert list(at.inbox.iterdir()) == []
    stem = f"X0101_2024-Q3_{row['delivery_id']}"
    assert sorted(path.name for path in at.outbox.iterdir()) == [stem + end for end in (".html", ".mail.txt", ".xlsx")]
    assert len(tables(at)["delivery_cell"]) == len(make_content().values) + 1


def test_a_damaged_file_is_kept_with_its_findings_and_stops_nobody(at, registry):
    drop(at, "a_kaputt.xlsx", b"PK\x03\x04 this is no workbook")
    drop(
        at,
        "b_falsch.csv",
        csv(registry, "X0102").replace(b"1234.56", b"ca. 12 Tsd.").replace(b"1234,56", b"ca. 12 Tsd."),
    )
    drop(at, "c_gut.csv", csv(registry, "X0901"))
    report = take(at, registry)
    assert set(report.rejected) == {"a_kaputt.xlsx", "b_falsch.csv"}
    delivery, findings = tables(at)["delivery"], tables(at)["finding"]
    assert delivery.set_index("file_name")["version"].isna().to_dict() == {
        "a_kaputt.xlsx": True,
        "b_falsch.csv": False,
        "c_gut.csv": False,
    }, "whose body and quarter can be read has a number, accepted or not"
    rejected = delivery.loc[delivery["status"] == "rejected", "delivery_id"]
    assert set(rejected) <= set(findings["delivery_id"])
    assert set(tables(at)["delivery_cell"]["delivery_id"]) == set(
        delivery.loc[delivery["status"] == "accepted", "delivery_id"]
    )
    assert list(at.inbox.iterdir()) == []
    assert len(list(at.outbox.glob("*.html"))) == 3
    assert any(path.name.startswith("unlesbar_ohne-Quartal_") for path in at.outbox.iterdir())


def test_the_same_content_is_taken_once_whatever_its_name(at, registry):
    drop(at, "eins.csv", csv(registry))
    drop(at, "zwei.csv", csv(registry))
    first = take(at, registry)
    assert (len(first.taken), first.known) == (1, ("zwei.csv",))
    before = tables(at)
    drop(at, "drei.csv", csv(registry))
    again = take(at, registry, received_at=NOW)
    assert (len(again.taken), again.known, list(at.inbox.iterdir())) == (0, ("drei.csv",), [])
    after = tables(at)
    assert len(after.pop("arrival")) == len(before["arrival"]) + 1
    for name, frame in after.items():
        pd.testing.assert_frame_equal(frame, before[name])


def test_a_redelivery_is_the_next_version_and_the_first_stays(at, registry):
    for number, value in enumerate(("10.00", "20.00", "30.00")):
        drop(at, "X0101.csv", csv(registry, wohngeld__personnel=value))
        take(at, registry, received_at=DAY + timedelta(days=number))
    delivery = tables(at)["delivery"].sort_values("received_at")
    assert delivery["version"].tolist() == [1, 2, 3]
    assert len(list((at.ledger / "files").iterdir())) == 3


def test_a_rejected_delivery_has_its_number_and_the_corrected_one_the_next(at, registry):
    faulty = csv(registry, "X0102").replace(b"1234.56", b"ca. 12 Tsd.").replace(b"1234,56", b"ca. 12 Tsd.")
    drop(at, "falsch.csv", faulty)
    take(at, registry)
    drop(at, "berichtigt.csv", csv(registry, "X0102"))
    take(at, registry)
    rows = tables(at)["delivery"].set_index("file_name")[["status", "version"]]
    assert rows.loc["falsch.csv"].tolist() == ["rejected", 1]
    assert rows.loc["berichtigt.csv"].tolist() == ["accepted", 2]


def test_versions_in_one_batch_are_counted_by_arrival(at, registry):
    drop(at, "a.csv", csv(registry, wohngeld__personnel="10.00"))
    drop(at, "b.csv", csv(registry, wohngeld__personnel="20.00"))
    (at.inbox / "arrivals.csv").write_text(
        "file_name,received_at\na.csv,2024-10-20T08:00:00Z\nb.csv,2024-10-10T10:00:00+02:00\n", encoding="utf-8"
    )
    report = take(at, registry)
    assert report.taken[["file_name", "version"]].to_numpy().tolist() == [["b.csv", 1], ["a.csv", 2]]
    assert report.taken["received_at"].tolist() == [
        datetime(2024, 10, 10, 8, tzinfo=UTC),
        datetime(2024, 10, 20, 8, tzinfo=UTC),
    ]
    assert [path.name for path in at.inbox.iterdir()] == ["arrivals.csv"]


@pytest.mark.parametrize("row", ["a.csv,gestern", "a.csv,2024-10-20T08:00:00", "a.csv"])
def test_a_faulty_list_of_arrivals_names_its_row_and_takes_nothing(at, registry, row):
    drop(at, "a.csv", csv(registry))
    (at.inbox / "arrivals.csv").write_text(f"file_name,received_at\n{row}\n", encoding="utf-8")
    with pytest.raises(DeliveryError, match=r"arrivals\.csv, row 2"):
        take(at, registry)
    assert (at.inbox / "a.csv").exists()


def test_planted_arrival_times_are_for_invented_studies_only(at):
    real = make_registry(is_invented=False)
    drop(at, "a.csv", csv(real))
    (at.inbox / "arrivals.csv").write_text("file_name,received_at\na.csv,2020-01-01T08:00:00Z\n", encoding="utf-8")
    assert take(at, real).taken["received_at"].tolist() == [DAY]


def test_files_that_are_not_whole_are_left_for_later(at, registry):
    drop(at, "frisch.csv", csv(registry), age_seconds=0)
    drop(at, "leer.csv", b"")
    drop(at, "halb.xlsx.part", b"x")
    drop(at, "~$offen.xlsx", b"x")
    drop(at, ".versteckt", b"x")
    (at.inbox / "Ordner").mkdir()
    report = take(at, registry)
    assert report.waiting == ("Ordner", "frisch.csv", "halb.xlsx.part", "leer.csv", "~$offen.xlsx")
    assert report.taken.empty
    assert len(list(at.inbox.iterdir())) == 6
    ready, _ = settled_files(at.inbox, datetime.now(UTC) + timedelta(minutes=1))
    assert [path.name for path in ready] == ["frisch.csv"]


def test_a_link_in_the_inbox_is_named_and_never_followed(at, registry, tmp_path):
    outside = tmp_path / "outside.csv"
    outside.write_bytes(csv(registry))
    at.inbox.mkdir(parents=True)
    (at.inbox / "link.csv").symlink_to(outside)
    (at.inbox / "nowhere.csv").symlink_to(tmp_path / "missing")
    report = take(at, registry)
    assert (report.waiting, len(report.taken)) == (("link.csv", "nowhere.csv"), 0)
    assert outside.read_bytes() == csv(registry) and list((at.ledger / "files").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"\xff\xfe.csv", "\ufffd\ufffd.csv"),
        (b"zwei\nZeilen.csv", "zwei\ufffdZeilen.csv"),
        ("\u202evsc.csv".encode(), "\ufffdvsc.csv"),
        ('Mu\u0308hle "<b>.csv'.encode(), 'Mühle "<b>.csv'),
        (b"x" * 251 + b".csv", "x" * 109 + "…xxxxxx.csv"),
    ],
    ids=["undecodable", "line-end", "direction", "plain", "longest"],
)
def test_an_odd_name_is_taken_shown_and_gone_from_the_inbox(at, registry, name, shown):
    drop(at, "plain.csv", csv(registry)).rename(at.inbox / os.fsdecode(name))
    report = take(at, registry)
    assert tables(at)["delivery"]["file_name"].tolist() == [shown]
    assert (report.waiting, list(at.inbox.iterdir())) == ((), [])


def test_a_folder_that_cannot_be_written_is_one_clear_error_and_nothing_is_lost(at, registry, monkeypatch):
    drop(at, "a.csv", csv(registry))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(workers_module, "write_answer", full)
    with pytest.raises(DeliveryError, match=r"No space left on device.*No file is lost"):
        take(at, registry)
    assert (at.inbox / "a.csv").exists()
    monkeypatch.undo()
    assert take(at, registry).known == ("a.csv",)
    assert (len(list(at.outbox.glob("*.html"))), list(at.inbox.iterdir())) == (1, [])


def test_a_file_that_grows_while_it_is_read_is_left_for_later(at, registry, monkeypatch):
    path = drop(at, "a.csv", csv(registry))
    whole = Path.read_bytes

    def read_and_grow(self: Path) -> bytes:
        data = whole(self)
        if self == path:
            with self.open("ab") as file:
                file.write(b"x")
        return data

    monkeypatch.setattr(Path, "read_bytes", read_and_grow)
    report = take(at, registry)
    assert (report.waiting, len(report.taken)) == (("a.csv",), 0)
    assert path.exists()


def test_a_file_sent_under_the_same_name_meanwhile_is_not_lost(at, registry, monkeypatch):
    drop(at, "a.csv", csv(registry, wohngeld__personnel="10.00"))
    write = workers_module.write_answer

    def answer_while_a_new_file_arrives(*args: object) -> Path:
        drop(at, "a.csv", csv(registry, wohngeld__personnel="20.00"))
        return write(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(workers_module, "write_answer", answer_while_a_new_file_arrives)
    assert take(at, registry).waiting == ("a.csv",)
    monkeypatch.undo()
    second = take(at, registry)
    assert second.taken["version"].tolist() == [2]
    assert list(at.inbox.iterdir()) == []


def test_moments_need_a_time_zone(at, registry):
    with pytest.raises(DeliveryError, match="no time zone"):
        take(at, registry, received_at=datetime(2024, 11, 1))


class Died(BaseException):
    """Stands for a process that ends in the middle; journeys/test_faults.py kills real ones."""


def steps_of(at: Place, registry: Registry) -> list[str]:
    """Return the steps of an ingestion that nothing disturbs."""
    named: list[str] = []
    take(at, registry, step=named.append)
    return named


def fill(at: Place, registry: Registry) -> None:
    drop(at, "a.csv", csv(registry))
    drop(at, "b.xlsx", b"no workbook")
    drop(at, "c.csv", csv(registry, "X0102"))
    drop(at, "again.csv", csv(registry))
    for path in at.inbox.iterdir():  # the same files, wherever they lie
        os.utime(path, (1_730_000_000, 1_730_000_000))


def contents(at: Place) -> dict[str, bytes]:
    """Return all files of a study's folders but its tables; what was aside when it died may still lie there."""
    folders = [at.inbox, at.outbox, at.ledger / "files"]
    return {
        path.relative_to(at.home).as_posix(): path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".tmp")
    }


def test_dying_at_any_step_and_starting_again_gives_the_same(tmp_path, registry):
    whole = Place(study="tiny", data=tmp_path / "whole")
    fill(whole, registry)
    steps = steps_of(whole, registry)
    assert len(steps) > 15 and len(set(steps)) == 8
    expected = tables(whole)
    for number, name in enumerate(steps):
        at, seen = Place(study="tiny", data=tmp_path / str(number)), []
        fill(at, registry)

        def die(step: str, seen: list[str] = seen, number: int = number) -> None:
            seen.append(step)
            if len(seen) > number:
                raise Died

        with pytest.raises(Died):
            take(at, registry, step=die)
        take(at, registry)
        for table, frame in tables(at).items():
            pd.testing.assert_frame_equal(frame, expected[table], obj=f"{table} after dying at {number} ({name})")
        assert contents(at) == contents(whole), f"after dying at {number} ({name})"
        assert list(at.inbox.iterdir()) == []


def test_two_ingestions_at_once_give_one_result(at, registry):
    for number, value in enumerate(("10.00", "20.00", "30.00", "40.00")):
        drop(at, f"{number}.csv", csv(registry, wohngeld__personnel=value))
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda _: take(at, registry), range(3)))
    assert sum(len(report.taken) for report in reports) == 4
    delivery = tables(at)["delivery"]
    assert sorted(delivery["version"]) == [1, 2, 3, 4]
    assert not tables(at)["delivery_cell"].duplicated(["delivery_id", "sheet", "row", "column"]).any()


def test_progress_counts_files(at, registry):
    for ags in ("X0101", "X0102"):
        drop(at, f"{ags}.csv", csv(registry, ags))
    seen: list[tuple[int, int]] = []
    take(at, registry, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]


def test_judging_processes_end_with_a_killed_ingestion(tmp_path):
    code = (
        "import os, time\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "from multiprocessing import get_context\n"
        "from ikz_eval.delivery.workers import end_with_parent\n"
        "if __name__ == '__main__':\n"
        "    pool = ProcessPoolExecutor(1, mp_context=get_context('spawn'), initializer=end_with_parent)\n"
        "    print(pool.submit(os.getpid).result(), flush=True)\n"
        "    time.sleep(60)\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(code, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.kill()
    for _ in range(200):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{worker}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z":
            return  # ended; its new parent has not asked for its result yet
        time.sleep(0.05)
    pytest.fail("the judging process still waits for work")


def test_several_processes_judge_as_one_does(registry, monkeypatch):
    files = [(csv(registry, wohngeld__personnel=f"{number}.00"), f"{number}.csv") for number in range(14)]
    files.append((b"no workbook", "x.xlsx"))
    alone = [judge(data, name, expect(registry)) for data, name in files]
    monkeypatch.setattr(workers_module, "WORTH_PROCESSES", 2)
    monkeypatch.setattr(workers_module.os, "cpu_count", lambda: 2)
    with Workers(expect(registry), len(files)) as workers:
        together = list(workers.judge(files))
    assert together == alone


def test_one_chunk_or_many_give_the_same_tables(tmp_path, registry, monkeypatch):
    places = []
    for size in (48, 1):
        at = Place(study="tiny", data=tmp_path / str(size))
        monkeypatch.setattr(ingest_module, "CHUNK", size)
        fill(at, registry)
        drop(at, "later.csv", csv(registry, wohngeld__personnel="1.00"))
        os.utime(at.inbox / "later.csv", (1_730_000_000, 1_730_000_000))
        take(at, registry)
        places.append(at)
    for name, frame in tables(places[0]).items():
        pd.testing.assert_frame_equal(frame, tables(places[1])[name])
    assert contents(places[0]) == contents(places[1])


def test_every_arrival_is_recorded_with_its_sender(at, registry):
    drop(at, "a.csv", csv(registry))
    take(at, registry, sender="kreis@example.org")
    drop(at, "b.csv", csv(registry), age_seconds=90)
    take(at, registry)
    arrivals = Warehouse(at.warehouse).read("arrival").sort_values("file_name")
    assert arrivals["file_name"].tolist() == ["a.csv", "b.csv"]
    assert arrivals["sender"].isna().tolist() == [False, True]
    assert arrivals["delivery_id"].nunique() == 1 and len(tables(at)["delivery"]) == 1


def test_a_named_file_is_copied_in_with_its_sender_and_stays_where_it_is(at, registry, tmp_path):
    mine, theirs = tmp_path / "meldung.csv", drop(at, "meldung.csv", csv(registry, "X0102"))
    mine.write_bytes(csv(registry))
    report = take(at, registry, files=[mine], sender="Frau Muster, Kämmerei")
    assert report.taken["status"].tolist() == ["accepted", "accepted"] and mine.exists() and not theirs.exists()
    arrivals = tables(at)["arrival"].set_index("file_name")["sender"]
    assert arrivals["meldung (2).csv"] == "Frau Muster, Kämmerei" and arrivals.isna()["meldung.csv"]
    again = take(at, registry, files=[mine], sender="Frau Muster, Kämmerei")
    assert (again.known, len(tables(at)["delivery"])) == (("meldung.csv",), 2)


@pytest.mark.parametrize(("name", "words"), [("fehlt.csv", "there is no such file"), ("leer.csv", "is empty")])
def test_a_named_file_that_is_none_stops_before_anything_is_taken(at, registry, tmp_path, name, words):
    (tmp_path / "leer.csv").write_bytes(b"")
    drop(at, "a.csv", csv(registry))
    with pytest.raises(DeliveryError, match=rf"{name}: {words}.*Nothing was taken in"):
        take(at, registry, files=[tmp_path / "gut.csv", tmp_path / name][1:])
    assert [path.name for path in at.inbox.iterdir()] == ["a.csv"] and tables(at)["delivery"].empty


def test_dying_with_a_named_file_and_starting_again_takes_it_once(at, registry, tmp_path):
    mine = tmp_path / "meldung.csv"
    mine.write_bytes(csv(registry))

    def die(name: str) -> None:
        if name == "started":
            raise Died

    with pytest.raises(Died):
        take(at, registry, files=[mine], sender="Muster", step=die)
    take(at, registry, files=[mine], sender="Muster")
    assert tables(at)["arrival"][["file_name", "sender"]].to_numpy().tolist() == [["meldung.csv", "Muster"]]


def test_portions_hold_no_more_than_files_and_bytes_allow(at):
    def arrival(size: int) -> Arrival:
        return Arrival(at.inbox, "0" * 64, NOW, "0" * 12, size)

    sizes = [[one.byte_count for one in part] for part in portions(map(arrival, (5, 5, 5, 90, 1, 1, 1)), 2, 20)]
    assert sizes == [[5, 5], [5], [90], [1, 1], [1]]


def test_a_copy_in_a_later_chunk_counts_when_the_first_one_vanished(at, registry, monkeypatch):
    drop(at, "a.csv", csv(registry))
    drop(at, "b.csv", csv(registry))
    monkeypatch.setattr(ingest_module, "CHUNK", 1)
    gone = iter([True])
    monkeypatch.setattr(Arrival, "data", lambda one, read=Arrival.data: None if next(gone, False) else read(one))
    report = take(at, registry)
    assert (len(report.taken), report.known, report.waiting) == (1, ("b.csv",), ("a.csv",))
    assert [path.name for path in at.inbox.iterdir()] == ["a.csv"]


def test_a_worker_killed_from_outside_changes_nothing(registry, monkeypatch):
    files = [(csv(registry, wohngeld__personnel=f"{number}.00"), f"{number}.csv") for number in range(40)]
    monkeypatch.setattr(workers_module.os, "cpu_count", lambda: 2)
    with Workers(expect(registry), len(files)) as workers:
        first, second = workers.judge(files[:20]), workers.judge(files[20:])
        together = [next(first)]
        for process in list(workers._pool._processes.values()):
            process.kill()
        together += [*first, *second]
    assert together == [judge(data, name, expect(registry)) for data, name in files]
