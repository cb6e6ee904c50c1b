"""Minimum detectable effects: what a test could have found at all.

Holds the effect of the CR2 test alone, and the effect that passes CR2, wild bootstrap and randomisation together,
adjusted over fields. Docs: docs/methods/detectable_effect.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from ikz_eval.errors import EstimationError
from ikz_eval.inference.attainable import DRAWS
from ikz_eval.inference.bootstrap_weights import sign_draws
from ikz_eval.inference.cluster_scores import Quadratic
from ikz_eval.inference.estimator import Floats, LinearEstimates
from ikz_eval.inference.holm import holm
from ikz_eval.inference.sandwich import satterthwaite
from ikz_eval.inference.stepdown import step_down
from ikz_eval.inference.wild_statistics import prepare

_DOUBLINGS, _HALVINGS = 6, 12

Passes = Callable[[Floats], bool]
"""A further requirement: from an outcome, shape (n,), to whether it is met."""


@dataclass(frozen=True, slots=True)
class Reassigned:
    """The estimator under each assignment of start paths, the observed one first.

    Attributes
    ----------
    weights : ndarray
        c of each assignment, shape (A, n).
    scores : ndarray
        P of each assignment (:func:`ikz_eval.inference.score_rows`), shape (A, G, n).
    """

    weights: Floats
    scores: Floats

    def parts(self, outcome: Floats) -> tuple[Floats, Floats]:
        """Return coefficient, shape (A,), and scores, shape (A, G), of each assignment for an outcome."""
        coefficient: Floats = self.weights @ outcome
        return coefficient, self.scores @ outcome


@dataclass(frozen=True, slots=True)
class _Draw:
    """One set of drawn noise: bootstrap statistics of each field, and coefficients and scores under reassignment."""

    noise: Floats
    wild: Sequence[Quadratic]
    reassigned: Sequence[tuple[Floats, Floats]]


def minimum_detectable(se: float, df: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return the smallest effect a two-sided t test finds with the given power, in units of ``se``.

    (t_{1-alpha/2, df} + t_{power, df}) se, after Bloom (1995), "Minimum detectable effects", *Evaluation Review* 19(5).

    Raises
    ------
    EstimationError
        If ``se`` is negative or ``df`` not positive.
    """
    if not (se >= 0 and df > 0):
        raise EstimationError(f"standard error {se} and degrees of freedom {df}: allowed are se >= 0 and df > 0")
    return float(special.stdtrit(df, 1 - alpha / 2) + special.stdtrit(df, power)) * se


def minimum_supported(
    estimates: LinearEstimates,
    se: float,
    *,
    effect: Floats,
    fields: int = 1,
    reassigned: Reassigned | None = None,
    also: Passes | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
    simulations: int = 400,
    draws: int = DRAWS,
    seed: int = 0,
) -> float:
    """Return the smallest effect that passes all tests together with the given power, in units of the outcome.

    Normal noise, independent over rows, is drawn for every field; an effect is added to the first field and none to
    the others. It passes when CR2 (Holm over fields), the wild bootstrap 11 with CR2 denominator and randomisation-t
    (both step-down over fields) are below ``alpha`` with the right sign. The smallest such effect, found by halving and
    counted in standard deviations of the estimate, is multiplied by ``se``: as with the effect of CR2 alone, shocks
    shared within clusters enter through the standard error.

    Parameters
    ----------
    estimates : LinearEstimates
        One estimate; its outcome does not enter.
    se : float
        CR2 standard error of the estimate.
    effect : ndarray
        What one unit of effect adds to each row: the constant-effect column, shape (n,).
    fields : int
        Number of fields adjusted for, all with this design.
    reassigned : Reassigned, optional
        For randomisation; the test is left out without it.
    also : callable, optional
        Further requirements (event path, leave-one-out) of the first field's outcome, in the noise's own units.
    alpha, power : float
        Level and power.
    simulations, draws, seed : int
        Sets of noise, random sign vectors where not all are listed, and the seed.

    Returns
    -------
    float
        Infinite when no effect passes with that power, as with too few clusters.

    Raises
    ------
    EstimationError
        If there is more than one estimate, or the effect does not move it one to one.
    """
    _require_one_to_one(estimates, effect)
    signs, _ = sign_draws(estimates.n_clusters, draws=draws, seed=seed)
    sets = _noise(estimates, signs, fields, reassigned, simulations, seed)
    df = float(satterthwaite(estimates, "cr2")[0])
    moved = None if reassigned is None else reassigned.parts(effect)

    def share(size: float) -> float:
        return float(
            np.mean(
                [
                    _is_supported(each, size, df, alpha, moved) and (also is None or also(each.noise + size * effect))
                    for each in sets
                ]
            )
        )

    deviation = float(np.linalg.norm(estimates.weights))
    low, high = 0.0, minimum_detectable(deviation, df, alpha=alpha, power=power)
    for _ in range(_DOUBLINGS):
        if share(high) >= power:
            break
        low, high = high, 2 * high
    else:
        return float("inf")
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if share(middle) >= power else (middle, high)
    return high / deviation * se


def saving_percent(log_points: float) -> float:
    """Return the size of a saving of ``log_points`` in percent, positive: 100 (1 - exp(-log_points)).

    Read in the direction of a saving: an equal step upwards in logs is a larger percentage.
    """
    return float(-100.0 * np.expm1(-abs(log_points)))


def _require_one_to_one(estimates: LinearEstimates, effect: Floats) -> None:
    if len(estimates.terms) != 1:
        raise EstimationError(f"{len(estimates.terms)} estimates; the minimum supported effect is that of one")
    moved = float(estimates.weights[:, 0] @ effect)
    if abs(moved - 1) > 1e-6:
        raise EstimationError(f"one unit of effect moves the estimate by {moved:.6g}; allowed is 1")


def _noise(
    estimates: LinearEstimates, signs: Floats, fields: int, reassigned: Reassigned | None, simulations: int, seed: int
) -> list[_Draw]:
    prepared = prepare(estimates, "cr2")[0]
    draw = np.random.default_rng(seed)
    sets = []
    for _ in range(simulations):
        noise = draw.normal(size=(fields, estimates.n_obs))
        wild = [prepared.statistics(each, signs) for each in noise]
        again = [] if reassigned is None else [reassigned.parts(each) for each in noise]
        sets.append(_Draw(noise[0], wild, again))
    return sets


def _is_supported(draw: _Draw, size: float, df: float, alpha: float, moved: tuple[Floats, Floats] | None) -> bool:
    """Return whether the first field passes all tests when an effect of that size is added to its noise."""
    first, *others = draw.wild
    t = np.array([first.t(-size), *(each.t(0.0) for each in others)])
    p_values = {str(field): float(2 * special.stdtr(df, -abs(value))) for field, value in enumerate(t)}
    if t[0] <= 0 or holm(p_values)["0"] >= alpha:
        return False
    drawn = np.column_stack([first.t_draws(-size), *(each.t_draws(0.0) for each in others)])
    if step_down(t, drawn)[0] >= alpha:
        return False
    if moved is None:
        return True
    again = np.column_stack(
        [
            _t_of(
                coefficient + (size * moved[0] if field == 0 else 0.0),
                scores + (size * moved[1] if field == 0 else 0.0),
            )
            for field, (coefficient, scores) in enumerate(draw.reassigned)
        ]
    )
    return bool(step_down(again[0], again)[0] < alpha)


def _t_of(coefficient: Floats, scores: Floats) -> Floats:
    errors = np.sqrt((scores**2).sum(axis=1))
    t: Floats = np.abs(coefficient) / errors
    return t
