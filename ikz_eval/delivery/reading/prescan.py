"""The look before opening: what a file is, by its bytes, and whether opening it can be risked at all.

Runs in the child of the sandbox before any parser. Refuses what is no table, what is protected, and what unpacks or
expands without measure; notes what a reader should know (links to other files). Never unpacks to disk.
"""

import io
import re
import zipfile
from dataclasses import dataclass

from ikz_eval.delivery.reading.contents import Kind, Oddity, Refusal
from ikz_eval.delivery.reading.plain_text import UTF_16
from ikz_eval.delivery.reading.workbook import BROKEN

MAX_UNPACKED_BYTES = 120_000_000
MAX_ENTRIES = 500
MAX_RATIO = 400
"""Most that a large part may be packed; a million empty formatted rows reach about 150, a bomb 1,000."""
MAX_MARKS = 2_000_000
"""Most marks in a part beside the sheets: millions of empty strings would take half a minute."""
_LARGE_PART = 5_000_000
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_XLS_START, _XLS_FILEPASS, _XLS_RECORDS = b"\x09\x08\x10\x00\x00\x06\x05\x00", 0x2F, 10
"""First record of an .xls; its mark of encryption stands among the next ones."""
_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "pdf"),
    (b"{\\rtf", "word"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"Rar!", "archive"),
    (b"7z\xbc\xaf", "archive"),
    (b"\x1f\x8b", "archive"),
)
"""First bytes -> what a file is; text never begins so."""
_TEXT_LIKE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|table|meta|style)\b", re.I | re.S), "html"),
    (re.compile(r"\s*(?:From:|MIME-Version:|Content-Type:|Subject:|Received:|Return-Path:)", re.I), "mht"),
    (re.compile(r"\s*<\?xml\b|\s*<(?:\w+:)?(?:Workbook|office|document)\b", re.I), "xml"),
)
"""Text that only claims to be a table: pages and letters that programs save under the ending .xls."""
_DOCTYPES = tuple(
    mark.encode(encoding) for mark in ("<!DOCTYPE", "<!ENTITY") for encoding in ("utf-8", "utf-16-le", "utf-16-be")
)
_TYPES = "[Content_Types].xml"
_OUTSIDE = ("xl/externalLinks/", "xl/connections", "xl/queryTables/")
_EMBEDDED = ("xl/embeddings/", "xl/activeX/", "xl/ctrlProps/")


@dataclass(frozen=True, slots=True)
class Found:
    """What a file is, and what was noticed."""

    kind: Kind
    oddities: tuple[Oddity, ...] = ()


def scan(data: bytes, file_name: str) -> Found | Refusal:
    """Return what a file is, or why it is not opened.

    Parameters
    ----------
    data : bytes
        The file.
    file_name : str
        Its name; an ending that contradicts the content is noticed.
    """
    found = _scanned(data)
    if isinstance(found, Refusal):
        return found
    ending = file_name.rpartition(".")[2].lower()
    usual = {
        "xlsx": ("xlsx", "xltx"),
        "xls": ("xls", "xlt"),
        "ods": ("ods", "ots"),
        "text": ("csv", "txt", "tsv", "tab"),
    }
    others = {name for kind, names in usual.items() if kind != found.kind for name in names}
    noticed = [Oddity("wrong_ending", None, f".{ending}")] if ending in others else []
    if found.kind in ("xls", "ods"):
        noticed.append(Oddity("old_format", None, found.kind))
    return Found(found.kind, (*found.oddities, *noticed))


def _scanned(data: bytes) -> Found | Refusal:
    for beginning, case in _BEGINNINGS:
        if data.startswith(beginning):
            return Refusal("K02", case)
    if data.startswith(_OLE[:4]):
        return _scanned_ole(data)
    if data.startswith(b"PK\x03\x04") or data.startswith(b"PK\x05\x06") or data.startswith(b"PK\x07\x08"):
        return _scanned_zip(data)
    start = data[:4000].decode("utf-16" if data.startswith(UTF_16) else "latin-1", errors="replace")
    start = start.removeprefix("\ufeff").removeprefix("ï»¿")
    for pattern, case in _TEXT_LIKE:
        if pattern.match(start):
            return Refusal("K02", case)
    if b"\x00" in data and not data.startswith(UTF_16):
        return Refusal("K02", "other")
    return Found("text")


