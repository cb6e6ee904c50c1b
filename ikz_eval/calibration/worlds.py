"""Error worlds: how the log cost per case of bodies may move when cooperation changes nothing.

Holds the definition of each world, drawing from it, and the covariance it implies. Which bodies, regions and quarters
there are is layout.py's part; what tests make of the errors is statistics.py's. Docs: docs/methods/calibration.md.

Terms, per body and quarter: the *noise scale* is the standard deviation of a body's error in one quarter [log points].
*ICC* is the share of that variance that all bodies of a region or block have in common in the quarter. *Autocorrelation*
is the correlation of an error with that of the quarter before, the same for the shared and the own part (both are
stationary first-order autoregressions). The outcome of a partnership is approximated by the weighted mean of its bodies'
errors: in logs the cost per case of a sum moves like the case-weighted mean of its members' to first order.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ikz_eval.errors import UsageError

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

NOISE = 0.05
"""Noise scale of the calibration: five percent of a body's quarterly cost per case (plan of analysis)."""
LATE_QUARTERS = 4
"""How much later the last body of the first region joins in world G, where the study knows no late joiner."""
SPREAD = 0.5
"""Standard deviation of the regions' own effects in world F, in noise scales."""


@dataclass(frozen=True, slots=True)
class World:
    """One way in which errors arise.

    Attributes
    ----------
    name : str
        One letter.
    icc, autocorrelation : float
        See the module's docstring.
    treated_scale : float
        Factor on the errors of treated regions.
    is_random_walk : bool
        Whether the shared part is a random walk; its steps are such that its variance is ``icc`` on average over the
        quarters, and it starts at one step.
    spread : float
        Standard deviation of the effect between treated regions around its average [noise scales].
    has_late_joiner : bool
        Whether one body joins late and brings its part of the effect only then.
    is_by_size : bool
        Whether a body's own variance falls with its inhabitants (its mean over bodies stays), and partnerships are
        means weighted by inhabitants; otherwise bodies are alike.
    """

    name: str
    icc: float = 0.0
    autocorrelation: float = 0.0
    treated_scale: float = 1.0
    is_random_walk: bool = False
    spread: float = 0.0
    has_late_joiner: bool = False
    is_by_size: bool = False


WORLDS = {
    world.name: world
    for world in (
        World("A"),
        World("B", icc=0.3),
        World("C", icc=0.6, autocorrelation=0.8),
        World("D", treated_scale=2.0),
        World("E", icc=0.3, is_random_walk=True),
        World("F", icc=0.3, spread=SPREAD),
        World("G", icc=0.3, has_late_joiner=True),
        World("H", icc=0.3, is_by_size=True),
    )
}
"""A independent; B region shocks; C lasting region shocks; D treated regions twice as volatile; E random walk of regions;
F heterogeneous effects; G one late joiner; H bodies of their real sizes."""
PLAN = ("A", "B", "C", "D")
"""Worlds the plan of analysis binds primary inference to."""


@dataclass(frozen=True, slots=True, eq=False)
class Bodies:
    """The bodies of a design by region or block.

    Attributes
    ----------
    unit : ndarray of int
        Position of each body's region or block, shape (bodies,).
    start : ndarray
        First treated quarter of each region or block by position; infinite when never, shape (units,).
    delay : ndarray of int
        Quarters each body joined after its region, shape (bodies,).
    inhabitants : ndarray
        Of each body; all alike where unknown, shape (bodies,).
    """

    unit: Ints
    start: Floats
    delay: Ints
    inhabitants: Floats

    @property
    def n_units(self) -> int:
        """Number of regions and blocks."""
        return int(self.start.size)

    def shares(self, world: World) -> Floats:
        """Return the weight of each body in the mean of its unit, shape (units, bodies)."""
        weight = self.inhabitants if world.is_by_size else np.ones(self.unit.size)
        table = np.zeros((self.n_units, self.unit.size))
        table[self.unit, np.arange(self.unit.size)] = weight
        shares: Floats = table / table.sum(axis=1, keepdims=True)
        return shares

    def treated(self, n_periods: int) -> Floats:
        """Return 1 where a body's region is treated, shape (bodies, quarters)."""
        flags: Floats = (np.arange(n_periods) >= self.start[self.unit][:, None]).astype(np.float64)
        return flags

    def _scales(self, world: World) -> Floats:
        """Return the standard deviation of each body's own part, as a share of the noise scale."""
        inverse = 1.0 / self.inhabitants if world.is_by_size else np.ones(self.unit.size)
        scales: Floats = np.sqrt((1 - world.icc) * inverse / inverse.mean())
        return scales

    def _factors(self, world: World) -> Floats:
        return np.where(np.isfinite(self.start), world.treated_scale, 1.0)


