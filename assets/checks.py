"""Asset checks: questions a person would ask of a table that keeps its contract. Odd values are flagged, not stopped.

Completeness, jumps, reconciliation, and whether the stored tables still have the columns of their contracts. What may
never be written is decided by the contracts, not here; thresholds stand in study.toml.
"""

from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.shown import ROWS, table
from assets.storage import Study

if TYPE_CHECKING:
    from pandas import DataFrame as Frame
else:
    Frame = Any

JUMP_THRESHOLD = "jump_share"
"""Name of the threshold in study.toml: share by which cost per case may differ from the body's own previous quarter."""


@dg.asset_check(
    asset="delivery_calendar", description="Has every participating body delivered every quarter that is due?"
)
def every_body_delivered(
    context: dg.AssetCheckExecutionContext, study: dg.ResourceParam[Study], delivery_calendar: Frame
) -> dg.AssetCheckResult:
    """Warn of participants' deliveries that are missing or rejected as of the cut-off."""
    calendar = _quarter_of_run(context, delivery_calendar)
    bodies = study.registry.bodies
    participants = bodies.loc[bodies["is_participant"], ["ags", "name"]]
    lacking = calendar[calendar["status"].isin(["missing", "rejected"])].merge(participants, on="ags")
    columns = ["evaluation_quarter", "ags", "name", "quarter", "due_on", "status"]
    return _answer("delivered", lacking[columns], due=int(calendar["ags"].isin(participants["ags"]).sum()))


@dg.asset_check(asset="panel", description="Does a body's cost per case jump against its own previous quarter?")
def no_jumps(
    context: dg.AssetCheckExecutionContext, study: dg.ResourceParam[Study], panel: Frame
) -> dg.AssetCheckResult:
    """Warn of changes of real net cost per case beyond the study's threshold, cooperation starts aside."""
    limit = float(study.registry.thresholds[JUMP_THRESHOLD].value)
    found = jumps(_quarter_of_run(context, panel), limit)
    return _answer("jumps", found, threshold_percent=100 * limit)


@dg.asset_check(asset="panel", description="Do net and gross cost follow from the blocks, to the cent?")
def blocks_add_up(context: dg.AssetCheckExecutionContext, panel: Frame) -> dg.AssetCheckResult:
    """Fail when a subtotal of the panel is not the sum of its blocks."""
    found = wrong_subtotals(_quarter_of_run(context, panel))
    return _answer("subtotals", found, dg.AssetCheckSeverity.ERROR)


@dg.asset_check(asset="panel", description="Do payments between partners net to zero in each model region and quarter?")
def payments_net_to_zero(
    context: dg.AssetCheckExecutionContext, study: dg.ResourceParam[Study], panel: Frame
) -> dg.AssetCheckResult:
    """Warn of partnerships where what partners paid is not what partners received."""
    found = open_payments(_quarter_of_run(context, panel), study.registry.bodies)
    return _answer("payments", found)


@dg.asset_check(asset="cost", additional_ins={"delivery_cell": dg.AssetIn("delivery_cell")},
                description="Is the cost table exactly what stands in the accepted files, to the cent?")  # fmt: skip
def cost_equals_cells(cost: Frame, delivery_cell: Frame) -> dg.AssetCheckResult:
    """Fail when the cost of a delivery differs from the sum of its cells."""
    return _answer("cells", differing_deliveries(cost, delivery_cell), dg.AssetCheckSeverity.ERROR)


@dg.asset_check(asset="release", description="Do all stored tables have the columns of their contracts?")
def columns_keep_contract(study: dg.ResourceParam[Study]) -> dg.AssetCheckResult:
    """Fail when a stored table was changed past the warehouse's own door."""
    import pandas as pd

    from ikz_eval.warehouse.typing import column_types

    warehouse = study.warehouse
    rows = [
        {"table": name, "stored": ", ".join(stored), "contract": ", ".join(column_types(name))}
        for name in warehouse.tables()
        if sorted(stored := warehouse.stored_columns(name)) != sorted(column_types(name))
    ]
    return _answer(
        "contracts", pd.DataFrame(rows, columns=["table", "stored", "contract"]), dg.AssetCheckSeverity.ERROR
    )


CHECKS = [every_body_delivered, no_jumps, blocks_add_up, payments_net_to_zero, cost_equals_cells, columns_keep_contract]


