"""The four error worlds of the plan of analysis for regions, bodies and quarters: noise without any effect.

A independent; B a share .3 of the variance by region; C a share .6 and autocorrelation .8; D as B, the treated twice as
volatile. Used by the sizes in bench/size_series.py and bench/size_cost_function.py.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
WORLDS = {"A": (0.0, 0.0, 1.0), "B": (0.3, 0.0, 1.0), "C": (0.6, 0.8, 1.0), "D": (0.3, 0.0, 2.0)}
"""World -> share of the variance by region, autocorrelation from quarter to quarter, volatility of the treated."""
DEVIATION = 0.05
"""Standard deviation of a body's log outcome in a quarter."""


def autocorrelated(draw: np.random.Generator, rows: int, periods: int, rho: float) -> Floats:
    """Return stationary autocorrelated noise of variance one, shape (rows, periods)."""
    noise: Floats = draw.normal(size=(rows, periods))
    for t in range(1, periods):
        noise[:, t] = rho * noise[:, t - 1] + np.sqrt(1 - rho**2) * noise[:, t]
    return noise


def bodies_noise(draw: np.random.Generator, world: str, bodies: tuple[int, ...], treated: int, periods: int) -> Floats:
    """Return noise of all bodies, shape (sum of bodies, periods); the first ``treated`` regions are the treated ones."""
    share, rho, volatility = WORLDS[world]
    region = np.repeat(np.arange(len(bodies)), bodies)
    own = autocorrelated(draw, region.size, periods, rho)
    shared = autocorrelated(draw, len(bodies), periods, rho)[region]
    scale = np.where(region < treated, volatility, 1.0)[:, None]
    noise: Floats = DEVIATION * scale * (np.sqrt(1 - share) * own + np.sqrt(share) * shared)
    return noise
