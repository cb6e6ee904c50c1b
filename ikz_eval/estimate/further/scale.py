"""Scale: how cost grows with cases between bodies that do not cooperate (yet), at sizes the study's bodies have.

Which rows enter (untreated quarters only) and which sizes are asked for; the cost function is ikz_eval/estimate/scale.
An association between bodies of different size, no promise to those that merge. Docs: docs/methods/cost_function.md.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import special

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.evaluation import FieldEvaluation
from ikz_eval.estimate.further.figure import Figure
from ikz_eval.estimate.scale import CostFunctionFit, fit_cost_function
from ikz_eval.inference import CoefficientInference
from ikz_eval.inference.sandwich import cluster_robust

FAMILY = "scale"
QUANTILES = (0.25, 0.5, 0.75)
"""Sizes at which the elasticity is published: quartiles of the cases of a body in a quarter."""


def scale_elasticities(found: FieldEvaluation, panel: pd.DataFrame) -> Iterator[Figure]:
    """Yield the elasticity of real running cost by cases: one for all sizes, then at the quartiles of size."""
    rows = _untreated(found, panel)
    if rows.empty:
        return
    sizes = [float(round(size)) for size in rows["cases"].quantile(list(QUANTILES))]
    yield from _of_form(found, rows, "loglog", ())
    yield from _of_form(found, rows, "translog", tuple(dict.fromkeys(sizes)))


def _untreated(found: FieldEvaluation, panel: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of bodies before their region's start, or without one, that the net analysis uses."""
    used = found.body.frame.rows
    used = used[used["start"].isna() | (used["quarter"] < used["start"].fillna(""))]
    mine = panel[panel["field"] == found.field][["ags", "quarter", "cases", "real_gross_cost_cents"]]
    rows = used.merge(mine, left_on=["unit", "quarter"], right_on=["ags", "quarter"], validate="one_to_one")
    cost = rows["real_gross_cost_cents"].astype("float64") / 100
    return rows.assign(cost=cost, cases=rows["cases"].astype("float64"))


def _of_form(found: FieldEvaluation, rows: pd.DataFrame, form: str, sizes: tuple[float, ...]) -> Iterator[Figure]:
    parts = [f"{size:.0f}" for size in sizes] or ["all"]
    try:
        fit = fit_cost_function(
            rows, outcome="cost", output="cases", form=form, at=sizes, unit="unit", period="quarter", cluster="cluster"
        )
        known = dict(zip(fit.linear.terms, cluster_robust(fit.linear, "cr2"), strict=True))
    except EstimationError:
        yield from (Figure(FAMILY, "cost_function", part, withheld="not_identified") for part in parts)
        return
    for part in parts:
        term = "elasticity" if part == "all" else f"elasticity({part})"
        yield _figure(part, known[term], fit)


def _figure(part: str, known: CoefficientInference, fit: CostFunctionFit) -> Figure:
    """Return an elasticity with its interval, and p against constant returns to scale (1)."""
    clusters = fit.linear.n_clusters
    point = Figure(
        FAMILY, "cost_function", part, known.estimate, n_units=fit.n_units or 0, warnings=("association_only",)
    )
    if clusters < 3 or not known.se > 0:
        return Figure(
            FAMILY, "cost_function", part, known.estimate, n_units=point.n_units, warnings=point.warnings,
            withheld="too_few_regions",
        )  # fmt: skip
    p = float(2 * special.stdtr(known.df, -abs((known.estimate - 1) / known.se)))
    return Figure(
        FAMILY, "cost_function", part, known.estimate, known.low, known.high, p if np.isfinite(p) else np.nan,
        n_units=point.n_units, warnings=point.warnings,
    )  # fmt: skip
