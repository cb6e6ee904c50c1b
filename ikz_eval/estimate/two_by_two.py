"""Two groups, before and after: the difference of two differences of means.

One method, one paper: Card and Krueger. Works for panels and for repeated cross-sections (no unit column), with
covariates and weights. One start only; staggered starts belong to the other methods. Docs: docs/methods/two_by_two.md.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.absorbed_effects import prepare_effects
from ikz_eval.estimate.least_squares import LeastSquares, least_squares
from ikz_eval.estimate.observations import Flags, Floats
from ikz_eval.estimate.regression import row_clusters, terms_frame
from ikz_eval.estimate.shown import Shown
from ikz_eval.estimate.treatment_start import require_columns, require_one
from ikz_eval.estimate.two_groups import TwoGroups, groups_by_cohort, groups_by_treatment
from ikz_eval.estimate.usable_rows import UsableRows, usable_rows
from ikz_eval.inference.estimator import LinearEstimates
from ikz_eval.inference.few_treated import RowDesign
from ikz_eval.inference.sandwich import CoefficientInference


@dataclass(frozen=True, slots=True)
class TwoByTwoFit(Shown):
    """A difference in differences.

    Attributes
    ----------
    fit : LeastSquares
        The term ``ATT``; group, time and covariates stay in the working model.
    cells : pd.DataFrame
        One row per group and time: is_treated_group, is_after, rows, mean (weighted) of the outcome.
    n_units : int or None
        Units used; None without a unit column.
    dropped : dict of str to int
        Rows dropped, by reason.
    row_design : RowDesign
        Period, treatment and weight of the rows, for inference with few treated clusters.
    """

    fit: LeastSquares
    cells: pd.DataFrame
    n_units: int | None
    dropped: dict[str, int]
    row_design: RowDesign

    @property
    def linear(self) -> LinearEstimates:
        """The effect as a linear estimate, for inference."""
        return self.fit.linear

    @property
    def classical(self) -> tuple[CoefficientInference, ...]:
        """Inference that assumes independent errors of one variance."""
        return self.fit.classical()

    @property
    def n_obs(self) -> int:
        """Number of rows used."""
        return self.linear.n_obs

    def to_frame(self) -> pd.DataFrame:
        """Return the estimate as one row: term, estimate, se_classical, df_classical, p_classical."""
        return terms_frame(self.fit)


def fit_two_by_two(
    panel: pd.DataFrame,
    *,
    outcome: str,
    period: str,
    unit: str | None = None,
    treatment: str | None = None,
    cohort: str | None = None,
    cluster: str | None = None,
    covariates: Sequence[str] = (),
    weights: str | None = None,
    balanced: bool = False,
) -> TwoByTwoFit:
    """Estimate the effect as the change of the treated group less the change of the other.

    Parameters
    ----------
    panel : pd.DataFrame
        One row per unit and period, or per observation of repeated cross-sections.
    outcome, period : str
        Column names. More than two periods are taken together as before and after the one start.
    unit : str, optional
        Column of units, where the same are seen again. Serves clusters and checks; no unit effects are taken out, so
        units seen once count (``twoway`` takes unit effects out).
    treatment, cohort : str, optional
        Exactly one. ``treatment``: 0 and 1, either the group (two periods only) or "treated in this period" (then by
        unit, or else by cluster). ``cohort``: first treated period; empty, 0 or infinite for the comparison group.
    cluster : str, optional
        Column of the clusters; the unit when left out, without a unit each row.
    covariates : sequence of str
        Columns of numbers, entered linearly.
    weights : str, optional
        Column of weights.
    balanced : bool
        Keep only units seen both before and after.

    Raises
    ------
    EstimationError
        If there is one period only, more than one start, an empty cell, or a covariate that is not identified.

    References
    ----------
    .. [1] Card, D., Krueger, A. B. (1994). Minimum wages and employment. *American Economic Review* 84(4).
    """
    named = require_one(treatment, cohort)
    require_columns(panel, (period, named))
    clusters = unit if cluster is None else cluster
    seen = usable_rows(
        panel,
        numbers={"outcome": (outcome,), "covariate": tuple(covariates)},
        keys={"unit": _named(unit), "period": (period,), "cluster": _named(clusters)} | _treatment_key(treatment),
        weights=weights,
    )
    if cohort is not None:
        groups = groups_by_cohort(panel, period=period, cohort=cohort, within=unit)
    else:
        groups = groups_by_treatment(panel, period=period, treatment=named, within=clusters, rows=seen.rows)
    _require_once(panel, seen, unit, period)
    return _fit(seen, groups, tuple(covariates), balanced)


def _named(name: str | None) -> tuple[str, ...]:
    return () if name is None else (name,)


def _treatment_key(treatment: str | None) -> dict[str, tuple[str, ...]]:
    return {} if treatment is None else {"treatment": (treatment,)}


def _fit(seen: UsableRows, groups: TwoGroups, covariates: tuple[str, ...], balanced: bool) -> TwoByTwoFit:
    kept = groups.is_known[seen.rows]
    reasons = Counter({"group_unknown": int((~kept).sum())})
    group, after = groups.is_treated[seen.rows], groups.is_after[seen.rows]
    if balanced:
        both = _seen_twice(seen, after, kept)
        reasons["unit_not_in_both"] = int((kept & ~both).sum())
        kept = kept & both
    cells = _cells(seen.numbers["outcome"][kept, 0], group[kept], after[kept], seen.weight[kept])
    codes, names = seen.keys["cluster"][0] if seen.keys["cluster"] else row_clusters(seen.rows)
    further = seen.numbers.get("covariate", np.empty((seen.n_obs, 0)))
    regressors = np.column_stack([group & after, group, after, further]).astype(np.float64)[kept]
    terms = ["ATT", "treated group", "after", *covariates]
    effects = prepare_effects([], seen.weight[kept])
    fit = least_squares(terms, seen.numbers["outcome"][kept, 0], regressors, effects, codes[kept], names)
    n_units = int(np.unique(seen.keys["unit"][0][0][kept]).size) if seen.keys["unit"] else None
    dropped = dict(sorted((Counter(seen.dropped) + reasons).items()))
    period = np.unique(seen.keys["period"][0][0][kept], return_inverse=True)[1].astype(np.intp)
    rows = RowDesign(period, (group & after)[kept], seen.weight[kept], seen.rows[kept])
    return TwoByTwoFit(fit.only(["ATT"]), cells, n_units, dropped, rows)


def _cells(outcome: Floats, group: Flags, after: Flags, weight: Floats) -> pd.DataFrame:
    """Return rows and mean of the four cells; refuse an empty one."""
    found = []
    for is_treated in (False, True):
        for is_after in (False, True):
            inside = (group == is_treated) & (after == is_after)
            if not inside.any():
                who, when = "treated" if is_treated else "comparison", "after" if is_after else "before"
                raise EstimationError(
                    f"the {who} group has no usable row {when} the start; all four of group and time are needed"
                )
            mean = float(np.average(outcome[inside], weights=weight[inside]))
            found.append((is_treated, is_after, int(inside.sum()), mean))
    return pd.DataFrame(found, columns=["is_treated_group", "is_after", "rows", "mean"])


def _seen_twice(seen: UsableRows, after: Flags, kept: Flags) -> Flags:
    """Return the rows of units that are seen before and after."""
    if not seen.keys["unit"]:
        raise EstimationError("a balanced two-by-two needs a unit column: without it no unit is seen twice")
    unit, names = seen.keys["unit"][0]
    times = [np.bincount(unit[kept & (after == is_after)], minlength=len(names)) > 0 for is_after in (False, True)]
    both: Flags = (times[0] & times[1])[unit]
    return both


def _require_once(panel: pd.DataFrame, seen: UsableRows, unit: str | None, period: str) -> None:
    if unit is None:
        return
    used = panel.iloc[seen.rows]
    twice = used.duplicated([unit, period])
    if twice.any():
        first = ", ".join(str(value) for value in used.loc[twice, [unit, period]].iloc[0])
        raise EstimationError(
            f"unit and period occur more than once, first ({first}); allowed is one row each, or no unit column"
        )
