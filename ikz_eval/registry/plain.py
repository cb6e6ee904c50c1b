"""A study's files as plain rows, for the commands that must answer at once and without frames.

Reads the same CSV and TOML files as load.py and believes them: faults are load.py's matter (``make check`` and every
run load the study strictly). Only what judging a delivery needs is read. Standard library only.
"""

import csv
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ikz_eval.errors import StudyError

Row = Mapping[str, Any]
"""One row by column: text, number, truth value, or None."""
TABLES = {
    "bodies": "bodies.csv",
    "fields": "fields.csv",
    "agreements": "agreements.csv",
    "population": "reference/population.csv",
    "vehicle_stock": "reference/vehicle_stock.csv",
    "registration_district": "reference/registration_district.csv",
}
_TRUTH = {"true": True, "false": False}
_BOOLEAN = ("is_delivered", "is_host", "is_participant")
_NUMERIC = ("inhabitants", "vehicles")


@dataclass(frozen=True, slots=True)
class PlainStudy:
    """What deliveries are judged against, as plain rows.

    Attributes
    ----------
    study : str
        Name of the study's folder.
    plan : dict
        ``title_de``, ``title_en``, ``is_invented``, ``first_quarter``, ``last_quarter``, ``due_days``.
    thresholds : tuple of (str, str)
        Name and value as written.
    tables : dict of str to tuple of rows
        ``bodies``, ``fields``, ``agreements``, ``population``, ``vehicle_stock``, ``registration_district``.
    """

    study: str
    plan: Row
    thresholds: tuple[tuple[str, str], ...]
    tables: Mapping[str, tuple[Row, ...]]


def read_plain(folder: Path) -> PlainStudy:
    """Read a study folder.

    Raises
    ------
    StudyError
        If a file cannot be read at all; a faulty one is explained by ``ikz study check``.
    """
    try:
        raw = tomllib.loads((folder / "study.toml").read_text(encoding="utf-8"))
        plan = {name: raw["study"][name] for name in _PLAN} | {"last_quarter": raw["evaluation"][-1]["quarter"]}
        limits = tuple((part["name"], part["value"]) for part in raw.get("threshold", ()))
        tables = {name: tuple(_rows(folder / file)) for name, file in TABLES.items()}
    except (OSError, ValueError, KeyError, IndexError, csv.Error) as error:
        raise StudyError(
            f"study '{folder.name}' cannot be read ({error}); 'ikz study check' lists every fault with its place"
        ) from error
    return PlainStudy(folder.name, plan, limits, tables)


_PLAN = ("title_de", "title_en", "is_invented", "first_quarter", "due_days")


def _rows(path: Path) -> Iterable[Row]:
    if not path.is_file():
        return
    with path.open(encoding="utf-8", newline="") as file:
        for record in csv.DictReader(file):
            yield {name: _value(name, written) for name, written in record.items()}


def _value(name: str, written: str) -> str | bool | float | None:
    if written == "":
        return None
    if name in _BOOLEAN:
        return _TRUTH[written]
    return float(written) if name in _NUMERIC else written
