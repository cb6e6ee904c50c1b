"""DF: the average of the fields beside its calibration, what is withheld, and the words that say what it is not."""

from dataclasses import replace

import pandas as pd
import pytest

from ikz_eval.publish.cells import cells_of, notes, wide
from ikz_eval.publish.columns import column
from ikz_eval.publish.display import Words
from ikz_eval.publish.page_tables import PageTables
from ikz_eval.publish.tables_further import averages
from ikz_eval.registry import Registry, load_registry
from ikz_eval.registry.calibration import design_hash
from ikz_eval.texts import text
from ikz_eval.warehouse import typed
from schemas.publication import PublishedCell

QUARTER = "2026-Q2"
FIELDS = "fahrzeugzulassung wohngeld elterngeld bussgeldstelle"
UNCERTAIN = ["low_percent", "high_percent", "p_value"]
WARNING = {
    "de": "Durchschnitt der Felder, sagt nichts über ein einzelnes Feld; ein teurer gewordenes Feld kann sich darin verbergen",
    "en": "average of the fields, says nothing about a single field; a field that became dearer can hide in it",
}


def further(**changes: object) -> pd.DataFrame:
    row = {
        "evaluation_quarter": QUARTER, "specification": "alle_felder", "field": "all", "family": "pooled",
        "method": "mean_of_fields", "part": FIELDS, "estimate": -0.05, "low": -0.1, "high": 0.0, "p_value": 0.0497,
        "p_adjusted": None, "rank": None, "rank_of": None, "fit_before": None, "n_units": 9,
        "warnings": "hides_single_fields", "withheld": None,
    }  # fmt: skip
    return typed("further_estimate", [row | changes])


def study(size: float = 0.06, fields: str = FIELDS, hash_of: str = QUARTER) -> Registry:
    registry = load_registry("demonstration")
    rows = [
        {
            "quarter": QUARTER, "design_hash": design_hash(registry, hash_of), "fields": fields, "level": "partnership",
            "inference": "cr2_pooled", "primary": False, "world": world, "seed_block": block, "seed": 1, "draws": 4000,
            "size": size if (world, block) == ("D", "held_out") else 0.031, "coverage": 0.969, "power": 0.998,
            "power_estimate": 0.6, "bias": 0.0, "mc_error": 0.0031,
        }
        for world in "ABCDE"
        for block in ("main", "held_out")
    ]  # fmt: skip
    return replace(registry, calibration=pd.DataFrame(rows))


def shown(registry: Registry, **changes: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    cells = cells_of(QUARTER, "DF", averages(registry, further(**changes), QUARTER))
    return wide(cells, "DF"), notes(cells, "DF")


def test_the_row_stands_beside_its_calibration():
    table, _ = shown(study())
    (row,) = table.to_dict("records")
    assert (row["effect_percent"], row["low_percent"], row["high_percent"]) == ("-4.9", "-9.5", "0.0")
    assert (row["p_value"], row["n_units"], row["judgement"]) == ("0.0497", "9", "held")
    assert (row["size_a_percent"], row["coverage_percent"], row["power_percent"], row["draws"]) == ("3.1", "96.9", "99.8", "4000")  # fmt: skip
    assert row["fields_averaged"] == FIELDS and pd.isna(row["fields_left_out"])
    assert not {"verdict", "p_adjusted", "is_primary"} & set(table.columns)


@pytest.mark.parametrize(
    ("registry", "judgement"),
    [
        (study(0.0701), "failed"),
        (study(fields="fahrzeugzulassung wohngeld"), "other_fields"),
        (study(hash_of="2026-Q1"), "outdated"),
        (replace(study(), calibration=pd.DataFrame()), "missing"),
    ],
    ids=["size beyond 7 % in held-out seeds", "other fields", "another design", "no calibration"],
)
def test_p_and_interval_are_withheld_unless_its_size_is_kept_here(registry, judgement):
    table, why = shown(registry)
    (row,), (note,) = table.to_dict("records"), why.to_dict("records")
    assert row["effect_percent"] == "-4.9" and row["judgement"] == judgement
    assert all(pd.isna(row[key]) and note[key] == f"calibration_{judgement}" for key in UNCERTAIN)
    for lang in ("de", "en"):
        assert len(Words(registry, lang).note(f"calibration_{judgement}")) > 20
        assert Words(registry, lang).show(judgement, column("DF", "judgement"))


def test_a_field_that_is_missing_in_it_is_named_and_its_calibration_is_another():
    table, _ = shown(study(), part="fahrzeugzulassung elterngeld", warnings="hides_single_fields,left_out_in_levels")
    (row,) = table.to_dict("records")
    assert row["fields_left_out"] == "wohngeld bussgeldstelle" and row["judgement"] == "other_fields"
    said = Words(study(), "de").show(row["warnings"], column("DF", "warnings"))
    assert said.endswith("ein in EUR je Fall gerechnetes Feld fehlt im Durchschnitt")


@pytest.mark.parametrize("withheld", ["too_few_fields", "too_few_regions"])
def test_without_an_average_the_row_says_why(withheld):
    none = dict.fromkeys(("estimate", "low", "high", "p_value"))
    table, why = shown(study(), withheld=withheld, **none)
    (row,), (note,) = table.to_dict("records"), why.to_dict("records")
    assert all(pd.isna(row[key]) and note[key] == withheld for key in ("effect_percent", *UNCERTAIN))
    assert pd.isna(row["fields_averaged"]) and row["fields_left_out"] == FIELDS


@pytest.mark.parametrize("lang", ["de", "en"])
def test_the_page_names_the_fields_and_says_what_it_is_not(lang):
    registry = study()
    words = Words(registry, lang)
    tables = PageTables(cells_of(QUARTER, "DF", averages(registry, further(), QUARTER)), words)
    page = tables.ungrouped("DF")
    (row,) = page.groups[0][1]
    said = [cell.words for cell in row.cells]
    assert (
        page.caption
        == {"de": "Durchschnitt der Felder (explorativ)", "en": "Average of the fields (exploratory)"}[lang]
    )
    assert said[0].split(", ") == [words.field(field) for field in FIELDS.split()]
    assert not row.is_strong and not any(word in " ".join(said) for word in ("belegt", "supported"))
    (row,) = tables.average_tests().groups[0][1]
    size = {"de": "3,1", "en": "3.1"}[lang]
    assert [cell.words for cell in row.cells][1:4] == [words.show("held", column("DF", "judgement")), size, size]
    assert words.show("hides_single_fields", column("DF", "warnings")) == WARNING[lang]
    about = text("publish.about.DF", lang)
    assert about.startswith(("Explorativ und nie ein Urteil", "Exploratory and never a verdict"))
    assert WARNING[lang].split("; ")[1] in about


def test_a_study_without_an_average_has_an_empty_table():
    registry = replace(study(), pooled=())
    assert averages(registry, further(), QUARTER) == []


def test_its_cells_keep_the_contract_of_published_cells():
    cells = cells_of(QUARTER, "DF", averages(study(), further(), QUARTER))
    assert len(PublishedCell.validate(cells)) == 18
