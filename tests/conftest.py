"""Fixtures that every test may use: an empty place for data, and the two committed studies, loaded once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ikz_eval.registry import Registry
from ikz_eval.settings import Place, place


@pytest.fixture
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Return the demonstration's place in a folder of the test's own."""
    monkeypatch.setenv("IKZ_DATA", str(tmp_path))
    monkeypatch.setenv("IKZ_STUDY", "demonstration")
    yield place()


@pytest.fixture(scope="session")
def demonstration() -> Registry:
    """Return the invented study."""
    from ikz_eval.registry import load_registry

    return load_registry("demonstration")


@pytest.fixture(scope="session")
def rlp() -> Registry:
    """Return the real study."""
    from ikz_eval.registry import load_registry

    return load_registry("rlp")
