"""T2 (before and after by cost block), T3 (cost per case, cases per VZÄ) and F1 (cost per case over time).

Everything is computed from whole cents as fractions and rounded once, when the cell is written. Before and after are
descriptive: seasons, prices of inputs and shocks that hit everybody are in them. Effects stand in T10.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import pandas as pd

from ikz_eval.errors import ReleaseError
from ikz_eval.publish.cells import Gap, Row
from ikz_eval.publish.windows import NOT_COMPARED, OUTSIDE, Windows, treated_windows
from ikz_eval.registry import Registry
from schemas.vocabulary import COST_BLOCKS, ONE_OFF_BLOCKS, RUNNING_COST_BLOCKS

Record = Mapping[Hashable, Any]
"""One row of ``panel`` or ``partnership``."""
Exact = Fraction | Gap
"""An exact number, or the reason why there is none."""

RUNNING_TOTAL = "running_total"
FIXED_SHARES, CURRENT_MIX = "body_mean_fixed_shares", "body_mean_current_mix"
_DEFLATED = (*RUNNING_COST_BLOCKS, *ONE_OFF_BLOCKS)


def cost_blocks(registry: Registry, panel: pd.DataFrame, partnership: pd.DataFrame) -> list[Row]:
    """Return the rows of T2: mean cost per quarter of all members of a region, by cost block.

    Raises
    ------
    ReleaseError
        If the bodies of a region do not add up to the partnership's cost: the two tables do not belong together.
    """
    rows: list[Row] = []
    bodies, wholes = _by_region(panel), _by_region(partnership)
    for windows in treated_windows(registry, partnership):
        members = bodies.get((windows.field, windows.unit), [])
        _reconcile(windows, members, wholes[windows.field, windows.unit])
        rows.extend(_block_row(windows, members, block) for block in (*RUNNING_COST_BLOCKS, RUNNING_TOTAL))
        rows.extend(_block_row(windows, members, block) for block in COST_BLOCKS if block not in RUNNING_COST_BLOCKS)
    return rows


def _by_region(frame: pd.DataFrame) -> dict[tuple[str, str], list[Record]]:
    """Return the rows that count, by field and region; plain records, because sums here are short and many."""
    grouped: dict[tuple[str, str], list[Record]] = {}
    for row in frame.to_dict("records"):
        if row["exclusion"] not in OUTSIDE:
            grouped.setdefault((row["field"], row["unit"]), []).append(row)
    return grouped


def _within(rows: Sequence[Record], window: Sequence[str]) -> list[Record]:
    quarters = set(window)
    return [row for row in rows if row["quarter"] in quarters]


def _reconcile(windows: Windows, members: Sequence[Record], whole: Sequence[Record]) -> None:
    expected = {row["quarter"]: row["nominal_gross_cost_cents"] for row in whole}
    for quarter in (*windows.before, *windows.after):
        bodies = total_of(_within(members, [quarter]), ["nominal_gross_cost_cents"])
        if bodies != expected[quarter]:
            raise ReleaseError(
                f"T2, {windows.field}, {windows.unit}, {quarter}: bodies add up to {bodies} cents, the partnership to "
                f"{expected[quarter]}; panel and partnership must come from one evaluation: evaluate the quarter again"
            )


def _block_row(windows: Windows, members: Sequence[Record], block: str) -> Row:
    nominal = [_mean_eur(members, _columns("nominal", block), window) for window in (windows.before, windows.after)]
    if block in (RUNNING_TOTAL, *_DEFLATED):
        real = [_mean_eur(members, _columns("real", block), window) for window in (windows.before, windows.after)]
    else:
        real = [Gap("not_deflated"), Gap("not_deflated")]
    return {
        "field": windows.field, "unit": windows.unit, "cost_block": block,
        "quarters_before": len(windows.before), "quarters_after": len(windows.after),
        "nominal_before_eur": nominal[0], "nominal_after_eur": nominal[1],
        "real_before_eur": real[0], "real_after_eur": real[1],
        "real_change_percent": change_percent(real[0], real[1]),
    }  # fmt: skip


def _columns(price: str, block: str) -> list[str]:
    blocks = RUNNING_COST_BLOCKS if block == RUNNING_TOTAL else (block,)
    return [f"{price}_{name}_cents" for name in blocks]


def _mean_eur(members: Sequence[Record], columns: Sequence[str], window: Sequence[str]) -> Exact:
    """Return the mean per quarter of the members' sum, in EUR."""
    if not window:
        return Gap("no_quarter")
    total = total_of(_within(members, window), columns)
    return Gap("price_gap") if total is None else Fraction(total, 100 * len(window))


def total_of(rows: Sequence[Record], columns: Sequence[str]) -> int | None:
    """Return the sum of whole numbers over rows and columns; None when one is missing."""
    total = 0
    for row in rows:
        for column in columns:
            if pd.isna(row[column]):
                return None
            total += int(row[column])
    return total


def change_percent(before: Exact, after: Exact) -> Exact:
    """Return the change in percent of ``before``; a gap stays a gap, a base of zero or less gives none."""
    if isinstance(before, Gap):
        return before
    if isinstance(after, Gap):
        return after
    return 100 * (after / before - 1) if before > 0 else Gap("base_zero")


