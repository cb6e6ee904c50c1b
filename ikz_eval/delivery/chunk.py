"""One chunk of an ingestion: its files judged, compared, kept, committed, answered and taken out, in this order.

The commit is one transaction over all tables of the ledger. A process that dies anywhere leaves files in the inbox that
the next ingestion recognises by their content; their answers are then written again from the ledger's rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from ikz_eval.delivery.answer import AnswerJob, Earlier, answer_job
from ikz_eval.delivery.arriving import Arrival, Step, keep
from ikz_eval.delivery.compare import compare
from ikz_eval.delivery.expectation import Expected
from ikz_eval.delivery.frames import amount_frame, cell_frame, finding_frame
from ikz_eval.delivery.history import History
from ikz_eval.delivery.inbox import take_out
from ikz_eval.delivery.judgement import Cell, Judgement
from ikz_eval.delivery.workers import Workers
from ikz_eval.settings import Place
from ikz_eval.warehouse import Warehouse, typed


@dataclass(frozen=True, slots=True)
class Ingestion:
    """What an ingestion works with."""

    place: Place
    expected: Expected
    warehouse: Warehouse
    moment: datetime
    languages: tuple[str, ...]
    step: Step


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some files with their bytes; those that are new to the ledger are being judged.

    Attributes
    ----------
    files, new : list of (Arrival, bytes)
        All of them, and those whose content is new, each content once.
    judgements : iterator of Judgement
        Of the new ones, in their order.
    stuck : list of str
        Names of files that changed since they were looked at.
    """

    files: list[tuple[Arrival, bytes]]
    new: list[tuple[Arrival, bytes]]
    judgements: Iterator[Judgement]
    stuck: list[str]


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a chunk: new rows of table ``delivery``, and names of files that stay in the inbox."""

    rows: pd.DataFrame
    stuck: tuple[str, ...]


def open_chunk(work: Ingestion, workers: Workers, arrivals: list[Arrival], seen: set[str]) -> Chunk:
    """Load files and start judging the new ones.

    Parameters
    ----------
    work : Ingestion
        The study and its places.
    workers : Workers
        Who judges.
    arrivals : list of Arrival
        In the order in which they came.
    seen : set of str
        Contents of the chunks before, which may not be in the ledger yet; grows by those of this one.
    """
    files, stuck = _loaded(arrivals)
    new = _unknown(work, files, seen)
    return Chunk(files, new, workers.judge([(data, arrival.name) for arrival, data in new]), stuck)


def take_chunk(work: Ingestion, workers: Workers, history: History, chunk: Chunk, tell: Callable[[], None]) -> Done:
    """Do the steps in the order that loses nothing.

    Parameters
    ----------
    work : Ingestion
        The study and its places.
    workers : Workers
        Who answers.
    history : History
        What had been delivered before; grows by this chunk.
    chunk : Chunk
        Its files.
    tell : callable
        Called after each new file.
    """
    files, new, stuck = chunk.files, chunk.new, list(chunk.stuck)
    judged = []
    for one in chunk.judgements:
        judged.append(_compared(one, work, history))
        tell()
    work.step("judged")
    keep(work.place, new, work.step)
    rows = _delivery_rows(work, [(arrival, len(data)) for arrival, data in new], judged)
    work.step("before the commit")
    work.warehouse.append_ledger(
        {
            "delivery": rows,
            "delivery_cell": cell_frame(judged),
            "finding": finding_frame(judged),
            "export_amount": amount_frame(judged),
            "arrival": _arrival_rows([arrival for arrival, _ in files]),
        }
    )
    work.step("committed")
    for _ in workers.answer(_answer_jobs(work, [arrival for arrival, _ in files])):
        work.step("answered")
    for arrival, _ in files:
        if not take_out(arrival.path, arrival.sha256):
            stuck.append(arrival.name)
        work.step("taken out")
    return Done(rows, tuple(stuck))


def _loaded(arrivals: list[Arrival]) -> tuple[list[tuple[Arrival, bytes]], list[str]]:
    """Return arrivals with their bytes, and the names of those that changed since they were looked at."""
    files, changed = [], []
    for arrival in arrivals:
        data = arrival.data()
        if data is None:
            changed.append(arrival.name)
        else:
            files.append((arrival, data))
    return files, changed


def _unknown(work: Ingestion, files: list[tuple[Arrival, bytes]], seen: set[str]) -> list[tuple[Arrival, bytes]]:
    """Return the files whose content is new, each once."""
    new = []
    for arrival, data in files:
        if arrival.sha256 not in seen and work.warehouse.ledger.known(arrival.sha256) is None:
            new.append((arrival, data))
        seen.add(arrival.sha256)
    return new


def _compared(judgement: Judgement, work: Ingestion, history: History) -> Judgement:
    """Return the judgement beside what had been delivered before, and remember it for the next."""
    if judgement.ags is None or judgement.quarter is None or judgement.status != "accepted":
        return judgement
    compared = compare(judgement, work.expected, history.known(judgement.ags, judgement.quarter))
    history.add(compared)
    return compared


def _delivery_rows(work: Ingestion, new: list[tuple[Arrival, int]], judged: list[Judgement]) -> pd.DataFrame:
    """Return rows of table ``delivery``, numbered by body and quarter.

    A rejected delivery has its number too, as its sender counts; one whose body or quarter cannot be read has none.
    """
    rows, counts = [], dict[tuple[str, str], int]()
    for (arrival, byte_count), one in zip(new, judged, strict=True):
        version = None
        if one.ags is not None and one.quarter is not None:
            key = one.ags, one.quarter
            if key not in counts:
                counts[key] = work.warehouse.ledger.deliveries_of(*key)
            version = counts[key] = counts[key] + 1
        rows.append(
            {
                "delivery_id": one.delivery_id,
                "sha256": one.sha256,
                "file_name": arrival.name,
                "stored_as": arrival.stored_as,
                "byte_count": byte_count,
                "layout": one.layout,
                "ags": one.ags,
                "quarter": one.quarter,
                "version": version,
                "status": one.status,
                "is_invented": one.is_invented,
                "received_at": pd.Timestamp(arrival.received_at),
                "ingested_at": pd.Timestamp(work.moment),
            }
        )
    return typed("delivery", rows)


def _arrival_rows(arrivals: list[Arrival]) -> pd.DataFrame:
    """Return rows of table ``arrival``: every file, also one whose content had arrived before."""
    rows = [
        {
            "arrival_id": arrival.arrival_id,
            "delivery_id": arrival.sha256[:12],
            "file_name": arrival.name,
            "sender": arrival.sender,
            "received_at": pd.Timestamp(arrival.received_at),
        }
        for arrival in arrivals
    ]
    return typed("arrival", rows)


def _answer_jobs(work: Ingestion, arrivals: list[Arrival]) -> list[AnswerJob]:
    """Return what to answer to every file, new or known: a known one may have died before its answer was written."""
    warehouse, wanted = work.warehouse, sorted({arrival.sha256[:12] for arrival in arrivals})
    findings = warehouse.read("finding", delivery_ids=wanted)
    by_delivery = {key: part.to_dict("records") for key, part in findings.groupby("delivery_id")}
    jobs = []
    for row in warehouse.read("delivery", delivery_ids=wanted).to_dict("records"):
        if not (work.place.ledger / "files" / row["stored_as"]).is_file():  # removed by law: nothing to answer from
            continue
        cells = [Cell(*cell) for cell in warehouse.ledger.cells_of(row["delivery_id"])]
        earlier = _earlier(warehouse, row["delivery_id"])
        for lang in work.languages:
            found = by_delivery.get(row["delivery_id"], [])
            jobs.append(answer_job(work.place, work.expected, row, found, lang=lang, cells=cells, earlier=earlier))
    return jobs


def _earlier(warehouse: Warehouse, delivery_id: str) -> Earlier | None:
    """Return the accepted version before this one, with its values."""
    before = warehouse.ledger.version_before(delivery_id)
    if before is None:
        return None
    return Earlier(before[1], [Cell(*cell) for cell in warehouse.ledger.cells_of(before[0])])
