"""The wild cluster bootstrap of one estimate on thousands of outcomes at once, for the sizes of other scripts.

The statistic is that of ikz_eval/inference/cluster_scores.py, whose module doc gives the algebra; there one outcome meets all
draws of signs, here many outcomes meet the same signs. Scripts that use it check a few outcomes against ``wild_bootstrap``.
"""

import numpy as np

from ikz_eval.inference.estimator import Floats
from ikz_eval.inference.sandwich import jackknifed
from ikz_eval.inference.stepdown import at_least
from ikz_eval.inference.wild_statistics import Prepared

CELLS = 2**20
"""Statistics held at once: outcomes times draws of signs times clusters."""


def wild_p(prepared: Prepared, outcomes: Floats, signs: Floats) -> Floats:
    """Return the p of no effect of each outcome, ties counted.

    Parameters
    ----------
    prepared : Prepared
        The estimate's design.
    outcomes : ndarray
        One outcome a column, shape (n, outcomes).
    signs : ndarray
        Of ``sign_draws``, shape (B, G): all there are, or drawn ones, to which the observed is added.
    """
    draws, groups = signs.shape
    step = max(CELLS // signs.size, 1)
    parts = [_larger(prepared, outcomes[:, k : k + step], signs) for k in range(0, outcomes.shape[1], step)]
    count = np.concatenate(parts)
    p: Floats = count / draws if draws == 2**groups else (1 + count) / (1 + draws)
    return p


def _larger(prepared: Prepared, outcomes: Floats, signs: Floats) -> Floats:
    """Return in how many draws |t| is at least the observed one, shape (outcomes,)."""
    basis, members, a, c = prepared.basis, prepared.members, prepared.adjusted, prepared.weights
    rest = outcomes - basis @ (basis.T @ outcomes)
    errors = np.sqrt((np.array([a[rows] @ rest[rows] for rows in members]) ** 2).sum(axis=0))
    parts = outcomes - prepared.null_basis @ (prepared.null_basis.T @ outcomes)
    if prepared.is_jackknifed:
        parts = jackknifed(prepared.null_basis, members, parts)
    loads = np.array([a[rows] @ basis[rows] for rows in members])
    matrix = -np.array([loads @ (basis[rows].T @ parts[rows]) for rows in members])  # cluster s, score r, outcome
    which = np.arange(len(members))
    matrix[which, which] += np.array([a[rows] @ parts[rows] for rows in members])
    numerators = np.array([c[rows] @ parts[rows] for rows in members])
    scores = np.tensordot(signs, matrix, axes=1)
    drawn = np.abs(signs @ numerators) / np.sqrt((scores**2).sum(axis=1))
    count: Floats = at_least(drawn, np.abs(c @ outcomes) / errors).sum(axis=0).astype(np.float64)
    return count
