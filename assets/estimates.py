"""Stage 3: effects, event paths, design cards and verdicts of one evaluation quarter.

Partitioned by evaluation quarter. Every figure comes from ikz_eval/estimate; here it is only shown.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.partitions import EVALUATIONS
from assets.shown import table
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
    "placebo": "What the method finds in comparison blocks, where nothing began: how large chance alone looks.",
    "robustness": "The primary estimate again with one thing changed at a time, and under every specification.",
    "further_estimate": "What further instruments say: single regions described, few treated, honest bounds, scale, averages.",
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
        metadata = {"result": table(shown[name])} if name in shown else {}
        yield dg.MaterializeResult(asset_key=name, value=results[name], metadata=metadata)


def _verdicts(verdict: Frame, study: Study) -> Frame:
    from ikz_eval.texts import text

    mine = verdict[verdict["specification"] == study.registry.primary.name]
    words = mine["verdict"].map({kind: text(f"pipeline.verdict.{kind}", "en") for kind in mine["verdict"].unique()})
    return _named(mine, study).assign(verdict=words, **_numbers(mine), reasons=mine["reasons"])


def _effects(estimate: Frame, study: Study) -> Frame:
    mine = estimate[estimate["is_primary"] & (estimate["term"] == "ATT")]
    return _named(mine, study).assign(**_numbers(mine), units=mine["n_units"], rows=mine["n_obs"])


def _path(event_path: Frame, study: Study) -> Frame:
    is_main = (event_path["specification"] == study.registry.primary.name) & (event_path["level"] == "partnership")
    mine = event_path[is_main & (event_path["bin_quarters"] == 4)]
    logs = {name: mine[f"{name}_log"].round(3) for name in ("estimate", "low", "high")}
    return _named(mine, study).assign(**{"quarters since start": mine["event_time"]}, **logs)


def _named(frame: Frame, study: Study) -> Frame:
    """Return the names of the fields a table speaks of, in its rows."""
    names = study.registry.fields.set_index("field")["name_en"]
    return frame[["field"]].assign(field=frame["field"].map(names))


def _numbers(frame: Frame) -> dict[str, Any]:
    names = {"effect %": "effect_percent", "from %": "low_percent", "to %": "high_percent"}
    return {shown: frame[column].round(1) for shown, column in names.items()}
