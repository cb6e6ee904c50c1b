"""A small invented release for the tests of figures and notebooks: published cells, and the folder they lie in."""

import math
from pathlib import Path
from typing import Any

import pandas as pd

from ikz_eval.publish.cells import cells_of
from ikz_eval.publish.columns import TABLES
from ikz_eval.publish.csv_tables import csv_bytes
from ikz_eval.publish.figures import draw
from ikz_eval.publish.mark import mark
from ikz_eval.quarters import quarter_range
from ikz_eval.registry import Registry

QUARTERS = quarter_range("2020-Q3", "2026-Q2")
STARTS = ("2022-Q4", "2023-Q4", "2024-Q4")
EVALUATION = "2026-Q2"
FIELD = "fahrzeugzulassung"
BINS = [
    (-12, 0.8, -1.9, 3.6),
    (-8, -0.4, -2.9, 2.2),
    (-4, 0.0, None, None),
    (0, -10.4, -14.1, -6.55),
    (4, -12.25, -16.0, -8.3),
]
"""First quarter of the bin, estimate and interval [%]; the third bin is the reference."""


def make_cells(registry: Registry) -> pd.DataFrame:
    """Return cells of every published table of the demonstration, one field."""
    rows = {
        "T1": completeness_rows(registry), "T2": [], "T3": per_case_rows(registry), "T10": effect_rows(),
        "DC": [design_row()], "F1": cost_rows(registry), "F2": path_rows(), "F3": calendar_rows(registry), "PF": [],
    }  # fmt: skip
    return pd.concat([cells_of(EVALUATION, table, rows.get(table, [])) for table in TABLES], ignore_index=True)


def make_empty_cells() -> pd.DataFrame:
    """Return no cell at all, as when nothing was delivered."""
    return pd.concat([cells_of(EVALUATION, table, []) for table in TABLES], ignore_index=True)


def make_folder(folder: Path, cells: pd.DataFrame, registry: Registry) -> Path:
    """Write tables and figures as a release does."""
    (folder / "tables").mkdir(parents=True)
    (folder / "figures").mkdir()
    for table in TABLES:
        (folder / "tables" / f"{table}.csv").write_bytes(csv_bytes(cells, table, mark(registry)))
    for stem, svg in draw(cells, registry).items():
        (folder / "figures" / f"{stem}.svg").write_text(svg, encoding="utf-8", newline="\n")
    return folder


def cost_rows(registry: Registry) -> list[dict[str, Any]]:
    """Return rows of F1: each region a tenth cheaper after its start; the second region lacks three quarters."""
    rows: list[dict[str, Any]] = []
    for position, (unit, kind) in enumerate(zip(registry.regions["unit"], registry.regions["kind"], strict=True)):
        start = STARTS[position] if kind == "region" else None
        for time, quarter in enumerate(QUARTERS):
            value = 38 + 0.9 * position + 0.9 * math.sin(time * 1.5 + position) + 0.15 * time
            value *= 0.9 if start and quarter >= start else 1.0
            is_gap = position == 1 and 6 <= time <= 8
            rows.append(
                {
                    "field": FIELD, "unit": unit, "unit_kind": kind, "quarter": quarter, "cohort": start,
                    "real_gross_cost_per_case_eur": None if is_gap else value,
                }
            )  # fmt: skip
    return rows


def path_rows() -> list[dict[str, Any]]:
    """Return rows of F2: bins of four quarters with intervals, single quarters without."""
    quarters = [(time, (-11.0 if time >= 0 else 0.0) + 1.5 * math.sin(time), None, None) for time in range(-12, 8)]
    return [
        {
            "field": FIELD, "bin_quarters": length, "event_time": time, "estimate_percent": estimate,
            "low_percent": low, "high_percent": high, "treated_regions": 3 if low is not None else 1, "is_reference": length == 4 and time == -4,
        }
        for length, bins in ((4, BINS), (1, quarters))
        for time, estimate, low, high in bins
    ]  # fmt: skip


def calendar_rows(registry: Registry) -> list[dict[str, Any]]:
    """Return rows of F3: one late and one rejected delivery, two missing ones."""
    odd = {
        ("X0102", "2021-Q1"): "late", ("X0103", "2022-Q2"): "rejected",
        ("X0101", "2026-Q1"): "missing", ("X0101", "2026-Q2"): "missing",
    }  # fmt: skip
    return [
        {"ags": ags, "name": name, "unit": unit, "quarter": quarter, "status": odd.get((ags, quarter), "on_time")}
        for ags, name, unit in registry.bodies[["ags", "name", "unit"]].itertuples(index=False)
        for quarter in QUARTERS
    ]


def completeness_rows(registry: Registry) -> list[dict[str, Any]]:
    """Return rows of T1: the first body lacks two deliveries."""
    bodies = registry.bodies[["ags", "name", "unit"]].itertuples(index=False)
    rows: list[dict[str, Any]] = [
        {
            "ags": ags, "name": name, "unit": unit, "group": "participant", "due": 24,
            "on_time": 22 if ags == "X0101" else 24, "late": 0, "rejected": 0, "missing": 2 if ags == "X0101" else 0,
        }
        for ags, name, unit in bodies
    ]  # fmt: skip
    total = {
        "group": "all",
        "due": 24 * len(rows),
        "on_time": 24 * len(rows) - 2,
        "late": 0,
        "rejected": 0,
        "missing": 2,
    }
    return [*rows, total]


def per_case_rows(registry: Registry) -> list[dict[str, Any]]:
    """Return rows of T3: one region and one of its bodies."""
    common = {"field": FIELD, "quarters_before": 9, "quarters_after": 15}
    region = {"level": "partnership", "unit": registry.regions["unit"].iloc[0], "real_cost_per_case_before_eur": 1234.5,
              "real_cost_per_case_after_eur": 1111.05, "change_percent": -10.0}  # fmt: skip
    body = {"level": "body", "unit": registry.bodies["ags"].iloc[0], "real_cost_per_case_before_eur": 40,
            "real_cost_per_case_after_eur": 36, "change_percent": -10.0}  # fmt: skip
    return [{**common, **region}, {**common, **body}]


def effect_rows() -> list[dict[str, Any]]:
    """Return rows of T10: the primary row and one row beside it."""
    common = {
        "field": FIELD,
        "specification": "primary",
        "level": "partnership",
        "outcome": "log_real_gross_cost_per_case",
    }
    primary = {"method": "imputation", "term": "ATT", "is_primary": True, "effect_percent": -11.3, "low_percent": -14.1,
               "high_percent": -8.4, "mde_cr2_percent": 4.2, "verdict": "compatible", "reasons": "tests_missing"}  # fmt: skip
    beside = {"method": "group_time", "term": "ATT", "is_primary": False, "effect_percent": -10.9}
    return [{**common, **primary}, {**common, **beside}]


def design_row() -> dict[str, Any]:
    """Return the row of the design card."""
    return {
        "field": FIELD, "specification": "primary", "treated_regions": 3, "comparison_blocks": 6, "quarters_before": 9,
        "quarters_after": 7, "attainable_p_wild": 0.0039, "attainable_p_randomisation": 0.002, "mde_cr2_percent": 4.2,
        "missing_tests": "wild_bootstrap,randomisation_t", "verdict": "compatible", "direction": "saving",
        "reasons": "tests_missing", "low_percent": -14.1, "high_percent": -8.4, "is_zero_excluded": True,
    }  # fmt: skip
