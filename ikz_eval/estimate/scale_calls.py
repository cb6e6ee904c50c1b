"""How the one door calls the cost function, and what it may be asked. The method is ikz_eval/estimate/scale."""

import pandas as pd

from ikz_eval.estimate.request import Fit, Method, Request
from ikz_eval.estimate.scale.cost_function import fit_cost_function


def _cost_function(panel: pd.DataFrame, request: Request) -> Fit:
    assert request.output is not None
    return fit_cost_function(
        panel, outcome=request.outcome, output=request.output, prices=request.prices, form=request.form, at=request.at,
        unit=request.unit, period=request.period, absorb=request.absorb, cluster=request.cluster,
        covariates=request.covariates,
    )  # fmt: skip


SCALE_METHODS = {
    "cost_function": Method(
        _cost_function, ("output",), ("prices", "form", "at", "unit", "period", "absorb", "covariates")
    )
}
"""Methods for scale, by name."""
