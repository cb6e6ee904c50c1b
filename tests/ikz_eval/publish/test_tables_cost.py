"""T2, T3 and F1 against numbers worked by hand (see small_evaluation.py)."""

import pytest

from ikz_eval.errors import ReleaseError
from ikz_eval.publish.tables import build_cells, notes, wide
from tests.ikz_eval.panel.small_study import make_prices
from tests.ikz_eval.publish.small_evaluation import BEFORE, QUARTER, make_cells, make_ledger, make_study, make_tables


@pytest.fixture(scope="module")
def cells():
    study = make_study()
    return make_cells(study, make_tables(study))


def test_cost_blocks_before_and_after(cells):
    table = wide(cells, "T2").set_index("cost_block")
    values = ["nominal_before_eur", "nominal_after_eur", "real_before_eur", "real_after_eur", "real_change_percent"]
    assert list(table.loc["personnel", values]) == ["2000.00", "1680.00", "2000.00", "1600.00", "-20.0"]
    assert list(table.loc["material", values]) == ["100.00", "105.00", "100.00", "100.00", "0.0"]
    assert list(table.loc["running_total", values]) == ["2100.00", "1785.00", "2100.00", "1700.00", "-19.0"]
    assert list(table["quarters_before"].unique()) == ["4"]
    assert list(table["quarters_after"].unique()) == ["2"]


def test_payments_between_partners_are_shown_apart_and_not_deflated(cells):
    paid = wide(cells, "T2").set_index("cost_block").loc["partner_paid"]
    received = wide(cells, "T2").set_index("cost_block").loc["partner_received"]
    assert (paid["nominal_before_eur"], paid["nominal_after_eur"]) == ("0.00", "420.00")
    assert received["nominal_after_eur"] == "420.00"
    row = list(wide(cells, "T2")["cost_block"]).index("partner_paid")
    assert notes(cells, "T2").loc[row, "real_after_eur"] == "not_deflated"


def test_partnership_pays_gross_cost_per_case(cells):
    whole = wide(cells, "T3").query("level == 'partnership'").iloc[0]
    assert (whole["real_cost_per_case_before_eur"], whole["real_cost_per_case_after_eur"]) == ("10.50", "8.50")
    assert whole["change_percent"] == "-19.0"
    assert (whole["cases_per_fte_before"], whole["cases_per_fte_after"]) == ("50.0", "66.7")


def test_bodies_pay_net_cost_per_case(cells):
    bodies = wide(cells, "T3").query("level == 'body'").set_index("unit")
    columns = ["real_cost_per_case_before_eur", "real_cost_per_case_after_eur", "change_percent"]
    assert list(bodies.loc["X0101", columns]) == ["11.00", "9.17", "-16.7"]
    assert list(bodies.loc["X0102", columns]) == ["8.33", "5.00", "-40.0"]
    assert list(bodies.loc["X0103", columns]) == ["12.50", "15.00", "20.0"]


def test_mean_of_bodies_with_the_current_mix_is_the_partnership_and_with_fixed_shares_is_not(cells):
    table = wide(cells, "T3").set_index("level")
    columns = ["real_cost_per_case_before_eur", "real_cost_per_case_after_eur", "change_percent"]
    assert list(table.loc["body_mean_current_mix", columns]) == ["10.50", "8.50", "-19.0"]
    assert list(table.loc["body_mean_fixed_shares", columns]) == ["10.50", "9.08", "-13.5"]


def test_a_quarter_with_a_missing_member_is_in_neither_window_and_is_a_gap_in_the_figure():
    study = make_study()
    cells = make_cells(study, make_tables(study, make_ledger(skip=("X0102", "2021-Q2"))))
    assert set(wide(cells, "T2")["quarters_before"]) == {"3"}
    bodies = wide(cells, "T3").query("level == 'body'").set_index("unit")
    assert (bodies.loc["X0101", "quarters_before"], bodies.loc["X0102", "quarters_before"]) == ("4", "3")
    line = wide(cells, "F1").query("unit == 'nord'").set_index("quarter")["real_gross_cost_per_case_eur"]
    assert line.isna().sum() == 1
    assert line.isna()["2021-Q2"]
    assert (line["2021-Q1"], line["2022-Q2"]) == ("10.50", "8.50")


def test_without_a_price_real_values_are_empty_with_the_reason():
    prices = dict.fromkeys(BEFORE, 100.0)
    study = make_study(price_index=make_prices(prices, prices))
    cells = make_cells(study, make_tables(study))
    table = wide(cells, "T2").set_index("cost_block")
    assert table.loc["running_total", "nominal_after_eur"] == "1785.00"
    assert table["real_after_eur"].isna().all()
    assert set(notes(cells, "T2").loc[:6, "real_after_eur"]) == {"price_gap"}
    assert set(notes(cells, "T2").loc[:6, "real_change_percent"]) == {"price_gap"}


def test_bodies_that_do_not_add_up_to_the_partnership_are_refused():
    study = make_study()
    tables = make_tables(study)
    tables["panel"] = tables["panel"].assign(nominal_gross_cost_cents=tables["panel"]["nominal_gross_cost_cents"] + 1)
    with pytest.raises(ReleaseError, match="2021-Q1: bodies add up to 210003 cents, the partnership to 210000"):
        build_cells(study, QUARTER, tables)


def test_comparison_blocks_have_no_before_and_after_and_stand_in_the_figure(cells):
    assert set(wide(cells, "T2")["unit"]) == {"nord"}
    assert set(wide(cells, "F1")["unit"]) == {"nord", "ost", "sued"}
