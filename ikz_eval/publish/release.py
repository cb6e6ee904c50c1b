"""A release: one folder ``<quarter>.r<N>`` that appears whole or not at all, and never changes.

Everything is built in a hidden folder beside it and renamed at the end, under a lock for the quarter. The same input
gives the same bytes; a new number is given only when something the release rests on has changed (fingerprint.py).
"""

import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import pandas as pd
from filelock import FileLock, Timeout

from ikz_eval.errors import ReleaseError
from ikz_eval.publish.columns import TABLES
from ikz_eval.publish.csv_tables import csv_bytes
from ikz_eval.publish.datapackage import datapackage_bytes
from ikz_eval.publish.fingerprint import fingerprint
from ikz_eval.publish.manifest import MANIFEST, deliveries_used, manifest_bytes, read_manifest
from ikz_eval.publish.mark import mark
from ikz_eval.publish.pages import PAGES, Edition, facts, page_bytes
from ikz_eval.publish.sentences import field_results
from ikz_eval.publish.tables import of_quarter
from ikz_eval.publish.workbook import workbook_bytes
from ikz_eval.registry import EvaluationQuarter, Registry
from ikz_eval.registry.calendar_file import calendar_file
from ikz_eval.settings import Place
from ikz_eval.texts import LANGUAGES

LOCK_SECONDS = 900
"""How long a second build of the same quarter waits for the first."""

Draw = Callable[[pd.DataFrame, Registry, str], dict[str, str]]
Execute = Callable[[Path, Registry], None]


@dataclass(frozen=True, slots=True)
class Release:
    """A release on disk.

    Attributes
    ----------
    path : Path
        Its folder.
    number : int
        1 for ``r1``.
    is_new : bool
        False when the evaluation gave nothing new and this release already existed.
    """

    path: Path
    number: int
    is_new: bool


def make_release(
    place: Place,
    registry: Registry,
    evaluation: EvaluationQuarter,
    tables: Mapping[str, pd.DataFrame],
    cells: pd.DataFrame,
    *,
    draw: Draw | None = None,
    execute: Execute | None = None,
) -> Release:
    """Make the release of one evaluation quarter, or return the latest one when nothing has changed.

    Parameters
    ----------
    place : Place
        Where releases lie.
    registry, evaluation
        The study and the quarter.
    tables : mapping of str to pd.DataFrame
        ``delivery`` and the evaluation tables by name.
    cells : pd.DataFrame
        Contract ``published_cell``; all that is shown is made from it.
    draw, execute : callable, optional
        How figures are drawn and notebooks executed; the project's own when left out.

    Raises
    ------
    ReleaseError
        If real and invented deliveries would mix, a file carries no mark, or the disk refuses; nothing is published.
    """
    mine = of_quarter(cells, evaluation.quarter)
    deliveries = deliveries_used(registry, evaluation, tables)
    wanted = fingerprint(registry, evaluation, tables, mine, deliveries)
    try:
        place.releases.mkdir(parents=True, exist_ok=True)
        with FileLock(place.releases / f".{evaluation.quarter}.lock", timeout=LOCK_SECONDS):
            latest = latest_release(place, evaluation.quarter)
            number = release_number(latest) if latest else 0
            if latest and read_manifest(latest)["fingerprint"] == wanted:
                return Release(latest, number, False)
            build = _Build(registry, evaluation, number + 1, tables, mine, draw or _draw, execute or _execute)
            path = _publish(place.releases, build)
    except Timeout as error:
        raise ReleaseError(
            f"{evaluation.quarter}: another run has been building this release for more than {LOCK_SECONDS // 60} minutes; "
            "wait for it or end it, then evaluate again"
        ) from error
    except OSError as error:
        raise ReleaseError(
            f"{evaluation.quarter}: the release could not be written ({error.strerror or error}); nothing was published: "
            "make room or mend the rights in the folder releases/, then evaluate again"
        ) from error
    return Release(path, number + 1, True)


