"""Checks of the robustness card that rest on records of the study (robustness.csv, and bounds in agreements.csv).

Each check is the primary estimate with one thing changed: bodies left out, quarters left out, other blocks, other clusters,
another start. A study without the record says ``not_recorded``. The card itself is robustness.py. Docs:
docs/methods/robustness.md.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.check import Check, fitted, tried
from ikz_eval.estimate.design import partnership_frame
from ikz_eval.estimate.evaluation import FieldEvaluation
from ikz_eval.estimate.imputation import ImputationFit
from ikz_eval.estimate.outcome_scale import Scale
from ikz_eval.estimate.regrouped import Bodies, regrouped
from ikz_eval.estimate.twoway_design import working_columns
from ikz_eval.inference import infer, working_model
from ikz_eval.registry import Registry


@dataclass(frozen=True, slots=True)
class Case:
    """A field under the primary specification, with what its checks are made from.

    Attributes
    ----------
    registry : Registry
        The study.
    found : FieldEvaluation
        The primary evaluation of the field.
    evaluation_quarter : str
        Last quarter that counts.
    bodies : Bodies
        Its single bodies.
    """

    registry: Registry
    found: FieldEvaluation
    evaluation_quarter: str
    bodies: Bodies

    def records(self, check: str) -> pd.DataFrame:
        """Return the study's records of a check."""
        table = self.registry.robustness
        return table[table["check"] == check]

    def rows(self, members: Mapping[str, str], starts: Mapping[str, date] | None = None) -> tuple[pd.DataFrame, Scale]:
        """Return the rows of the primary estimate with other members or starts, and their scale.

        The scale of percentages in levels is that of the primary estimate.
        """
        field, specification = self.found.field, self.found.specification
        table = regrouped(self.bodies, field, members, starts)
        frame = partnership_frame(self.registry, specification, field, self.evaluation_quarter, table)
        return frame.rows, Scale(frame.is_log, self.found.partnership.scale.base_eur)

    def again(self, name: str, members: Mapping[str, str]) -> Check:
        """Return the primary estimate with other members."""
        rows, scale = self.rows(members)
        return fitted(name, "all", tried(rows), self.found, scale)


def record_checks(case: Case) -> Iterator[Check]:
    """Return the checks that rest on records, in the order of the card."""
    yield _without(case, "without_neighbours", set(case.records("without_neighbours")["ags"]))
    other = case.records("without_other_cooperation")
    mine = other[other["field"].isna() | (other["field"] == case.found.field)]
    yield _without(case, "without_other_cooperation", set(mine["ags"]))
    yield _without_quarters(case)
    yield _other_blocks(case)
    yield _planning_regions(case)


def _without(case: Case, name: str, gone: set[str]) -> Check:
    """Leave bodies out of the sums of their units; a unit of such bodies alone is left out whole."""
    if case.records(name).empty:
        return Check(name, "all", withheld="not_recorded")
    if not gone & set(case.bodies.members):
        return Check(name, "all", withheld="not_concerned")
    return case.again(name, {ags: unit for ags, unit in case.bodies.members.items() if ags not in gone})


def _without_quarters(case: Case) -> Check:
    """Leave the recorded quarters of the field out for every unit."""
    records, name = case.records("without_ikfz"), "without_ikfz"
    if records.empty:
        return Check(name, "all", withheld="not_recorded")
    quarters = set(records.loc[records["field"] == case.found.field, "quarter"])
    rows = case.found.partnership.frame.rows
    if not rows["quarter"].isin(quarters).any():
        return Check(name, "all", withheld="not_concerned")
    return fitted(name, "all", tried(rows[~rows["quarter"].isin(quarters)]), case.found)


def _other_blocks(case: Case) -> Check:
    """Put the comparison bodies into the study's alternative blocks; regions stay."""
    records, name = case.records("alternative_grouping"), "alternative_grouping"
    if records.empty:
        return Check(name, "all", withheld="not_recorded")
    block = {ags: f"alternative:{unit}" for ags, unit in zip(records["ags"], records["unit"], strict=True)}
    return case.again(name, {ags: block.get(ags, unit) for ags, unit in case.bodies.members.items()})


