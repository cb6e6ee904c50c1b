"""The robustness card of a field: the primary estimate again, one thing changed at a time.

Holds what is changed. None of it is a verdict, and a check that the study's records do not allow says so instead of being
left out. Placebo starts are placebo.py; columns and units the contract's part (schemas/estimate.py). Docs:
docs/methods/robustness.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.evaluation import FieldEvaluation
from ikz_eval.estimate.imputation import ImputationFit, fit_imputation
from ikz_eval.inference import CoefficientInference, LinearInference, donald_lang, equivalence, region_changes
from ikz_eval.quarters import quarter_index

MARGIN = 0.05
"""Effects within 5 % either way count as practically none in the equivalence test; published effects are about 5 %."""
UNRECORDED = (
    "without_neighbours",
    "without_other_cooperation",
    "without_ikfz",
    "alternative_grouping",
    "missing_bounds",
)
"""Checks of the plan that need records no study has yet."""
LEAST_REGIONS = 2


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the card.

    Attributes
    ----------
    name, part : str
        The check, and what was left out or looked at (region, body, specification; ``all`` otherwise).
    estimate : float
        Log points; nan when there is none.
    low, high, p : float
        95 % interval and p, nan when withheld.
    n_units : int
        Units used.
    withheld : str or None
        Why interval and p, or all of it, are missing.
    """

    name: str
    part: str
    estimate: float = np.nan
    low: float = np.nan
    high: float = np.nan
    p: float = np.nan
    n_units: int = 0
    withheld: str | None = None


def robustness_card(
    found: FieldEvaluation, others: Sequence[FieldEvaluation], partnership: pd.DataFrame
) -> list[Check]:
    """Return the card of a field under the primary specification.

    Parameters
    ----------
    found : FieldEvaluation
        The primary one.
    others : sequence of FieldEvaluation
        The same field under every specification, for the specification curve.
    partnership : pd.DataFrame
        Contract ``partnership``; for the number of cases.
    """
    fit = found.partnership.imputation
    curve = [_fitted("specification", each.specification.name, each.partnership.imputation, each) for each in others]
    if fit is None:
        return [*curve, *(Check(name, "all", withheld="not_recorded") for name in UNRECORDED)]
    rows = _with_cases(found, partnership)
    return [
        *curve,
        *_per_region(fit),
        *_without_each_region(found, rows),
        *_without_each_body(found),
        _fitted("cases", "all", _tried(rows.assign(outcome=np.log(rows["cases"]))), found),
        _fitted("weighted_cases", "all", _tried(rows, weights="cases"), found),
        _donald_lang(found, rows),
        _equivalence(found, fit),
        *(Check(name, "all", withheld="not_recorded") for name in UNRECORDED),
    ]


def _with_cases(found: FieldEvaluation, partnership: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the primary estimate with the number of cases beside them."""
    cases = partnership.loc[partnership["field"] == found.field, ["unit", "quarter", "cases"]]
    rows = found.partnership.frame.rows.merge(cases, on=["unit", "quarter"], how="left", validate="one_to_one")
    return rows.assign(cases=rows["cases"].astype("float64"))


def _tried(rows: pd.DataFrame, *, weights: str | None = None) -> ImputationFit | None:
    """Return the primary method on other rows, None when it is not identified there."""
    try:
        return fit_imputation(
            rows, outcome="outcome", unit="unit", period="quarter", cohort="start", cluster="cluster", share="share",
            weights=weights,
        )  # fmt: skip
    except EstimationError:
        return None


def _fitted(name: str, part: str, fit: ImputationFit | None, found: FieldEvaluation) -> Check:
    if fit is None:
        return Check(name, part, withheld="not_identified")
    if not found.has_inference:
        return Check(name, part, fit.estimate, n_units=fit.n_units, withheld="too_few_regions")
    return _checked(name, part, fit.estimate, fit.inference, fit.n_units)


def _checked(
    name: str, part: str, estimate: float, inference: LinearInference | CoefficientInference | None, n_units: int
) -> Check:
    if inference is None:
        return Check(name, part, estimate, n_units=n_units, withheld="too_few_regions")
    return Check(name, part, estimate, inference.low, inference.high, inference.p, n_units)


def _per_region(fit: ImputationFit) -> Iterator[Check]:
    seen = fit.observations
    for code in np.unique(seen.cluster[seen.treated]):
        weights = np.where(seen.cluster == code, fit.treated_weights, 0.0)
        effect = float(weights @ (seen.outcome - fit.counterfactual) / weights.sum())
        yield Check("region_effect", seen.cluster_names[code], effect, n_units=1, withheld="one_region")


def _without_each_region(found: FieldEvaluation, rows: pd.DataFrame) -> Iterator[Check]:
    for region in sorted(found.partnership.frame.regions):
        fit = _tried(rows[rows["cluster"] != region])
        yield _fitted("leave_one_region_out", region, fit, found)


def _without_each_body(found: FieldEvaluation) -> Iterator[Check]:
    """Return the net effect on bodies without each participant, as a point: a body-level p never stands alone."""
    frame = found.body.frame
    if found.body.imputation is None:
        return
    taking_part = frame.rows.loc[frame.rows["cluster"].isin(frame.regions), "unit"]
    for body in sorted(taking_part.unique()):
        fit = _tried(frame.rows[frame.rows["unit"] != body])
        if fit is None:
            yield Check("leave_one_body_out", body, withheld="not_identified")
        else:
            yield Check("leave_one_body_out", body, fit.estimate, n_units=fit.n_units, withheld="body_level")


def _donald_lang(found: FieldEvaluation, rows: pd.DataFrame) -> Check:
    """Compare the changes of regions and blocks, each one number."""
    table = rows.pivot(index="cluster", columns="quarter", values="outcome").sort_index()
    quarters = [quarter_index(str(quarter)) for quarter in table.columns]
    starts = found.paths
    first = [
        np.inf if starts[str(unit)].start is None else int(np.searchsorted(quarters, quarter_index(str(starts[str(unit)].start))))
        for unit in table.index
    ]  # fmt: skip
    try:
        known = donald_lang(*region_changes(table.to_numpy(dtype=np.float64), np.array(first, dtype=np.float64)))
    except EstimationError:
        return Check("donald_lang", "all", withheld="not_identified")
    if not found.has_inference:
        return Check("donald_lang", "all", known.estimate, n_units=len(table), withheld="too_few_regions")
    return _checked("donald_lang", "all", known.estimate, known, len(table))


def _equivalence(found: FieldEvaluation, fit: ImputationFit) -> Check:
    """Test whether the effect lies within 5 % either way; interval at 90 %, as two one-sided tests have it."""
    known = fit.inference
    if known is None or not found.has_inference or not known.se > 0:
        return Check("equivalence", "all", fit.estimate, n_units=fit.n_units, withheld="too_few_regions")
    result = equivalence(known.estimate, known.se, known.df, lower=np.log1p(-MARGIN), upper=np.log1p(MARGIN))
    return Check("equivalence", "all", fit.estimate, result.low, result.high, result.p, fit.n_units)
