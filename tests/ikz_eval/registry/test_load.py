"""A study folder becomes a typed, frozen registry with stable hashes."""

import dataclasses
import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikz_eval.errors import StudyError
from ikz_eval.registry import load_registry
from ikz_eval.registry.draft import REFERENCE, REQUIRED
from ikz_eval.registry.tables import column_rules, parse_cell
from schemas import CONTRACTS
from schemas.registry import Grant


def test_every_frame_keeps_its_contract(study):
    registry = load_registry(study)
    for name, contract in {**REQUIRED, **{name: name for name in REFERENCE}}.items():
        frame = getattr(registry, name)
        assert not frame.empty, name
        CONTRACTS[contract].validate(frame)


def test_keys_stay_text_with_their_leading_zero(study):
    registry = load_registry(study)
    assert registry.bodies["ags"].tolist() == ["01001", "01002", "01003"]
    assert registry.agreements["ags"].tolist() == ["01001", "01002", "01003"]


def test_money_becomes_exact_cents(study):
    assert load_registry(study).grants["amount_cents"].tolist() == [38_731_500, 67_300_000]


def test_an_unknown_start_is_null_and_keeps_its_bounds(study):
    agreements = load_registry(study).agreements
    assert agreements["start"].isna().tolist() == [False, True, True]
    assert agreements.loc[1, ["start_earliest", "start_latest"]].tolist() == ["2023-02-01", "2023-06-30"]
    assert agreements["end"].isna().all()


def test_a_printed_figure_keeps_its_digits(change):
    registry = load_registry(change("reference/published_figure.csv", "61.64", "61.60"))
    assert registry.published_figure["value"].tolist() == ["61.60", "49.64"]


def test_a_cutoff_is_the_end_of_the_day_in_berlin(study):
    winter, summer = (evaluation.cutoff for evaluation in load_registry(study).evaluations)
    assert winter == datetime(2025, 2, 28, 22, 59, 59, 999999, tzinfo=UTC)
    assert summer == datetime(2025, 8, 31, 21, 59, 59, 999999, tzinfo=UTC)


def test_the_primary_specification_comes_first_with_anticipation_for_every_delivered_field(study):
    registry = load_registry(study)
    assert [spec.name for spec in registry.specifications] == ["haupt", "zwei"]
    assert [spec.anticipation_quarters for spec in registry.specifications] == [{"kfz": 0}, {"kfz": 2}]
    assert registry.primary.name == "haupt"
    assert registry.delivered_fields == ["kfz"]


def test_thresholds_are_exact(study):
    assert load_registry(study).thresholds["saving_share"].value == Decimal("0.15")


def test_the_latest_closed_evaluation_changes_after_its_cutoff(study):
    registry = load_registry(study)
    cutoff = registry.evaluations[1].cutoff
    assert registry.latest_closed(cutoff - timedelta(microseconds=1)).quarter == "2024-Q4"
    assert registry.latest_closed(cutoff).quarter == "2025-Q2"
    with pytest.raises(StudyError, match="no evaluation quarter is closed yet at 2025-01-01"):
        registry.latest_closed(datetime(2025, 1, 1, tzinfo=UTC))


def test_a_registry_cannot_be_changed(study):
    registry = load_registry(study)
    with pytest.raises(dataclasses.FrozenInstanceError):
        registry.due_days = 1


def test_reference_series_may_be_absent_and_are_then_empty_and_typed(study):
    shutil.rmtree(study / "reference")
    registry = load_registry(study)
    for name in REFERENCE:
        frame = getattr(registry, name)
        assert frame.empty
        CONTRACTS[name].validate(frame)


def test_the_same_files_elsewhere_give_the_same_hashes(study, tmp_path):
    copy = tmp_path / "anderswo" / "klein"
    shutil.copytree(study, copy)
    one, other = load_registry(study), load_registry(copy)
    assert (one.study_hash, one.specification_hash) == (other.study_hash, other.specification_hash)
    pd.testing.assert_frame_equal(one.agreements, other.agreements)


@pytest.mark.parametrize(
    ("file", "old", "new", "is_other_plan"),
    [
        ("grants.csv", "673000.00", "673000.01", False),
        ("study.toml", 'reason = "Region zugewiesen"', 'reason = "Die Region ist zugewiesen"', False),
        ("study.toml", "cutoff = 2025-02-28", "cutoff = 2025-03-31", False),
        ("study.toml", 'late_joiners = "region_start"', 'late_joiners = "own_start"', True),
        ("study.toml", "kfz = 2", "kfz = 3", True),
        ("study.toml", "{ default = 0 }", "{ default = 1 }", True),
    ],
)
def test_the_study_hash_follows_every_byte_and_the_specification_hash_the_plan(
    change, study, file, old, new, is_other_plan
):
    before = load_registry(study)
    after = load_registry(change(file, old, new))
    assert before.study_hash != after.study_hash
    assert (before.specification_hash != after.specification_hash) == is_other_plan


def test_another_block_of_a_body_is_another_plan(study, change):
    before = load_registry(study)
    change("regions.csv", "rest,Rest,block,Verzeichnis\n", "rest,Rest,block,Verzeichnis\nwest,West,block,Verzeichnis\n")
    (study / "robustness.csv").unlink()  # its groupings name every body, and the new one is in none
    with (study / "bodies.csv").open("a") as file:
        file.write("01004,Landkreis Neu,Landkreis,west,false,Verzeichnis\n")
    assert load_registry(study).specification_hash != before.specification_hash


def test_notes_beside_the_data_do_not_change_the_hash(study):
    before = load_registry(study).study_hash
    (study / "notes.md").write_text("# Notizen\n")
    assert load_registry(study).study_hash == before


def test_an_unknown_study_names_those_there_are():
    with pytest.raises(StudyError, match=r"there is no study 'sachsen'; there are: .*rlp.*; choose one with IKZ_STUDY"):
        load_registry("sachsen")


def test_the_environment_chooses_the_study(monkeypatch):
    monkeypatch.setenv("IKZ_STUDY", "rlp")
    assert load_registry().study == "rlp"


@given(st.integers(min_value=0, max_value=10**13))
def test_any_amount_keeps_its_cents(cents):
    rule = column_rules(Grant)["amount_cents"]
    assert parse_cell(f"{cents // 100}.{cents % 100:02d}", "amount_cents", rule) == (cents, "")


@given(st.text(max_size=12))
def test_no_other_text_becomes_an_amount(text):
    value, allowed = parse_cell(text, "amount_cents", column_rules(Grant)["amount_cents"])
    assert (value is None) == bool(allowed)
    if value is not None:
        assert text == f"{value // 100}.{value % 100:02d}"
