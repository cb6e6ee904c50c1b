"""What the verdict could find on a study's design: power at savings of 5, 10 and 20 %, and with one thing added.

Drawn from table PW alone; how power is simulated is ikz_eval/calibration, and the docs are docs/methods/calibration.md.
"""

from typing import Any

import pandas as pd

from ikz_eval.publish.svg import FONT, INK, WORDS, Drawing, Layer, layer, px, quantity
from ikz_eval.texts import number, text

SAVINGS = (5, 10, 20)
"""Savings looked at [%]; columns ``power_5_percent`` and so on."""
_WIDTH = 430
_ROW = 40
_COLOURS = {5: "#9db8cc", 10: "#4d86ab", 20: "#00395c"}
_ALIGNED = {5: "center", 10: "right", 20: "left"}
"""Where the label of a saving stands, so that near points do not write over each other."""
_ENOUGH = 80
"""Power that is usually asked for [%]; a line marks it."""


def draw_power(rows: pd.DataFrame, lang: str) -> Drawing | None:
    """Return the power of the verdict for each design, or None where none was simulated.

    Parameters
    ----------
    rows : pd.DataFrame
        Table PW: ``design`` (code), ``power_5_percent``, ``power_10_percent``, ``power_20_percent`` [%], ``noise_percent`` [%],
        ``fields``; numbers as numbers, in the order in which they are shown.
    lang : str
        ``de`` or ``en``.
    """
    rows = rows[rows["power_10_percent"].notna()]
    if rows.empty:
        return None
    points = [
        {"y": place, "x": float(row[f"power_{saving}_percent"]), "saving": saving, "words": f"−{saving} %"}
        for place, row in enumerate(rows.to_dict("records"))
        for saving in SAVINGS
    ]
    names = [
        {"y": place, "words": text(f"publish.design.{design}", lang)} for place, design in enumerate(rows["design"])
    ]
    first = rows.iloc[0]
    given = {"noise": number(str(first["noise_percent"]), lang, 1), "fields": int(first["fields"])}
    return Drawing(
        layers=_layers(points, names, len(rows), lang),
        width=_WIDTH,
        height=_ROW * len(rows),
        title=text("figures.power.title", lang),
        lines=tuple(text(f"figures.power.{key}", lang, **given) for key in ("lead", "noise")),
        description=text(
            "figures.power.description", lang, designs="; ".join(_said(row, lang) for _, row in rows.iterrows())
        ),
    )


def _said(row: "pd.Series[Any]", lang: str) -> str:
    values = {f"p{saving}": number(str(row[f"power_{saving}_percent"]), lang, 0) for saving in SAVINGS}
    return text("figures.power.design", lang, design=text(f"publish.design.{row['design']}", lang), **values)


def _layers(points: list[dict[str, Any]], names: list[dict[str, Any]], rows: int, lang: str) -> list[Layer]:
    axis = {"title": text("figures.power.axis", lang), "tickCount": 6, "titlePadding": 8}
    x, y = quantity("x", [0, 108], axis), quantity("y", [rows - 0.5, -0.5])
    y = {**y, "axis": None}
    style = {"font": FONT, "fontSize": 12, "color": INK, "baseline": "middle", "align": "right"}
    small = {"font": FONT, "fontSize": 10, "color": INK, "dy": -12}
    marks = [
        layer([p for p in points if p["saving"] == saving], "point", _point(saving), x=x, y=y) for saving in SAVINGS
    ]
    return [
        layer([{"x": _ENOUGH}], "rule", {"stroke": INK, "strokeDash": [4, 3]}, x=x),
        *marks,
        *(
            layer(
                [p for p in points if p["y"] == 0 and p["saving"] == saving],
                "text",
                {**small, "align": align},
                x=x,
                y=y,
                text=WORDS,
            )
            for saving, align in _ALIGNED.items()
        ),
        layer(names, "text", style, x=px(-10), y=y, text=WORDS),
    ]


def _point(saving: int) -> dict[str, Any]:
    return {"size": 90, "filled": True, "opacity": 1, "color": _COLOURS[saving]}
