"""How a rule is declared: ``@rule("reject_value")`` on a function named ``k07_…`` makes rule K07 with its severity.

The rules themselves stand in file.py, structure.py, value.py and content.py; their German and English words in
ikz_eval/texts/delivery.*.toml.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ikz_eval.delivery.findings import Finding, Place, Word
from schemas.vocabulary import SEVERITIES


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its number, its severity and the function that applies it."""

    number: str
    severity: str
    apply: Callable[..., Any]


RULES: dict[str, Rule] = {}
"""Every rule by its number."""

Function = TypeVar("Function", bound=Callable[..., Any])


def rule(severity: str) -> Callable[[Function], Function]:
    """Register a function named ``kNN_…`` as rule KNN of this severity."""

    def register(function: Function) -> Function:
        number = function.__name__[:3].upper()
        assert severity in SEVERITIES and number not in RULES
        RULES[number] = Rule(number, severity, function)
        return function

    return register


def finding(number: str, place: Place, found: Word, **values: Word) -> Finding:
    """Return a finding of rule ``number`` with the rule's severity."""
    return Finding(number, RULES[number].severity, place, found, tuple(values.items()))
