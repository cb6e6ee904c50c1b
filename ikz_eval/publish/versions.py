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
    "verdict": MethodVersion(2, "all required tests are carried out, so that an effect can be supported"),
    "wild_bootstrap": MethodVersion(1, "first version: WCR-11 by region with CR2 denominator, step-down over fields"),
    "randomisation": MethodVersion(
        1, "first version: whole start paths over regions and blocks, step-down over fields"
    ),
    "robustness": MethodVersion(1, "first version: one change at a time, specification curve, placebo starts"),
    "further": MethodVersion(
        2, "the average over fields that a study registers, with CR2 by region, beside the instruments of single fields"
    ),
    "published_cases": MethodVersion(1, "first version: comparisons of printed figures"),
    "publication": MethodVersion(
        6,
        "the average over fields (DF), exploratory, beside its calibration; a row of its own, set apart, in the figure of all "
        "fields",
    ),
}
"""Stage or method -> version."""
