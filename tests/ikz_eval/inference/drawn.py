"""Small drawn regressions with unequal clusters, for every test of inference."""

import numpy as np

from ikz_eval.inference import LinearEstimates


def regression(seed, *, sizes=(3, 8, 4, 6, 5, 7), effects="none", effect=0.0):
    """Return a regression's estimates of two slopes; one regressor is constant within half of the clusters.

    ``effects``: none (a constant), cluster, or two-way (cluster and the position within it).
    """
    draw = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    position = np.concatenate([np.arange(size) for size in sizes])
    first = draw.normal(size=cluster.size) + (cluster % 2) * draw.normal(size=len(sizes))[cluster]
    columns = [first, draw.normal(size=cluster.size)]
    absorbed = {"none": [np.ones(cluster.size)], "cluster": [np.eye(len(sizes))[cluster]]}
    absorbed["two-way"] = [*absorbed["cluster"], np.eye(max(sizes))[position]]
    design = np.column_stack([*columns, *absorbed[effects]])
    outcome = effect * first + draw.normal(size=cluster.size) + draw.normal(size=len(sizes))[cluster]
    return least_squares(design, outcome, cluster, tested=2)


def least_squares(design, outcome, cluster, *, tested=1):
    """Return the estimates of the first ``tested`` coefficients."""
    rank = int(np.linalg.matrix_rank(design))
    groups = int(cluster.max()) + 1
    return LinearEstimates(
        terms=tuple(f"x{i}" for i in range(tested)),
        weights=np.linalg.pinv(design)[:tested].T,
        outcome=outcome,
        design=design,
        cluster=cluster,
        cluster_names=tuple(f"g{i}" for i in range(groups)),
        parameters=rank,
        parameters_full=rank,
    )


def left_over(design):
    """Return I - H in full, by pseudo-inverse."""
    return np.eye(len(design)) - design @ np.linalg.pinv(design)


def robust_t(design, outcome, cluster, term, variance):
    """Fit anew and return coefficient and t, by definition in full matrices: CR1 (no factor), CR2 or CR3."""
    weights, rest = np.linalg.pinv(design)[term], left_over(design)
    residual = rest @ outcome
    total = 0.0
    for code in np.unique(cluster):
        rows = np.flatnonzero(cluster == code)
        block = rest[np.ix_(rows, rows)]
        if variance == "cr2":
            left, values, _ = np.linalg.svd(block)
            adjust = (left * np.where(values > 1e-9, 1 / np.sqrt(np.maximum(values, 1e-9)), 0.0)) @ left.T
        else:
            adjust = np.linalg.pinv(block, rcond=1e-9) if variance == "cr3" else np.eye(rows.size)
        total += (weights[rows] @ adjust @ residual[rows]) ** 2
    return weights @ outcome, weights @ outcome / np.sqrt(total)
