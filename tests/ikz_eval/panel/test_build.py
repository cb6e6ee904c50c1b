"""The panel: one body's numbers worked by hand, cooperation from the agreements, what is left out and why."""

import os
import time
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ikz_eval.errors import PanelError
from ikz_eval.panel import build_panel, build_partnership
from ikz_eval.quarters import quarter_range
from ikz_eval.registry import EvaluationQuarter
from ikz_eval.warehouse import empty_table, typed
from ikz_eval.warehouse.typing import contract
from tests.ikz_eval.panel.small_study import BLOCK, CUTOFF, FIELD, REGION, Ledger, agreement, make_prices, make_registry


def row(panel: pd.DataFrame, ags: str, quarter: str) -> pd.Series:
    found = panel[(panel["ags"] == ags) & (panel["quarter"] == quarter)]
    assert len(found) == 1
    return found.iloc[0]


def test_one_body_and_quarter_worked_by_hand(ledger, evaluation):
    prices = make_prices(consumer={"2021-Q1": 100.0, "2021-Q3": 105.0}, pay={"2021-Q1": 100.0, "2021-Q3": 102.0})
    registry = make_registry(price_index=prices)
    ledger.add(
        "X0101", "2021-Q3", cases=400, staff_fte=2.5, personnel=51_000_00, material=1_050_00, it=2_100_00, rooms=0,
        overhead=10_50, internal_services=0, transition=525_00, partner_paid=210_00, partner_received=2_310_00,
        fee_revenue=999_00, grants=888_00,
    )  # fmt: skip
    panel = build_panel(registry, evaluation, **ledger.tables)
    contract("panel").to_schema().validate(panel)
    body = row(panel, "X0101", "2021-Q3")
    # personnel 51,000 / 1.02 = 50,000; material 1,000; IT 2,000; overhead 10; payments 200 and 2,200 EUR at base prices
    assert body["nominal_gross_cost_cents"] == 5_416_050
    assert body["nominal_net_cost_cents"] == 5_416_050 + 21_000 - 231_000
    assert body["real_personnel_cents"] == 5_000_000
    assert body["real_gross_cost_cents"] == 5_000_000 + 100_000 + 200_000 + 1_000
    assert body["real_net_cost_cents"] == 5_301_000 + 20_000 - 220_000
    assert body["real_transition_cents"] == 50_000
    assert body["real_net_cost_per_case_eur"] == pytest.approx(51_010 / 400)
    assert body["cases_per_fte"] == 160.0
    assert (body["cohort"], body["own_start"], body["event_time"]) == ("2021-Q2", "2021-Q2", 1)
    assert pd.isna(body["exclusion"]) and pd.isna(body["price_gap"])


def test_a_late_joiner_takes_the_regions_start_and_keeps_its_own(ledger, evaluation):
    registry = make_registry([agreement("X0101"), agreement("X0102"), agreement("X0103", "2022-01-01")])
    ledger.add("X0103", "2021-Q3")
    late = row(build_panel(registry, evaluation, **ledger.tables), "X0103", "2021-Q3")
    assert (late["cohort"], late["own_start"], late["event_time"]) == ("2021-Q2", "2022-Q1", 1)


def test_a_start_inside_a_quarter_makes_it_partial(ledger, evaluation):
    registry = make_registry([agreement("X0101", "2021-04-09"), agreement("X0102", "2021-10-01")])
    for quarter in ("2021-Q1", "2021-Q2", "2021-Q3"):
        ledger.add("X0101", quarter)
    panel = build_panel(registry, evaluation, **ledger.tables)
    assert panel["is_partial"].tolist() == [False, True, False]
    assert panel["event_time"].tolist() == [-1, 0, 1]
    assert panel["exclusion"].fillna("").tolist() == ["", "partial_quarter", ""]


def test_a_start_on_the_first_day_is_no_partial_quarter(ledger, evaluation):
    ledger.add("X0101", "2021-Q2")
    panel = build_panel(make_registry(), evaluation, **ledger.tables)
    assert panel["is_partial"].tolist() == [False]


