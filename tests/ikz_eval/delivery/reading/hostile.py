"""The hostile corpus: files that break readers, built in code from the smallest valid delivery.

Each :class:`Case` says what must come of it: the rules that speak, in order, and whether the delivery is accepted.
"""

import gzip
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from openpyxl.styles import PatternFill

from ikz_eval.delivery.csv_form import filled_csv
from ikz_eval.delivery.reading.contents import Sheet
from ikz_eval.delivery.reading.open import opened
from ikz_eval.delivery.rules import RULES
from ikz_eval.delivery.template import filled_workbook
from tests.ikz_eval.delivery.builders import address, edit_workbook, make_content, make_registry
from tests.ikz_eval.delivery.reading.packages import (
    Table,
    add_parts,
    edit_part,
    ods,
    ods_cell,
    ods_of,
    ole,
    package,
    parts_of,
    xls,
    xls_far,
)

REGISTRY = make_registry()
NAME = "X0101_2024-Q3.xlsx"
GOOD = filled_workbook(REGISTRY, make_content())
CSV = filled_csv(REGISTRY, make_content(), "comma_utf8_bom").decode("utf-8-sig")
COST = "xl/worksheets/sheet2.xml"


@dataclass(frozen=True)
class Case:
    """One hostile file and what must come of it."""

    name: str
    build: Callable[[], bytes]
    rules: tuple[str, ...]
    found: str = ""
    file_name: str = NAME

    @property
    def status(self) -> str:
        """``rejected`` when one of the rules rejects."""
        return "rejected" if any(RULES[rule].severity.startswith("reject") for rule in self.rules) else "accepted"


def good_table() -> Table:
    """Return the good form as rows of values, for other formats."""
    read = opened(GOOD, NAME)
    return {sheet.name: _rows(sheet) for sheet in read.sheets}  # type: ignore[union-attr]


def _rows(sheet: Sheet) -> list[list[object]]:
    height, width = (max(place[at] for place in sheet.cells) for at in (0, 1))
    values = {place: cell.value for place, cell in sheet.cells.items()}
    return [[values.get((row, column)) for column in range(1, width + 1)] for row in range(1, height + 1)]


def edited(edit: Callable[..., None]) -> bytes:
    return edit_workbook(GOOD, edit)


def put(sheet: str, cell: str, value: object, number_format: str = "") -> Callable[[], bytes]:
    def edit(book):
        book[sheet][cell] = value
        if number_format:
            book[sheet][cell].number_format = number_format

    return lambda: edited(edit)


def inside(name: str, old: bytes, new: bytes) -> Callable[[], bytes]:
    """Return the good workbook with the first ``old`` of a part replaced."""
    return lambda: edit_part(GOOD, name, lambda part: part.replace(old, new, 1))


def csv_as(encoding: str, mark: bytes = b"", edit: Callable[[str], str] = str) -> Callable[[], bytes]:
    return lambda: mark + edit(CSV).encode(encoding)


def bomb(megabytes: int, name: str = "xl/media/image1.bmp") -> Callable[[], bytes]:
    return lambda: package({**parts_of(GOOD), name: b"\0" * (megabytes * 1_000_000)})


def _doctype(name: str, declared: bytes, used: bytes = b"") -> Callable[[], bytes]:
    return lambda: edit_part(
        GOOD,
        name,
        lambda part: part.replace(b"?>", b"?><!DOCTYPE x [" + declared + b"]>", 1).replace(b"<t>", b"<t>" + used, 1),
    )


def _laughs() -> bytes:
    lines = [b'<!ENTITY a0 "ha">']
    lines += [b'<!ENTITY a%d "%s">' % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, 10)]
    return b"".join(lines)


def _far_cell() -> bytes:
    return edited(lambda book: book["Kosten"].__setitem__("XFD1048576", 1))


def _million_rows() -> bytes:
    rows = b"".join(
        b'<row r="%d" s="1" customFormat="1"><c r="A%d" s="1"/></row>' % (n, n) for n in range(100, 1_000_000)
    )
    return edit_part(GOOD, COST, lambda part: part.replace(b"</sheetData>", rows + b"</sheetData>"))


def _million_values() -> bytes:
    rows = b"".join(b'<row r="%d"><c r="B%d"><v>1</v></c></row>' % (n, n) for n in range(100, 1_000_000))
    return edit_part(GOOD, COST, lambda part: part.replace(b"</sheetData>", rows + b"</sheetData>"))


def _encrypted_entry() -> bytes:
    data = bytearray(GOOD)
    for start in [match.start() for match in re.finditer(b"PK\x01\x02", data)]:
        data[start + 8] |= 1
    return bytes(data)


