"""Workbooks: the cells of an XLSX file with their address, format and formula mark, in one pass; no meaning.

Runs in the child of the sandbox. Uses openpyxl's read-only parsers with defusedxml, but neither its styles (which stop
at a colour they do not know) nor its size of a sheet (which the file merely claims).
"""

import io
import lzma
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring, iterparse
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._reader import COL_TAG, FORMULA_TAG, ROW_TAG, VALUE_TAG, WorkSheetParser

from ikz_eval.delivery.reading.contents import Contents, Oddity, Range, RawCell, Refusal, Sheet

MAX_ROWS = 20_000
MAX_COLUMNS = 256
MAX_CELLS = 300_000
"""Limits of what is read; the official form has 24 rows and 12 columns, the largest export seen 8,000 rows."""
_LARGE_PART = 1_000_000
_NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_MERGE_TAG = f"{_NS}mergeCell"
_RANGE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?")

STYLES_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
_STRICT = b"http://purl.oclc.org/ooxml/"
_OPEN_XML = b"http://schemas.openxmlformats.org/"
_NAMESPACES = (
    (_STRICT + b"spreadsheetml/main", _OPEN_XML + b"spreadsheetml/2006/main"),
    (_STRICT + b"officeDocument/relationships", _OPEN_XML + b"officeDocument/2006/relationships"),
)
"""Names of the strict variant of the format, and of the usual one that openpyxl knows."""

BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    DefusedXmlException,
    InvalidFileException,
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


@dataclass(frozen=True, slots=True)
class _Styles:
    """Number format by style, and which styles are dates or durations."""

    formats: tuple[str, ...]
    dates: frozenset[int]
    durations: frozenset[int]

    def format_of(self, style: int) -> str:
        return self.formats[style] if 0 <= style < len(self.formats) else "General"


def read_xlsx(data: bytes, oddities: tuple[Oddity, ...] = ()) -> Contents | Refusal:
    """Return the sheets of an XLSX file in order, or why it cannot be read.

    Parameters
    ----------
    data : bytes
        The file, looked at before by prescan.py.
    oddities : tuple of Oddity
        What was noticed then.
    """
    try:
        with warnings.catch_warnings():  # openpyxl warns about features that do not matter to values
            warnings.simplefilter("ignore")
            sheets, cut_off = _read_sheets(data)
    except BROKEN:
        return Refusal("K01", "broken")
    return Contents("xlsx", sheets, oddities=(*oddities, *cut_off))


