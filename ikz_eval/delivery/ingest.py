"""Ingestion: files of the inbox become deliveries in the ledger, each judged and answered.

Nothing is lost and nothing taken twice: file into the ledger, then cells and findings, then the row in ``delivery`` (the
commit point), then the answer, and only then out of the inbox. ``ikz ingest`` and the sensor call the same function.
Which files are whole is inbox.py, judging judge.py, the page that goes back answer.py.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from ikz_eval.delivery.answer import write_answer
from ikz_eval.delivery.findings import finding_rows
from ikz_eval.delivery.inbox import (
    leave,
    planted_arrivals,
    read_whole,
    recover_taken,
    settled_files,
    shown_name,
    take_out,
)
from ikz_eval.delivery.judge import Judgement
from ikz_eval.delivery.judging import judge_all
from ikz_eval.errors import DeliveryError
from ikz_eval.registry import Registry
from ikz_eval.settings import Place
from ikz_eval.warehouse import Warehouse, empty_table, typed
from ikz_eval.warehouse.lock import ledger_lock

__all__ = ["IngestReport", "ingest", "settled_files"]

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What one ingestion did.

    Attributes
    ----------
    taken : pd.DataFrame
        New rows of table ``delivery``, ordered by arrival.
    known : tuple of str
        Names of files whose content was in the ledger already.
    waiting : tuple of str
        Names of files left for later: still being copied, empty or unreadable now.
    """

    taken: pd.DataFrame
    known: tuple[str, ...]
    waiting: tuple[str, ...]

    @property
    def rejected(self) -> tuple[str, ...]:
        """Names of new files that were rejected."""
        return tuple(self.taken.loc[self.taken["status"] == "rejected", "file_name"])


@dataclass(frozen=True, slots=True)
class Arrival:
    """One whole file of the inbox."""

    path: Path
    data: bytes
    sha256: str
    received_at: datetime

    @property
    def name(self) -> str:
        """Name as it can be stored and shown."""
        return shown_name(self.path.name)

    @property
    def stored_as(self) -> str:
        """Name under which the ledger keeps the file."""
        suffix = self.path.suffix.lower()
        return self.sha256 + (suffix if re.fullmatch(r"\.[a-z0-9]{1,6}", suffix) else "")


def ingest(
    place: Place,
    registry: Registry,
    warehouse: Warehouse,
    *,
    received_at: datetime | None = None,
    now: datetime | None = None,
    progress: Progress | None = None,
    languages: Iterable[str] = ("de",),
) -> IngestReport:
    """Take all whole files of the inbox into the ledger; one process at a time, others wait.

    Parameters
    ----------
    place : Place
        Where the study keeps its files.
    registry : Registry
        The study.
    warehouse : Warehouse
        Gets rows of ``delivery``, ``delivery_cell`` and ``finding``.
    received_at : datetime, optional
        When the files arrived, aware; ``now`` when left out. The demonstration's planted times go before it.
    now : datetime, optional
        Moment of ingestion, aware; the machine's clock when left out.
    progress : callable, optional
        Called with the number of files judged and their total.
    languages : iterable of str
        Editions of the answers.

    Raises
    ------
    DeliveryError
        If a moment has no time zone, or the planted times cannot be read; nothing is taken then. If a folder cannot be
        read or written (rights, full disk); what is not safe in the ledger then is still in the inbox.
    """
    moment = now or datetime.now(UTC)
    for given in (received_at, moment):
        if given is not None and given.tzinfo is None:
            raise DeliveryError(
                f"{given.isoformat()} has no time zone; give one, for example 2024-11-14T09:30:00+01:00"
            )
    try:
        for folder in (place.inbox, place.outbox, place.ledger / "files"):
            folder.mkdir(parents=True, exist_ok=True)
        with ledger_lock(place):
            recover_taken(place.inbox)
            arrivals, waiting = _arrivals(place, registry, received_at or moment)
            if not arrivals:
                return IngestReport(empty_table("delivery"), (), tuple(waiting))
            return _take_in(place, registry, warehouse, arrivals, waiting, moment, progress, languages)
    except OSError as error:
        raise DeliveryError(
            f"deliveries could not be taken in: {error}. No file is lost: each stays in the inbox until it is safe and "
            "answered. Check free space and rights of the folders inbox, outbox and ledger, then start again"
        ) from error


