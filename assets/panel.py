"""Stage 2: who has delivered as of the cut-off, and the panel the estimators see.

Partitioned by evaluation quarter. Choosing versions, prices and event time is ikz_eval/panel.
"""

from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.partitions import EVALUATIONS
from assets.shown import table
from assets.storage import Study, in_plain_words

if TYPE_CHECKING:
    from pandas import DataFrame as Frame
else:
    Frame = Any  # pandas is imported when a run needs it, not when the pipeline is loaded


@dg.asset(
    group_name="panel",
    kinds={"deltalake"},
    partitions_def=EVALUATIONS,
    code_version="1",
    deps=["body"],
)
@in_plain_words
def delivery_calendar(
    context: dg.AssetExecutionContext, study: dg.ResourceParam[Study], delivery: Frame, ledger_event: Frame
) -> dg.MaterializeResult[Any]:
    """Which deliveries are due, and which were on time, late, rejected or missing as of the cut-off."""
    from ikz_eval.panel import build_calendar, standing

    evaluation = study.registry.evaluation(context.partition_key)
    frame = build_calendar(study.registry, evaluation, standing(delivery, ledger_event, evaluation.cutoff))
    counts = frame["status"].value_counts()
    return dg.MaterializeResult(
        value=frame,
        metadata={str(status).replace("_", " "): int(n) for status, n in counts.items()}
        | {"calendar": table(_calendar(frame, study))},
    )


@dg.asset(
    group_name="panel",
    kinds={"deltalake"},
    partitions_def=EVALUATIONS,
    code_version="1",
    deps=["body", "region", "cooperation_field", "agreement", "correction", "price_index"],
)
@in_plain_words
def panel(
    context: dg.AssetExecutionContext,
    study: dg.ResourceParam[Study],
    delivery: Frame,
    ledger_event: Frame,
    cost: Frame,
    caseload: Frame,
    staff: Frame,
) -> dg.MaterializeResult[Any]:
    """Each body, field and quarter: cost at current and constant prices, cases, staff, quarters since the start."""
    from ikz_eval.panel import build_panel, standing

    registry, evaluation = study.registry, study.registry.evaluation(context.partition_key)
    counted = standing(delivery, ledger_event, evaluation.cutoff)
    frame = build_panel(registry, evaluation, counted, cost, caseload, staff)
    return dg.MaterializeResult(
        value=frame,
        metadata={
            "bodies": int(frame["ags"].nunique()),
            "quarters": int(frame["quarter"].nunique()),
            "rows not used in estimates": int(frame["exclusion"].notna().sum()),
            "rows without real cost": int(frame["price_gap"].notna().sum()),
        },
    )


@dg.asset(
    group_name="panel",
    kinds={"deltalake"},
    partitions_def=EVALUATIONS,
    code_version="1",
    deps=["region", "agreement"],
)
@in_plain_words
def partnership(
    context: dg.AssetExecutionContext, study: dg.ResourceParam[Study], panel: Frame
) -> dg.MaterializeResult[Any]:
    """Each model region and comparison block: gross cost and cases summed over its bodies."""
    from ikz_eval.panel import build_partnership

    frame = build_partnership(study.registry, panel, context.partition_key)
    gaps = int(frame["missing_members"].notna().sum())
    return dg.MaterializeResult(value=frame, metadata={"rows with a missing member": gaps})


def _calendar(frame: Frame, study: Study) -> Frame:
    """Return the calendar with a row per body and a mark per quarter: · on time, l late, r rejected, – missing."""
    marks = {"on_time": "·", "late": "l", "rejected": "r", "missing": "–"}
    names = study.registry.bodies.set_index("ags")["name"]
    ordered = frame.sort_values(["ags", "quarter"])
    lines = ordered["status"].map(marks).groupby(ordered["ags"]).agg("".join)
    counts = ordered.groupby(["ags", "status"]).size().unstack(fill_value=0).reindex(columns=list(marks), fill_value=0)
    head = f"{frame['quarter'].min()} to {frame['quarter'].max()} (· on time, l late, r rejected, – missing)"
    columns = {"body": names.reindex(lines.index).to_numpy(), head: lines.to_numpy()}
    return counts.reset_index(drop=True).assign(**columns)[["body", head, *marks]]
