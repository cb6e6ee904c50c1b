"""The partnership's effect by methods that assume other things: few treated regions, stacked comparison, honest bounds.

Points of orientation beside the primary estimate. Conley-Taber and Ferman-Pinto take their error from the comparison blocks
alone; the stacked comparison compares each region with blocks only; honest bounds ask how much violation of parallel trends
the first year bears. Docs: docs/methods/conley_taber.md, ferman_pinto.md, stacked.md, honest.md.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.evaluation import FieldEvaluation
from ikz_eval.estimate.few_treated import MANY_CLUSTERS
from ikz_eval.estimate.further.figure import Figure
from ikz_eval.estimate.imputation import ImputationFit, fit_imputation
from ikz_eval.estimate.stacked import fit_stacked
from ikz_eval.inference import conley_taber, ferman_pinto
from ikz_eval.inference.sandwich import cluster_robust

FAMILY = "few_treated"
LEAST_REGIONS = 2
YEAR = 4
"""Quarters of the window on each side of a start in the stacked comparison."""
SEED = 20_240_403
"""Seed of the drawn errors."""


def few_treated(found: FieldEvaluation) -> Iterator[Figure]:
    """Yield Conley-Taber, Ferman-Pinto (size: bodies of a region or block) and the stacked comparison."""
    if found.partnership.imputation is None:
        return
    if not found.has_inference:
        for name in ("conley_taber", "ferman_pinto", "stacked"):
            yield Figure(FAMILY, name, withheld="too_few_regions")
        return
    yield from _from_blocks(found)
    yield _stacked(found)


def _from_blocks(found: FieldEvaluation) -> Iterator[Figure]:
    """Yield both tests on the quarters that every block has, since a block with a gap lends no residuals."""
    rows, warnings = _common_quarters(found.partnership.frame.rows)
    members = found.partnership.frame.members
    for name in ("conley_taber", "ferman_pinto"):
        try:
            fit = fit_imputation(
                rows, outcome="outcome", unit="unit", period="quarter", cohort="start", cluster="cluster",
                average="clusters",
            )  # fmt: skip
            yield _tested(name, fit, members, warnings)
        except EstimationError:
            yield Figure(FAMILY, name, withheld="not_identified")


def _common_quarters(rows: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    blocks = rows[rows["unit_kind"] == "block"].groupby("quarter")["unit"].nunique()
    common = blocks.index[blocks == rows.loc[rows["unit_kind"] == "block", "unit"].nunique()]
    kept = rows[rows["quarter"].isin(common)]
    dropped = () if kept["quarter"].nunique() == rows["quarter"].nunique() else ("incomplete_quarters_dropped",)
    return kept, ("independent_blocks_assumed", *dropped)


def _tested(name: str, fit: ImputationFit, members: dict[str, int], warnings: tuple[str, ...]) -> Figure:
    seen = fit.observations
    sizes = np.array([float(members[seen.cluster_names[code]]) for code in seen.cluster])
    results = (
        conley_taber(fit.linear, fit.row_design, seed=SEED)
        if name == "conley_taber"
        else ferman_pinto(fit.linear, fit.row_design, sizes, seed=SEED)
    )
    one = results[0]
    if one.treated_clusters < LEAST_REGIONS:
        return Figure(FAMILY, name, estimate=fit.estimate, n_units=fit.n_units, withheld="too_few_regions")
    is_calibrated = one.comparison_clusters >= MANY_CLUSTERS  # else the point alone is published
    return Figure(
        FAMILY, name, estimate=fit.estimate, low=one.low if is_calibrated else np.nan,
        high=one.high if is_calibrated else np.nan, p=one.p if is_calibrated else np.nan, n_units=fit.n_units,
        warnings=warnings, withheld=None if is_calibrated else "size_too_large",
    )  # fmt: skip


def _stacked(found: FieldEvaluation) -> Figure:
    """Compare each region with blocks in the year before and the first year after its start."""
    frame = found.partnership.frame
    try:
        fit = fit_stacked(
            frame.rows, outcome="outcome", unit="unit", period="quarter", cohort="start", cluster="cluster",
            pre=YEAR, post=YEAR - 1,
        )  # fmt: skip
        known = dict(zip(fit.linear.terms, cluster_robust(fit.linear, "cr2"), strict=True))["ATT"]
    except EstimationError:
        return Figure(FAMILY, "stacked", withheld="not_identified")
    if len(fit.treated_clusters) < LEAST_REGIONS:
        return Figure(FAMILY, "stacked", estimate=known.estimate, n_units=fit.n_units, withheld="too_few_regions")
    trimmed = len(fit.treated_clusters) < len(frame.regions) or "incomplete_window" in fit.dropped
    return Figure(
        FAMILY, "stacked", estimate=known.estimate, low=known.low, high=known.high, p=known.p, n_units=fit.n_units,
        warnings=("first_year_only", *(("incomplete_quarters_dropped",) if trimmed else ())),
    )  # fmt: skip
