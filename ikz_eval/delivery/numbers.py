"""Numbers as bodies write them: strict reading of German number text, exact reading of spreadsheet numbers.

What a text means is decided by the role of its column (``kind``), never guessed from its look: in a column of amounts
or counts a dot groups thousands, in all others it is ambiguous. Which spellings are read, noted and refused stands
with examples in docs/zahlen.md, which a test reads. Limits of a value (sign, size) are rules, not here.
"""

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Problem = Literal["not_a_number", "ambiguous"]

GROUPED_KINDS = ("amount", "count")
"""Kinds whose text may group thousands by dots; in the others ``1.234`` could be 1,234 and is refused."""

_PLAIN = re.compile(r"[0-9]+(,[0-9]+)?")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(\.[0-9]{3})+(,[0-9]+)?")
_BLANK_GROUPED = re.compile(r"[1-9][0-9]{0,2}( [0-9]{3})+(,[0-9]+)?")
_APOSTROPHE_GROUPED = re.compile(r"[1-9][0-9]{0,2}('[0-9]{3})+(,[0-9]+)?")
_ENGLISH_GROUPED = re.compile(r"[1-9][0-9]{0,2}(,[0-9]{3})+")
_GROUPINGS = (_GROUPED, _BLANK_GROUPED, _APOSTROPHE_GROUPED)
_GROUP_MARKS = dict.fromkeys(map(ord, ". '"), "")
_MARKS_ONLY = re.compile(r"[0-9.,' ]*[0-9][0-9.,' ]*")
_CURRENCY = re.compile(r"^(?:€|EUR|Euro)\s*|\s*(?:€|EUR|Euro)$", re.IGNORECASE)
_BLANKS = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f\t"), " ")
_SIGNS = {ord("\u2212"): "-", ord("\u2013"): "-", ord("\u2019"): "'", ord("\u02bc"): "'"}
"""Typographic signs and what they stand for: minus, dash, apostrophes."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number that was read.

    Attributes
    ----------
    value : Decimal
        Exact value.
    is_tolerated : bool
        True when the spelling is not the official one (currency sign, trailing minus, blank, apostrophe) but clear.
    """

    value: Decimal
    is_tolerated: bool = False


def parse_number(written: str, kind: str = "amount") -> Number | Problem:
    """Read German number text.

    Parameters
    ----------
    written : str
        Text as it stands in the file; not blank.
    kind : str
        Role of the column: ``amount``, ``count``, ``fte``, ``minutes``, ``hours`` or ``percent``.

    Returns
    -------
    Number, "not_a_number" or "ambiguous"
        ``ambiguous`` for text of digits and marks that could mean two numbers, such as ``1.23``.
    """
    bare, is_negative = _bare(written, kind)
    if _MARKS_ONLY.fullmatch(bare) is None:
        return "not_a_number"
    digits = _digits(bare, kind)
    if digits is None:
        return "ambiguous"
    value = Decimal(digits)
    core = written.removeprefix("-")
    is_official = bool(_PLAIN.fullmatch(core) or _GROUPED.fullmatch(core))
    return Number(-value if is_negative and value else value, is_tolerated=not is_official)


def parse_amount(written: str) -> Number | Problem:
    """Read an amount in EUR: ``1.234,56``, ``1234,56``; ``1.234`` is one thousand two hundred thirty-four."""
    return parse_number(written, "amount")


def exact_number(stored: float | int) -> Decimal | None:
    """Return a spreadsheet's number exactly; None when it is not finite.

    A spreadsheet keeps and shows 15 significant digits: 0.1 + 0.2 is stored as 0.30000000000000004 and is 0.3. Any
    other digits are kept, so that a rule can ask about them.
    """
    if isinstance(stored, int):
        return Decimal(stored)
    if not math.isfinite(stored):
        return None
    shown = Decimal(f"{stored:.15g}")
    value = shown if decimals(shown) <= 2 else Decimal(repr(stored))
    return value if value else Decimal(0)


def decimals(value: Decimal) -> int:
    """Return how many decimals a number really has (12.50 has one)."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def canonical(value: Decimal) -> str:
    """Return a number with decimal point, without exponent, thousands mark or superfluous zeros."""
    shown = f"{value:f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def german(value: str) -> str:
    """Return a canonical number with a decimal comma: ``1234.5`` -> ``1234,5``."""
    return value.replace(".", ",")


def german_grouped(value: str) -> str:
    """Return a canonical number in the long German form: ``1234.5`` -> ``1.234,5``."""
    whole, _, fraction = value.removeprefix("-").partition(".")
    grouped = f"{int(whole):,}".replace(",", ".")
    sign = "-" if value.startswith("-") else ""
    return f"{sign}{grouped},{fraction}" if fraction else sign + grouped


def _bare(written: str, kind: str) -> tuple[str, bool]:
    """Return the text without sign, currency and outer blanks, and whether it is negative."""
    bare = written.translate(_BLANKS).translate(_SIGNS).strip()
    if kind == "amount":
        bare = _CURRENCY.sub("", bare, count=1).strip()
    if kind == "percent":
        bare = bare.removesuffix("%").strip()
    if bare.startswith(("-", "+")):
        return bare[1:].strip(), bare[0] == "-"
    if bare.endswith("-"):
        return bare[:-1].strip(), True
    return bare, False


def _digits(bare: str, kind: str) -> str | None:
    """Return digits with a decimal point when the text can mean only one number in a column of this kind."""
    is_grouped_kind = kind in GROUPED_KINDS
    if is_grouped_kind and _ENGLISH_GROUPED.fullmatch(bare):
        return None
    if _PLAIN.fullmatch(bare):
        return bare.replace(",", ".")
    if is_grouped_kind and any(pattern.fullmatch(bare) for pattern in _GROUPINGS):
        return bare.translate(_GROUP_MARKS).replace(",", ".")
    return None
