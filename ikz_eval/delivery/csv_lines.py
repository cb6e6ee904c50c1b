"""Lines of a CSV file with their number: separator and header are found by the file itself; no meaning."""

import csv
import io
from collections.abc import Sequence

from ikz_eval.delivery.form import label_words

MAX_LINES = 5000
"""Lines that are read; the official form has some 60."""
HEADER_WITHIN = 30
"""Lines within which the header is looked for."""
SEPARATORS = (";", ",", "\t")
Line = tuple[int, list[str]]
"""Number of a line, from 1, and its fields."""


def read_lines(content: str, headers: Sequence[str]) -> list[Line] | None:
    """Return the non-empty lines below the header; None when the file does not have the official header.

    Lines above the header (a title, ``sep=;``) are left out, and columns in another order are put in the official one.
    """
    wanted = [label_words(header) for header in headers]
    for separator in SEPARATORS:
        lines = _separated(content, separator, len(headers))
        for at, (_, cells) in enumerate(lines[:HEADER_WITHIN]):
            found = [label_words(cell) for cell in cells]
            if sorted(found) == sorted(wanted):
                order = [found.index(header) for header in wanted]
                return [(number, _ordered(row, order)) for number, row in lines[at + 1 :]]
    return None


def _ordered(row: list[str], order: list[int]) -> list[str]:
    """Return a line in the official order; one of another width stays as it is, for its own finding."""
    return [row[at] for at in order] if len(row) == len(order) else row


def _separated(content: str, separator: str, width: int) -> list[Line]:
    """Return the lines of a file; a quote that is never closed ends them with a line of one column."""
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=separator, strict=True)
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
    except csv.Error:  # a quote amid a value, or a field beyond csv's limit
        lines.append((start, [separator]))
    return lines
