"""Imputation: what the treated would have been without treatment, from the untreated rows.

One method, one paper: Borusyak, Jaravel and Spiess. The first step is fitted with statsmodels; every estimate is linear
in the outcomes, so CR2 of ikz_eval/inference applies. Docs: docs/methods/imputation.md.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.imputation_terms import AGGREGATIONS, conservative_errors, term_weights
from ikz_eval.estimate.observations import AVERAGES, Flags, Floats, FromObservations, Observations, read_observations
from ikz_eval.estimate.shown import Shown
from ikz_eval.estimate.twoway_design import (
    full_rank_columns,
    panel_estimates,
    parts,
    untreated_columns,
    working_columns,
)
from ikz_eval.inference import LinearInference, WorkingModel, infer, infer_each, working_model
from ikz_eval.inference.estimator import LinearEstimates
from ikz_eval.inference.few_treated import RowDesign
from ikz_eval.inference.linear import column_basis


@dataclass(frozen=True, slots=True)
class ImputationFit(FromObservations, Shown):
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
        Unit and period effects, covariates and one constant effect, rows times the root of their weight.
    terms : tuple of str
        ``ATT`` first, then the terms of the aggregation asked for (``e=0``, ``g=2004``, ``t=2007``, ``ATT(2004,2006)``).
    term_weights : ndarray
        C of all terms, shape (n, terms); its first column is ``weights``.
    term_treated_weights : ndarray
        Weight of each row's effect in each term, shape (n, terms).
    """

    estimate: float
    inference: LinearInference | None
    observations: Observations
    weights: Floats
    treated_weights: Floats
    counterfactual: Floats
    model: WorkingModel
    terms: tuple[str, ...]
    term_weights: Floats
    term_treated_weights: Floats

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

    @property
    def linear(self) -> LinearEstimates:
        """All terms as linear in the outcomes; the bootstrap's model of no effect holds the absorbed effects only."""
        return panel_estimates(self.observations, self.terms, self.term_weights, restricted=True)

    @property
    def row_design(self) -> RowDesign:
        """Period, treatment and weight of the rows, for inference with few treated clusters."""
        return self.observations.row_design

    @property
    def conservative_errors(self) -> Floats:
        """Standard error of each term as in the paper: effects centred by cohort and period, clusters summed.

        Valid for many clusters without shocks in common, and here for comparison with published numbers alone: with three
        treated regions and normal quantiles it rejects 34 to 65 % of true nulls (docs/methods/calibration.md), so no table,
        p value or interval is made from it.
        """
        return conservative_errors(self.observations, self.counterfactual, self.term_weights, self.term_treated_weights)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a term: term, estimate, se, df, p, low, high (CR2), n_clusters."""
        seen = self.observations
        clusters = [np.unique(seen.cluster[column != 0]).size for column in self.term_treated_weights.T]
        several = np.array(clusters) > 1
        known = iter(_infer_columns(self, self.term_weights[:, several]) if several.any() else [])
        rows: list[dict[str, object]] = []
        for i, term in enumerate(self.terms):
            inference = next(known) if several[i] else None
            row: dict[str, object] = {"term": term, "estimate": float(self.term_weights[:, i] @ seen.outcome)}
            for name in ("se", "df", "p", "low", "high"):
                row[name] = np.nan if inference is None else getattr(inference, name)
            rows.append(row | {"n_clusters": clusters[i]})
        return pd.DataFrame(rows)


def _infer_columns(fit: ImputationFit, weights: Floats) -> list[LinearInference]:
    """Infer about several columns of weights in the fit's working model, in square-root-of-weight space."""
    root = np.sqrt(fit.observations.weight)
    return infer_each(fit.model, weights / root[:, None], root * fit.observations.outcome)


