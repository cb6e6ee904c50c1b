"""Measures ingestion: time per workbook, memory of the parent, and what one more delivery costs.

Called by run.py; each ingestion runs in a process of its own, so that its memory is its own.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import openpyxl

from ikz_eval.delivery.content import DeliveryContent
from ikz_eval.delivery.csv_form import filled_csv
from ikz_eval.delivery.expectation import expect
from ikz_eval.delivery.ingest import ingest
from ikz_eval.delivery.template import filled_workbook
from ikz_eval.registry import load_registry
from ikz_eval.settings import ROOT, Place
from ikz_eval.simulation import simulate
from ikz_eval.simulation.files import delivery_content
from ikz_eval.warehouse import Warehouse

STUDY = "demonstration"
WORKBOOKS = 1_000
SIZES = (100, 1_000, 10_000)
ADDED = 15
_PEERS = 100
_OLD = 1_600_000_000
_SEED_OF_ADDED = 1_000


def workbook_rows() -> list[tuple[str, str, str]]:
    """Measure checking and ingesting good workbooks against reading them with openpyxl alone."""
    with tempfile.TemporaryDirectory() as folder:
        place = Place(STUDY, Path(folder))
        _fill(place, workbooks(WORKBOOKS))
        paths = sorted(place.inbox.iterdir())[:: WORKBOOKS // _PEERS]
        before = _reading_seconds(paths)
        done = _ingested(place)
        read = statistics.mean((before, _reading_seconds(sorted((place.ledger / "files").iterdir())[:_PEERS])))
    each = done["seconds"] / done["files"]
    return [
        ("openpyxl reading a workbook", f"{1000 * read:.0f} ms", "read-only, one core"),
        (
            f"check, ingest and answer {WORKBOOKS} good workbooks",
            f"{1000 * each:.0f} ms each",
            f"{each / read:.1f} times openpyxl reading it, limit 3; parent at most {done['megabytes']:.0f} MB",
        ),
    ]


def growth_rows() -> list[tuple[str, str, str]]:
    """Measure the parent's memory by the number of deliveries, and one more delivery beside few and beside many."""
    rows, additions = [], {}
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            place = Place(STUDY, Path(folder) / str(size))
            _fill(place, csv_files(size))
            done = _ingested(place)
            rows.append((f"ingest {size} CSV deliveries: parent", f"{done['megabytes']:.0f} MB", "memory at most"))
            additions[size] = place
        few, many = SIZES[0], SIZES[-1]
        seconds = _adding_seconds(additions[few], additions[many])
    rows.append((f"one more delivery in a ledger of {few}", f"{1000 * seconds[0]:.0f} ms", ""))
    rows.append(
        (
            f"one more delivery in a ledger of {many}",
            f"{1000 * seconds[1]:.0f} ms",
            f"{seconds[1] / seconds[0]:.2f} times, limit 0.80 to 1.20",
        )
    )
    return rows


def workbooks(count: int) -> Iterator[tuple[str, bytes]]:
    """Yield good workbooks, all different."""
    expected = expect(load_registry(STUDY))
    for name, content in _contents(count):
        yield f"{name}.xlsx", filled_workbook(expected, content)


def csv_files(count: int, first_seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """Yield good CSV deliveries, all different; after the first 900 they are new versions."""
    registry = load_registry(STUDY)
    for name, content in _contents(count, first_seed):
        yield f"{name}.csv", filled_csv(registry, content, "comma_utf8_bom")


def _contents(count: int, first_seed: int = 1) -> Iterator[tuple[str, DeliveryContent]]:
    registry, seed, made = load_registry(STUDY), first_seed, 0
    while made < count:
        programme = simulate(registry, seed=seed)
        for delivery in range(min(len(programme.delivery), count - made)):
            content = delivery_content(programme, delivery)
            yield f"{made:05}_{content.ags}_{content.quarter}", content
            made += 1
        seed += 1


def _fill(place: Place, files: Iterator[tuple[str, bytes]]) -> None:
    place.inbox.mkdir(parents=True, exist_ok=True)
    for number, (name, data) in enumerate(files):
        path = place.inbox / name
        path.write_bytes(data)
        os.utime(path, (_OLD + number, _OLD + number))


def _reading_seconds(paths: list[Path]) -> float:
    """Return the mean time openpyxl needs for a workbook [s]."""
    start = time.perf_counter()
    for path in paths:
        for sheet in openpyxl.load_workbook(path, read_only=True).worksheets:
            list(sheet.iter_rows(values_only=True))
    return (time.perf_counter() - start) / len(paths)


def _ingested(place: Place) -> dict[str, float]:
    """Take in an inbox in a process of its own, and return files, seconds and the process's largest memory."""
    command = [sys.executable, "-m", "bench.ingest", str(place.data)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _adding_seconds(few: Place, many: Place) -> tuple[float, float]:
    """Return the median times of one more delivery in two ledgers, measured in turns [s]."""
    registry = load_registry(STUDY)
    times: tuple[list[float], list[float]] = ([], [])
    for number, file in enumerate(csv_files(ADDED + 1, _SEED_OF_ADDED)):
        for place, measured in zip((few, many), times, strict=True):
            _fill(place, iter([file]))
            start = time.perf_counter()
            ingest(place, registry, Warehouse(place.warehouse))
            if number:  # the first warms up
                measured.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def main(data: Path) -> None:
    """Take in the inbox of a place and print files, seconds and memory as JSON."""
    import resource

    place, registry = Place(STUDY, data), load_registry(STUDY)
    start = time.perf_counter()
    report = ingest(place, registry, Warehouse(place.warehouse))
    seconds = time.perf_counter() - start
    accepted = int((report.taken["status"] == "accepted").sum())
    if accepted != len(report.taken):
        sys.exit(f"{len(report.taken) - accepted} of {len(report.taken)} good deliveries were rejected")
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"files": accepted, "seconds": seconds, "megabytes": megabytes}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
