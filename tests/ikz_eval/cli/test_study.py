"""``ikz study check``: what a person who edits a study reads."""

import shutil

from click.testing import CliRunner

from ikz_eval.cli import cli
from ikz_eval.errors import StudyError
from ikz_eval.settings import ROOT


def test_a_sound_study_is_ok_with_counts():
    result = CliRunner().invoke(cli, ["study", "check", "rlp"])
    assert result.exit_code == 0
    assert result.stdout == (
        "study 'rlp': ok; 36 bodies, 11 participants, 3 regions, 5 blocks, 15 fields, 7 delivered fields, "
        "62 agreement rows, 3 evaluation quarters\n"
    )


def test_every_fault_is_a_line_and_the_exit_code_is_1(tmp_path):
    folder = tmp_path / "rlp"
    shutil.copytree(ROOT / "studies" / "rlp", folder)
    bodies = (folder / "bodies.csv").read_text(encoding="utf-8")
    (folder / "bodies.csv").write_text(bodies.replace("07135,", "7135,", 1), encoding="utf-8")
    result = CliRunner().invoke(cli, ["study", "check", str(folder)])
    assert result.exit_code == 1
    assert result.stdout.startswith("bodies.csv, row 7, column 'ags': found '7135'; allowed: text of the form ")
    assert result.stderr == "study 'rlp': 1 fault(s)\n"


def test_the_study_of_the_environment_is_the_default(monkeypatch):
    monkeypatch.setenv("IKZ_STUDY", "rlp")
    assert CliRunner().invoke(cli, ["study", "check"]).stdout.startswith("study 'rlp': ok")


def test_quarters_that_end_before_they_begin_are_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("IKZ_DATA", str(tmp_path))
    result = CliRunner().invoke(cli, ["demo", "--quarters", "2021-Q3..2020-Q3"])
    assert isinstance(result.exception, StudyError) and "ends before it begins" in str(result.exception)
    assert list(tmp_path.iterdir()) == []