def _usual(data: bytes) -> bytes:
    """Return a workbook as most programs write it: Excel's „Strict Open XML“ and names with backslashes are rewritten."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        is_strict = "xl/workbook.xml" in names and _STRICT in archive.read("xl/workbook.xml")
        if not is_strict and not any("\\" in name for name in names):
            return data
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as usual:
            for name in names:
                part = archive.read(name)
                for strict, transitional in _NAMESPACES:
                    part = part.replace(strict, transitional)
                usual.writestr(name.replace("\\", "/"), part)
    return out.getvalue()


def _read_sheets(data: bytes) -> tuple[tuple[Sheet, ...], list[Oddity]]:
    reader = ExcelReader(io.BytesIO(_usual(data)), read_only=True, data_only=True, keep_links=False)
    reader.read_manifest()
    reader.read_strings()
    reader.read_workbook()
    styles = _styles(reader)
    sheets: list[Sheet] = []
    oddities: list[Oddity] = []
    for sheet, relation in reader.parser.find_sheets():
        if "worksheet" not in relation.Type or relation.target not in reader.valid_files:
            continue  # chart sheets and the like hold no cells
        part = _without_empty_end(reader.archive.read(relation.target))
        parser = _Parser(io.BytesIO(part), reader.shared_strings, reader.wb.epoch, styles)
        read, is_cut = _read_sheet(parser, sheet.name, sheet.state not in (None, "visible"))
        sheets.append(read)
        if is_cut:
            oddities.append(Oddity("cut_off", sheet.name))
    return tuple(sheets), oddities


def _read_sheet(parser: "_Parser", name: str, is_hidden: bool) -> tuple[Sheet, bool]:
    """Return a sheet, and whether values stand beyond what is read."""
    cells: dict[tuple[int, int], RawCell] = {}
    is_cut = False
    for cell in parser.cells():
        address = (cell["row"], cell["column"])
        if address[0] > MAX_ROWS or len(cells) >= MAX_CELLS:  # what follows would only take time
            is_cut = True
            break
        if address[1] > MAX_COLUMNS:
            is_cut = True
            continue
        is_formula = address in parser.formulas
        cells[address] = RawCell(cell["value"], parser.styles.format_of(cell["style_id"]), is_formula)
    rows, columns = {row for row, _ in cells}, {column for _, column in cells}
    read = Sheet(
        name=name,
        cells=cells,
        merged=tuple(parser.merged),
        hidden_rows=frozenset(rows & parser.hidden_rows),
        hidden_columns=frozenset(
            column for column in columns if any(first <= column <= last for first, last in parser.hidden_columns)
        ),
        is_hidden=is_hidden,
    )
    return read, is_cut


class _Parser(WorkSheetParser):
    """openpyxl's parser of a sheet, reduced to cells, merged ranges and what is hidden."""

    def __init__(self, source: io.BytesIO, strings: list[str], epoch: Any, styles: _Styles) -> None:
        super().__init__(
            source, strings, data_only=True, epoch=epoch, date_formats=styles.dates, timedelta_formats=styles.durations
        )
        self.styles = styles
        self.formulas: set[tuple[int, int]] = set()
        self.merged: list[Range] = []
        self.hidden_rows: set[int] = set()
        self.hidden_columns: list[tuple[int, int]] = []

    def cells(self) -> Iterator[dict[str, Any]]:
        """Yield the cells that hold a value or a formula."""
        for _, element in iterparse(self.source, forbid_dtd=True):
            if element.tag == ROW_TAG:
                number, cells = self.parse_row(element)
                if _is_hidden(element, "ht"):
                    self.hidden_rows.add(number)
                yield from (
                    cell
                    for cell in cells
                    if cell["value"] is not None or (cell["row"], cell["column"]) in self.formulas
                )
                element.clear()
            elif element.tag == COL_TAG:
                if _is_hidden(element, "width"):
                    self.hidden_columns.append((int(element.get("min", "1")), int(element.get("max", "16384"))))
            elif element.tag == _MERGE_TAG:
                self.merged += _range(element.get("ref", ""))

    def parse_cell(self, element: Element) -> dict[str, Any]:
        """Parse a cell, and remember whether it holds a formula."""
        cell: dict[str, Any] = super().parse_cell(element)
        if len(element) and element.find(FORMULA_TAG) is not None:
            self.formulas.add((cell["row"], cell["column"]))
            if element.findtext(VALUE_TAG) is None:
                cell["value"] = None
        return cell


def _is_hidden(element: Element, size: str) -> bool:
    return element.get("hidden") in ("1", "true") or element.get(size) in ("0", "0.0")


def _range(written: str) -> list[Range]:
    match = _RANGE.fullmatch(written)
    if match is None:
        return []
    top, left = int(match[2]), _column(match[1])
    return [(top, left, int(match[4] or top), _column(match[3] or match[1]))]


def _column(letters: str) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index


def _without_empty_end(part: bytes) -> bytes:
    """Return a sheet without the rows after its last value: a million formatted ones would take half a minute."""
    if len(part) < _LARGE_PART:
        return part
    close = part.rfind(b"</sheetData>")
    if close < 0:
        return part
    last = max(part.rfind(mark, 0, close) for mark in (b"<v>", b"<v ", b"<is>", b"<f>", b"<f "))
    start = part.find(b"</row>", last, close) + 6 if last >= 0 else part.find(b"<sheetData>") + 11
    return part[:start] + part[close:] if start > 11 else part


def _styles(reader: ExcelReader) -> _Styles:
    """Return the number formats of a workbook by style; a workbook without styles has the general one."""
    stated: Any = reader.package.find(STYLES_TYPE)  # type: ignore[no-untyped-call]
    try:
        root = fromstring(reader.archive.read(stated.PartName[1:] if stated else "xl/styles.xml"), forbid_dtd=True)
    except KeyError:
        return _Styles((), frozenset(), frozenset())
    own = {node.get("numFmtId"): node.get("formatCode", "") for node in root.iterfind(f"{_NS}numFmts/{_NS}numFmt")}
    formats = []
    for node in root.iterfind(f"{_NS}cellXfs/{_NS}xf"):
        number = node.get("numFmtId", "0")
        formats.append(own.get(number) or BUILTIN_FORMATS.get(int(number), "General"))
    dates = frozenset(at for at, written in enumerate(formats) if is_date_format(written))
    return _Styles(tuple(formats), dates, frozenset(at for at in dates if is_timedelta_format(formats[at])))
