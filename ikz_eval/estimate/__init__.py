"""Stage 3: from panel and partnerships to effects, event paths, design cards and verdicts.

``evaluate`` runs what the study's specifications say. The methods themselves take any tidy panel with named columns and
are importable from here in a notebook. Inference with arrays is ikz_eval/inference; publication is a later stage.
"""

import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.bacon import BaconDecomposition, decompose
from ikz_eval.estimate.design import OUTCOMES, check_specification
from ikz_eval.estimate.door import Answer, Request, answer
from ikz_eval.estimate.evaluation import FieldEvaluation, evaluate_field
from ikz_eval.estimate.event_study import EventPathFit, fit_event_path
from ikz_eval.estimate.further import further_figures, pooled_figure
from ikz_eval.estimate.group_time import GroupTimeFit, fit_group_time
from ikz_eval.estimate.imputation import ImputationFit, fit_imputation
from ikz_eval.estimate.regression import RegressionFit, fit_regression
from ikz_eval.estimate.required_tests import run_required_tests
from ikz_eval.estimate.result import (
    Row,
    design_card_row,
    estimate_rows,
    event_path_rows,
    placebo_rows,
    robustness_rows,
    verdict_row,
)
from ikz_eval.estimate.robustness import robustness_card
from ikz_eval.estimate.scale import CostFunctionFit, fit_cost_function
from ikz_eval.estimate.series import (
    InterruptedFit,
    PoissonInterruptedFit,
    StructuralFit,
    fit_interrupted,
    fit_poisson_interrupted,
    fit_structural,
)
from ikz_eval.estimate.stacked import StackedFit, fit_stacked
from ikz_eval.estimate.sun_abraham import SunAbrahamFit, fit_sun_abraham
from ikz_eval.estimate.synthetic import (
    SyntheticControlFit,
    SyntheticDidFit,
    fit_synthetic_control,
    fit_synthetic_did,
)
from ikz_eval.estimate.two_by_two import TwoByTwoFit, fit_two_by_two
from ikz_eval.estimate.twoway import TwowayFit, fit_twoway
from ikz_eval.estimate.verdict import FieldEffect, FieldTests, decide
from ikz_eval.registry import Registry
from schemas.vocabulary import EVERY_FIELD

METHODS = {
    "regression": fit_regression,
    "two_by_two": fit_two_by_two,
    "twoway": fit_twoway,
    "bacon": decompose,
    "imputation": fit_imputation,
    "group_time": fit_group_time,
    "stacked": fit_stacked,
    "sun_abraham": fit_sun_abraham,
    "event_path": fit_event_path,
    "synthetic_control": fit_synthetic_control,
    "synthetic_did": fit_synthetic_did,
    "interrupted": fit_interrupted,
    "poisson_interrupted": fit_poisson_interrupted,
    "structural": fit_structural,
    "cost_function": fit_cost_function,
}
"""Method by name; each takes a tidy panel and the names of its columns. The one door to all of them is ``answer``."""

TABLES = ("estimate", "event_path", "design_card", "verdict", "placebo", "robustness", "further_estimate")
"""Tables of this stage."""

__all__ = [
    "METHODS",
    "Answer",
    "BaconDecomposition",
    "CostFunctionFit",
    "EventPathFit",
    "GroupTimeFit",
    "ImputationFit",
    "InterruptedFit",
    "PoissonInterruptedFit",
    "RegressionFit",
    "Request",
    "StackedFit",
    "StructuralFit",
    "SunAbrahamFit",
    "SyntheticControlFit",
    "SyntheticDidFit",
    "TwoByTwoFit",
    "TwowayFit",
    "answer",
    "decompose",
    "evaluate",
    "fit_cost_function",
    "fit_event_path",
    "fit_group_time",
    "fit_imputation",
    "fit_interrupted",
    "fit_poisson_interrupted",
    "fit_regression",
    "fit_stacked",
    "fit_structural",
    "fit_sun_abraham",
    "fit_synthetic_control",
    "fit_synthetic_did",
    "fit_two_by_two",
    "fit_twoway",
    "judge",
]


