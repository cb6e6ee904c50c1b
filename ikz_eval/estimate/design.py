"""The one place where a specification is applied to the panel and the partnerships.

Decides which rows of a field are used, which start counts and what the outcome is; every row left out is counted with
its reason. Fitting is the methods' part, judging verdict.py's. No other code reads ``anticipation_quarters``,
``late_joiners`` or the exclusions of the panel.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.quarters import quarter_index, quarter_of_date, quarter_range, quarter_shift, quarter_start
from ikz_eval.registry import Registry, Specification

GROSS_OUTCOME = "log_real_gross_cost_per_case"
NET_OUTCOME = "log_real_net_cost_per_case"
OUTCOMES = {"partnership": GROSS_OUTCOME, "body": NET_OUTCOME}
"""Level -> outcome [log EUR per case at prices of the base]."""
IN_LEVELS = {GROSS_OUTCOME: "real_gross_cost_per_case", NET_OUTCOME: "real_net_cost_per_case"}
"""Outcome in logs -> the same in levels [EUR per case], taken by the whole field where one row's cost has no logarithm."""
METHODS = ("imputation",)
SHARE_QUARTERS = 4
"""Quarters before the start whose cases fix the weights of bodies (domain, section 6)."""
LATE_JOINERS = ("region_start", "own_start")
PATH_REASONS = ("partial_quarter", "partly_joined", "anticipation")
"""Reasons that belong to a start path: whoever takes over the path takes them over."""


@dataclass(frozen=True, slots=True)
class StartPath:
    """When a unit started, and the quarters left out because of it.

    Attributes
    ----------
    start : str or None
        First treated quarter; None when not by the evaluation.
    excluded : tuple of str
        Quarters that are neither base nor effect, in order.
    """

    start: str | None
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnalysisFrame:
    """The rows of one field, level and specification.

    Attributes
    ----------
    rows : pd.DataFrame
        One row per unit and quarter: ``unit`` (region, block or AGS), ``cluster`` (region or block), ``quarter``,
        ``start`` (first treated quarter, empty when never), ``share`` (weight within the cluster, see
        :func:`case_shares`), ``outcome`` [log EUR per case; EUR per case in levels].
    outcome : str
        Name of the outcome, one of :data:`IN_LEVELS`.
    dropped : dict of str to int
        Rows left out, by reason.
    regions, blocks : frozenset of str
        Model regions that have begun, and comparison blocks, with usable rows.
    members : dict of str to int
        Bodies that make up each unit (1 at level body).
    anticipation : int
        Quarters before the start that are neither base nor effect.
    path_rows : pd.DataFrame
        Rows left out because of the unit's start path (:data:`PATH_REASONS`), in the columns of ``rows``; the outcome is
        missing where it cannot be formed. Under another path they would be used.
    not_positive : int
        Used rows with zero or negative cost; with any, the outcome is in levels.
    """

    rows: pd.DataFrame
    outcome: str
    dropped: dict[str, int]
    regions: frozenset[str]
    blocks: frozenset[str]
    members: dict[str, int]
    anticipation: int
    path_rows: pd.DataFrame
    not_positive: int = 0

    @property
    def is_log(self) -> bool:
        """Whether the outcome is in logs, not in EUR per case."""
        return self.outcome in IN_LEVELS


def check_specification(specification: Specification) -> None:
    """Refuse a specification that no code of this project carries out.

    Raises
    ------
    EstimationError
        If the method, the average or the rule for late joiners is unknown.
    """
    for name, found, allowed in (
        ("method", specification.method, METHODS),
        ("late_joiners", specification.late_joiners, LATE_JOINERS),
        ("average", specification.average, ("regions",)),
    ):
        if found not in allowed:
            raise EstimationError(
                f"specification '{specification.name}': {name} is '{found}'; allowed: {', '.join(allowed)}"
            )


def partnership_frame(
    registry: Registry, specification: Specification, field: str, evaluation_quarter: str, partnership: pd.DataFrame
) -> AnalysisFrame:
    """Return the rows of the gross analysis: a row per region or block and quarter.

    With ``late_joiners = "own_start"`` a region counts as treated from the quarter in which its last member joined;
    the quarters in which only some had joined are partly treated and left out, as a partly treated quarter is. (Leaving
    the late joiner out of the sums instead would keep its work at the host in the cost but drop its cases.)
    """
    rows = partnership[partnership["field"] == field].copy()
    rows["start"] = rows["cohort"]
    reason = _common_reasons(rows, rows["real_gross_cost_cents"], evaluation_quarter)
    if specification.late_joiners == "own_start":
        reason = _wait_for_last_member(rows, reason, own_starts(registry, field))
    incomplete = rows["members_delivered"] < rows["members"]
    reason = reason.mask(reason.isin(["price_missing", "no_cases"]) & incomplete, "members_missing")
    per_case = _per_case(rows["real_gross_cost_cents"], rows["cases"])
    members = dict(zip(rows["unit"], rows["members"].astype(int), strict=True))
    kept = _Kept(rows.assign(cluster=rows["unit"], share=1.0), per_case, reason, GROSS_OUTCOME, members)
    return _frame(specification, field, evaluation_quarter, kept)


