"""What the tests of a design say of many drawn programmes at once.

Holds the estimates, p values and sign checks of a batch of draws, from the matrices of prepared.py, and the verdict that
the project's own rule passes on each. Counting over draws is tally.py. Arrays have one row a draw.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from ikz_eval.calibration.matrices import Bootstrap, Sandwich
from ikz_eval.calibration.prepared import Dealt, PreparedField, PreparedStudy
from ikz_eval.calibration.worlds import Floats
from ikz_eval.estimate.observations import Flags
from ikz_eval.estimate.sign_checks import SignChecks
from ikz_eval.estimate.verdict import LARGEST_P, FieldEffect, decide
from ikz_eval.inference import donald_lang
from ikz_eval.inference.stepdown import TIES

_ZERO = 1e-12
"""A bootstrap standard error below this, relative to the largest, is zero up to rounding (as in wild_statistics.py)."""


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """What the tests of one field say of D draws.

    Attributes
    ----------
    estimate : ndarray
        Shape (D,).
    p : dict of str to ndarray
        p values of the field alone by inference, shape (D,).
    low, high : ndarray
        CR2 interval at 95 %, shape (D,).
    wild_t, dealt_t : ndarray
        |t| of each sign vector, shape (D, B), and of each dealing, shape (D, A).
    t : ndarray
        Observed t (CR2), shape (D,).
    signs : dict of str to ndarray of bool
        Whether each required test without a p value holds, shape (D,); one that cannot be carried out is absent.
    """

    estimate: Floats
    p: dict[str, Floats]
    low: Floats
    high: Floats
    wild_t: Floats
    dealt_t: Floats
    t: Floats
    signs: dict[str, Flags]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Adjusted p values and verdicts of all fields together.

    Attributes
    ----------
    p : dict of str to ndarray
        Adjusted p by inference, shape (D, fields).
    passed : dict of str to ndarray of bool
        Whether each required test with a p value holds, shape (D, fields).
    supported : ndarray of bool
        Whether the verdict is "belegt", shape (D, fields).
    """

    p: dict[str, Floats]
    passed: dict[str, Flags]
    supported: Flags


def run_required(study: PreparedStudy, field: PreparedField, outcomes: Floats) -> Tested:
    """Carry out the required tests of one field.

    Parameters
    ----------
    study : PreparedStudy
        Signs and dealings.
    field : PreparedField
        The field.
    outcomes : ndarray
        One row a draw, shape (D, n).
    """
    y = np.ascontiguousarray(outcomes.T)
    level = field.partnership
    estimate: Floats = level.weights @ y
    cr2 = level.sandwiches["cr2"]
    se = np.linalg.norm(cr2.scores @ y, axis=0)
    t = estimate / se
    reach = float(special.stdtrit(cr2.df, 0.975)) * se
    wild_t = bootstrap_t(level.bootstraps["wild"], y, study.signs)
    dealt_t, p_t, p_coefficient = _dealt_p(study.dealt[field.dealing], y)
    own = study.own[field.dealing]
    if own is not None:
        _, p_t, p_coefficient = _dealt_p(own, y)
    p = {
        "cr2": _t_p(estimate, cr2, y),
        "wild": _share_at_least(wild_t, np.abs(t)),
        "randomisation_t": p_t,
        "randomisation_coefficient": p_coefficient,
    }
    signs = signs_hold(field.checks, y, estimate)
    return Tested(estimate, p, estimate - reach, estimate + reach, wild_t, dealt_t, t, signs)


def run_tests(study: PreparedStudy, field: PreparedField, outcomes: Floats) -> Tested:
    """Carry out every test of one field, see :func:`run_required`."""
    required = run_required(study, field, outcomes)
    y = np.ascontiguousarray(outcomes.T)
    level = field.partnership
    p = {kind: _t_p(required.estimate, sandwich, y) for kind, sandwich in level.sandwiches.items()} | required.p
    cr1_t = np.abs(required.estimate) / np.linalg.norm(level.sandwiches["cr1"].scores @ y, axis=0)
    p["wild_cr1"] = _share_at_least(bootstrap_t(level.bootstraps["wild_cr1"], y, study.signs), cr1_t)
    p["donald_lang"] = _donald_lang(field, y)
    if field.first_year is not None:
        weights, sandwich = field.first_year
        p["event_path_first_year"] = _t_p(weights @ y, sandwich, y)
    return replace(required, p=p)


def body_p(study: PreparedStudy, field: PreparedField, outcomes: Floats) -> tuple[Floats, dict[str, Floats]]:
    """Return the estimates of the body level, shape (D,), and p of its tests by region; ``outcomes`` has shape (D, m)."""
    y = np.ascontiguousarray(outcomes.T)
    level = field.bodies
    estimate: Floats = level.weights @ y
    cr2 = level.sandwiches["cr2"]
    t = np.abs(estimate) / np.linalg.norm(cr2.scores @ y, axis=0)
    wild = _share_at_least(bootstrap_t(level.bootstraps["wild"], y, study.signs), t)
    return estimate, {"cr2": _t_p(estimate, cr2, y), "wild": wild}


def bootstrap_t(bootstrap: Bootstrap, y: Floats, signs: Floats) -> Floats:
    """Return |t| of each draw and sign vector, shape (D, B); infinite where the standard error is zero."""
    own = signs[:, bootstrap.columns]
    level = own @ (bootstrap.numerators @ y)
    variance = np.zeros_like(level)
    for row in bootstrap.scores:
        variance += (own @ (row @ y)) ** 2
    observed = (np.square(bootstrap.observed @ y)).sum(axis=0)
    usable = variance > _ZERO**2 * np.maximum(variance.max(axis=0), observed)
    drawn: Floats = np.where(usable, np.abs(level) / np.sqrt(np.where(usable, variance, 1.0)), np.inf)
    return np.ascontiguousarray(drawn.T)


