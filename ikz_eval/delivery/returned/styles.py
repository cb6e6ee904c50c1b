"""Cell formats of a returned workbook: the sender's own stay as they are, ours are added behind them.

A marked cell keeps number format, border, alignment and lock; only its fill is another. The colours are ours alone, so
that an earlier answer's can be taken back when the workbook comes in again.
"""

import copy

from lxml import etree

from ikz_eval.delivery.returned.package import parsed, written
from ikz_eval.delivery.returned.reply import CannotReturnError

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
COLOURS = {
    "reject_file": "FFF6B1A9",
    "reject_value": "FFF6B1A9",
    "question": "FFFFE187",
    "note": "FFBBDCF6",
}
"""Severity -> colour of a marked cell."""
_HEAD_COLOUR = "FF1F3A5F"
_FONTS = {
    "title": '<font><b/><sz val="14"/><name val="Calibri"/><family val="2"/></font>',
    "heading": '<font><b/><sz val="12"/><name val="Calibri"/><family val="2"/></font>',
    "text": '<font><sz val="11"/><name val="Calibri"/><family val="2"/></font>',
    "bold": '<font><b/><sz val="11"/><name val="Calibri"/><family val="2"/></font>',
    "mark": '<font><b/><sz val="11"/><color rgb="FFB00020"/><name val="Calibri"/><family val="2"/></font>',
    "head": '<font><b/><sz val="11"/><color rgb="FFFFFFFF"/><name val="Calibri"/><family val="2"/></font>',
    "link": '<font><u/><sz val="11"/><color rgb="FF0B4F8A"/><name val="Calibri"/><family val="2"/></font>',
}
_BORDER = "".join(
    f'<{side} style="thin"><color rgb="FF9AA5B1"/></{side}>' for side in ("left", "right", "top", "bottom")
)
_BORDERED = ("head", "cell", "link", *COLOURS)


def _tag(name: str) -> str:
    return f"{{{MAIN}}}{name}"


class Styles:
    """The part xl/styles.xml, and what is added to it.

    Parameters
    ----------
    data : bytes
        The part.

    Raises
    ------
    CannotReturnError
        If it lacks one of its lists.
    """

    def __init__(self, data: bytes) -> None:
        self.root = parsed(data)
        self._lists: dict[str, etree._Element] = {}
        for name in ("fonts", "fills", "borders", "cellXfs"):
            found = self.root.find(_tag(name))
            if found is None:
                raise CannotReturnError(f"the workbook's styles have no {name}")
            self._lists[name] = found
        self._has_ours = any(colour.encode() in data for colour in COLOURS.values())
        self._marked: dict[tuple[int, str], int] = {}
        self._unmarked: dict[int, int] = {}
        self._fills: dict[str, int] = {}
        self._own: dict[str, int] = {}

    def write(self) -> bytes:
        """Return the part."""
        for found in self._lists.values():
            found.set("count", str(len(found)))
        return written(self.root)

    @property
    def marked_before(self) -> frozenset[int]:
        """Formats that an earlier answer left behind."""
        if not self._has_ours:
            return frozenset()
        fills = {
            at
            for at, fill in enumerate(self._lists["fills"])
            if any(colour.get("rgb") in COLOURS.values() for colour in fill.iter(_tag("fgColor")))
        }
        return frozenset(at for at, form in enumerate(self._lists["cellXfs"]) if int(form.get("fillId", "0")) in fills)

    def marked(self, base: int, severity: str) -> int:
        """Return the format ``base`` in the colour of a severity."""
        key = base, COLOURS[severity]
        if key not in self._marked:
            form = self._copy(base)
            form.set("fillId", str(self._fill(COLOURS[severity])))
            form.set("applyFill", "1")
            self._marked[key] = self._append("cellXfs", form)
        return self._marked[key]

    def unmarked(self, marked: int) -> int:
        """Return the format a cell had before it was marked: one that differs by its fill alone, else without fill."""
        if marked not in self._unmarked:
            before = self.marked_before
            wanted = _but_fill(self._lists["cellXfs"][marked])
            like = [
                at
                for at, form in enumerate(self._lists["cellXfs"])
                if at not in before and form.get("fillId", "0") != "0" and _but_fill(form) == wanted
            ]
            self._unmarked[marked] = like[0] if like else self._without_fill(marked)
        return self._unmarked[marked]

    def own(self, style: str) -> int:
        """Return the format of a cell of the first sheet."""
        if style not in self._own:
            font = style if style in _FONTS else "text"
            form = etree.Element(_tag("xf"), numFmtId="49", xfId="0", applyFont="1", applyAlignment="1")
            form.set("fontId", str(self._append("fonts", self._from_text(_FONTS[font]))))
            form.set("fillId", str(self._own_fill(style)))
            form.set("borderId", str(self._own_border()) if style in _BORDERED else "0")
            form.append(etree.Element(_tag("alignment"), vertical="top", wrapText="1"))
            self._own[style] = self._append("cellXfs", form)
        return self._own[style]

    def _own_fill(self, style: str) -> int:
        colour = _HEAD_COLOUR if style == "head" else COLOURS.get(style)
        return 0 if colour is None else self._fill(colour)

    def _own_border(self) -> int:
        if "border" not in self._fills:
            border = self._from_text(f"<border>{_BORDER}<diagonal/></border>")
            self._fills["border"] = self._append("borders", border)
        return self._fills["border"]

    def _fill(self, colour: str) -> int:
        if colour not in self._fills:
            pattern = f'<patternFill patternType="solid"><fgColor rgb="{colour}"/><bgColor indexed="64"/></patternFill>'
            self._fills[colour] = self._append("fills", self._from_text(f"<fill>{pattern}</fill>"))
        return self._fills[colour]

    def _without_fill(self, at: int) -> int:
        form = self._copy(at)
        form.set("fillId", "0")
        return self._append("cellXfs", form)

    def _copy(self, at: int) -> etree._Element:
        forms = self._lists["cellXfs"]
        if not 0 <= at < len(forms):
            raise CannotReturnError(f"a cell has the format {at}, which the workbook does not have")
        return copy.deepcopy(forms[at])

    def _append(self, name: str, element: etree._Element) -> int:
        self._lists[name].append(element)
        return len(self._lists[name]) - 1

    @staticmethod
    def _from_text(xml: str) -> etree._Element:
        return etree.fromstring(f'<part xmlns="{MAIN}">{xml}</part>')[0]


def _but_fill(form: etree._Element) -> tuple[object, ...]:
    """Return all of a format but its fill."""
    plain = {name: value for name, value in form.attrib.items() if name not in ("fillId", "applyFill")}
    return (sorted(plain.items()), [(one.tag, sorted(one.attrib.items())) for one in form])
