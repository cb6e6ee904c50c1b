"""A copy of a study's data in one file, and the way back.

``backup`` takes a consistent state while others write: it waits for an ingestion that runs and lets the next one wait,
and takes each Delta table at one version and the ledger as one snapshot. ``restore`` fills an empty place only. The Dagster instance is not copied: runs can
be lost, deliveries, tables and releases cannot.
"""

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

from deltalake import DeltaTable

from ikz_eval.errors import WarehouseError
from ikz_eval.settings import Place
from ikz_eval.warehouse.ledger import Ledger
from ikz_eval.warehouse.lock import ledger_lock
from ikz_eval.warehouse.store import Warehouse
from schemas import LEDGER_TABLES

_INDEX = "backup.json"
_PLAIN_FOLDERS = ("inbox", "outbox", "ledger", "releases")


def backup(place: Place, target: Path) -> int:
    """Write everything of a study into one tar file and return the number of files in it.

    Parameters
    ----------
    place : Place
        The study's data.
    target : Path
        A file that does not exist yet; it appears whole or not at all.

    Raises
    ------
    WarehouseError
        If ``target`` exists, or there is nothing to copy.
    """
    if target.exists():
        raise WarehouseError(f"{target.name} exists already; choose another file name, nothing was overwritten")
    with ledger_lock(place) if place.ledger.is_dir() else nullcontext():
        return _write(place, target)


def _write(place: Place, target: Path) -> int:
    files, ledger = list(_files(place)), Ledger(place.warehouse)
    if not files and not ledger.path.is_file():
        raise WarehouseError(f"there is nothing to back up for study '{place.study}' yet")
    aside = target.with_name(target.name + ".part")
    target.parent.mkdir(parents=True, exist_ok=True)
    sums: dict[str, str] = {}
    with tarfile.open(aside, "w") as archive:
        for path in files:
            name = path.relative_to(place.home).as_posix()
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                if path.is_relative_to(place.warehouse):
                    raise
                continue  # its sender took a file back out of the inbox
            sums[name] = hashlib.sha256(data).hexdigest()
            _add(archive, name, data)
        if ledger.path.is_file():
            name, data = ledger.path.relative_to(place.home).as_posix(), ledger.snapshot()
            sums[name] = hashlib.sha256(data).hexdigest()
            _add(archive, name, data)
        index = {"study": place.study, "sha256": dict(sorted(sums.items()))}
        _add(archive, _INDEX, json.dumps(index, indent=1).encode())
    aside.replace(target)
    return len(sums)


def restore(place: Place, source: Path) -> int:
    """Bring a backup back into an empty place and return the number of files.

    Raises
    ------
    WarehouseError
        If the place holds data already, or the backup is damaged or of another study; nothing is changed then.
    """
    if place.home.exists() and any(place.home.iterdir()):
        raise WarehouseError(
            f"{place.home.name}/ holds data already; move it away first or set IKZ_DATA to an empty folder"
        )
    aside = place.home.with_name(place.home.name + ".restoring")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        with tarfile.open(source) as archive:
            archive.extractall(aside, filter="data")
    except (tarfile.TarError, EOFError) as error:
        shutil.rmtree(aside)
        raise WarehouseError(f"{source.name} is no whole backup ({error}); take another one") from error
    index = _checked_index(aside, place.study, source.name)
    (aside / _INDEX).unlink()
    if place.home.exists():
        place.home.rmdir()
    aside.replace(place.home)
    return len(index)


def _files(place: Place) -> Iterator[Path]:
    """Yield the files of a consistent state: tables at one version each, then what only grows."""
    warehouse = Warehouse(place.warehouse, read_only=True)
    names = [name for name in warehouse.tables() if name not in LEDGER_TABLES]
    for name in names:
        yield from _table_files(place.warehouse / name)
    if warehouse.tables():
        yield place.warehouse / "schema_version.json"
    for folder in _PLAIN_FOLDERS:
        for path in sorted((place.home / folder).rglob("*")):
            if (
                path.is_file()
                and not path.is_symlink()
                and not any(part.startswith(".") for part in path.relative_to(place.home).parts)
            ):
                yield path
    yield from sorted(place.home.glob("*.json"))


def _table_files(folder: Path) -> Iterator[Path]:
    table = DeltaTable(str(folder))
    version = table.version()
    for log in sorted((folder / "_delta_log").glob("*.json")):
        if log.stem.isdigit() and int(log.stem) <= version:
            yield log
    for log in sorted((folder / "_delta_log").glob("*.parquet")):
        if int(log.name.split(".")[0]) <= version:
            yield log
    for path in sorted(folder.rglob("*.parquet")):
        if "_delta_log" not in path.parts:
            yield path


def _checked_index(folder: Path, study: str, source: str) -> dict[str, str]:
    if not (folder / _INDEX).is_file():
        shutil.rmtree(folder)
        raise WarehouseError(f"{source} is no backup made by `ikz backup`: it holds no {_INDEX}; take another file")
    index = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
    if index["study"] != study:
        shutil.rmtree(folder)
        raise WarehouseError(f"{source} is a backup of study '{index['study']}', not of '{study}'; set IKZ_STUDY to it")
    sums: dict[str, str] = index["sha256"]
    for name, expected in sums.items():
        path = folder / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            shutil.rmtree(folder)
            raise WarehouseError(f"{source} is damaged: {name} is missing or changed; take another backup")
    return sums


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))
