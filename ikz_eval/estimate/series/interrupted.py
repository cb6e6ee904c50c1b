"""Segmented regression of one interrupted series by least squares.

One method, one paper: Wagner and others (2002), with Newey-West standard errors. Regressors are segments.py, the variance is
newey_west.py, the words are series_words.py. Docs: docs/methods/interrupted.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.estimate.inferring import Numbers, Plan
from ikz_eval.estimate.observations import Floats
from ikz_eval.estimate.series.newey_west import LAG_RULE, choose_lags, newey_west
from ikz_eval.estimate.series.read_series import FromSeries, Series, read_series
from ikz_eval.estimate.series.segments import Design, Segments, design, parts_of
from ikz_eval.estimate.series.series_words import Findings, Jump, sentences
from ikz_eval.estimate.series.wald import require_residual, wald
from ikz_eval.estimate.shown import Shown


@dataclass(frozen=True, slots=True)
class SegmentedModel:
    """One least-squares fit of a series.

    Attributes
    ----------
    design : Design
        Its columns.
    coefficients, residuals : ndarray
        Shapes (k,) and (n,), in units of the outcome.
    bread : ndarray
        (X'X)^-1, shape (k, k).
    df : int
        n - k.
    """

    design: Design
    coefficients: Floats
    residuals: Floats
    bread: Floats
    df: int

    def errors(self, name: str, series: Series, lags: int) -> Floats:
        """Return the standard error of each coefficient, shape (k,)."""
        if name == "classical":
            variance = float(self.residuals @ self.residuals) / self.df
            return np.asarray(np.sqrt(variance * np.diag(self.bread)), dtype=np.float64)
        scores = self.design.columns * self.residuals[:, None]
        return np.asarray(np.sqrt(np.diag(newey_west(series, scores, self.bread, lags))), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class InterruptedFit(FromSeries, Shown):
    """Level, slope and trend of one series.

    Attributes
    ----------
    series : Series
        Rows used, and the rows dropped by reason.
    model : SegmentedModel
        The model asked for.
    plain : SegmentedModel or None
        The same without trend and slope, for the term ``before_after``; None where the model has none.
    lags : int
        Lags of the Newey-West variance.
    lag_rule : str
        How they were chosen.
    """

    series: Series
    model: SegmentedModel
    plain: SegmentedModel | None
    lags: int
    lag_rule: str

    own_inference = ("hac", "classical")

    @property
    def parts(self) -> tuple[tuple[str, SegmentedModel, int], ...]:
        """Each term with the model and the column it comes from."""
        return parts_of(self.model, self.plain)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a term: term, estimate, se_hac, se_classical."""
        errors = {
            name: [float(model.errors(name, self.series, self.lags)[column]) for _, model, column in self.parts]
            for name in self.own_inference
        }
        return pd.DataFrame(
            {
                "term": [term for term, _, _ in self.parts],
                "estimate": [float(model.coefficients[column]) for _, model, column in self.parts],
                "se_hac": errors["hac"],
                "se_classical": errors["classical"],
            }
        )

    def infer(self, name: str, plan: Plan) -> Mapping[str, Numbers]:
        """Return ``hac`` or ``classical`` of each term: se, df (n - k), p, low, high; of hac also lags and their rule."""
        further: Numbers = {"lags": self.lags, "lag_rule": self.lag_rule} if name == "hac" else {}
        return {
            term: wald(
                float(model.coefficients[column]),
                float(model.errors(name, self.series, self.lags)[column]),
                float(model.df),
                plan.confidence,
            )
            | further
            for term, model, column in self.parts
        }

    def describe(self, lang: str) -> tuple[str, ...]:
        """Return what can be said of the series as sentences in ``de`` or ``en``."""
        jumps = {term: Jump.of(self.infer("hac", Plan(("hac",)))[term], estimate) for term, estimate in self._points()}
        return sentences(Findings("hac", self.series, jumps, self.model.residuals, self.lags), lang)

    def _points(self) -> list[tuple[str, float]]:
        return [(term, float(model.coefficients[column])) for term, model, column in self.parts]


def fit_interrupted(
    panel: pd.DataFrame,
    *,
    outcome: str,
    period: str,
    intervention: str | float,
    unit: str | None = None,
    covariates: Sequence[str] = (),
    segments: Segments | None = None,
    lags: int | None = None,
) -> InterruptedFit:
    """Regress one series on level, trend and what else is asked for.

    Parameters
    ----------
    panel : pd.DataFrame
        One row a period.
    outcome, period : str
        Column names; periods are whole numbers or quarters as text (``2024-Q3``).
    intervention : str or float
        First period after the intervention.
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
        If the rows are not one series, the intervention leaves too few periods, or a regressor repeats others.
    UsageError
        If the intervention is not written as the periods are, or the segments contradict each other.

    References
    ----------
    .. [1] Wagner, A. K., Soumerai, S. B., Zhang, F., Ross-Degnan, D. (2002). Segmented regression analysis of interrupted
       time series studies in medication use research. *Journal of Clinical Pharmacy and Therapeutics* 27(4).
    """
    segments = segments or Segments()
    series = read_series(
        panel, outcome=outcome, period=period, intervention=intervention, unit=unit, covariates=covariates
    )
    model = _segmented(series, design(series, segments))
    plain = _segmented(series, design(series, segments.without_trend())) if model.design.has_trend else None
    chosen = choose_lags(series.n_periods, lags)
    return InterruptedFit(series, model, plain, chosen, LAG_RULE if lags is None else "as asked")


def _segmented(series: Series, columns: Design) -> SegmentedModel:
    import statsmodels.api as sm

    fit = sm.OLS(series.outcome, columns.columns).fit()
    require_residual(series.outcome, fit.resid)
    return SegmentedModel(columns, fit.params, fit.resid, fit.normalized_cov_params, int(fit.df_resid))
