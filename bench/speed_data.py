"""The panels on which speed is measured, drawn from a seed and handed to both sides as arrays."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[np.generic]]
MISSING = 0.1
"""Share of cells missing at random in the unbalanced panels."""


def staggered(units: int, periods: int, *, is_unbalanced: bool, seed: int = 1) -> Arrays:
    """Return outcome, unit, period, treated, cohort (0: never): every unit starts at its own time or never."""
    draw = np.random.default_rng(seed)
    unit, period = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    start = draw.integers(periods // 8, periods + periods // 2, units)
    treated = period >= start[unit]
    outcome = draw.normal(size=units)[unit] + draw.normal(size=periods)[period] + draw.normal(size=unit.size)
    outcome += 0.05 * treated * (1.0 if units > 100 else 3.0)
    return _thinned(
        {"outcome": outcome, "unit": unit, "period": period, "treated": treated.astype(np.float64)}, draw, is_unbalanced
    )


def two_paths(units: int, periods: int, *, is_unbalanced: bool, seed: int = 2) -> Arrays:
    """Return a panel in which half of the units start halfway: what randomisation deals anew."""
    draw = np.random.default_rng(seed)
    unit, period = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    treated = (unit % 2 == 1) & (period >= periods // 2)
    outcome = draw.normal(size=units)[unit] + draw.normal(size=periods)[period] + draw.normal(size=unit.size)
    outcome += 0.15 * treated
    return _thinned(
        {"outcome": outcome, "unit": unit, "period": period, "treated": treated.astype(np.float64)}, draw, is_unbalanced
    )


def cohorts(units: int, periods: int, *, is_unbalanced: bool, seed: int = 3) -> Arrays:
    """Return a panel of five cohorts and a never treated group."""
    draw = np.random.default_rng(seed)
    unit, period = np.repeat(np.arange(units), periods), np.tile(np.arange(1, periods + 1), units)
    cohort = draw.choice(np.array([0, 10, 15, 20, 25, 30]), units)[unit]
    outcome = draw.normal(size=units)[unit] + 0.1 * period + draw.normal(size=unit.size)
    outcome += 0.3 * ((cohort > 0) & (period >= cohort))
    return _thinned({"outcome": outcome, "unit": unit, "period": period, "cohort": cohort}, draw, is_unbalanced)


def _thinned(arrays: Arrays, draw: np.random.Generator, is_unbalanced: bool) -> Arrays:
    if not is_unbalanced:
        return arrays
    kept = draw.random(arrays["unit"].size) >= MISSING
    return {name: values[kept] for name, values in arrays.items()}


def written(arrays: Arrays, folder: Path) -> None:
    """Write arrays where the other process reads them."""
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values)
