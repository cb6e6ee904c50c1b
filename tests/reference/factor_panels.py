"""Two invented panels of a factor model with known effects, for the synthetic methods and for their peers.

Bodies load on two common paths, so that a weighted mean of donors can follow a region. Needs numpy and pandas only: the
scripts that ran the peers read it too.
"""

import numpy as np
import pandas as pd

PERIODS = 20
EFFECT = -4.0


def one_region(seed: int = 7, *, effect: float = EFFECT) -> pd.DataFrame:
    """Return body, block, period, start (0: never) and cost: region r0 of four bodies from period 12, 16 donors in 4 blocks."""
    return _panel(seed, ["r0"] * 4 + [f"k{i}" for i in range(1, 5) for _ in range(4)], {"r0": 12}, effect)


def two_regions(seed: int = 8, *, effect: float = EFFECT) -> pd.DataFrame:
    """Return the same with a region of three bodies from period 8 and one of two from period 14, 18 donors in 6 blocks."""
    blocks = ["r0"] * 3 + ["r1"] * 2 + [f"k{i}" for i in range(1, 7) for _ in range(3)]
    return _panel(seed, blocks, {"r0": 8, "r1": 14}, effect)


def _panel(seed: int, blocks: list[str], starts: dict[str, int], effect: float) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    bodies, periods = len(blocks), np.arange(1, PERIODS + 1)
    factors = np.vstack([np.sin(periods / 3), periods / 6])
    cost = 50 + draw.uniform(-5, 5, (bodies, 1)) + draw.uniform(0, 3, (bodies, 2)) @ factors
    cost = cost + draw.normal(0, 0.6, cost.shape)
    start = np.array([starts.get(block, 0) for block in blocks])
    cost = cost + effect * ((start[:, None] > 0) & (periods >= start[:, None]))
    return pd.DataFrame(
        {
            "body": np.repeat([f"b{i:02d}" for i in range(bodies)], PERIODS),
            "block": np.repeat(blocks, PERIODS),
            "period": np.tile(periods, bodies),
            "start": np.repeat(start, PERIODS),
            "cost": cost.ravel(),
        }
    )
