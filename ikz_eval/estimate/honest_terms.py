"""Honest bounds for every term of an event study, and why they sometimes come without sampling error.

Holds the rule of when a confidence set is given (clusters outnumber coefficients, none left out of the variance, more than
one treated cluster) and the form in which the answer carries bounds. The computation is ikz_eval/inference/honest, the
coefficients event_coefficients.py. Called by inferring.py. Docs: docs/methods/honest.md.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ikz_eval.estimate.event_coefficients import EventCoefficients, event_coefficients
from ikz_eval.estimate.request import Fit
from ikz_eval.inference.honest import RESTRICTIONS, Bound, HonestBounds, PretrendPower, honest_bounds, pretrend_power
from ikz_eval.texts import text

if TYPE_CHECKING:
    from ikz_eval.estimate.inferring import Number, Numbers, Plan

LANGUAGES = ("en", "de")
ENOUGH_CLUSTERS = 2
"""Clusters per coefficient under which a caution stands beside the set (simulation in the docs)."""
Said = tuple[str, dict[str, object]] | None


def honest_terms(fit: Fit, plan: "Plan") -> Mapping[str, "Numbers"]:
    """Return honest bounds for each effect of an event study.

    Parameters
    ----------
    fit : Fit
        With coefficients before and after the start.
    plan : Plan
        ``honest_m`` (relative magnitudes), ``honest_smoothness`` (units of the outcome), ``confidence``, ``is_withheld``.

    Raises
    ------
    EstimationError
        If the fit is no event study.
    """
    study = event_coefficients(fit)
    reason = _reason(study, plan.is_withheld)
    power = None if reason else pretrend_power_of(fit, confidence=plan.confidence)
    said = _said("reason", reason) | _said("caution", None if reason else _caution(study))
    found: dict[str, Numbers] = {}
    for term, weights in study.effects.items():
        each = [_bounds(study, weights, restriction, plan, is_sure=reason is not None) for restriction in RESTRICTIONS]
        found[term] = {
            "restriction": RESTRICTIONS[0],
            "bounds": [_plain(one) for bounds in each for one in bounds.bounds],
            **{f"breakdown_{bounds.restriction}": bounds.breakdown for bounds in each},
            **{f"breakdown_{bounds.restriction}_note": bounds.breakdown_note for bounds in each},
            **_power(study, weights, power),
            "covariance": None if reason else study.kind,
            "n_clusters": study.n_clusters,
            "n_coefficients": study.estimates.size,
            **said,
        }
    return found


def pretrend_power_of(fit: Fit, *, trend: "np.ndarray | None" = None, confidence: float = 0.95) -> PretrendPower:
    """Return what a pre-test on an event study can find; see :func:`ikz_eval.inference.honest.pretrend_power`.

    Parameters
    ----------
    fit : Fit
        With coefficients before and after the start.
    trend : ndarray, optional
        Hypothesised trend at each coefficient; the linear one found half of the time when left out.
    confidence : float
        One minus the level of the pre-test.
    """
    study = event_coefficients(fit)
    return pretrend_power(
        study.estimates, study.covariance, study.n_pre, study.n_post, trend=trend, alpha=1 - confidence, gap=study.gap
    )


def _reason(study: EventCoefficients, is_withheld: bool) -> Said:
    """Return why there is no confidence set, as a text with its values; None when there is one."""
    if is_withheld:
        return "honest.reason.one_treated_cluster", {}
    if study.left_out:
        return "honest.reason.left_out", {"clusters": ", ".join(study.left_out)}
    counts: dict[str, object] = {"clusters": study.n_clusters, "coefficients": study.estimates.size}
    if study.n_clusters <= study.estimates.size:
        return "honest.reason.few_clusters", counts
    if study.is_singular:
        return "honest.reason.singular", counts
    return None


def _caution(study: EventCoefficients) -> Said:
    """Return that the covariance rests on few clusters, as a text with its values; None when it does not."""
    if study.n_clusters >= ENOUGH_CLUSTERS * study.estimates.size:
        return None
    return "honest.caution.barely_more", {"clusters": study.n_clusters, "coefficients": study.estimates.size}


def _said(name: str, what: Said) -> "dict[str, Number]":
    """Return a text in both languages; None where there is nothing to say."""
    return {
        name if lang == "en" else f"{name}_{lang}": None if what is None else text(what[0], lang, **what[1])
        for lang in LANGUAGES
    }


def _bounds(
    study: EventCoefficients, weights: np.ndarray, restriction: str, plan: "Plan", *, is_sure: bool
) -> HonestBounds:
    wanted = plan.honest_m if restriction == "relative_magnitudes" else plan.honest_smoothness
    return honest_bounds(
        study.estimates, None if is_sure else study.covariance, study.n_pre, study.n_post, restriction=restriction,
        m=wanted or None, l_vec=weights, alpha=1 - plan.confidence, gap=study.gap,
    )  # fmt: skip


def _plain(bound: Bound) -> "dict[str, Number]":
    return {
        "restriction": bound.restriction,
        "m": bound.m,
        "low": bound.low,
        "high": bound.high,
        "kind": bound.kind,
    }


def _power(study: EventCoefficients, weights: np.ndarray, power: PretrendPower | None) -> "dict[str, Number]":
    """Return the slopes a pre-test finds, and the bias of this term when the first of them was there and not found."""
    if power is None:
        return dict.fromkeys(("pretrend_slope_50", "pretrend_slope_80", "pretrend_bias_50"))
    return {
        "pretrend_slope_50": power.slopes[0.5],
        "pretrend_slope_80": power.slopes[0.8],
        "pretrend_bias_50": float(weights @ power.expected[study.n_pre :]),
    }
