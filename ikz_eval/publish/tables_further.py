"""BE (what can be described of single regions), WI (further instruments), DF (averages over fields) and SK (scale).

Nothing is estimated here: rows of ``further_estimate`` are put into order, in percent and rounded for print. None of
them bears a verdict. p and interval of an average stand only where the study's calibration shows that they keep their size.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ikz_eval.publish.cells import Gap, Row
from ikz_eval.publish.tables_calibration import average
from ikz_eval.registry import Pooled, Registry
from schemas.vocabulary import FURTHER_FAMILIES, FURTHER_METHODS

_SENSITIVITY = tuple(family for family in FURTHER_FAMILIES if family not in ("description", "scale", "pooled"))
_UNCERTAIN = ("low_percent", "high_percent", "p_value")


def descriptions(registry: Registry, table: pd.DataFrame) -> list[Row]:
    """Return the rows of BE, a region of a field after the other."""
    return [_description(row) for row in _ordered(registry, table, ("description",), ["part", "method"])]


def further(registry: Registry, table: pd.DataFrame) -> list[Row]:
    """Return the rows of WI in the order of fields and instruments."""
    return [_further(row) for row in _ordered(registry, table, _SENSITIVITY, ["family", "method"])]


def averages(registry: Registry, table: pd.DataFrame, quarter: str) -> list[Row]:
    """Return the rows of DF in the order of the study, each beside what the calibration says of it."""
    rows = _text_keys(table[table["family"] == "pooled"])
    known = {row["specification"]: row for row in rows}
    return [_average(registry, each, known[each.name], quarter) for each in registry.pooled if each.name in known]


def scale(registry: Registry, table: pd.DataFrame) -> list[Row]:
    """Return the rows of SK, a row per size."""
    return [_scale(row) for row in _ordered(registry, table, ("scale",), ["method"])]


def _ordered(
    registry: Registry, table: pd.DataFrame, families: tuple[str, ...], keys: list[str]
) -> list[dict[str, Any]]:
    """Return rows by field of the study, then by ``keys``; what has a code list in its order, else as it came."""
    rows: list[dict[str, Any]] = []
    ranks: dict[str, Callable[[pd.Series], pd.Series]] = {
        "family": lambda values: values.map(FURTHER_FAMILIES.index),
        "method": lambda values: values.map(FURTHER_METHODS.index),
        "part": lambda values: values,
    }
    for field in registry.delivered_fields:
        mine = table[(table["field"] == field) & table["family"].isin(families)]
        ordered = mine.sort_values(keys, key=lambda values: ranks[str(values.name)](values), kind="stable")
        rows += _text_keys(ordered)
    return rows


def _text_keys(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _description(row: dict[str, Any]) -> Row:
    shown: Row = {
        "field": row["field"],
        "unit": row["part"],
        "further_method": row["method"],
        "effect_percent": _percent(row["estimate"]),
        "rank": row["rank"],
        "rank_of": row["rank_of"],
        "attainable_p": 1 / row["rank_of"],
        "fit_before_percent": _percent(row["fit_before"]),
        "n_units": row["n_units"],
        "warnings": row["warnings"],
    }
    return _with_gaps(shown, row, ("effect_percent",))


def _further(row: dict[str, Any]) -> Row:
    shown: Row = {
        "field": row["field"],
        "family": row["family"],
        "further_method": row["method"],
        "further_part": row["part"],
        **_effect(row),
        "p_adjusted": row["p_adjusted"],
        "n_units": row["n_units"],
        "warnings": row["warnings"],
    }
    return _with_gaps(shown, row, ("effect_percent", "low_percent", "high_percent", "p_value"))


def _average(registry: Registry, pooled: Pooled, row: Mapping[str, Any], quarter: str) -> Row:
    calibrated = average(registry, quarter, row["part"])
    averaged = row["part"].split() if np.isfinite(row["estimate"]) else []
    shown: Row = {
        "specification": pooled.name,
        "fields_averaged": " ".join(averaged) or None,
        "fields_left_out": " ".join(field for field in pooled.fields if field not in averaged) or None,
        **_effect(row),
        "n_units": row["n_units"],
        "warnings": row["warnings"],
        **calibrated,
    }
    if isinstance(row["withheld"], str):
        return _with_gaps(shown, row, ("effect_percent", *_UNCERTAIN))
    judgement = calibrated["judgement"]
    return shown if judgement == "held" else shown | dict.fromkeys(_UNCERTAIN, Gap(f"calibration_{judgement}"))


def _effect(row: Mapping[str, Any]) -> Row:
    """Return effect, interval and p."""
    ends = {f"{name}_percent": _percent(row[name]) for name in ("low", "high")}
    return {"effect_percent": _percent(row["estimate"]), **ends, "p_value": row["p_value"]}


def _scale(row: dict[str, Any]) -> Row:
    shown: Row = {
        "field": row["field"],
        "size_cases": row["part"],
        "elasticity": row["estimate"],
        "elasticity_low": row["low"],
        "elasticity_high": row["high"],
        "p_value": row["p_value"],
        "n_units": row["n_units"],
        "warnings": row["warnings"],
    }
    return _with_gaps(shown, row, ("elasticity", "elasticity_low", "elasticity_high", "p_value"))


def _percent(log_points: float) -> float | None:
    """Return 100 (exp b - 1); an end that is not bounded stays open."""
    return float(100 * np.expm1(log_points)) if np.isfinite(log_points) else None


def _with_gaps(shown: Row, row: Mapping[str, Any], keys: tuple[str, ...]) -> Row:
    if not isinstance(row["withheld"], str):
        return shown
    why = Gap(row["withheld"])
    missing: Row = {key: why for key in keys if shown[key] is None or shown[key] != shown[key]}  # nan is not itself
    return {**shown, **missing}
