"""Before and after: which quarters of a treated region are compared in T2 and T3.

Before are all complete quarters before the region's start (less the field's anticipation), after all complete quarters
from the start on. A quarter that is partly treated, or in which a member's delivery is missing, is in neither.
Comparison blocks have no start and so no windows.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from ikz_eval.registry import Registry

OUTSIDE = ("unknown_start", "not_taking_part", "earlier_cooperation", "other_cooperation")
"""Reasons in ``exclusion`` that hold for a body or region as a whole: it is no member, or not treated."""
NOT_COMPARED = (*OUTSIDE, "partial_quarter", "after_end", "members_missing")
"""Reasons that keep a quarter out of before and after; a missing price does not, it leaves real values empty."""
BASE_QUARTERS = 4
"""Case shares are fixed at this many quarters before the start (domain, section 6)."""


@dataclass(frozen=True, slots=True)
class Windows:
    """The quarters of one treated region in one field.

    Attributes
    ----------
    field, unit : str
        Cooperation field and model region.
    before, after : tuple of str
        Quarter keys in order of time.
    """

    field: str
    unit: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def base(self) -> tuple[str, ...]:
        """The last quarters before the start, at which case shares are fixed."""
        return self.before[-BASE_QUARTERS:]


def treated_windows(registry: Registry, partnership: pd.DataFrame) -> Iterator[Windows]:
    """Yield the windows of every region that cooperates in a field, in the study's order."""
    for field in registry.delivered_fields:
        anticipation = registry.primary.anticipation_quarters.get(field, 0)
        for unit in registry.regions.loc[registry.regions["kind"] == "region", "unit"]:
            rows = usable_quarters(partnership, field, unit)
            if rows.empty:
                continue
            before = rows.loc[rows["event_time"] < -anticipation, "quarter"]
            after = rows.loc[rows["event_time"] >= 0, "quarter"]
            yield Windows(field, unit, tuple(before), tuple(after))


def usable_quarters(partnership: pd.DataFrame, field: str, unit: str) -> pd.DataFrame:
    """Return a region's complete, fully untreated or fully treated quarters in order of time."""
    mine = partnership[(partnership["field"] == field) & (partnership["unit"] == unit)]
    usable = mine["event_time"].notna() & ~mine["exclusion"].isin(NOT_COMPARED)
    return mine[usable].sort_values("quarter")
