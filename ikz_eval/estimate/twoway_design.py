"""Unit and period effects as columns, and which rows they can speak about.

Holds the dummies of the two-way model and its connected parts. Fitting is the methods' part.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ikz_eval.estimate.observations import Flags, Floats, Ints


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
    unit_part, period_part = parts(unit, period, n_units, n_periods)
    kept: Flags = np.concatenate([unit_part, period_part]) >= 0
    for part in np.unique(period_part[period_part >= 0]):
        kept[n_units + int(np.flatnonzero(period_part == part)[0])] = False
    return kept
