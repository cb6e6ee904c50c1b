"""Where the columns of a layout stand in one file: by heading or by position, with the period in the heading."""

from dataclasses import dataclass, replace

from ikz_eval.delivery.exports.layout import ExportLayout, ValueColumn
from ikz_eval.delivery.exports.lines import Row
from ikz_eval.delivery.form import canonical_quarter
from ikz_eval.errors import DeliveryError


@dataclass(frozen=True, slots=True)
class Headings:
    """The header row of a file, the number of lines before the first value, and the lines at the top."""

    cells: list[str]
    rows: int
    top: list[Row]


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions in one file, from 1.

    Attributes
    ----------
    headings : list of str
        The header row.
    roles : dict of str to tuple of int
        Role -> positions; a key of several parts is put together.
    values : dict of int to ValueColumn
        Position -> what it says, its period filled in.
    controls : dict of str to int
        Heading of a row total or of one of its parts -> position.
    """

    headings: list[str]
    roles: dict[str, tuple[int, ...]]
    values: dict[int, ValueColumn]
    controls: dict[str, int]

    @property
    def numeric(self) -> list[int]:
        """Positions that hold numbers, in order."""
        return sorted({*self.values, *self.controls.values()})

    def heading(self, position: int) -> str:
        """Return the heading of a position, empty where there is none."""
        return self.headings[position - 1] if position <= len(self.headings) else ""

    def keys(self, cells: list[str]) -> dict[str, str]:
        """Return the roles of one row."""
        return {
            role: "".join(cells[at - 1] for at in places if at <= len(cells)) for role, places in self.roles.items()
        }

    def period(self, keys: dict[str, str]) -> str:
        """Return the period of a row: its own column, or year and month."""
        if keys.get("period"):
            return canonical_quarter(keys["period"])
        return "-".join(keys[role] for role in ("year", "month") if keys.get(role))


def columns_of(layout: ExportLayout, headings: Headings) -> Columns:
    """Return where the columns of a layout stand in a file.

    Raises
    ------
    DeliveryError
        If a column of the layout is not there; names it and what is.
    """
    places: dict[str, int] = {}
    for position, cell in enumerate(headings.cells, start=1):
        places.setdefault(cell.casefold(), position)
    roles = {
        role: tuple(_place(layout, places, headings, one) for one in (column if isinstance(column, list) else [column]))
        for role, column in layout.columns.items()
    }
    named = {name for total in layout.row_totals for name in (total.column, *total.of)}
    controls = {name: _place(layout, places, headings, name) for name in sorted(named)}
    return Columns(headings.cells, roles, _values(layout, headings), controls)


def _place(layout: ExportLayout, places: dict[str, int], headings: Headings, column: str | int) -> int:
    if isinstance(column, int):
        return column
    if column.casefold() not in places:
        raise DeliveryError(
            f"layout {layout.name}: the file has no column '{column}'; it has: {', '.join(headings.cells)}. Change the "
            "layout, or draft one for this file (`ikz layout draft`)"
        )
    return places[column.casefold()]


def _values(layout: ExportLayout, headings: Headings) -> dict[int, ValueColumn]:
    """Return the value columns by position, the period of each taken from its heading or from a row above."""
    values: dict[int, ValueColumn] = {}
    for value in layout.values:
        if isinstance(value.column, int):
            values[value.column] = replace(value, period=value.period or _period_above(value, headings))
            continue
        for position, heading in enumerate(headings.cells, start=1):
            match = value.matches(heading)
            if match:
                found = match.groupdict()
                written = found.get("quarter") or found.get("year")
                values[position] = replace(value, period=canonical_quarter(written) if written else value.period)
    return dict(sorted(values.items()))


def _period_above(value: ValueColumn, headings: Headings) -> str | None:
    """Return the period that stands in a header row above a column."""
    if value.period_row is None or not isinstance(value.column, int) or value.period_row > len(headings.top):
        return None
    cells = headings.top[value.period_row - 1][1]
    return cells[value.column - 1] if value.column <= len(cells) else None
