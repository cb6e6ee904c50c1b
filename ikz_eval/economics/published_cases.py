"""Printed figures of cooperations, compared: what moved, what differs, what must not be computed.

Holds the rules by which figures of one case become comparisons; the figures are rows of ``published_figure``. Exact
decimals throughout: 2.25 + 0.35 + 0.30 is 2.90. Nothing here is a causal claim. Called by asset ``published_case``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

from schemas.economics import PublishedCase

ADDITIVE = ("posts_fte", "cases_per_year")
"""Measures whose figures add up over carriers; an average cost per case does not."""
SHIFTING = ("posts_fte",)
"""Measures of effort: equal sums before and after mean that effort moved between partners."""
RATIO = "posts_fte_per_case"
RATIO_DIGITS = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class _Figure:
    moment: str
    carrier: str
    measure: str
    value: Decimal
    definition: str
    is_joint: bool
    source: str


@dataclass(frozen=True, slots=True)
class _Comparison:
    measure: str
    base_label: str
    joint_label: str
    base: Decimal | None
    joint: Decimal | None
    conclusion: str
    reason: str
    source: str


def compare_published(figures: pd.DataFrame) -> pd.DataFrame:
    """Compare the printed figures of each case.

    Figures before and after are summed over carriers and compared; figures of one moment are compared carrier by
    carrier, the joint operation against each other one. Figures counted by different definitions are refused, and with
    them every ratio that would rest on them.

    Parameters
    ----------
    figures : pd.DataFrame
        Table ``published_figure``: one row per printed figure; may be empty.

    Returns
    -------
    pd.DataFrame
        Table ``published_case``: one row per comparison, refused ones without values. Labels are the carriers as
        printed, joined by `` + ``; the texts of the reasons stand in ikz_eval/texts/economics.*.toml.
    """
    rows: list[dict[str, object]] = []
    for case, part in figures.sort_values(["case", "sequence"], kind="stable").groupby("case", sort=False):
        comparisons = _case([_figure(row) for row in part.to_dict("records")])
        rows += [{"case": case, "sequence": i, **_row(c)} for i, c in enumerate(comparisons, start=1)]
    columns = list(PublishedCase.to_schema().columns)
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({name: "int64" if name == "sequence" else "str" for name in columns})


def _figure(row: dict[Any, Any]) -> _Figure:
    names = ("moment", "carrier", "measure", "definition", "is_joint", "source")
    return _Figure(value=Decimal(row["value"]), **{name: row[name] for name in names})


def _case(figures: list[_Figure]) -> Iterator[_Comparison]:
    sums: dict[str, _Comparison] = {}
    for measure in dict.fromkeys(f.measure for f in figures):
        own = [f for f in figures if f.measure == measure]
        before, after = ([f for f in own if f.moment == moment] for moment in ("before", "after"))
        if before and after:
            sums[measure] = _before_after(measure, before, after)
            yield sums[measure]
        yield from _cross_section([f for f in own if f.moment == "same"])
    if all(measure in sums for measure in ADDITIVE):
        yield _posts_per_case(sums["posts_fte"], sums["cases_per_year"])


def _before_after(measure: str, before: list[_Figure], after: list[_Figure]) -> _Comparison:
    labels, source = (_carriers(before), _carriers(after)), _sources([*before, *after])
    if len({f.definition for f in [*before, *after]}) > 1:
        return _Comparison(measure, *labels, None, None, "refused", "definition_changed", source)
    if measure not in ADDITIVE and max(len(before), len(after)) > 1:
        return _Comparison(measure, *labels, None, None, "refused", "not_additive", source)
    base, joint = (sum((f.value for f in part), Decimal(0)) for part in (before, after))
    has_moved = measure in SHIFTING and base == joint and {f.carrier for f in before} != {f.carrier for f in after}
    if has_moved and len(before) > 1:
        return _Comparison(measure, *labels, base, joint, "shifted", "moved_between_partners", source)
    return _Comparison(measure, *labels, base, joint, "descriptive", "unadjusted_before_after", source)


def _cross_section(figures: list[_Figure]) -> Iterator[_Comparison]:
    for joint in (f for f in figures if f.is_joint):
        for base in (f for f in figures if not f.is_joint):
            labels, source = (base.carrier, joint.carrier), _sources([base, joint])
            if base.definition == joint.definition:
                values = (base.value, joint.value)
                yield _Comparison(joint.measure, *labels, *values, "descriptive", "unadjusted_cross_section", source)
            else:
                yield _Comparison(joint.measure, *labels, None, None, "refused", "definition_differs", source)


def _posts_per_case(posts: _Comparison, cases: _Comparison) -> _Comparison:
    source = "; ".join(dict.fromkeys([*posts.source.split("; "), *cases.source.split("; ")]))
    labels = (posts.base_label, posts.joint_label)
    if posts.base is None or posts.joint is None or cases.base is None or cases.joint is None:
        return _Comparison(RATIO, *labels, None, None, "refused", "rests_on_refused", source)
    if cases.base == 0 or cases.joint == 0:
        return _Comparison(RATIO, *labels, None, None, "refused", "no_cases", source)
    base, joint = (
        (p / c).quantize(RATIO_DIGITS, rounding=ROUND_HALF_UP)
        for p, c in ((posts.base, cases.base), (posts.joint, cases.joint))
    )
    return _Comparison(RATIO, *labels, base, joint, "descriptive", "unadjusted_before_after", source)


def _carriers(figures: Iterable[_Figure]) -> str:
    return " + ".join(dict.fromkeys(f.carrier for f in figures))


def _sources(figures: Iterable[_Figure]) -> str:
    return "; ".join(dict.fromkeys(f.source for f in figures))


def _row(comparison: _Comparison) -> dict[str, object]:
    base, joint = comparison.base, comparison.joint
    difference = None if base is None or joint is None else joint - base
    return {
        "measure": comparison.measure,
        "base_label": comparison.base_label,
        "joint_label": comparison.joint_label,
        "base_value": None if base is None else f"{base:f}",
        "joint_value": None if joint is None else f"{joint:f}",
        "difference": None if difference is None else f"{difference:f}",
        "difference_percent": _percent(difference, base),
        "conclusion": comparison.conclusion,
        "reason": comparison.reason,
        "source": comparison.source,
    }


def _percent(difference: Decimal | None, base: Decimal | None) -> str | None:
    """Return the difference in percent of the base, one decimal, half away from zero; None without a base."""
    if difference is None or not base:
        return None
    percent = (100 * difference / base).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    return f"{abs(percent) if percent == 0 else percent:f}"
