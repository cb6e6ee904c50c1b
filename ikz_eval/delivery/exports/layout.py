"""Layouts of exports: TOML files as frozen types, read strictly; a faulty one is one message that says what to mend.

Holds where a value stands, in which unit and with which sign. Reading a file by a layout is read.py.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ikz_eval.delivery.exports.blocks import EXPORT_BLOCKS
from ikz_eval.delivery.exports.classification import Classification, classifications, load_classification
from ikz_eval.errors import DeliveryError

FOLDER = Path(__file__).parent.parent / "layouts" / "exports"
KINDS = ("finance", "statistics", "codes")
SIGNS = ("revenue_negative", "expense_negative", "direction", "as_written")
ENCODINGS = ("utf-8", "utf-16", "cp1252")
SEPARATORS = (";", ",", "\t", "|")
ROLES = (
    "product", "product_name", "account", "account_name", "area", "office", "region", "region_name", "period", "year",
    "month", "direction", "kind",
)  # fmt: skip
MARKS = ("zero", "not_available", "later", "secret")
"""Meanings of marks in official statistics (``-``, ``.``, ``...``, ``/``)."""
_REQUIRED = ("title", "kind", "encoding", "separator", "decimal", "header_rows", "columns")
_KEYS = (
    *_REQUIRED, "recognise", "recognise_rows", "sign", "classification", "value", "row_total", "subtotal", "footer",
    "fill_down", "direction", "kinds", "marks", "decimals", "ags", "fields", "quarters",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ValueColumn:
    """A column of values: its heading (``Ist {year}``) or position, what it says, of which period."""

    column: str | int
    kind: str | None = None
    block: str | None = None
    unit: str = "EUR"
    period: str | None = None
    period_row: int | None = None

    def matches(self, heading: str) -> "re.Match[str] | None":
        """Return the match of a heading; ``{year}`` stands for four digits, ``{quarter}`` for e.g. ``Q3/2024``."""
        pattern = re.escape(str(self.column)).replace(r"\{year\}", r"(?P<year>\d{4})")
        return re.fullmatch(pattern.replace(r"\{quarter\}", r"(?P<quarter>.{4,15}?)"), heading.strip())


@dataclass(frozen=True, slots=True)
class RowTotal:
    """A column that is the sum of others in its row."""

    column: str
    of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subtotal:
    """Rows that are sums of others: known by empty or fixed roles; ``within`` names the roles a sum belongs to."""

    name: str
    empty: tuple[str, ...] = ()
    equals: Mapping[str, str] = field(default_factory=dict)
    within: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportLayout:
    """How one kind of export is read.

    Attributes
    ----------
    name, title : str
        File name without ending; what it is, in German.
    kind : str
        ``finance`` (amounts in EUR), ``statistics`` (any numbers) or ``codes`` (a key list without numbers).
    recognise : tuple of str
        Words the header row holds.
    recognise_rows : tuple of str
        Beginnings of lines the file holds at its top.
    encoding, separator, decimal : str
        As the system writes them; another encoding that was found is noted.
    header_rows : int
        Lines above the first value.
    sign : str
        ``revenue_negative`` (SAP), ``expense_negative``, ``direction`` (a column says it) or ``as_written``.
    columns : dict of str to (str, int or list)
        Role -> heading or position; a list puts a key together from several columns.
    values, row_totals, subtotals
        Where values and their controls stand.
    classification : Classification or None
        Account -> block.
    footer : str
        Beginning of the line at which reading stops; empty for none.
    fill_down : tuple of str
        Roles that stand in a block's first row only.
    direction : dict of str to str
        Word of the file -> ``revenue`` or ``expense``.
    kinds : dict of str to str
        Word of the file -> ``actual`` or ``plan``.
    marks : dict of str to str
        Mark -> meaning.
    decimals : int or None
        Decimals of a value; further digits are a footnote (``61,6410`` is 61.64 and footnote 10).
    ags : str or None
        Body, in a layout of a body's own.
    fields : dict of str to str
        Product -> cooperation field.
    """

    name: str
    title: str
    kind: str
    recognise: tuple[str, ...]
    recognise_rows: tuple[str, ...]
    encoding: str
    separator: str
    decimal: str
    header_rows: int
    sign: str
    columns: Mapping[str, str | int | list[str | int]]
    values: tuple[ValueColumn, ...]
    row_totals: tuple[RowTotal, ...]
    subtotals: tuple[Subtotal, ...]
    classification: Classification | None
    footer: str
    fill_down: tuple[str, ...]
    direction: Mapping[str, str]
    kinds: Mapping[str, str]
    marks: Mapping[str, str]
    decimals: int | None
    ags: str | None
    fields: Mapping[str, str]


@cache
def export_layouts(folder: Path | None = None) -> tuple[ExportLayout, ...]:
    """Return the layouts of a study's ``layouts`` folder, then those that come with the program.

    Raises
    ------
    DeliveryError
        If one cannot be read; says what to mend.
    """
    own = sorted(folder.glob("*.toml")) if folder is not None and folder.is_dir() else []
    return tuple(load_export_layout(path) for path in [*own, *sorted(FOLDER.glob("*.toml"))])


def load_export_layout(path: Path) -> ExportLayout:
    """Return the layout of one TOML file.

    Raises
    ------
    DeliveryError
        If it is no TOML, a key is missing or unknown, or a value not allowed.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DeliveryError(
            f"{path.name}: {error}; mend the file, `ikz layout draft FILE` writes a fresh one"
        ) from error
    return layout_of(raw, path.stem)


