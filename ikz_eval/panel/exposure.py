"""Exposure: who cooperates in which field since when, from the study's agreements.

The unit of assignment is the model region: all its bodies that take part in a field count from the region's first
start there (late joiners too), and the body's own start is kept beside it. Comparison bodies are comparison.py; what
excludes a single quarter is exclusion.py.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from ikz_eval.panel import codes
from ikz_eval.panel.comparison import comparison_exclusion
from ikz_eval.quarters import quarter_index, quarter_of_date, quarter_shift, quarter_start
from ikz_eval.registry import Registry


@dataclass(frozen=True, slots=True)
class Participation:
    """One body's own part in one field.

    Attributes
    ----------
    start, end : date or None
        First and last day of its own joint operation; None when it has none, or the end is open or unknown.
    exclusion : str or None
        Why the body is neither treated nor comparison in the field, a code; None when it is one of the two.
    """

    start: date | None
    end: date | None
    exclusion: str | None


@dataclass(frozen=True, slots=True)
class Span:
    """A region's joint operation in a field: first start and last end of its members; None: none, or open."""

    start: date | None
    end: date | None

    @property
    def cohort(self) -> str | None:
        """Quarter of the start."""
        return quarter_of_date(self.start) if self.start else None

    def event_time(self, quarter: str) -> int | None:
        """Return the quarters since the start, negative before it."""
        return quarter_index(quarter) - quarter_index(self.cohort) if self.cohort else None

    def is_partial(self, quarter: str) -> bool:
        """Return whether the start lies inside ``quarter``, after its first day."""
        return self.start is not None and quarter == self.cohort and self.start > quarter_start(quarter)

    def is_after_end(self, quarter: str) -> bool:
        """Return whether the operation ended before the last day of ``quarter``."""
        last_day = quarter_start(quarter_shift(quarter, 1)) - timedelta(days=1)
        return self.end is not None and self.end < last_day


@dataclass(frozen=True, slots=True)
class Exposure:
    """Participation and spans of a study.

    Attributes
    ----------
    bodies : dict of (ags, field) to Participation
        Every body and delivered field.
    spans : dict of (unit, field) to Span
        Every region or block and delivered field; blocks have no start.
    """

    bodies: dict[tuple[str, str], Participation]
    spans: dict[tuple[str, str], Span]


def read_exposure(registry: Registry) -> Exposure:
    """Return who cooperates since when, for every body and delivered field of the study."""
    kinds = dict(zip(registry.regions["unit"], registry.regions["kind"], strict=True))
    unit_of = dict(zip(registry.bodies["ags"], registry.bodies["unit"], strict=True))
    groups = dict(list(registry.agreements.groupby(["ags", "field"])))
    none = registry.agreements.iloc[:0]
    bodies = {
        (ags, field): _participation(groups.get((ags, field), none), kinds[unit])
        for ags, unit in unit_of.items()
        for field in registry.delivered_fields
    }
    spans = {
        (unit, field): _span([part for (ags, of), part in bodies.items() if of == field and unit_of[ags] == unit])
        for unit in registry.regions["unit"]
        for field in registry.delivered_fields
    }
    return Exposure(bodies, spans)


def _participation(agreements: pd.DataFrame, unit_kind: str) -> Participation:
    """Return one body's part in one field from its agreements there."""
    if unit_kind == "block":
        return Participation(None, None, comparison_exclusion(agreements))
    valid = agreements[agreements["status"] == "valid"]
    starts = [date.fromisoformat(day) for day in valid["start"].dropna()]
    if starts:
        ends = [date.fromisoformat(day) for day in valid["end"].dropna()]
        return Participation(min(starts), max(ends) if len(ends) == len(valid) else None, None)
    return Participation(None, None, _why_not_treated(set(agreements["status"])))


def _why_not_treated(statuses: set[str]) -> str:
    if statuses & {"valid", "conflicting"}:
        return codes.UNKNOWN_START
    return codes.EARLIER_COOPERATION if "earlier" in statuses else codes.NOT_TAKING_PART


def _span(parts: list[Participation]) -> Span:
    members = [part for part in parts if part.start is not None]
    if not members:
        return Span(None, None)
    ends = [part.end for part in members if part.end is not None]
    return Span(
        start=min(part.start for part in members if part.start is not None),
        end=max(ends) if len(ends) == len(members) else None,
    )
