"""Which treated rows an imputation term averages, and the standard error its paper gives.

Holds the weights of treated rows by term and the conservative variance of Borusyak, Jaravel and Spiess. Imputing itself
is imputation.py.
"""

import numpy as np

from ikz_eval.estimate.observations import Flags, Floats, Observations

AGGREGATIONS = ("simple", "dynamic", "group", "calendar", "none")


def term_weights(seen: Observations, average: str, aggregate: str) -> tuple[tuple[str, ...], Floats]:
    """Return the terms, ``ATT`` first, and the weight of each row's effect in each, shape (n, terms)."""
    treated = seen.treated
    terms: dict[str, Flags] = {"ATT": treated}
    start = np.where(treated, seen.start, 0.0)
    keys = {
        "simple": np.empty((seen.outcome.size, 0)),
        "dynamic": (seen.period - start)[:, None],
        "group": start[:, None],
        "calendar": seen.period[:, None],
        "none": np.column_stack([start, seen.period]),
    }[aggregate]
    if aggregate != "simple":
        for key in np.unique(keys[treated], axis=0):
            terms[_name(seen, aggregate, key)] = treated & (keys == key).all(axis=1)
    return tuple(terms), np.column_stack([_equal_weights(seen, rows, average) for rows in terms.values()])


def _name(seen: Observations, aggregate: str, key: Floats) -> str:
    if aggregate == "dynamic":
        return f"e={int(key[0])}"
    if aggregate == "none":
        return f"ATT({seen.name_of(key[0])},{seen.name_of(key[1])})"
    return f"{'g' if aggregate == 'group' else 't'}={seen.name_of(key[0])}"


def _equal_weights(seen: Observations, rows: Flags, average: str) -> Floats:
    """Weigh the rows by share and sampling weight: over all of them, or within each cluster and clusters the same."""
    counted: Floats = rows * seen.share * seen.weight
    if average == "observations":
        equal: Floats = counted / counted.sum()
        return equal
    total = np.bincount(seen.cluster, counted, minlength=len(seen.cluster_names))
    shares: Floats = counted / np.where(total > 0, total, 1.0)[seen.cluster] / (total > 0).sum()
    return shares


def conservative_errors(seen: Observations, counterfactual: Floats, weights: Floats, shares: Floats) -> Floats:
    """Return the paper's standard error of each term, shape (terms,).

    Root of the sum over clusters of (sum of c times residual) squared. The residual of a treated row is its effect less
    the average effect of its cohort and period, units weighted by their squared weight in the term (the default of
    the authors' program); it overstates the variance when effects differ within them.
    """
    treated = seen.treated
    effects = seen.outcome - counterfactual
    groups = np.unique(np.column_stack([seen.start, seen.period])[treated], axis=0, return_inverse=True)[1].ravel()
    errors = []
    for column, share in zip(weights.T, shares.T, strict=True):
        squares = share[treated] ** 2
        total = np.bincount(groups, squares)
        mean = np.bincount(groups, squares * effects[treated]) / np.where(total > 0, total, 1.0)
        residuals = effects.copy()
        residuals[treated] -= mean[groups]
        errors.append(np.sqrt((np.bincount(seen.cluster, column * residuals) ** 2).sum()))
    return np.array(errors)
