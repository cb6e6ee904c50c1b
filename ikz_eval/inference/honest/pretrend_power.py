"""How often a test for pre-trends would have found a trend, and what passing it does to the estimates (Roth).

The pre-test is the one people make by eye: some coefficient before the start differs from zero at level alpha, each on its
own. Probabilities of boxes under correlation, and means within them, by sequential conditioning (GHK) over a Sobol
sequence of fixed seed. Docs: docs/methods/pretrend_power.md.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special
from scipy.stats import qmc

from ikz_eval.errors import EstimationError
from ikz_eval.inference.honest.study import EventStudy, Floats, event_study

POWERS = (0.5, 0.8)
"""Power for which a detectable slope is named."""
LOG_POINTS = 13
"""Binary logarithm of the number of points; power is then right to about 1e-4 with five coefficients."""


@dataclass(frozen=True, slots=True, eq=False)
class PretrendPower:
    """What a pre-test can find, and a hypothesised trend under it.

    Attributes
    ----------
    slopes : dict of float to float
        Slope of a linear trend, in units of the outcome per period, that the pre-test finds with each power; nan when it
        rejects more often than that without any trend.
    size : float
        Probability that it finds something when there is no trend.
    trend : ndarray
        The hypothesised trend at each coefficient, shape (n_pre + n_post,).
    power : float
        Probability that the pre-test finds this trend.
    bayes_factor : float
        Probability of passing under this trend over that without any.
    likelihood_ratio : float
        Density of the coefficients before the start under this trend over that without any.
    expected : ndarray
        Mean of each coefficient under this trend when the pre-test is passed and there is no effect, (n_pre + n_post,).
    bias : float
        That mean for the parameter of interest: the bias one is left with after passing.
    bias_unconditional : float
        The same whether or not the pre-test is passed.
    """

    slopes: dict[float, float]
    size: float
    trend: Floats
    power: float
    bayes_factor: float
    likelihood_ratio: float
    expected: Floats
    bias: float
    bias_unconditional: float


def pretrend_power(
    estimates: ArrayLike,
    covariance: ArrayLike,
    n_pre: int,
    n_post: int,
    *,
    trend: ArrayLike | None = None,
    l_vec: ArrayLike | None = None,
    alpha: float = 0.05,
    gap: int = 0,
    powers: tuple[float, ...] = POWERS,
) -> PretrendPower:
    """Return the power of the pre-test and the bias that passing it leaves.

    Parameters
    ----------
    estimates, covariance, n_pre, n_post, l_vec, gap
        As in :func:`ikz_eval.inference.honest.honest_bounds`.
    trend : array, optional
        Hypothesised difference in trends at each coefficient, shape (n_pre + n_post,); the linear one found with the
        first of ``powers`` when left out.
    alpha : float
        Level at which each coefficient before the start is tested.
    powers : tuple of float
        Power for which slopes are wanted.

    Raises
    ------
    EstimationError
        If arguments do not fit or the coefficients before the start are collinear.

    References
    ----------
    .. [1] Roth, J. (2022). Pretest with caution: event-study estimates after testing for parallel trends. *American Economic
       Review: Insights* 4(3).
    """
    study = event_study(estimates, covariance, n_pre, n_post, l_vec, gap)
    if not 0 < alpha < 1 or not powers or not all(0 < power < 1 for power in powers):
        raise EstimationError(f"alpha {alpha}, powers {powers}; allowed is between 0 and 1, and at least one power")
    box = _Box.of(study, alpha)
    times = np.concatenate([np.arange(-n_pre, 0.0), study.post_times])
    slopes = {power: _slope(box, times[:n_pre], power) for power in powers}
    given = slopes[powers[0]] * times if trend is None else np.asarray(trend, dtype=np.float64)
    if given.shape != times.shape:
        raise EstimationError(f"trend has shape {given.shape}; expected is a value for each coefficient, {times.shape}")
    return _under(study, box, slopes, given)


@dataclass(frozen=True, slots=True, eq=False)
class _Box:
    """Coefficients before the start that the pre-test lets pass: each within its half width."""

    root: Floats
    half_widths: Floats

    @classmethod
    def of(cls, study: EventStudy, alpha: float) -> "_Box":
        assert study.covariance is not None
        before = study.covariance[: study.n_pre, : study.n_pre]
        try:
            root = np.linalg.cholesky(before)
        except np.linalg.LinAlgError as error:
            raise EstimationError(
                "pre-trend power: the coefficients before the start are collinear; leave periods out"
            ) from error
        return cls(np.asarray(root, dtype=np.float64), float(special.ndtri(1 - alpha / 2)) * np.sqrt(np.diag(before)))

    def passed(self, mean: Floats) -> tuple[float, Floats]:
        """Return the probability of passing under a mean, and the mean of those that pass, shape (n_pre,)."""
        points = _points(mean.size)
        normal = np.zeros_like(points)
        weight = np.ones(len(points))
        for i in range(mean.size):
            centre = mean[i] + normal[:, :i] @ self.root[i, :i]
            ends = [(side * self.half_widths[i] - centre) / self.root[i, i] for side in (-1, 1)]
            flip = np.where(ends[0] > 0, -1.0, 1.0)  # work in the lower tail, where probabilities keep their digits
            low, high = (np.where(flip < 0, -ends[1 - k], ends[k]) for k in (0, 1))
            below, above = special.ndtr(low), special.ndtr(high)
            normal[:, i] = flip * np.clip(special.ndtri(below + points[:, i] * (above - below)), low, high)
            weight = weight * (above - below)
        total = float(weight.sum())
        inside: Floats = mean + normal @ self.root.T
        if total == 0:
            return 0.0, np.full(mean.size, np.nan)
        return total / len(points), weight @ inside / total


@lru_cache(maxsize=8)
def _points(dimensions: int) -> Floats:
    sequence = qmc.Sobol(dimensions, scramble=True, rng=np.random.default_rng(0))
    points: Floats = sequence.random_base2(LOG_POINTS)
    return points


def _slope(box: _Box, times: Floats, power: float) -> float:
    """Return the slope the pre-test finds with a power, by bisection."""

    def excess(slope: float) -> float:
        return 1 - box.passed(slope * times)[0] - power

    if excess(0.0) >= 0:
        return np.nan
    high = float((box.half_widths / np.abs(times)).min())
    while excess(high) < 0:
        high *= 2
    return float(optimize.brentq(excess, 0.0, high, xtol=1e-10 * high))


def _under(study: EventStudy, box: _Box, slopes: dict[float, float], trend: Floats) -> PretrendPower:
    """Return everything about one hypothesised trend."""
    assert study.covariance is not None
    n_pre, mean = study.n_pre, trend[: study.n_pre]
    size = 1 - box.passed(np.zeros(n_pre))[0]
    nan = np.full(trend.size, np.nan)
    if not np.isfinite(trend).all():
        return PretrendPower(slopes, size, trend, np.nan, np.nan, np.nan, nan, np.nan, np.nan)
    passing, inside = box.passed(mean)
    shift = study.covariance[n_pre:, :n_pre] @ _solved(box, inside - mean)
    expected = np.concatenate([inside, trend[n_pre:] + shift])
    observed = study.estimates[:n_pre]
    ratio = float(np.exp(mean @ _solved(box, observed - mean / 2)))
    bias, unconditional = (float(study.weights @ values[n_pre:]) for values in (expected, trend))
    return PretrendPower(
        slopes, size, trend, 1 - passing, passing / (1 - size), ratio, expected, bias, unconditional
    )  # fmt: skip


def _solved(box: _Box, values: Floats) -> Floats:
    solved = np.linalg.solve(box.root @ box.root.T, values)
    return np.asarray(solved, dtype=np.float64)