def _lying_size() -> bytes:
    """Return a part that unpacks to a thousand times of what the directory says."""
    parts = parts_of(GOOD)
    data = bytearray(package({**parts, "xl/styles.xml": b" " * 50_000_000}))
    start = data.rfind(b"xl/styles.xml") - 46
    data[start + 24 : start + 28] = struct.pack("<I", 500)
    return bytes(data)


def _doubled_entry() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, part in parts_of(GOOD).items():
            archive.writestr(name, part)
        archive.fp.write(b"")
        archive.filelist.append(archive.filelist[0])
    return out.getvalue()


def _deep() -> bytes:
    depth = 200_000
    return edit_part(
        GOOD, COST, lambda part: part.replace(b"<sheetData>", b"<sheetData>" + b"<a>" * depth + b"</a>" * depth, 1)
    )


def _many_strings() -> bytes:
    """Shared strings that need more memory than a child may have."""
    strings = b"".join(b"<si><t>%d</t></si>" % (number % 5) for number in range(5_500_000))
    return edit_part(GOOD, "xl/sharedStrings.xml", lambda part: part.replace(b"</sst>", strings + b"</sst>"))


def _strict() -> bytes:
    """Return the form as Excel saves „Strict Open XML-Arbeitsmappe“."""
    old, new = b"http://schemas.openxmlformats.org/", b"http://purl.oclc.org/ooxml/"
    parts = {name: part for name, part in parts_of(GOOD).items()}
    for name, part in parts.items():
        part = part.replace(old + b"spreadsheetml/2006/main", new + b"spreadsheetml/main")
        parts[name] = part.replace(old + b"officeDocument/2006/relationships", new + b"officeDocument/relationships")
    return package(parts)


def _other_folders() -> bytes:
    """Return the form with its parts in a folder that is not called xl, as other programs write it."""
    return package(
        {name.replace("xl/", "mappe/"): part.replace(b"xl/", b"mappe/") for name, part in parts_of(GOOD).items()}
    )


def _hidden_rows(book):
    book["Kosten"].row_dimensions[6].hidden = True
    book["Kosten"].column_dimensions["C"].hidden = True


def _external(data: bytes) -> bytes:
    link = b'<?xml version="1.0"?><externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
    return add_parts(data, xl__externalLinks__externalLink1_dot_xml=link)


def _insert_rows(book):
    sheet = book["Kosten"]
    sheet.insert_rows(3, 6)
    sheet["A3"] = "Stand: 12.11.2024"
    sheet["A4"] = "Bearbeitung: Kämmerei"


def _colour(book):
    for row in book["Kosten"].iter_rows(min_row=5, max_row=200, max_col=30):
        for cell in row:
            cell.fill = PatternFill("solid", fgColor="FFEEEE")


def _xls_with(name: str) -> bytes:
    return ole("Workbook", b"") + name.encode("utf-16-le")


def _xls_protected() -> bytes:
    start = struct.pack("<HHHHHHII", 0x0809, 16, 0x0600, 0x0005, 0, 0, 0, 0)
    return ole("Workbook", start + struct.pack("<HHHI", 0x002F, 6, 1, 0) + b"\x5a" * 3000)


def _ods_repeated() -> bytes:
    """One value repeated over a whole sheet: 17 thousand million cells in 600 bytes."""
    cell = ods_cell(1, ' table:number-columns-repeated="16384"')
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    return ods_of(f'<table:table table:name="Kosten">{row}</table:table>')


def _ods_far() -> bytes:
    """Two values in opposite corners: calamine wants memory for all between them."""
    empty = '<table:table-row table:number-rows-repeated="1048574"><table:table-cell/></table:table-row>'
    last = f'<table:table-row><table:table-cell table:number-columns-repeated="16383"/>{ods_cell(1)}</table:table-row>'
    first = f"<table:table-row>{ods_cell(1)}</table:table-row>"
    return ods_of(f'<table:table table:name="Kosten">{first}{empty}{last}</table:table>')


def _ods_share() -> bytes:
    table = good_table()
    table["Servicequalität"][4][3] = 0.45
    return ods(table)


