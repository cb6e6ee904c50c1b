"""Tests as matrices on the outcomes: scores of a cluster-robust variance, cross-products of the wild bootstrap.

Holds how they follow from linear estimates; which estimates a design has is prepared.py.
"""

from dataclasses import dataclass

import numpy as np

from ikz_eval.calibration.worlds import Floats, Ints
from ikz_eval.inference import LinearEstimates
from ikz_eval.inference.sandwich import adjusted_weights, small_sample_factor
from ikz_eval.inference.wild_statistics import Prepared

KINDS = ("cr1", "cr1_full", "cr2", "cr3")
"""Cluster-robust variances that may be published, CR2 with Satterthwaite's degrees of freedom, the others with G-1."""
WILD = {"wild": "cr2", "wild_cr1": "cr1"}
"""Wild bootstrap WCR-11 by the variance in its t: that of the required test, and the usual one of ``ikz estimate``."""


@dataclass(frozen=True, slots=True, eq=False)
class Sandwich:
    """A cluster-robust test: its scores, shape (G, n), whose length is the standard error, and its degrees of freedom."""

    scores: Floats
    df: float


@dataclass(frozen=True, slots=True, eq=False)
class Bootstrap:
    """The restricted wild bootstrap of one estimate.

    Attributes
    ----------
    observed : ndarray
        Scores of the observed outcome, shape (G, n).
    numerators : ndarray
        Part of each cluster in a draw's estimate, shape (G, n).
    scores : ndarray
        Score of cluster r when the sign of cluster s is plus, shape (G, G, n).
    columns : ndarray of int
        Position of each cluster's sign in the signs shared by all fields, shape (G,).
    """

    observed: Floats
    numerators: Floats
    scores: Floats
    columns: Ints


def score_matrix(estimates: LinearEstimates, kind: str) -> Floats:
    """Return the rows a_r'(I-H)_r. with the root of the small-sample factor, shape (G, n)."""
    rows = np.zeros((estimates.n_clusters, estimates.n_obs))
    for row, members, a in zip(rows, estimates.members, adjusted_weights(estimates, kind), strict=True):
        row[members] = a[:, 0]
        row -= estimates.basis @ (estimates.basis[members].T @ a[:, 0])
    scaled: Floats = np.sqrt(small_sample_factor(estimates, kind)) * rows
    return scaled


def bootstrap_matrices(prepared: Prepared, columns: Ints, rows: Ints, n: int) -> Bootstrap:
    """Return the wild bootstrap of a prepared estimate whose rows stand at ``rows`` among n."""
    g, size = len(prepared.members), prepared.weights.size
    inside = np.zeros((g, size))
    for row, members in zip(inside, prepared.members, strict=True):
        row[members] = 1.0
    null = prepared.null_basis

    def without_null(matrix: Floats) -> Floats:
        rest: Floats = matrix - (matrix @ null) @ null.T
        return rest

    own = inside * prepared.adjusted
    scores = own - (own @ prepared.basis) @ prepared.basis.T
    return Bootstrap(
        placed(scores, rows, n),
        placed(without_null(inside * prepared.weights), rows, n),
        placed(np.array([without_null(inside * score) for score in scores]), rows, n),
        columns,
    )


def placed(matrix: Floats, rows: Ints, n: int) -> Floats:
    """Return the columns of a matrix at their places among n, zero elsewhere."""
    whole = np.zeros((*matrix.shape[:-1], n))
    whole[..., rows] = matrix
    return whole
