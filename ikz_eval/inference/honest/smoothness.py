"""Bounds when the difference in trends changes its slope by at most M a period (restriction SD).

Optimal fixed-length confidence intervals: affine estimators that are free of any linear trend, the one with the shortest
interval. Their worst bias is a sum of absolute values and their variance a quadratic form, so the estimators that trade
one for the other are the path of a lasso, computed exactly; M only picks the point on it. Docs: docs/methods/honest.md.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import optimize, special

from ikz_eval.inference.honest.lasso_path import lasso_path
from ikz_eval.inference.honest.study import EventStudy, Floats

_FLAT = 1e-10
"""Relative size under which a change of slope counts as rounding."""


def folded_normal_quantile(mean: float, probability: float) -> float:
    """Return the quantile of |N(mean, 1)|, exactly: HonestDiD draws a million numbers for it."""
    tail = 1 - probability
    low, high = (float(special.ndtri(p)) for p in (probability, 1 - tail / 2))
    shift = 2 * abs(mean)

    def excess(x: float) -> float:
        return float(special.ndtr(-x) + special.ndtr(-x - shift) - tail)

    if excess(low) <= 0:  # the far side is too far to count
        return abs(mean) + low
    if excess(high) >= 0:
        return abs(mean) + high
    return abs(mean) + float(optimize.brentq(excess, low, high, xtol=1e-14))


@dataclass(frozen=True, slots=True, eq=False)
class Frontier:
    """Estimators that no other one beats in both worst bias and variance, from least bias to least variance.

    Attributes
    ----------
    estimators : ndarray
        Weights of all coefficients at each knot, shape (knots, n_pre + n_post); between knots they are linear.
    biases : ndarray
        Worst bias at M = 1 at each knot, in periods times change of slope, shape (knots,); linear between knots.
    covariance : ndarray
        Of the coefficients.
    estimates : ndarray
        The coefficients.
    """

    estimators: Floats
    biases: Floats
    covariance: Floats
    estimates: Floats

    def interval(self, m: float, alpha: float) -> tuple[float, float]:
        """Return the shortest interval of fixed length at level 1 - alpha when slopes change by at most m."""
        estimator, half = self._shortest(m, alpha)
        centre = float(estimator @ self.estimates)
        return centre - half, centre + half

    def _shortest(self, m: float, alpha: float) -> tuple[Floats, float]:
        lengths = [self._half_length(knot, 0.0, m=m, alpha=alpha) for knot in range(self.biases.size)]
        best = int(np.argmin(lengths))
        found = (self.estimators[best], lengths[best])
        for left in (best - 1, best):
            if not 0 <= left < self.biases.size - 1:
                continue
            inside = optimize.minimize_scalar(
                partial(self._half_length, left, m=m, alpha=alpha),
                bounds=(0, 1),
                method="bounded",
                options={"xatol": 1e-9},
            )
            if inside.fun < found[1]:
                found = (self._between(left, float(inside.x)), float(inside.fun))
        return found

    def _half_length(self, knot: int, at: float, *, m: float, alpha: float) -> float:
        estimator = self._between(knot, at)
        bias = m * float(self.biases[knot])
        if at > 0:
            bias += m * at * float(self.biases[knot + 1] - self.biases[knot])
        error = float(np.sqrt(max(float(estimator @ self.covariance @ estimator), 0.0)))
        if error == 0:
            return bias
        return error * folded_normal_quantile(bias / error, 1 - alpha)

    def _between(self, knot: int, at: float) -> Floats:
        following = self.estimators[knot + 1] if at > 0 else 0.0
        mixed: Floats = (1 - at) * self.estimators[knot] + at * following
        return mixed


def frontier(study: EventStudy) -> Frontier:
    """Return the estimators worth considering, whatever M.

    An estimator weighs the coefficient k periods before the reference by a_k. It is free of linear trends when the sum of
    k a_k is that of t l_t after the start. With q_s = sum over k > s of (k - s) a_k, its worst bias is a constant plus the
    sum of abs(q_s), and a is a second difference of q.
    """
    assert study.covariance is not None
    n_pre = study.n_pre
    # Columns: q_0 (fixed), q_1 ... q_{n_pre-1}; row k - 1 is a_k = q_{k-1} - 2 q_k + q_{k+1}.
    turns = np.eye(n_pre) - 2 * np.eye(n_pre, k=1) + np.eye(n_pre, k=2)
    from_q = turns[::-1]  # estimates run from the earliest period to the latest
    slope = float(study.post_times @ study.weights)
    fixed = np.concatenate([from_q[:, 0] * slope, study.weights])
    free = np.vstack([from_q[:, 1:], np.zeros((study.n_post, n_pre - 1))])
    knots = lasso_path(free.T @ study.covariance @ free, -free.T @ study.covariance @ fixed)
    biases = _post_bias(study) + np.abs(knots).sum(axis=1)
    return Frontier(fixed + knots @ free.T, biases, study.covariance, study.estimates)


def identified_smoothness(study: EventStudy, m: float) -> tuple[float, float] | None:
    """Return the bounds if coefficients were free of error; None when their own turns before the start exceed m.

    The last slope before the start goes on, and may change by m in every period.
    """
    turns = np.abs(study.pre_turns)
    if turns.size and turns.max() > m + _FLAT * np.abs(study.estimates).max():
        return None
    centre = study.estimate - float(study.pre_steps[-1]) * float(study.post_times @ study.weights)
    reach = m * _post_bias(study)
    return centre - reach, centre + reach


def _post_bias(study: EventStudy) -> float:
    """Return how much turns of one unit from the reference on can move the parameter at most."""
    turned_at = np.arange(study.post_times[-1])
    reach = np.maximum(study.post_times[:, None] - turned_at, 0)
    return float(np.abs(study.weights @ reach).sum())
