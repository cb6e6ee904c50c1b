"""What can be described of each model region on its own: before and after, synthetic counterparts, a break in its series.

Descriptive by construction: one region says nothing about uncertainty, so there are points and ranks and no interval. The
methods are ikz_eval/estimate/synthetic and series; here their rows are chosen. Docs: docs/methods/synthetic_control.md,
synthetic_did.md, interrupted.md.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.evaluation import FieldEvaluation
from ikz_eval.estimate.further.figure import Figure
from ikz_eval.estimate.series import fit_interrupted
from ikz_eval.estimate.synthetic import SyntheticControlFit, fit_synthetic_control, fit_synthetic_did

FAMILY = "description"
FEW_DONORS = 10
"""With fewer comparison bodies a rank says little."""
FRAGILE = 0.1
"""Weights that fit as well as the best give effects this far apart, in the donors' usual change from quarter to quarter."""
POOR_FIT = 2.0
"""A distance before the start beyond this many times the donors' usual change from quarter to quarter is poor."""
SHORT_SERIES = 12
"""A series with fewer quarters before the start shows hardly any trend."""
_COLUMNS = ["unit", "cluster", "quarter", "start", "outcome"]


def describe_regions(found: FieldEvaluation) -> Iterator[Figure]:
    """Yield what can be described of each region that has begun."""
    for region in sorted(found.partnership.frame.regions):
        rows = found.partnership.frame.rows
        series = rows[rows["cluster"] == region].sort_values("quarter", ignore_index=True)
        yield _before_after(region, series)
        panel = pd.concat([series[_COLUMNS], _comparison_bodies(found)], ignore_index=True)
        yield _synthetic_control(region, panel)
        yield _synthetic_did(region, panel)
        yield _interrupted(region, series)


def _comparison_bodies(found: FieldEvaluation) -> pd.DataFrame:
    """Return the rows of single comparison bodies, each with its block; they have no partners, so net is gross."""
    rows = found.body.frame.rows
    return rows.loc[rows["unit_kind"] == "block", _COLUMNS]


def _before_after(region: str, series: pd.DataFrame) -> Figure:
    """Compare means of log cost per case from the start on with those before it."""
    is_after = series["quarter"] >= series["start"]
    if is_after.all() or not is_after.any():
        return Figure(FAMILY, "before_after", region, withheld="not_identified")
    change = float(series.loc[is_after, "outcome"].mean() - series.loc[~is_after, "outcome"].mean())
    return Figure(FAMILY, "before_after", region, change, n_units=1, warnings=("no_comparison",), withheld="one_region")


def _synthetic_control(region: str, panel: pd.DataFrame) -> Figure:
    """Compare the partnership with the comparison bodies' weighted mean that went along with it before the start.

    Ranked among whole blocks: a region's mean moves less than a single body, so that its rank among bodies would mislead
    (docs/methods/synthetic_control.md has the rates).
    """
    try:
        fit = fit_synthetic_control(panel, **_NAMES, is_exact=True)
    except EstimationError:
        return Figure(FAMILY, "synthetic_control", region, withheld="not_identified")
    warnings = _control_warnings(fit)
    return _ranked(
        "synthetic_control", region, fit.estimate, fit.placebo.numbers(), fit.n_units, warnings, fit.rmspe[0]
    )


def _control_warnings(fit: SyntheticControlFit) -> tuple[str, ...]:
    left = fit.leave_one_out["estimate"]
    holds = {
        "poor_fit": fit.rmspe[0] > POOR_FIT * fit.noise,
        "fragile_weights": fit.equal_fit[1] - fit.equal_fit[0] > FRAGILE * fit.noise,
        "one_donor_matters": bool((left * fit.estimate <= 0).any()),
        "few_donors": fit.n_units - 1 < FEW_DONORS,
        "donors_dropped": bool(fit.dropped),
    }
    return tuple(name for name, is_so in holds.items() if is_so)


def _synthetic_did(region: str, panel: pd.DataFrame) -> Figure:
    """Compare the partnership's change with that of weighted comparison bodies over weighted quarters."""
    try:
        fit = fit_synthetic_did(panel, **_NAMES, is_ranked=False)
    except EstimationError:
        return Figure(FAMILY, "synthetic_did", region, withheld="not_identified")
    warnings = ("donors_dropped",) if fit.dropped else ()
    return _ranked("synthetic_did", region, fit.estimate, {}, fit.n_units, warnings)


def _interrupted(region: str, series: pd.DataFrame) -> Figure:
    """Look for a jump at the start in the partnership's own series, beside its trend."""
    try:
        fit = fit_interrupted(series, outcome="outcome", period="quarter", intervention=str(series["start"].iloc[0]))
    except EstimationError:
        return Figure(FAMILY, "interrupted", region, withheld="not_identified")
    level = fit.to_frame().set_index("term").loc["level", "estimate"]
    is_short = int((series["quarter"] < series["start"]).sum()) < SHORT_SERIES
    warnings = ("no_comparison", *(("short_series",) if is_short else ()))
    return Figure(FAMILY, "interrupted", region, float(str(level)), n_units=1, warnings=warnings, withheld="one_region")


_NAMES: Any = {"outcome": "outcome", "unit": "unit", "period": "quarter", "cohort": "start", "cluster": "cluster"}


def _ranked(
    method: str, region: str, estimate: float, ranks: Mapping[str, Any], n_units: int, warnings: tuple[str, ...],
    fit_before: float = float("nan"),
) -> Figure:  # fmt: skip
    rank, of = (float("nan") if ranks.get(key) is None else float(ranks[key]) for key in ("rank_blocks", "of_blocks"))
    return Figure(
        FAMILY, method, region, estimate, rank=rank, rank_of=of, fit_before=fit_before, n_units=n_units,
        warnings=warnings, withheld="one_region",
    )  # fmt: skip