@pytest.mark.parametrize(
    ("ags", "rows", "reason"),
    [
        ("X0101", [agreement("X0101", None), agreement("X0102")], "unknown_start"),
        (
            "X0101",
            [
                agreement("X0101", "2021-04-01", status="conflicting"),
                agreement("X0101", "2021-07-01", status="conflicting"),
            ],
            "unknown_start",
        ),
        ("X0101", [agreement("X0102")], "not_taking_part"),
        ("X0101", [agreement("X0101", None, status="planned")], "not_taking_part"),
        ("X0101", [agreement("X0101", "2004-01-01", status="earlier", unit=None)], "earlier_cooperation"),
        ("X0201", [agreement("X0201", "2004-01-01", status="earlier", unit=None)], "earlier_cooperation"),
        ("X0201", [agreement("X0201", "2024-01-01", unit=None)], "other_cooperation"),
        ("X0201", [agreement("X0201", None, status="planned", unit=None)], ""),
        ("X0201", [], ""),
    ],
)
def test_who_is_neither_treated_nor_comparison(ledger, evaluation, ags, rows, reason):
    ledger.add(ags, "2021-Q2")
    body = row(build_panel(make_registry(rows), evaluation, **ledger.tables), ags, "2021-Q2")
    assert (body["exclusion"] if pd.notna(body["exclusion"]) else "") == reason
    if reason:
        assert pd.isna(body["cohort"]) and pd.isna(body["event_time"])


def test_quarters_after_the_end_are_left_out(ledger, evaluation):
    rows = [agreement("X0101", end="2021-12-31"), agreement("X0102", end="2021-09-30")]
    for quarter in ("2021-Q4", "2022-Q1"):
        ledger.add("X0101", quarter)
        ledger.add("X0102", quarter)
    panel = build_panel(make_registry(rows), evaluation, **ledger.tables)
    assert panel[["ags", "quarter", "exclusion"]].fillna("").to_numpy().tolist() == [
        ["X0101", "2021-Q4", ""], ["X0101", "2022-Q1", "after_end"], ["X0102", "2021-Q4", ""], ["X0102", "2022-Q1", "after_end"],
    ]  # fmt: skip


def test_costs_without_logarithm_are_kept_in_levels_and_named(ledger, evaluation):
    ledger.add("X0201", "2021-Q1", personnel=0)
    ledger.add("X0201", "2021-Q2", personnel=100, partner_received=200)
    ledger.add("X0201", "2021-Q3", cases=0)
    panel = build_panel(make_registry(), evaluation, **ledger.tables)
    assert panel["exclusion"].tolist() == ["cost_not_positive", "cost_not_positive", "no_cases"]
    assert panel["real_net_cost_per_case_eur"].tolist()[:2] == [0.0, -0.01]
    assert pd.isna(panel["real_net_cost_per_case_eur"].iloc[2])


def test_where_prices_end_real_cost_is_empty_with_its_reason(ledger, evaluation):
    registry = make_registry(price_index=make_prices(pay={"2021-Q1": 100.0}))
    ledger.add("X0201", "2021-Q2", material=50)
    panel = build_panel(registry, evaluation, **ledger.tables)
    body = panel.iloc[0]
    assert (body["price_gap"], body["exclusion"]) == ("no_pay_index", "price_missing")
    assert body["real_material_cents"] == 50
    assert pd.isna(body["real_personnel_cents"]) and pd.isna(body["real_gross_cost_cents"])
    assert body["nominal_gross_cost_cents"] == 100_050


def test_versions_before_and_after_the_cutoff(ledger, evaluation):
    ledger.add("X0101", "2021-Q1", received="2021-05-01T10:00:00Z", personnel=100, number=1)
    ledger.add("X0101", "2021-Q1", received="2021-06-01T10:00:00Z", personnel=200, number=2)
    ledger.add("X0101", "2021-Q1", received="2022-09-02T10:00:00Z", personnel=300, number=3)
    panel = build_panel(make_registry(), evaluation, **ledger.tables)
    assert panel["nominal_personnel_cents"].tolist() == [200]
    later = EvaluationQuarter("2022-Q2", datetime(2022, 12, 31, tzinfo=UTC), "invented")
    assert build_panel(make_registry(), later, **ledger.tables)["nominal_personnel_cents"].tolist() == [300]


