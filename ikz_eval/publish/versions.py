"""Versions of the methods a release rests on; raising one gives every evaluation a new release.

A commit that changes no published number raises nothing here. Who changes what a stage computes, or what a published
file says or looks like, raises that stage's version and writes why. Versions of packages stand in requirements.lock.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MethodVersion:
    """Version of one method, and why it was last raised."""

    version: int
    reason: str


METHOD_VERSIONS: dict[str, MethodVersion] = {
    "delivery": MethodVersion(1, "first version: official workbook and CSV, strict reading of German numbers"),
    "panel": MethodVersion(2, "due dates fall on working days; a withdrawn delivery does not count"),
    "imputation": MethodVersion(1, "first version: each treated region weighs the same"),
    "group_time": MethodVersion(1, "first version: reported point without inference"),
    "event_path": MethodVersion(1, "first version: quarters and bins of four"),
    "cr2": MethodVersion(1, "first version: CR2 of a linear estimator by region, Satterthwaite degrees of freedom"),
    "verdict": MethodVersion(1, "first version: at most compatible while required tests are missing"),
    "published_cases": MethodVersion(1, "first version: comparisons of printed figures"),
    "publication": MethodVersion(
        3, "every result names the deliveries missing from it; the due dates lie beside as a calendar file"
    ),
}
"""Stage or method -> version."""
