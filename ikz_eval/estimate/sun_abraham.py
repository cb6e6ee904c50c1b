"""Event-study effects by interaction with cohorts, averaged by cohort shares.

One method, one paper: Sun and Abraham. A point beside the primary estimate. Each cohort has its own path of effects
against the last period before its start; nothing treated earlier serves as a control. Docs: docs/methods/sun_abraham.md.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.absorbed_effects import prepare_effects, without_singletons
from ikz_eval.estimate.least_squares import LeastSquares, least_squares
from ikz_eval.estimate.observations import Flags, Floats, FromObservations, Observations, read_observations
from ikz_eval.estimate.regression import terms_frame
from ikz_eval.estimate.shown import Shown
from ikz_eval.estimate.treatment_start import with_start
from ikz_eval.estimate.twoway import require_contrast
from ikz_eval.inference.estimator import LinearEstimates
from ikz_eval.inference.sandwich import CoefficientInference

COMPARISONS = ("never", "last")
"""Never treated units, or those treated last (whose treated periods are then dropped for all)."""


@dataclass(frozen=True, slots=True)
class SunAbrahamFit(FromObservations, Shown):
    """Interaction-weighted effects.

    Attributes
    ----------
    fit : LeastSquares
        Terms ``e=-2`` and so on, without the reference, then ``ATT`` over all treated rows. Shares are taken as fixed.
    cells : pd.DataFrame
        One row per cohort and event time: term, group, event_time, estimate, share (of the cohort in its event time).
    comparison : str
        ``never`` or ``last``.
    reference : int
        Event time that all effects are measured against.
    observations : Observations
        Rows used, and the rows dropped by reason.
    """

    fit: LeastSquares
    cells: pd.DataFrame
    comparison: str
    reference: int
    observations: Observations

    @property
    def linear(self) -> LinearEstimates:
        """The averaged effects as linear estimates, for inference."""
        return self.fit.linear

    @property
    def classical(self) -> tuple[CoefficientInference, ...]:
        """Inference that assumes independent errors of one variance, a term each."""
        return self.fit.classical()

    def to_frame(self) -> pd.DataFrame:
        """Return one row a term: term, estimate, se_classical, df_classical, p_classical."""
        return terms_frame(self.fit)


def fit_sun_abraham(
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
    comparison: str | None = None,
    anticipation: int = 0,
) -> SunAbrahamFit:
    """Estimate effects by event time, each cohort on its own.

    Parameters
    ----------
    panel : pd.DataFrame
        One row per unit and period.
    outcome, unit, period : str
        Column names.
    treatment, cohort : str, optional
        Exactly one: 0 and 1 by row, or the first treated period (empty, 0 or infinite: never).
    cluster : str, optional
        Column of the clusters; the unit when left out.
    covariates : sequence of str
        Columns that change within units over time, entered linearly.
    weights : str, optional
        Column of weights; they weigh rows in the regression and in the shares.
    comparison : str, optional
        ``never`` or ``last``; when left out, never where there are such units.
    anticipation : int
        Periods before the start whose rows are dropped; the reference moves before them.

    Raises
    ------
    EstimationError
        If nothing is treated or left to compare with, or a cohort is not observed in its reference period.

    References
    ----------
    .. [1] Sun, L., Abraham, S. (2021). Estimating dynamic treatment effects in event studies with heterogeneous treatment
       effects. *Journal of Econometrics* 225(2).
    """
    started = with_start(panel, unit=unit, period=period, treatment=treatment, cohort=cohort)
    seen = read_observations(
        started.panel, outcome=outcome, unit=unit, period=period, cohort=started.cohort, cluster=cluster,
        anticipation=anticipation, covariates=covariates, weights=weights,
    )  # fmt: skip
    require_contrast(seen, seen.treated.astype(np.float64), treatment or started.cohort)
    seen = seen.keep(np.ones(seen.outcome.size, dtype=bool), started.dropped)
    seen, control, chosen = _with_control(_observed_untreated(seen), comparison)
    kept, singletons = without_singletons([seen.unit, seen.period_code])
    return _fit(seen.keep(kept, singletons), control[kept], chosen)


def _observed_untreated(seen: Observations) -> Observations:
    """Drop units that are never observed untreated: all their outcomes are effects."""
    has_before = np.zeros(len(seen.unit_names), dtype=bool)
    has_before[seen.unit[~seen.treated]] = True
    kept: Flags = has_before[seen.unit]
    return seen.keep(kept, +Counter({"unit_without_untreated_rows": int((~kept).sum())}))


def _with_control(seen: Observations, comparison: str | None) -> tuple[Observations, Flags, str]:
    """Return the rows to use, which of them are controls throughout, and the comparison chosen."""
    if comparison not in (None, *COMPARISONS):
        raise EstimationError(f"comparison '{comparison}' is unknown; allowed: {', '.join(COMPARISONS)}")
    never: Flags = seen.start > seen.period.max()
    if comparison != "last" and never.any():
        return seen, never, "never"
    if comparison == "never":
        raise EstimationError("no unit is never treated; allowed comparison here is last")
    started = np.unique(seen.start[~never])
    if started.size < (2 if not never.any() else 1) or started.size == 0:
        raise EstimationError("all units start in the same period and none is never treated; there is no comparison")
    last = started[-1]
    before: Flags = seen.period < last - seen.anticipation
    control: Flags = seen.start == last
    used = before & ~never
    reasons = Counter({"after_last_start": int((~before & ~never).sum()), "never_treated": int(never.sum())})
    return seen.keep(used, +reasons), control[used], "last"


def _fit(seen: Observations, control: Flags, comparison: str) -> SunAbrahamFit:
    reference = -1 - seen.anticipation
    cells, dummies = _cells(seen, control, reference)
    terms, shares = _shares(cells)
    effects = prepare_effects([seen.unit, seen.period_code], seen.weight)
    names = [*cells["term"], *seen.covariate_names]
    regressors = np.column_stack([dummies, seen.covariates])
    fit = least_squares(names, seen.outcome, regressors, effects, seen.cluster, seen.cluster_names)
    cells = cells.assign(estimate=fit.linear.estimates[: len(cells)]).drop(columns="weight")
    padded = np.vstack([shares, np.zeros((len(seen.covariate_names), len(terms)))])
    return SunAbrahamFit(fit.combined(terms, padded), cells, comparison, reference, seen)


def _cells(seen: Observations, control: Flags, reference: int) -> tuple[pd.DataFrame, Floats]:
    """Return the cells of cohort and event time, less the reference, and the dummy of each, shape (n, cells)."""
    event_time = np.where(control, np.inf, seen.period - seen.start)
    found, dummies = [], []
    for group in np.unique(seen.start[~control]):
        own = ~control & (seen.start == group)
        times = np.unique(event_time[own])
        if reference not in times:
            raise EstimationError(
                f"cohort {seen.name_of(group)} has no row in its reference period e={reference}; its effects have nothing "
                "to be measured against: leave the cohort out"
            )
        for time in times[times != reference]:
            inside = own & (event_time == time)
            term = f"ATT({seen.name_of(group)},{seen.name_of(group + time)})"
            found.append((term, seen.name_of(group), int(time), float(seen.weight[inside].sum())))
            dummies.append(inside.astype(np.float64))
    cells = pd.DataFrame(found, columns=["term", "group", "event_time", "weight"])
    if not (cells["event_time"] >= 0).any():
        raise EstimationError("no treated row is left to measure an effect on, once the comparison is set aside")
    return cells.assign(share=cells["weight"] / cells.groupby("event_time")["weight"].transform("sum")), np.array(
        dummies
    ).T


def _shares(cells: pd.DataFrame) -> tuple[list[str], Floats]:
    """Return the terms and the weight of each cell in them, shape (cells, terms)."""
    times = np.sort(cells["event_time"].unique())
    columns = [np.where(cells["event_time"] == time, cells["share"], 0.0) for time in times]
    treated = np.where(cells["event_time"] >= 0, cells["weight"], 0.0)
    return [*(f"e={time}" for time in times), "ATT"], np.column_stack([*columns, treated / treated.sum()])
