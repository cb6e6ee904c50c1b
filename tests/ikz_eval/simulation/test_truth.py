"""Reading simulation.toml: a missing or unknown parameter is named with its place."""

import tomllib
from pathlib import Path

import pytest

from ikz_eval.errors import StudyError
from ikz_eval.settings import place
from ikz_eval.simulation import load_truth
from ikz_eval.simulation.truth import truth_of

PATH = Path("studies/demonstration/simulation.toml")


@pytest.fixture
def content() -> dict:
    return tomllib.loads((place("demonstration").study_folder / "simulation.toml").read_text(encoding="utf-8"))


def test_planted_effects_are_those_the_docs_name(demonstration):
    effects = {item.field: item.effect_log for item in load_truth(demonstration).fields}
    assert effects == {"fahrzeugzulassung": -0.12, "wohngeld": 0.0, "elterngeld": 0.0, "bussgeldstelle": 0.08}


def test_missing_parameter_is_named(content, demonstration):
    del content["noise"]["sd_log"]
    with pytest.raises(StudyError, match=r"simulation.toml \[noise\]: missing \['sd_log'\]"):
        truth_of(content, demonstration.delivered_fields, PATH)


def test_unknown_parameter_is_named(content, demonstration):
    content["field"][0]["effekt"] = 1
    with pytest.raises(StudyError, match=r"\[\[field\]\] fahrzeugzulassung: missing \[\], unknown \['effekt'\]"):
        truth_of(content, demonstration.delivered_fields, PATH)


def test_field_without_truth_is_named(content):
    with pytest.raises(StudyError, match="no \\[\\[field\\]\\] for standesamt"):
        truth_of(content, ["wohngeld", "standesamt"], PATH)
