"""The design of a study as it stands before any outcome: who is in which region or block, since when, in which quarters.

Holds how a registered study, or one that is only planned, becomes the frames the estimators read. Outcomes in these
frames are placeholders; nothing here is drawn or tested. Deliveries that went missing are not part of a design: every
body is taken to deliver every quarter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product

import numpy as np
import pandas as pd

from ikz_eval.calibration.worlds import Bodies
from ikz_eval.errors import UsageError
from ikz_eval.estimate.design import GROSS_OUTCOME, NET_OUTCOME, AnalysisFrame, own_starts, start_paths
from ikz_eval.estimate.evaluation import FieldEvaluation, count_design, evaluate_field, fit_level
from ikz_eval.estimate.reassignment import path_panel
from ikz_eval.estimate.verdict import blocking_reasons
from ikz_eval.panel.build import with_exposure
from ikz_eval.panel.exclusion import first_reason
from ikz_eval.panel.exposure import read_exposure
from ikz_eval.panel.partnership import build_partnership
from ikz_eval.quarters import quarter_index, quarter_of_date, quarter_range, quarter_shift, quarter_start
from ikz_eval.registry import Registry, Specification

_PLACEHOLDER_SEED = 1
"""Outcomes of the frames are noise from this seed: estimators refuse outcomes without any variation."""
_PLANNED = Specification("planned", True, "imputation", {}, "region_start", "regions", "a design that is only planned")


@dataclass(frozen=True, slots=True, eq=False)
class FieldLayout:
    """One field of a design.

    Attributes
    ----------
    found : FieldEvaluation
        The design's rows, design card and fits, with placeholder outcomes.
    bodies : Bodies
        Members of the units with usable rows.
    units, ags : tuple of str
        Names of regions and blocks, and of bodies, in the order of ``bodies``.
    first : int
        Number of the first quarter.
    n_periods : int
        Quarters.
    """

    found: FieldEvaluation
    bodies: Bodies
    units: tuple[str, ...]
    ags: tuple[str, ...]
    first: int
    n_periods: int

    @property
    def field(self) -> str:
        """Name of the field."""
        return self.found.field


@dataclass(frozen=True, slots=True, eq=False)
class StudyLayout:
    """The fields of a study that can be assessed, and why the others cannot.

    Attributes
    ----------
    study, quarter : str
        Name, and the last quarter looked at.
    fields : tuple of FieldLayout
        Assessable ones.
    reasons : dict of str to tuple of str
        Codes of the verdict's reasons for every other field.
    pooled : tuple of tuple of str
        Fields of each average over fields, assessable ones alone.
    """

    study: str
    quarter: str
    fields: tuple[FieldLayout, ...]
    reasons: dict[str, tuple[str, ...]]
    pooled: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedRegion:
    """A region or block of a planned study.

    Attributes
    ----------
    name : str
        Its own.
    bodies : int
        Number of members.
    start : str or None
        First quarter of cooperation; None for a comparison block.
    inhabitants : tuple of float
        Of each member; all alike when left out.
    """

    name: str
    bodies: int
    start: str | None = None
    inhabitants: tuple[float, ...] = ()


def study_layout(registry: Registry, quarter: str) -> StudyLayout:
    """Return the design of a registered study as of an evaluation quarter, under its primary specification."""
    panel = _invented_panel(registry, quarter)
    partnership = build_partnership(registry, panel, quarter)
    fields, reasons = [], {}
    for field in registry.delivered_fields:
        found = evaluate_field(registry, registry.primary, field, quarter, panel, partnership)
        blocking = blocking_reasons(found.design)
        if blocking or found.partnership.imputation is None:
            reasons[field] = (*found.design.gaps, *blocking)
        else:
            fields.append(_registered(registry, found))
    averages = dict.fromkeys(tuple(f for f in each.fields if f not in reasons) for each in registry.pooled)
    return StudyLayout(
        registry.study, quarter, tuple(fields), reasons, tuple(each for each in averages if len(each) > 1)
    )


def planned_layout(
    study: str, regions: Sequence[PlannedRegion], quarters: Sequence[str], *, fields: int
) -> StudyLayout:
    """Return the design of a planned study: ``fields`` fields, all alike; with two or more, also their average.

    Raises
    ------
    UsageError
        If there is no region that starts within the quarters, no block, or a name occurs twice.
    """
    starts = [region.start for region in regions if region.start is not None]
    if not starts or len(starts) == len(regions) or len({region.name for region in regions}) < len(regions):
        raise UsageError("a planned study needs regions with a start and blocks without one, each with its own name")
    if fields < 1 or any(not quarters[0] < start <= quarters[-1] for start in starts):
        raise UsageError(f"a planned study needs a field, and starts after {quarters[0]} and up to {quarters[-1]}")
    frame, body = (_planned_frame(regions, quarters, is_body=level) for level in (False, True))
    gross, net = fit_level("partnership", frame), fit_level("body", body)
    paths = start_paths(frame)
    design = count_design(gross, paths, ())
    blocking = blocking_reasons(design)
    names = [f"field{number}" for number in range(1, fields + 1)]
    if blocking or gross.imputation is None:
        return StudyLayout(study, quarters[-1], (), dict.fromkeys(names, tuple(blocking)))
    known = tuple(sorted(region.name for region in regions))
    by_name = {region.name: region for region in regions}
    unit = np.repeat(np.arange(len(known)), [by_name[name].bodies for name in known])
    first = quarter_index(quarters[0])
    start = np.array([np.inf if (at := by_name[name].start) is None else quarter_index(at) - first for name in known])
    inhabitants = np.concatenate([by_name[name].inhabitants or np.ones(by_name[name].bodies) for name in known])
    bodies = Bodies(unit.astype(np.intp), start, np.zeros(unit.size, dtype=np.intp), inhabitants.astype(np.float64))
    ags = tuple(sorted(set(body.rows["unit"])))
    return StudyLayout(
        study,
        quarters[-1],
        tuple(
            FieldLayout(
                FieldEvaluation(_PLANNED, name, gross, net, design, paths), bodies, known, ags, first, len(quarters)
            )
            for name in names
        ),
        {},
        (tuple(names),) if fields > 1 else (),
    )


def assumed_regions(registry: Registry) -> list[PlannedRegion]:
    """Return the regions and blocks of a study whose starts are not known, as if each region had begun when it could.

    A region's start is the first full quarter from the earliest day that any of its agreements gives, known or possible:
    an assumption for planning, and never a start of an evaluation.
    """
    agreements = registry.agreements[registry.agreements["status"].isin(["valid", "conflicting"])]
    days = agreements["start"].fillna(agreements["start_earliest"]).dropna()
    earliest = days.groupby(agreements["unit"]).min()
    regions = []
    for name, kind in zip(registry.regions["unit"], registry.regions["kind"], strict=True):
        ags = sorted(registry.bodies.loc[registry.bodies["unit"] == name, "ags"])
        start = _first_full_quarter(earliest[name]) if kind == "region" and name in earliest.index else None
        if kind == "block" or start is not None:
            regions.append(PlannedRegion(name, len(ags), start, tuple(_inhabitants(registry, ags).tolist())))
    return regions


def _first_full_quarter(day: str) -> str:
    start = date.fromisoformat(day)
    quarter = quarter_of_date(start)
    return quarter if start == quarter_start(quarter) else quarter_shift(quarter, 1)


def _registered(registry: Registry, found: FieldEvaluation) -> FieldLayout:
    rows = found.body.frame.rows
    members = rows.drop_duplicates("unit").sort_values("unit")
    rows_with_paths = path_panel(found.partnership.frame)
    units, first, n_periods = rows_with_paths.names, rows_with_paths.first, rows_with_paths.n_periods
    starts = [
        np.inf if path.start is None else float(quarter_index(path.start) - first) for path in found.paths.values()
    ]
    own = own_starts(registry, found.field).set_index("ags")["quarter"].map(quarter_index).to_dict()
    unit = np.array([units.index(name) for name in members["cluster"]], dtype=np.intp)
    delay = [
        int(own.get(ags, 0) - first - starts[code]) if np.isfinite(starts[code]) else 0
        for ags, code in zip(members["unit"], unit, strict=True)
    ]
    bodies = Bodies(
        unit, np.array(starts), np.array(delay, dtype=np.intp), _inhabitants(registry, list(members["unit"]))
    )
    return FieldLayout(found, bodies, units, tuple(members["unit"]), first, n_periods)


def _inhabitants(registry: Registry, ags: list[str]) -> np.ndarray:
    """Return the latest number of inhabitants of each body; all alike when the study does not know them all."""
    table = registry.population
    if table.empty or not set(ags) <= set(table["ags"]):
        return np.ones(len(ags))
    latest = table.sort_values("reference_date").drop_duplicates("ags", keep="last").set_index("ags")["inhabitants"]
    return latest.loc[ags].to_numpy(dtype=np.float64)


def _invented_panel(registry: Registry, quarter: str) -> pd.DataFrame:
    """Return what table ``panel`` would hold had every body delivered every quarter; cost is a placeholder."""
    quarters = quarter_range(registry.first_quarter, quarter)
    keys = product(sorted(registry.bodies["ags"]), registry.delivered_fields, quarters)
    rows = pd.DataFrame(list(keys), columns=["ags", "field", "quarter"])
    cents = np.random.default_rng(_PLACEHOLDER_SEED).integers(900_000, 1_100_000, len(rows))
    for kind in ("nominal_gross", "nominal_net", "real_gross", "real_net"):
        rows[f"{kind}_cost_cents"] = cents
    rows = rows.assign(real_transition_cents=0, cases=100, staff_fte=1.0)
    rows = with_exposure(registry, read_exposure(registry), rows)
    rows["exclusion"] = first_reason(
        rows.pop("design"),
        is_partial=rows["is_partial"],
        is_after_end=rows.pop("is_after_end"),
        is_incomplete=pd.Series(False, index=rows.index),
        cost_cents=rows["real_net_cost_cents"],
        cases=rows["cases"],
    )
    return rows.assign(evaluation_quarter=quarter)


def _planned_frame(regions: Sequence[PlannedRegion], quarters: Sequence[str], *, is_body: bool) -> AnalysisFrame:
    rows = []
    for region in regions:
        kind = "block" if region.start is None else "region"
        names = [f"{region.name}-{number:02d}" for number in range(region.bodies)] if is_body else [region.name]
        rows += [(name, region.name, 1.0, kind, quarter, region.start) for name in names for quarter in quarters]
    frame = pd.DataFrame(rows, columns=["unit", "cluster", "share", "unit_kind", "quarter", "start"])
    frame["start"] = frame["start"].astype("str")
    frame["outcome"] = np.random.default_rng(_PLACEHOLDER_SEED).normal(size=len(frame))
    frame = frame.sort_values(["unit", "quarter"], ignore_index=True)
    members = {name: 1 for name in frame["unit"].unique()} if is_body else {r.name: r.bodies for r in regions}
    return AnalysisFrame(
        rows=frame,
        outcome=NET_OUTCOME if is_body else GROSS_OUTCOME,
        dropped={},
        regions=frozenset(region.name for region in regions if region.start is not None),
        blocks=frozenset(region.name for region in regions if region.start is None),
        members=members,
        anticipation=0,
        path_rows=frame.iloc[:0],
    )
