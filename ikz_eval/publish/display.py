"""How a published value is shown to people: numbers with the marks of the language, codes as words.

Holds no sentence and no computation; the words stand in ikz_eval/texts, names of bodies, regions and fields in the
study. Used by pages and workbook, so that both show the same.
"""

from decimal import Decimal

import pandas as pd

from ikz_eval.publish.cells import WITHHELD
from ikz_eval.publish.columns import Column
from ikz_eval.registry import Registry
from ikz_eval.texts import number, text

_WORDS = {
    "cost_block", "level", "effect_level", "method", "outcome", "direction", "unit_kind", "status", "measure", "conclusion", "group",
    "agreement_status", "series", "check", "family", "further_method", "inference", "calibration", "design", "known",
}  # fmt: skip
"""Kinds whose words stand in the catalogue ``publish`` under the kind's own name."""
_PARTS = ("all", "lowest", "highest", "earliest", "latest")
"""Parts of a check that are no unit, body or specification."""


class Words:
    """Values of published cells in the words of one language.

    Parameters
    ----------
    registry : Registry
        Gives the names of bodies, regions and fields.
    lang : str
        ``de`` or ``en``.
    """

    def __init__(self, registry: Registry, lang: str) -> None:
        self.lang = lang
        self._fields = _pairs(registry.fields, "field", "name_de" if lang == "de" else "name_en")
        self._units = _pairs(registry.regions, "unit", "name")
        self._bodies = _pairs(registry.bodies, "ags", "name")

    def show(self, value: object, column: Column) -> str:
        """Return a canonical value (missing: NaN) as people read it; empty when there is none."""
        if not isinstance(value, str):
            return ""
        if column.is_number or column.kind == "as_printed":
            return self._number(value, column)
        if column.kind == "fields":
            return ", ".join(map(self.field, value.split()))
        return self._word(value, column.kind)

    def _number(self, value: str, column: Column) -> str:
        digits = max(0, -int(Decimal(value).as_tuple().exponent))
        if column.key.startswith("p_") and not Decimal(value):  # small, never zero
            return f"< {number(Decimal(1).scaleb(-digits), self.lang, digits)}"
        shown = number(Decimal(value), self.lang, digits)
        return f"+{shown}" if column.kind == "change" and Decimal(value) > 0 else shown

    def percent(self, value: str, *, is_signed: bool = True) -> str:
        """Return a canonical number as percent, ``−14,1 %``."""
        return f"{self._number(value, Column('', 'change' if is_signed else 'percent'))}\u202f%"

    def _word(self, value: str, kind: str) -> str:
        if kind in _WORDS:
            return text(f"publish.{kind}.{value}", self.lang)
        named = {"field": self._fields, "unit": self._units, "body_or_unit": self._units | self._bodies}
        if kind in named:
            return named[kind][value]
        if kind == "term":
            names = self._units | self._bodies
            return names[value] if value in names else text(f"publish.term.{value}", self.lang)
        if kind == "part":
            named_part = self._units | self._bodies
            return text(f"publish.part.{value}", self.lang) if value in _PARTS else named_part.get(value, value)
        if kind == "further_part":
            return self._further_part(value)
        if kind == "flag":
            return text("publish.page.yes" if value == "true" else "publish.page.no", self.lang)
        if kind in _LISTS:
            return ", ".join(self.codes(value, kind))
        if kind in _SINGLE:
            return text(f"{_SINGLE[kind]}.{value}", self.lang)
        if kind == "case_label" and value in _CASE_LABELS:
            return text(f"publish.case_label.{value}", self.lang)
        return value

    def _further_part(self, value: str) -> str:
        """Return a region, ``all``, a bound ``M=1`` or a number of cases."""
        if value.startswith("M="):
            return f"M = {number(Decimal(value[2:]), self.lang, len(value.partition('.')[2]))}"
        if value.isdecimal():
            return number(Decimal(value), self.lang, 0)
        return self._word(value, "part")

    def codes(self, value: object, kind: str) -> list[str]:
        """Return the words of a comma separated list of codes; empty when there is none."""
        if not isinstance(value, str):
            return []
        return [text(f"{_LISTS[kind]}.{code.strip()}", self.lang) for code in value.split(",") if code.strip()]

    def field(self, key: str) -> str:
        """Return the name of a cooperation field."""
        return self._fields[key]

    def unit(self, column: Column) -> str:
        """Return the unit of a column in words; empty when it has none."""
        return text(f"publish.unit.{column.unit}", self.lang) if column.unit else ""

    def note(self, key: str) -> str:
        """Return the words of a note."""
        area = "verdict" if key.startswith(WITHHELD) else "publish.note"
        return text(f"{area}.{key}", self.lang)

    def heading(self, column: Column) -> str:
        """Return the heading of a column."""
        return text(f"publish.column.{column.key}", self.lang)


_LISTS = {"reasons": "verdict.reason", "tests": "verdict.test", "warnings": "further.warning"}
_SINGLE = {"verdict": "verdict.name", "case_reason": "economics.reason"}
_CASE_LABELS = ("before", "after")
"""Labels of published cases that are keys; every other label is a carrier as printed."""


def _pairs(frame: pd.DataFrame, key: str, name: str) -> dict[str, str]:
    return dict(zip(frame[key], frame[name], strict=True))