def jumps(panel: Frame, limit: float) -> Frame:
    """Return the body, field and quarters whose real net cost per case differs by more than ``limit`` (a share).

    The quarter in which cooperation starts may jump; so may values without a previous quarter.
    """
    key = ["evaluation_quarter", "ags", "field"]
    ordered = panel.sort_values([*key, "quarter"])
    value = ordered["real_net_cost_per_case_eur"].astype(float)
    before = value.groupby([ordered[name] for name in key]).shift()
    first_quarters = ordered["cohort"].eq(ordered["quarter"]) | ordered["own_start"].eq(ordered["quarter"])
    starts = first_quarters.fillna(False) | ordered["is_partial"]
    change = value / before.where(before > 0) - 1
    found = ordered[(change.abs() > limit) & ~starts]
    return (
        found[[*key, "quarter"]]
        .assign(
            before_eur=before[found.index].round(2),
            now_eur=value[found.index].round(2),
            change_percent=100 * change[found.index],
        )
        .round({"change_percent": 1})
    )


def wrong_subtotals(panel: Frame) -> Frame:
    """Return the rows whose nominal gross or net cost is not the exact sum of their blocks."""
    from schemas.vocabulary import RUNNING_COST_BLOCKS

    gross = panel[[f"nominal_{block}_cents" for block in RUNNING_COST_BLOCKS]].sum(axis="columns")
    net = gross + panel["nominal_partner_paid_cents"] - panel["nominal_partner_received_cents"]
    wrong = panel[(gross != panel["nominal_gross_cost_cents"]) | (net != panel["nominal_net_cost_cents"])]
    columns = ["evaluation_quarter", "ags", "field", "quarter", "nominal_gross_cost_cents", "nominal_net_cost_cents"]
    return wrong[columns].assign(gross_of_blocks_cents=gross[wrong.index], net_of_blocks_cents=net[wrong.index])


def open_payments(panel: Frame, bodies: Frame) -> Frame:
    """Return the region, field and quarters in which payments between partners leave a remainder.

    Only quarters in which every body of the region has delivered: otherwise the other side is simply not there yet.
    """
    key = ["evaluation_quarter", "unit", "field", "quarter"]
    of_regions = panel[panel["unit_kind"] == "region"]
    sums = of_regions.groupby(key, as_index=False).agg(
        paid_cents=("nominal_partner_paid_cents", "sum"),
        received_cents=("nominal_partner_received_cents", "sum"),
        delivered=("ags", "nunique"),
    )
    complete = sums["delivered"] == sums["unit"].map(bodies.groupby("unit")["ags"].nunique())
    sums = sums.assign(remainder_cents=sums["paid_cents"] - sums["received_cents"])
    return sums[complete & (sums["remainder_cents"] != 0)].drop(columns="delivered")


def differing_deliveries(cost: Frame, delivery_cell: Frame) -> Frame:
    """Return the deliveries whose cost in cents is not the sum of their cells of table ``cost``."""
    from decimal import Decimal

    cells = delivery_cell[delivery_cell["table"] == "cost"]
    cents = cells["value"].map(lambda value: int(Decimal(value) * 100)).astype("int64")
    of_cells = cents.groupby(cells["delivery_id"]).sum()
    of_cost = cost.groupby("delivery_id")["amount_cents"].sum()
    both = of_cost.to_frame("cost_cents").join(of_cells.rename("cells_cents"), how="left")
    both["cells_cents"] = both["cells_cents"].fillna(0).astype("int64")
    return both[both["cost_cents"] != both["cells_cents"]].reset_index()


def _quarter_of_run(context: dg.AssetCheckExecutionContext, frame: Frame) -> Frame:
    """Return the evaluation quarter that is being made; the whole table when the check runs on its own."""
    quarter = context.run.tags.get("dagster/partition")
    return frame[frame["evaluation_quarter"] == quarter] if quarter else frame


def _answer(
    check: str, found: Frame, severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.WARN, **metadata: Any
) -> dg.AssetCheckResult:
    """Return the answer of a check: passed when nothing was found, otherwise the cases as a table."""
    from ikz_eval.texts import text

    cases = {} if found.empty else {"cases": table(found)}
    key = f"pipeline.check.{check}.{'passed' if found.empty else 'found'}"
    return dg.AssetCheckResult(
        passed=bool(found.empty),
        severity=severity,
        description=text(key, "en", count=len(found), shown=min(len(found), ROWS)),
        metadata={"found": len(found), **metadata, **cases},
    )
