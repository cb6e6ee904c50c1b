"""Numbers of exports, strict by the layout: one decimal mark, whole thousands groups or none, minus before or behind."""

import re
from decimal import Decimal

_COMMA = re.compile(r"(?P<whole>\d{1,3}(?:\.\d{3})+|\d+)(?:,(?P<part>\d+))?")
_POINT = re.compile(r"(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<part>\d+))?")
_BLANKS = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f"), " ")


def export_number(written: str, decimal: str, decimals: int | None = None) -> Decimal | None:
    """Return a number as written in an export, None when it is none.

    Parameters
    ----------
    written : str
        Text of the cell.
    decimal : str
        Decimal mark of the layout, ``,`` or ``.``.
    decimals : int, optional
        Decimals of a value where footnote digits are glued to it: further digits are the footnote.
    """
    bare = written.translate(_BLANKS).strip().removesuffix("€").removesuffix("EUR").strip()
    bare = bare.replace("\u2212", "-").replace("\u2013", "-")
    is_negative = bare.startswith("-") or bare.endswith("-")
    match = (_COMMA if decimal == "," else _POINT).fullmatch(bare.strip("-").strip())
    if match is None:
        return None
    whole = match["whole"].replace(".", "").replace(",", "")
    part = match["part"] or ""
    part = part if decimals is None else part[:decimals]
    value = Decimal(f"{whole}.{part}" if part else whole)
    return -value if is_negative else value
