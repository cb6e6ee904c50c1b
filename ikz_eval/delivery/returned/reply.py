"""What is written into a returned workbook: rows of the first sheet, and marks at cells; as types and as JSON.

The sandbox passes JSON only. Nothing about packages or XML belongs here.
"""

from dataclasses import dataclass
from typing import Any

from ikz_eval.errors import IkzError


class CannotReturnError(IkzError):
    """A file that cannot be patched; its sender gets a workbook of our own."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A comment and colour at one cell.

    Attributes
    ----------
    sheet : str
        Name of the sheet.
    cell : str
        Address such as ``C14``.
    severity : str
        One of ``schemas.vocabulary.SEVERITIES``: the colour.
    title, body : str
        First line of the comment, set in bold, and the rest.
    """

    sheet: str
    cell: str
    severity: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class CoverCell:
    """One cell of the first sheet.

    Attributes
    ----------
    text : str
        What it says.
    style : str
        ``title``, ``heading``, ``text``, ``bold``, ``mark``, ``head``, ``cell``, or a severity.
    link : (str, str) or None
        Sheet and cell that a click leads to.
    span : int
        Columns it is merged over.
    """

    text: str
    style: str = "text"
    link: tuple[str, str] | None = None
    span: int = 1


CoverRow = tuple[CoverCell, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """All that is written into a workbook.

    Attributes
    ----------
    sheet : str
        Name of the first sheet.
    headings : tuple of str
        What cell A1 of an earlier answer's sheet says: such a sheet is replaced.
    comment_prefix : str
        How every comment of ours begins: those of an earlier answer are removed.
    widths : tuple of float
        Widths of the first sheet's columns, in characters.
    rows : tuple of CoverRow
        Its rows; an empty row is a gap.
    marks : tuple of Mark
        Comments and colours.
    """

    sheet: str
    headings: tuple[str, ...]
    comment_prefix: str
    widths: tuple[float, ...]
    rows: tuple[CoverRow, ...]
    marks: tuple[Mark, ...]


def reply_as_json(reply: Reply) -> dict[str, Any]:
    """Return a reply as JSON, for the way into the sandbox."""
    return {
        "sheet": reply.sheet,
        "headings": list(reply.headings),
        "comment_prefix": reply.comment_prefix,
        "widths": list(reply.widths),
        "rows": [[[cell.text, cell.style, cell.link, cell.span] for cell in row] for row in reply.rows],
        "marks": [[mark.sheet, mark.cell, mark.severity, mark.title, mark.body] for mark in reply.marks],
    }


def reply_from_json(raw: dict[str, Any]) -> Reply:
    """Return what :func:`reply_as_json` wrote."""
    return Reply(
        sheet=raw["sheet"],
        headings=tuple(raw["headings"]),
        comment_prefix=raw["comment_prefix"],
        widths=tuple(raw["widths"]),
        rows=tuple(
            tuple(CoverCell(text, style, tuple(link) if link else None, span) for text, style, link, span in row)
            for row in raw["rows"]
        ),
        marks=tuple(Mark(*mark) for mark in raw["marks"]),
    )
