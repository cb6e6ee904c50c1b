"""The form as it was filled in: entries with their address and reading, apart from the file's format.

Holds the types that form_sheets.py (XLSX) and csv_form.py (CSV) fill and rules judge, and how labels are matched
with the layout. Judging is rules/.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from ikz_eval.delivery.findings import Finding, Place, Word
from ikz_eval.delivery.layout import Column, Layout
from ikz_eval.delivery.numbers import Number, exact_number, parse_number
from ikz_eval.delivery.reading.contents import RawCell

_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\[[^\]]*\]')
"""Parts of a number format that are only printed: ``0.0" %"`` shows 45 as 45 %, ``0.0%`` shows 0.45 so."""
_SCALED = re.compile(r"[0#?],+(?![0#?,])")
"""A comma after the last digit: ``#,##0,`` shows 12 400 as 12."""
_THOUSANDS = re.compile(r"T\s?€|T\.?\s?EUR|Tsd|Mio|k\s?€", re.IGNORECASE)
"""A format that prints another unit beside the number."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What stands in a cell that should hold a number.

    Attributes
    ----------
    value : Decimal or None
        The number; None when there is a problem.
    found : str or Decimal
        What stands there, verbatim.
    problem : str or None
        ``blank``, ``no_result`` (formula), ``date``, ``percent_format``, ``percent_unknown``, ``thousands_format``,
        ``not_a_number`` or ``ambiguous``.
    is_tolerated : bool
        Whether the spelling is clear but not the official one.
    is_formula : bool
        Whether a formula stands there.
    shown : str
        ``scaled`` when the cell shows its number divided by 1,000; else empty.
    """

    value: Decimal | None
    found: Word
    problem: str | None = None
    is_tolerated: bool = False
    is_formula: bool = False
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of the form: what it is, where it stands, how it reads."""

    table: str
    field: str
    column: Column
    place: Place
    reading: Reading


@dataclass(frozen=True, slots=True)
class CoverValue:
    """One value of the cover, e.g. the AGS, and where it stands."""

    text: str
    place: Place


@dataclass(slots=True)
class Form:
    """A delivery as it was filled in; findings about its structure are collected while reading."""

    layout: Layout
    file_name: str
    cover: dict[str, CoverValue]
    is_marked_invented: bool
    entries: list[Entry] = field(default_factory=list)
    remarks: list[CoverValue] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LabelMatch:
    """Which expected labels were found where.

    Attributes
    ----------
    positions : dict of str to int
        Expected label -> position of its first occurrence.
    renamed : tuple of (int, str, str)
        Position, label found, label expected there that is found nowhere.
    missing : tuple of str
        Expected labels found nowhere, with nothing in their place.
    unknown : tuple of (int, str)
        Labels nobody expects.
    doubled : tuple of (int, str)
        Second and further occurrences of an expected label.
    """

    positions: dict[str, int]
    renamed: tuple[tuple[int, str, str], ...]
    missing: tuple[str, ...]
    unknown: tuple[tuple[int, str], ...]
    doubled: tuple[tuple[int, str], ...]


def match_labels(expected: Sequence[tuple[int, str]], found: Sequence[tuple[int, str]]) -> LabelMatch:
    """Match labels by their words, wherever they stand; one fault is reported once.

    Parameters
    ----------
    expected, found : sequence of (position, label)
        Labels of the layout at their places, and labels of the file at theirs.
    """
    by_words = {label_words(label): label for _, label in expected}
    positions: dict[str, int] = {}
    doubled, strangers = [], {}
    for position, label in found:
        known = by_words.get(label_words(label))
        if known is None:
            strangers[position] = label
        elif known in positions:
            doubled.append((position, label))
        else:
            positions[known] = position
    renamed, missing = [], []
    for position, label in expected:
        if label in positions:
            continue
        if position in strangers:
            renamed.append((position, strangers.pop(position), label))
        else:
            missing.append(label)
    return LabelMatch(positions, tuple(renamed), tuple(missing), tuple(strangers.items()), tuple(doubled))


def canonical_ags(written: str) -> str:
    """Return an AGS with the leading zero that spreadsheets drop: ``7131`` is 07131."""
    return f"0{written}" if re.fullmatch(r"[0-9]{4}", written) else written


def canonical_quarter(written: str) -> str:
    """Return a quarter key for the spellings that can mean nothing else: ``Q3/2024``, ``3. Quartal 2024``."""
    bare = written.strip()
    match = re.fullmatch(r"(\d{4})[-/ ]?Q([1-4])", bare, re.IGNORECASE)
    if match:
        return f"{match[1]}-Q{match[2]}"
    match = re.fullmatch(r"(?:Q\s?([1-4])|([1-4])\.\s?Quartal)[-/ ]+(\d{4})", bare, re.IGNORECASE)
    return f"{match[3]}-Q{match[1] or match[2]}" if match else bare


def label_words(label: str) -> str:
    """Return a label without what people do not see: case, line breaks, repeated or protected blanks, split umlauts."""
    return " ".join(unicodedata.normalize("NFC", label).split()).casefold()


def read_cell(raw: RawCell | None, column: Column) -> Reading:
    """Return how a cell reads as a number of its column; a numeric cell is never reinterpreted."""
    if raw is None or (raw.value is None and not raw.is_formula):
        return Reading(None, "", "blank")
    value = raw.value
    if raw.is_formula and (value is None or (isinstance(value, str) and (not value.strip() or value[0] == "#"))):
        return Reading(None, "" if value is None else str(value), "no_result", is_formula=True)
    if isinstance(value, (datetime, date, time, timedelta)):
        return Reading(None, _shown_date(value), "date", is_formula=raw.is_formula)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _read_stored(value, raw, column)
    written = ("WAHR" if value else "FALSCH") if isinstance(value, bool) else str(value)  # as the spreadsheet shows it
    return read_text(written, column, is_formula=raw.is_formula)


def read_text(written: str, column: Column, *, is_formula: bool = False) -> Reading:
    """Return how text reads as a number of its column."""
    if not written.strip():
        return Reading(None, "", "blank", is_formula=is_formula)
    number = parse_number(written, column.kind.name)
    if isinstance(number, Number):
        return Reading(number.value, written, None, number.is_tolerated, is_formula)
    return Reading(None, written.strip(), number, is_formula=is_formula)


def _shown_date(value: date | time | timedelta) -> str:
    """Return a date as a German spreadsheet shows it; a moment with a time of day in full."""
    if isinstance(value, datetime) and value.time() != time():
        return f"{value:%d.%m.%Y %H:%M:%S}"
    return f"{value:%d.%m.%Y}" if isinstance(value, date) else str(value)


def _read_stored(value: float | int, raw: RawCell, column: Column) -> Reading:
    """Return a stored number, unless the cell's format says that it means another one."""
    exact = exact_number(value)
    if exact is None:
        return Reading(None, str(value), "not_a_number", is_formula=raw.is_formula)
    shown = raw.number_format.split(";")[0]
    bare = _LITERAL.sub("", shown)
    is_scaled = _SCALED.search(bare) is not None
    if "%" in bare:
        problem = "percent_format"
    elif not shown and column.kind.name == "percent" and 0 < abs(exact) <= 1:
        problem = "percent_unknown"
    elif _THOUSANDS.search(shown) and not is_scaled:
        problem = "thousands_format"
    else:
        return Reading(exact, exact, None, is_formula=raw.is_formula, shown="scaled" if is_scaled else "")
    return Reading(None, exact, problem, is_formula=raw.is_formula)
