"""What must hold between the tables of a study: keys that exist, units that fit, dates in order, conflicts in pairs.

Each check is one short function that returns the faults it finds. What study.toml asks of the tables is checks_plan.py.
"""

import re
from collections.abc import Callable

from ikz_eval.quarters import QUARTER_PATTERN
from ikz_eval.registry.draft import Draft
from ikz_eval.registry.faults import Fault
from schemas.vocabulary import COST_BLOCKS, SERVICE_INDICATORS

CORRECTABLE = {
    "cost": COST_BLOCKS,
    "caseload": ("cases",),
    "staff": ("staff_fte",),
    "service_quality": SERVICE_INDICATORS,
}
"""Tables a correction may name -> columns or items in them."""


def _unknown(draft: Draft, name: str, column: str, target: str, key: str) -> list[Fault]:
    """Return a fault for every value of ``column`` that is not a ``key`` of table ``target``."""
    if not draft.is_sound(target):
        return []
    known = set(draft.tables[target].frame[key])
    file, target_file = draft.tables[name].file, draft.tables[target].file
    return [
        Fault(
            file,
            line,
            column,
            f"'{row[column]}'",
            f"a {key} of {target_file}",
            f"correct it, or add a row to {target_file}",
        )
        for line, row in draft.rows(name)
        if row[column] is not None and row[column] not in known
    ]


def references(draft: Draft) -> list[Fault]:
    """Check that every key points to a row that exists."""
    pairs = (
        ("bodies", "unit", "regions", "unit"),
        ("agreements", "field", "fields", "field"),
        ("agreements", "ags", "bodies", "ags"),
        ("agreements", "unit", "regions", "unit"),
        ("grants", "unit", "regions", "unit"),
        ("corrections", "ags", "bodies", "ags"),
        ("corrections", "field", "fields", "field"),
        ("population", "ags", "bodies", "ags"),
        ("registration_district", "ags", "bodies", "ags"),
        ("employment", "ags", "bodies", "ags"),
        ("vehicle_stock", "district", "registration_district", "district"),
        ("robustness", "ags", "bodies", "ags"),
        ("robustness", "field", "fields", "field"),
    )
    return [fault for pair in pairs for fault in _unknown(draft, *pair)]


def participants(draft: Draft) -> list[Fault]:
    """Check that participants belong to model regions, all other bodies to blocks, and no unit is without a body."""
    kinds = dict(zip(draft.tables["regions"].frame["unit"], draft.tables["regions"].frame["kind"], strict=True))
    faults = []
    for line, row in draft.rows("bodies"):
        expected = "region" if row["is_participant"] else "block"
        if kinds.get(str(row["unit"]), expected) != expected:
            word = "true" if row["is_participant"] else "false"
            allowed = f"a unit of kind {expected} of regions.csv, because is_participant is {word}"
            faults.append(
                Fault("bodies.csv", line, "unit", f"'{row['unit']}'", allowed, "correct unit or is_participant")
            )
    members = set(draft.tables["bodies"].frame["unit"])
    if not draft.is_sound("bodies"):
        return faults
    for line, row in draft.rows("regions"):
        if row["unit"] not in members:
            allowed = "a unit that at least one row of bodies.csv names"
            faults.append(
                Fault("regions.csv", line, "unit", f"'{row['unit']}'", allowed, "remove it, or assign bodies to it")
            )
    return faults


def invented_keys(draft: Draft) -> list[Fault]:
    """Check that invented bodies carry X keys, and real ones do not."""
    if not draft.plan.study:
        return []
    is_invented = bool(draft.plan.study["is_invented"])
    allowed = (
        "X and four digits, because is_invented is true" if is_invented else "five digits, because is_invented is false"
    )
    return [
        Fault("bodies.csv", line, "ags", f"'{row['ags']}'", allowed, "correct the key, or is_invented in study.toml")
        for line, row in draft.rows("bodies")
        if str(row["ags"]).startswith("X") != is_invented
    ]


def agreement_units(draft: Draft) -> list[Fault]:
    """Check that an agreement's unit is its body's model region, and that one body at most hosts it."""
    bodies = draft.tables["bodies"].frame
    unit_of = dict(zip(bodies["ags"], bodies["unit"], strict=True))
    file, faults = draft.tables["agreements"].file, []
    hosts: dict[object, object] = {}
    for line, row in draft.rows("agreements"):
        if row["unit"] is not None and row["unit"] != unit_of.get(str(row["ags"]), row["unit"]):
            allowed = (
                f"'{unit_of[str(row['ags'])]}', the unit of {row['ags']} in bodies.csv, or empty for older cooperation"
            )
            faults.append(Fault(file, line, "unit", f"'{row['unit']}'", allowed, "correct unit or ags"))
        is_host = row["is_host"] and row["status"] == "valid"
        if is_host and hosts.setdefault(row["agreement"], row["ags"]) != row["ags"]:
            found = f"true, but {hosts[row['agreement']]} hosts '{row['agreement']}' already"
            faults.append(
                Fault(file, line, "is_host", found, "one host per agreement", "set is_host to false in one row")
            )
    return faults