def evaluate(
    registry: Registry, evaluation_quarter: str, panel: pd.DataFrame, partnership: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Evaluate every delivered field under every specification of the study.

    Parameters
    ----------
    registry : Registry
        The study.
    evaluation_quarter : str
        Last quarter that counts.
    panel, partnership : pd.DataFrame
        Contracts ``panel`` and ``partnership``; both may be empty.

    Returns
    -------
    dict of str to pd.DataFrame
        The ``TABLES`` by their contracts, sorted by their keys' order in the study. A field that cannot be estimated has a
        design card and a verdict with reasons, and no estimate.

    Raises
    ------
    EstimationError
        If the study asks for a method, rule or outcome that does not exist.
    """
    from threadpoolctl import threadpool_limits

    # One BLAS thread: the same bytes whatever the number of cores, and quicker on a busy machine.
    with threadpool_limits(limits=1):
        rows, evaluations = _judged_rows(registry, evaluation_quarter, panel, partnership, least_supported=True)
        rows |= _rows_beside(registry, evaluations, evaluation_quarter, panel, partnership)
    return _typed(rows)


def judge(
    registry: Registry, evaluation_quarter: str, panel: pd.DataFrame, partnership: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Return ``estimate``, ``event_path``, ``design_card`` and ``verdict`` as :func:`evaluate` does, in a third of its time.

    For simulations that look at verdicts alone: without robustness card, placebo starts and further instruments, and without
    the least supported effect.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        rows, _ = _judged_rows(registry, evaluation_quarter, panel, partnership, least_supported=False)
    return _typed(rows)


def _typed(rows: dict[str, list[Row]]) -> dict[str, pd.DataFrame]:
    from ikz_eval.warehouse import typed

    return {name: typed(name, rows[name]) for name in TABLES if name in rows}


def _judged_rows(
    registry: Registry,
    evaluation_quarter: str,
    panel: pd.DataFrame,
    partnership: pd.DataFrame,
    *,
    least_supported: bool,
) -> tuple[dict[str, list[Row]], list[FieldEvaluation]]:
    """Return the rows that verdicts rest on, and the evaluations of every specification."""
    _check_outcomes(registry)
    rows: dict[str, list[Row]] = {name: [] for name in ("estimate", "event_path", "design_card", "verdict")}
    evaluations: list[FieldEvaluation] = []
    for specification in registry.specifications:
        check_specification(specification)
        found = [
            evaluate_field(registry, specification, field, evaluation_quarter, panel, partnership)
            for field in registry.delivered_fields
        ]
        for each in found:
            rows["estimate"] += estimate_rows(evaluation_quarter, each)
            rows["event_path"] += event_path_rows(evaluation_quarter, each)
        evaluations += found
        # Only the primary design card is published; simulating the least effect for the others would take as long again.
        tests = run_required_tests(found, least_supported=least_supported and specification.is_primary)
        for each in found:
            known = tests.get(each.field)
            rows["design_card"].append(design_card_row(evaluation_quarter, each, known))
            rows["verdict"].append(_judged(evaluation_quarter, each, known))
    return rows, evaluations


def _rows_beside(
    registry: Registry,
    evaluations: list[FieldEvaluation],
    evaluation_quarter: str,
    panel: pd.DataFrame,
    partnership: pd.DataFrame,
) -> dict[str, list[Row]]:
    """Return what stands beside the primary estimates: robustness card, placebo starts, further instruments."""
    primaries = [each for each in evaluations if each.specification.is_primary]
    figures = further_figures(primaries, panel, partnership)
    rows: dict[str, list[Row]] = {"robustness": [], "placebo": [], "further_estimate": []}
    for primary in primaries:
        curve = [each for each in evaluations if each.field == primary.field]
        checks = robustness_card(registry, primary, curve, evaluation_quarter, (panel, partnership))
        rows["robustness"] += robustness_rows(evaluation_quarter, primary, checks)
        rows["placebo"] += placebo_rows(evaluation_quarter, primary)
        name, field = primary.specification.name, primary.field
        rows["further_estimate"] += [each.row(evaluation_quarter, name, field) for each in figures[field]]
    rows["further_estimate"] += [
        pooled_figure(pooled, primaries).row(evaluation_quarter, pooled.name, EVERY_FIELD) for pooled in registry.pooled
    ]
    return rows


def _judged(evaluation_quarter: str, found: FieldEvaluation, tests: FieldTests | None) -> Row:
    """Return the verdict on a field; its tests were carried out together with those of the other fields."""
    fit = found.partnership.imputation
    known = None if fit is None or not found.has_inference else fit.inference
    p_adjusted = float("nan") if tests is None else tests.p_cr2_adjusted
    effect = None if known is None else FieldEffect(known.estimate, known.low, known.high, p_adjusted)
    verdict = decide(found.design, effect, {} if tests is None else tests.passed)
    return verdict_row(evaluation_quarter, found, verdict, effect, tests)


def _check_outcomes(registry: Registry) -> None:
    allowed = OUTCOMES["partnership"]
    for outcome in registry.outcomes:
        if outcome.name != allowed:
            raise EstimationError(
                f"studies/{registry.study}/study.toml: outcome '{outcome.name}' of field '{outcome.field}'; "
                f"allowed is {allowed}"
            )
