"""One field under one specification: which rows, which estimates, which design.

Puts design.py, the methods and the counting in a row for a field; what of it is published, and in which columns, is
result.py. Judging is verdict.py.
"""

from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.design import (
    AnalysisFrame,
    StartPath,
    body_frame,
    count_quarters,
    partnership_frame,
    start_paths,
)
from ikz_eval.estimate.event_study import EventPathFit, path_basis, trace_path
from ikz_eval.estimate.group_time import GroupTimeFit, compare_groups
from ikz_eval.estimate.imputation import ImputationFit, impute
from ikz_eval.estimate.observations import read_observations
from ikz_eval.estimate.outcome_scale import Scale
from ikz_eval.estimate.verdict import FieldDesign
from ikz_eval.inference import count_assignments, smallest_randomisation_p, smallest_wild_p
from ikz_eval.registry import Registry, Specification

BIN_QUARTERS = (1, 4)
_GAPS = ("members_missing", "price_missing", "no_cases", "unknown_start")
"""Reasons of dropped rows that explain a verdict when they explain why data are lacking."""


@dataclass(frozen=True, slots=True)
class LevelFits:
    """What was estimated at one level (partnership or body); None where it is not identified."""

    level: str
    frame: AnalysisFrame
    imputation: ImputationFit | None
    group_time: GroupTimeFit | None
    paths: dict[int, EventPathFit]

    @property
    def scale(self) -> Scale:
        """How effects at this level are shown."""
        fit, is_log = self.imputation, self.frame.is_log
        if fit is None:
            return Scale(is_log)
        without = np.exp(fit.counterfactual) if is_log else fit.counterfactual
        return Scale(is_log, float(fit.treated_weights @ without))


@dataclass(frozen=True, slots=True)
class FieldEvaluation:
    """A field under a specification: both levels, and the design of the partnership level."""

    specification: Specification
    field: str
    partnership: LevelFits
    body: LevelFits
    design: FieldDesign
    paths: dict[str, StartPath]

    @property
    def has_inference(self) -> bool:
        """Whether there are regions and blocks enough for any standard error to mean something."""
        return self.design.treated_regions > 1 and self.design.comparison_blocks > 1


def evaluate_field(
    registry: Registry,
    specification: Specification,
    field: str,
    evaluation_quarter: str,
    panel: pd.DataFrame,
    partnership: pd.DataFrame,
) -> FieldEvaluation:
    """Estimate one field under one specification at both levels."""
    gross = fit_level("partnership", partnership_frame(registry, specification, field, evaluation_quarter, partnership))
    net = fit_level("body", body_frame(registry, specification, field, evaluation_quarter, panel))
    paths = start_paths(gross.frame)
    design = count_design(gross, paths, _gaps(registry, field, panel, gross.frame))
    return FieldEvaluation(specification, field, gross, net, design, paths)


def fit_level(level: str, frame: AnalysisFrame) -> LevelFits:
    """Fit all methods to the rows of one level; a method that is not identified is left out.

    Not identified is an ordinary outcome here: the verdict names what is lacking.
    """
    if not frame.regions:
        return LevelFits(level, frame, None, None, {})
    seen = read_observations(
        frame.rows,
        outcome="outcome",
        unit="unit",
        period="quarter",
        cohort="start",
        cluster="cluster",
        share="share",
    )
    seen = replace(seen, anticipation=frame.anticipation)
    try:
        imputation = impute(seen)
    except EstimationError:
        return LevelFits(level, frame, None, None, {})
    group_time: GroupTimeFit | None = None
    with suppress(EstimationError):
        group_time = compare_groups(seen, average="clusters")
    paths: dict[int, EventPathFit] = {}
    with suppress(EstimationError):
        basis = path_basis(seen, (imputation.observations.rows, imputation.model))
        for length in BIN_QUARTERS:
            with suppress(EstimationError):
                paths[length] = trace_path(basis, length)
    return LevelFits(level, frame, imputation, group_time, paths)


def count_design(gross: LevelFits, paths: dict[str, StartPath], gaps: tuple[str, ...]) -> FieldDesign:
    """Return what the design of a field allows, counted at the partnership level."""
    before, after = count_quarters(gross.frame)
    shares = gross.imputation.leverage_shares if gross.imputation else {}
    smallest = attainable(paths)
    return FieldDesign(
        treated_regions=len(gross.frame.regions),
        comparison_blocks=len(gross.frame.blocks),
        quarters_before=min(before.values(), default=None),
        quarters_after=min(after.values(), default=None),
        attainable_p=max(smallest[:2]) if smallest and gross.frame.regions else None,
        leverage_share_max=max(shares.values(), default=None),
        gaps=gaps,
        not_positive=gross.frame.not_positive,
        is_defined=gross.frame.is_log or gross.imputation is None or gross.scale.base_eur > 0,
    )


def attainable(paths: dict[str, StartPath]) -> tuple[float, float, int] | None:
    """Return the smallest p of the wild bootstrap and of randomisation, and the number of assignments."""
    dealt = list(paths.values())
    if not dealt:
        return None
    return smallest_wild_p(len(dealt)), smallest_randomisation_p(dealt), count_assignments(dealt)


def _gaps(registry: Registry, field: str, panel: pd.DataFrame, frame: AnalysisFrame) -> tuple[str, ...]:
    """Return the codes of what is lacking in a field's data, ``no_deliveries`` first."""
    gaps = [] if (panel["field"] == field).any() else ["no_deliveries"]
    agreements = registry.agreements
    agreements = agreements[(agreements["field"] == field) & agreements["unit"].notna()]
    # Sources that disagree about a start are cooperation with an unknown start, as in the panel.
    begun = agreements[agreements["status"].isin(["valid", "conflicting"])]
    if begun.empty:
        gaps.append("no_cooperation")
    dated = begun.loc[(begun["status"] == "valid") & begun["start"].notna(), "ags"]
    is_unknown = not begun["ags"].isin(dated).all()
    found = set(frame.dropped) if not gaps else set()
    return (*gaps, *(name for name in _GAPS if name in found or (name == "unknown_start" and is_unknown)))
