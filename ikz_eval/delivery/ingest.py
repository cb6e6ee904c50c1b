"""Ingestion: files of the inbox become deliveries in the ledger, each judged and answered.

Nothing is lost and nothing taken twice: file into the ledger's folder, then its rows in all tables at once (the commit
point), then the answer, and only then out of the inbox; in chunks, so that memory does not grow with the inbox. ``ikz
ingest`` and the sensor call the same function. Arrivals are arriving.py, one chunk is chunk.py.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from ikz_eval.delivery.arriving import Arrival, Step, arrivals_in, portions
from ikz_eval.delivery.chunk import Chunk, Ingestion, open_chunk, take_chunk
from ikz_eval.delivery.expectation import expect
from ikz_eval.delivery.history import History
from ikz_eval.delivery.inbox import bring_in, leave, recover_taken, settled_files
from ikz_eval.delivery.workers import Workers
from ikz_eval.errors import DeliveryError, WarehouseError
from ikz_eval.registry import Registry
from ikz_eval.settings import Place
from ikz_eval.warehouse import Warehouse, empty_table
from ikz_eval.warehouse.lock import ledger_lock
from ikz_eval.warehouse.takeover import take_over

__all__ = ["IngestReport", "ingest", "settled_files"]

CHUNK = 48
CHUNK_BYTES = 32_000_000
"""Most files, and most bytes, that are judged, committed and answered together; larger files go alone."""
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


def ingest(
    place: Place,
    registry: Registry,
    warehouse: Warehouse,
    *,
    received_at: datetime | None = None,
    now: datetime | None = None,
    files: Sequence[Path] = (),
    sender: str | None = None,
    progress: Progress | None = None,
    languages: Iterable[str] = ("de",),
    step: Step = lambda name: None,
) -> IngestReport:
    """Take all whole files of the inbox into the ledger; one process at a time, others wait.

    Parameters
    ----------
    place : Place
        Where the study keeps its files.
    registry : Registry
        The study.
    warehouse : Warehouse
        Gets rows in the tables of the ledger.
    received_at : datetime, optional
        When the files arrived, aware; ``now`` when left out. The demonstration's planted times go before it.
    now : datetime, optional
        Moment of ingestion, aware; the machine's clock when left out.
    files : sequence of Path
        Files from elsewhere, copied into the inbox first.
    sender : str, optional
        Who sent ``files``, as stated; without ``files``, who sent all that lies in the inbox.
    progress : callable, optional
        Called with the number of files judged and their total.
    languages : iterable of str
        Editions of the answers.
    step : callable, optional
        Told the name of every step; a test lets the process die there.

    Raises
    ------
    DeliveryError
        If a moment has no time zone, the planted times cannot be read, or one of ``files`` is none; nothing is taken then. If a folder cannot be
        read or written (rights, full disk); what is not safe in the ledger then is still in the inbox.
    """
    moment = now or datetime.now(UTC)
    for given in (received_at, moment):
        if given is not None and given.tzinfo is None:
            raise DeliveryError(
                f"{given.isoformat()} has no time zone; give one, for example 2024-11-14T09:30:00+01:00"
            )
    work = Ingestion(place, expect(registry), warehouse, moment.astimezone(UTC), tuple(languages), step)
    try:
        for folder in (place.inbox, place.outbox, place.ledger / "files"):
            folder.mkdir(parents=True, exist_ok=True)
        with ledger_lock(place):
            recover_taken(place.inbox)
            take_over(warehouse)
            named = bring_in(place.inbox, files)
            step("started")
            arrivals, waiting = arrivals_in(
                place, received_at or moment, is_invented=registry.is_invented, sender=sender, named=named
            )
            if not arrivals:
                return IngestReport(empty_table("delivery"), (), tuple(waiting))
            return _take_in(work, arrivals, waiting, progress)
    except (OSError, WarehouseError) as error:
        raise DeliveryError(
            f"deliveries could not be taken in: {error}. No file is lost: each stays in the inbox until it is safe and "
            "answered. Check free space and rights of the folders inbox, outbox, ledger and warehouse, then start again"
        ) from error


def _take_in(work: Ingestion, arrivals: list[Arrival], waiting: list[str], progress: Progress | None) -> IngestReport:
    """Take the arrivals chunk by chunk, in the order in which they came."""
    new, known = _new_and_known(arrivals, work.warehouse)
    history, total, judged = History(work.warehouse.ledger.latest_values), len(new), 0

    def tell() -> None:
        nonlocal judged
        judged += 1
        if progress:
            progress(judged, total)

    taken: list[pd.DataFrame] = []
    stuck: list[str] = []
    with Workers(work.expected, total) as workers:
        for chunk in _chunks(work, workers, arrivals):
            done = take_chunk(work, workers, history, chunk, tell)
            taken.append(done.rows)
            stuck += done.stuck
    leave(work.place.inbox)
    names = tuple(arrival.name for arrival in known)
    rows = pd.concat(taken, ignore_index=True)
    return IngestReport(rows, names, tuple(waiting + [name for name in stuck if name not in names]))


def _chunks(work: Ingestion, workers: Workers, arrivals: list[Arrival]) -> Iterator[Chunk]:
    """Yield the chunks; the next one is judged already while one is committed and answered."""
    seen: set[str] = set()
    before: Chunk | None = None
    for portion in portions(arrivals, CHUNK, CHUNK_BYTES):
        ahead = open_chunk(work, workers, portion, seen)
        if before is not None:
            yield before
        before = ahead
    if before is not None:
        yield before


def _new_and_known(arrivals: list[Arrival], warehouse: Warehouse) -> tuple[list[Arrival], list[Arrival]]:
    """Split by content: new to the ledger, or there already, be it from this very inbox."""
    new: list[Arrival] = []
    known: list[Arrival] = []
    seen: set[str] = set()
    for arrival in arrivals:
        is_known = arrival.sha256 in seen or warehouse.ledger.known(arrival.sha256) is not None
        (known if is_known else new).append(arrival)
        seen.add(arrival.sha256)
    return new, known
