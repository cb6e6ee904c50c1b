"""Opening a file of any format: what the child of the sandbox runs.

Decides by the bytes what the file is, and hands over to the reader of that format. Pure: bytes in, JSON out.
"""

import io
from typing import Any

from openpyxl import Workbook

from ikz_eval.delivery.reading.contents import Contents, Refusal, contents_as_json
from ikz_eval.delivery.reading.old_formats import read_old_format
from ikz_eval.delivery.reading.plain_text import read_text_file
from ikz_eval.delivery.reading.prescan import scan
from ikz_eval.delivery.reading.workbook import read_xlsx


def open_file(data: bytes, argument: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return the file's contents, or its refusal, as JSON."""
    return contents_as_json(opened(data, str(argument["file_name"]))), b""


def opened(data: bytes, file_name: str) -> Contents | Refusal:
    """Return the file's contents, or why it cannot be read."""
    found = scan(data, file_name)
    if isinstance(found, Refusal):
        return found
    if found.kind == "text":
        return read_text_file(data, found.oddities)
    if found.kind == "xlsx":
        return read_xlsx(data, found.oddities)
    return read_old_format(data, found.kind, found.oddities)


def warm_up() -> None:
    """Read a workbook of our own: what openpyxl makes at first use is there then before any child is forked."""
    out = io.BytesIO()
    book = Workbook()
    book.create_sheet("a").append(["a", 1.5])
    book.save(out)
    assert isinstance(opened(out.getvalue(), "a.xlsx"), Contents)