def test_quarters_outside_the_evaluation_do_not_enter(ledger, evaluation):
    ledger.add("X0101", "2022-Q2")
    ledger.add("X0101", "2022-Q3")
    assert build_panel(make_registry(), evaluation, **ledger.tables)["quarter"].tolist() == ["2022-Q2"]


def test_nothing_delivered_gives_an_empty_panel(evaluation):
    tables = {name: empty_table(name) for name in ("delivery", "cost", "caseload", "staff")}
    assert build_panel(make_registry(), evaluation, **tables).empty


def test_invented_and_real_deliveries_never_mix(ledger, evaluation):
    ledger.add("X0101", "2021-Q1")
    with pytest.raises(PanelError, match="'klein' is real, but 1 of its deliveries are invented"):
        build_panel(make_registry(is_invented=False), evaluation, **ledger.tables)
    ledger.add("X0102", "2021-Q1", is_invented=False)
    with pytest.raises(PanelError, match="never mixes"):
        build_panel(make_registry(), evaluation, **ledger.tables)


def test_a_delivery_without_rows_is_refused(ledger, evaluation):
    ledger.add("X0101", "2021-Q1")
    with pytest.raises(PanelError, match="1 deliveries have no rows"):
        build_panel(
            make_registry(),
            evaluation,
            **ledger.tables
            | {"cost": empty_table("cost"), "caseload": empty_table("caseload"), "staff": empty_table("staff")},
        )
    with pytest.raises(PanelError, match="1 rows lack a value"):
        build_panel(make_registry(), evaluation, **ledger.tables | {"staff": empty_table("staff")})


def correction(column: str, old: str, new: str, table: str = "cost", **changes: str | None) -> pd.DataFrame:
    row = {
        "table": table, "ags": "X0101", "field": FIELD, "quarter": "2021-Q1", "column": column, "old_value": old,
        "new_value": new, "reason": "typing error", "reported_to": None, "status": "open",
    }  # fmt: skip
    return typed("correction", [row | changes])


def test_a_correction_replaces_what_was_delivered(ledger, evaluation):
    ledger.add("X0101", "2021-Q1", personnel=1234_50)
    registry = make_registry(corrections=correction("personnel", "1234.50", "2234.50"))
    assert build_panel(registry, evaluation, **ledger.tables)["nominal_personnel_cents"].tolist() == [2234_50]


@pytest.mark.parametrize(
    ("table", "column", "old", "new", "expected"),
    [("caseload", "cases", "100", "110", ("cases", 110)), ("staff", "staff_fte", "2", "2.25", ("staff_fte", 2.25))],
)
def test_cases_and_staff_are_corrected_too(ledger, evaluation, table, column, old, new, expected):
    ledger.add("X0101", "2021-Q1")
    panel = build_panel(make_registry(corrections=correction(column, old, new, table)), evaluation, **ledger.tables)
    assert panel[expected[0]].tolist() == [expected[1]]


def test_a_correction_of_a_value_already_right_changes_nothing(ledger, evaluation):
    ledger.add("X0101", "2021-Q1", personnel=2234_50)
    registry = make_registry(corrections=correction("personnel", "1234.50", "2234.50"))
    assert build_panel(registry, evaluation, **ledger.tables)["nominal_personnel_cents"].tolist() == [2234_50]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            correction("personnel", "1.00", "2.00"),
            r"expects 1\.00 \(or 2\.00\), but the delivery that counts says 1000",
        ),
        (correction("personnel", "1000.005", "2"), "at most two decimals"),
        (correction("persons", "1", "2"), "found column 'persons'; allowed: personnel"),
        (correction("cases", "1", "2", "caseload", field=None), "field and quarter are needed"),
    ],
)
def test_a_correction_that_does_not_fit_fails_loudly(ledger, evaluation, rows, message):
    ledger.add("X0101", "2021-Q1")
    with pytest.raises(PanelError, match=message):
        build_panel(make_registry(corrections=rows), evaluation, **ledger.tables)


PAYMENTS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 10**9)), max_size=8)


