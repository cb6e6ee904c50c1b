"""Checks on small tables: what is flagged, what is not, and what people read."""

import pandas as pd

from assets.checks import _answer, differing_deliveries, jumps, open_payments, wrong_subtotals

BLOCKS = ("personnel", "material", "it", "rooms", "overhead", "internal_services")


def panel_row(quarter="2024-Q1", per_case=20.0, paid=0, received=0, **changes) -> dict[str, object]:
    """Return a row of the panel in which everything adds up: six blocks of 100 EUR."""
    row = {f"nominal_{block}_cents": 10_000 for block in BLOCKS} | {
        "evaluation_quarter": "2026-Q2", "ags": "X0101", "unit": "auental", "unit_kind": "region", "field": "wohngeld",
        "quarter": quarter, "nominal_partner_paid_cents": paid, "nominal_partner_received_cents": received,
        "nominal_gross_cost_cents": 60_000, "nominal_net_cost_cents": 60_000 + paid - received,
        "real_net_cost_per_case_eur": per_case, "cohort": None, "own_start": None, "is_partial": False,
    }  # fmt: skip
    return row | changes


def panel(*rows: dict[str, object]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows))
    return frame.astype({"cohort": "str", "own_start": "str"})


def test_a_jump_is_a_change_beyond_the_threshold_against_the_bodys_own_previous_quarter():
    found = jumps(panel(panel_row("2024-Q1", 20.0), panel_row("2024-Q2", 25.0), panel_row("2024-Q3", 31.26)), 0.25)
    assert found[["quarter", "before_eur", "now_eur", "change_percent"]].values.tolist() == [
        ["2024-Q3", 25.0, 31.26, 25.0]
    ]


def test_a_fall_is_a_jump_too_and_another_bodys_value_is_no_comparison():
    rows = [panel_row("2024-Q1", 20.0), panel_row("2024-Q2", 10.0), panel_row("2024-Q3", 90.0, ags="X0102")]
    assert jumps(panel(*rows), 0.25)["change_percent"].tolist() == [-50.0]


def test_the_first_quarter_of_cooperation_may_jump():
    started = panel_row("2024-Q2", 40.0, cohort="2024-Q2", own_start="2024-Q2")
    late = panel_row("2024-Q2", 40.0, ags="X0102", cohort="2023-Q1", own_start="2024-Q2")
    before = [panel_row("2024-Q1", 20.0), panel_row("2024-Q1", 20.0, ags="X0102")]
    assert jumps(panel(started, late, *before), 0.25).empty


def test_a_missing_or_negative_value_is_no_jump():
    rows = [panel_row("2024-Q1", None), panel_row("2024-Q2", 40.0), panel_row("2024-Q1", -1.0, ags="X0102"),
            panel_row("2024-Q2", 40.0, ags="X0102")]  # fmt: skip
    assert jumps(panel(*rows), 0.25).empty


def test_subtotals_are_compared_to_the_cent():
    right, wrong = panel_row(), panel_row("2024-Q2", nominal_net_cost_cents=60_001)
    found = wrong_subtotals(panel(right, wrong))
    assert found[["quarter", "nominal_net_cost_cents", "net_of_blocks_cents"]].values.tolist() == [
        ["2024-Q2", 60_001, 60_000]
    ]


def test_payments_between_partners_must_net_to_zero_where_all_have_delivered():
    bodies = pd.DataFrame({"ags": ["X0101", "X0102"], "unit": ["auental", "auental"]})
    guest, host = panel_row(paid=5_000), panel_row(received=5_000, ags="X0102")
    short = panel_row("2024-Q2", received=4_999, ags="X0102")
    alone = panel_row("2024-Q3", paid=5_000)
    assert open_payments(panel(guest, host, alone), bodies).empty
    found = open_payments(panel(guest, host, panel_row("2024-Q2", paid=5_000), short, alone), bodies)
    assert found[["quarter", "paid_cents", "received_cents", "remainder_cents"]].values.tolist() == [
        ["2024-Q2", 5_000, 4_999, 1]
    ]


def test_cost_is_compared_with_the_cells_of_its_file_exactly():
    cells = pd.DataFrame(
        {"delivery_id": ["a", "a", "b", "a"], "table": ["cost", "cost", "cost", "staff"],
         "value": ["1234.56", "-0.56", "0.29", "2.5"]}
    )  # fmt: skip
    cost = pd.DataFrame({"delivery_id": ["a", "a", "b"], "amount_cents": [123_456, -56, 29]})
    assert differing_deliveries(cost, cells).empty
    changed = cost.assign(amount_cents=[123_456, -56, 30])
    assert differing_deliveries(changed, cells).values.tolist() == [["b", 30, 29]]


def test_the_answer_of_a_check_says_what_to_do_and_lists_the_cases():
    found = pd.DataFrame({"quarter": ["2024-Q2"], "change_percent": [25.0]})
    answer = _answer("jumps", found, threshold_percent=25.0)
    assert not answer.passed
    assert answer.description.startswith("1 jumps in cost per case beyond the study's threshold")
    assert "Ask the body whether the value is right" in answer.description
    assert answer.metadata["cases"].records[0].data == {"quarter": "2024-Q2", "change_percent": 25.0}
    assert _answer("jumps", found.iloc[:0]).description == "No body's cost per case jumps."
