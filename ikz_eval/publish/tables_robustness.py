"""RC (robustness card) and PS (placebo starts).

Nothing is estimated here: rows of ``robustness`` and ``placebo`` are put into order and rounded for print.
"""

from collections.abc import Hashable
from typing import Any

import pandas as pd

from ikz_eval.publish.cells import Gap, Row
from ikz_eval.registry import Registry
from schemas.vocabulary import ROBUSTNESS_CHECKS

_FIGURES = ("effect_percent", "low_percent", "high_percent", "p_value")


def robustness(registry: Registry, table: pd.DataFrame) -> list[Row]:
    """Return the rows of RC in the order of the study's fields and of the card; what is missing says why."""
    rows: list[Row] = []
    for field in registry.delivered_fields:
        for check in ROBUSTNESS_CHECKS:
            mine = table[(table["field"] == field) & (table["check"] == check)]
            rows += [_shown(row) for row in mine.to_dict("records")]
    return rows


def _shown(row: dict[Hashable, Any]) -> Row:
    shown: Row = {key: row[key] for key in ("field", "check", "part", *_FIGURES, "n_units")}
    if isinstance(row["withheld"], str):
        why = Gap(row["withheld"])
        shown |= {key: why for key in _FIGURES if pd.isna(row[key])}
        shown["n_units"] = row["n_units"] or why
    return shown


def placebos(registry: Registry, table: pd.DataFrame) -> list[Row]:
    """Return the rows of PS in the order of the study's fields."""
    rows: list[Row] = []
    for field in registry.delivered_fields:
        mine = table[table["field"] == field].sort_values(["start", "region", "block"])
        columns = ["field", "block", "region", "start", "effect_percent"]
        rows += [{str(key): value for key, value in row.items()} for row in mine[columns].to_dict("records")]
    return rows
