"""The German page of all rules (docs/regeln.md), made from the rules and their words, with a sample sentence each."""

from decimal import Decimal

from ikz_eval.delivery.findings import Finding, Place, TextKey, Word
from ikz_eval.delivery.rules.registry import RULES, Rule
from ikz_eval.texts import placeholders, text
from schemas.vocabulary import SEVERITIES

_SAMPLE_FILE = "07131_2024-Q3.xlsx"
_ENDINGS = {"K40": ".xls", "K43": ".xlsx", "K47": ".csv"}
"""Rules about a file as a whole, and the ending of their example."""
_SAMPLE_VALUES: dict[str, Word] = {
    "kind": TextKey("delivery.kind.amount"),
    "allowed": TextKey("delivery.expected.real"),
    "editions": "2025, 2026",
    "first": "2020-Q3",
    "last": "2026-Q3",
    "ags": "07131",
    "example": "07131",
    "quarter": "2024-Q3",
    "name": "Wohngeld",
    "heading": "Sachkosten [EUR]",
    "minimum": Decimal(0),
    "maximum": Decimal(100),
    "unit": "EUR",
    "decimals": "2",
    "value": Decimal("12400.50"),
    "field": "Wohngeld",
    "wanted": Decimal("8"),
    "cost": Decimal("98000"),
    "agreeing": Decimal("14200.50"),
    "stock": Decimal("85254"),
    "case": TextKey("delivery.case.thousandth"),
    "other": "Raumkosten",
    "usual": Decimal("1200"),
    "paid": Decimal("5200.00"),
    "received": Decimal("2500.00"),
    "count": "412",
    "recomputed": Decimal("29245678.25"),
    "difference": Decimal("313.00"),
}


def rule_page() -> str:
    """Return the page as Markdown: one section per rule, in order of the numbers."""
    head = text("delivery.page.head").strip()
    severities = "\n".join(f"- {text(f'delivery.severity.{name}')}" for name in SEVERITIES)
    sections = [_section(RULES[number]) for number in sorted(RULES)]
    return "\n\n".join([head, severities, *sections]) + "\n"


def _section(rule: Rule) -> str:
    words = f"delivery.rule.{rule.number}"
    sample = sample_finding(rule)
    return text(
        "delivery.page.section",
        number=rule.number,
        title=text(f"{words}.title"),
        given=text(f"{words}.given"),
        then=text(f"delivery.then.{rule.severity}"),
        allowed=sample.allowed(),
        remedy=sample.remedy(),
        example=sample.sentence(),
    ).strip()


def sample_finding(rule: Rule) -> Finding:
    """Return a finding of a rule as an example, with the values its sentences need."""
    words = f"delivery.rule.{rule.number}"
    needed = set().union(*(placeholders(text(f"{words}.{part}")) for part in ("allowed", "remedy")))
    values = tuple((name, _SAMPLE_VALUES[name]) for name in sorted(needed))
    found = text(f"{words}.sample")
    is_key = found.startswith("delivery.")
    return Finding(rule.number, rule.severity, _sample_place(rule), TextKey(found) if is_key else found, values)


def _sample_place(rule: Rule) -> Place:
    subject = rule.apply.__module__.rpartition(".")[2]
    if subject == "file":
        return Place(_SAMPLE_FILE)
    if rule.number in _ENDINGS:
        return Place(_SAMPLE_FILE.replace(".xlsx", _ENDINGS[rule.number]))
    if rule.number in ("K31", "K46"):
        return Place(_SAMPLE_FILE, "Servicequalität", 6, "D", "Online-Anteil")
    if rule.number in ("K41", "K48", "K49"):
        return Place(_SAMPLE_FILE, "Kosten")
    if subject == "csv":
        return Place(_SAMPLE_FILE.replace(".xlsx", ".csv"), "Kosten", 14, "Wert", "Wohngeld, Sachkosten")
    if subject == "exports":
        at = (4856, "Ist 2025") if rule.number in ("K71", "K72") else (None, None)
        return Place("Haushalt_2025.csv", None, *at)
    if rule.number in ("K58", "K59"):
        return Place(_SAMPLE_FILE, "Deckblatt", 6, "B", "Quartal")
    if rule.number in ("K11", "K12", "K13"):
        return Place(_SAMPLE_FILE, "Kosten")
    return Place(_SAMPLE_FILE, "Kosten", 6, "C", "Sachkosten")
