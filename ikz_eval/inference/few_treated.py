"""Few treated clusters, many comparison clusters: the error of an estimate from comparison clusters' residuals.

Holds the errors that treated clusters would make had they the residuals of each comparison cluster, Conley and Taber's
test, and the p and interval that follow from drawn errors. Errors whose variance changes with size are ferman_pinto.py.
Docs: docs/methods/conley_taber.md.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ikz_eval.errors import EstimationError
from ikz_eval.inference.attainable import DRAWS
from ikz_eval.inference.estimator import Floats, Ints, LinearEstimates
from ikz_eval.inference.stepdown import TIES, at_least

_NOTHING = 1e-12
"""Errors, or weights, below this relative to the outcome or the largest weight are rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class RowDesign:
    """What else is known of the rows of linear estimates: when, treated or not, and their sampling weight.

    Attributes
    ----------
    period : ndarray of int
        Period of each row as a code from 0, shape (n,).
    is_treated : ndarray of bool
        Whether the row is treated, shape (n,).
    weight : ndarray
        Sampling weight of each row, above zero, shape (n,).
    position : ndarray of int
        Position of each row in the table it was read from, shape (n,).
    """

    period: Ints
    is_treated: NDArray[np.bool_]
    weight: Floats
    position: Ints


@dataclass(frozen=True, slots=True)
class FewTreatedResult:
    """What a test with few treated clusters says of one estimate.

    Attributes
    ----------
    p : float
        Share of draws whose |error| is at least |estimate|, the observed one counted with them: (1 + count)/(1 + draws).
    low, high : float
        Ends of the interval by inversion, in units of the outcome; infinite where the draws are too few for its level.
    draws : int
        Errors drawn; all combinations when there are at most as many as asked for.
    is_exact : bool
        Whether all combinations were looked at.
    is_approximate : bool
        Whether clusters differ in their number of rows, so that their errors are hardly alike.
    treated_clusters, comparison_clusters : int
        Clusters whose treated rows have a weight in the estimate, and comparison clusters whose residuals were used.
    left_out : int
        Comparison clusters without a row in some period that is needed.
    """

    p: float
    low: float
    high: float
    draws: int
    is_exact: bool
    is_approximate: bool
    treated_clusters: int
    comparison_clusters: int
    left_out: int


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """How clusters would err with each other's residuals, for one estimate; a function of the outcome's residuals.

    Attributes
    ----------
    loads : ndarray
        Weight of the mean residual of each period in the error of each cluster, shape (G, T).
    cells : tuple of ndarray of int
        Cluster and period of each row, shape (n,) each.
    shares : ndarray
        Share of each row in the mean of its cluster and period, shape (n,).
    treated, donors : ndarray of int
        Codes of the clusters treated at some time whose rows have a weight, and of the comparison clusters whose residuals
        are used.
    n_treated : int
        Clusters among the first whose treated rows have a weight: the others only serve as not yet treated.
    left_out : int
        Comparison clusters that lack a period.
    """

    loads: Floats
    cells: tuple[Ints, Ints]
    shares: Floats
    treated: Ints
    donors: Ints
    n_treated: int
    left_out: int

    def errors(self, residuals: Floats) -> Floats:
        """Return the error of each cluster with the residuals of each donor, shape (G, donors, ...).

        Parameters
        ----------
        residuals : ndarray
            Residuals of the working model, shape (n,) or (n, R) for R outcomes.
        """
        means = np.zeros((*self.loads.shape, *residuals.shape[1:]))
        np.add.at(means, self.cells, (self.shares * residuals.T).T)
        found: Floats = np.tensordot(self.loads, means[self.donors], ([1], [1]))
        return found


def conley_taber(
    estimates: LinearEstimates, rows: RowDesign, *, draws: int = DRAWS, seed: int = 0, confidence: float = 0.95
) -> list[FewTreatedResult]:
    """Test each estimate against no effect by the residuals of comparison clusters.

    Parameters
    ----------
    estimates : LinearEstimates
        From a method; comparison clusters are those without a treated row.
    rows : RowDesign
        Period, treatment and weight of the same rows.
    draws, seed : int
        Errors drawn at random, and their seed, where there are more combinations of comparison clusters than that.
    confidence : float
        Of the interval.

    Notes
    -----
    Estimate less effect is taken as the sum over treated clusters of weights times errors; what the errors of comparison
    clusters add vanishes as their number grows. Needs errors that are independent over clusters, alike in distribution,
    and unrelated to the treatment.

    Raises
    ------
    EstimationError
        If there are no treated or fewer than two usable comparison clusters, or residuals are zero.

    References
    ----------
    .. [1] Conley, T. G., Taber, C. R. (2011). Inference with "difference in differences" with a small number of policy
       changes. *Review of Economics and Statistics* 93(1).
    """
    residuals, found = row_residuals(estimates, rows), []
    for term in range(len(estimates.terms)):
        exchange = exchange_of(estimates, rows, term)
        errors = exchange.errors(residuals)[exchange.treated]
        picks, is_exact = combinations(exchange.donors.size, exchange.treated.size, draws=draws, seed=seed)
        drawn = summed(errors, picks)
        found.append(counted(estimates, rows, term, exchange, drawn, confidence=confidence, is_exact=is_exact))
    return found


def row_residuals(estimates: LinearEstimates, rows: RowDesign) -> Floats:
    """Return residuals of the working model in units of the outcome, shape (n,)."""
    _require_rows(estimates, rows)
    unweighted: Floats = estimates.residuals / np.sqrt(rows.weight)
    return unweighted


