"""Rules about the structure of the form: sheets, columns and rows that are missing, renamed, unknown or doubled.

One fault gives one finding: what a missing sheet, column or row would have held is not reported again.
"""

from collections.abc import Callable, Iterator, Sequence

from ikz_eval.delivery.findings import Finding, Place, TextKey
from ikz_eval.delivery.form import LabelMatch
from ikz_eval.delivery.layout import SheetLayout, column_letter
from ikz_eval.delivery.rules.registry import finding, rule

NOTHING = TextKey("delivery.found.nothing")
UNLABELLED = TextKey("delivery.found.unlabelled")
MOST_UNKNOWN = 10
"""Unknown rows or columns of a sheet that are named one by one."""


@rule("reject_file")
def k11_sheet_is_there(place: Place, found: str | None, name: str) -> Finding:
    """K11: given a form without one of its sheets, or with a renamed one, the file is rejected."""
    return finding("K11", place, found or NOTHING, name=name)


@rule("question")
def k12_sheet_is_known(place: Place, found: str) -> Finding:
    """K12: given a sheet the form does not have, nothing is read from it and we ask."""
    return finding("K12", place, found)


@rule("reject_file")
def k13_sheet_is_there_once(place: Place, found: str) -> Finding:
    """K13: given a sheet twice, nobody can tell which one counts, and the file is rejected."""
    return finding("K13", place, found)


@rule("reject_value")
def k14_column_is_there(place: Place, found: str | None, heading: str) -> Finding:
    """K14: given a column heading that is missing or changed, its values are not read and are rejected."""
    return finding("K14", place, found or NOTHING, heading=heading)


@rule("question")
def k15_column_is_known(place: Place, found: str) -> Finding:
    """K15: given a column the form does not have, nothing is read from it and we ask."""
    return finding("K15", place, found)


@rule("reject_value")
def k16_row_is_there(place: Place, found: str | None, name: str) -> Finding:
    """K16: given a field's row that is missing or renamed, its values are not read and are rejected."""
    return finding("K16", place, found or NOTHING, name=name)


@rule("question")
def k17_row_is_known(place: Place, found: str) -> Finding:
    """K17: given a row of no field of the study, nothing is read from it and we ask."""
    return finding("K17", place, found or UNLABELLED)


@rule("reject_value")
def k18_row_is_there_once(place: Place, found: str) -> Finding:
    """K18: given a field's row (or a column, or a value of a CSV file) twice, nobody can tell which one counts."""
    return finding("K18", place, found)


def sheet_findings(match: LabelMatch, file_name: str) -> Iterator[Finding]:
    """Yield K11 to K13 for the sheets of a file."""
    for _, found, name in match.renamed:
        yield k11_sheet_is_there(Place(file_name, found), found, name)
    for name in match.missing:
        yield k11_sheet_is_there(Place(file_name, name), None, name)
    for _, found in match.unknown:
        yield k12_sheet_is_known(Place(file_name, found), found)
    for _, found in match.doubled:
        yield k13_sheet_is_there_once(Place(file_name, found), found)


def column_findings(
    match: LabelMatch, file_name: str, sheet: str, layout: SheetLayout, row: int | None
) -> Iterator[Finding]:
    """Yield K14, K15 and K18 for the header in ``row``; a total may be left out, no header at all is one finding."""
    if not match.positions and not match.renamed:
        yield finding("K14", Place(file_name, sheet, row), NOTHING, heading=TextKey("delivery.kind.header"))
        return
    expected_at = {column.heading: column.letter for column in layout.columns} | {layout.row_label: "A"}
    totals = {column.heading for column in layout.columns if column.controls}
    for _, found, heading in match.renamed:
        place = Place(file_name, sheet, row, expected_at[heading])
        yield k15_column_is_known(place, found) if heading in totals else k14_column_is_there(place, found, heading)
    for heading in (name for name in match.missing if name not in totals):
        yield k14_column_is_there(Place(file_name, sheet, row, expected_at[heading]), None, heading)
    for position, found in _few(match.unknown, lambda first, last: f"S {column_letter(first)}–{column_letter(last)}"):
        yield k15_column_is_known(Place(file_name, sheet, row, column_letter(position)), found)
    for position, found in match.doubled:
        yield k18_row_is_there_once(Place(file_name, sheet, row, column_letter(position)), found)


def row_findings(match: LabelMatch, file_name: str, sheet: str, layout: SheetLayout) -> Iterator[Finding]:
    """Yield K16 to K18 for the rows of a sheet."""
    for row, found, name in match.renamed:
        yield k16_row_is_there(Place(file_name, sheet, row, "A", layout.row_label), found, name)
    for name in match.missing:
        yield k16_row_is_there(Place(file_name, sheet), None, name)
    for row, found in _few(match.unknown, lambda first, last: f"Z {first}–{last}"):
        yield k17_row_is_known(Place(file_name, sheet, row, "A", layout.row_label), found)
    for row, found in match.doubled:
        yield k18_row_is_there_once(Place(file_name, sheet, row, "A", layout.row_label), found)


def _few(unknown: Sequence[tuple[int, str]], span: Callable[[int, int], str]) -> Sequence[tuple[int, str]]:
    """Return what is unknown, or one entry for all when a whole table of something else stands there."""
    return unknown if len(unknown) <= MOST_UNKNOWN else [(unknown[0][0], span(unknown[0][0], unknown[-1][0]))]
