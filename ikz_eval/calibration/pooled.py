"""The average over fields on drawn programmes: its estimate and CR2 as matrices on the outcomes of each field.

Holds how both follow from the fields' linear estimates, and what is counted in a chunk of draws. The average itself is
ikz_eval/inference/pooled.py; drawing and adding up is tally.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from ikz_eval.calibration.matrices import placed, score_matrix
from ikz_eval.calibration.worlds import Floats, Ints
from ikz_eval.estimate.observations import Flags
from ikz_eval.estimate.verdict import LARGEST_P
from ikz_eval.inference import LinearEstimates, average_of, satterthwaite


@dataclass(frozen=True, slots=True, eq=False)
class PooledFields:
    """An average over fields, prepared.

    Attributes
    ----------
    positions : tuple of int
        Its fields among those of the study.
    weights : tuple of ndarray
        How the outcomes of each field enter the estimate, each of shape (n,).
    scores : tuple of ndarray
        Their part in the scores of the regions and blocks, each of shape (G, n); the length of the sum is the standard error.
    df : float
        Degrees of freedom.
    """

    positions: tuple[int, ...]
    weights: tuple[Floats, ...]
    scores: tuple[Floats, ...]
    df: float


def prepare_pooled(positions: tuple[int, ...], levels: Sequence[tuple[LinearEstimates, Ints, int]]) -> PooledFields:
    """Prepare an average.

    Parameters
    ----------
    positions : tuple of int
        Its fields among those of the study.
    levels : sequence of (LinearEstimates, ndarray of int, int)
        Of each field: its estimate, the places of the estimate's rows among the rows drawn, and the number of those.
    """
    linear = average_of([part for part, _, _ in levels])
    ends = np.cumsum([part.n_obs for part, _, _ in levels])[:-1]
    weights = np.split(linear.weights[:, 0], ends)
    scores = np.split(score_matrix(linear, "cr2"), ends, axis=1)
    return PooledFields(
        positions,
        tuple(placed(part, rows, n) for part, (_, rows, n) in zip(weights, levels, strict=True)),
        tuple(placed(part, rows, n) for part, (_, rows, n) in zip(scores, levels, strict=True)),
        float(satterthwaite(linear, "cr2")[0]),
    )


def average_deviation(deviations: Sequence[float]) -> float:
    """Return the standard deviation of the average of independent estimates."""
    return float(np.sqrt(np.square(deviations).sum())) / len(deviations)


def pooled_counts(
    pooled: PooledFields,
    errors: Sequence[Floats],
    effects: Sequence[Floats],
    treated: Sequence[Flags],
    sizes: tuple[float, float],
) -> dict[str, float]:
    """Return what is counted of an average.

    Parameters
    ----------
    pooled : PooledFields
        The average.
    errors, effects : sequence of ndarray
        Of each of its fields: errors, shape (D, n), and what one unit of effect adds, shape (n,).
    treated : sequence of ndarray of bool
        Of each field: rows whose effect is averaged, shape (n,).
    sizes : (float, float)
        Effect in every field for ``power`` and for ``power_estimate`` [log points].
    """
    size, least = sizes
    draws = len(errors[0])
    found, p = average_p(pooled, _moved(errors, effects, size))
    off = [effect - rows for effect, rows in zip(effects, treated, strict=True)]
    covered = average_p(pooled, _moved(errors, off, size))[1] >= LARGEST_P
    return {
        "draws": draws,
        "tests": draws,
        "rejected": int((average_p(pooled, errors)[1] < LARGEST_P).sum()),
        "intervals": draws,
        "covered": int(covered.sum()),
        "power_tests": draws,
        "power_rejected": int((p < LARGEST_P).sum()),
        "power_estimate_tests": draws,
        "power_estimate_rejected": int((average_p(pooled, _moved(errors, effects, least))[1] < LARGEST_P).sum()),
        "bias_tests": draws,
        "error_sum": float((found - size).sum()),
        "error_squares": float(np.square(found - size).sum()),
    }


def average_p(pooled: PooledFields, outcomes: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return estimate and p (CR2) of the average on each draw, shapes (D,), from each field's outcomes, shape (D, n)."""
    estimate: Floats = np.sum([y @ c for y, c in zip(outcomes, pooled.weights, strict=True)], axis=0)
    scores = np.sum([y @ part.T for y, part in zip(outcomes, pooled.scores, strict=True)], axis=0)
    p: Floats = 2 * special.stdtr(pooled.df, -np.abs(estimate) / np.linalg.norm(scores, axis=1))
    return estimate, p


def _moved(errors: Sequence[Floats], effects: Sequence[Floats], size: float) -> list[Floats]:
    return [error + size * effect for error, effect in zip(errors, effects, strict=True)]