PERSONNEL = address("cost", "wohngeld", "personnel")
MATERIAL = address("cost", "wohngeld", "material")
CASES = (
    # what unpacks or expands without measure
    Case("a cell in the last corner", _far_cell, ("K48",), "Werte weit außerhalb des Formulars"),
    Case("a million formatted rows without a value", _million_rows, ()),
    Case("thousands of coloured cells without a value", lambda: edited(_colour), ()),
    Case("a part of 130 MB in 130 kB", bomb(130), ("K01",), "eine zu große Datei"),
    Case("a part of 40 MB in 40 kB", bomb(40), ("K01",), "eine zu große Datei"),
    Case("a sheet of 40 MB of blanks", bomb(40, "xl/worksheets/sheet9.xml"), ("K01",), "eine zu große Datei"),
    Case(
        "six hundred parts",
        lambda: package({**parts_of(GOOD), **{f"xl/media/{at}.png": b"" for at in range(600)}}),
        ("K01",),
        "eine zu große Datei",
    ),
    Case("a part larger than its directory says", _lying_size, ("K01",), "eine beschädigte Datei"),
    Case("a packed bomb in a packed bomb", lambda: package({"a.zip": bomb(30)()}), ("K02",), "ein gepacktes Archiv (ZIP, 7z, RAR, GZ)"),
    Case("more than ten million bytes", lambda: GOOD + b"\0" * 10_000_000, ("K01",), "eine zu große Datei"),
    # entities
    Case("a billion laughs", _doctype("xl/sharedStrings.xml", _laughs(), b"&a9;"), ("K01",), "eine Datei mit Ersetzungsanweisungen, wie sie Tabellenprogramme nicht schreiben"),
    Case("an entity that reads a file", _doctype("xl/sharedStrings.xml", b'<!ENTITY f SYSTEM "file:///etc/passwd">', b"&f;"), ("K01",)),
    Case("an entity that calls an address", _doctype("xl/workbook.xml", b'<!ENTITY f SYSTEM "http://192.0.2.1/x">'), ("K01",)),
    Case("an entity in UTF-16", lambda: edit_part(GOOD, COST, lambda part: b"\xff\xfe" + part.decode().replace("UTF-8", "UTF-16").replace("?>", '?><!DOCTYPE x [<!ENTITY a "b">]>', 1).encode("utf-16-le")), ("K01",)),
    Case("entities in an .ods", lambda: edit_part(ods(good_table()), "content.xml", lambda part: part.replace(b"?>", b"?><!DOCTYPE x [" + _laughs() + b"]>", 1)), ("K01",), file_name="X0101_2024-Q3.ods"),
    Case("elements nested 200,000 deep", _deep, ()),
    # broken
    Case("no byte", lambda: b"", ("K01",), "eine leere Datei"),
    Case("blanks only", lambda: b" \r\n\t\r\n", ("K01",), "eine leere Datei"),
    Case("the first half", lambda: GOOD[: len(GOOD) // 2], ("K01",), "eine beschädigte Datei"),
    Case("all but the end", lambda: GOOD[:-30], ("K01",), "eine beschädigte Datei"),
    Case("a part twice", _doubled_entry, ("K01",), "eine beschädigte Datei"),
    Case("no list of content types", lambda: package({name: part for name, part in parts_of(GOOD).items() if name != "[Content_Types].xml"}), ("K01",)),
    Case("no styles", lambda: package({name: part for name, part in parts_of(GOOD).items() if name != "xl/styles.xml"}), ()),
    Case("a style that does not exist", inside(COST, b' s="', b' s="9'), ()),
    Case("a shared string that does not exist", inside(COST, b't="s"><v>', b't="s"><v>99'), ("K01",)),
    Case("a row number beyond any sheet", inside(COST, b'<row r="5"', b'<row r="99999999999999999999"'), ()),
    Case("a cell address that is none", inside(COST, b'r="B5"', b'r="5B"'), ("K01",)),
    Case("a number beyond any", inside(COST, b"<v>1234.56</v>", b"<v>1E999</v>"), ("K07",), "inf"),
    Case("a number that is none", inside(COST, b"<v>1234.56</v>", b"<v>NaN</v>"), ("K01",)),
    Case("a part that is no XML", inside(COST, b"<sheetData>", b"<sheetData"), ("K01",)),
    Case("garbage behind the end", lambda: GOOD + b"<html>" * 100, ()),
    # protected, or with programs in it
    Case("encrypted by Excel", lambda: ole("EncryptedPackage", b"\x11" * 5000), ("K01",), "eine mit Kennwort geschützte Datei"),
    Case("encrypted parts", _encrypted_entry, ("K01",), "eine mit Kennwort geschützte Datei"),
    Case("encrypted .ods", lambda: ods_of("", '<manifest:encryption-data manifest:checksum="x"/>'), ("K01",), "eine mit Kennwort geschützte Datei", "a.ods"),
    Case("macros", lambda: add_parts(GOOD, xl__vbaProject_dot_bin=b"\xd0\xcf"), ("K02",), "eine Excel-Datei mit Makros (.xlsm)"),
    Case("macros of 1992", lambda: add_parts(GOOD, xl__macrosheets__sheet1_dot_xml=b"<a/>"), ("K02",), "eine Excel-Datei mit Makros (.xlsm)"),
    Case("a content type with macros", inside("[Content_Types].xml", b"spreadsheetml.sheet.main", b"sheet.macroEnabled.main"), ("K02",)),
    Case("macros in an .xls", lambda: _xls_with("_VBA_PROJECT_CUR"), ("K02",), "eine Excel-Datei mit Makros (.xlsm)", "a.xls"),
    Case("macros in an .ods", lambda: add_parts(ods(good_table()), Basic__a_dot_xml=b"<a/>"), ("K02",), file_name="a.ods"),
    # no table
    Case("a web page called .xls", lambda: b"<html><table><tr><td>AGS</td></tr></table></html>", ("K02",), "eine Internetseite (HTML), die nur so heißt wie eine Excel-Datei", "07131.xls"),
    Case("a web page with a mark and blanks", lambda: b"\xef\xbb\xbf\r\n <!DOCTYPE html><html></html>", ("K02",), file_name="a.xls"),
    Case("XML of Excel 2003", lambda: b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>', ("K02",), "eine XML-Datei", "a.xls"),
    Case("a web archive", lambda: b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n", ("K02",), "eine E-Mail oder ein Webarchiv", "a.xls"),
    Case("a letter with the file in it", lambda: b"From: amt@example.org\r\nSubject: Meldung\r\n\r\n", ("K02",), "eine E-Mail oder ein Webarchiv", "a.eml"),
    Case("a PDF", lambda: b"%PDF-1.7\n", ("K02",), "eine PDF-Datei"),
    Case("a text document", lambda: package({"[Content_Types].xml": b"<a/>", "word/document.xml": b"<a/>"}), ("K02",), "ein Textdokument oder eine Präsentation"),
    Case("a picture", lambda: b"\x89PNG\r\n\x1a\n\0\0", ("K02",), "ein Bild"),
    Case("the form in an archive", lambda: package({NAME: GOOD}), ("K02",), "ein gepacktes Archiv (ZIP, 7z, RAR, GZ)"),
    Case("the form gzipped", lambda: gzip.compress(GOOD, mtime=0), ("K02",), "ein gepacktes Archiv (ZIP, 7z, RAR, GZ)"),
    Case("a binary workbook", lambda: package({"xl/workbook.bin": b"\x83\x01"}), ("K02",), "eine binäre Excel-Datei (.xlsb)"),
    Case("bytes of any kind", lambda: zlib.compress(bytes(range(256)) * 40), ("K02",), "ein anderes Dateiformat"),
    # text
    Case("CSV in UTF-16", csv_as("utf-16"), (), file_name="X0101_2024-Q3.csv"),
    Case("CSV in UTF-32", csv_as("utf-32"), (), file_name="X0101_2024-Q3.csv"),
    Case("CSV in UTF-16 without mark", csv_as("utf-16-le"), ("K02",), "ein anderes Dateiformat", "a.csv"),
    Case("CSV of DOS", csv_as("cp850", edit=lambda text: text.replace("–", "-")), ("K02",), "Text in einer Zeichenkodierung, die nicht sicher lesbar ist", "a.csv"),
    Case("CSV of an old Macintosh", csv_as("mac-roman"), ("K02",), "Text in einer Zeichenkodierung, die nicht sicher lesbar ist", "a.csv"),
    Case("CSV encoded twice", csv_as("utf-8", edit=lambda text: text.encode().decode("cp1252", "replace")), ("K02",), "Text mit zerstörten Umlauten (zum Beispiel „Ã¼“ statt „ü“)", "a.csv"),
    Case("CSV with torn UTF-8", lambda: CSV.encode()[:-3] + b"\xc3\x81\x81", ("K02",), file_name="a.csv"),
    Case("CSV with control characters", csv_as("utf-8", edit=lambda text: text.replace("Umzug", "Um\x85\x9bzug")), ("K02",), file_name="a.csv"),
    Case("CSV with a zero byte", csv_as("utf-8", edit=lambda text: text.replace("Umzug", "Um\0zug")), ("K02",), "ein anderes Dateiformat", "a.csv"),
    Case("CSV with the end mark of DOS", csv_as("cp1252", edit=lambda text: text + "\x1a"), (), file_name="X0101_2024-Q3.csv"),
    Case("CSV with lines above the header", csv_as("utf-8", edit=lambda text: "Meldung der Stadt\r\n\r\nsep=,\r\n" + text), (), file_name="X0101_2024-Q3.csv"),
    Case("one line of nine million signs", lambda: b"Formular;" * 1_000_000, ("K03",), file_name="a.csv"),
    Case("an open quote", lambda: CSV.encode().replace(b",Wohngeld", b',"Wohngeld', 1), ("K33",), "1", "X0101_2024-Q3.csv"),
    # odd but readable
    Case("the form as .xls", lambda: xls(good_table()), ("K40",), "eine Datei im alten Excel-Format (.xls)", "X0101_2024-Q3.xls"),
    Case("the form as .ods", lambda: ods(good_table()), ("K40",), "eine OpenDocument-Datei (.ods)", "X0101_2024-Q3.ods"),
    Case("a share in an .ods", _ods_share, ("K40", "K46"), file_name="X0101_2024-Q3.ods"),
    Case("an .xls cut off", lambda: xls(good_table())[:3000], ("K01",), file_name="a.xls"),
    Case("an .xls under a password", _xls_protected, ("K01",), "eine mit Kennwort geschützte Datei", "a.xls"),
    Case("an .ods that is one value everywhere", _ods_repeated, ("K01",), file_name="a.ods"),
    Case("an .ods with values in opposite corners", _ods_far, ("K01",), file_name="a.ods"),
    Case("an .xls with values in opposite corners", xls_far, ("K01",), "eine Datei, an der das Leseprogramm abbricht", "a.xls"),
    Case("the form called .csv", lambda: GOOD, ("K47",), ".csv", "X0101_2024-Q3.csv"),
    Case("CSV called .xlsx", csv_as("utf-8"), ("K47",), ".xlsx"),
    Case("links to other files", lambda: _external(GOOD), ("K43",), "Verknüpfungen mit anderen Dateien oder Datenquellen"),
    Case("an embedded object", lambda: add_parts(GOOD, xl__embeddings__oleObject1_dot_bin=b"x"), ("K48",), "eingebettete Objekte"),
    Case("merged inputs", lambda: edited(lambda book: book["Kosten"].merge_cells("B6:C7")), ("K42",), "B6:C7"),
    Case("a hidden row and column", lambda: edited(_hidden_rows), ("K41",), "Z 6, S C"),
    Case("a hidden sheet", lambda: edited(lambda book: setattr(book["Personal"], "sheet_state", "veryHidden")), ("K41",), "das ganze Blatt"),
    Case("rows above the table", lambda: edited(_insert_rows), ("K49",), "10"),
    Case("a format of thousands", put(*MATERIAL, 12.4, '#,##0.0" T€"'), ("K45",), "12,4"),
    Case("a format that divides", put(*MATERIAL, 12400, "#,##0,"), ("K44",), "12.400"),
    Case("a format that divides and says so", put(*MATERIAL, 12400, '#,##0," T€"'), ("K44",), "12.400"),
    Case("a date for a number", put(*MATERIAL, 45323, "DD.MM.YYYY"), ("K30",), "01.02.2024"),
    Case("a truth value", put(*MATERIAL, True), ("K07",), "WAHR"),
    Case("a command in a cell", put("Bemerkungen", "A6", "=cmd|'/c calc'!A1"), ()),
    Case("no header", lambda: edited(lambda book: book["Kosten"].delete_rows(4)), ("K14",)),
    Case("a column deleted", lambda: edited(lambda book: book["Kosten"].delete_cols(3)), ("K14",)),
    Case("parts with paths out of the folder", lambda: package({**parts_of(GOOD), "../../etc/cron.d/x": b"x"}), ()),
    Case("Strict Open XML", _strict, ()),
    Case("parts with backslashes", lambda: package({name.replace("/", "\\"): part for name, part in parts_of(GOOD).items()}), ()),
    Case("parts in folders of their own", _other_folders, ()),
    Case("a name with a path", lambda: GOOD, (), file_name="..\\..\\C:\\X0101_2024-Q3.xlsx"),
    Case("a name with a zero byte", lambda: GOOD, (), file_name="X0101_2024-Q3\0.xlsx"),
    Case("a name that runs backwards", lambda: GOOD, ("K47",), ".csv", file_name="X0101_2024-Q3\u202exslx.csv"),
    Case("a name of thousands of signs", lambda: GOOD, (), file_name="ä" * 5000 + ".xlsx"),
)  # fmt: skip
SLOW_CASES = (
    Case("six million strings", _many_strings, ("K01",), "eine zu große Datei"),
    Case("a million rows with a value", _million_values, ("K48", "K17"), "Z 100–20000"),
)