def agreement_dates(draft: Draft) -> list[Fault]:
    """Check the order of an agreement's dates, and that bounds stand only where the start is unknown."""
    file, faults = draft.tables["agreements"].file, []
    for line, row in draft.rows("agreements"):
        start, low, high, end = (row[k] for k in ("start", "start_earliest", "start_latest", "end"))
        if start and (low or high):
            found = f"'{low or high}' although start is known"
            remedy = "empty the bounds, or empty start if it is unknown"
            faults.append(Fault(file, line, "start_earliest" if low else "start_latest", found, "empty", remedy))
        if low and high and str(low) > str(high):
            faults.append(
                Fault(
                    file,
                    line,
                    "start_latest",
                    f"'{high}'",
                    f"{low} (start_earliest) or later",
                    "correct one of the two",
                )
            )
        begin = start or low
        if begin and end and str(end) < str(begin):
            faults.append(
                Fault(file, line, "end", f"'{end}'", f"{begin} (the start) or later", "correct one of the two")
            )
    return faults


def conflicts(draft: Draft) -> list[Fault]:
    """Check that one row at most is valid, and that a conflicting row has a row it conflicts with."""
    faults = _one_valid(draft, "agreements", ("agreement", "ags")) + _partner(draft, "agreements", ("agreement", "ags"))
    faults += _partner(draft, "grants", ("unit",))
    topics = list(draft.tables["conflicts"].frame["topic"])
    for line, row in draft.rows("conflicts"):
        if draft.is_sound("conflicts") and topics.count(row["topic"]) < 2:
            allowed = "a topic with at least two rows"
            faults.append(
                Fault("conflicts.csv", line, "topic", f"'{row['topic']}'", allowed, "add the other source's statement")
            )
    return faults


def _one_valid(draft: Draft, name: str, key: tuple[str, ...]) -> list[Fault]:
    seen: dict[tuple[object, ...], int] = {}
    faults = []
    for line, row in draft.rows(name):
        value = tuple(row[k] for k in key)
        if row["status"] == "valid" and seen.setdefault(value, line) != line:
            found = f"valid, as in row {seen[value]}"
            faults.append(
                Fault(
                    draft.tables[name].file,
                    line,
                    "status",
                    found,
                    f"one valid row per {', '.join(key)}",
                    "mark one row conflicting",
                )
            )
    return faults


def _partner(draft: Draft, name: str, key: tuple[str, ...]) -> list[Fault]:
    if not draft.is_sound(name):
        return []
    rows = [(line, row, tuple(row[k] for k in key)) for line, row in draft.rows(name)]
    allowed = f"conflicting only beside another row of the same {', '.join(key)}"
    return [
        Fault(
            draft.tables[name].file,
            line,
            "status",
            "conflicting, with no other row",
            allowed,
            "add the other source's row",
        )
        for line, row, value in rows
        if row["status"] == "conflicting" and sum(other == value for _, _, other in rows) < 2
    ]


def corrections(draft: Draft) -> list[Fault]:
    """Check that a correction names a table that bodies deliver, one of its items, and a calendar quarter."""
    faults = []
    for line, row in draft.rows("corrections"):
        table, column = str(row["table"]), str(row["column"])
        if table not in CORRECTABLE:
            faults.append(
                Fault(
                    "corrections.csv", line, "table", f"'{table}'", ", ".join(CORRECTABLE), "name the table delivered"
                )
            )
        elif column not in CORRECTABLE[table]:
            faults.append(
                Fault("corrections.csv", line, "column", f"'{column}'", ", ".join(CORRECTABLE[table]), "name the item")
            )
        if row["quarter"] is not None and not re.match(QUARTER_PATTERN, str(row["quarter"])):
            faults.append(
                Fault(
                    "corrections.csv", line, "quarter", f"'{row['quarter']}'", "a quarter such as 2024-Q3", "correct it"
                )
            )
    return faults


def published_figures(draft: Draft) -> list[Fault]:
    """Check that the figures of a case are numbered 1, 2, 3 … in the order of the file."""
    count: dict[object, int] = {}
    faults: list[Fault] = []
    if not draft.is_sound("published_figure"):
        return faults
    for line, row in draft.rows("published_figure"):
        count[row["case"]] = count.get(row["case"], 0) + 1
        if row["sequence"] != count[row["case"]]:
            file, allowed = (
                draft.tables["published_figure"].file,
                f"{count[row['case']]}: numbered from 1 within the case",
            )
            faults.append(
                Fault(file, line, "sequence", f"'{row['sequence']}'", allowed, "number the rows of the case in order")
            )
    return faults


CHECKS: tuple[Callable[[Draft], list[Fault]], ...] = (
    references,
    participants,
    invented_keys,
    agreement_units,
    agreement_dates,
    conflicts,
    corrections,
    published_figures,
)
"""Every check of the tables, one question each."""
