"""The exact path of a lasso: all minimisers of q'Gq/2 - c'q + penalty * sum of abs(q), as knots.

A computation that optimal fixed-length intervals need; knows nothing of event studies.
"""

import numpy as np

from ikz_eval.errors import EstimationError
from ikz_eval.inference.honest.study import Flags, Floats

_EVENT = 1e-12
"""Changes of the penalty smaller than this, relative to the largest, are the same event."""


def lasso_path(gram: Floats, linear: Floats) -> Floats:
    """Return the knots of the path from all zero (largest penalty) to no penalty, shape (knots, n).

    Parameters
    ----------
    gram : ndarray
        G, positive definite, shape (n, n).
    linear : ndarray
        c, shape (n,).

    Raises
    ------
    EstimationError
        If the path does not end, as with a singular G.

    References
    ----------
    .. [1] Osborne, M. R., Presnell, B., Turlach, B. A. (2000). A new approach to variable selection in least squares
       problems. *IMA Journal of Numerical Analysis* 20(3).
    """
    size = linear.size
    q = np.zeros(size)
    knots = [q]
    penalty = largest = float(np.abs(linear).max(initial=0.0))
    active, left = np.zeros(size, dtype=bool), -1
    sign = np.zeros(size)
    for _ in range(50 * (size + 1)):
        if penalty <= _EVENT * largest:
            return np.array(knots)
        rest = linear - gram @ q
        entering = ~active & (np.abs(rest) >= penalty * (1 - 1e-9))
        entering[left] &= left < 0
        if entering.any():
            one = int(np.flatnonzero(entering)[np.argmax(np.abs(rest[entering]))])
            active[one], sign[one] = True, np.sign(rest[one])
        step, leaves = _next_event(gram, rest, q, penalty, active, sign)
        direction = _direction(gram, active, sign)
        q = q + step * direction
        penalty -= step
        left = leaves
        if leaves >= 0:
            q[leaves], active[leaves] = 0.0, False
        knots.append(q)
    raise EstimationError("honest bounds: the covariance before the start is singular; leave periods out")


def _direction(gram: Floats, active: Flags, sign: Floats) -> Floats:
    """Return how the active entries move as the penalty falls by one."""
    direction = np.zeros(sign.size)
    if active.any():
        try:
            direction[active] = np.linalg.solve(gram[np.ix_(active, active)], sign[active])
        except np.linalg.LinAlgError as error:
            raise EstimationError(
                "honest bounds: the covariance before the start is singular; leave periods out"
            ) from error
    return direction


def _next_event(
    gram: Floats, rest: Floats, q: Floats, penalty: float, active: Flags, sign: Floats
) -> tuple[float, int]:
    """Return by how much the penalty falls until an entry enters or leaves, and which leaves (-1: none)."""
    direction = _direction(gram, active, sign)
    change = gram @ direction
    step, leaves = penalty, -1
    for j in np.flatnonzero(~active):
        for side in (1.0, -1.0):
            closing = 1 - side * change[j]
            distance = penalty - side * rest[j]
            if closing > 0 and _EVENT * penalty < distance and distance / closing < step:
                step, leaves = distance / closing, -1
    for j in np.flatnonzero(active & (q * direction < 0)):
        until = -q[j] / direction[j]
        if until < step:
            step, leaves = until, int(j)
    return float(step), leaves
