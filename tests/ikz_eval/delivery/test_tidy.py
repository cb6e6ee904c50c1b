"""Accepted cells become facts, exact to the cent."""

import pandas as pd
import pytest

from ikz_eval.delivery.expectation import expect
from ikz_eval.delivery.frames import cell_frame
from ikz_eval.delivery.judge import judge
from ikz_eval.delivery.template import filled_workbook
from ikz_eval.delivery.tidy import amount_cents, tidy
from schemas import CONTRACTS
from schemas.vocabulary import COST_BLOCKS, SERVICE_INDICATORS
from tests.ikz_eval.delivery.builders import make_content


def delivery_row(judgement, status="accepted"):
    return pd.DataFrame(
        {
            "delivery_id": [judgement.delivery_id],
            "ags": [judgement.ags],
            "quarter": [judgement.quarter],
            "status": [status],
        }
    )


def test_a_workbook_becomes_the_four_tables_of_facts(registry):
    content = make_content(wohngeld__personnel="-0.01", wohngeld__cases="1412", wohngeld__staff_fte="2.125")
    judgement = judge(filled_workbook(registry, content), "a.xlsx", expect(registry))
    tables = tidy(cell_frame([judgement]), delivery_row(judgement))
    assert {name: len(table) for name, table in tables.items()} == {
        "cost": 33, "caseload": 3, "staff": 3, "service_quality": 9,
    }  # fmt: skip
    for name, table in tables.items():
        CONTRACTS[name].validate(table)
    cost, quality = tables["cost"], tables["service_quality"]
    assert set(cost["cost_block"]) == set(COST_BLOCKS) and set(quality["indicator"]) == set(SERVICE_INDICATORS)
    assert cost.loc[(cost["field"] == "wohngeld") & (cost["cost_block"] == "personnel"), "amount_cents"].item() == -1
    assert cost.loc[cost["field"] == "elterngeld", "amount_cents"].sum() == 9 * 123456
    assert tables["caseload"].set_index("field")["cases"]["wohngeld"] == 1412
    assert tables["staff"].set_index("field")["staff_fte"]["wohngeld"] == 2.125
    assert set(cost["ags"]) == {"X0101"} and set(cost["quarter"]) == {"2024-Q3"}


def test_rejected_deliveries_make_no_facts(registry):
    judgement = judge(filled_workbook(registry, make_content()), "a.xlsx", expect(registry))
    tables = tidy(cell_frame([judgement]), delivery_row(judgement, "rejected"))
    for name, table in tables.items():
        assert table.empty
        CONTRACTS[name].validate(table)


@pytest.mark.parametrize(
    ("value", "cents"),
    [
        ("0", 0),
        ("12.5", 1250),
        ("0.005", 1),
        ("-0.005", -1),
        ("0.0049", 0),
        ("9999999999.99", 999999999999),
        ("1.115", 112),
    ],
)
def test_amounts_become_cents_rounded_half_up(value, cents):
    assert amount_cents(value) == cents
