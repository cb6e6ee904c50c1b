"""How the one door calls the methods for one series, and what they may be asked.

Only names of options are passed on here. The methods are ikz_eval/estimate/series.
"""

import pandas as pd

from ikz_eval.errors import UsageError
from ikz_eval.estimate.request import Fit, Method, Request
from ikz_eval.estimate.series.interrupted import fit_interrupted
from ikz_eval.estimate.series.poisson_interrupted import fit_poisson_interrupted
from ikz_eval.estimate.series.segments import Segments
from ikz_eval.estimate.series.structural import fit_structural


def _interrupted(panel: pd.DataFrame, request: Request) -> Fit:
    period, segments = _asked(request)
    assert request.intervention is not None
    return fit_interrupted(
        panel, outcome=request.outcome, period=period, intervention=request.intervention, unit=request.unit,
        covariates=request.covariates, segments=segments, lags=request.lags,
    )  # fmt: skip


def _poisson_interrupted(panel: pd.DataFrame, request: Request) -> Fit:
    period, segments = _asked(request)
    assert request.intervention is not None
    return fit_poisson_interrupted(
        panel, outcome=request.outcome, period=period, intervention=request.intervention, offset=request.offset,
        unit=request.unit, covariates=request.covariates, segments=segments, lags=request.lags,
    )  # fmt: skip


def _structural(panel: pd.DataFrame, request: Request) -> Fit:
    period, segments = _asked(request)
    return fit_structural(
        panel, outcome=request.outcome, period=period, intervention=request.intervention, unit=request.unit,
        covariates=request.covariates, segments=segments,
    )  # fmt: skip


def _asked(request: Request) -> tuple[str, Segments]:
    """Return the period's column and the segments; one series has no clusters."""
    if request.cluster is not None:
        raise UsageError(f"method {request.method} does not know --cluster; it would change nothing")
    assert request.period is not None
    return request.period, Segments(request.trend, request.slope, request.harmonics, request.season_length)


_SEGMENTS = ("trend", "slope", "harmonics", "season_length")
SERIES_METHODS = {
    "interrupted": Method(_interrupted, ("period", "intervention"), ("unit", "covariates", *_SEGMENTS, "lags")),
    "poisson_interrupted": Method(
        _poisson_interrupted, ("period", "intervention"), ("unit", "covariates", "offset", *_SEGMENTS, "lags")
    ),
    "structural": Method(_structural, ("period",), ("intervention", "unit", "covariates", *_SEGMENTS)),
}
"""Methods for one series, by name."""
