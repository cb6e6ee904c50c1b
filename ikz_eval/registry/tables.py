"""CSV files of a study, read as text and parsed strictly by their contract.

Every cell is text first: '07135' stays text, a boolean is only ``true`` or ``false``, an integer has no leading zero, an
empty cell is null. Nothing is coerced. What cells mean together (cross-references) is validate.py.
"""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from ikz_eval.registry.faults import Fault
from schemas import Contract
from schemas.vocabulary import ISO_DATE

Cell = str | int | float | bool | None
Columns = dict[str, "ColumnRule"]


@dataclass(frozen=True, slots=True)
class StudyTable:
    """One file as read: its rows and the line each stands in.

    Attributes
    ----------
    file : str
        Path inside the study folder.
    frame : pd.DataFrame
        Typed by the contract; only rows without a fault of their own.
    lines : tuple of int
        Line of the file for each row of ``frame``.
    """

    file: str
    frame: pd.DataFrame
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """How the text of one column becomes a value, taken from its contract."""

    dtype: str
    is_nullable: bool
    is_unique: bool
    limits: tuple[tuple[str, object], ...]

    @property
    def is_date(self) -> bool:
        """Whether the column holds ISO dates."""
        return ("str_matches", ISO_DATE) in self.limits


def column_rules(contract: type[Contract]) -> Columns:
    """Return the rules of a contract's columns, in their order."""
    rules = {}
    for name, column in contract.to_schema().columns.items():
        limits = tuple((str(c.name), _limit(c.statistics)) for c in column.checks)
        dtype = "str" if str(column.dtype).startswith("str") else str(column.dtype)
        rules[name] = ColumnRule(dtype, bool(column.nullable), bool(column.unique), limits)
    return rules


def read_table(folder: Path, file: str, contract: type[Contract], is_required: bool) -> tuple[StudyTable, list[Fault]]:
    """Read one CSV file of a study.

    Parameters
    ----------
    folder : Path
        The study folder.
    file : str
        Path inside it.
    contract : type of Contract
        Contract of the table; the header must name its columns (``amount_eur`` for ``amount_cents``).
    is_required : bool
        Whether a missing file is a fault; otherwise it is an empty table.

    Returns
    -------
    tuple of StudyTable and list of Fault
        The rows without fault, and all faults of text, header and cells.
    """
    rules = column_rules(contract)
    records, faults = _records(folder / file, file, [_written(name) for name in rules], is_required)
    rows: list[list[Cell]] = []
    lines: list[int] = []
    for line, record in records:
        values, row_faults = _parse_row(file, line, record, rules)
        faults.extend(row_faults)
        if not row_faults:
            rows.append(values)
            lines.append(line)
    keys = [[name] for name, rule in rules.items() if rule.is_unique]
    keys += [list(getattr(contract.Config, "unique", None) or [])]
    faults.extend(_duplicates(file, list(rules), rows, lines, [key for key in keys if key]))
    return StudyTable(file, typed_frame(rules, rows), tuple(lines)), faults


def typed_frame(rules: Columns, rows: list[list[Cell]]) -> pd.DataFrame:
    """Build a frame with the dtypes of the contract, also when there are no rows."""
    columns = list(rules)
    data = {name: pd.Series([row[i] for row in rows], dtype=rules[name].dtype) for i, name in enumerate(columns)}
    return pd.DataFrame(data, columns=columns)


def _written(column: str) -> str:
    """Return how a column is headed in the file: people write EUR, the contract holds cents."""
    return column.removesuffix("_cents") + "_eur" if column.endswith("_cents") else column


def _limit(statistics: dict[str, object]) -> object:
    values = [v.pattern if isinstance(v, re.Pattern) else v for v in statistics.values() if v is not None]
    return values[0] if len(values) == 1 else tuple(values)


def _records(
    path: Path, file: str, header: list[str], is_required: bool
) -> tuple[list[tuple[int, list[str]]], list[Fault]]:
    """Return the data rows as text with their lines, and the faults of the file as a whole."""
    if not path.is_file():
        missing = Fault(
            file, 0, "", "no such file", "a CSV file (UTF-8, comma)", f"add it with the header {','.join(header)}"
        )
        return [], [missing] if is_required else []
    try:
        content = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        return [], [Fault(file, line, "", f"byte {error.object[error.start]:#04x}", "UTF-8", "save the file as UTF-8")]
    if content.startswith("\ufeff"):
        return [], [Fault(file, 1, "", "a byte order mark", "UTF-8 without one", "save the file as plain UTF-8")]
    return _split(file, content, header)


