"""What is asked at the one door, and which method may be asked for what.

Holds the request, the options each method needs and knows, and the call of each method. Refuses what does not belong to a
method instead of leaving it out silently. The answer is door.py.
"""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from typing import Protocol

import pandas as pd

from ikz_eval.errors import UsageError
from ikz_eval.estimate.bacon import BaconDecomposition, decompose
from ikz_eval.estimate.event_study import fit_event_path
from ikz_eval.estimate.group_time import fit_group_time
from ikz_eval.estimate.imputation import fit_imputation
from ikz_eval.estimate.regression import fit_regression
from ikz_eval.estimate.sun_abraham import fit_sun_abraham
from ikz_eval.estimate.two_by_two import fit_two_by_two
from ikz_eval.estimate.twoway import fit_twoway
from ikz_eval.inference.estimator import LinearEstimates


class Fit(Protocol):
    """What every method returns."""

    @property
    def linear(self) -> LinearEstimates | None:
        """Its estimates for inference; None when they are not linear in the outcomes."""

    @property
    def dropped(self) -> dict[str, int]:
        """Rows dropped, by reason."""

    @property
    def n_obs(self) -> int:
        """Rows used."""

    @property
    def n_units(self) -> int | None:
        """Units among them."""

    def to_frame(self) -> pd.DataFrame:
        """Return one row a term."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a panel: a method, the columns it reads, and the inference; see ``ikz estimate --help``.

    Without ``inference`` it is CR2 where the estimates are linear in the outcomes, and the method's own where it has one.
    """

    method: str
    outcome: str
    unit: str | None = None
    period: str | None = None
    cohort: str | None = None
    treatment: str | None = None
    regressors: tuple[str, ...] = ()
    absorb: tuple[str, ...] = ()
    cluster: str | None = None
    comparison: str = "never"
    covariates: tuple[str, ...] = ()
    adjustment: str = "dr"
    anticipation: int = 0
    weights: str | None = None
    average: str = "observations"
    aggregate: str = "simple"
    bin_length: int = 1
    inference: tuple[str, ...] = ()
    wild_type: str = "11"
    wild_weights: str = "rademacher"
    draws: int = 9_999
    seed: int = 0
    confidence: float = 0.95

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns the request names."""
        single = (self.outcome, self.unit, self.period, self.cohort, self.treatment, self.cluster, self.weights)
        named = (*single, *self.regressors, *self.absorb, *self.covariates)
        return tuple(dict.fromkeys(name for name in named if name))


@dataclass(frozen=True, slots=True)
class Method:
    """A method at the door: its call, the options it needs, and those it knows besides."""

    fit: Callable[[pd.DataFrame, Request], Fit]
    needs: tuple[str, ...]
    knows: tuple[str, ...]


_EVERYWHERE = ("method", "outcome", "cluster", "inference", "wild_type", "wild_weights", "draws", "seed", "confidence")
_TREATMENT = ("cohort", "treatment")


def check_request(request: Request) -> None:
    """Refuse a request that lacks what its method needs, or names what the method does not know.

    Raises
    ------
    UsageError
        Which option, and what the method knows.
    """
    if request.method not in METHODS:
        raise UsageError(f"method '{request.method}' is unknown; allowed: {', '.join(METHODS)}")
    method = METHODS[request.method]
    lacking = [_option(name) for name in method.needs if not getattr(request, name)]
    if lacking:
        raise UsageError(f"method {request.method} needs {', '.join(lacking)}")
    has_treatment = bool(set(_TREATMENT) & {*method.needs, *method.knows})
    if has_treatment and (request.cohort is None) == (request.treatment is None):
        raise UsageError(f"method {request.method} needs exactly one of --cohort and --treatment")
    known = {*_EVERYWHERE, *method.needs, *method.knows}
    foreign = [f.name for f in fields(request) if f.name not in known and getattr(request, f.name) != f.default]
    foreign = [name for name in foreign if name in NAMED]
    if foreign:
        raise UsageError(
            f"method {request.method} does not know {', '.join(map(_option, foreign))}; it would change nothing"
        )


def _option(name: str) -> str:
    return "--" + {"bin_length": "bin"}.get(name, name).replace("_", "-")


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
    unit, period = _panel_columns(request)
    return fit_twoway(
        panel, outcome=request.outcome, unit=unit, period=period, treatment=request.treatment, cohort=request.cohort,
        cluster=request.cluster, covariates=request.covariates, weights=request.weights,
        anticipation=request.anticipation,
    )  # fmt: skip


def decomposition(panel: pd.DataFrame, request: Request) -> BaconDecomposition:
    """Return the decomposition of the two-way coefficient."""
    unit, period = _panel_columns(request)
    return decompose(
        panel, outcome=request.outcome, unit=unit, period=period, treatment=request.treatment, cohort=request.cohort,
        cluster=request.cluster,
    )  # fmt: skip


def _imputation(panel: pd.DataFrame, request: Request) -> Fit:
    unit, period = _panel_columns(request)
    return fit_imputation(
        panel, outcome=request.outcome, unit=unit, period=period, cohort=_cohort(request), cluster=request.cluster,
        covariates=request.covariates, weights=request.weights, average=request.average, aggregate=request.aggregate,
        anticipation=request.anticipation,
    )  # fmt: skip


def _group_time(panel: pd.DataFrame, request: Request) -> Fit:
    unit, period = _panel_columns(request)
    return fit_group_time(
        panel, outcome=request.outcome, unit=unit, period=period, cohort=_cohort(request), cluster=request.cluster,
        covariates=request.covariates, weights=request.weights, comparison=request.comparison,
        adjustment=request.adjustment, average=request.average, aggregate=request.aggregate,
        anticipation=request.anticipation,
    )  # fmt: skip


def _sun_abraham(panel: pd.DataFrame, request: Request) -> Fit:
    unit, period = _panel_columns(request)
    return fit_sun_abraham(
        panel, outcome=request.outcome, unit=unit, period=period, treatment=request.treatment, cohort=request.cohort,
        cluster=request.cluster, covariates=request.covariates, weights=request.weights,
        anticipation=request.anticipation,
    )  # fmt: skip


def _event_path(panel: pd.DataFrame, request: Request) -> Fit:
    unit, period = _panel_columns(request)
    return fit_event_path(
        panel, outcome=request.outcome, unit=unit, period=period, cohort=_cohort(request), cluster=request.cluster,
        bin_length=request.bin_length, anticipation=request.anticipation,
    )  # fmt: skip


def _panel_columns(request: Request) -> tuple[str, str]:
    assert request.unit is not None and request.period is not None
    return request.unit, request.period


def _cohort(request: Request) -> str:
    assert request.cohort is not None
    return request.cohort


_PANEL = ("unit", "period")
_ADJUSTED = ("covariates", "weights", "anticipation")
METHODS = {
    "regression": Method(_regression, ("regressors",), ("absorb", "weights", *_PANEL)),
    "two_by_two": Method(_two_by_two, ("period",), ("unit", *_TREATMENT, "covariates", "weights")),
    "twoway": Method(_twoway, _PANEL, (*_TREATMENT, *_ADJUSTED)),
    "bacon": Method(decomposition, _PANEL, _TREATMENT),
    "imputation": Method(_imputation, _PANEL, (*_TREATMENT, *_ADJUSTED, "average", "aggregate")),
    "group_time": Method(
        _group_time, _PANEL, (*_TREATMENT, *_ADJUSTED, "comparison", "adjustment", "average", "aggregate")
    ),
    "sun_abraham": Method(_sun_abraham, _PANEL, (*_TREATMENT, *_ADJUSTED, "aggregate")),
    "event_path": Method(_event_path, _PANEL, (*_TREATMENT, "anticipation", "bin_length")),
}
"""Methods of the door by name."""
NAMED = tuple(f.name for f in fields(Request) if f.default is not MISSING)
"""Options that can be left out, so that naming them means something."""
