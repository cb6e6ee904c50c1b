"""T1 (who has delivered) and F3 (the delivery calendar).

Counts come from ``delivery_calendar`` alone; a body the calendar does not know has nothing due and is still listed.
"""

import pandas as pd

from ikz_eval.publish.cells import Row
from ikz_eval.registry import Registry
from schemas.vocabulary import CALENDAR_STATUS

GROUPS = ("participant", "comparison")


def completeness(registry: Registry, calendar: pd.DataFrame) -> list[Row]:
    """Return the rows of T1: a row per body, a total per group, and the total of all as last row."""
    rows: list[Row] = []
    for group in GROUPS:
        bodies = bodies_of(registry, group)
        mine = calendar[calendar["ags"].isin(bodies["ags"])]
        for ags, name, unit in zip(bodies["ags"], bodies["name"], bodies["unit"], strict=True):
            counted = _counts(calendar[calendar["ags"] == ags])
            rows.append({"ags": ags, "name": name, "unit": unit, "group": group, **counted})
        rows.append({"group": group, **_counts(mine)})
    rows.append({"group": "all", **_counts(calendar)})
    return rows


def bodies_of(registry: Registry, group: str) -> pd.DataFrame:
    """Return the bodies that take part (``participant``) or are compared with (``comparison``), in the study's order."""
    return registry.bodies[registry.bodies["is_participant"] == (group == "participant")]


def _counts(part: pd.DataFrame) -> dict[str, int]:
    return {"due": len(part)} | {status: int((part["status"] == status).sum()) for status in CALENDAR_STATUS}


def delivery_calendar(registry: Registry, calendar: pd.DataFrame) -> list[Row]:
    """Return the rows of F3: the status of every delivery that is due, by body and quarter."""
    rows: list[Row] = []
    for group in GROUPS:
        bodies = bodies_of(registry, group)
        for ags, name, unit in zip(bodies["ags"], bodies["name"], bodies["unit"], strict=True):
            mine = calendar[calendar["ags"] == ags].sort_values("quarter")
            rows.extend(
                {"ags": ags, "name": name, "unit": unit, "quarter": quarter, "status": status}
                for quarter, status in zip(mine["quarter"], mine["status"], strict=True)
            )
    return rows
