"""CA: how the published inference performs on the study's own design.

Nothing is simulated here: rows of the study's calibration.csv are put into order, beside the estimates they qualify. Where
there are none for this evaluation's design, the table says so and shows no number. Making it is ikz_eval/calibration.
"""

import pandas as pd

from ikz_eval.publish.cells import Gap, Row
from ikz_eval.registry import Registry
from ikz_eval.registry.calibration import PLAN_WORLDS, Judgement, design_rows, field_rows, judge_calibration

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
    state = "missing" if registry.calibration.empty else "outdated"
    own = design_rows(registry, registry.calibration, quarter)
    for field in registry.delivered_fields:
        if own.empty:
            gap = Gap(f"calibration_{state}")
            rows.append({"field": field, "judgement": state, **dict.fromkeys(_FIGURES, gap)})
            continue
        mine = field_rows(own, field)
        if mine.empty:
            gap = Gap("calibration_not_assessable")
            rows.append({"field": field, "judgement": "not_assessable", **dict.fromkeys(_FIGURES, gap)})
        rows += _field(field, mine)
    return rows


def _field(field: str, table: pd.DataFrame) -> list[Row]:
    judged = judge_calibration(table)
    main = table[(table["seed_block"] == "main") & (table["level"] == "partnership")]
    rows: list[Row] = []
    for inference in SHOWN:
        by_world = main[main["inference"] == inference].set_index("world")
        if by_world.empty:
            continue
        row: Row = {"field": field, "inference": inference, "judgement": _word(judged, inference)}
        for world in PLAN_WORLDS:
            row[f"size_{world.lower()}_percent"] = _percent(by_world, world, "size")
        row["coverage_percent"] = _percent(by_world, _USUAL, "coverage")
        row["power_percent"] = _percent(by_world, _USUAL, "power")
        row["mc_error_percent"] = _percent(by_world, _USUAL, "mc_error")
        row["draws"] = int(by_world["draws"].iloc[0])
        rows.append(row)
    return rows


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
