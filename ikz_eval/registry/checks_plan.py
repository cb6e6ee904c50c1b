"""What must hold between study.toml and the tables: one outcome per delivered field, one primary specification, order.

Each check is one short function that returns the faults it finds. Keys and types of study.toml are plan.py.
"""

from collections.abc import Callable
from datetime import date

from ikz_eval.quarters import quarter_index, quarter_shift, quarter_start
from ikz_eval.registry.draft import Draft
from ikz_eval.registry.faults import Fault
from ikz_eval.registry.plan import FILE as PLAN

LEAST_POOLED = 2
"""Fields that an average over fields needs."""


def outcomes(draft: Draft) -> list[Fault]:
    """Check that every delivered field has exactly one outcome, and no other field has one."""
    if not draft.is_sound("fields", "study"):
        return []
    fields = draft.tables["fields"].frame
    delivered = list(fields.loc[fields["is_delivered"], "field"])
    named = [part["field"] for part in draft.plan.sections["outcome"]]
    faults = []
    for position, field in enumerate(named):
        line = draft.plan.line("outcome", position, "field")
        if field not in delivered:
            allowed = "a field with is_delivered true of fields.csv"
            faults.append(
                Fault(PLAN, line, "field", f"'{field}'", allowed, "correct it, or set is_delivered in fields.csv")
            )
        elif field in named[:position]:
            faults.append(
                Fault(PLAN, line, "field", f"'{field}' again", "exactly one outcome per delivered field", "remove one")
            )
    for line, row in draft.rows("fields"):
        if row["is_delivered"] and row["field"] not in named:
            allowed = "exactly one [[outcome]] of study.toml for a delivered field"
            faults.append(
                Fault(
                    "fields.csv", line, "field", f"'{row['field']}' without an outcome", allowed, "add the [[outcome]]"
                )
            )
    return faults


def specifications(draft: Draft) -> list[Fault]:
    """Check that one specification is primary, names are unique, and anticipation names delivered fields."""
    parts, faults = draft.plan.sections["specification"], []
    primary = [i for i, part in enumerate(parts) if part["is_primary"]]
    if parts and len(primary) != 1:
        line = draft.plan.line("specification", primary[1] if primary else 0, "is_primary")
        found = f"{len(primary)} primary specifications"
        faults.append(Fault(PLAN, line, "is_primary", found, "exactly one", "set is_primary = true in exactly one"))
    fields = draft.tables["fields"].frame
    allowed_fields = {"default", *fields.loc[fields["is_delivered"], "field"]}
    for position, part in enumerate(parts):
        for field in part["anticipation_quarters"]:
            if field not in allowed_fields and draft.is_sound("fields"):
                line, allowed = (
                    draft.plan.line("specification", position, "anticipation_quarters"),
                    "default or a delivered field of fields.csv",
                )
                faults.append(Fault(PLAN, line, "anticipation_quarters", f"'{field}'", allowed, "correct or remove it"))
    return faults + _repeated(draft, "specification", "name") + _repeated(draft, "threshold", "name")


def pooled(draft: Draft) -> list[Fault]:
    """Check that an average is over at least two delivered fields, each once, and has a name of its own."""
    faults = _repeated(draft, "pooled", "name")
    if not draft.is_sound("fields"):
        return faults
    fields = draft.tables["fields"].frame
    delivered = list(fields.loc[fields["is_delivered"], "field"])
    specified = [part["name"] for part in draft.plan.sections["specification"]]
    for position, part in enumerate(draft.plan.sections["pooled"]):
        if part["name"] in specified:
            line, found = draft.plan.line("pooled", position, "name"), f"'{part['name']}', which a specification has"
            faults.append(Fault(PLAN, line, "name", found, "a name of its own", "rename it"))
        line, named = draft.plan.line("pooled", position, "fields"), part["fields"]
        allowed = f"delivered fields of fields.csv, each once: {', '.join(delivered)}"
        wrong = [field for i, field in enumerate(named) if field not in delivered or field in named[:i]]
        faults += [Fault(PLAN, line, "fields", repr(field), allowed, "correct or remove it") for field in wrong]
        if len(named) < LEAST_POOLED:
            found, remedy = f"{len(named)} field(s)", "name at least two, or remove the [[pooled]]"
            faults.append(Fault(PLAN, line, "fields", found, "at least two: an average over one is that field", remedy))
    return faults


def _repeated(draft: Draft, section: str, key: str) -> list[Fault]:
    values = [part[key] for part in draft.plan.sections[section]]
    return [
        Fault(
            PLAN, draft.plan.line(section, i, key), key, f"'{value}' again", f"each {key} once", "rename or remove one"
        )
        for i, value in enumerate(values)
        if value in values[:i]
    ]


def evaluations(draft: Draft) -> list[Fault]:
    """Check that evaluation quarters ascend, none precedes the first quarter, and cut-offs follow the quarter's end."""
    faults: list[Fault] = []
    previous = quarter_shift(draft.plan.study["first_quarter"], -1) if draft.plan.study else ""
    for position, part in enumerate(draft.plan.sections["evaluation"]):
        quarter, cutoff = part["quarter"], part["cutoff"]
        if previous and quarter_index(quarter) <= quarter_index(previous):
            allowed = f"a quarter after {previous}: they ascend, from first_quarter on"
            faults.append(
                Fault(
                    PLAN,
                    draft.plan.line("evaluation", position, "quarter"),
                    "quarter",
                    f"'{quarter}'",
                    allowed,
                    "put them in order of time",
                )
            )
        following: date = quarter_start(quarter_shift(quarter, 1))
        if cutoff < following:
            allowed = f"{following} or later, after the end of {quarter}"
            faults.append(
                Fault(
                    PLAN,
                    draft.plan.line("evaluation", position, "cutoff"),
                    "cutoff",
                    f"'{cutoff}'",
                    allowed,
                    "set a later cut-off",
                )
            )
        previous = quarter
    return faults


def price_base(draft: Draft) -> list[Fault]:
    """Check that the price base exists in every price series the study ships."""
    prices = draft.tables["price_index"].frame
    base = draft.plan.study.get("price_base")
    if base is None or prices.empty or not draft.is_sound("price_index"):
        return []
    series = sorted(set(prices["series"]) - set(prices.loc[prices["quarter"] == base, "series"]))
    allowed = "a quarter that every series of reference/price_index.csv has"
    return [
        Fault(
            PLAN,
            draft.plan.line("study", 0, "price_base"),
            "price_base",
            f"'{base}', which series '{name}' lacks",
            allowed,
            "choose another quarter",
        )
        for name in series
    ]


CHECKS: tuple[Callable[[Draft], list[Fault]], ...] = (outcomes, specifications, pooled, evaluations, price_base)
"""Every check of study.toml against the tables."""