def _split(file: str, content: str, header: list[str]) -> tuple[list[tuple[int, list[str]]], list[Fault]]:
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    rows: list[tuple[int, list[str]]] = []
    faults: list[Fault] = []
    line = 1
    try:
        for record in reader:
            rows.append((line, record))
            line = reader.line_num + 1
    except csv.Error as error:
        faults.append(Fault(file, line, "", str(error), "a valid CSV row", "mend the quotation marks of this row"))
    if not rows or rows[0][1] != header:
        return [], [_header_fault(file, rows[0][1] if rows else [], header)]
    good = []
    for line, record in rows[1:]:
        if len(record) == len(header):
            good.append((line, record))
        else:
            remedy = "put a comma between all columns and quotation marks round text with commas"
            faults.append(Fault(file, line, "", f"{len(record)} columns", f"{len(header)} columns", remedy))
    return good, faults


def _header_fault(file: str, found: list[str], header: list[str]) -> Fault:
    wrong = next((f for f, h in zip(found, header, strict=False) if f != h), "")
    return Fault(
        file,
        1,
        wrong,
        f"the header '{','.join(found)}'",
        f"the header '{','.join(header)}'",
        "write the header as allowed",
    )


def _parse_row(file: str, line: int, record: list[str], rules: Columns) -> tuple[list[Cell], list[Fault]]:
    values: list[Cell] = []
    faults: list[Fault] = []
    for (name, rule), text in zip(rules.items(), record, strict=True):
        value, allowed = parse_cell(text, name, rule)
        values.append(value)
        if allowed:
            remedy = "fill in the value" if text == "" else f"write the value as allowed or correct line {line}"
            faults.append(Fault(file, line, _written(name), f"'{text}'" if text else "an empty cell", allowed, remedy))
    return values, faults


def parse_cell(text: str, column: str, rule: ColumnRule) -> tuple[Cell, str]:
    """Return the value of a cell, and what is allowed there when its text is not.

    Parameters
    ----------
    text : str
        The cell as written; empty is null.
    column : str
        Column of the contract; ``*_cents`` is written in EUR.
    rule : ColumnRule
        The column's rule.

    Returns
    -------
    tuple of Cell and str
        The value and an empty text, or a null value and what is allowed.
    """
    if text == "":
        return None, "" if rule.is_nullable else "a value"
    if text != text.strip():
        return None, "text without blanks before or after it"
    if column.endswith("_cents"):
        return _cents(text)
    parse, allowed = _PARSERS.get(rule.dtype, (_text, ""))
    value = parse(text)
    if value is None:
        return None, allowed
    if rule.is_date and not _is_day(text):
        return None, "a day of the calendar, YYYY-MM-DD"
    return value, next((words for name, limit in rule.limits if (words := _broken(name, limit, value))), "")


def _cents(text: str) -> tuple[Cell, str]:
    if not re.fullmatch(r"(0|[1-9][0-9]*)\.[0-9]{2}", text):
        return None, "an amount in EUR with a decimal point and two decimals, e.g. 387315.00"
    euro, cent = text.split(".")
    return int(euro) * 100 + int(cent), ""


def _text(text: str) -> Cell:
    return text


def _integer(text: str) -> Cell:
    return int(text) if re.fullmatch(r"-?(0|[1-9][0-9]*)", text) else None


def _decimal(text: str) -> Cell:
    return float(text) if re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", text) else None


def _boolean(text: str) -> Cell:
    return {"true": True, "false": False}.get(text)


_PARSERS: dict[str, tuple[Callable[[str], Cell], str]] = {
    "int64": (_integer, "an integer without leading zeros or marks"),
    "Int64": (_integer, "an integer without leading zeros or marks"),
    "float64": (_decimal, "a number with a decimal point and no thousands mark"),
    "bool": (_boolean, "true or false"),
}


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _broken(name: str, limit: object, value: Cell) -> str:
    """Return what is allowed when ``value`` breaks a limit of its contract, else an empty text."""
    match name:
        case "str_matches":
            return "" if re.match(str(limit), str(value), re.ASCII) else f"text of the form {limit}"
        case "isin":
            options = list(limit) if isinstance(limit, list | tuple | set | frozenset) else [limit]
            return "" if value in options else "one of " + ", ".join(map(str, options))
        case "str_length":
            return "" if len(str(value)) >= int(str(limit)) else f"at least {limit} characters"
        case "greater_than_or_equal_to":
            return "" if float(str(value)) >= float(str(limit)) else f"at least {limit}"
        case "greater_than":
            return "" if float(str(value)) > float(str(limit)) else f"more than {limit}"
    raise NotImplementedError(
        f"limit '{name}' of a contract has no reading here; add it to _broken in registry/tables.py"
    )


def _duplicates(
    file: str, columns: list[str], rows: list[list[Cell]], lines: list[int], keys: list[list[str]]
) -> list[Fault]:
    faults = []
    for key in keys:
        at = [columns.index(name) for name in key]
        seen: dict[tuple[Cell, ...], int] = {}
        for line, row in zip(lines, rows, strict=True):
            value = tuple(row[i] for i in at)
            if value in seen:
                found = f"'{', '.join(map(str, value))}' again (first in row {seen[value]})"
                faults.append(
                    Fault(file, line, ", ".join(key), found, "each value once", "remove or correct one of the two rows")
                )
            seen.setdefault(value, line)
    return faults