def latest_release(place: Place, quarter: str) -> Path | None:
    """Return the folder of the newest release of a quarter; None when there is none."""
    pattern = re.compile(rf"{re.escape(quarter)}\.r[1-9]\d*")
    if not place.releases.is_dir():
        return None
    found = [path for path in place.releases.iterdir() if path.is_dir() and pattern.fullmatch(path.name)]
    return max(found, key=release_number, default=None)


def release_number(path: Path) -> int:
    """Return 2 for a folder ``2026-Q2.r2``."""
    return int(path.name.rpartition(".r")[2])


def summary(release: Release | Path, lang: str = "de") -> list[str]:
    """Return the sentence of every field, as the first screen of the release gives it."""
    path = release.path if isinstance(release, Release) else release
    return [result["sentence"] for result in read_manifest(path)["results"][lang]]


@dataclass(frozen=True, slots=True)
class _Build:
    """Everything one release is made from."""

    registry: Registry
    evaluation: EvaluationQuarter
    number: int
    tables: Mapping[str, pd.DataFrame]
    cells: pd.DataFrame
    draw: Draw
    execute: Execute


def _publish(releases: Path, build: _Build) -> Path:
    """Build beside, then rename; a build that died before is removed first."""
    building = releases / f".building-{build.evaluation.quarter}"
    shutil.rmtree(building, ignore_errors=True)
    try:
        building.mkdir()
        _fill(building, build)
        _require_marks(building, build.registry)
        _sync(building)
        target = releases / f"{build.evaluation.quarter}.r{build.number}"
        building.rename(target)
        _sync_folder(releases)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return target


def _fill(folder: Path, build: _Build) -> None:
    registry, cells, quarter = build.registry, build.cells, build.evaluation.quarter
    edition = Edition(build.evaluation, build.number, _last_received(build))
    for table in TABLES:
        _write(folder / "tables" / f"{table}.csv", csv_bytes(cells, table, mark(registry)))
    sentences = [result.sentence for result in field_results(cells, registry, "de")]
    _write(folder / "tables.xlsx", workbook_bytes(cells, registry, facts(registry, edition, "de"), sentences))
    for lang in LANGUAGES:
        figures = build.draw(cells, registry, lang)
        ending = ".svg" if lang == "de" else f".{lang}.svg"
        for stem, svg in figures.items():
            _write(folder / "figures" / f"{stem}{ending}", svg.encode("utf-8"))
        _write(folder / PAGES[lang], page_bytes(cells, registry, edition, figures, lang))
    _write(folder / "calendar.ics", calendar_file(registry, mark=mark(registry)))
    _write(folder / "datapackage.json", datapackage_bytes(registry, quarter, build.number, folder))
    build.execute(folder, registry)
    _write(folder / MANIFEST, manifest_bytes(registry, build.evaluation, build.number, build.tables, cells, folder))


def _last_received(build: _Build) -> date | None:
    deliveries = deliveries_used(build.registry, build.evaluation, build.tables)
    moments = [pd.Timestamp(delivery["received_at"]) for delivery in deliveries]
    return max(moments).tz_convert("Europe/Berlin").date() if moments else None


def _draw(cells: pd.DataFrame, registry: Registry, lang: str) -> dict[str, str]:
    from ikz_eval.publish.figures import draw

    return draw(cells, registry, lang)


def _execute(folder: Path, registry: Registry) -> None:
    from ikz_eval.publish.notebooks import execute

    execute(folder, registry)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def _require_marks(folder: Path, registry: Registry) -> None:
    """Refuse a file that does not say what it is."""
    marks = [mark(registry, lang).encode("utf-8") for lang in LANGUAGES]
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if path.suffix == ".xlsx":
            with ZipFile(path) as book:
                content = book.read("xl/sharedStrings.xml")
        elif path.suffix == ".ics":  # lines are folded after 75 bytes, commas escaped
            content = content.replace(b"\r\n ", b"").replace(b"\\,", b",")
        if not any(each in content for each in marks):
            raise ReleaseError(
                f"{path.relative_to(folder).as_posix()} does not carry the mark '{mark(registry)}'; every file of a release "
                "must: see ikz_eval/publish/mark.py; nothing was published"
            )


def _sync(folder: Path) -> None:
    """Bring every file and folder safely to the disk."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            _sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
