"""Rules K01, K02, …: one short function per rule, and the page that explains them to the bodies.

``RULES`` holds number, severity and function of every rule. A new rule is one function in the module of its subject and
its words in ikz_eval/texts/delivery.*.toml; the page and the tests follow.
"""

from ikz_eval.delivery.rules import content, csv, exports, file, peers, plausibility, reading, series, structure, value
from ikz_eval.delivery.rules.page import rule_page
from ikz_eval.delivery.rules.registry import RULES, Rule

__all__ = [
    "RULES",
    "Rule",
    "content",
    "csv",
    "exports",
    "file",
    "peers",
    "plausibility",
    "reading",
    "rule_page",
    "series",
    "structure",
    "value",
]