def exchange_of(estimates: LinearEstimates, rows: RowDesign, term: int, *, all_draw: bool = False) -> Exchange:
    """Return how clusters would err with each other's residuals in one estimate.

    The rows of a cluster in a period share their weight equally: its error there is its weight times the (weighted) mean of
    the residuals. ``all_draw``: comparison clusters take residuals too, so that donors need their periods as well.
    """
    _require_rows(estimates, rows)
    shape = (estimates.n_clusters, int(rows.period.max()) + 1)
    cells = (estimates.cluster, rows.period)
    loads, weight = np.zeros(shape), np.zeros(shape)
    np.add.at(loads, cells, estimates.weights[:, term] * np.sqrt(rows.weight))
    np.add.at(weight, cells, rows.weight)
    has_treated = np.bincount(estimates.cluster[rows.is_treated], minlength=estimates.n_clusters) > 0
    is_loaded = np.abs(loads) > _NOTHING * float(np.abs(loads).max())
    treated = np.flatnonzero(has_treated & is_loaded.any(axis=1))
    needed = (is_loaded if all_draw else is_loaded[treated]).any(axis=0)
    is_complete = (weight[:, needed] > 0).all(axis=1)
    donors = np.flatnonzero(~has_treated & is_complete)
    _require_donors(estimates.terms[term], treated.size, donors.size, int((~has_treated).sum()))
    with_effect = estimates.cluster[rows.is_treated & is_loaded[cells]]
    left_out = int((~has_treated & ~is_complete).sum())
    return Exchange(loads, cells, rows.weight / weight[cells], treated, donors, np.unique(with_effect).size, left_out)


def combinations(n_donors: int, n_drawing: int, *, draws: int, seed: int) -> tuple[Ints, bool]:
    """Return which donor each drawing cluster takes in each draw, shape (B, drawing), and whether these are all."""
    if draws < 1:
        raise EstimationError(f"draws is {draws}; allowed are whole numbers from 1")
    if n_donors**n_drawing <= draws:
        every: Any = np.indices((n_donors,) * n_drawing).reshape(n_drawing, -1).T
        return every.astype(np.intp), True
    picked = np.random.default_rng(seed).integers(n_donors, size=(draws, n_drawing))
    return picked.astype(np.intp), False


def summed(errors: Floats, picks: Ints) -> Floats:
    """Return the error of the estimate in each draw, shape (B, ...), from the errors of each cluster with each donor."""
    total: Floats = np.zeros((len(picks), *errors.shape[2:]))
    for own, picked in zip(errors, picks.T, strict=True):
        total += own[picked]
    return total


def counted(
    estimates: LinearEstimates,
    rows: RowDesign,
    term: int,
    exchange: Exchange,
    drawn: Floats,
    *,
    confidence: float,
    is_exact: bool,
) -> FewTreatedResult:
    """Return p and interval of one estimate from drawn errors, shape (B,)."""
    estimate, size = float(estimates.estimates[term]), np.abs(drawn)
    if float(size.max()) <= _NOTHING * float(np.linalg.norm(estimates.outcome)):
        raise EstimationError(
            f"'{estimates.terms[term]}': residuals of the comparison clusters are zero; there is no noise to infer from"
        )
    reach = reach_of(size, confidence)
    numbers = np.bincount(estimates.cluster, minlength=estimates.n_clusters)
    involved = numbers[np.concatenate([exchange.treated, exchange.donors])]
    return FewTreatedResult(
        p_of(size, abs(estimate)), estimate - reach, estimate + reach, size.size, is_exact,
        bool((involved != involved[0]).any()), exchange.n_treated, exchange.donors.size, exchange.left_out,
    )  # fmt: skip


def p_of(sizes: Floats, observed: float) -> float:
    """Return the share of |errors| at least as large as the observed one, itself counted."""
    return (1 + int(at_least(sizes, observed).sum())) / (1 + sizes.size)


def reach_of(sizes: Floats, confidence: float) -> float:
    """Return how far from the estimate effects are not rejected: half the interval by inversion of :func:`p_of`."""
    if not 0 < confidence < 1:
        raise EstimationError(f"confidence is {confidence}; allowed is between 0 and 1")
    fewest = int(np.ceil((1 - confidence) * (1 + sizes.size) - TIES)) - 1
    return float(np.inf) if fewest <= 0 else float(np.sort(sizes)[-fewest])


def _require_rows(estimates: LinearEstimates, rows: RowDesign) -> None:
    shape = estimates.outcome.shape
    for name in ("period", "is_treated", "weight", "position"):
        if getattr(rows, name).shape != shape:
            raise EstimationError(f"rows: {name} has shape {getattr(rows, name).shape}, expected is {shape}")
    if not (rows.weight > 0).all() or rows.period.min() < 0:
        raise EstimationError("rows: weights must be above zero, and periods codes from 0")


def _require_donors(term: str, treated: int, donors: int, comparison: int) -> None:
    if treated == 0:
        raise EstimationError(f"'{term}': no treated cluster has a weight in it; there is no error to draw")
    if donors < 2:
        raise EstimationError(
            f"'{term}': {comparison} clusters are never treated and {donors} of them have a row in every period that is "
            "needed; allowed are 2 or more (many more to say anything): name a cluster that spans periods, or drop periods"
        )
