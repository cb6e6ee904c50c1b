"""The event path: effect of cooperation by time since its start, with 95 % intervals.

Drawn from table F2 alone (primary specification, partnership). Whether a path supports a verdict is decided in
ikz_eval/estimate, not here.
"""

from typing import Any

import pandas as pd

from ikz_eval.publish.svg import FAINT, FONT, INK, WORDS, Drawing, Layer, layer, px, quantity
from ikz_eval.texts import number, text

_HEIGHT = 320
_PER_QUARTER = 24
_EFFECT = "#00558c"
_QUARTER = "#8f8f8f"
_BIN = 4


def draw_event_path(table: pd.DataFrame, field_name: str, lang: str) -> Drawing | None:
    """Return the event path of one field, or None when there is no estimate to show.

    Parameters
    ----------
    table : pd.DataFrame
        Rows of table F2 of one field with numbers: ``bin_quarters``, ``event_time`` [quarters], ``estimate_percent``,
        ``low_percent``, ``high_percent`` [%, NaN where there is no interval], ``treated_regions`` that contribute;
        ``is_reference`` as booleans.
    field_name : str
        Name of the field in ``lang``.
    lang : str
        ``de`` or ``en``.
    """
    shown = table.dropna(subset="estimate_percent")
    if shown.loc[~shown["is_reference"]].empty:
        return None
    years = shown[shown["bin_quarters"] == _BIN].sort_values("event_time")
    quarters = shown[shown["bin_quarters"] == 1].sort_values("event_time")
    first = int(shown["event_time"].min())
    last = int((shown["event_time"] + shown["bin_quarters"]).max()) - 1
    x, y = _positions(shown, first, last, lang)
    return Drawing(
        layers=[
            *_ground_layers(x, y, lang),
            *_quarter_layers(quarters, x, y),
            *_year_layers(years, x, y, lang),
        ],
        width=max(380, _PER_QUARTER * (last - first + 1)),
        height=_HEIGHT,
        title=text("figures.path.title", lang, field=field_name),
        lines=(text("figures.path.lead", lang), text("figures.path.points", lang)),
        description=text("figures.path.description", lang, field=field_name, bins=_in_words(years, lang)),
    )


def _positions(shown: pd.DataFrame, first: int, last: int, lang: str) -> tuple[Layer, Layer]:
    years = shown[shown["bin_quarters"] == _BIN]
    values = pd.concat([shown["estimate_percent"], years["low_percent"], years["high_percent"]]).dropna()
    low, high = min(0.0, values.min()), max(0.0, values.max())
    margin = max(0.1 * (high - low), 0.5)
    ticks = list(range(first + (-first) % _BIN, last + 1, _BIN))
    time_axis = {"title": text("figures.path.time_axis", lang), "values": ticks, "format": "d", "grid": False}
    effect_axis = {"title": text("figures.path.effect_axis", lang), "tickCount": 7, "format": ",~f", "titlePadding": 10}
    x = quantity("x", [first - 0.5, last + 0.5], time_axis)
    return x, quantity("y", [low - margin, high + margin], effect_axis)


def _ground_layers(x: Layer, y: Layer, lang: str) -> list[Layer]:
    start = [{"x": -0.5, "words": text("figures.path.start", lang)}]
    label = {"font": FONT, "fontSize": 11, "color": FAINT, "align": "left", "baseline": "top", "dx": 4}
    return [
        layer([{"y": 0}], "rule", {"stroke": INK, "strokeWidth": 1.2}, y=y),
        layer(start, "rule", {"stroke": FAINT, "strokeDash": [4, 3]}, x=x),
        layer(start, "text", label, x=x, y=px(2), text=WORDS),
    ]


def _quarter_layers(quarters: pd.DataFrame, x: Layer, y: Layer) -> list[Layer]:
    rows = [
        {"x": int(time), "y": float(estimate)}
        for time, estimate in zip(quarters["event_time"], quarters["estimate_percent"], strict=True)
    ]
    return [layer(rows, "point", {"size": 16, "filled": True, "color": _QUARTER, "opacity": 0.75}, x=x, y=y)]


def _year_layers(years: pd.DataFrame, x: Layer, y: Layer, lang: str) -> list[Layer]:
    rows = _year_rows(years, lang)
    bounded = [row for row in rows if row["low"] is not None]
    effects = [row for row in rows if not row["is_reference"]]
    references = [row for row in rows if row["is_reference"]]
    cap = {"color": _EFFECT, "thickness": 2, "size": 12, "orient": "horizontal"}
    span = {"stroke": _EFFECT, "strokeWidth": 1, "strokeDash": [2, 2]}
    point = {"size": 80, "filled": True, "opacity": 1}
    hollow = {**point, "fill": "white", "stroke": _EFFECT, "strokeWidth": 2}
    label = {"font": FONT, "fontSize": 11.5, "color": INK, "align": "center", "baseline": "bottom", "dy": -7}
    low, high = quantity("low"), quantity("high")
    return [
        layer(effects, "rule", span, x=quantity("from"), x2={"field": "to"}, y=y),
        layer(bounded, "rule", {"stroke": _EFFECT, "strokeWidth": 2}, x=x, y=low, y2={"field": "high"}),
        layer(bounded, "tick", cap, x=x, y=low),
        layer(bounded, "tick", cap, x=x, y=high),
        layer(effects, "point", {**point, "color": _EFFECT}, x=x, y=y),
        layer(references, "point", hollow, x=x, y=y),
        layer(rows, "text", {**label, "stroke": "white", "strokeWidth": 3}, x=x, y=quantity("label"), text=WORDS),
        layer(rows, "text", label, x=x, y=quantity("label"), text=WORDS),
    ]


def _year_rows(years: pd.DataFrame, lang: str) -> list[dict[str, Any]]:
    rows = []
    columns = ("event_time", "estimate_percent", "low_percent", "high_percent", "treated_regions", "is_reference")
    for first, estimate, low, high, regions, is_reference in zip(
        *(years[column].tolist() for column in columns), strict=True
    ):
        has_interval = low == low and high == high and not is_reference
        is_alone = regions == 1 and not is_reference
        effect = text(
            f"figures.path.{'value_one_region' if is_alone else 'value'}", lang, effect=number(str(estimate), lang, 1)
        )
        rows.append(
            {
                "x": first + (_BIN - 1) / 2, "from": first - 0.3, "to": first + _BIN - 0.7,
                "first": first, "y": estimate, "is_reference": is_reference, "is_alone": is_alone,
                "low": low if has_interval else None, "high": high if has_interval else None,
                "label": high if has_interval else estimate,
                "words": text("figures.path.reference", lang) if is_reference else effect,
            }
        )  # fmt: skip
    return rows


def _in_words(years: pd.DataFrame, lang: str) -> str:
    parts = []
    for row in _year_rows(years, lang):
        if row["is_reference"]:
            key, values = "figures.path.bin_reference", {}
        elif row["low"] is None:
            key = "figures.path.bin_one_region" if row["is_alone"] else "figures.path.bin_alone"
            values = {"effect": number(str(row["y"]), lang, 1)}
        else:
            key = "figures.path.bin"
            values = {
                "effect": number(str(row["y"]), lang, 1),
                "low": number(str(row["low"]), lang, 1), "high": number(str(row["high"]), lang, 1),
            }  # fmt: skip
        parts.append(
            text(key, lang, first=number(row["first"], lang), last=number(row["first"] + _BIN - 1, lang), **values)
        )
    return "; ".join(parts)
