"""Unit and period effects as columns, and which rows they can speak about.

Holds the dummies of the two-way model, its connected parts, and the working model by which inference measures the noise
of estimates made from a panel. Fitting is the methods' part.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ikz_eval.estimate.observations import Flags, Floats, Ints, Observations
from ikz_eval.inference.estimator import LinearEstimates
from ikz_eval.inference.linear import column_basis


def two_way_columns(unit: Ints, period: Ints, n_units: int, n_periods: int) -> Floats:
    """Return a dummy for each unit and each period code, shape (n, units + periods); rank is units + periods - parts.

    The columns repeat each other (both sets sum to one): only their span is meant to be used.
    """
    columns = np.zeros((unit.size, n_units + n_periods))
    rows = np.arange(unit.size)
    columns[rows, unit] = 1.0
    columns[rows, n_units + period] = 1.0
    return columns


def parts(unit: Ints, period: Ints, n_units: int, n_periods: int) -> tuple[Ints, Ints]:
    """Return the connected part of each unit and of each period in the rows given; -1 when absent from them.

    A unit and a period are connected when a row holds both. The untreated outcome of a unit in a period is identified
    from untreated rows exactly when both lie in the same part.
    """
    links = coo_array((np.ones(unit.size), (unit, n_units + period)), shape=(n_units + n_periods,) * 2)
    labels: NDArray[np.intp] = connected_components(links, directed=False)[1].astype(np.intp)
    present = np.zeros(n_units + n_periods, dtype=bool)
    present[unit] = True
    present[n_units + period] = True
    labels = np.where(present, labels, -1)
    return labels[:n_units], labels[n_units:]


def full_rank_columns(unit: Ints, period: Ints, n_units: int, n_periods: int) -> Flags:
    """Return which columns to keep for full rank: all present ones, less the first period of each connected part."""
    return independent_columns(*parts(unit, period, n_units, n_periods))


def independent_columns(unit_part: Ints, period_part: Ints) -> Flags:
    """Return the same for units and periods whose connected parts are known."""
    kept: Flags = np.concatenate([unit_part, period_part]) >= 0
    for part in np.unique(period_part[period_part >= 0]):
        kept[unit_part.size + int(np.flatnonzero(period_part == part)[0])] = False
    return kept


def untreated_columns(seen: Observations) -> Floats:
    """Return the columns of the no-effect model: unit and period effects, then the covariates."""
    two_way = two_way_columns(seen.unit, seen.period_code, len(seen.unit_names), seen.n_periods)
    return np.hstack([two_way, seen.covariates])


def working_columns(seen: Observations) -> Floats:
    """Return the columns of the working model: the no-effect model and one constant effect."""
    return np.column_stack([untreated_columns(seen), seen.treated.astype(np.float64)])


def panel_estimates(
    seen: Observations, terms: tuple[str, ...], weights: Floats, *, restricted: bool = False
) -> LinearEstimates:
    """Return estimates b = C'y of a panel with their working model, all in square-root-of-weight space.

    Parameters
    ----------
    seen : Observations
        Rows the estimates are made from.
    terms : tuple of str
        Name of each estimate.
    weights : ndarray
        C: how each outcome enters each estimate, shape (n, terms).
    restricted : bool
        Whether to hand on the no-effect model for the restricted bootstrap.
    """
    root = np.sqrt(seen.weight)[:, None]
    design = root * working_columns(seen)
    rank = column_basis(design).shape[1]
    present, cluster = np.unique(seen.cluster, return_inverse=True)
    return LinearEstimates(
        terms=terms,
        weights=weights / root,
        outcome=root[:, 0] * seen.outcome,
        design=design,
        cluster=cluster.astype(np.intp),
        cluster_names=tuple(seen.cluster_names[code] for code in present),
        # Units lie within clusters: fixest counts their effects as one constant.
        parameters=rank - seen.n_units + 1,
        parameters_full=rank,
        restricted=design[:, :-1] if restricted else None,
    )
