"""Exploratory outcomes of the partnerships: cases, cases per full-time equivalent, cost with one-off cost.

They were not named before the outcomes were read, so they are adjusted together over all fields (Romano-Wolf, one draw of
signs a region for all of them) and never "belegt". Docs: docs/methods/romano_wolf.md.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.evaluation import FieldEvaluation
from ikz_eval.estimate.further.figure import Figure
from ikz_eval.estimate.imputation import ImputationFit, fit_imputation
from ikz_eval.inference import RomanoWolf, romano_wolf

FAMILY = "exploratory"
NO_NOISE = 1e-9
"""A standard error below this [log points] is rounding: an outcome that never moves has nothing to test."""
SEED = 20_240_402
"""Seed of the signs, where there are too many to list."""


def explore_outcomes(evaluations: Sequence[FieldEvaluation], partnership: pd.DataFrame) -> dict[str, list[Figure]]:
    """Return the exploratory outcomes of every field, tested together.

    Fields without inference (one treated region, or too few blocks) have points and do not count in the adjustment.
    """
    fits = {(found.field, outcome): (found, fit) for found in evaluations for outcome, fit in _fits(found, partnership)}
    tested = {
        key: fit
        for key, (found, fit) in fits.items()
        if found.has_inference and fit is not None and fit.inference is not None and fit.inference.se > NO_NOISE
    }
    known = _adjusted(tested)
    figures: dict[str, list[Figure]] = {found.field: [] for found in evaluations}
    for key, (_, fit) in fits.items():
        figures[key[0]].append(_figure(key[1], fit, known.get(key)))
    return figures


def _fits(found: FieldEvaluation, partnership: pd.DataFrame) -> Iterator[tuple[str, ImputationFit | None]]:
    """Yield each outcome with the primary method on the rows of the primary estimate."""
    if not found.partnership.frame.regions:
        return
    mine = partnership[partnership["field"] == found.field]
    columns = ["unit", "quarter", "cases", "staff_fte", "real_gross_cost_cents", "real_transition_cents"]
    rows = found.partnership.frame.rows.merge(mine[columns], on=["unit", "quarter"], how="left", validate="one_to_one")
    cases = rows["cases"].astype("float64")
    with_transition = rows["real_gross_cost_cents"].astype("float64") + rows["real_transition_cents"].astype("float64")
    outcomes = {
        "outcome_cases": cases,
        "outcome_cases_per_fte": cases / rows["staff_fte"].astype("float64"),
        "outcome_cost_with_transition": with_transition / cases,
    }
    for name, values in outcomes.items():
        usable = np.isfinite(values) & (values > 0)
        yield name, _tried(rows[usable].assign(outcome=np.log(values[usable])))


def _tried(rows: pd.DataFrame) -> ImputationFit | None:
    try:
        return fit_imputation(
            rows,
            outcome="outcome",
            unit="unit",
            period="quarter",
            cohort="start",
            cluster="cluster",
            average="clusters",
        )
    except EstimationError:
        return None


def _adjusted(fits: Mapping[tuple[str, str], ImputationFit]) -> dict[tuple[str, str], RomanoWolf]:
    """Return p alone and adjusted over all outcomes; empty when they cannot be tested together."""
    if not fits:
        return {}
    try:
        found = romano_wolf([fit.linear for fit in fits.values()], seed=SEED, denominator="cr2")
    except EstimationError:
        return {}
    return dict(zip(fits, found, strict=True))


def _figure(outcome: str, fit: ImputationFit | None, tested: RomanoWolf | None) -> Figure:
    if fit is None:
        return Figure(FAMILY, outcome, withheld="not_identified")
    if tested is None or fit.inference is None:
        return Figure(FAMILY, outcome, estimate=fit.estimate, n_units=fit.n_units, withheld="too_few_regions")
    return Figure(
        FAMILY, outcome, estimate=fit.estimate, low=fit.inference.low, high=fit.inference.high, p=tested.p,
        p_adjusted=tested.adjusted_p, n_units=fit.n_units,
    )  # fmt: skip
