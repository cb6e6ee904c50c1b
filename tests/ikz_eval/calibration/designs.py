"""A small planned study for the tests: three regions, four blocks, twenty quarters."""

from functools import cache

from ikz_eval.calibration import PlannedRegion, PreparedStudy, planned_layout, prepare_study
from ikz_eval.quarters import quarter_range

REGIONS = (
    PlannedRegion("rot", 3, "2021-Q3"),
    PlannedRegion("blau", 4, "2022-Q2"),
    PlannedRegion("gelb", 2, "2022-Q4", (10.0, 90.0)),
    *(PlannedRegion(f"block{number}", 3 + number % 2) for number in range(4)),
)
QUARTERS = quarter_range("2019-Q1", "2023-Q4")


@cache
def small_study(fields: int = 2) -> PreparedStudy:
    """Return the small study prepared."""
    return prepare_study(planned_layout("klein", REGIONS, QUARTERS, fields=fields))
