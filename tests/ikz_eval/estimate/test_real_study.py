"""The real study with a handful of invented deliveries: who is treated, who is left out, and what is said of it."""

from dataclasses import replace

import pandas as pd
import pytest

from ikz_eval.estimate import judge
from ikz_eval.panel import build_panel, build_partnership
from ikz_eval.quarters import quarter_range
from ikz_eval.registry import Registry, load_registry
from ikz_eval.warehouse import typed
from tests.ikz_eval.panel.small_study import Ledger

FIELD = "kfz_zulassung"
QUARTERS = quarter_range("2022-Q1", "2023-Q3")
BEGUN = ["07135", "07231", "07233"]


@pytest.fixture(scope="module")
def rlp() -> Registry:
    registry = load_registry("rlp")
    return replace(registry, specifications=(registry.primary,))


@pytest.fixture(scope="module")
def panel(rlp) -> pd.DataFrame:
    """Every body delivers vehicle registration in seven quarters around the start in Eifel-Mosel-Hunsrück."""
    ledger = Ledger()
    for number, ags in enumerate(rlp.bodies["ags"]):
        for step, quarter in enumerate(QUARTERS):
            spread = (number * 37 + step * 11) % 100
            ledger.add(ags, quarter, field=FIELD, is_invented=False, cases=9_000, personnel=200_000_00 + spread * 1_00)
    return build_panel(rlp, rlp.evaluation("2026-Q1"), **ledger.tables)


def reasons(panel: pd.DataFrame, ags: str) -> dict[str, str]:
    own = panel[panel["ags"] == ags].set_index("quarter")["exclusion"]
    return {str(quarter): str(reason) for quarter, reason in own.dropna().items()}


def judged(registry: Registry, panel: pd.DataFrame) -> tuple[pd.Series, pd.Series, dict[str, pd.DataFrame]]:
    partnership = build_partnership(registry, panel, "2026-Q1")
    tables = judge(registry, "2026-Q1", panel, partnership)
    rows = [tables[name].set_index("field").loc[FIELD] for name in ("verdict", "design_card")]
    return rows[0], rows[1], tables


def test_the_quarter_of_9_january_2023_is_partial_and_prices_end_with_it(panel):
    for ags in BEGUN:
        own = reasons(panel, ags)
        assert own == {"2023-Q1": "partial_quarter", "2023-Q2": "price_missing", "2023-Q3": "price_missing"}
    assert set(panel.loc[panel["ags"].isin(BEGUN), "cohort"]) == {"2023-Q1"}
    assert reasons(panel, "07111") == {"2023-Q2": "price_missing", "2023-Q3": "price_missing"}
    assert set(panel.loc[panel["quarter"] == "2023-Q2", "price_gap"]) == {"no_pay_index"}


@pytest.mark.parametrize(
    ("bodies", "reason"),
    [
        (["07232"], "unknown_start"),
        (["07311", "07314", "07318", "07338"], "not_taking_part"),
        (["07317", "07320", "07340"], "earlier_cooperation"),
    ],
)
def test_later_planned_and_earlier_cooperation_is_neither_treated_nor_comparison(panel, bodies, reason):
    for ags in bodies:
        assert reasons(panel, ags) == dict.fromkeys(QUARTERS, reason)
        assert panel.loc[panel["ags"] == ags, "cohort"].isna().all()


def test_the_eifelkreis_is_no_member_of_the_partnership(rlp, panel):
    partnership = build_partnership(rlp, panel, "2026-Q1")
    emh = partnership[(partnership["unit"] == "emh") & (partnership["field"] == FIELD)].set_index("quarter")
    assert set(emh["members"]) == {3}
    assert emh.loc["2022-Q1", "cases"] == 27_000
    assert emh.loc["2022-Q1", "missing_members"] is None or pd.isna(emh.loc["2022-Q1", "missing_members"])


def test_one_region_without_prices_after_its_start_is_not_assessable_with_its_reasons(rlp, panel):
    verdict, card, tables = judged(rlp, panel)
    assert verdict["verdict"] == "not_assessable"
    assert verdict["reasons"].split(",") == [
        "members_missing", "price_missing", "unknown_start", "fewer_than_2_regions", "fewer_than_2_quarters_after",
        "attainable_p_above_05",
    ]  # fmt: skip
    assert (card["treated_regions"], card["comparison_blocks"]) == (1, 5)
    assert (card["quarters_before"], card["quarters_after"]) == (4, 0)
    assert tables["estimate"].empty
    assert set(tables["verdict"]["verdict"]) == {"not_assessable"}


def test_with_prices_one_region_gives_a_point_and_still_no_verdict(rlp, panel):
    """Prices that go on are invented here, to see what the real study says once they exist."""
    flat = [
        {"series": name, "quarter": quarter, "price_index": 100.0, "base": "invented", "source": "invented"}
        for name in ("consumer", "pay")
        for quarter in quarter_range("2019-Q1", "2026-Q1")
    ]
    registry = replace(rlp, price_index=typed("price_index", flat))
    ledger = Ledger()
    for ags in rlp.bodies["ags"]:
        for quarter in QUARTERS:
            saved = 0.9 if ags in BEGUN and quarter > "2023-Q1" else 1.0
            ledger.add(ags, quarter, field=FIELD, is_invented=False, cases=9_000, personnel=round(200_000_00 * saved))
    verdict, card, tables = judged(registry, build_panel(registry, rlp.evaluation("2026-Q1"), **ledger.tables))
    primary = tables["estimate"].query("is_primary").squeeze()
    assert primary["effect_percent"] == pytest.approx(-10.0, abs=1e-6)
    assert primary[["se_log", "p_value", "low_log"]].isna().all()
    assert primary["withheld"] == "one_treated_region"
    assert (card["quarters_before"], card["quarters_after"]) == (4, 2)
    assert verdict["verdict"] == "not_assessable" and "fewer_than_2_regions" in verdict["reasons"]
    assert pd.isna(verdict["effect_percent"])
