"""Few treated clusters of unequal size: comparison residuals rescaled to the size of the cluster that takes them.

Holds the variance of the aggregated residual as a function of size, and Ferman and Pinto's test. How clusters would err
with each other's residuals is few_treated.py. Docs: docs/methods/ferman_pinto.md.
"""

import numpy as np

from ikz_eval.errors import EstimationError
from ikz_eval.inference.attainable import DRAWS
from ikz_eval.inference.estimator import Floats, LinearEstimates
from ikz_eval.inference.few_treated import (
    Exchange,
    FewTreatedResult,
    RowDesign,
    combinations,
    counted,
    exchange_of,
    row_residuals,
    summed,
)


def ferman_pinto(
    estimates: LinearEstimates,
    rows: RowDesign,
    size: Floats,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
) -> list[FewTreatedResult]:
    """Test each estimate against no effect by comparison residuals, their variance depending on size.

    Parameters
    ----------
    estimates, rows, draws, seed, confidence
        As for :func:`ikz_eval.inference.conley_taber`.
    size : ndarray
        Size of each row's unit in the row's period, above zero (cases, inhabitants; 1 to count units), shape (n,). A
        cluster's size is the sum over its rows of a period, averaged over its periods.

    Notes
    -----
    The variance of a cluster's aggregated residual is a + b/size with a, b >= 0, fitted over comparison clusters by least
    squares. Every cluster, comparison ones too, takes the residual of a comparison cluster drawn with replacement, times the
    root of the ratio of the two variances. Needs errors that are independent over clusters and alike once divided by that
    root.

    Raises
    ------
    EstimationError
        If a size is not above zero, there are no treated or fewer than three usable comparison clusters, or residuals are
        zero.

    References
    ----------
    .. [1] Ferman, B., Pinto, C. (2019). Inference in differences-in-differences with few treated groups and
       heteroskedasticity. *Review of Economics and Statistics* 101(3).
    """
    sizes = cluster_sizes(estimates, rows, size)
    residuals, found = row_residuals(estimates, rows), []
    for term in range(len(estimates.terms)):
        exchange = exchange_of(estimates, rows, term, all_draw=True)
        errors = rescaled(exchange, exchange.errors(residuals), sizes, estimates.terms[term])
        picks, is_exact = combinations(exchange.donors.size, len(errors), draws=draws, seed=seed)
        drawn = summed(errors, picks)
        found.append(counted(estimates, rows, term, exchange, drawn, confidence=confidence, is_exact=is_exact))
    return found


def cluster_sizes(estimates: LinearEstimates, rows: RowDesign, size: Floats) -> Floats:
    """Return the size of each cluster, shape (G,): sum over its rows of a period, averaged over its periods."""
    if size.shape != estimates.outcome.shape:
        raise EstimationError(f"size has shape {size.shape}, expected is {estimates.outcome.shape}")
    if not ((size > 0) & np.isfinite(size)).all():
        wrong = size[~((size > 0) & np.isfinite(size))][0]
        raise EstimationError(f"size holds {wrong:g} in a row that is used; allowed are finite numbers above zero")
    periods = [np.unique(rows.period[own]).size for own in estimates.members]
    sizes: Floats = np.bincount(estimates.cluster, size, minlength=estimates.n_clusters) / np.array(periods)
    return sizes


def rescaled(exchange: Exchange, errors: Floats, sizes: Floats, term: str) -> Floats:
    """Return errors, shape (G, donors, ...), each times the root of the ratio of the taker's variance to the donor's."""
    if exchange.donors.size < 3:
        raise EstimationError(
            f"'{term}': {exchange.donors.size} comparison clusters are usable; a variance with two parameters needs 3 or more"
        )
    inverse, further = 1 / sizes, (1,) * (errors.ndim - 2)
    a, b = variance_by_size(errors**2, inverse[exchange.donors])
    own = a + b * inverse.reshape((-1, *further))
    donor = a[:, None] + b[:, None] * inverse[exchange.donors].reshape((1, -1, *further))
    # A variance of zero means that all squares are zero: nothing is to be rescaled.
    ratio = np.divide(own[:, None], donor, out=np.ones_like(errors), where=donor > 0)
    scaled: Floats = errors * np.sqrt(ratio)
    return scaled


def variance_by_size(squares: Floats, inverse: Floats) -> tuple[Floats, Floats]:
    """Fit squares by a + b/size with a, b >= 0.

    Parameters
    ----------
    squares : ndarray
        Squared errors with each donor, shape (G, donors, ...).
    inverse : ndarray
        1/size of the donors, shape (donors,).

    Returns
    -------
    a, b : ndarray
        Shapes (G, ...). Where sizes do not differ, b is zero.
    """
    x = inverse.reshape((1, -1) + (1,) * (squares.ndim - 2))
    flat, ray = squares.mean(axis=1), (x * squares).sum(axis=1) / float((inverse**2).sum())
    spread = float(((inverse - inverse.mean()) ** 2).sum())
    if spread <= 1e-20 * float((inverse**2).sum()):
        return flat, np.zeros_like(flat)
    b = ((x - inverse.mean()) * squares).sum(axis=1) / spread
    a = flat - b * inverse.mean()
    # Squares are not negative, so a and b are never both below zero: the nearest edge is the one that binds.
    a_fit = np.where(b < 0, flat, np.where(a < 0, 0.0, a))
    b_fit = np.where(b < 0, 0.0, np.where(a < 0, ray, b))
    return a_fit, b_fit
