"""Files as other programs write them, built from bytes: zipped packages, .ods, and the old .xls with its container."""

import io
import struct
import zipfile
from collections.abc import Callable, Mapping
from xml.sax.saxutils import escape, quoteattr

Table = dict[str, list[list[object]]]
"""Sheet -> rows -> values; None is an empty cell."""


def parts_of(data: bytes) -> dict[str, bytes]:
    """Return the parts of a zipped package."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def package(parts: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return parts as a zipped package, with no time in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


def edit_part(data: bytes, name: str, edit: Callable[[bytes], bytes]) -> bytes:
    """Return a package with one part changed, which must change."""
    parts = parts_of(data)
    changed = edit(parts[name])
    assert changed != parts[name], f"{name} did not change"
    return package({**parts, name: changed})


def add_parts(data: bytes, **more: bytes) -> bytes:
    """Return a package with further parts; ``__`` in a name is a slash, ``_dot_`` a dot."""
    named = {name.replace("_dot_", ".").replace("__", "/"): content for name, content in more.items()}
    return package({**parts_of(data), **named})


def ods(table: Table, cell: Callable[[object], str] | None = None) -> bytes:
    """Return a table as OpenDocument spreadsheet."""
    written = cell or ods_cell
    sheets = "".join(
        f"<table:table table:name={quoteattr(name)}>"
        + "".join(f"<table:table-row>{''.join(map(written, row))}</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in table.items()
    )
    return ods_of(sheets)


def ods_of(sheets: str, manifest: str = "") -> bytes:
    """Return an OpenDocument spreadsheet around the XML of its sheets."""
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} office:version="1.2">'
        f"<office:body><office:spreadsheet>{sheets}</office:spreadsheet></office:body></office:document-content>"
    )
    head = (
        '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    )
    return package(
        {
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content.encode(),
            "META-INF/manifest.xml": f"{head}{manifest}</manifest:manifest>".encode(),
        }
    )


def ods_cell(value: object, more: str = "") -> str:
    """Return one cell of an OpenDocument table."""
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, str):
        return f'<table:table-cell office:value-type="string"{more}><text:p>{escape(value)}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="float" office:value="{value}"{more}><text:p>x</text:p></table:table-cell>'


def xls(table: Table) -> bytes:
    """Return a table as an Excel file of 1997: records of BIFF8 in a stream of an OLE container."""
    return ole("Workbook", _biff(table))


def xls_far() -> bytes:
    """Return an .xls with two values in opposite corners of what its records can say."""
    start = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    name = "Kosten".encode("utf-16-le")
    end = _record(0x000A, b"")
    bound = _record(0x0085, struct.pack("<IBBBB", len(start) + 12 + len(name) + len(end), 0, 0, 6, 1) + name)
    numbers = b"".join(_record(0x0203, struct.pack("<HHHd", at, at, 0, 1.0)) for at in (0, 65535))
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0)) + numbers + end
    return ole("Workbook", start + bound + end + sheet)


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _biff(table: Table) -> bytes:
    sheets = [_biff_sheet(rows) for rows in table.values()]
    start = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    end = _record(0x000A, b"")
    names = [name.encode("utf-16-le") for name in table]
    length = len(start) + sum(4 + 8 + len(name) for name in names) + len(end)
    bounds = b""
    for name, sheet in zip(names, sheets, strict=True):
        bounds += _record(0x0085, struct.pack("<IBBBB", length, 0, 0, len(name) // 2, 1) + name)
        length += len(sheet)
    return start + bounds + end + b"".join(sheets)


def _biff_sheet(rows: list[list[object]]) -> bytes:
    out = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            if isinstance(value, str):
                text = value.encode("utf-16-le")
                out += _record(0x0204, struct.pack("<HHHHB", row, column, 0, len(text) // 2, 1) + text)
            elif isinstance(value, (int, float)):
                out += _record(0x0203, struct.pack("<HHHd", row, column, 0, value))
    return out + _record(0x000A, b"")


def ole(name: str, stream: bytes) -> bytes:
    """Return one stream in an OLE container with sectors of 512 bytes."""
    stream = stream.ljust(4096, b"\0")  # a shorter one would live in the small-stream area
    count = -(-len(stream) // 512)
    assert count <= 125
    chain = [*range(3, count + 2), 0xFFFFFFFE]
    table = struct.pack("<128I", 0xFFFFFFFD, 0xFFFFFFFE, *chain, *[0xFFFFFFFF] * (126 - count))
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096,
        0xFFFFFFFE, 0, 0xFFFFFFFE, 0,
    )  # fmt: skip
    header += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    entries = _ole_entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + _ole_entry(name, 2, 0xFFFFFFFF, 2, len(stream))
    empty = b"".join(_ole_entry("", 0, 0xFFFFFFFF, 0, 0) for _ in range(2))
    return header + table + entries + empty + stream.ljust(count * 512, b"\0")


def _ole_entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    encoded = name.encode("utf-16-le")
    return (
        encoded.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(encoded) + 2 if name else 0, kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
        + b"\0" * 36
        + struct.pack("<IQ", start, size)
    )
