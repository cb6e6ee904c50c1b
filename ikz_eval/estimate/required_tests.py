"""The required tests of a specification, all fields together: one sign vector and one dealing of paths serves every field.

Holds which numbers each test looks at and whether it holds. The tests themselves are ikz_eval/inference, the estimate
under another assignment is reassignment.py, what the event path must show is sign_checks.py, the rules that follow are
verdict.py. Docs: docs/methods/verdict.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.evaluation import FieldEvaluation
from ikz_eval.estimate.imputation import ImputationFit
from ikz_eval.estimate.observations import Floats
from ikz_eval.estimate.reassignment import Dealing, PathPanel, linear_estimates, path_panel
from ikz_eval.estimate.sign_checks import SignChecks, sign_checks
from ikz_eval.estimate.verdict import LARGEST_P, SIGN_TESTS, FieldTests, blocking_reasons
from ikz_eval.inference import (
    LinearEstimates,
    LinearInference,
    holm,
    minimum_supported,
    sign_draws,
    step_down,
    wild_t,
)
from ikz_eval.inference.attainable import ENUMERATION_LIMIT, count_assignments
from ikz_eval.inference.stepdown import at_least

SEED = 20_240_401
"""Seed of random signs and permutations, and of the noise that the least supported effect is simulated with."""
SIMULATIONS = 100
"""Sets of noise for the least supported effect; 80 % of them must pass, give or take 4 points."""


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A field with inference: its evaluation, fit and rows, and the checks of its signs."""

    found: FieldEvaluation
    fit: ImputationFit
    inference: LinearInference
    panel: PathPanel
    checks: SignChecks


def run_required_tests(
    evaluations: Sequence[FieldEvaluation], *, least_supported: bool = True
) -> dict[str, FieldTests]:
    """Carry out the required tests for the fields of one specification.

    Parameters
    ----------
    evaluations : sequence of FieldEvaluation
        All fields of one specification.
    least_supported : bool
        Whether to simulate the least supported effect, which no verdict needs; nan without.

    Returns
    -------
    dict of str to FieldTests
        By field. A field without inference (one treated region, or no noise) has none and does not count in the adjustment.
        Empty when every field is not assessable anyway.
    """
    fields = _candidates(evaluations)
    if all(blocking_reasons(each.found.design) for each in fields.values()):
        return {}
    cr2 = {field: each.inference.p for field, each in fields.items()}
    adjusted = holm(cr2)
    wild, wild_adjusted = _wild(fields)
    dealing = Dealing([each.panel for each in fields.values()], seed=SEED)
    p_t, p_coefficient, t_adjusted = _randomise(fields, dealing)
    least = _least_supported(fields, dealing) if least_supported else dict.fromkeys(fields, float("nan"))
    tests = {}
    for k, (field, each) in enumerate(fields.items()):
        passed = {
            "cr2_adjusted": adjusted[field] < LARGEST_P,
            "wild_bootstrap": bool(wild_adjusted[k] < LARGEST_P),
            "randomisation_t": bool(t_adjusted[k] < LARGEST_P),
        }
        passed |= each.checks.hold(each.panel.outcome, each.fit.estimate)
        tests[field] = FieldTests(
            p_cr2=cr2[field],
            p_cr2_adjusted=adjusted[field],
            p_wild=float(wild[k]),
            p_wild_adjusted=float(wild_adjusted[k]),
            p_randomisation_t=float(p_t[k]),
            p_randomisation_t_adjusted=float(t_adjusted[k]),
            p_randomisation_coefficient=float(p_coefficient[k]),
            passed=passed,
            least_supported=least[field],
        )
    return tests


def _candidates(evaluations: Sequence[FieldEvaluation]) -> dict[str, _Candidate]:
    fields = {}
    for found in evaluations:
        fit = found.partnership.imputation
        if found.has_inference and fit is not None and fit.inference is not None and _has_noise(fit):
            panel = path_panel(found.partnership.frame)
            checks = sign_checks(panel, found.partnership.paths)
            fields[found.field] = _Candidate(found, fit, fit.inference, panel, checks)
    return fields


def _whole(fit: ImputationFit) -> LinearEstimates:
    """Return the whole effect alone, as linear in the outcomes."""
    return replace(fit, terms=fit.terms[:1], term_weights=fit.term_weights[:, :1]).linear


def _has_noise(fit: ImputationFit) -> bool:
    """Whether the working model leaves noise to test against; invented rows may have none."""
    linear = _whole(fit)
    try:
        wild_t(linear, np.ones((1, linear.n_clusters)), denominator="cr2")
    except EstimationError:
        return False
    return True


def _wild(fields: Mapping[str, _Candidate]) -> tuple[Floats, Floats]:
    """Return p of the wild bootstrap of each field, raw and by step-down; a region has the same sign in every field."""
    names = sorted({name for each in fields.values() for name in each.panel.names})
    signs, is_exact = sign_draws(len(names), seed=SEED)
    if not is_exact:
        # The observed outcome is a draw too.
        signs = np.vstack([np.ones(len(names)), signs])
    observed, drawn = [], []
    for each in fields.values():
        linear = _whole(each.fit)
        own = signs[:, [names.index(name) for name in linear.cluster_names]]
        t, draws = wild_t(linear, own, denominator="cr2")
        observed.append(t[0])
        drawn.append(draws[:, 0])
    t, draws = np.array(observed), np.column_stack(drawn)
    return at_least(draws, np.abs(t)).mean(axis=0), step_down(t, draws)


def _randomise(fields: Mapping[str, _Candidate], dealing: Dealing) -> tuple[Floats, Floats, Floats]:
    """Return p of randomisation of each field by t and by coefficient, and by t with step-down.

    Where the dealings of all fields together are too many to list but those of a field alone are not, its raw p is the
    exact one; the adjusted p is never below it.
    """
    together = dealing.draws()
    adjusted = step_down(together.t[0], together.t)
    results = together.results()
    if not together.is_exact:
        for k, each in enumerate(fields.values()):
            if count_assignments(each.panel.paths) <= ENUMERATION_LIMIT:
                results[k] = Dealing([each.panel], seed=SEED).draws().results()[0]
    p_t = np.array([each.p_t for each in results])
    return p_t, np.array([each.p_coefficient for each in results]), np.maximum(adjusted, p_t)


def _least_supported(fields: Mapping[str, _Candidate], dealing: Dealing) -> dict[str, float]:
    """Return the least effect of each field that passes all tests in 80 of 100 sets of noise [log points].

    Infinite when no effect does; nan when a test cannot be carried out. Counted in standard errors it is the same for
    all fields of one design, and simulated once.
    """
    in_errors: dict[tuple[object, ...], float] = {}
    least = {}
    for field, each in fields.items():
        key = each.panel.design_key
        if not set(SIGN_TESTS) <= set(each.checks.hold(each.panel.outcome, 1.0)):
            least[field] = float("nan")
            continue
        if key not in in_errors:
            estimates, effect = linear_estimates(each.panel)
            in_errors[key] = minimum_supported(
                estimates,
                1.0,
                effect=effect,
                fields=len(fields),
                reassigned=dealing.reassigned(each.panel),
                also=each.checks.all_hold,
                simulations=SIMULATIONS,
                seed=SEED,
            )
        least[field] = in_errors[key] * each.inference.se
    return least
