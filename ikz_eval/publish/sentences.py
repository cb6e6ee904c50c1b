"""The sentences of the first screen: the result of each field, and who is missing.

A sentence is made from the verdict in the published cells and never says more than it. The words stand in
ikz_eval/texts (``publish.sentence``, ``verdict``); this module only chooses among them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from ikz_eval.errors import ReleaseError
from ikz_eval.publish.cells import wide
from ikz_eval.publish.display import Words
from ikz_eval.publish.tables_completeness import GROUPS
from ikz_eval.registry import Registry
from ikz_eval.texts import text


@dataclass(frozen=True, slots=True)
class FieldResult:
    """What the first screen says about one field.

    Attributes
    ----------
    field, verdict : str
        Key of the field, code of the verdict.
    sentence : str
        One sentence, never stronger than the verdict.
    detectable : tuple of str
        The two minimum detectable effects, in words.
    """

    field: str
    verdict: str
    sentence: str
    detectable: tuple[str, str]


IN_LEVELS = "outcome_in_levels"
"""Code among the reasons that is a note: zero or negative cost, so that the outcome is EUR per case."""
MOST_QUARTERS = 4
"""Missing quarters of a body that are named one by one."""


def field_results(cells: pd.DataFrame, registry: Registry, lang: str) -> list[FieldResult]:
    """Return a result per delivered field, in the study's order.

    Raises
    ------
    ReleaseError
        If a delivered field has no verdict, or a verdict lacks what its sentence needs.
    """
    words = Words(registry, lang)
    cards = {str(card["field"]): card for card in wide(cells, "DC").to_dict("records")}
    results = []
    for field in registry.delivered_fields:
        card = cards.get(field, {})
        if not isinstance(card.get("verdict"), str):
            raise ReleaseError(
                f"field '{field}' has no verdict by specification '{registry.primary.name}'; every delivered field needs "
                "a design card and a verdict, also when nothing was delivered: make the estimates again"
            )
        results.append(FieldResult(field, card["verdict"], sentence(card, words), detectable(card, words)))
    return results


def sentence(card: Mapping[object, object], words: Words) -> str:
    """Return the sentence of one field from its row of table DC; with a second one where the outcome is in EUR."""
    if IN_LEVELS not in _codes(card):
        return _judgement(card, words)
    note = text("publish.sentence.in_levels", words.lang, rows=card["rows_not_positive"])
    return f"{_judgement(card, words)} {note}"


def _codes(card: Mapping[object, object]) -> list[str]:
    return str(card["reasons"]).split(",")


def _judgement(card: Mapping[object, object], words: Words) -> str:
    lang, verdict, field = words.lang, card["verdict"], words.field(str(card["field"]))
    if verdict == "not_assessable":
        return text("publish.sentence.not_assessable", lang, field=field, reasons=_reasons(card, words))
    ends = {end: _end(card, f"{end}_percent", words) for end in ("low", "high")}
    if verdict == "supported":
        if card["direction"] not in ("saving", "dearer"):
            raise ReleaseError(f"field '{card['field']}': supported without a direction; it must be saving or dearer")
        effect = _end(card, "effect_percent", words)
        return text(f"publish.sentence.supported_{card['direction']}", lang, field=field, effect=effect, **ends)
    if card["is_zero_excluded"] == "true":
        reasons = _reasons(card, words)
        return text("publish.sentence.compatible_excluded", lang, field=field, reasons=reasons, **ends)
    return text("publish.sentence.compatible_included", lang, field=field, **ends)


def _end(card: Mapping[object, object], key: str, words: Words) -> str:
    value = card[key]
    if not isinstance(value, str):
        raise ReleaseError(f"field '{card['field']}': verdict '{card['verdict']}' needs a value for {key}, found none")
    return words.percent(value)


def _reasons(card: Mapping[object, object], words: Words) -> str:
    found = words.codes(",".join(code for code in _codes(card) if code not in (IN_LEVELS, "nan", "None")), "reasons")
    if not found:
        raise ReleaseError(
            f"field '{card['field']}': verdict '{card['verdict']}' needs at least one reason, found none"
        )
    return text("publish.sentence.reasons_join", words.lang).join(found)


def detectable(card: Mapping[object, object], words: Words) -> tuple[str, str]:
    """Return the two minimum detectable effects of a field in words."""
    alone = _known("publish.mde.cr2", card["mde_cr2_percent"], words)
    return alone, _known("publish.mde.supported", card["mde_supported_percent"], words)


def missing_tests(cells: pd.DataFrame, words: Words) -> list[str]:
    """Return the required tests that do not exist yet, in words, each once."""
    found = (words.codes(tests, "tests") for tests in wide(cells, "DC")["missing_tests"])
    return list(dict.fromkeys(test for tests in found for test in tests))


def _known(key: str, value: object, words: Words) -> str:
    if not isinstance(value, str):
        return text(f"{key}_none", words.lang)
    return text(key, words.lang, value=words.percent(value, is_signed=False))


def who_is_missing(cells: pd.DataFrame, registry: Registry, lang: str) -> list[str]:
    """Return a sentence per group of bodies: how many delivered, which deliveries are missing or were rejected."""
    table = wide(cells, "T1")
    return [_group(table[table["group"] == group], group, lang) for group in GROUPS if (table["group"] == group).any()]


def lacking_here(calendar: pd.DataFrame, lang: str) -> str:
    """Return the sentence that stands at every result: whose deliveries of which quarters are not in it.

    Parameters
    ----------
    calendar : pd.DataFrame
        Table F3: columns ``name``, ``quarter`` and ``status``.
    lang : str
        Language.

    Returns
    -------
    str
        Empty when nothing lacks.
    """
    lacking = calendar[calendar["status"].isin(("missing", "rejected"))]
    if lacking.empty:
        return ""
    named = [
        text("publish.who.name_quarters", lang, name=name, quarters=_quarters(part["quarter"].tolist(), lang))
        for name, part in lacking.groupby("name", sort=False)
    ]
    return text("publish.who.lacking_here", lang, count=len(lacking), due=len(calendar), names="; ".join(named))


def _quarters(quarters: list[str], lang: str) -> str:
    """Return quarters one by one, many as their number and the last."""
    if len(quarters) <= MOST_QUARTERS:
        return ", ".join(quarters)
    return text("publish.who.many_quarters", lang, count=len(quarters), first=quarters[0], last=quarters[-1])


def _group(rows: pd.DataFrame, group: str, lang: str) -> str:
    bodies = rows[rows["ags"].notna()]
    counts = bodies[["due", "missing", "rejected"]].astype(int)
    lacking = counts["missing"] + counts["rejected"]
    values: dict[str, object] = {
        "group": text(f"publish.group.{group}", lang),
        "bodies": len(bodies),
        "due": int(counts["due"].sum()),
        "missing": int(lacking.sum()),
        "delivered": int((lacking < counts["due"]).sum()),
    }
    kind = "complete" if not values["missing"] else "some" if values["delivered"] else "nothing"
    named = [(str(name), int(count)) for name, count in zip(bodies["name"], lacking, strict=True) if count]
    counted = [text("publish.who.name_count", lang, name=name, count=count) for name, count in named]
    values["names"] = ", ".join(counted if kind == "some" else [name for name, _ in named])
    if not values["due"]:
        return text("publish.who.nobody_due", lang, **values)
    return text(f"publish.who.{kind}", lang, **values)
