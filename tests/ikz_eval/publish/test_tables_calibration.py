"""CA: the study's calibration beside its estimates, or the reason why there is none."""

from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

from ikz_eval.publish.cells import cells_of, notes, wide
from ikz_eval.publish.display import Words
from ikz_eval.publish.page_tables import PageTables
from ikz_eval.publish.tables_calibration import calibration
from ikz_eval.registry import load_registry
from ikz_eval.registry.calibration import design_hash

QUARTER = "2026-Q2"
SIZES = {"cr2": 0.0612, "wild": 0.0921, "randomisation_t": 0.0699, "verdict": 0.0031, "donald_lang": 0.0501}


@cache
def study(hash_of: str, fields: str = "fahrzeugzulassung wohngeld elterngeld bussgeldstelle"):
    registry = load_registry("demonstration")
    rows = [
        {
            "quarter": QUARTER, "design_hash": design_hash(registry, hash_of), "fields": fields, "level": level,
            "inference": name, "primary": False, "world": world, "seed_block": block, "seed": 1, "draws": 4000,
            "size": size, "coverage": None if name == "verdict" else 1 - size, "power": 0.75, "power_estimate": 0.2,
            "bias": 0.0, "mc_error": 0.0031,
        }
        for name, size in SIZES.items()
        for world in "ABCDE"
        for block in ("main", "held_out")
        for level in ("partnership", "body")
    ]  # fmt: skip
    table = pd.DataFrame(rows).astype({"coverage": "float64"})
    return replace(registry, calibration=table)


@cache
def calibrated(hash_of: str) -> pd.DataFrame:
    """Return the cells of CA of a study calibrated for the design of a quarter."""
    return cells_of(QUARTER, "CA", calibration(study(hash_of), QUARTER))


def shown(registry) -> tuple[pd.DataFrame, pd.DataFrame]:
    cells = cells_of(QUARTER, "CA", calibration(registry, QUARTER))
    return wide(cells, "CA"), notes(cells, "CA")


def test_each_field_shows_the_tests_that_a_release_publishes():
    table, _ = shown(study(QUARTER))
    mine = table[table["field"] == "wohngeld"].set_index("inference")
    assert list(mine.index) == ["cr2", "wild", "randomisation_t", "verdict", "donald_lang"]
    assert dict(mine["judgement"]) == {
        "cr2": "primary", "wild": "failed", "randomisation_t": "held", "verdict": "held", "donald_lang": "beside",
    }  # fmt: skip
    assert mine.loc["cr2", ["size_a_percent", "coverage_percent", "power_percent", "mc_error_percent", "draws"]].tolist() == [
        "6.1", "93.9", "75.0", "0.31", "4000",
    ]  # fmt: skip
    assert pd.isna(mine.loc["verdict", "coverage_percent"])


@pytest.mark.parametrize(
    ("registry", "state"),
    [
        (study("2026-Q1"), "outdated"),
        (load_registry("rlp"), "missing"),
    ],
    ids=["another design", "no calibration"],
)
def test_without_a_calibration_of_this_design_no_number_is_shown(registry, state):
    table, why = shown(registry)
    assert set(table["judgement"]) == {state} and list(table["field"]) == registry.delivered_fields
    assert table["size_a_percent"].isna().all() and set(why["power_percent"]) == {f"calibration_{state}"}


def test_of_several_quarters_a_release_shows_its_own():
    registry = study(QUARTER)
    earlier = registry.calibration.assign(
        quarter="2026-Q1", design_hash=design_hash(registry, "2026-Q1"), size=registry.calibration["size"] / 2
    )
    both = replace(registry, calibration=pd.concat([earlier, registry.calibration], ignore_index=True))
    assert shown(both)[0].equals(shown(registry)[0])
    cells = wide(cells_of("2026-Q1", "CA", calibration(both, "2026-Q1")), "CA")
    assert cells.loc[cells["inference"] == "cr2", "size_a_percent"].unique().tolist() == ["3.1"]
    assert set(wide(cells_of("2025-Q4", "CA", calibration(both, "2025-Q4")), "CA")["judgement"]) == {"missing"}


def test_a_field_that_was_not_calibrated_says_so():
    table, why = shown(study(QUARTER, "fahrzeugzulassung elterngeld bussgeldstelle"))
    mine = table["field"] == "wohngeld"
    assert table.loc[mine, "judgement"].tolist() == ["not_assessable"]
    assert why.loc[mine, "size_a_percent"].tolist() == ["calibration_not_assessable"]


@pytest.mark.parametrize(("lang", "word"), [("de", "maßgeblich"), ("en", "primary")])
def test_the_page_puts_it_into_words(lang, word):
    registry, cells = study(QUARTER), calibrated(QUARTER)
    page = PageTables(cells, Words(registry, lang)).calibration("wohngeld")
    first = page.groups[0][1][0]
    assert first.cells[1].words == word and first.is_strong
    assert PageTables(cells, Words(registry, lang)).has_primary("wohngeld")
    outdated, cells = study("2026-Q1"), calibrated("2026-Q1")
    page = PageTables(cells, Words(outdated, lang)).calibration("wohngeld")
    assert not PageTables(cells, Words(outdated, lang)).has_primary("wohngeld")
    assert len(page.notes) == 1 and len(page.groups[0][1]) == 1
