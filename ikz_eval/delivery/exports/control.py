"""Control sums: every subtotal a file states is recomputed from its parts; a real file is EUR 7,178,000 off."""

from dataclasses import dataclass
from decimal import Decimal

from ikz_eval.delivery.exports.columns import Columns
from ikz_eval.delivery.exports.layout import ExportLayout, Subtotal

Group = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Control:
    """One stated sum beside its recomputation, both with the file's own sign.

    Attributes
    ----------
    name : str
        What the sum is.
    row, column : int
        Where it stands.
    heading : str
        Heading of the column.
    stated, recomputed : Decimal
        In the unit of the column.
    """

    name: str
    row: int
    column: int
    heading: str
    stated: Decimal
    recomputed: Decimal

    @property
    def difference(self) -> Decimal:
        """Stated minus recomputed."""
        return self.stated - self.recomputed


class Controls:
    """Collects parts and stated sums while a file is read.

    Parameters
    ----------
    layout : ExportLayout
        Its subtotals and row totals.
    columns : Columns
        Where they stand in this file.
    """

    def __init__(self, layout: ExportLayout, columns: Columns) -> None:
        self._layout, self._columns = layout, columns
        self._sums: dict[tuple[str, Group, int], Decimal] = {}
        self._stated: list[tuple[Subtotal, Group, int, int, Decimal]] = []
        self._rows: list[Control] = []

    def is_subtotal(self, keys: dict[str, str]) -> bool:
        """Whether a row is a sum of others."""
        return self._subtotal(keys) is not None

    def state(self, keys: dict[str, str], row: int, values: dict[int, Decimal | None]) -> None:
        """Take down the sums a row states."""
        subtotal = self._subtotal(keys)
        assert subtotal is not None
        group = tuple(keys.get(role, "") for role in subtotal.within)
        for position, value in values.items():
            if value is not None and position in self._columns.values:
                self._stated.append((subtotal, group, row, position, value))

    def add(self, keys: dict[str, str], row: int, values: dict[int, Decimal | None]) -> None:
        """Add the values of a row to the sums it belongs to, and check the totals within it."""
        for subtotal in self._layout.subtotals:
            group = tuple(keys.get(role, "") for role in subtotal.within)
            for position in self._columns.values:
                key = subtotal.name, group, position
                self._sums[key] = self._sums.get(key, Decimal(0)) + (values[position] or 0)
        for total in self._layout.row_totals:
            at = self._columns.controls[total.column]
            stated = values[at]
            if stated is not None:
                parts = sum((values[self._columns.controls[part]] or Decimal(0) for part in total.of), Decimal(0))
                self._rows.append(Control("row", row, at, total.column, stated, parts))

    def checked(self) -> list[Control]:
        """Return every stated sum beside its recomputation, in the order of the file."""
        sums = [
            Control(
                subtotal.name, row, position, self._columns.heading(position), stated,
                self._sums.get((subtotal.name, group, position), Decimal(0)),
            )
            for subtotal, group, row, position, stated in self._stated
        ]  # fmt: skip
        return sorted([*self._rows, *sums], key=lambda control: (control.row, control.column))

    def _subtotal(self, keys: dict[str, str]) -> Subtotal | None:
        for subtotal in self._layout.subtotals:
            is_empty = all(not keys.get(role) for role in subtotal.empty)
            is_equal = all(keys.get(role) == word for role, word in subtotal.equals.items())
            if (subtotal.empty or subtotal.equals) and is_empty and is_equal:
                return subtotal
        return None
