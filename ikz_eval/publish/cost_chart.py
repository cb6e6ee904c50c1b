"""Cost per case over time: model regions against comparison blocks, with the start of cooperation.

Drawn from table F1 alone: real gross running cost per case of each partnership. The effect of cooperation is not in this
figure; it stands in event_path_chart.py.
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from ikz_eval.publish.quarter_axis import quarter_axis
from ikz_eval.publish.svg import FONT, WORDS, Drawing, Layer, layer, px, quantity
from ikz_eval.quarters import quarter_index, quarter_range
from ikz_eval.texts import number, text

_STYLES = (
    ("#00558c", "circle", [1, 0]),
    ("#b34700", "square", [7, 3]),
    ("#00705a", "triangle-up", [2, 2]),
    ("#7a3e9d", "diamond", [9, 3, 2, 3]),
    ("#7a5c00", "cross", [4, 2]),
)
"""Colour, point and dash of the model regions in turn; dark enough for text on white, apart without colour."""
_BLOCK = "#b9b9b9"
_MEAN = "#4d4d4d"
_HEIGHT = 320
_START_ROW = 15
_RUN = {"field": "run", "type": "nominal"}
_LABEL_GAP = 15


@dataclass(frozen=True, slots=True)
class _Line:
    label: str
    colour: str
    shape: str
    dash: list[int]
    points: pd.DataFrame
    start: float | None


@dataclass(frozen=True, slots=True)
class _Frame:
    """The plotting area: quarters, limits of the value axis with and without the rows of start labels."""

    quarters: list[str]
    low: float
    high: float
    top: float
    width: int

    def positions(self, price_base: str, lang: str) -> tuple[Layer, Layer]:
        """Return the horizontal and the vertical position with their axes."""
        value_axis = {
            "title": text("figures.cost.axis", lang, base=price_base), "titlePadding": 10, "tickCount": 6,
            "format": ",.0f" if self.high - self.low > 8 else ",.2f",
        }  # fmt: skip
        x = quantity("x", [-0.5, len(self.quarters) - 0.5], quarter_axis(self.quarters, lang))
        return x, quantity("y", [self.low, self.top], value_axis)


def draw_cost(
    table: pd.DataFrame, field_name: str, units: dict[str, str], price_base: str, lang: str
) -> Drawing | None:
    """Return cost per case over time of one field, or None when no value can be shown.

    Parameters
    ----------
    table : pd.DataFrame
        Rows of table F1 of one field; ``real_gross_cost_per_case_eur`` as numbers [EUR per case], NaN where missing.
    field_name : str
        Name of the field in ``lang``.
    units : dict of str to str
        Name of each region and block.
    price_base : str
        Quarter whose prices real amounts are expressed in.
    lang : str
        ``de`` or ``en``.
    """
    present = table.dropna(subset="real_gross_cost_per_case_eur")
    if present.empty:
        return None
    regions = _region_lines(table, units)
    frame = _frame(table, starts=sum(line.start is not None for line in regions))
    blocks, mean = _blocks(table, lang)
    lines = [*regions, *([mean] if mean is not None else [])]
    labels = _spread([(line, float(line.points["y"].iloc[-1])) for line in lines if not line.points.empty], frame)
    x, y = frame.positions(price_base, lang)
    return Drawing(
        layers=[
            *_block_layers(blocks, x, y),
            *(found for line in lines for found in _line_layers(line, x, y)),
            *_start_layers(regions, x, lang),
            *_label_layers(labels, frame),
        ],
        width=frame.width, height=_HEIGHT,
        title=text("figures.cost.title", lang, field=field_name),
        lines=tuple(_reading(blocks, mean, lang)),
        description=text("figures.cost.description", lang, field=field_name, lines=_in_words(lines, lang)),
    )  # fmt: skip


def _region_lines(table: pd.DataFrame, units: dict[str, str]) -> list[_Line]:
    first = quarter_index(table["quarter"].min())
    lines = []
    regions = table[table["unit_kind"] == "region"]
    for position, (unit, rows) in enumerate(regions.groupby("unit", sort=False)):
        colour, shape, dash = _STYLES[position % len(_STYLES)]
        cohorts = rows["cohort"].dropna()
        start = None if cohorts.empty else quarter_index(cohorts.iloc[0]) - first - 0.5
        points = _points(rows, first)
        lines.append(_Line(units.get(str(unit), str(unit)), colour, shape, dash, points, start))
    return lines


def _points(rows: pd.DataFrame, first: int) -> pd.DataFrame:
    kept = rows.dropna(subset="real_gross_cost_per_case_eur")
    points = pd.DataFrame(
        {
            "x": [quarter_index(quarter) - first for quarter in kept["quarter"]],
            "y": kept["real_gross_cost_per_case_eur"].to_numpy(),
        }
    ).sort_values("x", ignore_index=True)
    points["run"] = (points["x"].diff() != 1).cumsum()
    return points


def _blocks(table: pd.DataFrame, lang: str) -> tuple[list[pd.DataFrame], _Line | None]:
    first = quarter_index(table["quarter"].min())
    rows = table[table["unit_kind"] == "block"]
    blocks = [_points(block, first) for _, block in rows.groupby("unit", sort=False)]
    values = rows.groupby("quarter")["real_gross_cost_per_case_eur"].agg(lambda column: column.mean(skipna=False))
    points = _points(values.reset_index(), first)
    if points.empty:
        return blocks, None
    return blocks, _Line(text("figures.cost.mean", lang), _MEAN, "circle", [1, 0], points, None)


def _frame(table: pd.DataFrame, starts: int) -> _Frame:
    quarters = quarter_range(table["quarter"].min(), table["quarter"].max())
    values = table["real_gross_cost_per_case_eur"].dropna()
    margin = max(0.06 * (values.max() - values.min()), 0.01 * abs(values.max()), 0.01)
    low, high = values.min() - margin, values.max() + margin
    share = starts * _START_ROW / _HEIGHT
    return _Frame(quarters, low, high, high + (high - low) * share / (1 - share), max(360, 27 * len(quarters)))


def _spread(ends: list[tuple[_Line, float]], frame: _Frame) -> list[tuple[_Line, float, float]]:
    """Return each line with the height of its end and a height for its label [px], labels apart by a row."""
    per_px = (frame.top - frame.low) / _HEIGHT
    wanted = sorted(
        ((line, (frame.top - value) / per_px) for line, value in ends), key=lambda end: (end[1], end[0].label)
    )
    places: list[float] = []
    for _, height in wanted:
        places.append(max(height, places[-1] + _LABEL_GAP if places else 0))
    for position in range(len(places) - 1, -1, -1):
        limit = _HEIGHT if position == len(places) - 1 else places[position + 1] - _LABEL_GAP
        places[position] = min(places[position], limit)
    return [(line, height, place) for (line, height), place in zip(wanted, places, strict=True)]


def _block_layers(blocks: list[pd.DataFrame], x: Layer, y: Layer) -> list[Layer]:
    rows = [{**row, "run": f"{place}-{row['run']}"} for place, block in enumerate(blocks) for row in _records(block)]
    line = {"stroke": _BLOCK, "strokeWidth": 1.2}
    point = {"filled": True, "color": _BLOCK, "size": 5, "opacity": 1}
    return [layer(rows, "line", line, x=x, y=y, detail=_RUN), layer(rows, "point", point, x=x, y=y)]


def _line_layers(line: _Line, x: Layer, y: Layer) -> list[Layer]:
    rows = _records(line.points)
    stroke = {"stroke": line.colour, "strokeWidth": 2.2, "strokeDash": line.dash}
    size = 12 if line.colour == _MEAN else 34
    point = {"filled": True, "color": line.colour, "shape": line.shape, "size": size, "opacity": 1}
    return [layer(rows, "line", stroke, x=x, y=y, detail=_RUN), layer(rows, "point", point, x=x, y=y)]


def _start_layers(regions: list[_Line], x: Layer, lang: str) -> list[Layer]:
    """Return a rule and a label per start, the earliest in the highest row, so that no rule crosses a label."""
    layers = []
    begun = sorted(((line.start, line) for line in regions if line.start is not None), key=lambda pair: pair[0])
    for row, (start, line) in enumerate(begun):
        at = [{"x": start, "words": text("figures.cost.start", lang, unit=line.label)}]
        top = px(row * _START_ROW)
        rule = {"stroke": line.colour, "strokeWidth": 1.2, "strokeDash": line.dash, "opacity": 0.75}
        label = {"font": FONT, "fontSize": 11, "color": line.colour, "align": "left", "baseline": "top", "dx": 4}
        layers.append(layer(at, "rule", rule, x=x, y=top, y2=px(_HEIGHT)))
        layers.append(layer(at, "text", label, x=x, y=top, text=WORDS))
    return layers


def _label_layers(labels: list[tuple[_Line, float, float]], frame: _Frame) -> list[Layer]:
    layers = []
    for line, end, place in labels:
        right = frame.width * (float(line.points["x"].iloc[-1]) + 0.5) / len(frame.quarters)
        weight = "normal" if line.colour == _MEAN else "bold"
        label = {"font": FONT, "fontSize": 12, "color": line.colour, "fontWeight": weight, "align": "left"}
        rule = {"stroke": line.colour, "strokeWidth": 0.8}
        beside = px(frame.width + 12)
        layers.append(layer([{}], "rule", rule, x=px(right + 6), x2=beside, y=px(end), y2=px(place)))
        words = [{"words": line.label}]
        style = {**label, "baseline": "middle", "dx": 3}
        layers.append(layer(words, "text", style, x=beside, y=px(place), text=WORDS))
    return layers


def _records(points: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {"x": int(x), "y": float(y), "run": int(run)} for x, y, run in points[["x", "y", "run"]].itertuples(index=False)
    ]


def _reading(blocks: list[pd.DataFrame], mean: _Line | None, lang: str) -> list[str]:
    lines = [text("figures.cost.lead", lang)]
    if blocks and mean is not None:
        lines.append(text("figures.cost.blocks", lang, count=len(blocks)))
    elif blocks:
        lines.append(text("figures.cost.blocks_without_mean", lang, count=len(blocks)))
    return lines


def _in_words(lines: list[_Line], lang: str) -> str:
    shown = [line for line in lines if not line.points.empty]
    return "; ".join(
        text(
            "figures.cost.line", lang, label=line.label,
            first=number(str(line.points["y"].iloc[0]), lang, 2), last=number(str(line.points["y"].iloc[-1]), lang, 2),
        )
        for line in shown
    )  # fmt: skip
