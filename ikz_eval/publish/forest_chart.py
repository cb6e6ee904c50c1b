"""All fields on one page: the primary estimate of each with its interval, verdict and the points of single regions.

Drawn from tables T10 (primary rows), RC (``region_effect``) and DF alone. The average of the fields, where a study registers
one, is set apart below a line, with a mark of its own and without a verdict: it is exploratory and says nothing about a
field. The verdict is decided in ikz_eval/estimate, not here.
"""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from ikz_eval.publish.svg import FAINT, FONT, INK, WORDS, Drawing, Layer, layer, px, quantity, text_width
from ikz_eval.texts import number, text

_WIDTH = 430
_ROW = 52
_EFFECT = "#00558c"
_REGION = "#8f8f8f"
_BAND = "#9fb4c7"
_BELOW = 0.24
"""How far below the estimate the points of its regions lie, in rows."""
_APART = 0.4
"""How far the averages are set apart from the fields, in rows."""

Row = dict[str, Any]


def draw_forest(
    effects: pd.DataFrame, regions: pd.DataFrame, averages: pd.DataFrame, names: dict[str, str], lang: str
) -> Drawing | None:
    """Return the effects of all fields, or None when no field has an estimate.

    Parameters
    ----------
    effects : pd.DataFrame
        Primary rows of table T10: ``field``, ``effect_percent``, ``low_percent``, ``high_percent`` [%, NaN where there is
        none], ``verdict``; in the order in which they are shown.
    regions : pd.DataFrame
        Rows ``region_effect`` of table RC with numbers: ``field``, ``effect_percent`` [%].
    averages : pd.DataFrame
        Rows of table DF with numbers: ``effect_percent``, ``low_percent``, ``high_percent`` [%, NaN where there is none].
    names : dict of str to str
        Name of each field in ``lang``.
    lang : str
        ``de`` or ``en``.
    """
    if effects["effect_percent"].isna().all():
        return None
    rows = [_row(place, row, names, lang) for place, row in enumerate(effects.to_dict("records"))]
    places = {row["field"]: row["y"] for row in rows}
    points = [
        {"x": float(effect), "y": places[field] + _BELOW}
        for field, effect in zip(regions["field"], regions["effect_percent"], strict=True)
        if field in places and effect == effect
    ]
    known = averages[averages["effect_percent"].notna()]
    rows += [_average(len(rows) + _APART + i, row, lang) for i, row in enumerate(known.to_dict("records"))]
    x, y = _positions(rows, points, lang)
    last, kind = ("no_pooling", "description") if known.empty else ("pooled_line", "description_pooled")
    return Drawing(
        layers=[*_ground_layers(rows, x, y), *_effect_layers(rows, points, x, y), *_word_layers(rows, y)],
        width=_WIDTH,
        height=round(_ROW * (rows[-1]["y"] + 1)),
        title=text("figures.forest.title", lang),
        lines=tuple(text(f"figures.forest.{key}", lang) for key in ("lead", "points", last)),
        description=text(f"figures.forest.{kind}", lang, fields="; ".join(row["said"] for row in rows)),
    )


def _row(place: int, row: Mapping[Hashable, Any], names: dict[str, str], lang: str) -> Row:
    """Return what is drawn and said of one field."""
    verdict = str(row["verdict"]) if isinstance(row["verdict"], str) else "not_assessable"
    name = names.get(str(row["field"]), str(row["field"]))
    shown = _shown(place, row, name, text(f"verdict.name.{verdict}", lang), lang)
    return shown | {"field": row["field"], "verdict": verdict}


def _average(place: float, row: Mapping[Hashable, Any], lang: str) -> Row:
    """Return what is drawn and said of an average over fields, which has no verdict."""
    shown = _shown(place, row, text("figures.forest.pooled", lang), text("figures.forest.pooled_word", lang), lang)
    return shown | {"field": None, "verdict": None}


def _shown(place: float, row: Mapping[Hashable, Any], name: str, word: str, lang: str) -> Row:
    """Return name, word, numbers and places of a row; an interval needs both ends."""
    estimate, low, high = (float(row[f"{key}_percent"]) for key in ("effect", "low", "high"))
    has_interval = low == low and high == high and estimate == estimate
    shown = {"effect": estimate, "low": low, "high": high}
    values = {key: number(str(value), lang, 1) for key, value in shown.items() if value == value}
    kind = "effect_interval" if has_interval else "effect_alone" if estimate == estimate else "no_effect"
    figures = text(f"figures.forest.{kind}", lang, **values)
    return {
        "y": place, "name": name, "word": word, "figures": figures,
        "said": text("figures.forest.field", lang, field=name, verdict=word, figures=figures),
        "x": estimate if estimate == estimate else None,
        "low": low if has_interval else None, "high": high if has_interval else None,
    }  # fmt: skip


