"""Fixtures of the delivery tests; the builders stand in builders.py."""

import pytest

from ikz_eval.registry import Registry
from tests.ikz_eval.delivery.builders import make_registry


@pytest.fixture
def registry() -> Registry:
    return make_registry()
