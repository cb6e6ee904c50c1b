"""The sender's workbook, patched: first sheet, comments, colours; every other part stays byte for byte.

Holds the order of steps and what concerns the workbook as a whole (list of sheets, names, relationships). Also what the
sandbox runs: bytes of others are opened there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from ikz_eval.delivery.returned.cells import Cells
from ikz_eval.delivery.returned.comments import Comments
from ikz_eval.delivery.returned.cover_sheet import cover_sheet
from ikz_eval.delivery.returned.package import Package, parsed, words_of, written
from ikz_eval.delivery.returned.reply import CannotReturnError, Mark, Reply, reply_from_json
from ikz_eval.delivery.returned.styles import MAIN, Styles

_WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_DRAWING_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_SELECTED = re.compile(rb'(<(?:\w+:)?sheetView\b[^>]*?)\s+tabSelected="(?:1|true)"')
_AFTER_DRAWING = (
    "legacyDrawingHF",
    "drawingHF",
    "picture",
    "oleObjects",
    "controls",
    "webPublishItems",
    "tableParts",
    "extLst",
)
_SEVERITIES = ("reject_file", "reject_value", "question", "note")


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One sheet of the workbook: its entry in the list, its name, its part and the relationship to it."""

    entry: etree._Element
    name: str
    part: str
    relation: str


def _tag(name: str) -> str:
    return f"{{{MAIN}}}{name}"