def body_frame(
    registry: Registry, specification: Specification, field: str, evaluation_quarter: str, panel: pd.DataFrame
) -> AnalysisFrame:
    """Return the rows of the net analysis: a row per body and quarter, clustered by region or block.

    With ``late_joiners = "own_start"`` a body takes its own start; a body of a treated region that never joined is
    left out, since it is neither treated nor untouched.
    """
    rows = panel[panel["field"] == field].copy()
    rows["start"] = rows["cohort"]
    reason = _common_reasons(rows, rows["real_net_cost_cents"], evaluation_quarter)
    if specification.late_joiners == "own_start":
        own = own_starts(registry, field).set_index("ags")
        rows["start"] = rows["own_start"]
        cut = (rows["quarter"] == rows["start"]) & rows["ags"].map(own["is_inside"]).eq(True)
        never = rows["cohort"].notna() & rows["start"].isna()
        reason = reason.mask(reason.isna() & never, "never_joined").mask(reason.isna() & cut, "partial_quarter")
    rows = rows.assign(cluster=rows["unit"], unit=rows["ags"], share=case_shares(rows, reason))
    per_case = _per_case(rows["real_net_cost_cents"], rows["cases"])
    kept = _Kept(rows, per_case, reason, NET_OUTCOME, dict.fromkeys(rows["unit"], 1))
    return _frame(specification, field, evaluation_quarter, kept)


def case_shares(rows: pd.DataFrame, reason: pd.Series) -> pd.Series:
    """Return the weight of each body: its cases in the last four usable quarters before its region's start.

    Fixed before the start, so that a change of the mix is no effect. A body without such a quarter gets one case: too
    little to count, and without an untreated quarter its rows are dropped anyway. Comparison bodies weigh alike.
    """
    usable = reason.isna() | (reason == "cost_not_positive")
    before = rows[usable & rows["cohort"].notna() & (rows["quarter"] < rows["cohort"].fillna(""))]
    last = before.sort_values("quarter").groupby("ags").tail(SHARE_QUARTERS)
    mean = last.groupby("ags")["cases"].mean().astype("float64")
    shares = rows["ags"].map(mean).astype("float64")
    return shares.where(rows["cohort"].notna(), 1.0).fillna(1.0)


def own_starts(registry: Registry, field: str) -> pd.DataFrame:
    """Return each participant's own start in a field: ags, unit, quarter, is_inside (after the quarter's first day)."""
    known = registry.agreements
    known = known[(known["field"] == field) & (known["status"] == "valid") & known["unit"].notna()]
    first = known.dropna(subset=["start"]).groupby("ags").agg(unit=("unit", "first"), day=("start", "min"))
    days = [date.fromisoformat(day) for day in first["day"]]
    quarters = [quarter_of_date(day) for day in days]
    return pd.DataFrame(
        {
            "ags": first.index.astype("str"),
            "unit": first["unit"].to_numpy(),
            "quarter": pd.Series(quarters, dtype="str").to_numpy(),
            "is_inside": np.array([day > quarter_start(q) for day, q in zip(days, quarters, strict=True)], dtype=bool),
        }
    )


def _common_reasons(rows: pd.DataFrame, cost: pd.Series, evaluation_quarter: str) -> pd.Series:
    """Return why each row is left out, missing when it is not; the first reason that applies counts."""
    excluded = rows["exclusion"].to_numpy(dtype=object)
    is_region = rows["unit_kind"].to_numpy(dtype=object) == "region"
    has_start = rows["cohort"].notna().to_numpy()
    cents = cost.to_numpy(dtype=np.float64, na_value=np.nan)
    cases = rows["cases"].to_numpy(dtype=np.float64, na_value=np.nan)
    flags = {
        "after_evaluation_quarter": rows["quarter"].to_numpy(dtype=object) > evaluation_quarter,
        "region_without_start": is_region & ~has_start,
        "block_with_cooperation": ~is_region & has_start,
        "partial_quarter": rows["is_partial"].to_numpy(dtype=bool),
        "price_missing": np.isnan(cents),
        "no_cases": ~(cases > 0),
        "cost_not_positive": cents <= 0,
    }
    is_excluded = rows["exclusion"].notna().to_numpy()
    reason = np.full(len(rows), None, dtype=object)
    for name, holds in reversed(flags.items()):
        reason[holds.astype(bool)] = name
    reason[is_excluded] = excluded[is_excluded]
    return pd.Series(reason, index=rows.index, dtype=object)


