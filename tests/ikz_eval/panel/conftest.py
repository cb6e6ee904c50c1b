"""Fixtures of the panel's tests: an empty ledger, and the one evaluation of the small study."""

import pytest

from ikz_eval.registry import EvaluationQuarter
from tests.ikz_eval.panel.small_study import CUTOFF, Ledger


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def evaluation() -> EvaluationQuarter:
    return EvaluationQuarter("2022-Q2", CUTOFF, "invented")
