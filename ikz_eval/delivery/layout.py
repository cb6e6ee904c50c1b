"""Layouts: the editions of the official form, read from ``layouts/<edition>.toml``.

Holds where a value stands and how it is limited, as frozen types. Reading a file against a layout is form.py and
csv_form.py, drawing the empty form template.py. A new edition is a new file in ``layouts/``.
"""

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "layouts"


@dataclass(frozen=True, slots=True)
class Kind:
    """How numbers of one kind (amount, count, fte, minutes, hours, percent) are limited.

    Attributes
    ----------
    name : str
        Key of the kind.
    decimals : int
        Decimals a value may have without being asked about.
    minimum, maximum : Decimal
        Smallest and largest value that can be true, in the column's unit.
    number_format : str
        Format of the cell in the template.
    """

    name: str
    decimals: int
    minimum: Decimal
    maximum: Decimal
    number_format: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet: one item of every field.

    Attributes
    ----------
    letter : str
        Where it stands in the form.
    item : str
        What its values are, e.g. a cost block.
    table : str
        Table its values go to; ``control`` for a total that is only compared.
    label, unit : str
        What the form prints.
    kind : Kind
        How its numbers are limited.
    minimum : Decimal
        Smallest value that can be true.
    hint : str
        What the form says when the cell is chosen.
    controls : tuple of str
        Items of the same row that it is the sum of; such a column may stay empty.
    """

    letter: str
    item: str
    table: str
    label: str
    unit: str
    kind: Kind
    minimum: Decimal
    hint: str
    controls: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """Text of the header cell: label and unit."""
        return f"{self.label} [{self.unit}]"

    @property
    def index(self) -> int:
        """Position of the column, A = 1."""
        return column_index(self.letter)


@dataclass(frozen=True, slots=True)
class SheetLayout:
    """One sheet with a row per field and a column per item."""

    name: str
    table: str
    title: str
    header_row: int
    row_label: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class CoverEntry:
    """One labelled cell of the cover sheet."""

    key: str
    row: int
    label: str


@dataclass(frozen=True, slots=True)
class Cover:
    """The cover sheet (Deckblatt): who delivers, which quarter, which edition."""

    sheet: str
    label_column: str
    value_column: str
    entries: tuple[CoverEntry, ...]
    instructions_row: int


@dataclass(frozen=True, slots=True)
class Remarks:
    """The sheet for remarks: one free text per row."""

    sheet: str
    title: str
    column: str
    header_row: int
    label: str
    rows: int


@dataclass(frozen=True, slots=True)
class Layout:
    """One edition of the form; ``side_sheets`` are sheets of our own that carry no values of the delivery."""

    edition: str
    title: str
    mark_row: int
    side_sheets: tuple[str, ...]
    cover: Cover
    remarks: Remarks
    sheets: tuple[SheetLayout, ...]
    csv_headers: tuple[str, ...]

    @property
    def sheet_names(self) -> tuple[str, ...]:
        """Names of all sheets in the order of the form."""
        return (self.cover.sheet, *(sheet.name for sheet in self.sheets), self.remarks.sheet)


CURRENT_EDITION = "2026"
"""Edition that templates are made in."""


@cache
def editions() -> tuple[str, ...]:
    """Return the editions that can be read, oldest first."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


@cache
def load_layout(edition: str = CURRENT_EDITION) -> Layout:
    """Return the layout of an edition named by :func:`editions`."""
    raw = tomllib.loads((_FOLDER / f"{edition}.toml").read_text(encoding="utf-8"))
    kinds = {name: _kind(name, entry) for name, entry in raw["kind"].items()}
    cover = raw["cover"]
    return Layout(
        edition=raw["edition"],
        title=raw["title"],
        mark_row=raw["mark_row"],
        side_sheets=tuple(raw["side_sheets"]),
        cover=Cover(**{**cover, "entries": tuple(CoverEntry(**entry) for entry in cover["entries"])}),
        remarks=Remarks(**raw["remarks"]),
        sheets=tuple(_sheet(entry, kinds) for entry in raw["sheet"]),
        csv_headers=tuple(raw["csv"]["headers"]),
    )


def column_index(letter: str) -> int:
    """Return the position of a column letter, A = 1."""
    index = 0
    for character in letter:
        index = index * 26 + ord(character) - 64
    return index


def column_letter(index: int) -> str:
    """Return the letter of a column position, 1 = A."""
    letters = ""
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _kind(name: str, entry: dict[str, Any]) -> Kind:
    return Kind(name, entry["decimals"], Decimal(entry["minimum"]), Decimal(entry["maximum"]), entry["number_format"])


def _sheet(entry: dict[str, Any], kinds: dict[str, Kind]) -> SheetLayout:
    columns = tuple(_column({"table": entry["table"], **column}, kinds[column["kind"]]) for column in entry["columns"])
    return SheetLayout(**{**entry, "columns": columns})


def _column(entry: dict[str, Any], kind: Kind) -> Column:
    minimum = Decimal(entry["minimum"]) if "minimum" in entry else kind.minimum
    controls = tuple(entry.get("controls", ()))
    return Column(**{**entry, "kind": kind, "minimum": minimum, "controls": controls})
