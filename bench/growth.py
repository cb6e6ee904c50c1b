"""How time and memory grow with units and draws: the exponent is the slope of log time on log size.

Each point is a process of its own with one thread. Draws docs/images/speed_growth.svg. Called by bench/speed.py; alone:
``python -m bench.growth``.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.measure import THREADS, measured, told
from bench.speed_data import staggered, two_paths

ROOT = Path(__file__).parent.parent
CHART = ROOT / "docs" / "images" / "speed_growth.svg"
MOST = 1.1
"""Largest exponent allowed."""
SERIES: dict[str, tuple[str, tuple[int, ...]]] = {
    "wild bootstrap, 9,999 draws": ("clusters", (625, 1_250, 2_500, 5_000, 10_000)),
    "wild bootstrap, 400 clusters": ("draws", (10_000, 20_000, 40_000, 80_000, 160_000)),
    "randomisation, 9,999 draws": ("units", (72, 144, 288, 576, 1_152)),
    "randomisation, 36 units": ("draws", (10_000, 20_000, 40_000, 80_000, 160_000)),
    "two-way effects, 10 % missing": ("units", (12_500, 25_000, 50_000, 100_000, 200_000)),
}
"""What is measured -> what grows, and its sizes; 40 periods throughout."""


def work(name: str, size: int) -> Callable[[], Any]:
    """Return one piece of work, its data made."""
    import pandas as pd

    from bench.ours import dealing
    from ikz_eval.estimate import fit_twoway
    from ikz_eval.inference import cluster_robust, randomise_twoway, wild_bootstrap

    grows = SERIES[name][0]
    units = size if grows != "draws" else 400 if name.startswith("wild") else 36
    draws = size if grows == "draws" else 9_999
    panel = pd.DataFrame((two_paths if name.startswith("randomisation") else staggered)(units, 40, is_unbalanced=True))
    columns: dict[str, Any] = {"outcome": "outcome", "unit": "unit", "period": "period", "treatment": "treated"}
    if name.startswith("two-way"):
        return lambda: cluster_robust(fit_twoway(panel, **columns).linear, "cr1")
    if name.startswith("randomisation"):
        given = dealing(panel)
        return lambda: randomise_twoway(*given, draws=draws)
    linear = fit_twoway(panel, **columns).linear
    return lambda: wild_bootstrap(linear, draws=draws)


def point(name: str, size: int) -> dict[str, Any]:
    """Measure one size in a process of its own."""
    environment = {**os.environ, **dict.fromkeys(THREADS, "1")}
    command = [sys.executable, "-m", "bench.growth", name, str(size)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return {"series": name, "size": size, **found}


def exponent(points: list[dict[str, Any]]) -> float:
    """Return the slope of log time on log size."""
    sizes, seconds = (np.log([each[key] for each in points]) for key in ("size", "cpu"))
    return float(np.polyfit(sizes, seconds, 1)[0])


def measured_growth() -> str:
    """Measure every series, draw the chart, return the text of the page."""
    found = {name: [point(name, size) for size in sizes] for name, (_, sizes) in SERIES.items()}
    drawn(found)
    rows = []
    for name, points in found.items():
        slope = exponent(points)
        verdict = "reached" if slope <= MOST else "**fell short**"
        first, last = points[0], points[-1]
        rows.append(
            f"| {name} | {SERIES[name][0]} {first['size']:,} to {last['size']:,} | {1000 * first['cpu']:.1f} to "
            f"{1000 * last['cpu']:.1f} ms | {slope:.2f} ({verdict}, limit {MOST}) | {first['megabytes']:.0f} to "
            f"{last['megabytes']:.0f} MB |"
        )
    return (
        "### Growth\n\nMedian processor time of five runs, one thread; 40 periods, 10 % of cells missing; memory is the peak beyond the panel.\n\n"
        "| what | grows | time | exponent | memory |\n|---|---|---|---|---|\n" + "\n".join(rows) + "\n\n"
        "![time and memory against size](../docs/images/speed_growth.svg)\n"
    )


def drawn(found: dict[str, list[dict[str, Any]]]) -> None:
    """Draw seconds and peak memory against size, on log scales."""
    import vl_convert

    values = [each for points in found.values() for each in points]

    def panel(key: str, title: str) -> dict[str, Any]:
        scale = {"type": "log"}
        return {
            "mark": {"type": "line", "point": True},
            "width": 300,
            "height": 260,
            "encoding": {
                "x": {"field": "size", "type": "quantitative", "scale": scale, "title": "clusters, units or draws"},
                "y": {"field": key, "type": "quantitative", "scale": scale, "title": title},
                "color": {"field": "series", "type": "nominal", "title": None, "sort": list(found)},
            },
        }

    chart = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "data": {"values": [{**each, "megabytes": max(each["megabytes"], 0.1)} for each in values]},
        "hconcat": [panel("cpu", "processor seconds"), panel("megabytes", "peak memory [MB]")],
    }
    CHART.write_text(vl_convert.vegalite_to_svg(chart), encoding="utf-8", newline="\n")


def main() -> None:
    """Answer one point, or print the growth of all."""
    if len(sys.argv) == 3:
        job = work(sys.argv[1], int(sys.argv[2]))
        job()
        told(measured(job, 5)[0])
    else:
        print(measured_growth())


if __name__ == "__main__":
    main()
