"""Bounds when no step of the difference in trends after the start exceeds M times the largest one before it (RM).

For each step before the start and each sign, that step being the largest is a set of moment inequalities; a value of the
parameter is kept when one of them keeps it. Docs: docs/methods/honest.md.
"""

import numpy as np

from ikz_eval.inference.honest.conditional import (
    Levels,
    MomentSet,
    accepted_range,
    least_favourable,
    rejects,
    surely_rejected,
)
from ikz_eval.inference.honest.study import EventStudy, Floats

REACH = 20.0
"""Standard errors looked through by the conditional test alone, beyond the bounds of the points."""


def confidence_set(study: EventStudy, m: float, levels: Levels) -> tuple[float, float] | None:
    """Return the ends of the confidence set; None when every value is rejected."""
    low, high = identified_relative(study, m)
    reach = max(high - study.estimate, study.estimate - low) + REACH * study.standard_error
    found = _moment_sets(study, m)
    sets = [(each, least_favourable(each.covariance, levels.kappa)) for each in found]
    return accepted_range(sets, levels, study.estimate, reach)


def contains_zero(study: EventStudy, m: float, levels: Levels) -> bool:
    """Return whether an effect of zero is in the confidence set."""
    zero = np.zeros(1)
    found = _moment_sets(study, m)
    if any(moments.values.max() <= 0 for moments in found):
        return True
    close = [each for each in found if each.values.max() <= surely_rejected(each.covariance, levels.kappa)]
    return any(not rejects(each, zero, levels, least_favourable(each.covariance, levels.kappa))[0] for each in close)


def identified_relative(study: EventStudy, m: float) -> tuple[float, float]:
    """Return the bounds if coefficients were free of error."""
    reach = m * float(np.abs(study.pre_steps).max()) * float(study.post_spans @ np.abs(study.tails))
    return study.estimate - reach, study.estimate + reach


def _moment_sets(study: EventStudy, m: float) -> list[MomentSet]:
    build = _one_post if study.n_post == 1 else _several_posts
    return [build(study, m, step, sign) for step in range(study.n_pre) for sign in (1.0, -1.0)]


def _several_posts(study: EventStudy, m: float, step: int, sign: float) -> MomentSet:
    """Return the functionals that decide for the moments from the start on, the step before being the largest.

    The moments are +-(step t) - m v <= 0 with v the largest step. What the effects besides the parameter may be is free,
    so only such sums of moments decide in which they cancel: each pair of opposite moments, and all steps with the signs
    of the parameter's tails or with the opposite ones. These are the vertices of the dual of the linear program of
    Andrews, Roth and Pakes, so its value, and between which values they stay optimal, follow in closed form.
    """
    largest = sign * _steps(study)[step]
    after = _steps(study)[study.n_pre :]
    allowed = m * np.outer(study.post_spans, largest)
    errors_up, errors_down = (_errors(study, side * after - allowed) for side in (1.0, -1.0))
    tails = study.tails
    chosen = [np.where(side * tails > 0, errors_up, errors_down) for side in (1.0, -1.0)]
    norms = np.array([np.abs(tails) @ each for each in chosen])
    bounds = np.abs(tails) @ allowed
    whole = np.array([(side * study.functional - bounds) / norm for side, norm in zip((1, -1), norms, strict=True)])
    pairs = -2 * allowed / (errors_up + errors_down)[:, None]
    slopes = np.concatenate([np.array([-1.0, 1.0]) / norms, np.zeros(study.n_post)])
    return _set_of(study, np.vstack([whole, pairs]), slopes)


def _one_post(study: EventStudy, m: float, step: int, sign: float) -> MomentSet:
    """Return the moments themselves: with one effect none is free; those before the start count too, as in HonestDiD."""
    steps = _steps(study)
    largest = sign * steps[step]
    factor = np.concatenate([np.ones(study.n_pre), m * study.post_spans])
    allowed = np.outer(factor, largest)
    rows = np.vstack([steps - allowed, -steps - allowed])
    slopes = np.zeros(len(rows))
    slopes[[len(steps) - 1, -1]] = np.array([-1.0, 1.0]) / study.weights[0]
    errors = _errors(study, rows)
    kept = errors > 1e-10 * errors.max()
    return _set_of(study, rows[kept] / errors[kept, None], slopes[kept] / errors[kept])


def _steps(study: EventStudy) -> Floats:
    """Return each step from one period to the next as a combination of the coefficients, shape (n, n)."""
    steps = np.eye(study.estimates.size) - np.eye(study.estimates.size, k=-1)
    steps[: study.n_pre] = np.eye(study.n_pre, study.estimates.size, k=1) - np.eye(study.n_pre, study.estimates.size)
    steps[study.n_pre - 1, study.n_pre :] = 0.0
    steps[study.n_pre, study.n_pre - 1] = 0.0
    return steps


def _errors(study: EventStudy, rows: Floats) -> Floats:
    assert study.covariance is not None
    errors: Floats = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", rows, study.covariance, rows), 0.0))
    return errors


def _set_of(study: EventStudy, rows: Floats, slopes: Floats) -> MomentSet:
    assert study.covariance is not None
    return MomentSet(rows @ study.estimates, slopes, rows @ study.covariance @ rows.T)
