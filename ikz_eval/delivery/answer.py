"""The answer to a delivery: one self-contained page for the clerk who sent it.

Says whether the file was accepted, what was found where, what is allowed, what to do. Made from the ledger's rows alone,
so that it can be written again; the same rows give the same bytes. Judging is judge.py, the words ikz_eval/texts.
"""

from collections.abc import Hashable
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
import pandas as pd

from ikz_eval.delivery.judge import judge
from ikz_eval.delivery.layout import editions, load_layout
from ikz_eval.quarters import quarter_start
from ikz_eval.registry import Registry
from ikz_eval.settings import Place
from ikz_eval.texts import day, text
from schemas.vocabulary import REJECTING, SEVERITIES

ZONE = ZoneInfo("Europe/Berlin")
Row = dict[Hashable, Any]
"""One row of a table, by column."""
_FOLDER = Path(__file__).parent / "pages"


def answer_name(delivery: Row, lang: str = "de") -> str:
    """Return the file name of an answer: body, quarter and delivery, as far as they are known."""
    ags: str = delivery["ags"] if pd.notna(delivery["ags"]) else "unlesbar"
    quarter: str = delivery["quarter"] if pd.notna(delivery["quarter"]) else "ohne-Quartal"
    return f"{ags}_{quarter}_{delivery['delivery_id']}{'' if lang == 'de' else '.' + lang}.html"


def write_answer(place: Place, registry: Registry, delivery: Row, findings: pd.DataFrame, lang: str = "de") -> Path:
    """Write the answer to one delivery into the outbox, whole or not at all, and return its path.

    Parameters
    ----------
    place : Place
        Its outbox; the ledger's original is read for an edition in another language than German.
    registry : Registry
        The study.
    delivery : dict
        Row of table ``delivery``.
    findings : pd.DataFrame
        Its rows of table ``finding``.
    lang : str
        Edition.
    """
    rows = findings.sort_values("sequence").to_dict("records") if len(findings) else []
    if lang != "de":
        rows = _in_language(place, registry, delivery, rows, lang)
    target = place.outbox / answer_name(delivery, lang)
    aside = target.with_name(f".{target.name}.tmp")
    aside.write_text(answer_page(registry, delivery, rows, lang), encoding="utf-8", newline="\n")
    aside.replace(target)
    return target


def answer_page(registry: Registry, delivery: Row, findings: list[Row], lang: str = "de") -> str:
    """Return the page as HTML.

    Parameters
    ----------
    registry : Registry
        The study.
    delivery : dict
        Row of table ``delivery``.
    findings : list of dict
        Rows of table ``finding``, in order, their words in ``lang``.
    lang : str
        Edition.
    """

    def words(key: str, **values: object) -> str:
        return text(f"answer.{key}", lang, **values)

    groups = [
        {
            "severity": severity,
            "findings": [_shown(row, delivery, lang) for row in findings if row["severity"] == severity],
        }
        for severity in SEVERITIES
    ]
    is_accepted = delivery["status"] == "accepted"
    return _template().render(
        lang=lang,
        words=words,
        is_invented=registry.is_invented,
        is_accepted=is_accepted,
        status=words(_status_key(is_accepted, findings)),
        facts=_facts(registry, delivery, lang),
        groups=[group for group in groups if group["findings"]],
        steps=_steps(is_accepted, findings, lang),
        title=words(
            "title", status=words("accepted" if is_accepted else "rejected"), who=who(registry, delivery, lang)
        ),
    )


def quarter_words(quarter: str, lang: str) -> str:
    """Return a quarter as people say it: 3. Quartal 2024."""
    return text("answer.quarter", lang, number=quarter[-1], year=str(quarter_start(quarter).year))


def _status_key(is_accepted: bool, findings: list[Row]) -> str:
    has_question = any(row["severity"] == "question" for row in findings)
    if not is_accepted:
        return "status_rejected"
    return "status_asked" if has_question else "status_accepted"


