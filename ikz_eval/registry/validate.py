"""All faults of a study folder, in the order of files and rows.

Faults of single cells are found while reading (tables.py, plan.py); what must hold between rows and files stands in
checks_tables.py, checks_robustness.py and checks_plan.py.
"""

from pathlib import Path

from ikz_eval.registry import checks_plan, checks_robustness, checks_tables
from ikz_eval.registry.draft import Draft, read_draft
from ikz_eval.registry.faults import Fault
from ikz_eval.registry.plan import FILE as PLAN


def study_faults(folder: Path) -> list[str]:
    """Return every fault of a study folder as a sentence with file, row and column; empty when there is none."""
    return [str(fault) for fault in draft_faults(read_draft(folder))]


def draft_faults(draft: Draft) -> list[Fault]:
    """Return the faults of the files, and those between them, in the order of files and rows.

    References are only judged against files that were read without a fault: one wrong key is one fault, not twenty.
    """
    faults = {*draft.faults, *(fault for check in CHECKS for fault in check(draft))}
    order = {PLAN: 0} | {table.file: i for i, table in enumerate(draft.tables.values(), start=1)}
    return sorted(faults, key=lambda fault: (order.get(fault.file, len(order)), fault))


CHECKS = (*checks_tables.CHECKS, *checks_robustness.CHECKS, *checks_plan.CHECKS)