def layout_of(raw: Mapping[str, Any], name: str) -> ExportLayout:
    """Return the layout of the values of a TOML file, checked."""
    _check(raw, name)
    choice = raw.get("classification")
    return ExportLayout(
        name=name,
        title=raw["title"],
        kind=raw["kind"],
        recognise=tuple(raw.get("recognise", ())),
        recognise_rows=tuple(raw.get("recognise_rows", ())),
        encoding=raw["encoding"],
        separator=raw["separator"],
        decimal=raw["decimal"],
        header_rows=raw["header_rows"],
        sign=raw.get("sign", "as_written"),
        columns=dict(raw["columns"]),
        values=tuple(ValueColumn(**value) for value in raw.get("value", ())),
        row_totals=tuple(RowTotal(entry["column"], tuple(entry["of"])) for entry in raw.get("row_total", ())),
        subtotals=tuple(_subtotal(entry) for entry in raw.get("subtotal", ())),
        classification=None if choice is None else load_classification(choice),
        footer=raw.get("footer", ""),
        fill_down=tuple(raw.get("fill_down", ())),
        direction={word: side for side, word in raw.get("direction", {}).items()},
        kinds=dict(raw.get("kinds", {})),
        marks=dict(raw.get("marks", {})),
        decimals=raw.get("decimals"),
        ags=raw.get("ags"),
        fields=dict(raw.get("fields", {})),
    )


def _subtotal(entry: Mapping[str, Any]) -> Subtotal:
    return Subtotal(
        entry["name"], tuple(entry.get("empty", ())), dict(entry.get("equals", {})), tuple(entry.get("within", ()))
    )


def _check(raw: Mapping[str, Any], name: str) -> None:
    """Refuse a layout with a missing or unknown key or a value that is not allowed."""
    missing, unknown = [key for key in _REQUIRED if key not in raw], [key for key in raw if key not in _KEYS]
    if missing or unknown:
        raise DeliveryError(
            f"{name}.toml: missing {', '.join(missing) or 'nothing'}, unknown {', '.join(unknown) or 'nothing'}; allowed "
            f"keys: {', '.join(_KEYS)}"
        )
    allowed: dict[str, tuple[str, ...]] = {
        "kind": KINDS, "encoding": ENCODINGS, "separator": SEPARATORS, "decimal": (",", "."), "sign": SIGNS,
        "classification": classifications(),
    }  # fmt: skip
    for key, words in allowed.items():
        _one_of(name, key, raw.get(key, words[0]), words)
    for role in raw["columns"]:
        _one_of(name, "columns", role, ROLES)
    for mark in raw.get("marks", {}).values():
        _one_of(name, "marks", mark, MARKS)
    for value in raw.get("value", ()):
        if "column" not in value:
            raise DeliveryError(f"{name}.toml: a [[value]] without column; give its heading or its position")
        if value.get("block") is not None:
            _one_of(name, "value.block", value["block"], EXPORT_BLOCKS)
    if not raw.get("recognise") and not raw.get("recognise_rows"):
        raise DeliveryError(f"{name}.toml: neither recognise nor recognise_rows; without one no file is known by it")


def _one_of(name: str, key: str, found: object, allowed: tuple[str, ...]) -> None:
    if found not in allowed:
        raise DeliveryError(f"{name}.toml, {key}: found {found!r}; allowed: {', '.join(map(repr, allowed))}")
