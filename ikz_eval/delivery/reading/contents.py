"""What a file holds, apart from any meaning: cells with their address, or text; or why it cannot be read.

Holds the frozen types, their form as JSON (a child process sends nothing else), and ``read_file``. Opening formats is
open.py, which runs in the child.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from ikz_eval.delivery.reading.sandbox import Sandbox, default_sandbox

MAX_FILE_BYTES = 10_000_000
"""Largest file that is opened; the official form has 12 KB, the largest export seen 3 MB."""

CellValue = str | int | float | bool | datetime | date | time | timedelta | None
Kind = Literal["xlsx", "xls", "ods", "text"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file cannot be read: the rule that says so (K01, K02) and the case, a key of ``delivery.found``."""

    rule: str
    case: str
    guards: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RawCell:
    """What is stored in one cell.

    Attributes
    ----------
    value : str, int, float, bool, datetime or None
        Stored value; of a formula, the value stored with it.
    number_format : str
        Format of the cell, ``General`` when none; empty when the format of the file does not tell (xls, ods).
    is_formula : bool
        Whether the cell holds a formula.
    """

    value: CellValue
    number_format: str = "General"
    is_formula: bool = False


Range = tuple[int, int, int, int]
"""First row, first column, last row, last column, from 1."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet.

    Attributes
    ----------
    name : str
        As the file says it.
    cells : dict of (row, column) to RawCell
        Its non-empty cells, both from 1.
    merged : tuple of Range
        Merged cells.
    hidden_rows, hidden_columns : frozenset of int
        Rows and columns that are not shown, among those that hold a value.
    is_hidden : bool
        Whether the sheet as a whole is not shown.
    """

    name: str
    cells: dict[tuple[int, int], RawCell] = field(default_factory=dict)
    merged: tuple[Range, ...] = ()
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    is_hidden: bool = False

    def text(self, row: int, column: int) -> str:
        """Return a cell's value as stripped text, empty when there is none."""
        cell = self.cells.get((row, column))
        return "" if cell is None or cell.value is None else str(cell.value).strip()


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something a reader of the file should know.

    Attributes
    ----------
    case : str
        ``old_format``, ``wrong_ending``, ``external_links``, ``embedded`` or ``cut_off``.
    sheet : str or None
        Sheet it is about; None for the file as a whole.
    found : str
        What it is, verbatim: a format, an ending.
    """

    case: str
    sheet: str | None = None
    found: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds.

    Attributes
    ----------
    kind : str
        ``xlsx``, ``xls``, ``ods`` or ``text``.
    sheets : tuple of Sheet
        Of a workbook, in order.
    text : str or None
        Of a text file, decoded; line ends as they stand.
    encoding : str or None
        ``utf-8``, ``utf-8-sig``, ``utf-16``, ``utf-32`` or ``cp1252``.
    guards : tuple of str
        Which limits held while it was read: ``memory``, ``cpu``, ``network``, ``time``.
    oddities : tuple of Oddity
        What was noticed about the file as a whole.
    """

    kind: Kind
    sheets: tuple[Sheet, ...] = ()
    text: str | None = None
    encoding: str | None = None
    guards: tuple[str, ...] = ()
    oddities: tuple[Oddity, ...] = ()


def read_file(data: bytes, file_name: str, sandbox: Sandbox | None = None) -> Contents | Refusal:
    """Return what a file holds, or why it cannot be read; never raises for what stands in it.

    Parameters
    ----------
    data : bytes
        The file.
    file_name : str
        Name as it arrived; its ending helps to name what the file is, and is never believed.
    sandbox : Sandbox, optional
        Where it is opened; this process's own when left out.
    """
    if not data:
        return Refusal("K01", "empty")
    if len(data) > MAX_FILE_BYTES:
        return Refusal("K01", "too_large")
    box = sandbox or default_sandbox()
    outcome = box.call("ikz_eval.delivery.reading.open:open_file", data, {"file_name": file_name[-255:]})
    if outcome.result is None:
        return Refusal("K01", f"ended_{outcome.failure}", outcome.guards)
    try:
        read = contents_from_json(outcome.result)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):  # the child was no longer itself
        return Refusal("K01", "ended_crash", outcome.guards)
    return replace(read, guards=outcome.guards)


def contents_as_json(read: Contents | Refusal) -> dict[str, Any]:
    """Return contents as JSON, for the way out of the child."""
    if isinstance(read, Refusal):
        return {"refusal": [read.rule, read.case]}
    return {
        "kind": read.kind,
        "text": read.text,
        "encoding": read.encoding,
        "oddities": [[oddity.case, oddity.sheet, oddity.found] for oddity in read.oddities],
        "sheets": [_sheet_as_json(sheet) for sheet in read.sheets],
    }


def contents_from_json(raw: dict[str, Any]) -> Contents | Refusal:
    """Return what :func:`contents_as_json` wrote.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is anything else.
    """
    if "refusal" in raw:
        rule, case = raw["refusal"]
        return Refusal(str(rule), str(case))
    if raw["kind"] not in ("xlsx", "xls", "ods", "text"):
        raise ValueError("unknown kind")
    return Contents(
        kind=raw["kind"],
        text=raw["text"],
        encoding=raw["encoding"],
        oddities=tuple(Oddity(*oddity) for oddity in raw["oddities"]),
        sheets=tuple(_sheet_from_json(sheet) for sheet in raw["sheets"]),
    )


def _sheet_as_json(sheet: Sheet) -> list[Any]:
    formats: dict[str, int] = {}
    cells = [
        [
            row,
            column,
            *_value_as_json(cell.value),
            formats.setdefault(cell.number_format, len(formats)),
            cell.is_formula,
        ]
        for (row, column), cell in sheet.cells.items()
    ]
    hidden = [sorted(sheet.hidden_rows), sorted(sheet.hidden_columns), sheet.is_hidden]
    return [sheet.name, list(formats), cells, list(sheet.merged), *hidden]


def _sheet_from_json(raw: list[Any]) -> Sheet:
    name, formats, cells, merged, hidden_rows, hidden_columns, is_hidden = raw
    return Sheet(
        name=str(name),
        cells={
            (row, column): RawCell(_value_from_json(kind, value), formats[at], is_formula)
            for row, column, kind, value, at, is_formula in cells
        },
        merged=tuple((int(top), int(left), int(bottom), int(right)) for top, left, bottom, right in merged),
        hidden_rows=frozenset(hidden_rows),
        hidden_columns=frozenset(hidden_columns),
        is_hidden=bool(is_hidden),
    )


def _value_as_json(value: CellValue) -> tuple[str, str | int | float | bool | None]:
    """Return a value with the mark of its type; plain ones carry an empty mark."""
    if isinstance(value, datetime):
        return "datetime", value.isoformat()
    if isinstance(value, date):
        return "date", value.isoformat()
    if isinstance(value, time):
        return "time", value.isoformat()
    if isinstance(value, timedelta):
        return "timedelta", value.total_seconds()
    return "", value


def _value_from_json(kind: str, value: Any) -> CellValue:
    if kind == "":
        if value is not None and not isinstance(value, (str, int, float)):
            raise TypeError("no cell value")
        return value
    if kind == "timedelta":
        return timedelta(seconds=value)
    types: dict[str, type[datetime] | type[date] | type[time]] = {"datetime": datetime, "date": date, "time": time}
    return types[kind].fromisoformat(value)
