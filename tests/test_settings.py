"""The place of a study: two variables, and nothing outside the data folder."""

import pytest

from ikz_eval.errors import StudyError
from ikz_eval.settings import place


def test_the_variables_choose_study_and_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("IKZ_DATA", str(tmp_path))
    monkeypatch.setenv("IKZ_STUDY", "rlp")
    assert place().releases == tmp_path / "rlp" / "releases"
    assert place("demonstration").inbox == tmp_path / "demonstration" / "inbox"


def test_without_variables_it_is_the_demonstration(monkeypatch):
    monkeypatch.delenv("IKZ_STUDY", raising=False)
    assert place().study == "demonstration"


@pytest.mark.parametrize("name", ["../x", "a/b", ".", "..", "/etc", "rlp\n", "-x"])
def test_a_name_that_leads_elsewhere_is_refused(name, monkeypatch):
    monkeypatch.setenv("IKZ_STUDY", name)
    with pytest.raises(StudyError, match="no name of a study"):
        place()
