"""The rules of the verdict, one by one, and that every code has its words in both languages."""

from dataclasses import replace

import pytest

from ikz_eval.estimate.verdict import REQUIRED_TESTS, FieldDesign, FieldEffect, FieldVerdict, decide
from ikz_eval.texts import text

GOOD = FieldDesign(3, 6, 9, 6, 0.004, 0.4)
SAVING = FieldEffect(-0.1, -0.15, -0.05, 0.002)
ALL_PASSED = dict.fromkeys(REQUIRED_TESTS, True)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"treated_regions": 1}, "fewer_than_2_regions"),
        ({"comparison_blocks": 1}, "fewer_than_2_blocks"),
        ({"quarters_before": 3}, "fewer_than_4_quarters_before"),
        ({"quarters_after": 1}, "fewer_than_2_quarters_after"),
        ({"attainable_p": 0.0501}, "attainable_p_above_05"),
        ({"leverage_share_max": 0.51}, "region_dominates_leverage"),
    ],
)
def test_each_lack_alone_makes_a_field_not_assessable(change, reason):
    verdict = decide(replace(GOOD, **change), SAVING, ALL_PASSED)
    assert (verdict.code, verdict.direction, verdict.reasons) == ("not_assessable", "none", (reason,))


def test_the_borders_themselves_are_enough():
    border = FieldDesign(2, 2, 4, 2, 0.05, 0.5 + 1e-12)
    assert decide(border, SAVING, ALL_PASSED).code == "supported"


def test_supported_needs_every_test():
    assert decide(GOOD, SAVING, ALL_PASSED).code == "supported"
    assert decide(GOOD, FieldEffect(0.1, 0.05, 0.15, 0.01), ALL_PASSED).direction == "dearer"
    for name in REQUIRED_TESTS:
        missing = {key: True for key in REQUIRED_TESTS if key != name}
        assert decide(GOOD, SAVING, missing).reasons == ("tests_missing",)
        failed = decide(GOOD, SAVING, ALL_PASSED | {name: False})
        assert (failed.code, failed.reasons) == ("compatible", (f"failed_{name}",))


def test_a_test_that_the_rows_do_not_allow_keeps_a_field_from_being_supported():
    assert decide(GOOD, SAVING, {"cr2_adjusted": True}).code == "compatible"
    assert decide(GOOD, SAVING, {"cr2_adjusted": True}).reasons == ("tests_missing",)


def test_gaps_explain_but_do_not_decide():
    assert decide(replace(GOOD, gaps=("members_missing",)), SAVING, ALL_PASSED).code == "supported"
    lacking = replace(GOOD, treated_regions=0, gaps=("no_deliveries",))
    assert decide(lacking, None, {}).reasons == ("no_deliveries", "fewer_than_2_regions")


def test_zero_or_negative_cost_is_said_beside_every_verdict_and_decides_none():
    levels = replace(GOOD, not_positive=2)
    assert decide(levels, SAVING, ALL_PASSED) == FieldVerdict("supported", "saving", ("outcome_in_levels",))
    assert decide(levels, SAVING, {}).reasons == ("tests_missing", "outcome_in_levels")
    undefined = replace(levels, is_defined=False)
    assert decide(undefined, SAVING, ALL_PASSED).reasons == ("outcome_not_defined", "outcome_in_levels")


def test_without_an_estimate_nothing_is_assessable():
    assert decide(GOOD, None, {}).reasons == ("not_identified",)


CODES = {
    "reason": ["no_deliveries", "no_cooperation", "unknown_start", "members_missing", "price_missing", "no_cases", "fewer_than_2_regions", "fewer_than_2_blocks", "fewer_than_4_quarters_before", "fewer_than_2_quarters_after", "attainable_p_above_05", "region_dominates_leverage", "outcome_not_defined", "outcome_in_levels", "not_identified", "zero_in_interval", "tests_missing"] + [f"failed_{name}" for name in REQUIRED_TESTS],
    "test": REQUIRED_TESTS,
    "name": ("supported", "compatible", "not_assessable"),
    "explanation": ("supported", "compatible", "not_assessable"),
    "withheld": ("one_treated_region", "fewer_than_2_blocks", "one_region", "one_body", "body_level_p", "reported_point"),
}  # fmt: skip


@pytest.mark.parametrize("lang", ["de", "en"])
def test_every_code_has_its_words(lang):
    for group, codes in CODES.items():
        for code in codes:
            words = text(f"verdict.{group}.{code}", lang)
            assert len(words) > 5
            assert not (group == "reason" and words.endswith(".")), "a reason is a clause after 'weil'"


def test_not_assessable_says_in_german_that_it_is_not_a_zero():
    assert "es heißt nicht, dass es keine Wirkung gibt" in text("verdict.explanation.not_assessable")
