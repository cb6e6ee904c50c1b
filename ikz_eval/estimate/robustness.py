"""The robustness card of a field: the primary estimate again, one thing changed at a time.

Holds the order of the card and the checks that need nothing but the primary rows. None of it is a verdict, and a check that
the study's records do not allow says so instead of being left out. Records are robustness_records.py, missing deliveries
missing_deliveries.py, placebo starts placebo.py; columns and units the contract's part. Docs: docs/methods/robustness.md.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.check import Check, fitted, inferred, tried
from ikz_eval.estimate.evaluation import FieldEvaluation
from ikz_eval.estimate.imputation import ImputationFit
from ikz_eval.estimate.missing_deliveries import ENDS, missing_bounds
from ikz_eval.estimate.outcome_scale import LOG
from ikz_eval.estimate.regrouped import read_bodies
from ikz_eval.estimate.robustness_records import Case, record_checks, unknown_starts
from ikz_eval.inference import donald_lang, equivalence, region_changes
from ikz_eval.quarters import quarter_index
from ikz_eval.registry import Registry
from schemas.vocabulary import ROBUSTNESS_RECORDS

MARGIN = 0.05
"""Effects within 5 % either way count as practically none in the equivalence test; published effects are about 5 %."""


def robustness_card(
    registry: Registry,
    found: FieldEvaluation,
    others: Sequence[FieldEvaluation],
    evaluation_quarter: str,
    tables: tuple[pd.DataFrame, pd.DataFrame],
) -> list[Check]:
    """Return the card of a field under the primary specification.

    Parameters
    ----------
    registry : Registry
        The study.
    found : FieldEvaluation
        The primary one.
    others : sequence of FieldEvaluation
        The same field under every specification, for the specification curve.
    evaluation_quarter : str
        Last quarter that counts.
    tables : tuple of pd.DataFrame
        Contracts ``panel`` and ``partnership``.
    """
    panel, partnership = tables
    fit = found.partnership.imputation
    case = Case(registry, found, evaluation_quarter, read_bodies(panel, partnership, found.field))
    curve = [fitted("specification", each.specification.name, each.partnership.imputation, each) for each in others]
    if fit is None:
        lacking = [Check(name, "all", withheld="not_identified") for name in ROBUSTNESS_RECORDS]
        bounds = [Check("missing_bounds", end, withheld="not_identified") for end in ENDS]
        return [*curve, *lacking, *bounds, *unknown_starts(case)]
    rows = _with_cases(found, partnership)
    return [
        *curve,
        *_per_region(found, fit),
        *_without_each_region(found, rows),
        *_without_each_body(found),
        fitted("cases", "all", tried(rows.assign(outcome=np.log(rows["cases"]))), found, LOG),
        fitted("weighted_cases", "all", tried(rows, weights="cases"), found),
        _donald_lang(found, rows),
        _equivalence(found, fit),
        *record_checks(case),
        *missing_bounds(case),
        *unknown_starts(case),
    ]


def _with_cases(found: FieldEvaluation, partnership: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the primary estimate with the number of cases beside them."""
    cases = partnership.loc[partnership["field"] == found.field, ["unit", "quarter", "cases"]]
    rows = found.partnership.frame.rows.merge(cases, on=["unit", "quarter"], how="left", validate="one_to_one")
    return rows.assign(cases=rows["cases"].astype("float64"))


def _per_region(found: FieldEvaluation, fit: ImputationFit) -> Iterator[Check]:
    seen, scale = fit.observations, found.partnership.scale
    for code in np.unique(seen.cluster[seen.treated]):
        weights = np.where(seen.cluster == code, fit.treated_weights, 0.0)
        effect = float(weights @ (seen.outcome - fit.counterfactual) / weights.sum())
        yield Check("region_effect", seen.cluster_names[code], effect, n_units=1, withheld="one_region", scale=scale)


def _without_each_region(found: FieldEvaluation, rows: pd.DataFrame) -> Iterator[Check]:
    for region in sorted(found.partnership.frame.regions):
        fit = tried(rows[rows["cluster"] != region])
        yield fitted("leave_one_region_out", region, fit, found)


def _without_each_body(found: FieldEvaluation) -> Iterator[Check]:
    """Return the net effect on bodies without each participant, as a point: a body-level p never stands alone."""
    frame = found.body.frame
    if found.body.imputation is None:
        return
    taking_part = frame.rows.loc[frame.rows["cluster"].isin(frame.regions), "unit"]
    for body in sorted(taking_part.unique()):
        fit = tried(frame.rows[frame.rows["unit"] != body])
        if fit is None:
            yield Check("leave_one_body_out", body, withheld="not_identified")
        else:
            point, scale = fit.estimate, found.body.scale
            yield Check("leave_one_body_out", body, point, n_units=fit.n_units, withheld="body_level", scale=scale)


def _donald_lang(found: FieldEvaluation, rows: pd.DataFrame) -> Check:
    """Compare the changes of regions and blocks, each one number."""
    name, scale = "donald_lang", found.partnership.scale
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
        return Check(name, "all", withheld="not_identified")
    if not found.has_inference:
        return Check(name, "all", known.estimate, n_units=len(table), withheld="too_few_regions", scale=scale)
    return inferred(name, "all", known.estimate, known, len(table), scale)


def _equivalence(found: FieldEvaluation, fit: ImputationFit) -> Check:
    """Test whether the effect lies within 5 % either way; interval at 90 %, as two one-sided tests have it."""
    name, known, scale = "equivalence", fit.inference, found.partnership.scale
    lower, upper = scale.margin(MARGIN)
    if known is None or not found.has_inference or not known.se > 0 or not upper > 0:
        return Check(name, "all", fit.estimate, n_units=fit.n_units, withheld="too_few_regions", scale=scale)
    result = equivalence(known.estimate, known.se, known.df, lower=lower, upper=upper)
    return Check(name, "all", fit.estimate, result.low, result.high, result.p, fit.n_units, scale=scale)