def _positions(rows: list[Row], points: list[dict[str, float]], lang: str) -> tuple[Layer, Layer]:
    values = [row[key] for row in rows for key in ("x", "low", "high") if row[key] is not None]
    values += [point["x"] for point in points]
    low, high = min(0.0, *values), max(0.0, *values)
    margin = max(0.06 * (high - low), 0.5)
    axis = {"title": text("figures.forest.axis", lang), "tickCount": 7, "format": ",~f", "titlePadding": 8}
    return quantity("x", [low - margin, high + margin], axis), quantity("y", [rows[-1]["y"] + 0.5, -0.5])


def _ground_layers(rows: list[Row], x: Layer, y: Layer) -> list[Layer]:
    # Every other row has a band that reaches from the names to the words, so that the eye keeps to its line.
    bands = [{"from": row["y"] - 0.5, "to": row["y"] + 0.5} for row in rows if row["verdict"] and row["y"] % 2 == 0]
    left, right = -_left(rows), _WIDTH + _right(rows)
    wide = {"x": px(left), "x2": px(right), "y": {**y, "field": "from", "axis": None}, "y2": {"field": "to"}}
    zero = {"stroke": INK, "strokeWidth": 1.2}
    first = next((row["y"] for row in rows if row["verdict"] is None), None)
    lines = [] if first is None else [{"from": first - (1 + _APART) / 2}]
    line = {"x": px(left), "x2": px(right), "y": {**y, "field": "from", "axis": None}}
    return [
        layer(bands, "rect", {"fill": _BAND, "opacity": 0.16}, **wide),
        layer(lines, "rule", {"stroke": FAINT, "strokeWidth": 1}, **line),
        layer([{"x": 0}], "rule", zero, x=x),
    ]


def _effect_layers(rows: list[Row], points: list[dict[str, float]], x: Layer, y: Layer) -> list[Layer]:
    bounded = [row for row in rows if row["low"] is not None]
    shown = [row for row in rows if row["x"] is not None]
    supported = [row for row in shown if row["verdict"] == "supported"]
    others = [row for row in shown if row["verdict"] not in ("supported", None)]
    averages = [row for row in shown if row["verdict"] is None]
    cap = {"color": _EFFECT, "thickness": 2, "size": 12, "orient": "vertical", "opacity": 1}
    point = {"size": 95, "filled": True, "opacity": 1}
    hollow = {**point, "fill": "white", "stroke": _EFFECT, "strokeWidth": 2}
    y = {**y, "axis": None}
    low, high = {**x, "field": "low"}, {**x, "field": "high"}
    return [
        layer(points, "point", {"size": 22, "filled": True, "color": _REGION, "opacity": 0.9}, x=x, y=y),
        layer(bounded, "rule", {"stroke": _EFFECT, "strokeWidth": 2}, x=low, x2={"field": "high"}, y=y),
        layer(bounded, "tick", cap, x=low, y=y),
        layer(bounded, "tick", cap, x=high, y=y),
        layer(supported, "point", {**point, "color": _EFFECT}, x=x, y=y),
        layer(others, "point", hollow, x=x, y=y),
        layer(averages, "point", {**hollow, "shape": "diamond", "size": 130}, x=x, y=y),
    ]


def _word_layers(rows: list[Row], y: Layer) -> list[Layer]:
    """Return the name at the left; verdict and numbers, one below the other, at the right."""
    style = {"font": FONT, "fontSize": 12, "color": INK, "baseline": "middle"}
    y = {**y, "axis": None}
    columns = (
        ("name", px(-10), {"align": "right"}),
        ("word", px(_WIDTH + 12), {"align": "left", "fontWeight": "bold", "dy": -8}),
        ("figures", px(_WIDTH + 12), {"align": "left", "fontSize": 11.5, "color": FAINT, "dy": 8}),
    )
    return [
        layer([{"y": row["y"], "words": row[key]} for row in rows], "text", {**style, **more}, x=at, y=y, text=WORDS)
        for key, at, more in columns
    ]


def _left(rows: list[Row]) -> int:
    return max(text_width(row["name"], 12) for row in rows) + 18


def _right(rows: list[Row]) -> int:
    return max(max(text_width(row["word"], 12), text_width(row["figures"], 11.5)) for row in rows) + 20
