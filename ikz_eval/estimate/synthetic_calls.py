"""How the one door calls the methods for one region: synthetic control and synthetic difference-in-differences.

Only names of options are passed on here; the methods are ikz_eval/estimate/synthetic.
"""

import pandas as pd

from ikz_eval.estimate.request import PANEL, TREATMENT, Fit, Method, Request, panel_columns
from ikz_eval.estimate.synthetic import fit_synthetic_control, fit_synthetic_did


def _synthetic_control(panel: pd.DataFrame, request: Request) -> Fit:
    unit, period = panel_columns(request)
    return fit_synthetic_control(
        panel, outcome=request.outcome, unit=unit, period=period, treatment=request.treatment, cohort=request.cohort,
        cluster=request.cluster, donors=request.donors,
    )  # fmt: skip


def _synthetic_did(panel: pd.DataFrame, request: Request) -> Fit:
    unit, period = panel_columns(request)
    return fit_synthetic_did(
        panel, outcome=request.outcome, unit=unit, period=period, treatment=request.treatment, cohort=request.cohort,
        cluster=request.cluster, donors=request.donors,
    )  # fmt: skip


SYNTHETIC_METHODS = {
    "synthetic_control": Method(_synthetic_control, PANEL, (*TREATMENT, "donors")),
    "synthetic_did": Method(_synthetic_did, PANEL, (*TREATMENT, "donors")),
}
"""Methods for one region, by name."""