def _wait_for_last_member(rows: pd.DataFrame, reason: pd.Series, own: pd.DataFrame) -> pd.Series:
    """Move the start of each region to its last member's own start, in place; return the reasons that follow."""
    last = own.groupby("unit")["quarter"].max().to_dict()
    inside = set(own.loc[own["is_inside"] & (own["quarter"] == own["unit"].map(last)), "unit"])
    has_begun = rows["cohort"].notna() & (rows["quarter"] >= rows["cohort"].fillna(""))
    waited = rows["unit"].map(last).astype("str")
    rows["start"] = waited.where(rows["cohort"].notna(), rows["cohort"]).fillna(rows["cohort"])
    waiting = has_begun & (rows["quarter"] < rows["start"].fillna(""))
    cut = (rows["quarter"] == rows["start"]) & rows["unit"].isin(inside)
    return reason.mask(reason.isna() & waiting, "partly_joined").mask(reason.isna() & cut, "partial_quarter")


def _per_case(cost_cents: pd.Series, cases: pd.Series) -> pd.Series:
    """Return real cost per case [EUR per case]; nan where it cannot be formed."""
    cost = cost_cents.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    number = cases.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    return pd.Series(cost / 100 / np.where(number > 0, number, np.nan), index=cost_cents.index)


@dataclass(frozen=True, slots=True)
class _Kept:
    """Rows with their cost per case and the reason each is left out (missing: used)."""

    rows: pd.DataFrame
    per_case: pd.Series
    reason: pd.Series
    outcome: str
    members: dict[str, int]


def _frame(specification: Specification, field: str, evaluation_quarter: str, kept: _Kept) -> AnalysisFrame:
    anticipation = specification.anticipation_quarters.get(field, 0)
    is_usable = kept.reason.isna() | (kept.reason == "cost_not_positive")
    reason = kept.reason.mask(is_usable & _anticipated(kept.rows, anticipation), "anticipation")
    not_positive = int((reason == "cost_not_positive").sum())
    reason = reason.mask(reason == "cost_not_positive")
    outcome = IN_LEVELS[kept.outcome] if not_positive else kept.outcome
    used, of_path = (
        _with_outcome(kept, flags, is_log=not not_positive) for flags in (reason.isna(), reason.isin(PATH_REASONS))
    )
    begun = used[(used["unit_kind"] == "region") & (used["start"].fillna("9999-Q4") <= evaluation_quarter)]
    return AnalysisFrame(
        rows=used,
        outcome=outcome,
        dropped={str(name): number for name, number in sorted(Counter(reason.dropna()).items())},
        regions=frozenset(begun["cluster"]),
        blocks=frozenset(used.loc[used["unit_kind"] == "block", "cluster"]),
        members={unit: kept.members[unit] for unit in sorted(set(used["unit"]))},
        anticipation=anticipation,
        path_rows=of_path,
        not_positive=not_positive,
    )


def _with_outcome(kept: _Kept, flags: pd.Series, *, is_log: bool) -> pd.DataFrame:
    """Return the flagged rows with their outcome, missing where it cannot be formed, by unit and quarter."""
    rows = kept.rows.loc[flags, ["unit", "cluster", "share", "unit_kind", "quarter", "start"]]
    per_case = kept.per_case[flags]
    outcome = np.log(per_case.where(per_case > 0)) if is_log else per_case
    return rows.assign(outcome=outcome).sort_values(["unit", "quarter"], ignore_index=True)


def _anticipated(rows: pd.DataFrame, anticipation: int) -> pd.Series:
    """Flag the quarters before the start that may already be affected: neither base nor effect."""
    flags = pd.Series(False, index=rows.index)
    for start in rows["start"].dropna().unique() if anticipation else ():
        window = quarter_range(quarter_shift(start, -anticipation), quarter_shift(start, -1))
        flags |= (rows["start"] == start) & rows["quarter"].isin(window)
    return flags


def count_quarters(frame: AnalysisFrame) -> tuple[dict[str, int], dict[str, int]]:
    """Return the usable quarters before, and from, the start of each region that has begun."""
    begun = frame.rows[frame.rows["cluster"].isin(frame.regions)]
    is_after = begun["quarter"] >= begun["start"]
    before = begun[~is_after].groupby("cluster")["quarter"].nunique()
    after = begun[is_after].groupby("cluster")["quarter"].nunique()
    regions = sorted(frame.regions)
    return {r: int(before.get(r, 0)) for r in regions}, {r: int(after.get(r, 0)) for r in regions}


def start_paths(frame: AnalysisFrame) -> dict[str, StartPath]:
    """Return the start path of each region or block that has usable rows."""
    starts = frame.rows.drop_duplicates("cluster").set_index("cluster")["start"]
    last = frame.rows["quarter"].max()
    left_out = {unit: tuple(rows) for unit, rows in frame.path_rows.groupby("cluster")["quarter"]}
    return {
        str(unit): StartPath(
            str(start) if pd.notna(start) and quarter_index(start) <= quarter_index(last) else None,
            left_out.get(str(unit), ()),
        )
        for unit, start in starts.sort_index().items()
    }
