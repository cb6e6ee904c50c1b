"""Cross-products by cluster for the wild bootstrap of any linear estimate, from its working model formed whole.

Holds the bootstrap's model and its residuals, plain or jackknifed. The statistics of the draws are cluster_scores.py; models
with absorbed effects that need not be formed are absorbed_scores.py; signs and counting are wild_bootstrap.py.
"""

from dataclasses import dataclass

import numpy as np

from ikz_eval.errors import EstimationError
from ikz_eval.inference.cluster_scores import ClusterScores, Quadratic, draw_statistics
from ikz_eval.inference.estimator import Floats, Ints, LinearEstimates
from ikz_eval.inference.linear import column_basis
from ikz_eval.inference.sandwich import adjusted_weights, jackknifed, require_clusters, small_sample_factor

_ZERO = 1e-12
"""A standard error below this, relative to what it could be, is zero up to rounding."""
_DRAWS_AT_ONCE = 8_192
_NOT_ORTHOGONAL = 1e-7
"""Part of the weights' length that may lie in the model of no effect, or must lie outside it."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the bootstrap of one estimate needs from the design; any outcome may follow.

    Attributes
    ----------
    term : str
        Name of the estimate.
    weights, adjusted : ndarray
        c and a (all a_r in place, with the root of the small-sample factor), shape (n,).
    basis, null_basis : ndarray
        Orthonormal bases of the working model and of the bootstrap's model.
    direction : ndarray
        What the bootstrap's model leaves of one unit of effect; zero in the unrestricted bootstrap, shape (n,).
    members : tuple of ndarray
        Rows of each cluster.
    is_jackknifed : bool
        Whether residuals are those of a cluster predicted from the others.
    """

    term: str
    weights: Floats
    adjusted: Floats
    basis: Floats
    null_basis: Floats
    direction: Floats
    members: tuple[Ints, ...]
    is_jackknifed: bool

    def statistics(self, outcome: Floats, signs: Floats) -> Quadratic:
        """Return the statistics over all draws, signs of shape (B, G)."""
        blocks = (signs[start : start + _DRAWS_AT_ONCE].T for start in range(0, len(signs), _DRAWS_AT_ONCE))
        return draw_statistics([self.scores(outcome)], blocks, effects=True)[0]

    def scores(self, outcome: Floats) -> ClusterScores:
        """Return an outcome and the design summed by cluster."""
        scores = self.adjusted * (outcome - self.basis @ (self.basis.T @ outcome))
        se = float(np.sqrt((np.array([scores[rows].sum() for rows in self.members]) ** 2).sum()))
        require_variance(self.term, se, outcome, self.adjusted)
        parts = np.column_stack([outcome - self.null_basis @ (self.null_basis.T @ outcome), self.direction])
        if self.is_jackknifed:
            parts = jackknifed(self.null_basis, self.members, parts)
        numerators = np.array([self.weights[rows] @ parts[rows] for rows in self.members])
        loads = np.array([self.adjusted[rows] @ self.basis[rows] for rows in self.members])
        own = np.array([self.adjusted[rows] @ parts[rows] for rows in self.members])
        inside = np.array([parts[rows].T @ self.basis[rows] for rows in self.members]).transpose(1, 0, 2)
        return ClusterScores(float(self.weights @ outcome), se, numerators, own, loads, inside)


def require_variance(term: str, se: float, outcome: Floats, adjusted: Floats) -> None:
    """Refuse an estimate whose residuals are rounding."""
    if se <= _ZERO * float(np.linalg.norm(outcome) * np.linalg.norm(adjusted)):
        raise EstimationError(f"'{term}': no residual variation is left; a bootstrap needs some")


def prepare(
    estimates: LinearEstimates, variance: str, residuals: str = "1", *, restricted: bool = True
) -> list[Prepared]:
    """Return what the bootstrap of each estimate needs from the design; see :class:`Prepared`."""
    require_clusters(estimates)
    adjusted = np.empty_like(estimates.weights)
    for rows, a in zip(estimates.members, adjusted_weights(estimates, variance), strict=True):
        adjusted[rows] = np.sqrt(small_sample_factor(estimates, variance)) * a
    return [
        _prepared(estimates, term, adjusted[:, term], residuals, restricted) for term in range(len(estimates.terms))
    ]


def _prepared(estimates: LinearEstimates, term: int, adjusted: Floats, residuals: str, restricted: bool) -> Prepared:
    name, c = estimates.terms[term], estimates.weights[:, term]
    if restricted:
        null_basis, direction = _null_model(estimates, name, c)
    else:
        null_basis, direction = estimates.basis, np.zeros_like(c)
    is_jackknifed = residuals == "3"
    return Prepared(name, c, adjusted, estimates.basis, null_basis, direction, estimates.members, is_jackknifed)


def _null_model(estimates: LinearEstimates, name: str, c: Floats) -> tuple[Floats, Floats]:
    """Return a basis of the model of no effect, and what it leaves of one unit of effect.

    The effect's direction d is the projection of c on the part of the design's span outside the null model, scaled to
    c'd = 1: in least squares the tested regressor less what the others explain.
    """
    basis = estimates.basis
    if estimates.restricted is None:
        load = basis.T @ c
        turned = np.linalg.qr(np.column_stack([load, np.eye(load.size)]))[0]
        null_basis: Floats = basis @ turned[:, 1:]
    else:
        null_basis = column_basis(estimates.restricted)
    inside = null_basis.T @ c
    direction: Floats = basis @ (basis.T @ c) - null_basis @ inside
    size, length = float(c @ direction), float(c @ c)
    if float(inside @ inside) > _NOT_ORTHOGONAL**2 * length:
        raise EstimationError(f"'{name}' moves with the model of no effect; it cannot be the null model")
    if size <= _NOT_ORTHOGONAL * length:
        raise EstimationError(f"'{name}': the working model has no column for this effect")
    return null_basis, direction / size
