"""Workbooks: the cells of an XLSX file with their address; no meaning.

Hostile or broken files end as a :class:`Refusal`, never as an exception. What a cell means is form.py.
"""

import io
import lzma
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.etree.ElementTree import ParseError

MAX_FILE_BYTES = 10_000_000
MAX_UNPACKED_BYTES = 30_000_000
MAX_ENTRIES = 500
MAX_ROWS = 300
MAX_COLUMNS = 60
"""Limits of what is read; the official form has 12 KB, 6 sheets, 24 rows and 12 columns."""

_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_OLE = b"\xd0\xcf\x11\xe0"
_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    ParseError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    AssertionError,
)
"""What openpyxl and zipfile raise on broken files (found by damaging files at random, see the tests)."""

CellValue = str | int | float | bool | datetime | date | time | timedelta | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file cannot be read: the rule that says so (K01, K02) and the case."""

    rule: str
    case: str


@dataclass(frozen=True, slots=True)
class RawCell:
    """What is stored in one cell.

    Attributes
    ----------
    value : str, int, float, bool, datetime or None
        Stored value; of a formula, the value stored with it.
    number_format : str
        Format of the cell, ``General`` when none.
    is_formula : bool
        Whether the cell holds a formula.
    """

    value: CellValue
    number_format: str = "General"
    is_formula: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its name and its non-empty cells by (row, column), both from 1."""

    name: str
    cells: dict[tuple[int, int], RawCell] = field(default_factory=dict)

    def text(self, row: int, column: int) -> str:
        """Return a cell's value as stripped text, empty when there is none."""
        cell = self.cells.get((row, column))
        return "" if cell is None or cell.value is None else str(cell.value).strip()


def read_workbook(data: bytes) -> tuple[Sheet, ...] | Refusal:
    """Return the sheets of an XLSX file in order, or why it cannot be read.

    Parameters
    ----------
    data : bytes
        The file; at most :data:`MAX_FILE_BYTES`.
    """
    refusal = _refused_container(data)
    if refusal is not None:
        return refusal
    try:
        with warnings.catch_warnings():  # openpyxl warns about features that do not matter to values
            warnings.simplefilter("ignore")
            return _read_sheets(data)
    except _BROKEN:
        return Refusal("K01", "broken")


def _refused_container(data: bytes) -> Refusal | None:
    """Return why the file is not a readable XLSX container, judged before anything is unpacked."""
    if data.startswith(_OLE):
        encrypted = "EncryptedPackage".encode("utf-16-le") in data
        return Refusal("K01", "encrypted") if encrypted else Refusal("K02", "xls")
    if not data.startswith(b"PK"):
        return Refusal("K02", "other")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            mimetype = archive.read("mimetype")[:80] if "mimetype" in archive.namelist() else b""
    except _BROKEN:
        return Refusal("K01", "broken")
    names = {entry.filename for entry in entries}
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        return Refusal("K01", "too_large")
    if mimetype.startswith(b"application/vnd.oasis"):
        return Refusal("K02", "ods")
    if any(entry.flag_bits & 1 for entry in entries):
        return Refusal("K01", "encrypted")
    if "xl/workbook.bin" in names:
        return Refusal("K02", "xlsb")
    if any(name.endswith("vbaProject.bin") for name in names):
        return Refusal("K02", "xlsm")
    return None if any(name.startswith("xl/") for name in names) else Refusal("K02", "other")


def _read_sheets(data: bytes) -> tuple[Sheet, ...]:
    from openpyxl import load_workbook
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

    stored = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    formulas = load_workbook(io.BytesIO(data), read_only=True, keep_links=False) if _has_formula(data) else None
    sheets = []
    for position, worksheet in enumerate(stored.worksheets):
        if not isinstance(worksheet, ReadOnlyWorksheet):  # chart sheets hold no cells
            continue
        in_formula = _formula_addresses(formulas.worksheets[position]) if formulas else frozenset()
        cells = {
            (cell.row, cell.column): RawCell(cell.value, cell.number_format, (cell.row, cell.column) in in_formula)
            for cell in _cells(worksheet)
        }
        cells.update({address: RawCell(None, is_formula=True) for address in in_formula - cells.keys()})
        sheets.append(Sheet(worksheet.title, cells))
    return tuple(sheets)


def _cells(worksheet: Any) -> Iterator[Any]:
    """Yield the non-empty cells within the limits, whatever the file says about its own size."""
    worksheet.reset_dimensions()
    for row in worksheet.iter_rows(max_row=MAX_ROWS, max_col=MAX_COLUMNS):
        for cell in row:
            if cell.value is not None:
                yield cell


def _formula_addresses(worksheet: Any) -> frozenset[tuple[int, int]]:
    return frozenset((cell.row, cell.column) for cell in _cells(worksheet) if cell.data_type == "f")


def _has_formula(data: bytes) -> bool:
    """Whether any part looks as if it held a formula; saves the second pass for nearly all files."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                part = archive.read(name)
                if _FORMULA.search(part) or b"sheetData" not in part:
                    return True
    return False