def who(registry: Registry, delivery: Row, lang: str = "de") -> str:
    """Return the body of a row of table ``delivery``, as people call it."""
    names = dict(zip(registry.bodies["ags"], registry.bodies["name"], strict=True))
    if pd.isna(delivery["ags"]):
        return text("answer.unknown_body", lang)
    return f"{names.get(delivery['ags'], '')} ({delivery['ags']})".strip()


def _facts(registry: Registry, delivery: Row, lang: str) -> list[tuple[str, str]]:
    """Return what identifies the delivery, label and value."""
    quarter = delivery["quarter"]
    arrived = delivery["received_at"].astimezone(ZONE)
    version = delivery["version"]
    values = {
        "body": who(registry, delivery, lang),
        "quarter_label": quarter_words(quarter, lang) if pd.notna(quarter) else text("answer.unknown_quarter", lang),
        "file": delivery["file_name"],
        "received": text("answer.moment", lang, day=day(arrived.date(), lang), time=f"{arrived:%H:%M}"),
        "version": str(int(version)) if pd.notna(version) else text("answer.no_version", lang),
        "number": delivery["delivery_id"],
        "study": registry.title(lang),
    }
    return [(text(f"answer.fact.{key}", lang), value) for key, value in values.items()]


def _steps(is_accepted: bool, findings: list[Row], lang: str) -> list[str]:
    """Return what to do next, in order."""
    severities = {row["severity"] for row in findings}
    if not is_accepted:
        keys = ["correct" if "reject_value" in severities else "resend", "send_again", "earlier_stands"]
    elif "question" in severities:
        keys = ["check_questions", "confirm_or_correct"]
    else:
        keys = ["nothing", "new_version"]
    return [text(f"answer.step.{key}", lang) for key in keys]


def _shown(row: Row, delivery: Row, lang: str) -> dict[str, Any]:
    """Return one finding in the words of the page."""
    return {
        "rule": row["rule"],
        "place": _place(row, delivery, lang),
        "found": row["found"],
        "allowed": row["allowed"],
        "remedy": row["remedy"],
        "is_rejecting": row["severity"] in REJECTING,
    }


def _place(row: Row, delivery: Row, lang: str) -> str:
    parts: list[str] = []
    if pd.notna(row["sheet"]):
        parts.append(text("answer.place.sheet", lang, sheet=row["sheet"]))
    if pd.notna(row["row"]):
        parts.append(text("answer.place.row", lang, row=int(row["row"])))
    if pd.notna(row["column"]):
        label = _labels(delivery["layout"]).get((row["sheet"], row["column"])) if pd.notna(row["sheet"]) else None
        key = "column" if label is None else "labelled_column"
        parts.append(text(f"answer.place.{key}", lang, column=row["column"], label=label or ""))
    return ", ".join(parts) or text("answer.place.file", lang)


@cache
def _labels(edition: str | None) -> dict[tuple[str, str], str]:
    """Return the heading of every column of a form edition, by sheet and column letter."""
    if edition not in editions():
        return {}
    layout = load_layout(edition)
    return {(sheet.name, column.letter): column.label for sheet in layout.sheets for column in sheet.columns}


def _in_language(place: Place, registry: Registry, delivery: Row, rows: list[Row], lang: str) -> list[Row]:
    """Return the findings in another language; the ledger holds the German words, so the original is judged again."""
    data = (place.ledger / "files" / delivery["stored_as"]).read_bytes()
    found = judge(data, delivery["file_name"], registry).findings
    if len(found) != len(rows):  # judged by other rules than today's: the German words are what was said
        return rows
    return [
        row | {"found": one.found_text(lang), "allowed": one.allowed(lang), "remedy": one.remedy(lang)}
        for row, one in zip(rows, found, strict=True)
    ]


@cache
def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(_FOLDER)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("answer.html.j2")
