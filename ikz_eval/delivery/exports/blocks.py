"""Blocks of an export: the cost blocks of the study, and what else a budget holds beside them.

Amounts of a block are positive in their normal direction: cost that was borne, revenue that came in.
"""

from schemas.vocabulary import COST_BLOCKS

EXPENSE_BLOCKS = (
    "transfers", "depreciation", "finance", "extraordinary", "investment_paid", "finance_paid", "cash_paid",
    "cost_accounting", "expense", "unassigned_expense",
)  # fmt: skip
REVENUE_BLOCKS = (
    "partner_received", "fee_revenue", "grants", "taxes", "reimbursements", "internal_revenue", "finance_revenue",
    "other_revenue", "extraordinary_revenue", "investment_received", "finance_received", "revenue",
    "unassigned_revenue",
)  # fmt: skip
EXPORT_BLOCKS = tuple(dict.fromkeys((*COST_BLOCKS, *EXPENSE_BLOCKS, *REVENUE_BLOCKS)))
"""Every block an amount of an export can belong to."""


def is_revenue(block: str) -> bool:
    """Whether amounts of a block came in."""
    return block in REVENUE_BLOCKS