def _scanned_ole(data: bytes) -> Found | Refusal:
    """Judge a file of Microsoft's old container by the names of its streams."""

    def has(name: str) -> bool:
        return name.encode("utf-16-le") in data

    if has("EncryptedPackage"):
        return Refusal("K01", "encrypted")
    if has("_VBA_PROJECT"):
        return Refusal("K02", "xlsm")
    if has("WordDocument"):
        return Refusal("K02", "word")
    if has("__substg1.0_"):
        return Refusal("K02", "mht")
    if has("Workbook") or has("Book"):
        return Refusal("K01", "encrypted") if _is_protected_xls(data) else Found("xls")
    return Refusal("K01", "broken") if len(data) < 1536 else Refusal("K02", "other")


def _is_protected_xls(data: bytes) -> bool:
    """Whether the records of an .xls say that what follows is encrypted (FILEPASS); calamine would not tell."""
    at = data.find(_XLS_START)
    for _ in range(_XLS_RECORDS if at >= 0 else 0):
        kind, length = int.from_bytes(data[at : at + 2], "little"), int.from_bytes(data[at + 2 : at + 4], "little")
        if kind == _XLS_FILEPASS:
            return True
        at += 4 + length
    return False


def _scanned_zip(data: bytes) -> Found | Refusal:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            refusal = _refused_container(entries)
            if refusal is not None:
                return refusal
            kind = _kind(archive, [entry.filename.replace("\\", "/") for entry in entries])
            if isinstance(kind, Refusal):
                return kind
            refusal = _refused_parts(archive, kind)
            return refusal if refusal is not None else Found(kind, _oddities([entry.filename for entry in entries]))
    except BROKEN:
        return Refusal("K01", "broken")


def _refused_container(entries: list[zipfile.ZipInfo]) -> Refusal | None:
    """Return why a container is not unpacked, from its list of contents alone."""
    sizes = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or sizes > MAX_UNPACKED_BYTES:
        return Refusal("K01", "too_large")
    if any(e.file_size > _LARGE_PART and e.file_size > MAX_RATIO * max(e.compress_size, 1) for e in entries):
        return Refusal("K01", "too_large")
    if any(entry.flag_bits & 1 for entry in entries):
        return Refusal("K01", "encrypted")
    return None


def _kind(archive: zipfile.ZipFile, names: list[str]) -> Kind | Refusal:
    """Return which kind of table a container holds."""
    mimetype = archive.read("mimetype")[:80] if "mimetype" in names else b""
    if mimetype.startswith(b"application/vnd.oasis.opendocument"):
        return "ods" if b"spreadsheet" in mimetype else Refusal("K02", "word")
    if "xl/workbook.bin" in names:
        return Refusal("K02", "xlsb")
    if any(name.endswith("vbaProject.bin") or name.startswith("xl/macrosheets/") for name in names):
        return Refusal("K02", "xlsm")
    if any(name.startswith("xl/") for name in names) or _is_spreadsheet(archive, names):
        return "xlsx" if len(set(names)) == len(names) else Refusal("K01", "broken")
    if any(name.startswith(("word/", "ppt/")) for name in names):
        return Refusal("K02", "word")
    return Refusal("K02", "archive")


def _is_spreadsheet(archive: zipfile.ZipFile, names: list[str]) -> bool:
    """Whether a package says of itself that it is a workbook, wherever its parts lie."""
    return _TYPES in names and b"spreadsheetml.sheet.main+xml" in archive.read(_TYPES)


def _refused_parts(archive: zipfile.ZipFile, kind: Kind) -> Refusal | None:
    """Return why a container's parts are not parsed: declared entities, protection, macros."""
    for entry in archive.infolist():
        name = entry.filename
        if kind == "ods" and name.startswith(("Basic/", "Scripts/")):
            return Refusal("K02", "xlsm")
        if not name.lower().endswith((".xml", ".rels", ".vml")):
            continue
        part = archive.read(name)
        if kind == "ods" and name == "META-INF/manifest.xml" and b"encryption-data" in part:
            return Refusal("K01", "encrypted")
        if kind == "xlsx" and not name.startswith("xl/worksheets/") and part.count(b"<") > MAX_MARKS:
            return Refusal("K01", "too_large")
        if any(mark in part for mark in _DOCTYPES) and not name.endswith(".vml"):
            return Refusal("K01", "entities")
        if name == _TYPES and (b"macroEnabled" in part or b"macrosheet" in part):
            return Refusal("K02", "xlsm")
    return None


def _oddities(names: list[str]) -> tuple[Oddity, ...]:
    noticed = []
    if any(name.startswith(_OUTSIDE) for name in names):
        noticed.append(Oddity("external_links"))
    if any(name.startswith(_EMBEDDED) for name in names):
        noticed.append(Oddity("embedded"))
    return tuple(noticed)
