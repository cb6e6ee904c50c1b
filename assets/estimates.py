"""Stage 3: effects, event paths, design cards and verdicts of one evaluation quarter.

Partitioned by evaluation quarter. Every figure comes from ikz_eval/estimate; here it is only shown.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.partitions import EVALUATIONS
from assets.storage import Study, in_plain_words

if TYPE_CHECKING:
    from pandas import DataFrame as Frame
else:
    Frame = Any

RESULTS = {
    "estimate": "Effect of cooperation on cost per case: each field, method and level, with interval.",
    "event_path": "Effect by time since the start of cooperation.",
    "design_card": "What the design of a field allows at all: regions, quarters, smallest effect that can be seen.",
    "verdict": "The verdict of each field: supported, compatible with a range, or not assessable, with reasons.",
}


@dg.multi_asset(
    name="evaluate",
    partitions_def=EVALUATIONS,
    outs={
        name: dg.AssetOut(
            group_name="estimate", description=words, kinds={"deltalake", "statsmodels"}, code_version="1"
        )
        for name, words in RESULTS.items()
    },
)
@in_plain_words
def evaluate(
    context: dg.AssetExecutionContext, study: dg.ResourceParam[Study], panel: Frame, partnership: Frame
) -> Iterator[dg.MaterializeResult[Any]]:
    """Estimate the effect of cooperation in every field and judge it by the rules of the study."""
    from ikz_eval.estimate import evaluate as estimate_all

    results = estimate_all(study.registry, context.partition_key, panel, partnership)
    shown = {
        "estimate": _effects(results["estimate"], study),
        "event_path": _path(results["event_path"], study),
        "verdict": _verdicts(results["verdict"], study),
    }
    for name in RESULTS:
        metadata = {"result": dg.MetadataValue.md(shown[name])} if name in shown else {}
        yield dg.MaterializeResult(asset_key=name, value=results[name], metadata=metadata)


def _verdicts(verdict: Frame, study: Study) -> str:
    from ikz_eval.texts import text

    names = study.registry.fields.set_index("field")["name_de"]
    rows = [
        (names.get(row.field, row.field), text(f"pipeline.verdict.{row.verdict}", "en"), *_numbers(row), row.reasons)
        for row in verdict.itertuples()
    ]
    return _markdown(("field", "verdict", "effect %", "from %", "to %", "reasons"), rows)


def _effects(estimate: Frame, study: Study) -> str:
    names = study.registry.fields.set_index("field")["name_de"]
    main = estimate[estimate["is_primary"] & (estimate["term"] == "ATT")]
    rows = [(names.get(row.field, row.field), *_numbers(row), row.n_units, row.n_obs) for row in main.itertuples()]
    return _markdown(("field", "effect %", "from %", "to %", "units", "rows"), rows)


def _path(event_path: Frame, study: Study) -> str:
    names = study.registry.fields.set_index("field")["name_de"]
    primary = study.registry.primary.name
    chosen = event_path[
        (event_path["specification"] == primary)
        & (event_path["level"] == "partnership")
        & (event_path["bin_quarters"] == 4)
    ]
    rows = [
        (
            names.get(row.field, row.field),
            row.event_time,
            *(_shown(v, 3) for v in (row.estimate_log, row.low_log, row.high_log)),
        )
        for row in chosen.itertuples()
    ]
    return _markdown(("field", "first quarter of the year since start", "log effect", "from", "to"), rows)


def _numbers(row: Any) -> tuple[str, str, str]:
    return (_shown(row.effect_percent, 1), _shown(row.low_percent, 1), _shown(row.high_percent, 1))


def _shown(value: Any, digits: int) -> str:
    import pandas as pd

    from ikz_eval.texts import number

    return "" if pd.isna(value) else number(float(value), "en", digits)


def _markdown(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    import pandas as pd

    lines = ["| " + " | ".join("" if pd.isna(cell) else str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |", *lines])
