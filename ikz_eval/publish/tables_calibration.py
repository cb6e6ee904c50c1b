"""CA: how the published inference performs on the study's own design; and the same of an average over fields, for DF.

Nothing is simulated here: rows of the study's calibration.csv are put into order, beside the estimates they qualify. Where
there are none for this evaluation's design, the table says so and shows no number. Making it is ikz_eval/calibration.
"""

import pandas as pd

from ikz_eval.publish.cells import Gap, Row
from ikz_eval.registry import Registry
from ikz_eval.registry.calibration import (
    PLAN_WORLDS,
    POOLED,
    Judgement,
    design_rows,
    field_rows,
    judge_calibration,
    keeps_size,
    pooled_rows,
    why_none,
)

SHOWN = (
    "cr2", "wild", "randomisation_t", "verdict", "randomisation_coefficient", "donald_lang", "event_path_first_year",
)  # fmt: skip
"""Inference that a release publishes, what the verdict rests on first."""
_USUAL = "B"
"""World whose coverage and power are shown: shocks of regions."""
_FIGURES = (
    *(f"size_{world.lower()}_percent" for world in PLAN_WORLDS),
    "coverage_percent",
    "power_percent",
    "mc_error_percent",
)


def calibration(registry: Registry, quarter: str) -> list[Row]:
    """Return the rows of CA in the order of the study's fields, for the evaluation of a quarter."""
    rows: list[Row] = []
    own = design_rows(registry, registry.calibration, quarter)
    for field in registry.delivered_fields:
        if own.empty:
            rows.append({"field": field, **_without(why_none(registry.calibration, quarter))})
            continue
        mine = field_rows(own, field)
        if mine.empty:
            rows.append({"field": field, **_without("not_assessable")})
        rows += _field(field, mine)
    return rows


def average(registry: Registry, quarter: str, fields: str) -> Row:
    """Return what the calibration says of the average over some fields, apart by blanks: judgement and figures."""
    own = design_rows(registry, registry.calibration, quarter)
    if own.empty:
        return _without(why_none(registry.calibration, quarter))
    mine = pooled_rows(own, fields)
    if mine.empty:
        return _without("other_fields")
    main = mine[mine["seed_block"] == "main"].set_index("world")
    return {"judgement": "held" if keeps_size(mine, POOLED) else "failed", **_figures(main)}


def _without(state: str) -> Row:
    """Return a judgement without numbers, and the reason for each."""
    return {"judgement": state, **dict.fromkeys(_FIGURES, Gap(f"calibration_{state}"))}


def _field(field: str, table: pd.DataFrame) -> list[Row]:
    judged = judge_calibration(table)
    main = table[(table["seed_block"] == "main") & (table["level"] == "partnership")]
    rows: list[Row] = []
    for inference in SHOWN:
        by_world = main[main["inference"] == inference].set_index("world")
        if by_world.empty:
            continue
        head: Row = {"field": field, "inference": inference, "judgement": _word(judged, inference)}
        rows.append(head | _figures(by_world))
    return rows


def _figures(by_world: pd.DataFrame) -> Row:
    """Return the columns of an inference from its rows by world."""
    row: Row = {f"size_{world.lower()}_percent": _percent(by_world, world, "size") for world in PLAN_WORLDS}
    row["coverage_percent"] = _percent(by_world, _USUAL, "coverage")
    row["power_percent"] = _percent(by_world, _USUAL, "power")
    row["mc_error_percent"] = _percent(by_world, _USUAL, "mc_error")
    row["draws"] = int(by_world["draws"].iloc[0])
    return row


def _word(judged: Judgement, inference: str) -> str:
    """Return what the calibration allows of an inference."""
    if inference == judged.primary:
        return "primary"
    if inference == "verdict":
        return "held" if judged.is_verdict_held else "failed"
    if inference in judged.held or inference in judged.failed:
        return "held" if inference in judged.held else "failed"
    return "beside"


def _percent(by_world: pd.DataFrame, world: str, column: str) -> float | None:
    value = float(by_world[column].to_dict().get(world, float("nan")))
    return None if value != value else round(100 * value, 4)
