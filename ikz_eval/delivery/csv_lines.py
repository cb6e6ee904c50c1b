"""Lines of a CSV file with their number: encoding, separator and header are found by the file itself; no meaning."""

import csv
import io
from collections.abc import Sequence

from ikz_eval.delivery.form import label_words

MAX_LINES = 5000
"""Lines that are read; the official form has some 60."""
SEPARATORS = (";", ",", "\t")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""Byte order marks of what Excel saves as „Unicode-Text“."""
_BINARY = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0", b"%PDF")

Line = tuple[int, list[str]]
"""Number of a line, from 1, and its fields."""


def looks_like_text(data: bytes) -> bool:
    """Whether a file is to be read as CSV: none of the known binary formats, no zero byte (but UTF-16)."""
    if data.startswith(_UTF_16):
        return True
    return not data.startswith(_BINARY) and b"\x00" not in data


def decoded(data: bytes) -> str:
    """Decode by byte order mark, then strict UTF-8, then cp1252 (its five undefined bytes become a mark)."""
    if data.startswith(_UTF_16):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def read_lines(content: str, headers: Sequence[str]) -> list[Line] | None:
    """Return the non-empty lines below the header; None when the file does not begin with the official header."""
    for separator in SEPARATORS:
        lines = _separated(content, separator, len(headers))
        if lines and lines[0][1][0].casefold().startswith("sep="):  # tells Excel the separator
            del lines[0]
        if lines and list(map(label_words, lines[0][1])) == list(map(label_words, headers)):
            return lines[1:]
    return None


def _separated(content: str, separator: str, width: int) -> list[Line]:
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=separator)
    lines: list[Line] = []
    start = 1
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            while len(cells) > width and not cells[-1]:
                cells.pop()  # spreadsheets append empty columns
            if any(cells):
                lines.append((start, cells))
            start = reader.line_num + 1
            if start > MAX_LINES:
                break
    except csv.Error:  # a field beyond csv's limit: not the form
        return []
    return lines
