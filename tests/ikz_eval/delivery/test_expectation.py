"""What a study expects is the same from its loaded registry and from its plain files."""

import subprocess
import sys

import pytest

from ikz_eval.delivery.expectation import AgreementPart, expect, expect_folder
from ikz_eval.errors import StudyError
from ikz_eval.registry import load_registry
from ikz_eval.settings import ROOT


@pytest.mark.parametrize("study", ["demonstration", "rlp"])
def test_plain_files_say_the_same_as_the_loaded_study(study):
    assert expect_folder(ROOT / "studies" / study) == expect(load_registry(study))


def test_what_rules_need_of_the_real_programme_is_there():
    expected = expect_folder(ROOT / "studies" / "rlp")
    assert expected.bodies["07135"] == "Landkreis Cochem-Zell"
    assert expected.vehicles["07340"] == 85254
    assert "07211" not in expected.vehicles  # the district of Trier covers Trier-Saarburg too
    parts = [part for part in expected.agreements if part.ags == "07135" and part.field == "kfz_zulassung"]
    assert parts and all(isinstance(part, AgreementPart) for part in parts)
    assert expected.inhabitants["07340"] == 90480


def test_a_folder_that_is_no_study_is_refused_in_words(tmp_path):
    with pytest.raises(StudyError, match="ikz study check"):
        expect_folder(tmp_path)


def test_reading_plain_files_needs_no_frames():
    code = (
        "import sys, ikz_eval.registry.plain as plain\n"
        "assert not {'pandas', 'numpy', 'pandera'} & set(sys.modules), 'frames were imported'"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
