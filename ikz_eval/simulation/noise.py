"""Random streams and the noise of unit cost.

Holds the one way a seed becomes random numbers: each purpose has a stream of its own, so that drawing more in one
place moves nothing elsewhere. What the noise is added to stands in cost.py.
"""

import numpy as np

from ikz_eval.simulation.land import Floats, Ints
from ikz_eval.simulation.truth import Noise

STREAMS = (
    "unit_noise",
    "body_noise",
    "level",
    "shares",
    "common",
    "cases",
    "pay",
    "service",
    "gaps",
    "arrival",
    "wrong",
)
"""Purposes; append only, the position is part of the seed."""


def stream(seed: int, purpose: str) -> np.random.Generator:
    """Return the generator of one purpose (bit generator fixed: PCG64)."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, STREAMS.index(purpose)])))


def draw_autoregressive(generator: np.random.Generator, shape: tuple[int, ...], autocorrelation: float) -> Floats:
    """Draw stationary AR(1) series of variance one along the last axis."""
    shocks = generator.standard_normal(shape)
    series = np.empty(shape)
    series[..., 0] = shocks[..., 0]
    innovation = np.sqrt(1 - autocorrelation**2)
    for quarter in range(1, shape[-1]):
        series[..., quarter] = autocorrelation * series[..., quarter - 1] + innovation * shocks[..., quarter]
    return series


def draw_noise(seed: int, noise: Noise, unit_of_body: Ints, shape: tuple[int, int, int]) -> Floats:
    """Draw the noise of log unit cost: a part common to the bodies of a unit, and each body's own.

    Parameters
    ----------
    seed : int
        Seed of the programme.
    noise : Noise
        Standard deviation, share of the unit, autocorrelation.
    unit_of_body : numpy.ndarray
        Index of each body's unit, shape (B,).
    shape : tuple of int
        (F, B, Q).

    Returns
    -------
    numpy.ndarray
        Noise [log points], shape (F, B, Q).
    """
    n_fields, _, n_quarters = shape
    units = int(unit_of_body.max()) + 1
    common = draw_autoregressive(stream(seed, "unit_noise"), (n_fields, units, n_quarters), noise.autocorrelation)
    own = draw_autoregressive(stream(seed, "body_noise"), shape, noise.autocorrelation)
    share = noise.unit_share
    total: Floats = noise.sd_log * (np.sqrt(share) * common[:, unit_of_body] + np.sqrt(1 - share) * own)
    return total
