"""The first sheet of a returned workbook as XML: rows of text with links to the cells they speak of.

Texts stand in the cells themselves (inline), so that the sender's list of shared texts stays as it is.
"""

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from ikz_eval.delivery.returned.addresses import address
from ikz_eval.delivery.returned.reply import CoverCell, CoverRow, Reply
from ikz_eval.delivery.returned.styles import MAIN, Styles

_LINE_POINTS = 15.0
_NOT_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_LARGE = {"title": 1.35, "heading": 1.15}
_MOST_LINES = 25


def cover_sheet(reply: Reply, styles: Styles) -> bytes:
    """Return the sheet as a part of the workbook.

    Parameters
    ----------
    reply : Reply
        What it says.
    styles : Styles
        The workbook's formats, which get those of the sheet.
    """
    rows, merged, links = [], [], []
    for number, row in enumerate(reply.rows, 1):
        cells, column = [], 1
        for cell in row:
            at = address(number, column)
            cells.append(_cell(at, cell, styles))
            if cell.link:
                links.append(_link(at, *cell.link))
            if cell.span > 1:
                merged.append(f'<mergeCell ref="{at}:{address(number, column + cell.span - 1)}"/>')
            column += cell.span
        rows.append(
            f'<row r="{number}"{_height(row, reply.widths)}>{"".join(cells)}</row>' if row else f'<row r="{number}"/>'
        )
    columns = "".join(
        f'<col min="{at}" max="{at}" width="{width}" customWidth="1"/>' for at, width in enumerate(reply.widths, 1)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{MAIN}">'
        '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        '<sheetViews><sheetView showGridLines="0" tabSelected="1" workbookViewId="0"/></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{columns}</cols><sheetData>{"".join(rows)}</sheetData>'
        f"{_list('mergeCells', merged)}{_list('hyperlinks', links)}"
        '<pageMargins left="0.5" right="0.5" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>'
        '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/></worksheet>'
    ).encode()


def clean(words: str) -> str:
    """Return text without the characters that XML cannot hold."""
    return _NOT_XML.sub("", words)


def _cell(at: str, cell: CoverCell, styles: Styles) -> str:
    style = styles.own("link" if cell.link and cell.style == "cell" else cell.style)
    return f'<c r="{at}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{escape(clean(cell.text))}</t></is></c>'


def _link(at: str, sheet: str, cell: str) -> str:
    location = "'" + sheet.replace("'", "''") + "'!" + cell
    return f"<hyperlink ref={quoteattr(at)} location={quoteattr(clean(location))}/>"


def _height(row: CoverRow, widths: Sequence[float]) -> str:
    """Return the height of a row: programs do not grow rows with merged cells, and some grow none."""
    lines, column = 1.0, 0
    for cell in row:
        room = sum(widths[column : column + cell.span])
        large = _LARGE.get(cell.style, 1.0)
        needed = sum(max(1, -(-int(len(part) * large * 1.08) // max(1, int(room)))) for part in cell.text.split("\n"))
        lines = max(lines, min(needed, _MOST_LINES) * large)
        column += cell.span
    return f' ht="{lines * _LINE_POINTS:g}" customHeight="1"'


def _list(name: str, items: list[str]) -> str:
    return f"<{name}>{''.join(items)}</{name}>" if items else ""
