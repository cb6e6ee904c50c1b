"""Stage 3: from panel and partnerships to effects, event paths, design cards and verdicts.

``evaluate`` runs what the study's specifications say. The methods themselves take any tidy panel with named columns and
are importable from here in a notebook. Inference with arrays is ikz_eval/inference; publication is a later stage.
"""

import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.design import OUTCOMES, check_specification
from ikz_eval.estimate.evaluation import FieldEvaluation, evaluate_field
from ikz_eval.estimate.event_study import EventPathFit, fit_event_path
from ikz_eval.estimate.group_time import GroupTimeFit, fit_group_time
from ikz_eval.estimate.imputation import ImputationFit, fit_imputation
from ikz_eval.estimate.result import Row, design_card_row, estimate_rows, event_path_rows, verdict_row
from ikz_eval.estimate.verdict import LARGEST_P, FieldEffect, decide
from ikz_eval.inference import holm
from ikz_eval.registry import Registry

METHODS = {"imputation": fit_imputation, "group_time": fit_group_time, "event_path": fit_event_path}
"""Method by name; each takes a tidy panel and the names of its columns."""

__all__ = [
    "METHODS",
    "EventPathFit",
    "GroupTimeFit",
    "ImputationFit",
    "evaluate",
    "fit_event_path",
    "fit_group_time",
    "fit_imputation",
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
        ``estimate``, ``event_path``, ``design_card``, ``verdict`` by their contracts, sorted by their keys' order in
        the study. A field that cannot be estimated has a design card and a verdict with reasons, and no estimate.

    Raises
    ------
    EstimationError
        If the study asks for a method, rule or outcome that does not exist.
    """
    from threadpoolctl import threadpool_limits

    from ikz_eval.warehouse import typed

    _check_outcomes(registry)
    # One BLAS thread: the same bytes whatever the number of cores, and quicker on a busy machine.
    with threadpool_limits(limits=1):
        rows = _rows(registry, evaluation_quarter, panel, partnership)
    return {name: typed(name, table) for name, table in rows.items()}


def _rows(
    registry: Registry, evaluation_quarter: str, panel: pd.DataFrame, partnership: pd.DataFrame
) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {name: [] for name in ("estimate", "event_path", "design_card", "verdict")}
    for specification in registry.specifications:
        check_specification(specification)
        found = [
            evaluate_field(registry, specification, field, evaluation_quarter, panel, partnership)
            for field in registry.delivered_fields
        ]
        for each in found:
            rows["estimate"] += estimate_rows(evaluation_quarter, each)
            rows["event_path"] += event_path_rows(evaluation_quarter, each)
            rows["design_card"].append(design_card_row(evaluation_quarter, each))
        rows["verdict"] += _verdict_rows(evaluation_quarter, found)
    return rows


def _verdict_rows(evaluation_quarter: str, found: list[FieldEvaluation]) -> list[Row]:
    """Judge the fields of a specification together: CR2 is adjusted over all of them by Holm."""
    inferences = {
        each.field: each.partnership.imputation.inference
        for each in found
        if each.has_inference and each.partnership.imputation is not None
    }
    adjusted = holm({field: known.p for field, known in inferences.items() if known is not None})
    rows = []
    for each in found:
        known = inferences.get(each.field)
        effect = None if known is None else FieldEffect(known.estimate, known.low, known.high, adjusted[each.field])
        passed = {} if effect is None else {"cr2_adjusted": effect.p_adjusted < LARGEST_P}
        rows.append(verdict_row(evaluation_quarter, each, decide(each.design, effect, passed), effect))
    return rows


def _check_outcomes(registry: Registry) -> None:
    allowed = OUTCOMES["partnership"]
    for outcome in registry.outcomes:
        if outcome.name != allowed:
            raise EstimationError(
                f"studies/{registry.study}/study.toml: outcome '{outcome.name}' of field '{outcome.field}'; "
                f"allowed is {allowed}"
            )
