"""The cluster-robust covariance of several linear estimates together, as honest bounds and joint tests need it.

The variances on its diagonal are those of sandwich.py. Docs: docs/methods/cluster_robust.md.
"""

import numpy as np

from ikz_eval.inference.estimator import Floats, LinearEstimates
from ikz_eval.inference.sandwich import adjusted_weights, require_clusters, small_sample_factor


def cluster_scores(estimates: LinearEstimates, kind: str) -> Floats:
    """Return each cluster's part of the error of each estimate, shape (G, m), without the factor of ``cr1``."""
    rest = estimates.residuals
    adjusted = adjusted_weights(estimates, kind)
    return np.array([rest[rows] @ a for rows, a in zip(estimates.members, adjusted, strict=True)])


def cluster_covariance(estimates: LinearEstimates, kind: str) -> Floats:
    """Return the covariance of the estimates, shape (m, m).

    Parameters
    ----------
    estimates : LinearEstimates
        m estimates over G clusters; the rank is at most G, so more estimates than clusters make it singular.
    kind : str
        One of :data:`ikz_eval.inference.sandwich.KINDS`.

    Raises
    ------
    EstimationError
        If the kind is unknown or there are fewer than two clusters.
    """
    require_clusters(estimates)
    scores = cluster_scores(estimates, kind)
    covariance: Floats = small_sample_factor(estimates, kind) * scores.T @ scores
    return covariance
