"""Bounds for missing deliveries: the estimate if each had been as cheap, or as dear, as any other body's.

A body-quarter without a delivery takes the body's mean number of cases and the lowest or highest real gross cost per case that
any body of the field had in that quarter. As the estimate is linear in the outcomes, c_i says for each row which end makes it
smallest: the two ends are exact bounds over all values between. Docs: docs/methods/robustness.md.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from ikz_eval.estimate.check import Check, tried
from ikz_eval.estimate.design import AnalysisFrame, partnership_frame
from ikz_eval.estimate.regrouped import Bodies, regrouped
from ikz_eval.estimate.robustness_records import Case

ENDS = ("lowest", "highest")


def missing_bounds(case: Case) -> Iterator[Check]:
    """Return the smallest and the largest estimate that missing deliveries allow, points both.

    Without a missing delivery both are the primary estimate. Bodies that never delivered, and quarters in which nobody did,
    cannot be filled: they stay missing.
    """
    low, high = (_filled(case, end) for end in ENDS)
    columns = ["unit", "quarter"]
    both = low.rows.merge(high.rows[[*columns, "outcome"]], on=columns, suffixes=("", "_high"), validate="one_to_one")
    fit = tried(both) if low.regions and low.is_log == high.is_log else None
    scale = replace(case.found.partnership.scale, is_log=low.is_log)
    for end in ENDS:
        if fit is None:
            yield Check("missing_bounds", end, withheld="not_identified")
            continue
        ends = both[["outcome", "outcome_high"]].to_numpy()[fit.observations.rows]
        smaller = (fit.weights > 0) == (end == "lowest")
        estimate = float(fit.weights @ np.where(smaller, ends.min(axis=1), ends.max(axis=1)))
        yield Check("missing_bounds", end, estimate, n_units=fit.n_units, withheld="bound", scale=scale)


def _filled(case: Case, end: str) -> AnalysisFrame:
    """Return the primary rows with every gap filled at one end."""
    bodies, field = case.bodies, case.found.field
    rows = pd.concat([bodies.rows, _fillings(bodies, end)], ignore_index=True)
    table = regrouped(replace(bodies, rows=rows), field, bodies.members)
    return partnership_frame(case.registry, case.found.specification, field, case.evaluation_quarter, table)


def _fillings(bodies: Bodies, end: str) -> pd.DataFrame:
    """Return the body-quarters without delivery, with the body's mean cases and a cost at one end of the others'."""
    delivered = bodies.rows[bodies.rows["ags"].isin(bodies.members)]
    per_case = (delivered["cost"] / delivered["cases"].where(delivered["cases"] > 0)).groupby(delivered["quarter"])
    price = per_case.min() if end == "lowest" else per_case.max()
    cases = delivered.groupby("ags")["cases"].mean()
    every = pd.MultiIndex.from_product([list(bodies.members), bodies.quarters], names=["ags", "quarter"])
    gaps = every.difference(pd.MultiIndex.from_frame(delivered[["ags", "quarter"]]), sort=True).to_frame(index=False)
    gaps["cases"] = cases.reindex(gaps["ags"]).to_numpy(dtype=np.float64)
    gaps["cost"] = gaps["cases"] * price.reindex(gaps["quarter"]).to_numpy(dtype=np.float64)
    return gaps.dropna(subset=["cost"])[["ags", "quarter", "cost", "cases"]]