def signs_hold(checks: SignChecks, y: Floats, estimate: Floats) -> dict[str, Flags]:
    """Return whether each required test without a p value holds, as :meth:`SignChecks.hold` does for one outcome."""
    sign = np.sign(estimate)
    found: dict[str, Flags] = {}
    if checks.left_out is not None:
        found["leave_one_region_out"] = np.all(sign * (checks.left_out @ y) > 0, axis=0)
    if checks.bins is not None and (checks.times == 0).any():
        path = sign * (checks.bins @ y)
        found["event_path_bins"] = np.all(path[checks.times >= 0] > 0, axis=0)
        before = path[checks.times < 0]
        if len(before) > 1:
            largest = np.abs(np.diff(before, axis=0)).max(axis=0)
            found["relative_magnitude"] = path[checks.times == 0][0] > largest
    return found


def judge(fields: Sequence[PreparedField], tested: Sequence[Tested]) -> Judged:
    """Adjust over the fields, and pass the verdict on each by the project's rule."""
    t = np.abs(np.column_stack([each.t for each in tested]))
    raw = {name: np.column_stack([each.p[name] for each in tested]) for name in ("cr2", "randomisation_t")}
    observed = np.stack([each.dealt_t[:, 0] for each in tested], axis=1)
    p = {
        "cr2": holm_rows(raw["cr2"]),
        "wild": step_down_rows(t, np.stack([each.wild_t for each in tested], axis=2)),
        "randomisation_t": np.maximum(
            step_down_rows(observed, np.stack([each.dealt_t for each in tested], axis=2)), raw["randomisation_t"]
        ),
    }
    passed = {
        "cr2_adjusted": p["cr2"] < LARGEST_P,
        "wild_bootstrap": p["wild"] < LARGEST_P,
        "randomisation_t": p["randomisation_t"] < LARGEST_P,
    }
    supported = np.zeros(t.shape, dtype=bool)
    for position, (field, each) in enumerate(zip(fields, tested, strict=True)):
        own = {name: flags[:, position] for name, flags in passed.items()} | each.signs
        for draw in range(len(t)):
            effect = FieldEffect(
                float(each.estimate[draw]),
                float(each.low[draw]),
                float(each.high[draw]),
                float(p["cr2"][draw, position]),
            )
            outcome = {name: bool(flags[draw]) for name, flags in own.items()}
            supported[draw, position] = decide(field.layout.found.design, effect, outcome).code == "supported"
    return Judged(p, passed, supported)


def holm_rows(p: Floats) -> Floats:
    """Adjust each row by Holm, shape (D, fields)."""
    order = np.argsort(p, axis=1, kind="stable")
    steps = np.minimum(np.take_along_axis(p, order, axis=1) * np.arange(p.shape[1], 0, -1), 1.0)
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, np.maximum.accumulate(steps, axis=1), axis=1)
    return adjusted


def step_down_rows(observed: Floats, drawn: Floats) -> Floats:
    """Adjust each row by step-down max-|t|: ``observed`` has shape (D, fields), ``drawn`` (D, draws of each, fields)."""
    order = np.argsort(-observed, axis=1, kind="stable")
    sorted_draws = np.take_along_axis(drawn, order[:, None, ::-1], axis=2)
    largest = np.maximum.accumulate(sorted_draws, axis=2)[:, :, ::-1]
    sorted_observed = np.take_along_axis(observed, order, axis=1)
    shares = (largest >= sorted_observed[:, None, :] * (1 - TIES)).mean(axis=1)
    adjusted = np.empty_like(observed)
    np.put_along_axis(adjusted, order, np.maximum.accumulate(shares, axis=1), axis=1)
    return adjusted


def _t_p(estimate: Floats, sandwich: Sandwich, y: Floats) -> Floats:
    t = estimate / np.linalg.norm(sandwich.scores @ y, axis=0)
    p: Floats = 2 * special.stdtr(sandwich.df, -np.abs(t))
    return p


def _share_at_least(drawn: Floats, observed: Floats) -> Floats:
    share: Floats = (drawn >= np.abs(observed)[:, None] * (1 - TIES)).mean(axis=1)
    return share


def _dealt_p(dealt: Dealt, y: Floats) -> tuple[Floats, Floats, Floats]:
    """Return |t| of each dealing, shape (D, A), and the p values by t and by coefficient, shape (D,)."""
    coefficient = np.abs(dealt.coefficients @ y)
    a, g, n = dealt.scores.shape
    squares = np.square(dealt.scores.reshape(a * g, n) @ y).reshape(a, g, -1).sum(axis=1)
    squares[dealt.missing] = 1.0
    coefficient[dealt.missing] = np.inf
    t = np.ascontiguousarray((coefficient / np.sqrt(squares)).T)
    return t, _share_at_least(t, t[:, 0]), _share_at_least(coefficient.T, coefficient[0])


def _donald_lang(field: PreparedField, y: Floats) -> Floats:
    """Return p of Donald-Lang on the regions' changes in each draw, shape (D,); 1 where a region has no change."""
    if field.changes is None:
        return np.ones(y.shape[1])
    treated = np.isfinite(field.layout.bodies.start)
    return np.array([donald_lang(changes, treated).p for changes in (field.changes @ y).T])
