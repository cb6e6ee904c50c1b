"""How much single clusters weigh in an estimate, and as how many equal clusters they count.

Holds partial leverage and the effective number of clusters; no outcome enters. Docs: docs/methods/cluster_robust.md.
"""

from dataclasses import dataclass

import numpy as np

from ikz_eval.errors import EstimationError
from ikz_eval.inference.estimator import Floats, LinearEstimates

_CANCELS = 1e-10
"""Sums of weights by cluster below this, relative to their length, are zero up to rounding."""


@dataclass(frozen=True, slots=True)
class ClusterLeverage:
    """Weight of each cluster in one estimate.

    Attributes
    ----------
    partial : dict of str to float
        Share of each cluster in the sum of squares of c; adds up to one. For least squares the partial leverage.
    rank : dict of str to float
        Leverage of each cluster in the working model: trace of H_rr; adds up to the rank of the design.
    effective : float
        Effective number of clusters with independent rows, between 1 and G.
    effective_shared : float or None
        The same with a shock shared by all rows of a cluster; None where effects absorbed by cluster cancel it.
    """

    partial: dict[str, float]
    rank: dict[str, float]
    effective: float
    effective_shared: float | None


def cluster_leverage(estimates: LinearEstimates) -> list[ClusterLeverage]:
    """Return the leverage of the clusters in each estimate.

    References
    ----------
    .. [1] Carter, A. V., Schnepel, K. T., Steigerwald, D. G. (2017). Asymptotic behavior of a t-test robust to cluster
       heterogeneity. *Review of Economics and Statistics* 99(4).
    .. [2] MacKinnon, J. G., Nielsen, M. O., Webb, M. D. (2023). Leverage, influence, and the jackknife in clustered
       regression models. *Stata Journal* 23(4).
    """
    names = estimates.cluster_names
    rank = _by_cluster(estimates, (estimates.basis**2).sum(axis=1))
    found = []
    for term, c in zip(estimates.terms, estimates.weights.T, strict=True):
        squares = _by_cluster(estimates, c**2)
        if squares.sum() <= 0:
            raise EstimationError(f"'{term}': every weight is zero; no cluster has leverage")
        sums = _by_cluster(estimates, c)
        cancels = (sums**2).sum() <= _CANCELS**2 * squares.sum()
        found.append(
            ClusterLeverage(
                _named(names, squares / squares.sum()),
                _named(names, rank),
                effective_number(squares),
                None if cancels else effective_number(sums**2),
            )
        )
    return found


def effective_number(parts: Floats) -> float:
    """Return G / (1 + V): V is the squared coefficient of variation of the clusters' parts in the variance."""
    mean = float(parts.mean())
    if not mean > 0:
        raise EstimationError("no cluster has a part in the variance; there is no effective number of clusters")
    return float(parts.size / (1 + ((parts - mean) ** 2).mean() / mean**2))


def _by_cluster(estimates: LinearEstimates, values: Floats) -> Floats:
    sums = np.bincount(estimates.cluster, values, minlength=estimates.n_clusters)
    return np.asarray(sums, dtype=np.float64)


def _named(names: tuple[str, ...], values: Floats) -> dict[str, float]:
    return {name: float(value) for name, value in zip(names, values, strict=True)}
