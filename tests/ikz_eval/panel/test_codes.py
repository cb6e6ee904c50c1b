"""Every code a row may carry has words in both languages."""

import pytest

from ikz_eval.panel.codes import EXCLUSIONS, PRICE_GAPS
from ikz_eval.texts import LANGUAGES, text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_code_has_words(lang):
    said = [text(f"panel.exclusion.{code}", lang) for code in EXCLUSIONS]
    said += [text(f"panel.price_gap.{code}", lang) for code in PRICE_GAPS]
    assert len(set(said)) == len(EXCLUSIONS) + len(PRICE_GAPS)
