"""The fingerprint of a release: a hash of everything it was made from.

Two evaluations with the same fingerprint are the same release. It covers the tables of the evaluation quarter, the
deliveries that count, the published cells, the study rows that are used and the versions of the methods; not the
commit, not the lock, not the time of day, not rows of the study that only other quarters use.
"""

import json
from collections.abc import Mapping
from hashlib import sha256

import pandas as pd

from ikz_eval.publish.tables import of_quarter
from ikz_eval.publish.versions import METHOD_VERSIONS
from ikz_eval.registry import EvaluationQuarter, Registry

USED_TABLES = (
    "delivery_calendar", "panel", "partnership", "estimate", "event_path", "design_card", "verdict", "placebo",
    "robustness", "further_estimate", "published_case",
)  # fmt: skip
_STUDY_FRAMES = ("bodies", "regions", "fields", "agreements", "corrections", "published_figure")
FLOAT_DIGITS = 9
"""Significant digits of a float that count: the last bits differ between processors."""


def frame_hash(frame: pd.DataFrame) -> str:
    """Return a SHA-256 of a frame's content, whatever the order of its rows."""
    columns = [_as_text(frame[column]) for column in frame.columns]
    rows = sorted(json.dumps(row, ensure_ascii=False) for row in zip(*columns, strict=True))
    return _hash([list(map(str, frame.columns)), rows])


def _as_text(column: pd.Series) -> list[str | None]:
    missing = column.isna()
    if pd.api.types.is_float_dtype(column.dtype):
        values = [format(value, f".{FLOAT_DIGITS}g") for value in column.astype("float64")]
    elif isinstance(column.dtype, pd.DatetimeTZDtype):
        values = [moment.isoformat() if moment is not pd.NaT else "" for moment in column.dt.tz_convert("UTC")]
    else:
        values = [str(value) for value in column]
    return [None if is_missing else value for value, is_missing in zip(values, missing, strict=True)]


def table_hashes(evaluation_quarter: str, tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Return the hash of every table the release uses, rows of its evaluation quarter only."""
    return {name: frame_hash(of_quarter(tables[name], evaluation_quarter)) for name in USED_TABLES}


def study_rows_hash(registry: Registry, evaluation: EvaluationQuarter) -> str:
    """Return a hash of the study rows that this evaluation uses."""
    prices = registry.price_index[registry.price_index["quarter"] <= evaluation.quarter]
    return _hash(
        {
            "frames": {name: frame_hash(getattr(registry, name)) for name in _STUDY_FRAMES},
            "price_index": frame_hash(prices),
            "study": [registry.study, registry.title_de, registry.title_en, registry.is_invented],
            "panel": [registry.first_quarter, registry.due_days, registry.price_base],
            "evaluation": [evaluation.quarter, evaluation.cutoff.isoformat(), evaluation.reason],
            "plan": registry.specification_hash,
        }
    )


def fingerprint(
    registry: Registry,
    evaluation: EvaluationQuarter,
    tables: Mapping[str, pd.DataFrame],
    cells: pd.DataFrame,
    deliveries: list[dict[str, str]],
) -> str:
    """Return the fingerprint.

    Parameters
    ----------
    registry, evaluation
        The study and the quarter.
    tables : mapping of str to pd.DataFrame
        Evaluation tables by name.
    cells : pd.DataFrame
        Contract ``published_cell``.
    deliveries : list of dict
        Deliveries that count, as the manifest lists them.
    """
    return _hash(
        {
            "tables": table_hashes(evaluation.quarter, tables),
            "cells": frame_hash(of_quarter(cells, evaluation.quarter)),
            "study": study_rows_hash(registry, evaluation),
            "deliveries": deliveries,
            "methods": {name: method.version for name, method in METHOD_VERSIONS.items()},
        }
    )


def _hash(content: object) -> str:
    return sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode("utf-8")).hexdigest()
