"""How a result shows itself in a notebook: a summary as text and a plot of its terms with intervals.

Serves every fit and the answer of the one door alike. Published figures are ikz_eval/publish, never made from here.
"""

from typing import Any, Protocol

import pandas as pd

Row = dict[str, Any]


class Tabled(Protocol):
    """A result with a table."""

    @property
    def dropped(self) -> dict[str, int]:
        """Rows dropped, by reason."""

    @property
    def n_obs(self) -> int:
        """Rows used."""

    def to_frame(self) -> pd.DataFrame:
        """Return the table."""


class Chart:
    """A Vega-Lite chart that a notebook shows as SVG, without a connection to anywhere.

    Parameters
    ----------
    spec : dict
        The chart.
    """

    def __init__(self, spec: Row) -> None:
        self.spec = spec

    def _repr_svg_(self) -> str:
        import vl_convert

        return str(vl_convert.vegalite_to_svg(self.spec))


class Shown:
    """Gives a result with ``to_frame`` its ``summary`` and ``plot``."""

    __slots__ = ()

    def summary(self: Tabled) -> str:
        """Return rows used, rows dropped by reason, and the table, as text."""
        lines = [f"{type(self).__name__}: {self.n_obs} rows"]
        lines += [f"dropped {rows} rows: {reason}" for reason, rows in sorted(self.dropped.items())]
        table = self.to_frame().to_string(index=False, na_rep="", float_format=lambda value: f"{value:.6g}")
        return "\n".join([*lines, table])

    def plot(self: Tabled) -> Chart:
        """Return the table's terms as points, with its intervals where it has any."""
        rows = [{str(key): value for key, value in row.items()} for row in self.to_frame().to_dict("records")]
        return dots(rows)


def dots(rows: list[Row], title: str = "effect") -> Chart:
    """Return points with intervals, a line at zero; rows have a name, an estimate, and low and high where known."""
    values = [
        {"term": _name(row), "estimate": row["estimate"], "low": row.get("low"), "high": row.get("high")}
        for row in rows
    ]
    values = [{key: None if value != value else value for key, value in row.items()} for row in values]
    ranges = [row for row in values if row["low"] is not None and row["high"] is not None]
    across = {"type": "quantitative", "title": title}
    down = {"field": "term", "type": "nominal", "sort": None, "title": None}
    zero = {
        "data": {"values": [{"zero": 0}]},
        "mark": {"type": "rule", "strokeDash": [3, 3]},
        "encoding": {"x": {"field": "zero", **across}},
    }
    rules = {
        "data": {"values": ranges},
        "mark": "rule",
        "encoding": {"y": down, "x": {"field": "low", **across}, "x2": {"field": "high"}},
    }
    points = {
        "data": {"values": values},
        "mark": {"type": "point", "filled": True},
        "encoding": {"y": down, "x": {"field": "estimate", **across}},
    }
    return Chart({"layer": [zero, points, *([rules] if ranges else [])], "width": 420})


def _name(row: Row) -> str:
    """Return what a row is called: its term, event time or compared groups."""
    if "term" in row:
        return str(row["term"])
    if "event_time" in row:
        return f"e={row['event_time']}"
    return f"{row['treated']} against {row['control']}"
