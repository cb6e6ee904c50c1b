"""The delivery calendar: who delivered which quarter, readable without colour.

Drawn from table F3 alone. What is late or missing is decided in ikz_eval/panel, not here.
"""

from typing import Any

import pandas as pd

from ikz_eval.publish.quarter_axis import quarter_axis
from ikz_eval.publish.svg import FAINT, FONT, INK, WORDS, Drawing, Layer, layer, px, quantity, text_width
from ikz_eval.texts import number, text

STATUSES = ("on_time", "late", "rejected", "missing")
_FILL = {"late": "#fde8b8", "rejected": "#d9d0e3", "missing": "#ffffff"}
_BAND = "#e9f1f8"
_INK_OF_STATUS = {"on_time": "#0b4f8a", "late": "#8a5a00", "rejected": "#4b2a77", "missing": "#a3160f"}
_SHAPE = {"on_time": "circle", "late": "triangle-up", "rejected": "diamond", "missing": "M-1,-1L1,1M-1,1L1,-1"}
_STEP = 25
_ROW = 19
_LABEL = {"font": FONT, "fontSize": 11, "baseline": "middle", "color": INK}


def draw_calendar(table: pd.DataFrame, units: dict[str, str], lang: str) -> Drawing:
    """Return the calendar of deliveries.

    Parameters
    ----------
    table : pd.DataFrame
        Table F3: a row per body and quarter with ``ags``, ``name``, ``unit``, ``quarter``, ``status``.
    units : dict of str to str
        Name of each region and block.
    lang : str
        ``de`` or ``en``.
    """
    quarters = sorted(table["quarter"].unique())
    bodies, headings, rows = _rows(table, units)
    width, height = _STEP * len(quarters), _ROW * rows
    counts = table["status"].value_counts()
    shown = {status: number(int(counts.get(status, 0)), lang) for status in STATUSES}
    shown["due"] = number(len(table), lang)
    return Drawing(
        layers=[
            *_status_layers(table, bodies, quarters, rows, lang),
            *_name_layers(table, bodies, headings, width, lang),
            *_key_layers(rows, lang),
        ],
        width=width,
        height=height,
        title=text("figures.calendar.title", lang),
        lines=(text("figures.calendar.lead", lang, **shown),),
        description=text("figures.calendar.description", lang, **shown, lacking=_lacking(table, lang)),
    )


def _rows(table: pd.DataFrame, units: dict[str, str]) -> tuple[dict[str, tuple[int, str]], list[tuple[int, str]], int]:
    """Return row and name of each body, row and name of each region or block, and the number of rows."""
    bodies: dict[str, tuple[int, str]] = {}
    headings: list[tuple[int, str]] = []
    position = 0
    for unit in table["unit"].unique():
        headings.append((position, units.get(unit, unit)))
        members = table.loc[table["unit"] == unit, ["ags", "name"]].drop_duplicates("ags")
        for offset, (ags, name) in enumerate(zip(members["ags"], members["name"], strict=True), start=1):
            bodies[ags] = (position + offset, name)
        position += len(members) + 1
    return bodies, headings, position


def _status_layers(
    table: pd.DataFrame, bodies: dict[str, tuple[int, str]], quarters: list[str], rows: int, lang: str
) -> list[Layer]:
    axis = {**quarter_axis(quarters, lang, "top"), "domain": False, "ticks": False, "labelPadding": 17}
    x = quantity("x", [-0.5, len(quarters) - 0.5], axis)
    y = quantity("y", [rows - 0.5, -0.5])
    bands = [{"y": row} for row, _ in bodies.values()]
    band = {"height": _ROW - 3, "fill": _BAND}
    layers = [layer(bands, "rect", band, y=y, x=px(0), x2=px(_STEP * len(quarters)))]
    for status in STATUSES:
        cells = [
            {"x": quarters.index(quarter), "y": bodies[ags][0]}
            for ags, quarter in table.loc[table["status"] == status, ["ags", "quarter"]].itertuples(index=False)
        ]
        if status != "on_time":
            box = {"width": _STEP - 2, "height": _ROW - 3, "fill": _FILL[status], "stroke": _INK_OF_STATUS[status]}
            layers.append(layer(cells, "rect", {**box, "strokeWidth": 0.8}, x=x, y=y))
        layers.append(layer(cells, "point", _symbol(status), x=x, y=y))
    return layers


def _symbol(status: str) -> dict[str, Any]:
    colour, is_cross = _INK_OF_STATUS[status], status == "missing"
    return {
        "shape": _SHAPE[status], "fill": None if is_cross else colour, "stroke": colour, "opacity": 1,
        "size": 45, "strokeWidth": 2 if is_cross else 0.5,
    }  # fmt: skip


def _name_layers(
    table: pd.DataFrame, bodies: dict[str, tuple[int, str]], headings: list[tuple[int, str]], width: int, lang: str
) -> list[Layer]:
    delivered = table["status"].isin(["on_time", "late"]).groupby(table["ags"]).agg(["sum", "size"])
    names = [{"y": row, "words": name} for row, name in bodies.values()]
    units = [{"y": row, "words": name} for row, name in headings]
    sums = [{"y": bodies[str(ags)][0], "words": f"{got}/{due}"} for ags, got, due in delivered.itertuples(name=None)]
    heading = {**_LABEL, "fontSize": 11.5, "fontWeight": "bold", "align": "left"}
    side = {**_LABEL, "align": "left", "color": FAINT}
    y = quantity("y")
    return [
        layer(names, "text", {**_LABEL, "align": "right"}, x=px(-6), y=y, text=WORDS),
        layer(units, "text", heading, x=px(0), y=y, text=WORDS),
        layer(sums, "text", side, x=px(width + 6), y=y, text=WORDS),
        layer([{"words": text("figures.calendar.sum", lang)}], "text", side, x=px(width + 6), y=px(-10), text=WORDS),
    ]


def _key_layers(rows: int, lang: str) -> list[Layer]:
    layers, left, y = [], 8.0, px(_ROW * rows + 14)
    for status in STATUSES:
        words = text(f"figures.status.{status}", lang)
        layers.append(layer([{}], "point", _symbol(status), x=px(left), y=y))
        layers.append(layer([{"words": words}], "text", {**_LABEL, "align": "left"}, x=px(left + 10), y=y, text=WORDS))
        left += text_width(words, 11) + 34
    return layers


def _lacking(table: pd.DataFrame, lang: str) -> str:
    absent = table[table["status"].isin(["missing", "rejected"])]
    if absent.empty:
        return text("figures.calendar.nobody", lang)
    groups = absent.groupby("name", sort=False)["quarter"]
    return "; ".join(f"{name}: {', '.join(quarters)}" for name, quarters in groups)
