"""Cells of one sheet's XML: found or made at their place, their format changed; values stay as they are."""

from lxml import etree

from ikz_eval.delivery.returned.addresses import address, row_column
from ikz_eval.delivery.returned.reply import CannotReturnError
from ikz_eval.delivery.returned.styles import MAIN, Styles

_ROW, _CELL = f"{{{MAIN}}}row", f"{{{MAIN}}}c"


class Cells:
    """The rows of a sheet.

    Parameters
    ----------
    sheet : etree._Element
        Root of the sheet's part.

    Raises
    ------
    CannotReturnError
        If the sheet has no place for cells.
    """

    def __init__(self, sheet: etree._Element) -> None:
        data = sheet.find(f"{{{MAIN}}}sheetData")
        if data is None:
            raise CannotReturnError("a sheet has no cells")
        self._data = data
        self._columns = [one for one in sheet.iterfind(f"{{{MAIN}}}cols/{{{MAIN}}}col") if one.get("style")]
        self._rows: dict[int, etree._Element] = {}
        last = 0
        for row in data.iterchildren(_ROW):
            last = int(row.get("r", last + 1))
            self._rows[last] = row

    def mark(self, cell: str, severity: str, styles: Styles) -> bool:
        """Colour a cell; return False when a sheet has no such cell."""
        at = row_column(cell)
        if at is None:
            return False
        element = self._cell(*at)
        base = int(element.get("s", "0"))
        element.set("s", str(styles.marked(base, severity)))
        return True

    def unmark(self, before: frozenset[int], styles: Styles) -> bool:
        """Take back the colours of an earlier answer; return whether there were any."""
        found = False
        for row in self._rows.values():
            for cell in row.iterchildren(_CELL):
                style = int(cell.get("s", "0"))
                if style in before:
                    cell.set("s", str(styles.unmarked(style)))
                    found = True
        return found

    def _cell(self, row: int, column: int) -> etree._Element:
        """Return a cell, made when it is not there."""
        line, last = self._row(row), 0
        for cell in line.iterchildren(_CELL):
            found = row_column(cell.get("r", ""))
            last = found[1] if found else last + 1
            if last == column:
                return cell
            if last > column:
                made = self._made(line, row, column)
                cell.addprevious(made)
                return made
        made = self._made(line, row, column)
        line.append(made)
        return made

    def _made(self, line: etree._Element, row: int, column: int) -> etree._Element:
        """Return a new empty cell with the format of its row or column."""
        made = line.makeelement(_CELL, r=address(row, column))
        style = line.get("s") if line.get("customFormat") in ("1", "true") else self._column_style(column)
        if style:
            made.set("s", style)
        return made

    def _column_style(self, column: int) -> str | None:
        for one in self._columns:
            if int(one.get("min", "0")) <= column <= int(one.get("max", "0")):
                return one.get("style")
        return None

    def _row(self, row: int) -> etree._Element:
        if row not in self._rows:
            made = self._data.makeelement(_ROW, r=str(row))
            after = [number for number in self._rows if number > row]
            if after:
                self._rows[min(after)].addprevious(made)
            else:
                self._data.append(made)
            self._rows[row] = made
        return self._rows[row]
