"""How the one door calls stacked difference-in-differences.

Conley-Taber and Ferman-Pinto are inference, not methods: few_treated.py. methods.py puts all calls together.
"""

import pandas as pd

from ikz_eval.errors import UsageError
from ikz_eval.estimate.request import PANEL, TREATMENT, Fit, Method, Request, panel_columns
from ikz_eval.estimate.stacked import fit_stacked


def _stacked(panel: pd.DataFrame, request: Request) -> Fit:
    unit, period = panel_columns(request)
    if request.pre is None or request.post is None:
        raise UsageError("method stacked needs --pre and --post: the periods of its window before and after a start")
    return fit_stacked(
        panel, outcome=request.outcome, unit=unit, period=period, treatment=request.treatment, cohort=request.cohort,
        cluster=request.cluster, pre=request.pre, post=request.post, stack_weights=request.stack_weights,
    )  # fmt: skip


FEW_TREATED_METHODS = {"stacked": Method(_stacked, PANEL, (*TREATMENT, "pre", "post", "stack_weights"))}
"""Methods of this file by name."""