def _planning_regions(case: Case) -> Check:
    """Cluster the primary estimate on whole planning regions; the estimate stays, its uncertainty changes."""
    records, name = case.records("planning_regions"), "planning_regions"
    if records.empty:
        return Check(name, "all", withheld="not_recorded")
    region = dict(zip(records["ags"], records["unit"], strict=True))
    fit = case.found.partnership.imputation
    assert fit is not None
    cluster_of = merged_units(case.bodies.members, region)
    clusters = np.array([cluster_of[name] for name in fit.observations.unit_names])[fit.observations.unit]
    treated = np.unique(clusters[fit.observations.treated])
    scale, n_units = case.found.partnership.scale, np.unique(clusters).size
    if treated.size < 2 or n_units - treated.size < 1 or not case.found.has_inference:
        return Check(name, "all", fit.estimate, n_units=n_units, withheld="too_few_regions", scale=scale)
    return _reclustered(name, fit, clusters, n_units, scale)


def _reclustered(name: str, fit: ImputationFit, clusters: np.ndarray, n_units: int, scale: Scale) -> Check:
    root = np.sqrt(fit.observations.weight)
    try:
        model = working_model(root[:, None] * working_columns(fit.observations), clusters)
        known = infer(model, fit.weights / root, root * fit.observations.outcome)
    except EstimationError:
        return Check(name, "all", fit.estimate, n_units=n_units, withheld="not_identified", scale=scale)
    return Check(name, "all", fit.estimate, known.low, known.high, known.p, n_units, scale=scale)


def merged_units(unit_of: Mapping[str, str], region_of: Mapping[str, str]) -> dict[str, str]:
    """Return the cluster of each unit: units that have bodies in one planning region are one cluster.

    A model region that spans several planning regions joins them; the cluster is named by the planning regions.

    Parameters
    ----------
    unit_of, region_of : mapping of str to str
        AGS -> region or block; AGS -> planning region.
    """
    parts: list[set[str]] = []
    spans: dict[str, set[str]] = {}
    for ags, unit in unit_of.items():
        spans.setdefault(unit, set()).add(region_of[ags])
    for span in spans.values():
        joined = set(span).union(*(part for part in parts if part & span))
        parts = [part for part in parts if not part & span] + [joined]
    name_of = {region: "+".join(sorted(part)) for part in parts for region in part}
    return {unit: name_of[next(iter(span))] for unit, span in spans.items()}


def unknown_starts(case: Case) -> Iterator[Check]:
    """Return the estimate with bodies of unknown start taken in, at their earliest and at their latest possible start.

    A region starts with its first member: the earlier of the known start and the bound. A bound that no source gives is
    not invented: that row says ``not_recorded``.
    """
    name, field = "unknown_starts", case.found.field
    known = case.registry.agreements
    open_ones = known[
        (known["field"] == field) & known["unit"].notna() & known["status"].isin(["valid", "conflicting"])
    ]
    dated = set(open_ones.loc[(open_ones["status"] == "valid") & open_ones["start"].notna(), "ags"])
    open_ones = open_ones[~open_ones["ags"].isin(dated)]
    if open_ones.empty:
        yield Check(name, "all", withheld="not_concerned")
        return
    for part, column in (("earliest", "start_earliest"), ("latest", "start_latest")):
        days = open_ones.dropna(subset=[column]).groupby("ags")[column].agg("min" if part == "earliest" else "max")
        if set(open_ones["ags"]) - set(days.index):
            yield Check(name, part, withheld="not_recorded")
            continue
        unit_of = dict(zip(open_ones["ags"], open_ones["unit"], strict=True))
        bounds = {str(ags): str(day) for ags, day in days.items()}
        starts = _region_starts(known[known["field"] == field], bounds, unit_of)
        rows, scale = case.rows(case.bodies.members | unit_of, starts)
        yield fitted(name, part, tried(rows), case.found, scale)


def _region_starts(agreements: pd.DataFrame, days: Mapping[str, str], unit_of: Mapping[str, str]) -> dict[str, date]:
    """Return the first day of each region that has a body of unknown start, bounds counted as starts."""
    valid = agreements[(agreements["status"] == "valid") & agreements["start"].notna()]
    starts: dict[str, date] = {}
    for ags, day in days.items():
        unit = unit_of[ags]
        own = [date.fromisoformat(text) for text in valid.loc[valid["unit"] == unit, "start"]]
        starts[unit] = min([date.fromisoformat(day), *own, *([starts[unit]] if unit in starts else [])])
    return starts
