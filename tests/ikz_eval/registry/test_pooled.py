"""Averages over fields in study.toml: read as they stand, part of the frozen plan, and refused where they are none."""

from pathlib import Path

import pytest

from ikz_eval.registry import Pooled, load_registry
from ikz_eval.registry.validate import study_faults

SECTION = """[[pooled]]
name = "alle"
fields = ["software", "kfz"]
reason = "Durchschnitt beider Felder"

"""
OUTCOME = """[[outcome]]
field = "software"
name = "log_real_gross_cost_per_case"
reason = "brutto der Partnerschaft"

"""
LINE = 51
"""Line of ``fields`` in the section."""


@pytest.fixture
def two_fields(change) -> Path:
    """Write the small study with a second delivered field."""
    change("fields.csv", "Nutzende,false", "Nutzende,true")
    return change("study.toml", "[[specification]]", OUTCOME + "[[specification]]")


@pytest.fixture
def pooled(two_fields, change) -> Path:
    return change("study.toml", "[[threshold]]", SECTION + "[[threshold]]")


def test_an_average_is_read_in_the_order_of_its_fields(pooled):
    assert study_faults(pooled) == []
    assert load_registry(pooled).pooled == (Pooled("alle", ("software", "kfz"), "Durchschnitt beider Felder"),)


def test_a_study_needs_no_average(two_fields):
    assert load_registry(two_fields).pooled == ()


def test_it_belongs_to_the_frozen_plan_and_its_reason_does_not(two_fields, change):
    before = load_registry(two_fields).specification_hash
    change("study.toml", "[[threshold]]", SECTION + "[[threshold]]")
    after = load_registry(two_fields).specification_hash
    assert before != after
    change("study.toml", "Durchschnitt beider Felder", "Durchschnitt über beide Felder")
    assert load_registry(two_fields).specification_hash == after
    change("study.toml", '["software", "kfz"]', '["kfz", "software"]')
    assert load_registry(two_fields).specification_hash != after


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "found", "allowed"),
    [
        ('"kfz"]', '"bafoeg"]', LINE, "fields", "'bafoeg'", "delivered fields of fields.csv, each once: kfz, software"),
        ('"kfz"]', '"software"]', LINE, "fields", "'software'", "each once"),
        ('"kfz"]', '"kfz", 3]', LINE, "fields", "3", "delivered fields of fields.csv"),
        (', "kfz"]', "]", LINE, "fields", "1 field(s)", "at least two: an average over one is that field"),
        ('["software", "kfz"]', "[]", LINE, "fields", "0 field(s)", "at least two"),
        ('["software", "kfz"]', '"kfz"', LINE, "fields", "'kfz'", "a list of at least two delivered fields"),
        ('reason = "Durchschnitt beider Felder"\n', "", LINE - 2, "reason", "no such key", "a text of at least 3"),
        ('name = "alle"', 'name = "haupt"', LINE - 1, "name", "'haupt', which a specification has", "a name of its own"),
        ('name = "alle"', 'name = "Alle Felder"', LINE - 1, "name", "'Alle Felder'", "a short name of a-z"),
        ("[[threshold]]", SECTION + "[[threshold]]", LINE + 4, "name", "'alle' again", "each name once"),
        ("reason = \"Durch", "gewicht = 2\nreason = \"Durch", LINE + 1, "gewicht", "an unknown key", "name, fields, reason"),
    ],
)  # fmt: skip
def test_what_is_no_average_is_refused_with_its_line(pooled, change, old, new, line, key, found, allowed):
    faults = study_faults(change("study.toml", old, new))
    assert len(faults) == 1, faults
    assert faults[0].startswith(f"study.toml, row {line}, column '{key}': found {found}; allowed: "), faults
    assert allowed in faults[0] and "; remedy: " in faults[0]


def test_a_field_that_is_not_delivered_is_refused(change):
    folder = change("study.toml", "[[threshold]]", SECTION + "[[threshold]]")
    (fault,) = study_faults(folder)
    assert "found 'software'; allowed: delivered fields of fields.csv, each once: kfz" in fault


def test_both_studies_average_all_their_fields():
    for study in ("demonstration", "rlp"):
        registry = load_registry(study)
        (average,) = registry.pooled
        assert set(average.fields) == {outcome.field for outcome in registry.outcomes}
        assert "sagt nichts über ein einzelnes Feld" in average.reason
