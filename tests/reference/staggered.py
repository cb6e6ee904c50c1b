"""An invented staggered panel, drawn from a seed, and the outside reference files where they are at hand.

36 bodies in three model regions (4, 4, 3) and six comparison blocks, 24 quarters, starts in quarters 9, 13, 17: the
design of the study. The reference files may not be copied into the project; tests that need them look beside the
checkout and say so when they are not there.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

REFERENCE = Path(__file__).resolve().parents[2].parent / "shared" / "reference"
STARTS = (9, 13, 17, 0, 0, 0, 0, 0, 0)
BODIES = (4, 4, 3, 4, 4, 4, 4, 4, 5)
QUARTERS = 24


def reference_file(name: str) -> Path:
    """Return a file of the reference folder beside the checkout, or skip with that reason."""
    path = REFERENCE / name
    if not path.is_file():
        pytest.skip(f"reference file {name} is not beside the checkout (its licence does not allow a copy)")
    return path


def invented_panel(seed: int = 20, *, effect: float = -0.08, icc: float = 0.3) -> pd.DataFrame:
    """Return body, region, quarter, cohort (0: never) and log_cost, in order of body and quarter."""
    region = np.repeat(np.arange(9), BODIES)
    noise = world(np.random.default_rng(seed), icc=icc)
    start = np.array(STARTS)[region][:, None]
    quarter = np.arange(QUARTERS)[None, :]
    draw = np.random.default_rng(seed + 1)
    level = 3 + draw.normal(0, 0.2, region.size)[:, None] + draw.normal(0, 0.05, QUARTERS)[None, :]
    cost = level + effect * ((start > 0) & (quarter >= start)) + noise
    shape = cost.shape
    return pd.DataFrame(
        {
            "body": np.repeat([f"b{i:02d}" for i in range(region.size)], QUARTERS),
            "region": np.repeat([f"r{r}" for r in region], QUARTERS),
            "quarter": np.broadcast_to(quarter, shape).ravel(),
            "cohort": np.broadcast_to(start, shape).ravel(),
            "log_cost": cost.ravel(),
        }
    )


def world(draw: np.random.Generator, *, icc: float) -> np.ndarray:
    """Return noise of all bodies and quarters, standard deviation .05, a share ``icc`` of its variance by region."""
    own = draw.normal(size=(sum(BODIES), QUARTERS))
    shared = draw.normal(size=(9, QUARTERS))[np.repeat(np.arange(9), BODIES)]
    noise: np.ndarray = 0.05 * (np.sqrt(1 - icc) * own + np.sqrt(icc) * shared)
    return noise
