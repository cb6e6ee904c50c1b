"""The coefficients of an event study as honest bounds need them.

Holds the frozen carrier and its checks, and the steps and turns of the coefficients before the start. What is concluded
from them is the part of the modules beside this one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ikz_eval.errors import EstimationError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.intp]
_ASYMMETRY = 1e-8
"""Largest asymmetry and negative eigenvalue of a covariance, relative to its largest entry, taken for rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class EventStudy:
    """Event-study coefficients against one reference period, equally spaced, in order of time.

    Attributes
    ----------
    estimates : ndarray
        Coefficients before the reference, then those from the start on, shape (n_pre + n_post,); the reference is left out.
    covariance : ndarray or None
        Their covariance, shape (n_pre + n_post, n_pre + n_post); None when only the points are to be used.
    n_pre : int
        Number of coefficients before the reference; the last of them is the period just before it.
    weights : ndarray
        l: the parameter of interest is l'(effects from the start on), shape (n_post,).
    gap : int
        Periods between the reference and the first coefficient from the start on that have none (anticipation).
    """

    estimates: Floats
    covariance: Floats | None
    n_pre: int
    weights: Floats
    gap: int = 0

    @property
    def n_post(self) -> int:
        """Number of coefficients from the start on."""
        return int(self.estimates.size - self.n_pre)

    @property
    def estimate(self) -> float:
        """Estimate of the parameter of interest if trends are parallel."""
        return float(self.weights @ self.estimates[self.n_pre :])

    @property
    def functional(self) -> Floats:
        """The parameter as a combination of all coefficients, shape (n_pre + n_post,)."""
        return np.concatenate([np.zeros(self.n_pre), self.weights])

    @property
    def standard_error(self) -> float:
        """Standard error of ``estimate``."""
        assert self.covariance is not None
        return float(np.sqrt(max(float(self.functional @ self.covariance @ self.functional), 0.0)))

    @property
    def pre_steps(self) -> Floats:
        """Change of the coefficients from each period before the start to the next, up to the reference, (n_pre,)."""
        steps: Floats = np.diff(self.estimates[: self.n_pre], append=0.0)
        return steps

    @property
    def pre_turns(self) -> Floats:
        """Change of slope at each period before the reference but the first, shape (n_pre - 1,)."""
        turns: Floats = np.diff(self.pre_steps)
        return turns

    @property
    def post_spans(self) -> Floats:
        """Periods that each step from the reference on spans, shape (n_post,)."""
        spans = np.ones(self.n_post)
        spans[0] += self.gap
        return spans

    @property
    def post_times(self) -> Floats:
        """Periods since the reference, shape (n_post,)."""
        times: Floats = np.cumsum(self.post_spans)
        return times

    @property
    def tails(self) -> Floats:
        """Sum of the weights from each period on: how often a step counts in the parameter, shape (n_post,)."""
        tails: Floats = np.cumsum(self.weights[::-1])[::-1]
        return tails


def event_study(
    estimates: ArrayLike,
    covariance: ArrayLike | None,
    n_pre: int,
    n_post: int,
    l_vec: ArrayLike | None = None,
    gap: int = 0,
) -> EventStudy:
    """Check coefficients and covariance and return them as one object.

    Parameters
    ----------
    estimates : array
        Shape (n_pre + n_post,), in order of time, without the reference.
    covariance : array or None
        Shape (n_pre + n_post, n_pre + n_post).
    n_pre, n_post : int
        Coefficients before and after the reference.
    l_vec : array, optional
        Weights of the effects from the start on, shape (n_post,); the first one alone when left out.
    gap : int
        Periods without a coefficient between the reference and the first one after it.

    Raises
    ------
    EstimationError
        If shapes do not fit, values are not finite, or the covariance is not symmetric and positive semidefinite.
    """
    points = np.asarray(estimates, dtype=np.float64)
    if n_pre < 1 or n_post < 1 or gap < 0:
        raise EstimationError(
            f"honest bounds: {n_pre} coefficients before and {n_post} after the reference (gap {gap}); needed is at least "
            "one of each, and a gap of 0 or more"
        )
    if points.shape != (n_pre + n_post,) or not np.isfinite(points).all():
        raise EstimationError(f"honest bounds: estimates must be {n_pre + n_post} finite numbers, shape {points.shape}")
    weights = np.eye(n_post)[0] if l_vec is None else np.asarray(l_vec, dtype=np.float64)
    if weights.shape != (n_post,) or not np.isfinite(weights).all() or not weights.any():
        raise EstimationError(f"honest bounds: l_vec must be {n_post} finite numbers, not all zero; found {weights}")
    known = None if covariance is None else _checked(np.asarray(covariance, dtype=np.float64), n_pre + n_post)
    return EventStudy(points, known, n_pre, weights, gap)


def _checked(covariance: Floats, size: int) -> Floats:
    if covariance.shape != (size, size) or not np.isfinite(covariance).all():
        raise EstimationError(
            f"honest bounds: covariance has shape {covariance.shape}, expected is {(size, size)}, finite"
        )
    largest = float(np.abs(covariance).max())
    apart = np.abs(covariance - covariance.T)
    if apart.max() > _ASYMMETRY * largest:
        i, j = (int(k) for k in np.unravel_index(apart.argmax(), apart.shape))
        raise EstimationError(
            f"honest bounds: the covariance is not symmetric: row {i + 1}, column {j + 1} holds {covariance[i, j]:g}, row "
            f"{j + 1}, column {i + 1} holds {covariance[j, i]:g}; allowed is the same number in both"
        )
    even: Floats = (covariance + covariance.T) / 2
    variances = np.diag(even)
    if (variances <= 0).any():
        i = int(variances.argmin())
        raise EstimationError(
            f"honest bounds: the covariance is not positive semidefinite: row {i + 1} holds the variance {variances[i]:g} on its "
            "diagonal; allowed are numbers above zero"
        )
    if np.linalg.eigvalsh(even)[0] < -_ASYMMETRY * largest:
        raise EstimationError(
            "honest bounds: the covariance is not positive semidefinite: a combination of the coefficients would have a variance "
            "below zero; are these variances and covariances, not standard errors or correlations, in the order of the "
            "coefficients?"
        )
    return even
