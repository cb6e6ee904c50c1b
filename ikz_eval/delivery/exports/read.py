"""Reading an export by its layout: every value with product, account, block, period and place; controls recomputed.

Never guesses: a cell that is neither number nor known mark is a fault with its place, an account that no row of the
classification fits stays unassigned.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ikz_eval.delivery.exports.blocks import is_revenue
from ikz_eval.delivery.exports.columns import Columns, Headings, columns_of
from ikz_eval.delivery.exports.control import Control, Controls
from ikz_eval.delivery.exports.layout import ExportLayout
from ikz_eval.delivery.exports.lines import Row, rows_of
from ikz_eval.delivery.exports.numbers import export_number
from ikz_eval.delivery.reading import Contents

_TOP_LINES = 12
"""Lines in which a layout looks for what it is known by."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One value of an export.

    Attributes
    ----------
    product, product_name, account, account_name, region : str
        Keys and names as written; empty where the export has none.
    block : str
        One of ``blocks.EXPORT_BLOCKS``; empty in statistics.
    period : str
        Year, quarter or month as written, e.g. ``2017``, ``2024-Q3``, ``1991-Januar``.
    kind : str
        ``actual``, ``plan`` … as the layout says.
    amount : Decimal or None
        Positive in the block's normal direction; None for a mark.
    unit : str
        ``EUR`` or the layout's.
    mark : str or None
        Meaning of a mark.
    row : int
        Line of the file, from 1.
    column : int
        Position of the column, from 1.
    """

    product: str
    product_name: str
    account: str
    account_name: str
    region: str
    block: str
    period: str
    kind: str
    amount: Decimal | None
    unit: str
    mark: str | None
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell that could not be read."""

    row: int
    column: int
    heading: str
    found: str


@dataclass(slots=True)
class ExportReading:
    """What was read of an export.

    Attributes
    ----------
    layout : ExportLayout
        By which it was read.
    encoding : str or None
        As found.
    figures : list of Figure
        In the order of the file.
    controls : list of Control
        Every subtotal of the file beside its recomputation.
    faults : list of Fault
        Cells that are neither number nor known mark.
    codes : dict of str to str
        Key -> name, of a key list.
    """

    layout: ExportLayout
    encoding: str | None
    figures: list[Figure] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)

    @property
    def differing(self) -> list[Control]:
        """Controls whose stated value is not the recomputed one."""
        return [control for control in self.controls if control.difference]

    @property
    def unassigned(self) -> list[str]:
        """Accounts (number and name) that no row of the classification fits, each once."""
        names = (
            f"{figure.account} {figure.account_name}".strip()
            for figure in self.figures
            if figure.block.startswith("unassigned")
        )
        return list(dict.fromkeys(names))


def read_export(contents: Contents, layouts: Sequence[ExportLayout]) -> ExportReading | None:
    """Read a file by the first layout that knows it; None when none does.

    Parameters
    ----------
    contents : Contents
        From :func:`ikz_eval.delivery.reading.read_file`.
    layouts : sequence of ExportLayout
        Those of the study first.
    """
    for layout in layouts:
        rows = rows_of(contents, layout.separator)
        headings = known_by(rows, layout)
        if headings is not None:
            return _read(rows, headings, layout, contents.encoding)
    return None


def known_by(rows: list[Row], layout: ExportLayout) -> Headings | None:
    """Return the headings of a file that a layout knows, None when it does not."""
    top = rows[:_TOP_LINES]
    joined = [layout.separator.join(cells) for _, cells in top]
    if not all(any(line.startswith(start) for line in joined) for start in layout.recognise_rows):
        return None
    if not layout.recognise:
        return Headings(top[layout.header_rows - 1][1] if layout.header_rows else [], layout.header_rows, top)
    for place, (_, cells) in enumerate(top):
        words = {cell.casefold() for cell in cells}
        if all(word.casefold() in words for word in layout.recognise):
            return Headings(cells, max(place + 1, layout.header_rows), top)
    return None


def _read(rows: list[Row], headings: Headings, layout: ExportLayout, encoding: str | None) -> ExportReading:
    reading = ExportReading(layout, encoding)
    columns = columns_of(layout, headings)
    controls = Controls(layout, columns)
    last: dict[str, str] = {}
    for number, cells in rows[headings.rows :]:
        if layout.footer and cells and cells[0].startswith(layout.footer):
            break
        if not any(cells):
            continue
        keys = columns.keys(cells)
        for role in layout.fill_down:
            keys[role] = last[role] = keys[role] or last.get(role, "")
        if layout.kind == "codes":
            _add_code(reading, keys)
            continue
        values = dict(_values(reading, columns, number, cells))
        if controls.is_subtotal(keys):
            controls.state(keys, number, values)
            continue
        controls.add(keys, number, values)
        reading.figures += _figures(layout, columns, keys, number, cells, values)
    reading.controls = controls.checked()
    return reading


def _add_code(reading: ExportReading, keys: dict[str, str]) -> None:
    key = keys.get("account") or keys.get("product")
    if key:
        reading.codes[key] = keys.get("account_name") or keys.get("product_name") or ""


def _values(
    reading: ExportReading, columns: Columns, number: int, cells: list[str]
) -> Iterator[tuple[int, Decimal | None]]:
    """Yield position and number of every value column (None for a mark or blank), and report what cannot be read."""
    layout = reading.layout
    for position in columns.numeric:
        written = cells[position - 1] if position <= len(cells) else ""
        if not written or written in layout.marks:
            yield position, Decimal(0) if layout.marks.get(written) == "zero" else None
            continue
        value = export_number(written, layout.decimal, layout.decimals)
        if value is None:
            reading.faults.append(Fault(number, position, columns.heading(position), written))
        yield position, value


def _figures(
    layout: ExportLayout,
    columns: Columns,
    keys: dict[str, str],
    number: int,
    cells: list[str],
    values: dict[int, Decimal | None],
) -> Iterator[Figure]:
    """Yield the figures of one row; a blank cell is no figure."""
    direction = layout.direction.get(keys.get("direction", ""))
    for position, column in columns.values.items():
        written = cells[position - 1] if position <= len(cells) else ""
        raw, mark = values[position], layout.marks.get(written)
        if not written or (raw is None and mark is None):
            continue
        block = column.block or _block(layout, keys, direction)
        yield Figure(
            product=keys.get("product", ""),
            product_name=keys.get("product_name", ""),
            account=keys.get("account", ""),
            account_name=keys.get("account_name", ""),
            region=keys.get("region", ""),
            block=block,
            period=column.period or columns.period(keys),
            kind=column.kind or layout.kinds.get(keys.get("kind", ""), keys.get("kind", "")),
            amount=None if raw is None else _signed(layout, block, direction, raw),
            unit=column.unit,
            mark=mark,
            row=number,
            column=position,
        )


def _block(layout: ExportLayout, keys: dict[str, str], direction: str | None) -> str:
    if layout.classification is None:
        return "" if direction is None else direction
    found = layout.classification.block(keys.get("account", ""), keys.get("account_name", ""), direction)
    return found or f"unassigned_{direction or 'expense'}"


def _signed(layout: ExportLayout, block: str, direction: str | None, raw: Decimal) -> Decimal:
    """Return an amount positive in its block's normal direction."""
    if layout.sign == "revenue_negative":
        return -raw if is_revenue(block) and raw else raw
    if layout.sign == "expense_negative":
        return raw if is_revenue(block) or not raw else -raw
    if layout.sign == "direction" and direction is not None:
        return raw if is_revenue(block) == (direction == "revenue") else -raw
    return raw
