"""Every word that bodies and ministry read, in German, with an English edition; and the one formatter of numbers.

The catalogues ``<area>.de.toml`` and ``<area>.en.toml`` beside this file hold the sentences; a key is
``area.name`` or ``area.table.name``. Column descriptions for developers stand in schemas/, not here.
"""

import tomllib
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from ikz_eval.errors import IkzError

LANGUAGES = ("de", "en")
_FOLDER = Path(__file__).parent


def text(key: str, lang: str = "de", /, **values: object) -> str:
    """Return the sentence ``key`` in ``lang`` with its placeholders filled.

    Raises
    ------
    IkzError
        If the catalogue has no such key, or a placeholder has no value.
    """
    area, _, name = key.partition(".")
    entry: Any = _catalogue(area, lang)
    for part in name.split("."):
        if not isinstance(entry, dict) or part not in entry:
            raise IkzError(f"ikz_eval/texts/{area}.{lang}.toml has no text '{name}'")
        entry = entry[part]
    try:
        return str(entry).format(**values) if values else str(entry)
    except KeyError as missing:
        raise IkzError(f"text '{key}' ({lang}) needs a value for {missing}") from missing


def placeholders(sentence: str) -> set[str]:
    """Return the names of the placeholders in a sentence."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def number(value: Decimal | float | int | str, lang: str = "de", digits: int = 0) -> str:
    """Return a number rounded half away from zero, with the marks of the language and a typographic minus."""
    from babel.numbers import format_decimal  # loaded with the first number: many answers need none

    exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    shown = format_decimal(abs(exact), format=pattern, locale=lang, decimal_quantization=False)
    return f"\u2212{shown}" if exact < 0 else shown


def cents(amount_cents: int, lang: str = "de") -> str:
    """Return an amount of EUR cents as EUR with two decimals."""
    return number(Decimal(int(amount_cents)) / 100, lang, 2)


def day(value: date, lang: str = "de") -> str:
    """Return a date as people write it: 31.08.2026, or 31 Aug 2026."""
    if lang == "de":
        return f"{value.day:02d}.{value.month:02d}.{value.year:04d}"
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{value.day} {months[value.month - 1]} {value.year:04d}"


@cache
def _catalogue(area: str, lang: str) -> dict[str, Any]:
    path = _FOLDER / f"{area}.{lang}.toml"
    if not path.is_file():
        raise IkzError(f"there is no catalogue of texts '{path.name}' in ikz_eval/texts")
    return tomllib.loads(path.read_text(encoding="utf-8"))
