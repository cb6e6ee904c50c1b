"""The best-fitting weights on the simplex, exactly, and what else fits as well.

Least squares under weights >= 0 that sum to one is the point of a convex hull nearest to zero, which non-negative least
squares finds to machine precision. The early-stopping solver of the reference program is frank_wolfe.py.
"""

import numpy as np

from ikz_eval.errors import EstimationError
from ikz_eval.inference.estimator import Floats

NEARLY = 1e-9
"""Pull towards the starting point, relative to the mean squared distance of a donor: only decides between equal fits."""


def simplex_least_squares(columns: Floats, target: Floats, *, ridge: float = 0.0, near: Floats | None = None) -> Floats:
    """Return weights w >= 0 with sum one that minimise |columns w - target|^2 + ridge |w|^2, shape (k,).

    Parameters
    ----------
    columns : ndarray
        Shape (n, k).
    target : ndarray
        Shape (n,).
    ridge : float
        Penalty, in squared units of the target.
    near : ndarray, optional
        Of several best weights those closest to these are returned, shape (k,); equal weights when left out.

    Raises
    ------
    EstimationError
        If a value is not finite or there is no column.

    Notes
    -----
    As the weights sum to one, columns w - target = (columns - target 1') w =: B w. With u from
    min |B u|^2 + (1 - 1'u)^2 over u >= 0, w = u / 1'u meets the conditions of Kuhn and Tucker.

    References
    ----------
    .. [1] Lawson, C. L., Hanson, R. J. (1974). *Solving least squares problems*, ch. 23. Prentice-Hall.
    """
    from scipy import optimize

    if columns.ndim != 2 or columns.shape[1] == 0 or not (np.isfinite(columns).all() and np.isfinite(target).all()):
        raise EstimationError("weights: expected at least one column, and only finite values")
    count = columns.shape[1]
    apart = columns - target[:, None]
    scale = float((apart**2).sum(axis=0).mean()) or 1.0
    centre = np.full(count, 1 / count) if near is None else near
    pull = np.sqrt(NEARLY) * (np.eye(count) - centre[:, None])
    rows = np.vstack([apart / np.sqrt(scale), np.sqrt(ridge / scale) * np.eye(count), pull, np.ones(count)])
    wanted = np.zeros(len(rows))
    wanted[-1] = 1.0
    found, _ = optimize.nnls(rows, wanted, maxiter=100 * count)
    weights: Floats = found / found.sum()
    return weights


def equal_fit_range(columns: Floats, fitted: Floats, effect: Floats, tolerance: float) -> tuple[float, float]:
    """Return the least and the largest value of effect'w over all weights that fit as well.

    Parameters
    ----------
    columns : ndarray
        Shape (n, k).
    fitted : ndarray
        columns w of the best weights, shape (n,).
    effect : ndarray
        What is linear in the weights, shape (k,).
    tolerance : float
        Weights fit as well when columns w differs from ``fitted`` by no more than this in any row, above zero.

    Raises
    ------
    EstimationError
        If the linear programme is not solved.
    """
    from scipy import optimize

    count = columns.shape[1]
    bounds = np.concatenate([fitted + tolerance, tolerance - fitted])
    ends = []
    for sign in (1.0, -1.0):
        solved = optimize.linprog(
            sign * effect, A_ub=np.vstack([columns, -columns]) / tolerance, b_ub=bounds / tolerance,
            A_eq=np.ones((1, count)), b_eq=np.ones(1), bounds=(0, None), method="highs",
        )  # fmt: skip
        if not solved.success:
            raise EstimationError(f"weights that fit as well: the linear programme ended with: {solved.message}")
        ends.append(sign * float(solved.fun or 0.0))
    return ends[0], ends[1]
