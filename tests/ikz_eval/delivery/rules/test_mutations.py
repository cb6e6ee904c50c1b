"""Falsified deliveries are asked about, good ones are not: a sample of what ``make bench`` measures."""

import pytest

from bench.mutations import KINDS, REQUIRED, Bench, Falsified, false_alarms, rate
from ikz_eval.registry import load_registry


@pytest.fixture(scope="module")
def bench():
    return Bench(load_registry("demonstration"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_falsified_deliveries_are_asked_about(bench, kind):
    measured = rate(bench, kind, 16, seed=7)
    assert measured.found >= 15, f"{kind.__name__}: {measured.found} of {measured.tried}"


def test_good_deliveries_are_not_asked_about(bench):
    for one in [one for one in bench.good if not one.is_wrong][::12]:
        assert bench.judged(one, Falsified(one.content, ())).findings == ()


def test_a_first_version_with_a_wrong_digit_is_asked_about_once(bench):
    for one in [one for one in bench.good if one.is_wrong]:
        assert [found.rule for found in bench.judged(one, Falsified(one.content, ())).findings] == ["K50"]


@pytest.mark.slow
@pytest.mark.parametrize("name", REQUIRED)
def test_at_least_99_percent_of_the_required_kinds_are_found(bench, name):
    measured = rate(bench, next(kind for kind in KINDS if kind.__name__ == name), 400, seed=11)
    assert measured.share >= 0.99, f"{measured.found} of {measured.tried}"


@pytest.mark.slow
def test_three_years_of_good_deliveries_raise_no_question(bench):
    good, questions, rules, corrected, asked = false_alarms(bench)
    assert (questions, dict(rules)) == (0, {}) and good > 400
    assert asked <= 2 * corrected
