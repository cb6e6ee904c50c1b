"""How often the p values of one interrupted series reject a true null at 5 %, in the four error worlds.

``python -m bench.size_series`` prints the tables that stand in docs/methods/interrupted.md, poisson_interrupted.md and
structural.md: one treated region of four bodies, or one of its bodies, 24 quarters, intervention in quarter 13, no effect.
"""

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from bench.series_worlds import WORLDS, Floats, bodies_noise
from ikz_eval.estimate import fit_interrupted, fit_poisson_interrupted, fit_structural
from ikz_eval.estimate.inferring import Plan
from ikz_eval.estimate.series.segments import Segments

SEED = 20_261_127
QUARTERS, START = 24, 13
CASES = 2_000
"""Expected cases a quarter; with .05 of noise in the rate the counts vary six times as much as Poisson's."""
DESIGNS = {"level, trend": Segments(), "level": Segments(trend=False), "level, trend, slope": Segments(slope=True)}
Sizes = dict[tuple[str, str, str], float]
"""Model, term and inference -> share of draws with p below .05."""


def series(draw: np.random.Generator, world: str, what: str, periods: int) -> Floats:
    """Return the noise of one treated region's mean, or of one of its bodies, shape (periods,)."""
    noise = bodies_noise(draw, world, (4,), 1, periods)
    return noise[0] if what == "body" else np.asarray(noise.mean(axis=0), dtype=np.float64)


def rejected(frame: pd.DataFrame, method: str, start: int) -> Iterator[tuple[tuple[str, str, str], bool]]:
    """Yield whether each p value of a method is below .05."""
    columns: dict[str, Any] = {"outcome": "y", "period": "t", "intervention": start}
    for name, segments in DESIGNS.items():
        if method == "structural" and name != "level":
            continue
        if method == "interrupted":
            fit = fit_interrupted(frame, **columns, segments=segments)
            names: tuple[str, ...] = fit.own_inference
            tables = {one: fit.infer(one, Plan((one,))) for one in names}
        elif method == "poisson_interrupted":
            counted = fit_poisson_interrupted(frame, **columns, segments=segments)
            tables = {one: counted.infer(one, Plan((one,))) for one in counted.own_inference}
        else:
            tables = {"mle": fit_structural(frame, **columns).infer("mle", Plan(("mle",)))}
        for one, terms in tables.items():
            for term in {"level", "slope"} & set(terms):
                p = terms[term]["p"]
                assert isinstance(p, float)
                yield (name, term, one), p < 0.05


def sizes(method: str, world: str, what: str, draws: int, periods: int = QUARTERS, start: int = START) -> Sizes:
    """Return the share of draws in which each p value rejects."""
    draw = np.random.default_rng([SEED, *map(ord, world + what[0]), periods])
    counts: dict[tuple[str, str, str], int] = {}
    for _ in range(draws):
        noise = series(draw, world, what, periods)
        outcome = draw.poisson(CASES * np.exp(noise)).astype(float) if method == "poisson_interrupted" else 3 + noise
        frame = pd.DataFrame({"t": np.arange(1, periods + 1), "y": outcome})
        for key, is_rejected in rejected(frame, method, start):
            counts[key] = counts.get(key, 0) + is_rejected
    return {key: count / draws for key, count in counts.items()}


def main(method: str, draws: int, worlds: str) -> None:
    """Print the table of one method; a column's draws are the same whatever other columns are asked for."""
    runs = [(world, "region", QUARTERS, START) for world in WORLDS]
    runs += [("C", "body", QUARTERS, START), ("C", "region", 60, 31)] if method != "structural" else []
    runs = [run for run in runs if run[0] in worlds]
    found = {run: sizes(method, run[0], run[1], draws, run[2], run[3]) for run in runs}
    print(f"\n{method}: {draws} draws, seed {SEED}, Monte Carlo error at .05 {np.sqrt(0.05 * 0.95 / draws):.4f}\n")
    print("| model | term | inference | " + " | ".join(f"{w} {what} ({n})" for w, what, n, _ in runs) + " |")
    print("|---|---|---|" + "---|" * len(runs))
    for key in sorted(found[runs[0]]):
        print(f"| {' | '.join(key)} | " + " | ".join(f"{found[run][key]:.3f}" for run in runs) + " |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "".join(WORLDS))
