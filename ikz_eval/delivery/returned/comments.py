"""Comments at cells: the part with their texts, and the drawing that older and newer programs show them with.

Excel and LibreOffice show a comment only when it has a shape in a VML drawing. A sheet's own comments stay; those of an
earlier answer (known by how they begin) go.
"""

import re

from lxml import etree

from ikz_eval.delivery.returned.addresses import row_column
from ikz_eval.delivery.returned.package import parsed, words_of, written
from ikz_eval.delivery.returned.reply import Mark
from ikz_eval.delivery.returned.styles import MAIN

AUTHOR = "ikz_eval"
_EMPTY = f'<comments xmlns="{MAIN}"><authors/><commentList/></comments>'.encode()
_DRAWING = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="{group}"/>'
    '</o:shapelayout><v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype></xml>'
)
_SHAPE = (
    '<v:shape id="_x0000_s{number}" type="#_x0000_t202" style="position:absolute;width:300pt;height:{height}pt;'
    'z-index:{order};visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/>'
    '<v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto">'
    '<div style="text-align:left"></div></v:textbox><x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
    "<x:Anchor>{left}, 15, {top}, 2, {right}, 31, {bottom}, 4</x:Anchor><x:AutoFill>False</x:AutoFill>"
    "<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
_ANY_SHAPE = re.compile(r"<v:shape\s.*?</v:shape>", re.DOTALL)
_NUMBER = re.compile(r"_x0000_s(\d+)")


def _tag(name: str) -> str:
    return f"{{{MAIN}}}{name}"


class Comments:
    """The comments of one sheet.

    Parameters
    ----------
    data, drawing : bytes or None
        The parts with texts and shapes; None where the sheet has none.
    group : int
        Number of the sheet: shapes of different sheets must not share ids.
    """

    def __init__(self, data: bytes | None, drawing: bytes | None, group: int) -> None:
        self._root = parsed(data or _EMPTY)
        self._drawing = drawing.decode("utf-8", "surrogateescape") if drawing else _DRAWING.format(group=group)
        self._group = group
        self._list = self._root.find(_tag("commentList"))
        self._authors = self._root.find(_tag("authors"))

    @property
    def is_usable(self) -> bool:
        """Whether something can be added: both lists are there, and the drawing ends as drawings do."""
        return self._list is not None and self._authors is not None and "</xml>" in self._drawing

    def write(self) -> tuple[bytes, bytes]:
        """Return both parts."""
        return written(self._root), self._drawing.encode("utf-8", "surrogateescape")

    def remove_ours(self, prefix: str) -> bool:
        """Remove the comments of an earlier answer; return whether there were any."""
        assert self._list is not None
        gone = [one for one in self._list if words_of(one).startswith(prefix)]
        for one in gone:
            self._list.remove(one)
            self._remove_shape(one.get("ref", ""))
        return bool(gone)

    def add(self, cell: str, marks: list[Mark]) -> None:
        """Add the marks of one cell; a comment the sender has there keeps its words and gets ours behind."""
        assert self._list is not None
        there = next((one for one in self._list if one.get("ref") == cell), None)
        if there is not None:
            body = there.find(_tag("text"))
            if body is not None:
                _say(body, marks, "\n\n")
                return
            self._list.remove(there)
            self._remove_shape(cell)
        comment = etree.SubElement(self._list, _tag("comment"), ref=cell, authorId=str(self._author()))
        _say(etree.SubElement(comment, _tag("text")), marks, "")
        self._add_shape(cell, sum(len(mark.title) + len(mark.body) for mark in marks))

    def _author(self) -> int:
        assert self._authors is not None
        names = [one.text for one in self._authors]
        if AUTHOR in names:
            return names.index(AUTHOR)
        etree.SubElement(self._authors, _tag("author")).text = AUTHOR
        return len(names)

    def _add_shape(self, cell: str, length: int) -> None:
        at = row_column(cell)
        assert at is not None
        row, column = at[0] - 1, at[1] - 1
        used = [int(number) for number in _NUMBER.findall(self._drawing)]
        number = max([self._group * 1024, *used]) + 1
        lines = 4 + length // 55
        shape = _SHAPE.format(
            number=number, order=number % 1024, height=lines * 15, row=row, column=column,
            left=column + 1, right=column + 4, top=max(0, row - 1), bottom=row + lines,
        )  # fmt: skip
        head, _, tail = self._drawing.rpartition("</xml>")
        self._drawing = f"{head}{shape}</xml>{tail}"

    def _remove_shape(self, cell: str) -> None:
        at = row_column(cell)
        if at is None:
            return
        row, column = (
            re.compile(rf"<x:{name}>\s*{value - 1}\s*</x:{name}>")
            for name, value in zip(("Row", "Column"), at, strict=True)
        )
        self._drawing = _ANY_SHAPE.sub(
            lambda shape: "" if row.search(shape[0]) and column.search(shape[0]) else shape[0], self._drawing
        )


def _say(body: etree._Element, marks: list[Mark], before: str) -> None:
    """Append runs: the first line of each mark in bold."""
    plain = body.find(_tag("t"))
    if plain is not None:  # a comment without runs gets its words as the first run
        body.remove(plain)
        _run(body, plain.text or "", is_bold=False)
    for at, mark in enumerate(marks):
        gap = before if at == 0 else "\n\n"
        _run(body, f"{gap}{mark.title}\n", is_bold=True)
        _run(body, mark.body, is_bold=False)


def _run(body: etree._Element, words: str, *, is_bold: bool) -> None:
    run = etree.SubElement(body, _tag("r"))
    look = etree.SubElement(run, _tag("rPr"))
    if is_bold:
        etree.SubElement(look, _tag("b"))
    etree.SubElement(look, _tag("sz"), val="9")
    etree.SubElement(look, _tag("rFont"), val="Tahoma")
    said = etree.SubElement(run, _tag("t"))
    said.text = words
    said.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