def patch(data: bytes, argument: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return the returned workbook, or why there is none; what the sandbox runs."""
    try:
        return {"reason": ""}, returned_workbook(data, reply_from_json(argument))
    except CannotReturnError as error:
        return {"reason": str(error)}, b""


def returned_workbook(original: bytes, reply: Reply) -> bytes:
    """Return the sender's workbook with the reply in it; the same input gives the same bytes.

    Parameters
    ----------
    original : bytes
        The XLSX file as it arrived.
    reply : Reply
        First sheet and marks.

    Raises
    ------
    CannotReturnError
        If the file is no workbook that can be patched.
    """
    package = Package.read(original)
    book_name = _book_name(package)
    book = parsed(package.part(book_name))
    if book.tag != _tag("workbook"):
        raise CannotReturnError("the workbook is of another dialect (strict)")
    style_part = next((one.target for one in package.relations(book_name) if one.kind == "styles"), "")
    styles = Styles(package.part(style_part))
    sheets = list(_sheets(package, book, book_name))
    kept = [sheet for sheet in sheets if not _is_earlier_answer(package, book_name, sheet, reply)]
    for number, sheet in enumerate(kept, 1):
        _mark_sheet(package, sheet, reply, styles, number)
    _replace_first_sheet(package, book, book_name, sheets, kept, reply, styles)
    package.parts[style_part] = styles.write()
    package.parts[book_name] = written(book)
    return package.write()


def _book_name(package: Package) -> str:
    """Return the name of the workbook's main part; macros and templates are not sent back."""
    name = next((one.target for one in package.relations("") if one.kind == "officeDocument"), "")
    package.part(name)
    if package.content_type(name) != _WORKBOOK_TYPE:
        raise CannotReturnError("the file is no plain workbook")
    return name


def _sheets(package: Package, book: etree._Element, book_name: str) -> Iterator[_Sheet]:
    relations = {one.key: one for one in package.relations(book_name)}
    for entry in book.iterfind(f"{_tag('sheets')}/{_tag('sheet')}"):
        relation = relations.get(entry.get(_ID, ""))
        if relation is None or relation.target not in package.parts:
            raise CannotReturnError("a sheet of the workbook has no part")
        is_table = relation.kind == "worksheet"
        yield _Sheet(entry, entry.get("name", ""), relation.target if is_table else "", relation.key)


def _is_earlier_answer(package: Package, book_name: str, sheet: _Sheet, reply: Reply) -> bool:
    """Whether a sheet is the first sheet of an answer that came back; a sender's sheet of that name is kept."""
    if sheet.name != reply.sheet or not sheet.part:
        return False
    root = parsed(package.part(sheet.part))
    cell = next((one for one in root.iter(_tag("c")) if one.get("r") == "A1"), None)
    if cell is None:
        return False
    words = words_of(cell)
    if cell.get("t") == "s":
        shared = next((one.target for one in package.relations(book_name) if one.kind == "sharedStrings"), "")
        items = parsed(package.part(shared)).findall(_tag("si"))
        at = int(words) if words.isdigit() else -1
        words = words_of(items[at]) if 0 <= at < len(items) else ""
    return words in reply.headings


def _mark_sheet(package: Package, sheet: _Sheet, reply: Reply, styles: Styles, number: int) -> None:
    """Take back an earlier answer's marks in one sheet, set those of this one; leave it alone when there are none."""
    if not sheet.part:
        return
    marks = _by_cell(mark for mark in reply.marks if mark.sheet == sheet.name)
    data = _SELECTED.sub(rb"\1", package.parts[sheet.part], count=1)
    package.parts[sheet.part] = data
    before = styles.marked_before
    related = {one.kind: one.target for one in package.relations(sheet.part)}
    texts = package.parts.get(related.get("comments", ""))
    has_ours = texts is not None and reply.comment_prefix.encode() in texts
    if not marks and not before and not has_ours:
        return
    root = parsed(data)
    cells = Cells(root)
    changed = cells.unmark(before, styles) if before else False
    done = {cell: found for cell, found in marks.items() if cells.mark(cell, found[0].severity, styles)}
    if done or has_ours:
        changed = _comment(package, sheet, root, done, reply, number) or changed
    if done or changed:
        package.parts[sheet.part] = written(root)


def _by_cell(marks: Iterator[Mark]) -> dict[str, list[Mark]]:
    """Return marks by cell, the gravest first."""
    found: dict[str, list[Mark]] = {}
    for mark in marks:
        found.setdefault(mark.cell, []).append(mark)
    return {cell: sorted(some, key=lambda mark: _SEVERITIES.index(mark.severity)) for cell, some in found.items()}


def _comment(
    package: Package, sheet: _Sheet, root: etree._Element, marks: dict[str, list[Mark]], reply: Reply, number: int
) -> bool:
    """Set the comments of a sheet; return whether the sheet's own part changed."""
    relations = package.relations(sheet.part)
    texts = next((one.target for one in relations if one.kind == "comments"), None)
    legacy = root.find(_tag("legacyDrawing"))
    drawing = next((one.target for one in relations if legacy is not None and one.key == legacy.get(_ID)), None)
    comments = Comments(package.parts.get(texts or ""), package.parts.get(drawing or ""), number)
    if not comments.is_usable:
        return False
    comments.remove_ours(reply.comment_prefix)
    for cell, found in marks.items():
        comments.add(cell, found)
    text_part, drawing_part = comments.write()
    texts = texts or package.free_name("xl/comments{}.xml")
    is_new = drawing is None
    drawing = drawing or package.free_name("xl/drawings/vmlDrawing{}.vml")
    if texts not in package.parts:
        package.relate(sheet.part, "comments", texts)
    package.parts[texts], package.parts[drawing] = text_part, drawing_part
    package.declare({"vml": _DRAWING_TYPE, f"/{texts}": _COMMENTS_TYPE})
    if is_new:
        _insert_drawing(root, package.relate(sheet.part, "vmlDrawing", drawing))
    return True


def _insert_drawing(root: etree._Element, key: str) -> None:
    """Name the drawing in the sheet, at the place the format prescribes."""
    for stale in root.findall(_tag("legacyDrawing")):
        root.remove(stale)
    made = root.makeelement(_tag("legacyDrawing"), {_ID: key})
    later = next((one for one in root.iterchildren("*") if etree.QName(one).localname in _AFTER_DRAWING), None)
    if later is None:
        root.append(made)
    else:
        later.addprevious(made)


def _replace_first_sheet(
    package: Package,
    book: etree._Element,
    book_name: str,
    sheets: list[_Sheet],
    kept: list[_Sheet],
    reply: Reply,
    styles: Styles,
) -> None:
    """Put the reply's sheet first, in place of an earlier answer's."""
    listed = book.find(_tag("sheets"))
    if listed is None:
        raise CannotReturnError("the workbook lists no sheets")
    for sheet in sheets:
        if sheet not in kept:
            listed.remove(sheet.entry)
            package.unrelate(book_name, sheet.relation)
            package.remove(sheet.part)
    names = {sheet.name.casefold() for sheet in kept}
    name, number = reply.sheet, 2
    while name.casefold() in names:
        name, number = f"{reply.sheet} ({number})", number + 1
    part = package.free_name("xl/worksheets/sheet{}.xml")
    package.parts[part] = cover_sheet(reply, styles)
    package.declare({f"/{part}": _SHEET_TYPE})
    ids = [int(entry.get("sheetId", "0")) for entry in listed]
    entry = listed.makeelement(_tag("sheet"), {"name": name, "sheetId": str(max(ids, default=0) + 1)})
    entry.set(_ID, package.relate(book_name, "worksheet", part))
    listed.insert(0, entry)
    _shift_positions(book, {sheets.index(sheet): at for at, sheet in enumerate(kept, 1)})


def _shift_positions(book: etree._Element, new_position: dict[int, int]) -> None:
    """Let names and views that count sheets count them anew; the first sheet is the one that opens."""
    for name in list(book.iterfind(f"{_tag('definedNames')}/{_tag('definedName')}")):
        local = name.get("localSheetId")
        if local is None:
            continue
        at = new_position.get(int(local))
        if at is None:
            parent = name.getparent()
            assert parent is not None
            parent.remove(name)
        else:
            name.set("localSheetId", str(at))
    for view in book.iterfind(f"{_tag('bookViews')}/{_tag('workbookView')}"):
        view.set("activeTab", "0")
        view.set("firstSheet", "0")
