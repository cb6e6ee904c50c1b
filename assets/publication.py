"""Stage 5: the published cells and the release folder.

Partitioned by evaluation quarter. Whatever leaves the house is made from ``published_cell`` by ikz_eval/publish.
"""

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.partitions import EVALUATIONS
from assets.storage import Study, in_plain_words

if TYPE_CHECKING:
    from pathlib import Path

    from pandas import DataFrame as Frame
else:
    Frame = Any
    Path = Any

_PICTURES = ("lieferkalender", "wirkungen", "aussagekraft", "fallkosten", "ereignispfad")
"""Figures shown in Dagster, the German edition: stems without a language ending."""


@dg.asset(group_name="publish", kinds={"deltalake"}, partitions_def=EVALUATIONS, code_version="1")
@in_plain_words
def published_cell(
    context: dg.AssetExecutionContext,
    study: dg.ResourceParam[Study],
    delivery: Frame,
    delivery_calendar: Frame,
    panel: Frame,
    partnership: Frame,
    estimate: Frame,
    event_path: Frame,
    design_card: Frame,
    verdict: Frame,
    placebo: Frame,
    robustness: Frame,
    further_estimate: Frame,
    published_case: Frame,
) -> dg.MaterializeResult[Any]:
    """Every cell of every published table and figure; pages, workbooks and pictures are made from these alone."""
    from ikz_eval.publish.tables import build_cells

    tables = {
        "delivery": delivery,
        "delivery_calendar": delivery_calendar,
        "panel": panel,
        "partnership": partnership,
        "estimate": estimate,
        "event_path": event_path,
        "design_card": design_card,
        "verdict": verdict,
        "placebo": placebo,
        "robustness": robustness,
        "further_estimate": further_estimate,
        "published_case": published_case,
    }
    cells = build_cells(study.registry, context.partition_key, tables)
    return dg.MaterializeResult(
        value=cells,
        metadata={f"rows of {table}": int(rows["row"].nunique()) for table, rows in cells.groupby("table")}
        | {"suppressed cells": int(cells["suppression"].notna().sum())},
    )


@dg.asset(
    group_name="publish",
    kinds={"html"},
    partitions_def=EVALUATIONS,
    code_version="1",
)
@in_plain_words
def release(
    context: dg.AssetExecutionContext,
    study: dg.ResourceParam[Study],
    delivery: Frame,
    delivery_calendar: Frame,
    panel: Frame,
    partnership: Frame,
    estimate: Frame,
    event_path: Frame,
    design_card: Frame,
    verdict: Frame,
    placebo: Frame,
    robustness: Frame,
    further_estimate: Frame,
    published_case: Frame,
    published_cell: Frame,
) -> dg.MaterializeResult[Any]:
    """Release folder that is handed on: page, tables, figures, notebooks, manifest; a new number only after a change."""
    from ikz_eval.publish.release import make_release

    tables = {
        "delivery": delivery,
        "delivery_calendar": delivery_calendar,
        "panel": panel,
        "partnership": partnership,
        "estimate": estimate,
        "event_path": event_path,
        "design_card": design_card,
        "verdict": verdict,
        "placebo": placebo,
        "robustness": robustness,
        "further_estimate": further_estimate,
        "published_case": published_case,
        "published_cell": published_cell,
    }
    registry = study.registry
    made = make_release(study.place, registry, registry.evaluation(context.partition_key), tables, published_cell)
    return dg.MaterializeResult(metadata=_shown(made.path) | {"number": made.number, "is new": made.is_new})


def _shown(folder: Path) -> dict[str, Any]:
    """Return links to the release and its notebooks, and its pictures."""
    pictures = {
        path.stem: dg.MetadataValue.md(
            f"![{path.stem}](data:image/svg+xml;base64,{b64encode(path.read_bytes()).decode()})"
        )
        for path in sorted((folder / "figures").glob("*.svg"))
        if path.stem.startswith(_PICTURES) and "." not in path.stem
    }
    notebooks = {path.name: dg.MetadataValue.path(path) for path in sorted((folder / "notebooks").glob("*.html"))}
    return {
        "release": dg.MetadataValue.path(folder),
        "page": dg.MetadataValue.path(folder / "index.html"),
        **notebooks,
        **pictures,
    }
