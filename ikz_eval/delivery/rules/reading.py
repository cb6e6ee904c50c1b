"""Rules about how a file is built: its format, its ending, what it hides, what it takes from elsewhere, how it shows numbers.

Most ask or note: such a file is read. A value is rejected only where two readings are possible. What is noticed comes
from ikz_eval/delivery/reading.
"""

from collections.abc import Iterator

from ikz_eval.delivery.findings import Finding, Place, TextKey
from ikz_eval.delivery.form import Entry
from ikz_eval.delivery.layout import column_letter
from ikz_eval.delivery.reading.contents import Contents, Range, Sheet
from ikz_eval.delivery.rules.registry import finding, rule


@rule("question")
def k40_format_shows_all(place: Place, case: str) -> Finding:
    """K40: given a file as .xls or .ods, values are read but not how cells show them (percent, T€), and we ask."""
    return finding("K40", place, TextKey(f"delivery.found.{case}"))


@rule("question")
def k41_nothing_is_hidden(place: Place, sheet: Sheet) -> Finding | None:
    """K41: given values in hidden rows, columns or sheets of the form, they count and we ask."""
    if sheet.is_hidden:
        return finding("K41", place, TextKey("delivery.found.hidden_sheet"))
    rows, columns = sorted(sheet.hidden_rows), sorted(sheet.hidden_columns)
    if not rows and not columns:
        return None
    parts = [("Z", [str(row) for row in rows]), ("S", [column_letter(column) for column in columns])]
    return finding("K41", place, ", ".join(f"{mark} {_shortened(names)}" for mark, names in parts if names))


@rule("reject_value")
def k42_inputs_are_not_merged(place: Place, merged: Range) -> Finding:
    """K42: given merged cells over inputs, nobody can tell whose value it is; the values are rejected."""
    top, left, bottom, right = merged
    return finding("K42", place, f"{column_letter(left)}{top}:{column_letter(right)}{bottom}")


@rule("question")
def k43_file_stands_alone(place: Place) -> Finding:
    """K43: given links to other files or data sources, the stored values count, nothing is fetched, and we ask."""
    return finding("K43", place, TextKey("delivery.found.links"))


@rule("question")
def k44_number_is_shown_in_full(entry: Entry) -> Finding | None:
    """K44: given a cell that shows its number divided by 1,000, the stored number counts and we ask."""
    value = entry.reading.value
    if value is None or entry.reading.shown != "scaled":
        return None
    return finding("K44", entry.place, entry.reading.found, value=value, unit=unit_word(entry))


@rule("reject_value")
def k45_format_names_the_unit(entry: Entry) -> Finding | None:
    """K45: given a cell that shows its number as thousands of EUR without dividing it, nobody knows what is meant."""
    if entry.reading.problem != "thousands_format":
        return None
    return finding("K45", entry.place, entry.reading.found, unit=unit_word(entry))


@rule("reject_value")
def k46_share_is_clear(entry: Entry) -> Finding | None:
    """K46: given a share up to 1 in a file that does not tell percent formats, 0.45 could be 45 %: it is rejected."""
    if entry.reading.problem != "percent_unknown":
        return None
    return finding("K46", entry.place, entry.reading.found)


@rule("note")
def k47_ending_fits(place: Place, ending: str) -> Finding:
    """K47: given a name whose ending belongs to another format, the content counts and it is noted."""
    return finding("K47", place, ending)


@rule("question")
def k48_all_is_read(place: Place, case: str) -> Finding:
    """K48: given values far outside the form or embedded objects, they are not read and we ask."""
    return finding("K48", place, TextKey(f"delivery.found.{case}"))


@rule("note")
def k49_table_is_in_its_place(place: Place, found: int, wanted: int) -> Finding | None:
    """K49: given a table that was moved up or down, it is read where it stands and it is noted."""
    if found == wanted:
        return None
    return finding("K49", place, str(found), wanted=str(wanted))


def contents_findings(read: Contents, file_name: str) -> Iterator[Finding]:
    """Yield what was noticed about a file as a whole (K40, K43, K47, K48)."""
    for oddity in read.oddities:
        place = Place(file_name, oddity.sheet)
        if oddity.case == "old_format":
            yield k40_format_shows_all(place, oddity.found)
        elif oddity.case == "external_links":
            yield k43_file_stands_alone(place)
        elif oddity.case == "wrong_ending":
            yield k47_ending_fits(place, oddity.found)
        else:
            yield k48_all_is_read(place, oddity.case)


def unit_word(entry: Entry) -> str:
    """Return a column's unit as it is read in a sentence: „0 Fälle“, not „0 Anzahl“."""
    return entry.column.label if entry.column.kind.name == "count" else entry.column.unit


def _shortened(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 8 else f"{', '.join(names[:8])} …"
