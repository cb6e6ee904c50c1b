"""Regions and blocks: sums over constant members, gaps named, units without a start left out."""

import pandas as pd
import pytest

from ikz_eval.errors import PanelError
from ikz_eval.panel import build_panel, build_partnership
from ikz_eval.warehouse.typing import contract
from tests.ikz_eval.panel.small_study import BLOCK, REGION, agreement, make_registry


def of(together: pd.DataFrame, unit: str, quarter: str) -> pd.Series:
    found = together[(together["unit"] == unit) & (together["quarter"] == quarter)]
    assert len(found) == 1
    return found.iloc[0]


def test_a_region_is_the_sum_of_its_members(ledger, evaluation):
    for position, ags in enumerate(REGION, start=1):
        ledger.add(
            ags, "2021-Q3", personnel=position * 1000_00, cases=position * 10, staff_fte=position / 2, transition=50
        )
    together = build_partnership(make_registry(), build_panel(make_registry(), evaluation, **ledger.tables))
    contract("partnership").to_schema().validate(together)
    region = of(together, "nord", "2021-Q3")
    assert (region["members"], region["members_delivered"]) == (3, 3)
    assert region["nominal_gross_cost_cents"] == region["real_gross_cost_cents"] == 6000_00
    assert (region["cases"], region["staff_fte"], region["real_transition_cents"]) == (60, 3.0, 150)
    assert region["real_gross_cost_per_case_eur"] == 100.0
    assert region["cases_per_fte"] == 20.0
    assert (region["cohort"], region["event_time"], region["is_partial"]) == ("2021-Q2", 1, False)
    assert pd.isna(region["exclusion"]) and pd.isna(region["missing_members"])


def test_a_missing_member_leaves_the_sum_empty_and_is_named(ledger, evaluation):
    ledger.add("X0102", "2021-Q3")
    together = build_partnership(make_registry(), build_panel(make_registry(), evaluation, **ledger.tables))
    region = of(together, "nord", "2021-Q3")
    assert (region["members"], region["members_delivered"], region["missing_members"]) == (3, 1, "X0101,X0103")
    assert pd.isna(region["nominal_gross_cost_cents"]) and pd.isna(region["cases"]) and pd.isna(region["staff_fte"])
    assert region["exclusion"] == "members_missing"


def test_every_quarter_has_a_row_even_when_nothing_arrived(ledger, evaluation):
    ledger.add("X0301", "2021-Q3")
    together = build_partnership(make_registry(), build_panel(make_registry(), evaluation, **ledger.tables))
    assert len(together) == 3 * 6
    assert of(together, "ost", "2022-Q2")["missing_members"] == ",".join(BLOCK)
    assert of(together, "sued", "2021-Q3")["real_gross_cost_cents"] == 1000_00


def test_an_empty_panel_shows_the_gaps_when_the_evaluation_is_named(ledger, evaluation):
    empty = build_panel(make_registry(), evaluation, **ledger.tables)
    assert build_partnership(make_registry(), empty).empty
    together = build_partnership(make_registry(), empty, "2021-Q2")
    assert len(together) == 3 * 2
    assert set(together["exclusion"]) == {"members_missing"}


def test_members_with_unknown_start_or_without_part_are_not_counted(ledger, evaluation):
    registry = make_registry([agreement("X0101"), agreement("X0102", None)])
    ledger.add("X0101", "2021-Q3", cases=10)
    together = build_partnership(registry, build_panel(registry, evaluation, **ledger.tables))
    region = of(together, "nord", "2021-Q3")
    assert (region["members"], region["cases"]) == (1, 10)
    assert pd.isna(region["exclusion"])


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([agreement(ags, None) for ags in REGION], "unknown_start"),
        ([agreement("X0101", None)], "unknown_start"),
        ([], "not_taking_part"),
    ],
)
def test_a_region_without_known_start_is_left_out(ledger, evaluation, rows, reason):
    for ags in REGION:
        ledger.add(ags, "2021-Q3")
    together = build_partnership(make_registry(rows), build_panel(make_registry(rows), evaluation, **ledger.tables))
    region = of(together, "nord", "2021-Q3")
    assert (region["exclusion"], region["members"], region["real_gross_cost_cents"]) == (reason, 3, 3000_00)
    assert pd.isna(region["cohort"]) and pd.isna(region["event_time"])


def test_a_block_counts_only_clean_comparison_bodies(ledger, evaluation):
    registry = make_registry(
        [*(agreement(ags) for ags in REGION), agreement("X0202", "2004-01-01", status="earlier", unit=None)]
    )
    for ags in BLOCK:
        ledger.add(ags, "2021-Q3", cases=5)
    together = build_partnership(registry, build_panel(registry, evaluation, **ledger.tables))
    block = of(together, "ost", "2021-Q3")
    assert (block["members"], block["cases"], block["unit_kind"]) == (1, 5, "block")
    assert pd.isna(block["cohort"])


def test_two_evaluations_in_one_panel_are_refused(ledger, evaluation):
    ledger.add("X0101", "2021-Q1")
    panel = build_panel(make_registry(), evaluation, **ledger.tables)
    with pytest.raises(PanelError, match="found 2022-Q1, 2022-Q2"):
        build_partnership(make_registry(), panel, "2022-Q1")
