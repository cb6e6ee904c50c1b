"""Table ``partnership``: a row per model region or comparison block, field and quarter.

Sums gross cost, cases and staff over constant membership: the same bodies in every quarter. When one member's delivery
is missing, the sum is missing too, and the member is named. Blocks are summed alike. Single bodies are build.py.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import PanelError
from ikz_eval.panel import codes
from ikz_eval.panel.build import ratio
from ikz_eval.panel.exclusion import first_reason
from ikz_eval.panel.exposure import Exposure, read_exposure
from ikz_eval.quarters import quarter_range
from ikz_eval.registry import Registry
from ikz_eval.warehouse import empty_table, typed

SUMS = {
    "nominal_gross_cost_cents": "Int64",
    "nominal_net_cost_cents": "Int64",
    "real_gross_cost_cents": "Int64",
    "real_transition_cents": "Int64",
    "cases": "Int64",
    "staff_fte": "Float64",
}
"""Columns of the panel that are summed over the members, with the type of the sum."""
KEY = ["unit", "field", "quarter"]


@dataclass(frozen=True, slots=True)
class Membership:
    """Who counts as a member of a unit in a field, in every quarter.

    Attributes
    ----------
    members : tuple of str
        AGS in order.
    exclusion : str or None
        Why the unit is neither treated nor comparison in the field, a code.
    """

    members: tuple[str, ...]
    exclusion: str | None


def build_partnership(registry: Registry, panel: pd.DataFrame, evaluation_quarter: str | None = None) -> pd.DataFrame:
    """Build table ``partnership`` of one evaluation.

    Parameters
    ----------
    registry : Registry
        The study.
    panel : pd.DataFrame
        Table ``panel`` of one evaluation quarter.
    evaluation_quarter : str, optional
        Needed when the panel is empty (nothing delivered yet): the rows then show who is missing.

    Returns
    -------
    pd.DataFrame
        Contract ``partnership``: every region and block, delivered field and quarter from the study's first to the
        evaluation quarter, also where nothing arrived; ordered by unit, field and quarter. Empty when the panel is
        empty and no evaluation quarter is given.

    Raises
    ------
    PanelError
        If the panel holds more than one evaluation quarter, or another than ``evaluation_quarter``.
    """
    quarter = _evaluation_quarter(panel, evaluation_quarter)
    if quarter is None:
        return empty_table("partnership")
    exposure = read_exposure(registry)
    membership = memberships(registry, exposure)
    rows = _grid(registry, exposure, membership, quarter_range(registry.first_quarter, quarter))
    rows = _with_sums(rows, _member_rows(panel, membership), membership)
    rows["exclusion"] = first_reason(
        rows.pop("design"),
        is_partial=rows["is_partial"],
        is_after_end=rows.pop("is_after_end"),
        is_incomplete=rows["members_delivered"] < rows["members"],
        cost_cents=rows["real_gross_cost_cents"],
        cases=rows["cases"],
    )
    return typed("partnership", rows.assign(evaluation_quarter=quarter))


def memberships(registry: Registry, exposure: Exposure) -> dict[tuple[str, str], Membership]:
    """Return the constant members of every unit and delivered field.

    In a region these are the bodies with a known start, late joiners included; in a block the clean comparison bodies.
    A unit without any is excluded with its bodies' reason and shows all its bodies.
    """
    result = {}
    for unit, bodies in registry.bodies.groupby("unit"):
        for field in registry.delivered_fields:
            parts = {ags: exposure.bodies[ags, field] for ags in sorted(bodies["ags"])}
            usable = tuple(ags for ags, part in parts.items() if part.exclusion is None)
            reasons = {part.exclusion for part in parts.values()}
            first = next((code for code in codes.EXCLUSIONS if code in reasons), None)
            result[str(unit), field] = Membership(usable, None) if usable else Membership(tuple(parts), first)
    return result


def _evaluation_quarter(panel: pd.DataFrame, given: str | None) -> str | None:
    found = set(panel["evaluation_quarter"]) | ({given} if given else set())
    if len(found) > 1:
        raise PanelError(f"the panel of one evaluation quarter is needed; found {', '.join(sorted(found))}")
    return found.pop() if found else None


def _grid(
    registry: Registry, exposure: Exposure, membership: dict[tuple[str, str], Membership], quarters: list[str]
) -> pd.DataFrame:
    """Return a row for every unit, field and quarter with what the study says of it."""
    kind_of = dict(zip(registry.regions["unit"], registry.regions["kind"], strict=True))
    rows = []
    for (unit, field), group in sorted(membership.items()):
        span = exposure.spans[unit, field]
        for quarter in quarters:
            rows.append(
                {
                    "unit": unit,
                    "unit_kind": kind_of[unit],
                    "field": field,
                    "quarter": quarter,
                    "members": len(group.members),
                    "cohort": span.cohort,
                    "event_time": span.event_time(quarter),
                    "is_partial": span.is_partial(quarter),
                    "is_after_end": span.is_after_end(quarter),
                    "design": group.exclusion,
                }
            )
    return pd.DataFrame(rows).astype({"event_time": "Int64", "design": "str", "cohort": "str"})


def _member_rows(panel: pd.DataFrame, membership: dict[tuple[str, str], Membership]) -> pd.DataFrame:
    """Return the panel rows of members only."""
    keys = {(field, ags) for (_, field), group in membership.items() for ags in group.members}
    is_member = np.array([pair in keys for pair in zip(panel["field"], panel["ags"], strict=True)], dtype=bool)
    return panel[is_member].sort_values([*KEY, "ags"])


def _with_sums(
    rows: pd.DataFrame, members: pd.DataFrame, membership: dict[tuple[str, str], Membership]
) -> pd.DataFrame:
    """Add sums over all members; missing where one member, or one member's value, is missing."""
    groups = members.groupby(KEY)
    sums, counts = groups[list(SUMS)].sum(), groups[list(SUMS)].count()
    delivered = groups["ags"].agg(list).to_dict()
    index = pd.MultiIndex.from_frame(rows[KEY])
    result = rows.copy()
    for column, kind in SUMS.items():
        total = pd.Series(sums[column].reindex(index).to_numpy(), dtype=kind, index=rows.index)
        present = counts[column].reindex(index, fill_value=0).to_numpy()
        result[column] = total.where(present == rows["members"].to_numpy())
    arrived = [delivered.get(key, []) for key in index]
    wanted = [membership[unit, field].members for unit, field in zip(rows["unit"], rows["field"], strict=True)]
    result["members_delivered"] = [len(ags) for ags in arrived]
    result["missing_members"] = [
        ",".join(ags for ags in all_of if ags not in set(here)) or None
        for all_of, here in zip(wanted, arrived, strict=True)
    ]
    result["real_gross_cost_per_case_eur"] = ratio(result["real_gross_cost_cents"], result["cases"], scale=100)
    result["cases_per_fte"] = ratio(result["cases"], result["staff_fte"])
    return result.astype({"staff_fte": "float64"})
