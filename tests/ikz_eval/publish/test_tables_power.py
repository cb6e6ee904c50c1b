"""PW: what the verdict could find, with what was assumed, or the reason why there is nothing to show."""

from dataclasses import replace

import pandas as pd
import pytest

from ikz_eval.publish.cells import cells_of, notes, wide
from ikz_eval.publish.display import Words
from ikz_eval.publish.page_tables import PageTables
from ikz_eval.publish.tables_power import power
from ikz_eval.registry import load_registry
from ikz_eval.registry.calibration import design_hash

QUARTER = "2026-Q2"


def study(hash_of: str):
    registry = load_registry("demonstration")
    common = {
        "quarter": QUARTER, "design_hash": design_hash(registry, hash_of), "are_starts_assumed": False,
        "noise_percent": 2.512, "icc": 0.3111, "autocorrelation": 0.5, "fields": 4, "draws": 400,
    }  # fmt: skip
    figures = {
        "power_5_percent": 61.25, "power_10_percent": 99.0, "power_20_percent": 100.0, "mde_cr2_percent": 2.0,
        "mde_supported_one_percent": 3.123, "mde_supported_percent": 4.0,
    }  # fmt: skip
    rows = [
        common | figures | {"design": "base", "noise_quarter": QUARTER},
        common | dict.fromkeys(figures, float("nan")) | {"design": "one_region", "noise_quarter": None},
    ]
    return replace(registry, power=pd.DataFrame(rows).astype({"noise_quarter": "str"}))


def test_each_design_shows_what_it_could_find_and_what_was_assumed():
    cells = cells_of(QUARTER, "PW", power(study(QUARTER), QUARTER))
    table, why = wide(cells, "PW"), notes(cells, "PW")
    assert table["design"].tolist() == ["base", "one_region"]
    assert table.loc[0, ["power_5_percent", "mde_supported_one_percent", "noise_percent", "icc"]].tolist() == [
        "61.3", "3.1", "2.5", "0.31",
    ]  # fmt: skip
    assert table["noise_source"].tolist() == ["estimated", "assumed"]
    assert table["starts"].tolist() == ["registered", "registered"]
    assert why.loc[1, "mde_supported_percent"] == "power_never"


@pytest.mark.parametrize(("hash_of", "note"), [("2026-Q1", "power_outdated"), (None, "power_missing")])
def test_power_of_another_design_is_not_shown(hash_of, note):
    registry = study(hash_of) if hash_of else replace(load_registry("demonstration"), power=pd.DataFrame())
    cells = cells_of(QUARTER, "PW", power(registry, QUARTER))
    assert wide(cells, "PW")["power_5_percent"].isna().all()
    assert set(notes(cells, "PW")["power_5_percent"]) == {note}


def test_of_several_quarters_a_release_shows_its_own():
    registry = study(QUARTER)
    earlier = registry.power.assign(
        quarter="2026-Q1", design_hash=design_hash(registry, "2026-Q1"), power_5_percent=11.0
    )
    both = replace(registry, power=pd.concat([earlier, registry.power], ignore_index=True))
    shown = {quarter: wide(cells_of(quarter, "PW", power(both, quarter)), "PW") for quarter in ("2026-Q1", QUARTER)}
    assert [table["power_5_percent"].iloc[0] for table in shown.values()] == ["11.0", "61.3"]
    assert len(shown[QUARTER]) == len(registry.power)


@pytest.mark.parametrize(("lang", "words"), [("de", ("wie er ist", "geschätzt")), ("en", ("as it is", "estimated"))])
def test_the_page_puts_it_into_words(lang, words):
    registry = study(QUARTER)
    page = PageTables(cells_of(QUARTER, "PW", power(registry, QUARTER)), Words(registry, lang)).power()
    shown = [cell.words for cell in page.groups[0][1][0].cells]
    assert set(words) <= set(shown) and page.groups[0][1][0].is_strong


def test_a_committed_power_is_that_of_its_design():
    for name in ("demonstration", "rlp"):
        registry = load_registry(name)
        for quarter in set(registry.power["quarter"]):
            mine = registry.power[registry.power["quarter"] == quarter]
            assert set(mine["design_hash"]) == {design_hash(registry, quarter)}
            assert mine["design"].tolist()[0] == "base"
