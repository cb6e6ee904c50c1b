"""Structural model of one series: a level that wanders, noise, an optional season, and the jump at the intervention.

One method, one book: Harvey; Durbin and Koopman. Fitted by statsmodels' UnobservedComponents, then polished to the optimum,
because its default optimiser stops early. Regressors are segments.py, the words are series_words.py. Docs:
docs/methods/structural.md.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError, UsageError
from ikz_eval.estimate.inferring import Numbers, Plan
from ikz_eval.estimate.observations import Floats
from ikz_eval.estimate.series.read_series import FromSeries, Series, read_series
from ikz_eval.estimate.series.segments import Segments, design
from ikz_eval.estimate.series.series_words import Findings, Jump, sentences
from ikz_eval.estimate.series.wald import wald
from ikz_eval.estimate.shown import Chart, Shown, dots

LEVEL_SHARES = (None, 1e-8, 0.02, 0.9, 1 - 1e-8)
"""Starts of the search: statsmodels' own, and these shares of the level's among both variances. The likelihood can have two
tops, one of them where a variance is zero."""
_SPARE = 3
"""Periods needed beyond states and regressors."""


@dataclass(frozen=True, slots=True)
class StructuralFit(FromSeries, Shown):
    """Regression coefficients and variances of one series.

    Attributes
    ----------
    series : Series
        Rows used, and the rows dropped by reason.
    coefficients, errors : dict of str to float
        By term: level, slope, trend, covariates, in units of the outcome, and their standard errors.
    variances : dict of str to float
        ``irregular_variance``, ``level_variance``, ``seasonal_variance``, in squared units of the outcome.
    llf : float
        Log likelihood with an exactly diffuse start.
    innovations : ndarray
        Standardised one-step forecast errors after the diffuse start, shape (about n,).
    """

    series: Series
    coefficients: dict[str, float]
    errors: dict[str, float]
    variances: dict[str, float]
    llf: float
    innovations: Floats

    own_inference = ("mle",)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a term, then the variances and the log likelihood: term, estimate, se_mle."""
        points = self.coefficients | self.variances | {"llf": self.llf}
        errors = [self.errors.get(term, float("nan")) for term in points]
        return pd.DataFrame({"term": list(points), "estimate": list(points.values()), "se_mle": errors})

    def plot(self) -> Chart:
        """Return the coefficients with their intervals; without any, the variances, which have another unit."""
        if not self.coefficients:
            return dots([{"term": name, "estimate": value} for name, value in self.variances.items()], "variance")
        numbers = self.infer("mle", Plan(("mle",)))
        return dots(
            [
                {"term": term, "estimate": estimate, "low": numbers[term]["low"], "high": numbers[term]["high"]}
                for term, estimate in self.coefficients.items()
            ]
        )

    def infer(self, name: str, plan: Plan) -> Mapping[str, Numbers]:
        """Return ``mle`` of each coefficient, from the normal distribution; variances have none."""
        return {
            term: wald(estimate, self.errors[term], None, plan.confidence)
            for term, estimate in self.coefficients.items()
        }

    def describe(self, lang: str) -> tuple[str, ...]:
        """Return what can be said of the series as sentences in ``de`` or ``en``."""
        numbers = self.infer("mle", Plan(("mle",)))
        jumps = {term: Jump.of(numbers[term], estimate) for term, estimate in self.coefficients.items()}
        return sentences(Findings("mle", self.series, jumps, self.innovations), lang)


def fit_structural(
    panel: pd.DataFrame,
    *,
    outcome: str,
    period: str,
    intervention: str | float | None = None,
    unit: str | None = None,
    covariates: Sequence[str] = (),
    segments: Segments | None = None,
) -> StructuralFit:
    """Fit a local level with a jump at the intervention.

    Parameters
    ----------
    panel : pd.DataFrame
        One row a period; periods between the first and the last without a row are left to the Kalman filter.
    outcome, period : str
        Column names; periods are whole numbers or quarters as text (``2024-Q3``).
    intervention : str or float, optional
        First period after the intervention; without one, the variances of the series alone.
    unit : str, optional
        Column naming the unit; it must hold one unit.
    covariates : sequence of str
        Columns of further regressors.
    segments : Segments, optional
        No trend when left out: the level wanders. A season length without harmonics is a season that wanders too.

    Raises
    ------
    EstimationError
        If the rows are not one series, too few periods are left, covariates are unknown in missing periods, or the search
        finds no maximum.

    References
    ----------
    .. [1] Harvey, A. C. (1989). *Forecasting, Structural Time Series Models and the Kalman Filter*, ch. 7.
    .. [2] Durbin, J., Koopman, S. J. (2012). *Time Series Analysis by State Space Methods*, 2nd ed., ch. 2, 5, 7.
    """
    segments = segments or Segments()
    series = read_series(
        panel, outcome=outcome, period=period, intervention=intervention, unit=unit, covariates=covariates
    )
    season, regressors = _regressors(series, segments)
    states = 1 + (season - 1 if season else 0)
    if series.n_obs < states + len(regressors) + _SPARE:
        raise EstimationError(
            f"{series.n_obs} periods for {states} states and {len(regressors)} regressors; at least "
            f"{states + len(regressors) + _SPARE} are needed"
        )
    return _fit(series, season, regressors)


