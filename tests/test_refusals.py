"""The page of refusals is what the one door says today."""

from docs.refusals import CASES, PAGE, message, page


def test_every_refusal_is_in_words_and_none_is_answered_after_all():
    assert [case.title for case in CASES if message(case) == "no refusal"] == []


def test_the_page_of_refusals_is_current():
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m docs.refusals`"
