"""What must hold for the records of the robustness card: the columns of each check filled, groupings complete.

Each check is one short function that returns the faults it finds. Keys that must exist are checks_tables.py.
"""

from collections.abc import Callable

from ikz_eval.registry.draft import Draft
from ikz_eval.registry.faults import Fault

ROBUSTNESS_KEYS = {
    "without_neighbours": ({"ags", "unit"}, set()),
    "without_other_cooperation": ({"ags"}, {"field"}),
    "without_ikfz": ({"field", "quarter"}, set()),
    "alternative_grouping": ({"ags", "unit"}, set()),
    "planning_regions": ({"ags", "unit"}, set()),
}
"""Check of the robustness card -> columns it needs, and columns it may have."""


def robustness(draft: Draft) -> list[Fault]:
    """Check that a record of the robustness card fills the columns of its check, and that groupings are complete."""
    if not draft.is_sound("robustness", "bodies", "regions"):
        return []
    file, faults = draft.tables["robustness"].file, []
    regions = {str(row["unit"]) for _, row in draft.rows("regions") if row["kind"] == "region"}
    for line, row in draft.rows("robustness"):
        needed, allowed = ROBUSTNESS_KEYS[str(row["check"])]
        filled = {name for name in ("ags", "field", "quarter", "unit") if row[name] is not None}
        words = ", ".join(sorted(needed)) + (f" (and {', '.join(sorted(allowed))})" if allowed else "")
        if not needed <= filled <= needed | allowed:
            found = ", ".join(sorted(filled)) or "none"
            faults.append(Fault(file, line, "check", f"{row['check']} with {found}", words, "fill just these columns"))
        elif row["check"] == "without_neighbours" and row["unit"] not in regions:
            faults.append(Fault(file, line, "unit", f"'{row['unit']}'", "a model region of regions.csv", "correct it"))
    return faults + _incomplete_groupings(draft)


def _incomplete_groupings(draft: Draft) -> list[Fault]:
    """Return a fault for each grouping that leaves a body out or names it twice; one without any row is no grouping."""
    everyone = [(str(row["ags"]), bool(row["is_participant"])) for _, row in draft.rows("bodies")]
    faults = []
    for check, wanted in (
        ("alternative_grouping", {ags for ags, takes_part in everyone if not takes_part}),
        ("planning_regions", {ags for ags, _ in everyone}),
    ):
        named = [str(row["ags"]) for _, row in draft.rows("robustness") if row["check"] == check]
        wrong = sorted(wanted ^ set(named)) + sorted({ags for ags in named if named.count(ags) > 1})
        if named and wrong:
            whom = "every body" if check == "planning_regions" else "every comparison body"
            found = f"{check}: {', '.join(wrong)}"
            faults.append(Fault(draft.tables["robustness"].file, 0, "ags", found, f"{whom} once", "add or remove rows"))
    return faults


CHECKS: tuple[Callable[[Draft], list[Fault]], ...] = (robustness,)
"""Every check of robustness.csv."""
