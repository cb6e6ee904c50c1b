"""German and English say the same: same areas, same keys, same placeholders; numbers as people write them."""

import tomllib
from datetime import date
from pathlib import Path

import pytest

import ikz_eval.texts
from ikz_eval.errors import IkzError
from ikz_eval.texts import cents, day, number, placeholders, text

FOLDER = Path(ikz_eval.texts.__file__).parent
AREAS = sorted({path.name.split(".")[0] for path in FOLDER.glob("*.toml")})


def flat(entries: dict, above: str = "") -> dict[str, str]:
    result = {}
    for key, value in entries.items():
        result |= flat(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}": value}
    return result


@pytest.mark.parametrize("area", AREAS)
def test_both_languages_have_the_same_sentences_and_placeholders(area):
    german, english = (
        flat(tomllib.loads((FOLDER / f"{area}.{lang}.toml").read_text(encoding="utf-8"))) for lang in ("de", "en")
    )
    assert german.keys() == english.keys()
    for key, sentence in german.items():
        assert placeholders(sentence) == placeholders(english[key]), key


def test_there_are_words_for_deliveries_and_pages():
    assert {"delivery", "publish", "verdict"} <= set(AREAS)


@pytest.mark.parametrize(
    ("value", "digits", "german", "english"),
    [
        ("1234567.5", 0, "1.234.568", "1,234,568"),
        (-0.125, 2, "−0,13", "−0.13"),
        ("12400.5", 2, "12.400,50", "12,400.50"),
        (-0.001, 1, "0,0", "0.0"),
    ],
)
def test_numbers_are_written_in_the_language(value, digits, german, english):
    assert number(value, "de", digits) == german
    assert number(value, "en", digits) == english


def test_amounts_and_days():
    assert cents(-1240050) == "−12.400,50"
    assert day(date(2026, 8, 31)) == "31.08.2026"
    assert day(date(2026, 8, 3), "en") == "3 Aug 2026"


def test_an_unknown_text_and_a_missing_value_are_errors():
    with pytest.raises(IkzError, match="has no text 'nothing'"):
        text("delivery.nothing")
