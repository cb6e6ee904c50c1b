"""Segmented Poisson regression of one interrupted series of counts, with an exposure.

One method, one paper: Lopez Bernal, Cummins and Gasparrini (2017). Regressors are segments.py, the variance under
autocorrelation is newey_west.py, the words are series_words.py. Docs: docs/methods/poisson_interrupted.md.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.inferring import Numbers, Plan
from ikz_eval.estimate.observations import Floats
from ikz_eval.estimate.series.newey_west import LAG_RULE, choose_lags, newey_west
from ikz_eval.estimate.series.read_series import FromSeries, Series, read_series
from ikz_eval.estimate.series.segments import Design, Segments, design, parts_of
from ikz_eval.estimate.series.series_words import Findings, Jump, sentences
from ikz_eval.estimate.series.wald import require_residual, wald
from ikz_eval.estimate.shown import Shown

NO_COUNT = 1e-5
"""An expected count below this is on its way to zero, its coefficient to minus infinity: there is no maximum."""


@dataclass(frozen=True, slots=True)
class CountModel:
    """One Poisson fit of a series with the log link.

    Attributes
    ----------
    design : Design
        Its columns.
    coefficients : ndarray
        Log rate ratios, shape (k,).
    residuals, pearson : ndarray
        Count less expected count, and the same over its root, shape (n,) each.
    bread : ndarray
        (X'WX)^-1, shape (k, k); under the Poisson model the covariance.
    dispersion : float
        Pearson chi-squared over n - k; 1 under the Poisson model.
    """

    design: Design
    coefficients: Floats
    residuals: Floats
    pearson: Floats
    bread: Floats
    dispersion: float

    def errors(self, name: str, series: Series, lags: int) -> Floats:
        """Return the standard error of each coefficient, shape (k,)."""
        if name == "hac":
            covariance = newey_west(series, self.design.columns * self.residuals[:, None], self.bread, lags)
        else:
            covariance = self.bread * (self.dispersion if name == "quasi" else 1.0)
        return np.asarray(np.sqrt(np.diag(covariance)), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class PoissonInterruptedFit(FromSeries, Shown):
    """Level, slope and trend of one series of counts, as log rate ratios.

    Attributes
    ----------
    series : Series
        Rows used, and the rows dropped by reason.
    model : CountModel
        The model asked for.
    plain : CountModel or None
        The same without trend and slope, for the term ``before_after``; None where the model has none.
    lags : int
        Lags of the Newey-West variance.
    lag_rule : str
        How they were chosen.
    """

    series: Series
    model: CountModel
    plain: CountModel | None
    lags: int
    lag_rule: str

    own_inference = ("quasi", "hac", "mle")

    @property
    def dispersion(self) -> float:
        """Pearson chi-squared over n - k."""
        return self.model.dispersion

    @property
    def parts(self) -> tuple[tuple[str, CountModel, int], ...]:
        """Each term with the model and the column it comes from."""
        return parts_of(self.model, self.plain)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a term: term, estimate (log rate ratio), rate_ratio, se_quasi, se_hac, se_mle, dispersion."""
        rows = []
        for term, model, column in self.parts:
            estimate = float(model.coefficients[column])
            row = {"term": term, "estimate": estimate, "rate_ratio": float(np.exp(estimate))}
            row |= {
                f"se_{name}": float(model.errors(name, self.series, self.lags)[column]) for name in self.own_inference
            }
            rows.append(row | {"dispersion": model.dispersion})
        return pd.DataFrame(rows)

    def infer(self, name: str, plan: Plan) -> Mapping[str, Numbers]:
        """Return ``quasi``, ``hac`` or ``mle`` of each term, from the normal distribution; ends also as rate ratios."""
        found: dict[str, Numbers] = {}
        for term, model, column in self.parts:
            estimate = float(model.coefficients[column])
            se = float(model.errors(name, self.series, self.lags)[column])
            numbers = wald(estimate, se, None, plan.confidence)
            jump = Jump.of(numbers, estimate)
            numbers |= {
                "rate_ratio": float(np.exp(estimate)),
                "rate_ratio_low": float(np.exp(jump.low)),
                "rate_ratio_high": float(np.exp(jump.high)),
            }
            numbers |= {"dispersion": model.dispersion} if name == "quasi" else {}
            found[term] = numbers | ({"lags": self.lags, "lag_rule": self.lag_rule} if name == "hac" else {})
        return found

    def describe(self, lang: str) -> tuple[str, ...]:
        """Return what can be said of the series as sentences in ``de`` or ``en``."""
        numbers = self.infer("quasi", Plan(("quasi",)))
        jumps = {term: Jump.of(numbers[term], float(model.coefficients[column])) for term, model, column in self.parts}
        return sentences(Findings("quasi", self.series, jumps, self.model.pearson, is_ratio=True), lang)


def fit_poisson_interrupted(
    panel: pd.DataFrame,
    *,
    outcome: str,
    period: str,
    intervention: str | float,
    offset: str | None = None,
    unit: str | None = None,
    covariates: Sequence[str] = (),
    segments: Segments | None = None,
    lags: int | None = None,
) -> PoissonInterruptedFit:
    """Regress counts of one series on level, trend and what else is asked for, with the log link.

    Parameters
    ----------
    panel : pd.DataFrame
        One row a period.
    outcome, period : str
        Column names; the outcome holds counts, whole numbers from 0.
    intervention : str or float
        First period after the intervention.
    offset : str, optional
        Column with the exposure, above zero; its logarithm enters with the coefficient one.
    unit : str, optional
        Column naming the unit; it must hold one unit.
    covariates : sequence of str
        Columns of further regressors.
    segments : Segments, optional
        Trend, change of slope, season; a level and a trend when left out.
    lags : int, optional
        Of the Newey-West variance; by ``LAG_RULE`` when left out.

    Raises
    ------
    EstimationError
        If the rows are not one series of counts, the intervention leaves too few periods, a regressor repeats others, or
        the likelihood has no maximum.

    References
    ----------
    .. [1] Lopez Bernal, J., Cummins, S., Gasparrini, A. (2017). Interrupted time series regression for the evaluation of
       public health interventions: a tutorial. *International Journal of Epidemiology* 46(1).
    """
    segments = segments or Segments()
    series = read_series(
        panel,
        outcome=outcome,
        period=period,
        intervention=intervention,
        unit=unit,
        covariates=covariates,
        offset=offset,
    )
    _require_counts(series, offset)
    model = _counted(series, design(series, segments))
    plain = _counted(series, design(series, segments.without_trend())) if model.design.has_trend else None
    chosen = choose_lags(series.n_periods, lags)
    return PoissonInterruptedFit(series, model, plain, chosen, LAG_RULE if lags is None else "as asked")


def _counted(series: Series, columns: Design) -> CountModel:
    import statsmodels.api as sm

    model = sm.GLM(series.outcome, columns.columns, family=sm.families.Poisson(), offset=np.log(series.exposure))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whether it converged is asked below
        fit = model.fit(maxiter=200)
    if not fit.converged or not (fit.fittedvalues > NO_COUNT).all():
        raise EstimationError(
            "the Poisson likelihood found no maximum; leave out regressors that mark periods of zero counts"
        )
    require_residual(series.outcome, fit.resid_response)
    dispersion = float(fit.pearson_chi2 / fit.df_resid)
    return CountModel(columns, fit.params, fit.resid_response, fit.resid_pearson, fit.normalized_cov_params, dispersion)


def _require_counts(series: Series, offset: str | None) -> None:
    counts = series.outcome
    wrong = counts[(counts < 0) | (counts != np.floor(counts))]
    if wrong.size:
        raise EstimationError(
            f"'{series.name}' holds {wrong[0]:g}; allowed are counts, whole numbers from 0 (interrupted takes any numbers)"
        )
    if not (series.exposure > 0).all():
        low = series.exposure[~(series.exposure > 0)][0]
        raise EstimationError(f"'{offset}' holds the exposure {low:g}; allowed are numbers above zero")
    for side, rows in (("before", ~series.after), ("after", series.after)):
        if not counts[rows].any():
            raise EstimationError(
                f"'{series.name}' is zero in every period {side} the intervention; no rate ratio exists"
            )
