"""Rules about lines of a CSV file: whole lines, one body and quarter throughout, the form's units.

One function per rule. Labels and values follow the same rules as in a workbook (structure.py, value.py).
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from ikz_eval.delivery.findings import Finding, Place, TextKey
from ikz_eval.delivery.layout import Column
from ikz_eval.delivery.rules.registry import finding, rule

NOTHING = TextKey("delivery.found.nothing")


class HeadedLine(Protocol):
    """A line that repeats edition, body and quarter."""

    @property
    def line(self) -> int:
        """Number of the line."""

    @property
    def form(self) -> str:
        """Edition, with the mark of an invented study."""

    @property
    def ags(self) -> str:
        """Body."""

    @property
    def quarter(self) -> str:
        """Quarter."""


@rule("reject_value")
def k33_line_has_all_columns(place: Place, found: int, wanted: int) -> Finding:
    """K33: given a line with more or fewer columns (a comma without quotes), its value is rejected."""
    return finding("K33", place, str(found), wanted=str(wanted))


@rule("reject_file")
def k34_lines_agree(place: Place, found: str, wanted: str) -> Finding:
    """K34: given lines of different editions, bodies or quarters in one file, the file is rejected."""
    return finding("K34", place, found or NOTHING, wanted=wanted)


@rule("reject_value")
def k35_unit_is_the_forms(place: Place, found: str, unit: str) -> Finding:
    """K35: given another unit than the form's (thousands of EUR), the value is rejected, never converted."""
    return finding("K35", place, found or NOTHING, unit=unit)


def contradicting_lines(records: Sequence[HeadedLine], file_name: str, headers: Sequence[str]) -> Iterator[Finding]:
    """Yield K34 for the first line that names another edition, body or quarter than the first line."""
    first = records[0]
    for name, header in zip(("form", "ags", "quarter"), headers, strict=False):
        wanted = getattr(first, name)
        for record in records:
            if getattr(record, name) != wanted:
                yield k34_lines_agree(Place(file_name, None, record.line, header), getattr(record, name), wanted)
                break


def missing_value(place: Place, column: Column) -> Finding:
    """Return K10 for a value without a line."""
    return finding("K10", place, NOTHING, kind=TextKey(f"delivery.kind.{column.kind.name}"))
