"""Rules about one value: is it a number, is it clear, can it be true.

One function per rule; :data:`VALUE_RULES` is their order. The first rejecting finding of a cell ends its judgement, so
that one fault gives one finding.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from ikz_eval.delivery.findings import Finding, Place, TextKey
from ikz_eval.delivery.form import Entry
from ikz_eval.delivery.numbers import decimals
from ikz_eval.delivery.rules.reading import (
    k44_number_is_shown_in_full,
    k45_format_names_the_unit,
    k46_share_is_clear,
    unit_word,
)
from ikz_eval.delivery.rules.registry import finding, rule


def _kind(entry: Entry) -> TextKey:
    return TextKey(f"delivery.kind.{entry.column.kind.name}")


@rule("reject_value")
def k10_value_is_there(entry: Entry) -> Finding | None:
    """K10: given an empty cell, the value is missing; zero is written as 0."""
    if entry.reading.problem != "blank" or entry.column.controls:
        return None
    return finding("K10", entry.place, TextKey("delivery.found.nothing"), kind=_kind(entry))


@rule("reject_value")
def k20_formula_has_result(entry: Entry) -> Finding | None:
    """K20: given a formula without stored result, or with an error as result, there is no value."""
    if entry.reading.problem != "no_result":
        return None
    return finding("K20", entry.place, entry.reading.found or TextKey("delivery.found.formula"), kind=_kind(entry))


@rule("reject_value")
def k30_value_is_no_date(entry: Entry) -> Finding | None:
    """K30: given a number that the spreadsheet turned into a date, nobody knows the number any more."""
    if entry.reading.problem != "date":
        return None
    return finding("K30", entry.place, entry.reading.found, kind=_kind(entry))


@rule("reject_value")
def k31_percent_is_plain(entry: Entry) -> Finding | None:
    """K31: given a share in a cell of percent format, 45 % is stored as 0.45 and would be misread."""
    if entry.reading.problem != "percent_format":
        return None
    return finding("K31", entry.place, entry.reading.found)


@rule("reject_value")
def k09_number_is_unambiguous(entry: Entry) -> Finding | None:
    """K09: given digits and marks that can mean two numbers, such as 1.23, nobody guesses."""
    if entry.reading.problem != "ambiguous":
        return None
    return finding("K09", entry.place, entry.reading.found, kind=_kind(entry))


@rule("reject_value")
def k07_value_is_a_number(entry: Entry) -> Finding | None:
    """K07: given words where a number belongs, the value is rejected; a currency sign is tolerated (K08)."""
    if entry.reading.problem != "not_a_number":
        return None
    return finding("K07", entry.place, entry.reading.found, kind=_kind(entry))


@rule("reject_value")
def k22_value_is_not_too_small(entry: Entry) -> Finding | None:
    """K22: given a negative value where only positive ones can be true, it is rejected."""
    value, minimum = entry.reading.value, entry.column.minimum
    if value is None or value >= minimum:
        return None
    return finding("K22", entry.place, entry.reading.found, minimum=minimum, unit=unit_word(entry))


@rule("reject_value")
def k24_value_is_not_too_large(entry: Entry) -> Finding | None:
    """K24: given more than can be true (100 percent, 168 hours a week), the value is rejected."""
    value, maximum = entry.reading.value, entry.column.kind.maximum
    if value is None or value <= maximum:
        return None
    return finding("K24", entry.place, entry.reading.found, maximum=maximum, unit=unit_word(entry))


@rule("reject_value")
def k23_count_is_whole(entry: Entry) -> Finding | None:
    """K23: given a number of cases with decimals, it is rejected."""
    value = entry.reading.value
    if value is None or entry.column.kind.name != "count" or decimals(value) == 0:
        return None
    return finding("K23", entry.place, entry.reading.found)


@rule("question")
def k19_decimals_are_usual(entry: Entry) -> Finding | None:
    """K19: given more decimals than usual (two for amounts), the value counts, rounded half up, and we ask."""
    value, usual = entry.reading.value, entry.column.kind.decimals
    if value is None or entry.column.kind.name == "count" or decimals(value) <= usual:
        return None
    return finding("K19", entry.place, entry.reading.found, decimals=str(usual))


@rule("note")
def k08_spelling_is_tolerated(entry: Entry) -> Finding | None:
    """K08: given a clear number with currency sign, blanks or trailing minus, it counts and is noted."""
    value = entry.reading.value
    if value is None or not entry.reading.is_tolerated:
        return None
    return finding("K08", entry.place, entry.reading.found, value=value)


@rule("note")
def k21_formula_is_noted(entry: Entry) -> Finding | None:
    """K21: given a formula with a stored result, the result counts and is noted."""
    value = entry.reading.value
    if value is None or not entry.reading.is_formula:
        return None
    return finding("K21", entry.place, TextKey("delivery.found.formula_with_result"), value=value)


VALUE_RULES: tuple[Callable[[Entry], Finding | None], ...] = (
    k10_value_is_there,
    k20_formula_has_result,
    k30_value_is_no_date,
    k31_percent_is_plain,
    k45_format_names_the_unit,
    k46_share_is_clear,
    k09_number_is_unambiguous,
    k07_value_is_a_number,
    k22_value_is_not_too_small,
    k24_value_is_not_too_large,
    k23_count_is_whole,
    k44_number_is_shown_in_full,
    k19_decimals_are_usual,
    k08_spelling_is_tolerated,
    k21_formula_is_noted,
)


def entry_findings(entries: Sequence[Entry]) -> Iterator[Finding]:
    """Yield the findings of all values; a row of several columns without any value is one finding."""
    for (sheet, row), group in groupby(entries, lambda entry: (entry.place.sheet, entry.place.row)):
        of_row = list(group)
        if len(of_row) > 1 and all(entry.reading.problem == "blank" for entry in of_row):
            place = Place(of_row[0].place.file, sheet, row)
            yield finding("K10", place, TextKey("delivery.found.nothing"), kind=TextKey("delivery.kind.row"))
            continue
        for entry in of_row:
            yield from value_findings(entry)


def value_findings(entry: Entry) -> list[Finding]:
    """Return the findings of one value, up to the first that rejects it."""
    findings = []
    for apply in VALUE_RULES:
        found = apply(entry)
        if found is not None:
            findings.append(found)
            if found.is_rejecting:
                break
    return findings