def _take_in(
    place: Place,
    registry: Registry,
    warehouse: Warehouse,
    arrivals: list[Arrival],
    waiting: list[str],
    moment: datetime,
    progress: Progress | None,
    languages: Iterable[str],
) -> IngestReport:
    """Do the steps in the order that loses nothing."""
    delivery = warehouse.read("delivery")
    _remove_leftovers(warehouse, delivery)
    new, known = _new_and_known(arrivals, set(delivery["sha256"]))
    judged = judge_all([(arrival.data, arrival.name) for arrival in new], registry, progress)
    _keep(place, new)
    rows = _with_versions(delivery, _delivery_rows(new, judged, moment))
    if judged:
        found = [finding_rows(one.delivery_id, one.findings) for one in judged if one.findings]
        warehouse.append("delivery_cell", pd.concat([one.cells for one in judged], ignore_index=True))
        warehouse.append("finding", pd.concat(found, ignore_index=True) if found else empty_table("finding"))
        warehouse.append("delivery", rows)
    _answer(place, registry, warehouse, arrivals, languages)
    stuck = [arrival.name for arrival in arrivals if not take_out(arrival.path, arrival.sha256)]
    leave(place.inbox)
    names = tuple(arrival.name for arrival in known)
    return IngestReport(rows, names, tuple(waiting + [name for name in stuck if name not in names]))


def _arrivals(place: Place, registry: Registry, received_at: datetime) -> tuple[list[Arrival], list[str]]:
    """Return the whole files with their moment of arrival, and the names of those left for later."""
    ready, later = settled_files(place.inbox)
    planted = planted_arrivals(place.inbox) if registry.is_invented else {}
    arrivals, waiting = [], [shown_name(path.name) for path in later]
    for path in ready:
        data = read_whole(path)
        if data is None:
            waiting.append(shown_name(path.name))
            continue
        at = planted.get(path.name, received_at).astimezone(UTC)
        arrivals.append(Arrival(path, data, hashlib.sha256(data).hexdigest(), at))
    return arrivals, waiting


def _new_and_known(arrivals: list[Arrival], ledger: set[str]) -> tuple[list[Arrival], list[Arrival]]:
    """Split by content: new to the ledger (ordered by arrival), or there already, be it from this very inbox."""
    new: list[Arrival] = []
    known: list[Arrival] = []
    seen = set(ledger)
    for arrival in sorted(arrivals, key=lambda one: (one.received_at, one.sha256, one.path.name)):
        (known if arrival.sha256 in seen else new).append(arrival)
        seen.add(arrival.sha256)
    return new, known


def _remove_leftovers(warehouse: Warehouse, delivery: pd.DataFrame) -> None:
    """Delete rows of deliveries that a died ingestion never committed."""
    committed = set(delivery["delivery_id"])
    for name in ("delivery_cell", "finding"):
        warehouse.delete_deliveries(name, set(warehouse.read(name)["delivery_id"]) - committed)


def _keep(place: Place, arrivals: list[Arrival]) -> None:
    """Copy files into the ledger; each appears there whole or not at all, and survives a loss of power."""
    folder = place.ledger / "files"
    for arrival in arrivals:
        target = folder / arrival.stored_as
        if target.exists():
            continue
        aside = target.with_name(f".{target.name}.tmp")
        with aside.open("wb") as file:
            file.write(arrival.data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(target)
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _delivery_rows(new: list[Arrival], judged: list[Judgement], moment: datetime) -> pd.DataFrame:
    return typed(
        "delivery",
        [
            {
                "delivery_id": one.delivery_id,
                "sha256": one.sha256,
                "file_name": arrival.name,
                "stored_as": arrival.stored_as,
                "byte_count": len(arrival.data),
                "layout": one.layout,
                "ags": one.ags,
                "quarter": one.quarter,
                "version": None,
                "status": one.status,
                "is_invented": one.is_invented,
                "received_at": pd.Timestamp(arrival.received_at),
                "ingested_at": pd.Timestamp(moment.astimezone(UTC)),
            }
            for arrival, one in zip(new, judged, strict=True)
        ],
    )


def _with_versions(delivery: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return ``rows`` numbered by body and quarter: the ledger's deliveries, then the new ones by arrival.

    A rejected delivery has its number too, as its sender counts; one whose body or quarter cannot be read has none.
    """
    before = delivery.groupby(["ags", "quarter"]).size().to_dict()
    mine = rows.dropna(subset=["ags", "quarter"])
    offset = [before.get(key, 0) for key in zip(mine["ags"], mine["quarter"], strict=True)]
    versions = mine.groupby(["ags", "quarter"]).cumcount() + 1 + pd.Series(offset, index=mine.index, dtype="int64")
    return rows.assign(version=versions.astype("Int64").reindex(rows.index))


def _answer(
    place: Place, registry: Registry, warehouse: Warehouse, arrivals: list[Arrival], languages: Iterable[str]
) -> None:
    """Write the answer to every file, new or known: a known one may have died before its answer was written."""
    wanted = {arrival.sha256 for arrival in arrivals}
    delivery = warehouse.read("delivery")
    delivery = delivery[delivery["sha256"].isin(wanted)]
    finding = warehouse.read("finding")
    findings = dict(list(finding[finding["delivery_id"].isin(delivery["delivery_id"])].groupby("delivery_id")))
    for row in delivery.to_dict("records"):
        mine = findings.get(row["delivery_id"], finding.iloc[:0])
        for lang in languages:
            write_answer(place, registry, row, mine, lang)
