"""What can be described of each model region on its own: before and after, a synthetic control, a break in its series.

Descriptive by construction: one region says nothing about uncertainty, so there are points and ranks and no interval. The
methods are ikz_eval/estimate/synthetic and series; here their rows are chosen. Docs: docs/methods/synthetic_control.md.
"""

from collections.abc import Iterator

import pandas as pd

from ikz_eval.estimate.evaluation import FieldEvaluation
from ikz_eval.estimate.further.figure import Figure
from ikz_eval.quarters import quarter_index

FAMILY = "description"


def describe_regions(found: FieldEvaluation) -> Iterator[Figure]:
    """Yield what can be described of each region that has begun."""
    for region in sorted(found.partnership.frame.regions):
        series = _series(found, region)
        yield _before_after(region, series)


def _series(found: FieldEvaluation, region: str) -> pd.DataFrame:
    """Return quarter, number of the quarter, start and log cost per case of a region's partnership, in time order."""
    rows = found.partnership.frame.rows
    mine = rows[rows["cluster"] == region].sort_values("quarter", ignore_index=True)
    return mine.assign(time=[quarter_index(str(quarter)) for quarter in mine["quarter"]])


def _before_after(region: str, series: pd.DataFrame) -> Figure:
    """Compare means of log cost per case from the start on with those before it."""
    is_after = series["quarter"] >= series["start"]
    if is_after.all() or not is_after.any():
        return Figure(FAMILY, "before_after", region, withheld="not_identified")
    change = float(series.loc[is_after, "outcome"].mean() - series.loc[~is_after, "outcome"].mean())
    return Figure(FAMILY, "before_after", region, change, n_units=1, warnings=("no_comparison",), withheld="one_region")
