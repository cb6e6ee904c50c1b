"""Rules about a body's own export: kept as evidence, its sums recomputed, what cannot be read asked about.

An export never counts as the delivery of a quarter; none of these rules rejects.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from ikz_eval.delivery.findings import Finding, Place
from ikz_eval.delivery.rules.registry import finding, rule

if TYPE_CHECKING:
    from ikz_eval.delivery.exports import ExportReading

MOST = 20
"""Findings of one rule that are told one by one."""


@rule("question")
def k70_export_is_no_delivery(place: Place, title: str, figures: int) -> Finding:
    """K70: given an export of a finance system, it is kept as evidence, and the official form is asked for."""
    return finding("K70", place, title, count=str(figures))


@rule("question")
def k71_control_sum_agrees(place: Place, stated: Decimal, recomputed: Decimal) -> Finding:
    """K71: given a sum that its parts do not make, we ask which is right."""
    return finding("K71", place, stated, recomputed=recomputed, difference=stated - recomputed)


@rule("question")
def k72_cell_of_export_is_a_number(place: Place, found: str) -> Finding:
    """K72: given a cell of amounts that is neither number nor known mark, nothing is read there and we ask."""
    return finding("K72", place, found)


@rule("note")
def k73_account_has_a_block(place: Place, accounts: list[str]) -> Finding:
    """K73: given accounts that the layout's classification does not know, their amounts stay without block."""
    return finding("K73", place, "; ".join(accounts[:5]), count=str(len(accounts)))


def export_findings(reading: "ExportReading", file_name: str) -> Iterator[Finding]:
    """Yield K70 to K73 for an export that was read."""
    yield k70_export_is_no_delivery(Place(file_name), reading.layout.title, len(reading.figures))
    for control in reading.differing[:MOST]:
        place = Place(file_name, None, control.row, control.heading or str(control.column))
        yield k71_control_sum_agrees(place, control.stated, control.recomputed)
    for fault in reading.faults[:MOST]:
        place = Place(file_name, None, fault.row, fault.heading or str(fault.column))
        yield k72_cell_of_export_is_a_number(place, fault.found)
    if reading.unassigned:
        yield k73_account_has_a_block(Place(file_name), reading.unassigned)
