"""Two-way fixed effects with one constant effect: the foil beside the primary estimate.

One method, one paper: what this coefficient averages is Goodman-Bacon's decomposition (bacon.py). With staggered starts
some of its comparisons take the already treated as a control, so it is shown and never the estimate of an effect.
Docs: docs/methods/twoway.md.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.absorbed_effects import prepare_effects, without_singletons
from ikz_eval.estimate.least_squares import LeastSquares, least_squares
from ikz_eval.estimate.observations import Floats, FromObservations, Ints, Observations, read_observations
from ikz_eval.estimate.quick_arrays import chosen
from ikz_eval.estimate.regression import terms_frame
from ikz_eval.estimate.shown import Shown
from ikz_eval.estimate.treatment_start import require_columns, require_one
from ikz_eval.inference.estimator import LinearEstimates
from ikz_eval.inference.few_treated import RowDesign
from ikz_eval.inference.sandwich import CoefficientInference


@dataclass(frozen=True, slots=True)
class TwowayFit(FromObservations, Shown):
    """A two-way fixed-effects coefficient.

    Attributes
    ----------
    fit : LeastSquares
        The term ``ATT``; covariates stay in the working model.
    observations : Observations
        Rows used, and the rows dropped by reason. Starts are those of the cohort; all "never" where a treatment was given.
    treatment : ndarray
        The regressor: 0 and 1, or what the treatment column holds, shape (n,).
    """

    fit: LeastSquares
    observations: Observations
    treatment: Floats

    @property
    def linear(self) -> LinearEstimates:
        """The coefficient as a linear estimate, for inference."""
        return self.fit.linear

    @property
    def row_design(self) -> RowDesign:
        """Period, treatment and weight of the rows, for inference with few treated clusters."""
        return replace(self.observations.row_design, is_treated=self.treatment != 0)

    @property
    def classical(self) -> tuple[CoefficientInference, ...]:
        """Inference that assumes independent errors of one variance."""
        return self.fit.classical()

    def to_frame(self) -> pd.DataFrame:
        """Return the estimate as one row: term, estimate, se_classical, df_classical, p_classical."""
        return terms_frame(self.fit)


def fit_twoway(
    panel: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    period: str,
    treatment: str | None = None,
    cohort: str | None = None,
    cluster: str | None = None,
    covariates: Sequence[str] = (),
    weights: str | None = None,
    anticipation: int = 0,
) -> TwowayFit:
    """Regress the outcome on the treatment with unit and period effects.

    Parameters
    ----------
    panel : pd.DataFrame
        One row per unit and period.
    outcome, unit, period : str
        Column names.
    treatment, cohort : str, optional
        Exactly one: a column of numbers used as it is (0 and 1, or a share of the period), or the first treated period
        (empty, 0 or infinite: never).
    cluster : str, optional
        Column of the clusters; the unit when left out.
    covariates : sequence of str
        Columns that change within units over time.
    weights : str, optional
        Column of weights.
    anticipation : int
        Periods before the start whose rows are dropped; needs a cohort.

    Raises
    ------
    EstimationError
        If there is one period only, nothing is treated, or the treatment does not vary beside the effects.

    References
    ----------
    .. [1] Goodman-Bacon, A. (2021). Difference-in-differences with variation in treatment timing. *Journal of
       Econometrics* 225(2).
    """
    named = require_one(treatment, cohort)
    require_columns(panel, (named,))
    if treatment is not None and anticipation:
        raise EstimationError("anticipation needs a cohort: a treatment column does not say when it was foreseen")
    seen, missing = panel, 0
    if treatment is not None:
        seen = panel.loc[panel[treatment].notna()] if panel[treatment].hasnans else panel
        missing = len(panel) - len(seen)
    known = read_observations(
        seen, outcome=outcome, unit=unit, period=period, cohort=cohort, cluster=cluster,
        anticipation=anticipation, weights=weights,
        covariates=[*covariates] if treatment is None else [treatment, *covariates],
    )  # fmt: skip
    periods = known.period_code
    kept, singletons = without_singletons([known.unit, periods])
    known = known.keep(kept, singletons + Counter({"treatment_missing": missing}))
    return _fit(known, chosen(periods, kept), has_start=treatment is None, name=named)


def _fit(known: Observations, periods: Ints, *, has_start: bool, name: str) -> TwowayFit:
    treated = known.treated.astype(np.float64) if has_start else known.covariates[:, 0]
    covariates = known.covariates if has_start else known.covariates[:, 1:]
    names = known.covariate_names if has_start else known.covariate_names[1:]
    require_contrast(known, treated, name)
    effects = prepare_effects([known.unit, periods], known.weight)
    regressors = np.column_stack([treated, covariates]) if covariates.size else treated[:, None]
    try:
        fit = least_squares(["ATT", *names], known.outcome, regressors, effects, known.cluster, known.cluster_names)
    except EstimationError:
        left = effects.residuals(effects.scaled(treated))
        if left @ left > _NOTHING_LEFT * (treated @ treated):
            raise
        raise EstimationError(
            f"'{name}' does not vary beside unit and period effects: allowed is a treatment that some units have and "
            "others do not have in the same period"
        ) from None
    return TwowayFit(fit.only(["ATT"]), known, treated)


_NOTHING_LEFT = 1e-18
"""Sum of squares left of a treatment that unit and period effects explain, relative to its own: rounding."""


def require_contrast(known: Observations, treated: Floats, name: str) -> None:
    """Refuse panels in which no effect can be seen, with the reason in words."""
    if known.n_periods < 2:
        raise EstimationError("the panel has a single period; at least one before and one after the start are needed")
    if not treated.any():
        raise EstimationError(f"no row is treated: '{name}' names no unit and period that is observed as treated")
    if treated.all():
        raise EstimationError("every unit is treated from its first observed period on; nothing is observed untreated")