def fit_imputation(
    panel: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    period: str,
    cohort: str,
    cluster: str | None = None,
    covariates: Sequence[str] = (),
    weights: str | None = None,
    share: str | None = None,
    average: str = "clusters",
    aggregate: str = "simple",
    anticipation: int = 0,
) -> ImputationFit:
    """Estimate the average effect on the treated by imputation.

    Parameters
    ----------
    panel : pd.DataFrame
        One row per unit and period.
    outcome, unit, period, cohort, cluster, covariates, weights, share : str
        Column names, see :func:`ikz_eval.estimate.observations.read_observations`. Covariates enter the untreated
        model with one coefficient each; weights count in that model and in the average.
    average : str
        ``clusters``: each treated cluster weighs the same; ``observations``: each treated row does.
    aggregate : str
        ``simple``: the average alone; ``dynamic``, ``group``, ``calendar``, ``none``: also its parts by time since the
        start, cohort, period, or cohort and period.
    anticipation : int
        Periods before the start that are neither base nor effect.

    Raises
    ------
    EstimationError
        If no treated row can be imputed, a covariate is not identified, or ``average`` or ``aggregate`` is unknown.

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
        weights=weights,
        covariates=covariates,
        anticipation=anticipation,
    )
    return impute(seen, average=average, aggregate=aggregate)


def impute(observations: Observations, *, average: str = "clusters", aggregate: str = "simple") -> ImputationFit:
    """Estimate by imputation from observations already read; see :func:`fit_imputation`."""
    for name, found, allowed in (("average", average, AVERAGES), ("aggregate", aggregate, AGGREGATIONS)):
        if found not in allowed:
            raise EstimationError(f"{name} '{found}' is unknown; allowed: {', '.join(allowed)}")
    seen = drop_unidentified(observations)
    treated = seen.treated
    terms, shares = term_weights(seen, average, aggregate)
    counterfactual, untreated_weights = _fit_untreated(seen, shares)
    weights = shares.copy()
    weights[~treated] = untreated_weights
    root = np.sqrt(seen.weight)
    model = working_model(root[:, None] * working_columns(seen), seen.cluster)
    has_inference = np.unique(seen.cluster[treated]).size > 1
    estimate = float(shares[:, 0] @ (seen.outcome - counterfactual))
    inference = infer(model, weights[:, 0] / root, root * seen.outcome) if has_inference else None
    return ImputationFit(
        estimate, inference, seen, weights[:, 0], shares[:, 0], counterfactual, model, terms, weights, shares
    )


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


def _fit_untreated(seen: Observations, shares: Floats) -> tuple[Floats, Floats]:
    """Return the imputed outcomes of all rows, and the weights with which the untreated outcomes enter each term."""
    from statsmodels.regression.linear_model import WLS

    untreated: Flags = ~seen.treated
    kept = full_rank_columns(seen.unit[untreated], seen.period_code[untreated], len(seen.unit_names), seen.n_periods)
    columns = np.hstack([untreated_columns(seen)[:, : kept.size][:, kept], seen.covariates])
    model = WLS(seen.outcome[untreated], columns[untreated], weights=seen.weight[untreated])
    fit = model.fit(method="qr")
    if round(float(model.rank)) < int(kept.sum()) or seen.covariate_names:
        _require_rank(seen, np.asarray(model.wexog), int(kept.sum()))
    counterfactual: Floats = columns @ np.asarray(fit.params)
    to_outcomes = seen.weight[untreated, None] * columns[untreated]
    weights: Floats = -to_outcomes @ (np.asarray(fit.normalized_cov_params) @ (columns.T @ shares))
    return counterfactual, weights


def _require_rank(seen: Observations, columns: Floats, n_effects: int) -> None:
    """Refuse covariates that the unit and period effects of the untreated rows, or each other, leave nothing of."""
    effects = column_basis(columns[:, :n_effects])
    if effects.shape[1] < n_effects:
        raise EstimationError("unit and period effects of the untreated rows are not all identified")
    for k, name in enumerate(seen.covariate_names, start=1):
        if column_basis(columns[:, : n_effects + k]).shape[1] < n_effects + k:
            raise EstimationError(
                f"covariate '{name}' does not vary beyond unit and period effects (and the covariates before it) in the "
                "untreated rows; leave it out"
            )
