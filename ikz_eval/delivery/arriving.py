"""Arrivals: the whole files of the inbox in the order in which they came, and how each is kept in the ledger's folder.

Which files are whole is inbox.py. Only what is small is held of a file until its turn comes, so that ten thousand of
them need no more memory than a hundred.
"""

import hashlib
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ikz_eval.delivery.inbox import planted_arrivals, read_whole, settled_files, shown_name
from ikz_eval.settings import Place

Step = Callable[[str], None]
"""Told where an ingestion is; a test lets it die there."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One whole file of the inbox.

    Attributes
    ----------
    path : Path
        Where it lies.
    sha256 : str
        Of its content.
    received_at : datetime
        When it arrived, in UTC.
    arrival_id : str
        The same for the same file however often an ingestion sees it, another for the same content sent again.
    byte_count : int
        Size when it was looked at [bytes].
    sender : str or None
        Who sent it, as stated.
    """

    path: Path
    sha256: str
    received_at: datetime
    arrival_id: str
    byte_count: int
    sender: str | None = None

    @property
    def name(self) -> str:
        """Name as it can be stored and shown."""
        return shown_name(self.path.name)

    @property
    def stored_as(self) -> str:
        """Name under which the ledger keeps the file."""
        suffix = self.path.suffix.lower()
        return self.sha256 + (suffix if re.fullmatch(r"\.[a-z0-9]{1,6}", suffix) else "")

    def data(self) -> bytes | None:
        """Return its bytes; None when it is not the same file any more."""
        data = read_whole(self.path)
        return data if data is not None and hashlib.sha256(data).hexdigest() == self.sha256 else None


def arrivals_in(
    place: Place,
    received_at: datetime,
    *,
    is_invented: bool,
    sender: str | None = None,
    named: Collection[Path] = (),
) -> tuple[list[Arrival], list[str]]:
    """Return the whole files by time of arrival, and the names of those left for later.

    Parameters
    ----------
    place : Place
        Its inbox.
    received_at : datetime
        When files arrived whose time is not planted.
    is_invented : bool
        Whether the demonstration's planted times count.
    sender : str, optional
        Who sent the files, as stated.
    named : collection of Path
        Files of the inbox that are known to be whole; the sender is theirs alone then.

    Raises
    ------
    DeliveryError
        If the planted times cannot be read.
    """
    ready, later = settled_files(place.inbox)
    ready, later = [*ready, *(path for path in later if path in named)], [path for path in later if path not in named]
    planted = planted_arrivals(place.inbox) if is_invented else {}
    arrivals, waiting = [], [shown_name(path.name) for path in later]
    for path in ready:
        data = read_whole(path)
        if data is None:
            waiting.append(shown_name(path.name))
            continue
        sha256, known_time = hashlib.sha256(data).hexdigest(), planted.get(path.name)
        at = (known_time or received_at).astimezone(UTC)
        identity = f"{sha256}\0{shown_name(path.name)}\0{known_time or path.stat().st_mtime_ns}"
        arrival_id = hashlib.sha256(identity.encode()).hexdigest()[:12]
        stated = sender if not named or path in named else None
        arrivals.append(Arrival(path, sha256, at, arrival_id, len(data), stated))
    return sorted(arrivals, key=lambda one: (one.received_at, one.sha256, one.path.name)), waiting


def portions(arrivals: Iterable[Arrival], files: int, byte_count: int) -> Iterator[list[Arrival]]:
    """Yield arrivals in portions of at most so many files and bytes; a larger file is a portion of its own."""
    portion: list[Arrival] = []
    for arrival in arrivals:
        held = sum(one.byte_count for one in portion)
        if portion and (len(portion) >= files or held + arrival.byte_count > byte_count):
            yield portion
            portion = []
        portion.append(arrival)
    if portion:
        yield portion


def keep(place: Place, files: Iterable[tuple[Arrival, bytes]], step: Step) -> None:
    """Copy files into the ledger's folder; each appears there whole or not at all, and survives a loss of power."""
    folder = place.ledger / "files"
    for arrival, data in files:
        target = folder / arrival.stored_as
        if target.exists():
            continue
        aside = target.with_name(f".{target.name}.tmp")
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        step("file written")
        aside.replace(target)
        step("file kept")
    if os.name == "posix":  # elsewhere a folder cannot be opened
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
