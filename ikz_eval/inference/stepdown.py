"""Step-down max-|t|: p values adjusted for several fields from draws shared by all of them.

For wild bootstrap and randomisation, where one sign vector or one permutation of labels serves every field. CR2 has no
draws and takes Holm (holm.py). Docs: docs/methods/multiple_fields.md.
"""

import numpy as np
from numpy.typing import ArrayLike

from ikz_eval.errors import EstimationError
from ikz_eval.inference.estimator import Floats

TIES = 1e-9
"""Statistics this close, relatively, are equal: ties count as at least as large."""


def step_down(observed: ArrayLike, draws: ArrayLike) -> Floats:
    """Return the adjusted p of each field, shape (f,).

    Parameters
    ----------
    observed : array_like
        t of each field, shape (f,); the sign does not matter.
    draws : array_like
        t of each field in each draw, shape (B, f), the observed draw among them. A row is one draw for all fields.

    Notes
    -----
    Fields are taken in falling |t|. The p of a field is the share of draws whose largest |t| among this field and those
    after it is at least the observed |t|, and never less than that of the field before.

    Raises
    ------
    EstimationError
        If shapes differ, there is no draw, or a value is nan.

    References
    ----------
    .. [1] Westfall, P. H., Young, S. S. (1993). *Resampling-based multiple testing*. Wiley.
    .. [2] Romano, J. P., Wolf, M. (2005). Exact and approximate stepdown methods for multiple hypothesis testing.
       *Journal of the American Statistical Association* 100(469).
    """
    t, drawn = np.abs(np.asarray(observed, dtype=np.float64)), np.abs(np.asarray(draws, dtype=np.float64))
    if drawn.ndim != 2 or t.shape != drawn.shape[1:] or drawn.shape[0] == 0:
        raise EstimationError(f"step-down: observed has shape {t.shape} and draws {drawn.shape}; expected (f,), (B, f)")
    if np.isnan(t).any() or np.isnan(drawn).any():
        raise EstimationError("step-down: a statistic is nan; leave out fields without a test")
    order = np.argsort(-t, kind="stable")
    largest = np.maximum.accumulate(drawn[:, order[::-1]], axis=1)[:, ::-1]
    shares = at_least(largest, t[order]).mean(axis=0)
    adjusted = np.empty_like(t)
    adjusted[order] = np.maximum.accumulate(shares)
    return adjusted


def at_least(drawn: Floats, observed: Floats | float) -> np.ndarray:
    """Return which drawn |t| are at least the observed |t|, ties counted."""
    reached: np.ndarray = drawn >= np.abs(observed) * (1 - TIES)
    return reached
