"""What agreements explain: which earlier quarters a delivery can be compared with, and who pays whom.

A body that joins a cooperation hands over work, and its host takes it on: what was before is no measure of what comes
after. Pure look-ups; the rules that use them stand beside this file.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from ikz_eval.delivery.expectation import AgreementPart, Expected
from ikz_eval.quarters import quarter_of_date, quarter_start


def parts_of_partnership(expected: Expected, ags: str, field: str) -> list[AgreementPart]:
    """Return all parts of the agreements in a field that a body has a part in; planned ones are left out."""
    real = [part for part in expected.agreements if part.field == field and part.status != "planned"]
    mine = {part.agreement for part in real if part.ags == ags}
    return [part for part in real if part.agreement in mine]


def is_active(part: AgreementPart, quarter: str) -> bool:
    """Whether a part runs in the whole of a quarter; an unknown start counts as before."""
    first = quarter_start(quarter).isoformat()
    return part.start <= first and (not part.end or part.end >= first)


def comparable_quarters(expected: Expected, ags: str, field: str, quarter: str, known: Sequence[str]) -> list[str]:
    """Return those of the known earlier quarters between which and ``quarter`` no agreement of the field changed."""
    changes = list(_changes(parts_of_partnership(expected, ags, field)))
    return [one for one in known if not any(_lies_between(day, one, quarter) for day in changes)]


def _changes(parts: Iterable[AgreementPart]) -> Iterable[date]:
    for part in parts:
        for day in (part.start, part.end):
            if day:
                yield date.fromisoformat(day)


def _lies_between(day: date, earlier: str, quarter: str) -> bool:
    """Whether a change falls after the first day of the earlier quarter and not after the later one."""
    changed = quarter_of_date(day)
    return changed <= quarter and (changed > earlier or (changed == earlier and day > quarter_start(earlier)))
