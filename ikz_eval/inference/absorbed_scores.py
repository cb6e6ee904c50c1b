"""Cross-products by cluster for the wild bootstrap 11 of least squares with absorbed effects, which are never formed.

Holds the case that grows: many clusters, absorbed effects of which one dimension lies within the clusters. Everything comes
from sums by cluster and level. All other working models are formed whole in wild_statistics.py. Docs: docs/methods/speed.md.
"""

import numpy as np

from ikz_eval.inference.absorb import LARGEST_REST, Absorbed, absorbed
from ikz_eval.inference.cluster_scores import ClusterScores
from ikz_eval.inference.estimator import Floats, Ints, LinearEstimates
from ikz_eval.inference.sandwich import require_clusters, small_sample_factor
from ikz_eval.inference.wild_statistics import require_variance

_KINDS = ("cr0", "cr1", "cr1_full")


def absorbed_scores(
    estimates: LinearEstimates, variance: str, residuals: str, *, restricted: bool
) -> list[ClusterScores] | None:
    """Return the cross-products of each estimate, or None where the working model has to be formed whole.

    That is so without absorbed effects, with CR2 or CR3 or jackknifed residuals, with a model of no effect of its own, or
    where no absorbed dimension lies within the clusters.

    Notes
    -----
    All of c, e and the direction c / c'c are free of the effects F of the dimension within clusters, and so is each
    cluster's part of them. Hence H_rs acts as D_r S^- D_s' + X_r (X'X)^-1 X_s': D are the dummies of the other dimensions,
    S their Schur complement (ikz_eval/inference/absorb.py), X the regressors free of all effects.
    """
    if estimates.absorbed is None or variance not in _KINDS or residuals != "1" or estimates.restricted is not None:
        return None
    within = _within_first(estimates.absorbed, estimates.cluster)
    if within is None:
        return None
    require_clusters(estimates)
    factor = np.sqrt(small_sample_factor(estimates, variance))
    rest = _sums(estimates, within, estimates.residuals)
    return [_of_term(estimates, within, term, factor, rest, restricted) for term in range(len(estimates.terms))]


def _of_term(
    estimates: LinearEstimates, within: Absorbed, term: int, factor: float, rest: Floats, restricted: bool
) -> ClusterScores:
    c, e = np.ascontiguousarray(estimates.weights[:, term]), estimates.residuals
    estimate = float(c @ estimates.outcome)
    shares, squares = (np.bincount(estimates.cluster, c * each, minlength=estimates.n_clusters) for each in (e, c))
    se = factor * float(np.linalg.norm(shares))
    require_variance(estimates.terms[term], se, estimates.outcome, factor * c)
    own = _sums(estimates, within, c)
    length = float(c @ c)
    direction, step = (own / length, squares / length) if restricted else (np.zeros_like(own), np.zeros_like(squares))
    numerators = np.column_stack([shares + estimate * step, step])
    inside = np.stack([rest + estimate * direction, direction])
    k = within.solver.shape[0]
    design = estimates.design
    loads = np.column_stack([own[:, :k] @ within.solver, own[:, k:] @ np.linalg.inv(design.T @ design)])
    return ClusterScores(estimate, se, numerators, factor * numerators, factor * loads, inside)


def _sums(estimates: LinearEstimates, within: Absorbed, values: Floats) -> Floats:
    """Return D_r'v_r and X_r'v_r of each cluster side by side, shape (G, K)."""
    by_level = within.rest_sums_by(estimates.cluster, estimates.n_clusters, values)
    return np.column_stack([by_level, estimates.sums_by_cluster(values[:, None] * estimates.design)])


def _within_first(effects: Absorbed, cluster: Ints) -> Absorbed | None:
    """Return the effects with a dimension first whose levels each lie within one cluster; None where there is none."""
    for place, codes in enumerate(effects.codes):
        first = np.zeros(effects.levels[place], dtype=np.intp)
        first[codes] = cluster
        if not (first[codes] == cluster).all():
            continue
        if place == 0:
            return effects
        others = [each for other, each in enumerate(effects.codes) if other != place]
        if sum(effects.levels) - effects.levels[place] <= LARGEST_REST:
            return absorbed([codes, *others], effects.root)
    return None
