"""What differs between two versions of a delivery, cell by cell, as an answer shows it.

Holds the type and the comparison of cells by what they are (table, field, item), wherever they stand. The command that
shows the difference of any two deliveries of the ledger is ``ikz diff`` (difference.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ikz_eval.delivery.judgement import Cell


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs; texts of remarks are not repeated (they may hold personal data).

    Attributes
    ----------
    table, field, item
        What the value is, as in table ``delivery_cell``.
    sheet, row, column
        Where it stands in the newer version; where it stood when it is gone.
    old, new : str or None
        Canonical numbers; None where there was or is none. Both None for remarks.
    """

    table: str
    field: str | None
    item: str
    sheet: str
    row: int
    column: str
    old: str | None
    new: str | None


def changes_between(old: Iterable[Cell], new: Iterable[Cell]) -> tuple[Change, ...]:
    """Return what changed from ``old`` to ``new``, in the order of the newer version, what is gone at the end."""
    before = {(cell.table, cell.field, cell.item): cell for cell in old if cell.table != "remark"}
    changed = []
    now = list(new)
    for cell in now:
        if cell.table == "remark":
            continue
        was = before.pop((cell.table, cell.field, cell.item), None)
        if was is None or was.value != cell.value:
            changed.append(_change(cell, None if was is None else was.value, cell.value))
    changed += [_change(cell, cell.value, None) for cell in before.values()]
    return tuple(changed + _remark_changes(list(old), now))


def _change(cell: Cell, old: str | None, new: str | None) -> Change:
    return Change(cell.table, cell.field, cell.item, cell.sheet, cell.row, cell.column, old, new)


def _remark_changes(old: list[Cell], new: list[Cell]) -> list[Change]:
    """Return one change a remark that is new or gone."""
    was, now = ([cell for cell in cells if cell.table == "remark"] for cells in (old, new))
    texts_before, texts_now = {cell.value for cell in was}, {cell.value for cell in now}
    different = [cell for cell in now if cell.value not in texts_before]
    different += [cell for cell in was if cell.value not in texts_now]
    return [_change(cell, None, None) for cell in different]
