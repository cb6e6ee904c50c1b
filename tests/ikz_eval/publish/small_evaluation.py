"""A small evaluation worked by hand: one region of three bodies, one field, four quarters before and two after.

Prices stand at 100 in 2021 and at 105 in 2022, so that real amounts after the start are nominal amounts / 1.05. The
host (X0101) takes over the others' work from 2022 on; its partners pay it 420 EUR a quarter.
"""

from math import exp
from typing import Any

import pandas as pd

from ikz_eval.panel import build_calendar, build_panel, build_partnership
from ikz_eval.publish.columns import P_VALUES
from ikz_eval.publish.tables import build_cells
from ikz_eval.registry import Registry
from ikz_eval.warehouse import empty_table, typed
from tests.ikz_eval.panel.small_study import BLOCK, FIELD, Ledger, agreement, make_prices, make_registry

QUARTER = "2022-Q2"
BEFORE = ("2021-Q1", "2021-Q2", "2021-Q3", "2021-Q4")
AFTER = ("2022-Q1", "2022-Q2")
CENTS = {
    "X0101": ({"personnel": 1000_00, "material": 100_00}, {"personnel": 1470_00, "material": 105_00, "partner_received": 420_00}),
    "X0102": ({"personnel": 500_00}, {"personnel": 105_00, "partner_paid": 210_00}),
    "X0103": ({"personnel": 500_00}, {"personnel": 105_00, "partner_paid": 210_00}),
}  # fmt: skip
CASES = {"X0101": (100, 120), "X0102": (60, 60), "X0103": (40, 20)}
STAFF = {"X0101": (2.0, 2.5), "X0102": (1.0, 0.25), "X0103": (1.0, 0.25)}
TITLES = {"title_de": "Klein: erfundene Regionen", "title_en": "Small: invented regions"}


def make_study(**changes: Any) -> Registry:
    prices = {quarter: 100.0 if quarter in BEFORE else 105.0 for quarter in (*BEFORE, *AFTER)}
    agreements = [agreement(ags, "2022-01-01") for ags in CENTS]
    return make_registry(agreements, **({"price_index": make_prices(prices, prices)} | TITLES | changes))


def make_ledger(skip: tuple[str, str] | None = None, *, is_invented: bool = True) -> Ledger:
    ledger = Ledger()
    for moment, quarters in enumerate((BEFORE, AFTER)):
        for quarter in quarters:
            for ags, cents in CENTS.items():
                if (ags, quarter) != skip:
                    part = {"cases": CASES[ags][moment], "staff_fte": STAFF[ags][moment]}
                    ledger.add(ags, quarter, is_invented=is_invented, **part, **cents[moment])
            for ags in (*BLOCK, "X0301"):
                ledger.add(ags, quarter, is_invented=is_invented, material=50_00)
    return ledger


def make_tables(registry: Registry, ledger: Ledger | None = None, **changes: Any) -> dict[str, pd.DataFrame]:
    """Return all tables of the evaluation; verdict and estimates are written by hand, ``changes`` go to the verdict."""
    facts = (ledger or make_ledger(is_invented=registry.is_invented)).tables
    evaluation = registry.evaluation(QUARTER)
    panel = build_panel(registry, evaluation, **facts)
    return {
        "delivery": facts["delivery"],
        "delivery_calendar": build_calendar(registry, evaluation, facts["delivery"]),
        "panel": panel,
        "partnership": build_partnership(registry, panel, QUARTER),
        "estimate": typed("estimate", [estimate_row(), estimate_row(is_primary=False, **POINT)]),
        "event_path": typed("event_path", [path_row(-1, 0.0, True), path_row(0, -0.1, False)]),
        "design_card": typed("design_card", [design_row()]),
        "verdict": typed("verdict", [verdict_row(**changes)]),
        "placebo": typed("placebo", [placebo_row()]),
        "robustness": typed("robustness", [robustness_row(), robustness_row(**UNRECORDED)]),
        "further_estimate": typed("further_estimate", further_rows()),
        "published_case": empty_table("published_case"),
    }


