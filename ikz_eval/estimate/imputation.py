"""Imputation: what the treated would have been without treatment, from the untreated rows.

One method, one paper: Borusyak, Jaravel and Spiess. The first step is fitted with statsmodels; the estimate is linear
in the outcomes, so CR2 of ikz_eval/inference applies. Docs: docs/methods/imputation.md.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.observations import AVERAGES, Flags, Floats, Observations, read_observations
from ikz_eval.estimate.twoway_design import full_rank_columns, parts, two_way_columns
from ikz_eval.inference import LinearInference, WorkingModel, infer, working_model


@dataclass(frozen=True, slots=True)
class ImputationFit:
    """An imputation estimate.

    Attributes
    ----------
    estimate : float
        Average effect on the treated, in units of the outcome.
    inference : LinearInference or None
        CR2 by cluster; None with a single treated cluster, which allows no inference whatever the formula says.
    observations : Observations
        Rows used (n of them), and the rows dropped by reason.
    weights : ndarray
        c of b = c'y, shape (n,).
    treated_weights : ndarray
        Weight of each row's effect in the average, zero for untreated rows, shape (n,).
    counterfactual : ndarray
        Outcome without treatment as imputed, shape (n,).
    model : WorkingModel
        Unit and period effects and one constant effect.
    """

    estimate: float
    inference: LinearInference | None
    observations: Observations
    weights: Floats
    treated_weights: Floats
    counterfactual: Floats
    model: WorkingModel

    @property
    def effects(self) -> pd.DataFrame:
        """Effect, counterfactual and weight of each treated row: unit, cluster, period, effect, counterfactual, weight."""
        seen, treated = self.observations, self.observations.treated
        return pd.DataFrame(
            {
                "unit": np.array(seen.unit_names)[seen.unit[treated]],
                "cluster": np.array(seen.cluster_names)[seen.cluster[treated]],
                "period": seen.period[treated].astype(int),
                "effect": (seen.outcome - self.counterfactual)[treated],
                "counterfactual": self.counterfactual[treated],
                "weight": self.treated_weights[treated],
            }
        )

    @property
    def leverage_shares(self) -> dict[str, float]:
        """Share of each treated cluster in the sum of squares of c over treated clusters (domain, section 6)."""
        seen = self.observations
        squares = np.bincount(seen.cluster, self.weights**2, minlength=len(seen.cluster_names))
        treated = np.unique(seen.cluster[seen.treated])
        return {seen.cluster_names[code]: float(squares[code] / squares[treated].sum()) for code in treated}

    def to_frame(self) -> pd.DataFrame:
        """Return the estimate as one row: term, estimate, se, df, p, low, high."""
        row: dict[str, object] = {"term": "ATT", "estimate": self.estimate}
        for name in ("se", "df", "p", "low", "high"):
            row[name] = np.nan if self.inference is None else getattr(self.inference, name)
        return pd.DataFrame([row])


def fit_imputation(
    panel: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    period: str,
    cohort: str,
    cluster: str | None = None,
    share: str | None = None,
    average: str = "clusters",
    anticipation: int = 0,
) -> ImputationFit:
    """Estimate the average effect on the treated by imputation.

    Parameters
    ----------
    panel : pd.DataFrame
        One row per unit and period.
    outcome, unit, period, cohort, cluster, share : str
        Column names, see :func:`ikz_eval.estimate.observations.read_observations`.
    average : str
        ``clusters``: each treated cluster weighs the same; ``observations``: each treated row does.
    anticipation : int
        Periods before the start that are neither base nor effect.

    Raises
    ------
    EstimationError
        If no treated row can be imputed, or ``average`` is unknown.

    References
    ----------
    .. [1] Borusyak, K., Jaravel, X., Spiess, J. (2024). Revisiting event-study designs: robust and efficient
       estimation. *Review of Economic Studies* 91(6).
    """
    seen = read_observations(
        panel,
        outcome=outcome,
        unit=unit,
        period=period,
        cohort=cohort,
        cluster=cluster,
        share=share,
        anticipation=anticipation,
    )
    return impute(seen, average=average)


def impute(observations: Observations, *, average: str = "clusters") -> ImputationFit:
    """Estimate by imputation from observations already read; see :func:`fit_imputation`."""
    if average not in AVERAGES:
        raise EstimationError(f"average '{average}' is unknown; allowed: {', '.join(AVERAGES)}")
    seen = drop_unidentified(observations)
    treated = seen.treated
    shares = _treated_weights(seen, average)
    columns = two_way_columns(seen.unit, seen.period_code, len(seen.unit_names), seen.n_periods)
    counterfactual, untreated_weights = _fit_untreated(seen, columns, shares)
    weights = shares.copy()
    weights[~treated] = untreated_weights
    model = working_model(np.column_stack([columns, treated.astype(np.float64)]), seen.cluster)
    has_inference = np.unique(seen.cluster[treated]).size > 1
    estimate = float(shares @ (seen.outcome - counterfactual))
    inference = infer(model, weights, seen.outcome) if has_inference else None
    return ImputationFit(estimate, inference, seen, weights, shares, counterfactual, model)


def drop_unidentified(seen: Observations) -> Observations:
    """Drop treated rows whose untreated outcome the untreated rows cannot tell, counted by reason.

    Raises
    ------
    EstimationError
        If no treated row was there, or none remains.
    """
    treated = seen.treated
    if not treated.any():
        raise EstimationError("no row is treated; at least one unit must have a period at or after its cohort")
    if treated.all():
        raise EstimationError("every row is treated; imputation needs untreated rows")
    period = seen.period_code
    unit_part, period_part = parts(seen.unit[~treated], period[~treated], len(seen.unit_names), seen.n_periods)
    of_unit, of_period = unit_part[seen.unit], period_part[period]
    no_unit = treated & (of_unit < 0)
    no_period = treated & ~no_unit & (of_period < 0)
    apart = treated & ~no_unit & ~no_period & (of_unit != of_period)
    reasons = {
        "unit_without_untreated_rows": int(no_unit.sum()),
        "period_without_untreated_rows": int(no_period.sum()),
        "not_connected_by_untreated_rows": int(apart.sum()),
    }
    kept = seen.keep(~(no_unit | no_period | apart), +Counter(reasons))
    if not kept.treated.any():
        raise EstimationError(f"no treated row can be imputed; dropped: {kept.dropped}")
    return kept


def _treated_weights(seen: Observations, average: str) -> Floats:
    treated: Floats = seen.treated * seen.share
    if average == "observations":
        equal: Floats = treated / treated.sum()
        return equal
    total = np.bincount(seen.cluster, treated, minlength=len(seen.cluster_names))
    shares: Floats = treated / np.where(total > 0, total, 1.0)[seen.cluster] / (total > 0).sum()
    return shares


def _fit_untreated(seen: Observations, columns: Floats, shares: Floats) -> tuple[Floats, Floats]:
    """Return the imputed outcomes of all rows, and the weights with which the untreated outcomes enter."""
    from statsmodels.regression.linear_model import OLS

    untreated: Flags = ~seen.treated
    kept = full_rank_columns(seen.unit[untreated], seen.period_code[untreated], len(seen.unit_names), seen.n_periods)
    model = OLS(seen.outcome[untreated], columns[np.ix_(untreated, kept)])
    fit = model.fit(method="qr")
    if round(float(model.rank)) < int(kept.sum()):
        raise EstimationError("unit and period effects of the untreated rows are not all identified")
    counterfactual: Floats = columns[:, kept] @ np.asarray(fit.params)
    weights: Floats = -np.asarray(model.exog) @ (np.asarray(fit.normalized_cov_params) @ (columns[:, kept].T @ shares))
    return counterfactual, weights
