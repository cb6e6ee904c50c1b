"""The inbox: which files are whole, when they arrived, and how one is taken out without losing its successor.

Nothing here looks into a delivery; taking files into the ledger is ingest.py.
"""

import csv
import hashlib
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from shutil import copystat
from stat import S_ISREG

from ikz_eval.delivery.reading.names import shown_name
from ikz_eval.errors import DeliveryError

__all__ = [
    "bring_in",
    "leave",
    "planted_arrivals",
    "read_whole",
    "recover_taken",
    "settled_files",
    "shown_name",
    "take_out",
]

ARRIVALS = "arrivals.csv"
"""Planted arrival times of the demonstration, columns ``file_name`` and ``received_at``; never a delivery."""
SETTLE_SECONDS = 2.0
"""A file changed less long ago may still be being copied."""
_UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart")
_TAKEN = ".taken"
"""Folder of the inbox in which a file stands for the moment between its renaming and its removal."""


def settled_files(inbox: Path, now: datetime | None = None) -> tuple[list[Path], list[Path]]:
    """Return the files that are whole, and those left for later, each ordered by name.

    Parameters
    ----------
    inbox : Path
        Folder; a missing one is empty.
    now : datetime, optional
        Aware; the clock that file times are compared with. The machine's when left out.

    Returns
    -------
    (list of Path, list of Path)
        Left for later: empty files, files changed less than two seconds ago, unfinished downloads, Excel's lock files;
        also folders and links, which are never followed. Hidden files and the planted arrival times are in neither list.
    """
    clock = (now or datetime.now(UTC)).timestamp()
    ready: list[Path] = []
    waiting: list[Path] = []
    for path in sorted(inbox.iterdir()) if inbox.is_dir() else []:
        if path.name == ARRIVALS or path.name.startswith("."):
            continue
        try:
            stat = path.lstat()
        except FileNotFoundError:  # taken away by its sender, or by another ingestion
            continue
        is_fresh = abs(clock - stat.st_mtime) < SETTLE_SECONDS
        is_unfinished = path.name.startswith("~$") or path.suffix.lower() in _UNFINISHED
        is_whole = S_ISREG(stat.st_mode) and stat.st_size > 0 and not is_fresh and not is_unfinished
        (ready if is_whole else waiting).append(path)
    return ready, waiting


def planted_arrivals(inbox: Path) -> dict[str, datetime]:
    """Return the planted arrival times by file name; none when there is no list.

    Raises
    ------
    DeliveryError
        If a row cannot be read; names the row.
    """
    path = inbox / ARRIVALS
    if not path.is_file():
        return {}
    arrivals: dict[str, datetime] = {}
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    for number, row in enumerate(rows, start=2):
        try:
            moment = datetime.fromisoformat(row["received_at"])
            if moment.tzinfo is None:
                raise ValueError("no time zone")
            arrivals[row["file_name"]] = moment.astimezone(UTC)
        except (KeyError, TypeError, ValueError) as error:
            raise DeliveryError(
                f"inbox/{ARRIVALS}, row {number}: found {dict(row)}; allowed are columns file_name and received_at, a "
                "moment with time zone such as 2024-11-14T09:30:00Z. Mend the row, or remove the file"
            ) from error
    return arrivals


def read_whole(path: Path) -> bytes | None:
    """Return a file's bytes; None when it changed while it was read, or cannot be read now."""
    try:
        before = path.stat()
        data = path.read_bytes()
        after = path.stat()
    except OSError:
        return None
    is_same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns) and len(data) == after.st_size
    return data if is_same else None


def bring_in(inbox: Path, files: Iterable[Path]) -> set[Path]:
    """Copy files from elsewhere into the inbox, each whole or not at all, and return where they lie now.

    A copy that a died ingestion left behind is used again. The file keeps its time, which is part of what tells one
    arrival from another; the original stays where it is.

    Raises
    ------
    DeliveryError
        If one of them is no file, or empty; none is copied then.
    """
    wanted = list(files)
    for path in wanted:
        if not path.is_file() or path.stat().st_size == 0:
            raise DeliveryError(
                f"{path}: {'is empty' if path.is_file() else 'there is no such file'}; check name and folder. Nothing was "
                "taken in"
            )
    return {_brought(inbox, path) for path in wanted}


def _brought(inbox: Path, path: Path) -> Path:
    if path.resolve().parent == inbox.resolve():
        return inbox / path.name
    data, target, number = path.read_bytes(), inbox / path.name, 1
    while target.exists():
        if target.is_file() and target.read_bytes() == data:
            return target
        number += 1
        target = inbox / f"{path.stem[:60]} ({number}){path.suffix[:8]}"
    aside = inbox / f".{hashlib.sha256(data).hexdigest()}.tmp"
    aside.write_bytes(data)
    copystat(path, aside)
    aside.replace(target)
    return target


def take_out(path: Path, sha256: str) -> bool:
    """Remove a file whose content is safe in the ledger; return whether it is gone.

    It is first renamed, so that a file sent under the same name in this moment stays; content that is not the one kept
    comes back into the inbox.
    """
    aside = path.parent / _TAKEN / path.name
    try:
        aside.parent.mkdir(exist_ok=True)
        path.replace(aside)
        if hashlib.sha256(aside.read_bytes()).hexdigest() == sha256:
            aside.unlink()
            return True
        _put_back(aside)
    except OSError:
        return False
    return False


def recover_taken(inbox: Path) -> None:
    """Bring back what a died ingestion had renamed; what is in the ledger already is recognised by content."""
    for aside in sorted((inbox / _TAKEN).glob("*")):
        _put_back(aside)
    leave(inbox)


def leave(inbox: Path) -> None:
    """Remove what taking files out needed; a file that could not be put back stays for the next time."""
    with suppress(OSError):
        (inbox / _TAKEN).rmdir()


def _put_back(aside: Path) -> None:
    """Give a renamed file its name again, or a free one when another file has it now."""
    inbox, number = aside.parent.parent, 1
    target = inbox / aside.name
    while target.exists():
        number += 1
        target = inbox / f"{aside.stem[:60]} ({number}){aside.suffix[:8]}"
    aside.replace(target)