def make_cells(registry: Registry, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return build_cells(registry, QUARTER, tables)


KEY = {"evaluation_quarter": QUARTER, "specification": "main", "field": FIELD}
POINT = {"method": "group_time", "low_percent": None, "high_percent": None, "withheld": "reported_point"}


def estimate_row(**changes: Any) -> dict[str, Any]:
    return {
        **KEY, "level": "partnership", "outcome": "log_real_gross_cost_per_case", "is_primary": True,
        "method": "imputation", "term": "ATT", "estimate_log": -0.12, "se_log": 0.01, "df": 3.2, "p_value": 0.01,
        "low_log": -0.15, "high_log": -0.09, "effect_percent": -11.25, "low_percent": -14.149, "high_percent": -8.25,
        "effect_eur_per_case": -1.005, "low_eur_per_case": None, "high_eur_per_case": None, "mde_cr2_percent": 6.25,
        "n_obs": 18, "n_units": 3, "n_dropped": 0, "dropped": None, "withheld": None,
    } | changes  # fmt: skip


def path_row(event_time: int, estimate_log: float, is_reference: bool) -> dict[str, Any]:
    return {
        **KEY, "level": "partnership", "outcome": "log_real_gross_cost_per_case", "bin_quarters": 1,
        "event_time": event_time, "estimate_log": estimate_log, "se_log": None, "df": None, "low_log": None,
        "high_log": None, "estimate_percent": 100 * (exp(estimate_log) - 1), "low_percent": None, "high_percent": None,
        "n_regions": 1, "is_reference": is_reference,
    }  # fmt: skip


def design_row(**changes: Any) -> dict[str, Any]:
    return {
        **KEY, "treated_regions": 3, "comparison_blocks": 6, "quarters_before": 4, "quarters_after": 2,
        "leverage_share_max": 0.3875, "attainable_p_wild": 0.00390625, "attainable_p_randomisation": 0.00198,
        "assignments": 504, "mde_cr2_percent": 6.25, "mde_supported_percent": None, "rows_not_positive": 0,
        "missing_tests": "wild_bootstrap,randomisation_t", "is_randomisation_approximate": True,
    } | changes  # fmt: skip


def placebo_row() -> dict[str, Any]:
    block, region = "ost", "nord"
    return {**KEY, "block": block, "region": region, "start": AFTER[0], "estimate_log": 0.01, "effect_percent": 1.005}


def robustness_row(**changes: Any) -> dict[str, Any]:
    return {
        **KEY, "check": "cases", "part": "all", "estimate_log": 0.01, "low_log": -0.01, "high_log": 0.03,
        "effect_percent": 1.005, "low_percent": -0.995, "high_percent": 3.045, "p_value": 0.25, "n_units": 3,
        "withheld": None,
    } | changes  # fmt: skip


def further_rows() -> list[dict[str, Any]]:
    empty = dict.fromkeys(
        ["estimate", "low", "high", "p_value", "p_adjusted", "rank", "rank_of", "fit_before", "warnings", "withheld"]
    )
    bare = {**KEY, "part": "nord", "n_units": 26, **empty}
    return [
        bare | {"family": "exploratory", "method": "outcome_cases", "part": "all", "estimate": 0.02, "low": -0.01, "high": 0.05,
                "p_value": 0.1, "p_adjusted": 0.4},
        bare | {"family": "honest", "method": "relative_magnitudes", "part": "M=0.5", "low": -0.2, "high": 0.01,
                "warnings": "point_identified"},
        bare | {"family": "scale", "method": "cost_function", "part": "1200", "estimate": 0.8, "low": 0.7, "high": 0.9,
                "p_value": 0.01, "warnings": "association_only"},
        bare | {"family": "description", "method": "synthetic_control", "estimate": -0.1, "rank": 1, "rank_of": 26,
                "fit_before": 0.02, "warnings": "few_donors,fragile_weights"},
        bare | {"family": "description", "method": "before_after", "estimate": -0.05, "warnings": "no_comparison",
                "withheld": "one_region"},
    ]  # fmt: skip


UNRECORDED: dict[str, Any] = {
    "check": "without_ikfz", "withheld": "not_recorded", "n_units": 0,
    **dict.fromkeys(["estimate_log", "low_log", "high_log", "effect_percent", "low_percent", "high_percent", "p_value"]),
}  # fmt: skip


def verdict_row(**changes: Any) -> dict[str, Any]:
    return {
        **KEY, "verdict": "compatible", "direction": "saving", "reasons": "tests_missing", "effect_percent": -11.25,
        "low_percent": -14.149, "high_percent": -8.25, "is_zero_excluded": True, **dict.fromkeys(P_VALUES, 0.0123456),
    } | changes  # fmt: skip


NOT_ASSESSABLE: dict[str, Any] = {
    "verdict": "not_assessable", "direction": "none", "reasons": "no_deliveries,fewer_than_2_regions",
    "effect_percent": None, "low_percent": None, "high_percent": None, "is_zero_excluded": False,
    **dict.fromkeys(P_VALUES),
}  # fmt: skip
"""Changes to a verdict row that make the field not assessable."""