def draw_errors(
    world: World, bodies: Bodies, n_periods: int, *, draws: int, seed: np.random.Generator, noise: float = NOISE
) -> Floats:
    """Draw errors, shape (draws, bodies, quarters) [log points].

    In world F the regions' own effects, whose average over the treated regions is zero, are part of the errors.

    Parameters
    ----------
    world, bodies, n_periods
        What to draw for.
    draws : int
        Number of programmes.
    seed : Generator
        Source of randomness.
    noise : float
        Noise scale [log points].
    """
    own = _stationary(seed, (draws, bodies.unit.size, n_periods), world.autocorrelation)
    if world.is_random_walk:
        steps = seed.normal(size=(draws, bodies.n_units, n_periods))
        shared = np.cumsum(steps, axis=2) * _step(world, n_periods)
    else:
        shared = np.sqrt(world.icc) * _stationary(seed, (draws, bodies.n_units, n_periods), world.autocorrelation)
    errors = bodies._scales(world)[:, None] * own + shared[:, bodies.unit]
    errors *= bodies._factors(world)[bodies.unit][:, None]
    if world.spread:
        errors += _own_effects(world, bodies, n_periods, draws, seed)
    scaled: Floats = noise * errors
    return scaled


def effect_pattern(world: World, bodies: Bodies, n_periods: int) -> Floats:
    """Return what one unit of effect adds to each body and quarter, shape (bodies, quarters)."""
    pattern = bodies.treated(n_periods)
    if not world.has_late_joiner:
        return pattern
    late: Floats = (np.arange(n_periods) >= (bodies.start[bodies.unit] + late_delays(bodies))[:, None]).astype(float)
    return late


def late_delays(bodies: Bodies) -> Ints:
    """Return the delays of the study; without any, the last body of the first region joins a year late."""
    if bodies.delay.any() or not np.isfinite(bodies.start).any():
        return bodies.delay
    delay = bodies.delay.copy()
    first = int(np.flatnonzero(np.isfinite(bodies.start))[0])
    delay[np.flatnonzero(bodies.unit == first)[-1]] = LATE_QUARTERS
    return delay


def unit_covariances(world: World, bodies: Bodies, n_periods: int, *, noise: float = NOISE) -> Floats:
    """Return the covariance over quarters of each region's or block's mean error, shape (units, quarters, quarters).

    The regions' own effects of world F are left out: their average is zero by construction.
    """
    distance = np.abs(np.subtract.outer(np.arange(n_periods), np.arange(n_periods)))
    lasting = world.autocorrelation**distance
    if world.is_random_walk:
        reached = np.minimum.outer(np.arange(n_periods), np.arange(n_periods)) + 1.0
        shared = _step(world, n_periods) ** 2 * reached
    else:
        shared = world.icc * lasting
    own = ((bodies.shares(world) * bodies._scales(world)) ** 2).sum(axis=1)
    factors = bodies._factors(world) ** 2
    covariances: Floats = noise**2 * factors[:, None, None] * (own[:, None, None] * lasting + shared)
    return covariances


def world_of(icc: float, autocorrelation: float) -> World:
    """Return the world of a planned study, from estimated or assumed numbers.

    Raises
    ------
    UsageError
        If a share or correlation lies outside its range.
    """
    if not 0 <= icc < 1 or not 0 <= autocorrelation < 1:
        raise UsageError(f"icc is {icc:g} and autocorrelation {autocorrelation:g}; allowed is from 0 to below 1")
    return World("planned", icc=icc, autocorrelation=autocorrelation)


def _stationary(seed: np.random.Generator, shape: tuple[int, int, int], autocorrelation: float) -> Floats:
    """Draw autoregressions of variance one along the last axis."""
    values: Floats = seed.normal(size=shape)
    if autocorrelation:
        fresh = np.sqrt(1 - autocorrelation**2)
        for period in range(1, shape[2]):
            values[..., period] = autocorrelation * values[..., period - 1] + fresh * values[..., period]
    return values


def _step(world: World, n_periods: int) -> float:
    return float(np.sqrt(world.icc / ((n_periods + 1) / 2)))


def _own_effects(world: World, bodies: Bodies, n_periods: int, draws: int, seed: np.random.Generator) -> Floats:
    treated = np.isfinite(bodies.start)
    own = np.zeros((draws, bodies.n_units))
    drawn = world.spread * seed.normal(size=(draws, int(treated.sum())))
    own[:, treated] = drawn - drawn.mean(axis=1, keepdims=True)
    effects: Floats = own[:, bodies.unit][:, :, None] * bodies.treated(n_periods)
    return effects
