"""Rules about what a delivery says as a whole: values that contradict each other, personal data in remarks.

All of them ask; none rejects. They look only at values that were read.
"""

from collections.abc import Iterator

from ikz_eval.delivery.expectation import Expected
from ikz_eval.delivery.findings import Finding, TextKey
from ikz_eval.delivery.form import CoverValue, Entry, Form
from ikz_eval.delivery.rules.personal_data import personal_data
from ikz_eval.delivery.rules.registry import finding, rule
from ikz_eval.quarters import quarter_shift, quarter_start
from schemas.vocabulary import PARTNER_BLOCKS, RUNNING_COST_BLOCKS

Values = dict[tuple[str, str], Entry]
"""Entries by field and item."""


@rule("question")
def k26_remark_names_nobody(remark: CoverValue) -> Finding | None:
    """K26: given a remark with a name, an e-mail address or a telephone number, we ask; the finding does not repeat it."""
    kind = personal_data(remark.text)
    return None if kind is None else finding("K26", remark.place, TextKey(f"delivery.found.{kind}"))


@rule("question")
def k27_payment_has_agreement(values: Values, field: str, form: Form, expected: Expected) -> Finding | None:
    """K27: given a payment between partners by a body without agreement in that field and quarter, we ask once."""
    since = expected.partner_since.get((form.cover["ags"].text, field))
    quarter = form.cover["quarter"].text
    if since is not None and since < quarter_start(quarter_shift(quarter, 1)).isoformat():
        return None
    for item in PARTNER_BLOCKS:
        entry = values.get((field, item))
        if entry is not None and entry.reading.value:
            return finding("K27", entry.place, entry.reading.found, field=expected.fields[field])
    return None


@rule("question")
def k28_cost_has_cases(values: Values, field: str) -> Iterator[Finding]:
    """K28: given no case but running cost in a field, we ask."""
    cases = values.get((field, "cases"))
    if cases is None or cases.reading.value != 0:
        return
    cost = [values[field, item].reading.value for item in RUNNING_COST_BLOCKS if (field, item) in values]
    if sum(value for value in cost if value is not None) > 0:
        yield finding("K28", cases.place, cases.reading.found)


@rule("question")
def k29_personnel_cost_has_staff(values: Values, field: str) -> Iterator[Finding]:
    """K29: given no staff but personnel cost in a field, we ask."""
    staff, cost = values.get((field, "staff_fte")), values.get((field, "personnel"))
    if staff is None or cost is None or cost.reading.value is None:
        return
    if staff.reading.value == 0 and cost.reading.value > 0:
        yield finding("K29", staff.place, staff.reading.found)


def content_findings(form: Form, expected: Expected, *, is_addressed: bool) -> Iterator[Finding]:
    """Yield K26 to K29; payments are judged only when body and quarter are known (``is_addressed``)."""
    values = {(entry.field, entry.column.item): entry for entry in form.entries}
    for field in expected.fields:
        if is_addressed:
            asked = k27_payment_has_agreement(values, field, form, expected)
            if asked is not None:
                yield asked
        yield from k28_cost_has_cases(values, field)
        yield from k29_personnel_cost_has_staff(values, field)
    for remark in form.remarks:
        found = k26_remark_names_nobody(remark)
        if found is not None:
            yield found