@settings(deadline=None, max_examples=50)
@given(
    PAYMENTS,
    st.lists(st.integers(-(10**6), 10**9), min_size=3, max_size=3),
    st.decimals(min_value=50, max_value=200, places=3),
)
def test_payments_between_partners_net_to_zero_to_the_cent(payments, costs, index):
    ledger, paid, received = Ledger(), [0, 0, 0], [0, 0, 0]
    for payer, payee, amount in payments:
        paid[payer] += amount
        received[payee] += amount
    for position, ags in enumerate(REGION):
        ledger.add(
            ags, "2021-Q3", personnel=costs[position], partner_paid=paid[position], partner_received=received[position]
        )
    registry = make_registry(price_index=make_prices(consumer={"2021-Q1": 100.0, "2021-Q3": float(index)}))
    panel = build_panel(registry, EvaluationQuarter("2022-Q2", CUTOFF, "invented"), **ledger.tables)
    assert panel["nominal_net_cost_cents"].sum() == panel["nominal_gross_cost_cents"].sum() == sum(costs)
    together = build_partnership(registry, panel)
    region = together[(together["unit"] == "nord") & (together["quarter"] == "2021-Q3")].iloc[0]
    assert region["nominal_net_cost_cents"] == region["nominal_gross_cost_cents"] == sum(costs)
    shift = panel["real_net_cost_cents"].sum() - panel["real_gross_cost_cents"].sum()
    assert abs(shift) <= 3, "each body's two payments are rounded on their own: at most a cent a body"


@pytest.fixture
def set_zone(monkeypatch):
    def change(name: str) -> None:
        monkeypatch.setitem(os.environ, "TZ", name)
        time.tzset()

    yield change
    monkeypatch.undo()
    time.tzset()


def test_the_machines_time_zone_changes_nothing(ledger, evaluation, set_zone):
    for ags in (*REGION, *BLOCK):
        ledger.add(ags, "2021-Q1", received="2022-09-01T21:59:59Z")
        ledger.add(ags, "2021-Q1", received="2022-09-01T22:00:01Z", number=2, personnel=7)
    panels = []
    for name in ("Pacific/Kiritimati", "America/Los_Angeles"):
        set_zone(name)
        panels.append(build_panel(make_registry(), evaluation, **ledger.tables))
    pd.testing.assert_frame_equal(*panels)
    assert panels[0]["nominal_personnel_cents"].tolist() == [100_000] * 5


def test_the_order_of_rows_changes_nothing(ledger, evaluation):
    for ags in REGION:
        ledger.add(ags, "2021-Q1", received="2021-02-01T00:00:00Z")
        ledger.add(ags, "2021-Q1", received="2021-02-01T00:00:00Z", number=2, personnel=5)
    tables = ledger.tables
    shuffled = {name: frame.sample(frac=1, random_state=3) for name, frame in tables.items()}
    first = build_panel(make_registry(), evaluation, **tables)
    pd.testing.assert_frame_equal(first, build_panel(make_registry(), evaluation, **shuffled))
    assert first["nominal_personnel_cents"].tolist() == [5, 5, 5], "received at once: the larger id counts"


def test_thirty_six_bodies_and_twenty_five_quarters_take_seconds_not_minutes(evaluation):
    ledger, registry = Ledger(), make_registry()
    bodies = [
        registry.bodies.iloc[0].to_dict() | {"ags": f"X{number:04d}", "unit": "ost"} for number in range(1000, 1036)
    ]
    fields = [registry.fields.iloc[0].to_dict() | {"field": f"field{number}"} for number in range(4)]
    registry = replace(
        registry, bodies=typed("body", bodies), fields=typed("cooperation_field", fields), first_quarter="2020-Q3"
    )
    for body in bodies:
        for quarter in quarter_range("2020-Q3", "2026-Q3"):
            for number, field in enumerate(fields):
                ledger.add(body["ags"], quarter, field=field["field"])
                if number:
                    ledger.rows["delivery"].pop()
    tables = ledger.tables
    big = EvaluationQuarter("2026-Q3", datetime(2099, 1, 1, tzinfo=UTC), "invented")
    begin = time.process_time()
    panel = build_panel(registry, big, **tables)
    partnership = build_partnership(registry, panel)
    assert time.process_time() - begin < 1.5
    assert len(panel) == 3600 and len(partnership) == 100
