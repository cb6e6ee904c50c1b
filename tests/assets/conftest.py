"""A study's place under a temporary IKZ_DATA."""

import pytest

from assets.instance import prepare
from ikz_eval.settings import Place, place


@pytest.fixture
def at(tmp_path, monkeypatch) -> Place:
    """Return an empty place of the demonstration, its folders and Dagster instance prepared."""
    monkeypatch.setenv("IKZ_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("IKZ_STUDY", "demonstration")
    monkeypatch.setenv("DAGSTER_HOME", "overwritten by prepare")
    prepare(place())
    return place()
