"""Exclusion: which rows of panel and partnership are neither treated nor comparison, and why.

The first reason that holds is given, in the order of ``codes.EXCLUSIONS``. Who takes part at all is exposure.py.
"""

import numpy as np
import pandas as pd

from ikz_eval.panel import codes


def first_reason(
    design: pd.Series,
    *,
    is_partial: pd.Series,
    is_after_end: pd.Series,
    is_incomplete: pd.Series,
    cost_cents: pd.Series,
    cases: pd.Series,
) -> pd.Series:
    """Return the reason each row is not used; missing where it is usable.

    Parameters
    ----------
    design : pd.Series
        Reason that holds for all quarters of the body or unit; missing when none. All arguments have shape (n,).
    is_partial, is_after_end, is_incomplete : pd.Series of bool
        Start inside the quarter; operation over; a member's delivery missing.
    cost_cents : pd.Series
        Real cost the outcome is made from [EUR cents]; missing without index.
    cases : pd.Series
        Cases; missing when incomplete.
    """
    conditions = {
        codes.PARTIAL_QUARTER: is_partial,
        codes.AFTER_END: is_after_end,
        codes.MEMBERS_MISSING: is_incomplete,
        codes.PRICE_MISSING: cost_cents.isna(),
        codes.NO_CASES: cases.fillna(0) == 0,
        codes.COST_NOT_POSITIVE: cost_cents.fillna(1) <= 0,
    }
    flags = [condition.to_numpy(dtype=bool) for condition in conditions.values()]
    quarter_reason = np.select(flags, list(conditions), default="")
    reasons = pd.Series(quarter_reason, index=design.index, dtype="str").replace("", None)
    return design.astype("str").fillna(reasons).astype("str")