def cost_per_case(registry: Registry, panel: pd.DataFrame, partnership: pd.DataFrame) -> list[Row]:
    """Return the rows of T3: real cost per case and cases per VZÄ of regions (gross) and their bodies (net)."""
    rows: list[Row] = []
    bodies, wholes = _by_region(panel), _by_region(partnership)
    for windows in treated_windows(registry, partnership):
        members = bodies.get((windows.field, windows.unit), [])
        whole = wholes[windows.field, windows.unit]
        rows.append(_ratio_row(windows, "partnership", windows.unit, whole, "real_gross_cost_cents"))
        rows.append(_mean_row(windows, members, FIXED_SHARES))
        rows.append(_mean_row(windows, members, CURRENT_MIX))
        rows.extend(_body_rows(registry, windows, members))
    return rows


def _ratio_row(windows: Windows, level: str, unit: str, rows: Sequence[Record], cost: str) -> Row:
    before, after = (_per_case(_within(rows, window), cost) for window in (windows.before, windows.after))
    return {
        "field": windows.field, "level": level, "unit": unit,
        "quarters_before": len(windows.before), "quarters_after": len(windows.after),
        "real_cost_per_case_before_eur": before, "real_cost_per_case_after_eur": after,
        "change_percent": change_percent(before, after),
        "cases_per_fte_before": _cases_per_fte(_within(rows, windows.before)),
        "cases_per_fte_after": _cases_per_fte(_within(rows, windows.after)),
    }  # fmt: skip


def _per_case(rows: Sequence[Record], cost: str) -> Exact:
    """Return the sum of cost by the sum of cases [EUR per case]."""
    if not rows:
        return Gap("no_quarter")
    total, cases = total_of(rows, [cost]), total_of(rows, ["cases"])
    if total is None or cases is None:
        return Gap("price_gap")
    return Fraction(total, 100 * cases) if cases else Gap("no_cases")


def _cases_per_fte(rows: Sequence[Record]) -> Exact:
    if not rows:
        return Gap("no_quarter")
    staff = sum((Fraction(repr(float(row["staff_fte"]))) for row in rows), Fraction(0))
    return Fraction(sum(int(row["cases"]) for row in rows)) / staff if staff else Gap("no_staff")


def _body_rows(registry: Registry, windows: Windows, members: Sequence[Record]) -> Iterator[Row]:
    """Yield a row per member, over its own delivered quarters."""
    anticipation = registry.primary.anticipation_quarters.get(windows.field, 0)
    for ags in registry.bodies["ags"]:
        mine = [row for row in members if row["ags"] == ags and row["exclusion"] not in NOT_COMPARED]
        if not mine:
            continue
        before = tuple(sorted(row["quarter"] for row in mine if row["event_time"] < -anticipation))
        after = tuple(sorted(row["quarter"] for row in mine if row["event_time"] >= 0))
        yield _ratio_row(Windows(windows.field, windows.unit, before, after), "body", ags, mine, "real_net_cost_cents")


def _mean_row(windows: Windows, members: Sequence[Record], level: str) -> Row:
    """Return the mean of the members' net cost per case, weighted by case shares, over the region's quarters."""
    before, after = (
        _weighted(
            _within(members, window), _shares(_within(members, windows.base if level == FIXED_SHARES else window))
        )
        for window in (windows.before, windows.after)
    )
    return {
        "field": windows.field, "level": level, "unit": windows.unit,
        "quarters_before": len(windows.before), "quarters_after": len(windows.after),
        "real_cost_per_case_before_eur": before, "real_cost_per_case_after_eur": after,
        "change_percent": change_percent(before, after),
        "cases_per_fte_before": Gap("not_for_means"), "cases_per_fte_after": Gap("not_for_means"),
    }  # fmt: skip


def _shares(rows: Sequence[Record]) -> dict[str, Fraction] | Gap:
    """Return each body's share of the cases; a gap without cases."""
    cases: dict[str, int] = {}
    for row in rows:
        cases[row["ags"]] = cases.get(row["ags"], 0) + int(row["cases"])
    total = sum(cases.values())
    if not total:
        return Gap("no_cases" if rows else "no_quarter")
    return {ags: Fraction(count, total) for ags, count in cases.items()}


def _weighted(rows: Sequence[Record], shares: dict[str, Fraction] | Gap) -> Exact:
    if isinstance(shares, Gap):
        return shares
    mean = Fraction(0)
    for ags, share in shares.items():
        value = _per_case([row for row in rows if row["ags"] == ags], "real_net_cost_cents")
        if isinstance(value, Gap):
            return value
        mean += share * value
    return mean


def cost_over_time(registry: Registry, partnership: pd.DataFrame) -> list[Row]:
    """Return the rows of F1: real gross cost per case of every region and block by quarter."""
    rows: list[Row] = []
    for field in registry.delivered_fields:
        for unit in registry.regions["unit"]:
            mine = partnership[(partnership["field"] == field) & (partnership["unit"] == unit)]
            for row in mine.sort_values("quarter").to_dict("records"):
                rows.append(
                    {key: row[key] for key in ("field", "unit", "unit_kind", "quarter", "cohort")}
                    | {"real_gross_cost_per_case_eur": _quarter_value(row)}
                )
    return rows


def _quarter_value(row: Record) -> Exact:
    if row["members_delivered"] != row["members"]:
        return Gap("delivery_missing")
    cost, cases = row["real_gross_cost_cents"], row["cases"]
    if pd.isna(cost):
        return Gap("price_gap")
    return Fraction(int(cost), 100 * int(cases)) if cases else Gap("no_cases")
