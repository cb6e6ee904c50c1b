"""Looks for honest gains in power: sizes and power of what could be added to the primary analysis, in worlds A to D.

``python -m bench.gains`` prints the table and writes bench/gains.csv; docs/methods/calibration.md shows it, decision 0018
says what followed. One field, the design of the demonstration (36 bodies, 24 quarters); nothing here is a test. Covariates
are gains_covariates.py.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from ikz_eval.calibration import PlannedRegion, PreparedStudy, planned_layout, prepare_study
from ikz_eval.calibration.gls import whitened
from ikz_eval.calibration.statistics import Tested, judge, run_required
from ikz_eval.calibration.tally import draw_field, estimate_deviation
from ikz_eval.calibration.worlds import WORLDS, Floats, World
from ikz_eval.quarters import quarter_range, quarter_shift

DRAWS, SEED = 2_000, 18
EFFECT = 6.0
"""Effect in standard deviations of the estimate on the design as it is: about half of the verdicts then find it."""
PATH = Path(__file__).parent / "gains.csv"
FIRST, LAST = "2020-Q3", "2026-Q2"
TREATED = (
    PlannedRegion("r1", 4, "2022-Q4"),
    PlannedRegion("r2", 4, "2023-Q4"),
    PlannedRegion("r3", 3, "2024-Q4"),
)
BLOCKS = tuple(PlannedRegion(f"b{number}", bodies) for number, bodies in enumerate((4, 4, 4, 4, 4, 5)))
SPLIT = tuple(PlannedRegion(f"b{number}", bodies) for number, bodies in enumerate((3, 3, 3, 3, 3, 3, 3, 4)))
ADDED = (*BLOCKS, PlannedRegion("b8", 4), PlannedRegion("b9", 4))
POOLED = 4
"""Fields in the pooled estimate."""


@dataclass(frozen=True, slots=True)
class Option:
    """One way to look for power: its name, its design, and how outcomes are drawn."""

    name: str
    study: PreparedStudy
    draw: Callable[[World, np.random.Generator], tuple[Floats, Floats]]


def options() -> Iterator[Option]:
    """Yield what is compared."""
    base = as_it_is()
    yield Option("as it is", base, _single(base))
    longer = _study((*TREATED, *BLOCKS), quarter_shift(FIRST, -4))
    yield Option("four more quarters before", longer, _single(longer))
    split = _study((*TREATED, *SPLIT), FIRST)
    yield Option("the same 25 bodies in eight blocks", split, _single(split))
    added = _study((*TREATED, *ADDED), FIRST)
    yield Option("two more blocks of four bodies", added, _single(added))
    for rho in (0.5, 0.8):
        study = whitened(base, rho)
        yield Option(f"whitened, AR(1) at {rho}", study, _single(base))
    yield Option("four fields pooled, independent", base, _pooled(base, 0.0))
    yield Option("four fields pooled, half of the noise common", base, _pooled(base, 0.5))


def measure() -> list[dict[str, str]]:
    """Return a row for each option and world."""
    every = list(options())
    base = every[0].study.fields[0]
    rows = []
    for option in every:
        for name in "ABCD":
            world = WORLDS[name]
            size = -EFFECT * estimate_deviation(base, world)
            errors, effect = option.draw(world, np.random.default_rng(SEED))
            field = option.study.fields[0]
            null = run_required(option.study, field, errors)
            found = run_required(option.study, field, errors + size * effect)
            rows.append(
                {
                    "option": option.name,
                    "world": name,
                    "draws": str(len(errors)),
                    **figures(option.study, null, found, size),
                }
            )
    return rows


def as_it_is() -> PreparedStudy:
    """Return the design that everything is compared with."""
    return _study((*TREATED, *BLOCKS), FIRST)


def figures(study: PreparedStudy, null: Tested, found: Tested, size: float) -> dict[str, str]:
    """Return the columns of a row: deviation, effect, and size and power of each test and of the verdict."""
    shown = {"deviation_percent": f"{100 * null.estimate.std():.2f}", "effect_percent": f"{100 * np.expm1(size):.1f}"}
    for test in ("cr2", "wild", "randomisation_t"):
        shown[f"size_{test}"] = f"{(null.p[test] < 0.05).mean():.3f}"
        shown[f"power_{test}"] = f"{(found.p[test] < 0.05).mean():.3f}"
    for name, tested in (("size_verdict", null), ("power_verdict", found)):
        shown[name] = f"{judge(study.fields[:1], [tested]).supported.mean():.3f}"
    return shown


def _study(regions: tuple[PlannedRegion, ...], first: str) -> PreparedStudy:
    return prepare_study(planned_layout("gains", regions, quarter_range(first, LAST), fields=1))


def _single(study: PreparedStudy) -> Callable[[World, np.random.Generator], tuple[Floats, Floats]]:
    def draw(world: World, seed: np.random.Generator) -> tuple[Floats, Floats]:
        drawn = draw_field(study.fields[0], world, DRAWS, seed)
        return drawn.errors, drawn.effect

    return draw


def _pooled(study: PreparedStudy, common: float) -> Callable[[World, np.random.Generator], tuple[Floats, Floats]]:
    """Return the mean of four fields whose errors have a share of their variance in common, body by body."""

    def draw(world: World, seed: np.random.Generator) -> tuple[Floats, Floats]:
        shared, *own = (draw_field(study.fields[0], world, DRAWS, seed) for _ in range(POOLED + 1))
        mean = np.mean([each.errors for each in own], axis=0)
        return np.sqrt(common) * shared.errors + np.sqrt(1 - common) * mean, shared.effect

    return draw


def write(path: Path, rows: Sequence[dict[str, str]]) -> None:
    """Write rows as CSV, and print them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        print("  ".join(row.values()))


def main() -> None:
    """Measure, print and write."""
    with threadpool_limits(limits=1):
        write(PATH, measure())


if __name__ == "__main__":
    main()
