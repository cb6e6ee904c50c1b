"""Real processes that are killed, meet or run out of space: the next ingestion gives what an undisturbed one gives."""

import os
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from ikz_eval.delivery.csv_form import filled_csv
from ikz_eval.delivery.template import filled_workbook
from ikz_eval.registry import load_registry
from ikz_eval.settings import ROOT, Place
from ikz_eval.simulation import simulate
from ikz_eval.simulation.files import delivery_content
from ikz_eval.warehouse import Warehouse
from schemas import LEDGER_TABLES

pytestmark = pytest.mark.xdist_group("faults")
MOMENT = 1_730_000_000
KILLED_INGESTION = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from ikz_eval.delivery.ingest import ingest
from ikz_eval.registry import load_registry
from ikz_eval.settings import Place
from ikz_eval.warehouse import Warehouse

left = int(sys.argv[2])
now = datetime(2024, 11, 2, 9, 30, tzinfo=UTC)

def step(name):
    global left
    left -= 1
    print(name, flush=True)
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

place = Place("demonstration", Path(sys.argv[1]))
ingest(place, load_registry("demonstration"), Warehouse(place.warehouse), now=now, step=step)
"""
TWENTY_AT_ONCE = KILLED_INGESTION.replace(
    "place = Place(",
    """
ours = next((0 for _ in range(20) if os.fork() == 0), None)  # children have read the modules already
if ours is None:
    sys.exit(sum(os.wait()[1] != 0 for _ in range(20)))
place = Place(""",
    1,
)
FULL_DISK = """
import resource, sys
limit = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
from ikz_eval.cli import main
sys.argv[0] = "ikz"
main()
"""


def run(script: str, *arguments: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True, text=True, check=False, cwd=ROOT, env=os.environ | environment,
    )  # fmt: skip


@cache
def good_files() -> dict[str, bytes]:
    """Return four deliveries of the demonstration, a damaged one and one that comes twice."""
    registry = load_registry("demonstration")
    programme, files = simulate(registry, seed=1), {}
    for number in range(4):
        content = delivery_content(programme, number)
        stem = f"{content.ags}_{content.quarter}"
        if number % 2:
            files[f"{stem}.xlsx"] = filled_workbook(registry, content)
        else:
            files[f"{stem}.csv"] = filled_csv(registry, content, "comma_utf8_bom")
    return files | {"kaputt.xlsx": b"PK\x03\x04", "nochmal.csv": next(iter(files.values()))}


def fill(place: Place) -> Place:
    """Put the files into the inbox, as old in every place."""
    place.inbox.mkdir(parents=True)
    for name, data in good_files().items():
        (place.inbox / name).write_bytes(data)
        os.utime(place.inbox / name, (MOMENT, MOMENT))
    return place


def state(place: Place) -> tuple[dict[str, pd.DataFrame], dict[str, bytes]]:
    """Return the ledger's tables without the moment of ingestion, and every file beside them."""
    warehouse = Warehouse(place.warehouse, read_only=True)
    tables = {name: warehouse.read(name) for name in LEDGER_TABLES}
    files = {
        path.relative_to(place.home).as_posix(): path.read_bytes()
        for folder in (place.inbox, place.outbox, place.ledger / "files")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
    return tables, files


def assert_same(left: Place, right: Place, case: str) -> None:
    (tables, files), (expected, wanted) = state(left), state(right)
    for name, frame in expected.items():
        pd.testing.assert_frame_equal(tables[name], frame, obj=f"{name} {case}")
    assert files == wanted, case


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, list[str]]:
    """Return a place whose inbox was taken in by one undisturbed process, and the steps it took."""
    place = fill(Place("demonstration", tmp_path_factory.mktemp("undisturbed")))
    done = run(KILLED_INGESTION, place.data, -1)
    assert done.returncode == 0, done.stderr
    assert Warehouse(place.warehouse).read("delivery")["status"].value_counts().to_dict() == {
        "accepted": 4,
        "rejected": 1,
    }
    return place, done.stdout.split("\n")[:-1]


def kill_and_go_on(tmp_path: Path, undisturbed: Place, number: int, name: str) -> None:
    place = fill(Place("demonstration", tmp_path / str(number)))
    died = run(KILLED_INGESTION, place.data, number)
    assert died.returncode == -signal.SIGKILL, died.stderr
    again = run(KILLED_INGESTION, place.data, -1)
    assert again.returncode == 0, again.stderr
    assert_same(place, undisturbed, f"after kill -9 at step {number}, {name}")


def test_kill_9_around_the_commit_then_again_gives_the_same_tables(tmp_path, undisturbed):
    place, steps = undisturbed
    for name in ("before the commit", "committed"):
        kill_and_go_on(tmp_path, place, steps.index(name) + 1, name)


@pytest.mark.slow
def test_kill_9_at_every_step_then_again_gives_the_same_tables(tmp_path, undisturbed):
    place, steps = undisturbed
    assert set(steps) == {
        "started", "judged", "file written", "file kept", "before the commit", "committed", "answered", "taken out",
    }  # fmt: skip
    for number, name in enumerate(steps, start=1):
        kill_and_go_on(tmp_path, place, number, name)


def test_twenty_started_at_once_give_one_result(tmp_path, undisturbed):
    place = fill(Place("demonstration", tmp_path))
    many = run(TWENTY_AT_ONCE, place.data, -1)
    assert (many.returncode, many.stderr) == (0, "")
    assert_same(place, undisturbed[0], "after twenty at once")


@pytest.mark.parametrize("limit", [4_096, 40_000], ids=["no file fits", "the tables do not fit"])
def test_a_full_disk_shows_nothing_half_written_and_loses_nothing(tmp_path, undisturbed, limit):
    place = fill(Place("demonstration", tmp_path))
    names = {path.name for path in place.inbox.iterdir()}
    # A module's cache that is cut off by the limit would stop every later start.
    settings = {"IKZ_DATA": str(place.data), "IKZ_STUDY": "demonstration", "PYTHONDONTWRITEBYTECODE": "1"}
    full = run(FULL_DISK, limit, "ingest", **settings)
    assert full.returncode == 2 and "No file is lost" in full.stderr, full.stderr
    tables, files = state(place)
    assert {len(frame) for frame in tables.values()} == {0}, "a delivery is in all tables or in none"
    assert {path.name for path in place.inbox.iterdir()} == names
    assert not [name for name in files if name.startswith("outbox")]
    again = run(KILLED_INGESTION, place.data, -1)
    assert again.returncode == 0, again.stderr
    assert_same(place, undisturbed[0], "after a full disk")
