"""Donald-Lang: one number a region, then an ordinary t test between regions.

Holds the change of each region over its start and the two-sample t test of these changes. With independent normal
region shocks of equal variance the test is exact however few regions there are.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ikz_eval.errors import EstimationError
from ikz_eval.inference.estimator import Floats
from ikz_eval.inference.sandwich import CoefficientInference, t_inference


def donald_lang(changes: ArrayLike, treated: ArrayLike, *, confidence: float = 0.95) -> CoefficientInference:
    """Compare the mean change of treated regions with that of comparison regions.

    Parameters
    ----------
    changes : array_like
        One number a region, see :func:`region_changes`, shape (G,).
    treated : array_like of bool
        Whether the region is treated, shape (G,).
    confidence : float
        Of the interval.

    Notes
    -----
    Equal variances, pooled; G-2 degrees of freedom.

    Raises
    ------
    EstimationError
        If a group is empty, there are fewer than three regions, a change is not finite, or all changes within the groups
        are equal.

    References
    ----------
    .. [1] Donald, S. G., Lang, K. (2007). Inference with difference-in-differences and other panel data. *Review of
       Economics and Statistics* 89(2).
    """
    values, flags = np.asarray(changes, dtype=np.float64), np.asarray(treated, dtype=bool)
    if values.ndim != 1 or values.shape != flags.shape or not np.isfinite(values).all():
        raise EstimationError("Donald-Lang needs one finite change and one flag for each region")
    ours, others = values[flags], values[~flags]
    df = values.size - 2
    if min(ours.size, others.size) < 1 or df < 1:
        raise EstimationError(
            f"{ours.size} treated and {others.size} comparison regions; Donald-Lang needs both, and three in all"
        )
    pooled = (((ours - ours.mean()) ** 2).sum() + ((others - others.mean()) ** 2).sum()) / df
    if not pooled > 0:
        raise EstimationError("regions of a group all changed alike; there is no noise to infer from")
    se = float(np.sqrt(pooled * (1 / ours.size + 1 / others.size)))
    return t_inference(float(ours.mean() - others.mean()), se, float(df), confidence=confidence)


def region_changes(means: ArrayLike, starts: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the change of each region and whether it is treated, from region means.

    A treated region's change is its mean from its start on less its mean before. A comparison region, which has no
    start, changes at each treated region's start in turn, and these changes are averaged: the difference of the group
    means is the average over treated regions of the usual two-by-two comparison with all comparison regions.

    Parameters
    ----------
    means : array_like
        Mean outcome of each region and period, shape (G, T); nan where there is none.
    starts : array_like
        Position of the first treated period of each region; infinite when never, shape (G,).

    Raises
    ------
    EstimationError
        If no region is treated, or a region has no value before or after a start.
    """
    table, first = np.asarray(means, dtype=np.float64), np.asarray(starts, dtype=np.float64)
    if table.ndim != 2 or first.shape != table.shape[:1]:
        raise EstimationError(f"region means have shape {table.shape} and starts {first.shape}; expected (G, T), (G,)")
    treated = np.isfinite(first)
    if not treated.any():
        raise EstimationError("no region is treated; Donald-Lang has nothing to compare")
    splits = {start: _changes_at(table, start) for start in np.unique(first[treated])}
    average = np.mean([splits[start] for start in first[treated]], axis=0)
    changes: Floats = np.array(
        [splits[start][row] if start in splits else average[row] for row, start in enumerate(first)]
    )
    if np.isnan(changes).any():
        raise EstimationError(
            f"region {int(np.flatnonzero(np.isnan(changes))[0])} has no value before or after a start"
        )
    return changes, treated


def _changes_at(table: Floats, start: float) -> Floats:
    after = np.arange(table.shape[1]) >= start
    return _row_means(table[:, after]) - _row_means(table[:, ~after])


def _row_means(part: Floats) -> Floats:
    """Return the mean of the values present in each row, nan where there is none."""
    present = np.isfinite(part)
    count = present.sum(axis=1)
    total = np.where(present, part, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
