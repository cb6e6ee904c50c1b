"""T10 (effects), DC (design card with the verdict), F2 (event path) and PF (published cases).

Nothing is estimated or judged here: rows of ``estimate``, ``design_card``, ``verdict``, ``event_path`` and
``published_case`` are put into order and rounded for print.
"""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from ikz_eval.publish.cells import WITHHELD, Gap, Row
from ikz_eval.publish.columns import P_VALUES
from ikz_eval.registry import Registry
from schemas.vocabulary import LEVELS

_METHODS = ("imputation", "group_time")
_WHOLE = "ATT"
_EFFECT_COLUMNS = (
    "field", "specification", "level", "method", "outcome", "term", "is_primary",
    "effect_percent", "low_percent", "high_percent", "effect_eur_per_case", "low_eur_per_case", "high_eur_per_case",
    "mde_cr2_percent",
)  # fmt: skip
_INTERVAL_COLUMNS = ("low_percent", "high_percent", "low_eur_per_case", "high_eur_per_case", "mde_cr2_percent")
_DESIGN_COLUMNS = (
    "field", "specification", "treated_regions", "comparison_blocks", "quarters_before", "quarters_after",
    "attainable_p_wild", "attainable_p_randomisation", "assignments", "is_randomisation_approximate",
    "mde_cr2_percent", "mde_supported_percent", "rows_not_positive", "missing_tests",
)  # fmt: skip
_VERDICT_COLUMNS = (
    "verdict", "direction", "reasons", "effect_percent", "low_percent", "high_percent", "is_zero_excluded",
    *P_VALUES,
)  # fmt: skip


def effects(registry: Registry, estimate: pd.DataFrame, verdict: pd.DataFrame) -> list[Row]:
    """Return the rows of T10; the verdict stands on the primary row of its field and nowhere else.

    A field with a verdict but without a primary estimate has a row too: that nothing can be said is a result.
    """
    verdicts = _verdicts(registry, verdict)
    rows: list[Row] = []
    for field in registry.delivered_fields:
        mine = _ordered(registry, estimate[estimate["field"] == field])
        judged: Row = {key: verdicts[field][key] for key in ("verdict", "reasons")} if field in verdicts else {}
        if judged and not mine["is_primary"].any():
            rows.append(_placeholder(registry, field) | judged)
        for row in mine.to_dict("records"):
            shown = _with_reason(row)
            rows.append(shown | (judged if row["is_primary"] and row["term"] == _WHOLE else {}))
    return rows


def _with_reason(row: dict[Hashable, Any]) -> Row:
    """Return the published columns; an interval that is withheld says why."""
    shown: Row = {key: row[key] for key in _EFFECT_COLUMNS}
    if isinstance(row["withheld"], str):
        why = Gap(f"{WITHHELD}{row['withheld']}")
        shown |= {key: why for key in _INTERVAL_COLUMNS if pd.isna(row[key])}
    return shown


def _placeholder(registry: Registry, field: str) -> Row:
    outcome = next(outcome.name for outcome in registry.outcomes if outcome.field == field)
    return {
        "field": field, "specification": registry.primary.name, "level": "partnership",
        "method": registry.primary.method, "outcome": outcome, "term": _WHOLE, "is_primary": True,
        **{key: Gap("no_estimate") for key in ("effect_percent", "effect_eur_per_case", *_INTERVAL_COLUMNS)},
    }  # fmt: skip


def _ordered(registry: Registry, estimate: pd.DataFrame) -> pd.DataFrame:
    """Return the rows: primary first, then specification, level, method, outcome; the whole effect before its parts."""
    specifications = [specification.name for specification in registry.specifications]
    terms = [_WHOLE, *registry.regions["unit"], *registry.bodies["ags"]]
    order = pd.DataFrame(
        {
            "primary": ~estimate["is_primary"],
            "specification": estimate["specification"].map(specifications.index),
            "level": estimate["level"].map(LEVELS.index),
            "method": estimate["method"].map(_METHODS.index),
            "outcome": estimate["outcome"],
            "term": estimate["term"].map(terms.index),
        },
        index=estimate.index,
    )
    return estimate.loc[order.sort_values(list(order.columns), kind="stable").index]


def _verdicts(registry: Registry, verdict: pd.DataFrame) -> dict[str, Row]:
    primary = verdict[verdict["specification"] == registry.primary.name]
    return {str(row["field"]): {str(key): value for key, value in row.items()} for row in primary.to_dict("records")}


def design_cards(registry: Registry, design_card: pd.DataFrame, verdict: pd.DataFrame) -> list[Row]:
    """Return the rows of DC: what the primary design of each field allows, and the verdict."""
    verdicts = _verdicts(registry, verdict)
    primary = design_card[design_card["specification"] == registry.primary.name].set_index("field", drop=False)
    rows: list[Row] = []
    for field in registry.delivered_fields:
        if field not in primary.index:
            continue
        card = primary.loc[field].to_dict()
        judged: Row = {key: verdicts[field][key] for key in _VERDICT_COLUMNS} if field in verdicts else {}
        share = card["leverage_share_max"]
        row: Row = {key: card[key] for key in _DESIGN_COLUMNS}
        row["leverage_share_max_percent"] = None if pd.isna(share) else 100 * float(share)
        rows.append(row | judged)
    return rows


def event_paths(registry: Registry, event_path: pd.DataFrame) -> list[Row]:
    """Return the rows of F2: the partnership's path by the primary specification and outcome."""
    rows: list[Row] = []
    primary = event_path[
        (event_path["specification"] == registry.primary.name) & (event_path["level"] == "partnership")
    ]
    for outcome in sorted(registry.outcomes, key=lambda each: registry.delivered_fields.index(each.field)):
        mine = primary[primary["field"] == outcome.field]
        for row in mine.sort_values(["bin_quarters", "event_time"]).to_dict("records"):
            shown: Row = {key: row[key] for key in ("field", "bin_quarters", "event_time", "is_reference")}
            shown |= {f"{end}_percent": row[f"{end}_percent"] for end in ("estimate", "low", "high")}
            rows.append(shown | {"treated_regions": row["n_regions"]} | _without_interval(row))
    return rows


def _without_interval(row: Mapping[Hashable, Any]) -> Row:
    """Return the gaps of a bin without interval, each with its reason; nothing where there is an interval."""
    if not pd.isna(row["low_percent"]):
        return {}
    alone = f"{WITHHELD}one_region" if row["n_regions"] == 1 else "no_interval"
    why = Gap("reference" if row["is_reference"] else alone)
    return {"low_percent": why, "high_percent": why}


def published_cases(published_case: pd.DataFrame) -> list[Row]:
    """Return the rows of PF: comparisons of figures that stand in print, as evaluated."""
    return [
        {str(key): value for key, value in row.items()}
        for row in published_case.sort_values(["case", "sequence"]).to_dict("records")
    ]
