"""Written deliveries are accepted without a finding and say exactly what the frames say; they are written once."""

import csv
import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from ikz_eval.cli import cli
from ikz_eval.delivery.expectation import expect
from ikz_eval.delivery.frames import cell_frame
from ikz_eval.delivery.judge import judge
from ikz_eval.delivery.tidy import tidy
from ikz_eval.errors import StudyError
from ikz_eval.simulation import simulate, write_deliveries, write_demonstration

FACTS = ("cost", "caseload", "staff", "service_quality")
SEED = 3


@pytest.fixture(scope="module")
def programme(demonstration):
    return simulate(demonstration, SEED)


@pytest.fixture(scope="module")
def corrected_quarter(programme) -> str:
    """Return a quarter in which a delivery was corrected."""
    return str(programme.delivery.loc[programme.delivery["version"] == 2, "quarter"].iloc[0])


@pytest.fixture(scope="module")
def inbox(programme, demonstration, corrected_quarter, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("inbox")
    write_deliveries(programme, demonstration, folder, quarters=["2020-Q3", corrected_quarter])
    return folder


def judged(inbox: Path, registry) -> tuple[pd.DataFrame, pd.DataFrame, list]:
    """Return the files of an inbox as delivery rows and cells, ids replaced by file names, and all findings."""
    rows, cells, findings = [], [], []
    for path in sorted(inbox.iterdir()):
        if path.name != "arrivals.csv":
            judgement = judge(path.read_bytes(), path.name, expect(registry))
            rows.append(
                {
                    "delivery_id": path.name,
                    "ags": judgement.ags,
                    "quarter": judgement.quarter,
                    "status": judgement.status,
                }
            )
            cells.append(cell_frame([judgement]).assign(delivery_id=path.name))
            findings.extend(judgement.findings)
    return pd.DataFrame(rows), pd.concat(cells, ignore_index=True), findings


def same_content(inbox: Path, programme, registry) -> int:
    """Assert that the files of an inbox say what the frames say; return the number of files."""
    delivery, cells, findings = judged(inbox, registry)
    assert (delivery["status"] == "accepted").all()
    wrong = int(
        programme.arrivals.is_wrong[
            [name in set(delivery["delivery_id"]) for name in programme.delivery["file_name"]]
        ].sum()
    )
    assert [finding.rule for finding in findings] == ["K50"] * wrong, "one question for each wrong digit, no other"
    names = programme.delivery.set_index("delivery_id")["file_name"]
    read = tidy(cells, delivery)
    for table in FACTS:
        planned = getattr(programme, table).assign(delivery_id=lambda rows: rows["delivery_id"].map(names))
        planned = planned[planned["delivery_id"].isin(delivery["delivery_id"])]
        keys = [column for column in planned.columns if column not in ("amount_cents", "cases", "staff_fte", "value")]
        pd.testing.assert_frame_equal(
            read[table].sort_values(keys, ignore_index=True), planned.sort_values(keys, ignore_index=True)
        )
    return len(delivery)


def test_files_are_accepted_and_say_what_the_frames_say(inbox, programme, demonstration, corrected_quarter):
    expected = programme.delivery["quarter"].isin(["2020-Q3", corrected_quarter]).sum()
    assert same_content(inbox, programme, demonstration) == expected
    assert any(path.name.endswith(("_v2.xlsx", "_v2.csv")) for path in inbox.iterdir())


@pytest.mark.slow
def test_all_files_of_a_programme_say_what_the_frames_say(programme, demonstration, tmp_path):
    assert write_deliveries(programme, demonstration, tmp_path) == len(programme.delivery)
    assert same_content(tmp_path, programme, demonstration) == len(programme.delivery)


def test_a_third_of_the_bodies_each_sends_workbooks_and_two_dialects(inbox):
    first = sorted(path for path in inbox.iterdir() if "2020-Q3" in path.name and "_v2" not in path.name)
    heads = [path.read_bytes()[:3] for path in first]
    assert sum(head.startswith(b"PK") for head in heads) in (11, 12)
    assert sum(head == b"\xef\xbb\xbf" for head in heads) in (11, 12)
    assert len(heads) in (34, 35, 36)


def test_every_file_has_its_planted_arrival_time(inbox, programme):
    with (inbox / "arrivals.csv").open(encoding="utf-8", newline="") as stream:
        planted = {row["file_name"]: row["received_at"] for row in csv.DictReader(stream)}
    assert set(planted) == {path.name for path in inbox.iterdir()} - {"arrivals.csv"}
    received = programme.delivery.set_index("file_name")["received_at"]
    assert all(pd.Timestamp(moment) == received[name] for name, moment in planted.items())
    assert all(moment.endswith("Z") for moment in planted.values())


def test_no_file_looks_as_if_it_were_still_being_copied(inbox):
    assert {path.stat().st_mtime for path in inbox.iterdir()} == {1593561600.0}
    assert not [path.name for path in inbox.iterdir() if path.name.startswith(".")]


def test_same_seed_gives_the_same_bytes(inbox, demonstration, tmp_path, corrected_quarter):
    write_deliveries(simulate(demonstration, SEED), demonstration, tmp_path, quarters=["2020-Q3", corrected_quarter])
    digest = {path.name: sha256(path.read_bytes()).hexdigest() for path in inbox.iterdir()}
    assert {path.name: sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()} == digest


def test_arrival_times_of_other_files_are_kept(programme, demonstration, tmp_path):
    (tmp_path / "arrivals.csv").write_text("file_name,received_at\nmine.csv,2026-10-01T08:00:00Z\n", encoding="utf-8")
    write_deliveries(programme, demonstration, tmp_path, quarters=["2021-Q1"])
    assert "mine.csv,2026-10-01T08:00:00Z" in (tmp_path / "arrivals.csv").read_text(encoding="utf-8")


def test_real_studies_get_no_invented_deliveries(programme, rlp, tmp_path):
    with pytest.raises(StudyError, match="never written"):
        write_deliveries(programme, rlp, tmp_path / "inbox")
    assert not (tmp_path / "inbox").exists()


def test_a_programme_has_no_deliveries_of_other_quarters(programme, demonstration, tmp_path):
    with pytest.raises(StudyError, match="no deliveries of 2019-Q4; the invented programme has 2020-Q3 to 2026-Q3"):
        write_deliveries(programme, demonstration, tmp_path, quarters=["2019-Q4"])


def test_demonstration_is_written_once_and_extended_by_quarters(empty_place, demonstration):
    seen = []
    first = write_demonstration(
        empty_place, demonstration, quarters=["2020-Q3"], progress=lambda done, total: seen.append((done, total))
    )
    assert first.written == len(seen) == seen[-1][1] > 30
    assert write_demonstration(empty_place, demonstration, quarters=["2020-Q3"]).written == 0
    more = write_demonstration(empty_place, demonstration, quarters=["2020-Q3", "2020-Q4"])
    assert more.quarters == ("2020-Q3", "2020-Q4")
    assert 30 < more.written <= 38


def test_another_seed_in_the_same_place_is_refused(empty_place, demonstration):
    write_demonstration(empty_place, demonstration, quarters=["2020-Q3"])
    with pytest.raises(
        StudyError, match=r"already holds deliveries of seed 1, not 2; .* set IKZ_DATA to another folder"
    ):
        write_demonstration(empty_place, demonstration, seed=2)


def test_without_a_seed_the_deliveries_that_are_there_stay(empty_place, demonstration):
    write_demonstration(empty_place, demonstration, seed=5, quarters=["2020-Q3"])
    again = write_demonstration(empty_place, demonstration, quarters=["2020-Q3"])
    assert (again.written, again.seed) == (0, 5)


def test_a_changed_plan_of_analysis_leaves_the_deliveries_alone(empty_place, demonstration):
    write_demonstration(empty_place, demonstration, quarters=["2020-Q3"])
    changed = replace(demonstration, study_hash="0" * 64)
    assert write_demonstration(empty_place, changed, quarters=["2020-Q3"]).written == 0
    assert json.loads((empty_place.home / "demo.json").read_text(encoding="utf-8"))["study_hash"] == "0" * 64


def test_a_changed_invented_land_is_refused_where_the_old_one_lies(empty_place, demonstration):
    write_demonstration(empty_place, demonstration, quarters=["2020-Q3"])
    grants = demonstration.grants.assign(amount_cents=demonstration.grants["amount_cents"] + 100)
    changed = replace(demonstration, grants=grants, study_hash="0" * 64)
    with pytest.raises(StudyError, match="an earlier edition of the invented Land"):
        write_demonstration(empty_place, changed, quarters=["2020-Q3"])


def test_removed_data_are_written_again(empty_place, demonstration):
    written = write_demonstration(empty_place, demonstration, quarters=["2020-Q3"]).written
    for path in empty_place.inbox.iterdir():
        path.unlink()
    assert write_demonstration(empty_place, demonstration, quarters=["2020-Q3"]).written == written


def test_damaged_note_says_how_to_mend_it(empty_place, demonstration):
    write_demonstration(empty_place, demonstration, quarters=["2020-Q3"])
    (empty_place.home / "demo.json").write_text("{", encoding="utf-8")
    with pytest.raises(StudyError, match=r"demo.json cannot be read .* remove it"):
        write_demonstration(empty_place, demonstration)


def test_command_writes_says_where_and_is_idle_the_second_time(empty_place):
    first = CliRunner().invoke(cli, ["demo", "--quarters", "2020-Q3..2020-Q4"])
    assert first.exit_code == 0, first.output
    assert "invented deliveries (2020-Q3 to 2020-Q4, seed 1) written to" in first.output
    again = CliRunner().invoke(cli, ["demo", "--quarters", "2020-Q4"])
    assert "nothing to do" in again.output


def test_command_refuses_a_study_of_real_bodies(empty_place, monkeypatch):
    monkeypatch.setenv("IKZ_STUDY", "rlp")
    result = CliRunner().invoke(cli, ["demo"])
    assert isinstance(result.exception, StudyError)
    assert "studies/rlp is a study of real bodies" in str(result.exception)
