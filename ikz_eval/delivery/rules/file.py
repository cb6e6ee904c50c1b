"""Rules about a file as a whole: can it be read, is it the form, whose is it, which quarter.

One function per rule; each returns a finding or None.
"""

import re

from ikz_eval.delivery.expectation import Expected
from ikz_eval.delivery.findings import Finding, Place, TextKey
from ikz_eval.delivery.form import CoverValue, Form, label_words
from ikz_eval.delivery.layout import editions
from ikz_eval.delivery.rules.registry import finding, rule

_AGS_IN_NAME = re.compile(r"(?<![0-9A-Za-z])(\d{5}|X\d{4})(?![0-9A-Za-z])")
_QUARTER_IN_NAME = re.compile(r"(?<!\d)(\d{4})[-_ ]?Q([1-4])(?!\d)", re.IGNORECASE)
NOTHING = TextKey("delivery.found.nothing")


@rule("reject_file")
def k01_file_is_readable(place: Place, case: str) -> Finding:
    """K01: given a file that is empty, damaged, protected by a password or too large, it cannot be read."""
    return finding("K01", place, TextKey(f"delivery.found.{case}"))


@rule("reject_file")
def k02_format_is_xlsx_or_csv(place: Place, case: str) -> Finding:
    """K02: given a file that is neither XLSX nor CSV (XLS, ODS, PDF, with macros), it is not taken."""
    return finding("K02", place, TextKey(f"delivery.found.{case}"))


@rule("reject_file")
def k03_edition_is_known(place: Place, edition: str | None) -> Finding:
    """K03: given a file without the official form's cover or with an unknown edition, it is not taken."""
    found = TextKey("delivery.found.not_the_form") if edition is None else edition or NOTHING
    return finding("K03", place, found, editions=", ".join(editions()))


@rule("reject_file")
def k04_body_belongs_to_study(form: Form, expected: Expected) -> Finding | None:
    """K04: given an AGS that is no body of the study, the file is rejected; an invented one is K06's matter."""
    ags = form.cover["ags"]
    if ags.text in expected.bodies or is_invented(form) != expected.is_invented:
        return None
    return finding("K04", ags.place, ags.text or NOTHING, example=min(expected.bodies))


@rule("reject_file")
def k05_quarter_is_due(form: Form, expected: Expected) -> Finding | None:
    """K05: given a quarter that cannot be read, or lies outside the study's quarters, the file is rejected."""
    quarter = form.cover["quarter"]
    is_quarter = re.fullmatch(r"\d{4}-Q[1-4]", quarter.text) is not None
    if is_quarter and expected.first_quarter <= quarter.text <= expected.last_quarter:
        return None
    first, last = expected.first_quarter, expected.last_quarter
    return finding("K05", quarter.place, quarter.text or NOTHING, first=first, last=last)


@rule("reject_file")
def k06_invented_stays_apart(form: Form, expected: Expected) -> Finding | None:
    """K06: given an invented delivery to a real study, or a real one to the demonstration, it is rejected."""
    if is_invented(form) == expected.is_invented:
        return None
    case = "invented" if is_invented(form) else "real"
    allowed = "invented" if expected.is_invented else "real"
    return finding(
        "K06",
        form.cover["ags"].place,
        TextKey(f"delivery.found.{case}"),
        allowed=TextKey(f"delivery.expected.{allowed}"),
    )


@rule("question")
def k25_file_name_agrees(form: Form, expected: Expected) -> Finding | None:
    """K25: given a file name with another AGS or quarter than the content, the content counts and we ask."""
    ags, quarter = form.cover["ags"].text, form.cover["quarter"].text
    named = {match for match in _AGS_IN_NAME.findall(form.file_name) if match in expected.bodies}
    quarters = {f"{year}-Q{number}" for year, number in _QUARTER_IN_NAME.findall(form.file_name)}
    if (not named or ags in named) and (not quarters or quarter in quarters):
        return None
    return finding("K25", Place(form.file_name), form.file_name, ags=ags, quarter=quarter)


@rule("question")
def k32_name_agrees_with_ags(form: Form, expected: Expected) -> Finding | None:
    """K32: given a known AGS beside another body's name, the AGS counts and we ask."""
    name: CoverValue | None = form.cover.get("name")
    official = expected.bodies.get(form.cover["ags"].text)
    if name is None or official is None or not name.text or label_words(name.text) == label_words(official):
        return None
    return finding("K32", name.place, name.text, name=official)


def is_invented(form: Form) -> bool:
    """Whether a file belongs to the demonstration: by its mark, or by an invented body's key."""
    return form.is_marked_invented or re.fullmatch(r"X\d{4}", form.cover["ags"].text) is not None
