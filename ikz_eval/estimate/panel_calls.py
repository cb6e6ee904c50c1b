"""How the one door calls the methods for panels with comparison units: one short function a method, and what it may be asked.

Only names of options are passed on here. Methods for one region, one series, scale and few treated have files of their own
beside this one (``*_calls.py``); methods.py puts them together.
"""

import pandas as pd

from ikz_eval.estimate.bacon import BaconDecomposition, decompose
from ikz_eval.estimate.event_study import fit_event_path
from ikz_eval.estimate.group_time import fit_group_time
from ikz_eval.estimate.imputation import fit_imputation
from ikz_eval.estimate.regression import fit_regression
from ikz_eval.estimate.request import ADJUSTED, PANEL, TREATMENT, Fit, Method, Request, panel_columns
from ikz_eval.estimate.sun_abraham import fit_sun_abraham
from ikz_eval.estimate.two_by_two import fit_two_by_two
from ikz_eval.estimate.twoway import fit_twoway


def _regression(panel: pd.DataFrame, request: Request) -> Fit:
    return fit_regression(
        panel, outcome=request.outcome, regressors=request.regressors, absorb=request.absorb, cluster=request.cluster,
        weights=request.weights,
    )  # fmt: skip


def _two_by_two(panel: pd.DataFrame, request: Request) -> Fit:
    assert request.period is not None
    return fit_two_by_two(
        panel, outcome=request.outcome, period=request.period, unit=request.unit, treatment=request.treatment,
        cohort=request.cohort, cluster=request.cluster, covariates=request.covariates, weights=request.weights,
    )  # fmt: skip


def _twoway(panel: pd.DataFrame, request: Request) -> Fit:
    unit, period = panel_columns(request)
    return fit_twoway(
        panel, outcome=request.outcome, unit=unit, period=period, treatment=request.treatment, cohort=request.cohort,
        cluster=request.cluster, covariates=request.covariates, weights=request.weights,
        anticipation=request.anticipation,
    )  # fmt: skip


def decomposition(panel: pd.DataFrame, request: Request) -> BaconDecomposition:
    """Return the decomposition of the two-way coefficient."""
    unit, period = panel_columns(request)
    return decompose(
        panel, outcome=request.outcome, unit=unit, period=period, treatment=request.treatment, cohort=request.cohort,
        cluster=request.cluster,
    )  # fmt: skip


def _imputation(panel: pd.DataFrame, request: Request) -> Fit:
    unit, period = panel_columns(request)
    return fit_imputation(
        panel, outcome=request.outcome, unit=unit, period=period, cohort=_cohort(request), cluster=request.cluster,
        covariates=request.covariates, weights=request.weights, average=request.average, aggregate=request.aggregate,
        anticipation=request.anticipation,
    )  # fmt: skip


def _group_time(panel: pd.DataFrame, request: Request) -> Fit:
    unit, period = panel_columns(request)
    return fit_group_time(
        panel, outcome=request.outcome, unit=unit, period=period, cohort=_cohort(request), cluster=request.cluster,
        covariates=request.covariates, weights=request.weights, comparison=request.comparison,
        adjustment=request.adjustment, average=request.average, aggregate=request.aggregate,
        anticipation=request.anticipation,
    )  # fmt: skip


def _sun_abraham(panel: pd.DataFrame, request: Request) -> Fit:
    unit, period = panel_columns(request)
    return fit_sun_abraham(
        panel, outcome=request.outcome, unit=unit, period=period, treatment=request.treatment, cohort=request.cohort,
        cluster=request.cluster, covariates=request.covariates, weights=request.weights,
        anticipation=request.anticipation,
    )  # fmt: skip


def _event_path(panel: pd.DataFrame, request: Request) -> Fit:
    unit, period = panel_columns(request)
    return fit_event_path(
        panel, outcome=request.outcome, unit=unit, period=period, cohort=_cohort(request), cluster=request.cluster,
        bin_length=request.bin_length, anticipation=request.anticipation,
    )  # fmt: skip


def _cohort(request: Request) -> str:
    assert request.cohort is not None
    return request.cohort


PANEL_METHODS = {
    "regression": Method(_regression, ("regressors",), ("absorb", "weights", *PANEL)),
    "two_by_two": Method(_two_by_two, ("period",), ("unit", *TREATMENT, "covariates", "weights", "size")),
    "twoway": Method(_twoway, PANEL, (*TREATMENT, *ADJUSTED, "size")),
    "bacon": Method(decomposition, PANEL, TREATMENT),
    "imputation": Method(_imputation, PANEL, (*TREATMENT, *ADJUSTED, "average", "aggregate", "size")),
    "group_time": Method(
        _group_time, PANEL, (*TREATMENT, *ADJUSTED, "comparison", "adjustment", "average", "aggregate")
    ),
    "sun_abraham": Method(_sun_abraham, PANEL, (*TREATMENT, *ADJUSTED, "aggregate")),
    "event_path": Method(_event_path, PANEL, (*TREATMENT, "anticipation", "bin_length")),
}
"""Methods for panels with comparison units, by name."""
