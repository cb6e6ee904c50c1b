"""index.html and index.en.html: one self-contained page per language, readable without JavaScript.

Puts sentences, tables, figures and notes into the template; computes nothing. Style and figures stand inside the page,
so that it can be sent as one file. The words stand in ikz_eval/texts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from zoneinfo import ZoneInfo

import jinja2
import pandas as pd
from markupsafe import Markup

from ikz_eval import __version__
from ikz_eval.publish.cells import wide
from ikz_eval.publish.columns import SHEETS, Column
from ikz_eval.publish.display import Words
from ikz_eval.publish.mark import mark, mark_kind
from ikz_eval.publish.page_tables import PageTables
from ikz_eval.publish.sentences import field_results, lacking_here, missing_tests, who_is_missing
from ikz_eval.registry import EvaluationQuarter, Registry
from ikz_eval.texts import day, text

PAGES = {"de": "index.html", "en": "index.en.html"}
_READING = ("compatible", "supported", "mde", "shift", "gap", "data")
_FIGURES = (("fallkosten", "F1"), ("ereignispfad", "F2"))


@dataclass(frozen=True, slots=True)
class Edition:
    """What a page says about the release it belongs to.

    Attributes
    ----------
    evaluation : EvaluationQuarter
        Quarter and cut-off.
    number : int
        1 for ``r1``.
    last_received : date or None
        Day (Europe/Berlin) on which the last delivery that counts arrived; None when there is none.
    """

    evaluation: EvaluationQuarter
    number: int
    last_received: date | None


def facts(registry: Registry, edition: Edition, lang: str) -> dict[str, str]:
    """Return what identifies the release, label -> value, in words."""
    cutoff = day(edition.evaluation.cutoff.astimezone(ZoneInfo("Europe/Berlin")).date(), lang)
    last = edition.last_received
    as_of = (
        text("publish.page.data_as_of_value", lang, cutoff=cutoff, last=day(last, lang))
        if last
        else text("publish.page.data_as_of_none", lang, cutoff=cutoff)
    )
    return {
        text("publish.page.evaluation_quarter", lang): edition.evaluation.quarter,
        text("publish.page.data_as_of", lang): as_of,
        text("publish.page.version", lang): text("publish.page.version_value", lang, number=edition.number),
        text("publish.page.price_base", lang): registry.price_base,
    }


def page_bytes(cells: pd.DataFrame, registry: Registry, edition: Edition, figures: dict[str, str], lang: str) -> bytes:
    """Return one page.

    Parameters
    ----------
    cells : pd.DataFrame
        Contract ``published_cell``, one evaluation quarter.
    registry : Registry
        Names, specifications, sources; whether the study is invented.
    edition : Edition
        Quarter, version and data as of.
    figures : dict of str to str
        File stem -> SVG text, in the page's language.
    lang : str
        ``de`` or ``en``.
    """
    words = Words(registry, lang)
    tables = PageTables(cells, words)
    fields = registry.delivered_fields
    other = next(each for each in PAGES if each != lang)
    page = _template().render(
        lang=lang,
        t=lambda key, **values: text(f"publish.{key}", lang, **values),
        other_lang=other, other_page=PAGES[other],
        mark=mark(registry, lang), mark_kind=mark_kind(registry),
        title=registry.title(lang), facts=facts(registry, edition, lang), edition=edition,
        results=field_results(cells, registry, lang),
        explanation=text("verdict.explanation.not_assessable", lang),
        missing_tests=missing_tests(cells, words),
        missing=who_is_missing(cells, registry, lang), lacking=lacking_here(wide(cells, "F3"), lang),
        fields=[{"key": key, "name": words.field(key)} for key in fields],
        tables=tables, has_cases=not wide(cells, "PF").empty,
        calendar=_drawing(figures, "lieferkalender", text("publish.figure.lieferkalender", lang), "F3"),
        overview=_drawing(figures, "wirkungen", text("publish.figure.wirkungen", lang), "T10"),
        power=_drawing(figures, "aussagekraft", text("publish.figure.aussagekraft", lang), "PW"),
        drawings=list(_drawings(figures, words)),
        methods=list(_methods(registry, edition.evaluation, words)),
        sources=list(_sources(registry, cells, words)),
        reading=[text(f"publish.reading.{key}", lang) for key in _READING],
        sheets=SHEETS, code_version=__version__,
    )  # fmt: skip
    return page.encode("utf-8")


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ikz_eval.publish", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("page.html.j2")


def _drawing(figures: dict[str, str], stem: str, caption: str, table: str) -> dict[str, object] | None:
    """Return a figure for the template; our own SVG is the only markup that is not escaped."""
    return {"caption": caption, "svg": Markup(figures[stem]), "table": table} if stem in figures else None


def _drawings(figures: dict[str, str], words: Words) -> Iterator[dict[str, object]]:
    for stem in sorted(figures):
        for kind, table in _FIGURES:
            if stem.startswith(f"{kind}_"):
                field = stem.removeprefix(f"{kind}_")
                caption = text(f"publish.figure.{kind}", words.lang, field=words.field(field))
                yield {"caption": caption, "svg": Markup(figures[stem]), "table": table, "field": field, "kind": kind}


def _methods(registry: Registry, evaluation: EvaluationQuarter, words: Words) -> Iterator[str]:
    lang = words.lang
    for each in registry.specifications:
        role = text(f"publish.method_note.{'primary' if each.is_primary else 'robustness'}", lang)
        method = words.show(each.method, Column("method", "method"))
        yield text(
            "publish.method_note.specification", lang, name=each.name, role=role, method=method, reason=each.reason
        )
    for pooled in registry.pooled:
        named = ", ".join(map(words.field, pooled.fields))
        yield text("publish.method_note.pooled", lang, name=pooled.name, fields=named, reason=pooled.reason)
    for outcome in registry.outcomes:
        shown = words.show(outcome.name, Column("outcome", "outcome"))
        yield text(
            "publish.method_note.outcome", lang, field=words.field(outcome.field), outcome=shown, reason=outcome.reason
        )
    for field, quarters in registry.primary.anticipation_quarters.items():
        if quarters:
            yield text("publish.method_note.anticipation", lang, field=words.field(field), quarters=quarters)
    yield text("publish.method_note.windows", lang)
    yield text("publish.method_note.cutoff", lang, reason=evaluation.reason)
    yield text("publish.method_note.hash", lang, value=registry.specification_hash[:16])


def _sources(registry: Registry, cells: pd.DataFrame, words: Words) -> Iterator[str]:
    frames = {
        "bodies": registry.bodies, "regions": registry.regions, "fields": registry.fields,
        "agreements": registry.agreements, "prices": registry.price_index, "cases": wide(cells, "PF"),
    }  # fmt: skip
    for kind, frame in frames.items():
        for source in dict.fromkeys(frame["source"]):
            yield text(f"publish.source.{kind}", words.lang, source=source)