def _regressors(series: Series, segments: Segments) -> tuple[int | None, dict[str, Floats]]:
    """Return the season's length, if it wanders, and the regressors over all periods, those without a row included."""
    if series.n_missing and series.covariate_names:
        raise EstimationError(
            f"{series.n_missing} periods have no usable row, so covariates {', '.join(series.covariate_names)} are unknown in "
            "them; fill them in or leave the covariates out"
        )
    season = segments.season_length if segments.harmonics == 0 else None
    if season is not None and season < 2:
        raise UsageError(f"--season-length is {season}; allowed are whole numbers from 2")
    whole = replace(
        series,
        outcome=series.spread(series.outcome, np.nan),
        period=series.period[0] + np.arange(series.n_periods),
        covariates=series.spread(series.covariates, np.nan),
    )
    deterministic = replace(
        segments, trend=bool(segments.trend), season_length=None if season else segments.season_length
    )
    columns = design(whole, deterministic)
    return season, dict(zip(columns.names[1:], columns.columns[:, 1:].T, strict=True))


def _fit(series: Series, season: int | None, regressors: dict[str, Floats]) -> StructuralFit:
    outcome = series.spread(series.outcome, np.nan)
    scale = float(np.std(series.outcome))
    if scale <= 1e-12 * max(1.0, float(np.abs(series.outcome).max())):
        raise EstimationError(f"'{series.name}' is the same in every period; there is no noise to infer from")
    exog = np.column_stack(list(regressors.values())) if regressors else None
    best = _polished(_model(outcome / scale, season, exog), 3 if season else 2)
    k = len(best) - len(regressors)
    parameters = np.concatenate([best[:k] * scale**2, best[k:] * scale])
    found = _model(outcome, season, exog).smooth(parameters, cov_type="opg")
    errors = np.asarray(found.bse)[k:]
    names = ("irregular_variance", "level_variance", "seasonal_variance")[:k]
    shown = [name for name in regressors if not name.startswith(("sin", "cos")) or name in series.covariate_names]
    places = [list(regressors).index(name) for name in shown]
    forecasts = found.filter_results.standardized_forecasts_error[0][found.nobs_diffuse :]
    return StructuralFit(
        series,
        {name: float(parameters[k + place]) for name, place in zip(shown, places, strict=True)},
        {name: float(errors[place]) for name, place in zip(shown, places, strict=True)},
        dict(zip(names, map(float, parameters[:k]), strict=True)),
        float(found.llf),
        forecasts[np.isfinite(forecasts)],
    )


def _model(outcome: Floats, season: int | None, exog: Floats | None) -> Any:
    import statsmodels.api as sm

    return sm.tsa.UnobservedComponents(outcome, "llevel", seasonal=season, exog=exog, use_exact_diffuse=True)


def _polished(model: Any, variances: int) -> Floats:
    """Return the parameters of the highest likelihood: from several starts by gradient, then by Nelder and Mead."""
    reached: list[tuple[float, Floats]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the gradient search stops early and says so; the polish is judged below
        for share in LEVEL_SHARES:
            start = np.array(model.start_params, dtype=np.float64)
            if share is not None:
                start[:2] = max(float(start[:2].sum()), 1e-3) * np.array([1 - share, share])
            rough = model.fit(start, disp=0, cov_type="none")
            reached.append((float(rough.llf), np.asarray(rough.params)))
        height, best = max(reached, key=lambda one: one[0])
        for _ in range(5):
            # A simplex that has shrunk needs a fresh one to be sure of the top.
            fit = model.fit(
                best, method="nm", disp=0, maxiter=20_000, maxfun=40_000, xtol=1e-7, ftol=1e-11, cov_type="none"
            )
            rise, height, best = float(fit.llf) - height, float(fit.llf), np.asarray(fit.params)
            if fit.mle_retvals["converged"] and rise < 1e-8:
                return best
    raise EstimationError("the search for the likelihood's maximum did not end; leave regressors out, or rescale them")
