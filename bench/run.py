"""Measures speed: the parts of the first whole way, as ratios to a peer or seconds of one run.

``make bench`` prints the table and writes it to bench/README.md with machine, versions and date. Nothing here is a test.
"""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import openpyxl

from bench import ingest, mutations, speed
from ikz_eval.delivery.expectation import expect
from ikz_eval.delivery.judge import judge
from ikz_eval.delivery.template import filled_workbook
from ikz_eval.estimate import evaluate
from ikz_eval.panel import build_panel, build_partnership
from ikz_eval.registry import load_registry
from ikz_eval.simulation import simulate
from ikz_eval.simulation.files import delivery_content

ROOT = Path(__file__).parent.parent
WORKBOOKS = 30
REPEATS = 5


def median_seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the median time of ``work`` after one run to warm up [s]."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def delivery_rows() -> list[tuple[str, str, str]]:
    """Measure writing and judging workbooks against reading them with openpyxl alone."""
    registry = load_registry("demonstration")
    expected, programme = expect(registry), simulate(registry, seed=1)
    some = [delivery_content(programme, delivery) for delivery in range(WORKBOOKS)]
    files = [filled_workbook(registry, content) for content in some]
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{i}.xlsx" for i in range(len(files))]
        for path, data in zip(paths, files, strict=True):
            path.write_bytes(data)

        def peer() -> None:
            for path in paths:
                for sheet in openpyxl.load_workbook(path, read_only=True).worksheets:
                    list(sheet.iter_rows(values_only=True))

        read = median_seconds(peer, 3)
        judged = median_seconds(lambda: [judge(p.read_bytes(), p.name, expected) for p in paths], 3)
        written = median_seconds(lambda: [filled_workbook(registry, content) for content in some], 3)
    return [
        ("judge a workbook", f"{1000 * judged / len(files):.0f} ms", f"{judged / read:.1f} times openpyxl reading it"),
        ("write a workbook", f"{1000 * written / len(files):.0f} ms", ""),
    ]


def evaluation_rows() -> list[tuple[str, str, str]]:
    """Measure simulation, panel and estimation of the whole demonstration in memory."""
    registry = load_registry("demonstration")
    evaluation = registry.evaluation("2026-Q2")
    programme = simulate(registry, seed=1)

    def panel() -> object:
        return build_panel(
            registry, evaluation, programme.delivery, programme.cost, programme.caseload, programme.staff
        )

    frame = panel()
    partnership = build_partnership(registry, frame)  # type: ignore[arg-type]
    estimates = median_seconds(lambda: evaluate(registry, evaluation.quarter, frame, partnership))  # type: ignore[arg-type]
    return [
        (
            "simulate the programme",
            f"{median_seconds(lambda: simulate(registry, seed=1)):.2f} s",
            "36 bodies, 25 quarters",
        ),
        ("build the panel", f"{median_seconds(panel):.2f} s", ""),
        ("evaluate all fields and specifications", f"{estimates:.2f} s", ""),
    ]


def command_rows() -> list[tuple[str, str, str]]:
    """Measure the whole command, first and again, in a place of its own."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "IKZ_DATA": folder, "IKZ_STUDY": "demonstration"}
        seconds = []
        for _ in range(2):
            start = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "assets.evaluate"], cwd=ROOT, env=environment, check=True, capture_output=True
            )
            seconds.append(time.perf_counter() - start)
    return [
        ("make evaluate, first time", f"{seconds[0]:.0f} s", "limit 90 s"),
        ("make evaluate, nothing new", f"{seconds[1]:.0f} s", "limit 25 s"),
    ]


def main() -> None:
    """Print the tables; write that of speed to bench/README.md, that of judging to docs/judging.md."""
    rows = delivery_rows() + ingest.workbook_rows() + ingest.growth_rows() + evaluation_rows() + command_rows()
    table = "\n".join(f"| {task} | {figure} | {note} |" for task, figure, note in rows)
    libraries = ", ".join(f"{name} {version(name)}" for name in ("dagster", "pandas", "openpyxl", "statsmodels"))
    page = (
        "# Speed\n\nWritten by `make bench`: medians of one run, for orientation.\n\n"
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {libraries}, "
        f"{datetime.now(UTC):%Y-%m-%d}\n\n| task | figure | |\n|---|---|---|\n{table}\n"
    )
    target = ROOT / "bench" / "README.md"
    _, heading, methods = target.read_text(encoding="utf-8").partition(speed.HEADING)
    target.write_text(page + (f"\n{heading}{methods}" if heading else ""), encoding="utf-8")
    print(page)
    mutations.main()


if __name__ == "__main__":
    main()
