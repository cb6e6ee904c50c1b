"""Rules about a body's numbers beside its own earlier ones: units, swapped columns, another quarter's numbers, jumps.

Aware of seasons (a number must differ from its usual level and from the same quarter of the year before) and of
agreements (what was before a change is no measure of what comes after). All ask; limits stand in the study.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import combinations, pairwise
from math import exp, log, log1p
from statistics import median

from ikz_eval.delivery.findings import Finding, Place, TextKey
from ikz_eval.delivery.history import Values
from ikz_eval.delivery.rules.registry import finding, rule
from ikz_eval.delivery.rules.view import Key, View, running_cost, typical
from ikz_eval.quarters import quarter_shift
from schemas.vocabulary import RUNNING_COST_BLOCKS

_THOUSAND = 1000
STEADY_ITEMS = (*RUNNING_COST_BLOCKS, "fee_revenue", "cases", "staff_fte")
"""Items of which every quarter is much like the others; one-off cost, grants and payments between partners are not."""
_LATEST = 5
"""Earlier quarters that say what the ratio of two columns usually is: a year and the quarter before."""
_LEAST_DISTANCE, _LARGEST_REST = 4.0, 0.5
"""Two swapped numbers are this far from their series [scatters]; swapping them leaves at most this share of it."""
_LEAST_SCATTER, _LARGEST_SCATTER, _FAR = 0.03, 0.15, 12.0
"""Limits of the scatter of a series [log], and of one number's distance from it [scatters]: one number alone decides little."""
_ENOUGH_NUMBERS = 10
"""Numbers that must be there before equality with another delivery means anything."""


@rule("question")
def k56_unit_is_as_before(view: View) -> Iterator[Finding]:
    """K56: given numbers about 1,000 times larger or smaller than the body's own before, we ask about the unit."""
    tolerance = view.limit("unit_tolerance_factor")
    if tolerance is None:
        return
    measurable = {key: typical(view.own(key)) for key in view.numbers if view.is_free(key) and view.numbers[key]}
    measurable = {key: level for key, level in measurable.items() if level}
    yield from unit_findings(view, "K56", measurable, float(tolerance))


def unit_findings(view: View, number: str, levels: dict[Key, float], tolerance: float) -> Iterator[Finding]:
    """Yield the findings of rule ``number`` for numbers 1,000 times above or below their level, grouped."""
    for words, factor in (("thousandfold", _THOUSAND), ("thousandth", 1 / _THOUSAND)):
        off = [
            key
            for key, level in levels.items()
            if factor / tolerance <= abs(float(view.numbers[key])) / level <= factor * tolerance
        ]
        yield from view.ask_together(number, off, levels, case=TextKey(f"delivery.case.{words}"))


@rule("question")
def k57_columns_are_not_swapped(view: View) -> Iterator[Finding]:
    """K57: given two numbers of a row that would fit the body's own series in each other's column, we ask."""
    ratio = view.limit("swap_minimum_ratio")

    @cache  # a number is compared with every other of its row
    def usual(key: Key, quarters: tuple[str, ...], shift: float) -> _Usual | None:
        return _Usual.of(view, key, quarters, shift)

    for keys in _rows(view) if ratio is not None and view.known.own else ():
        gains = {pair: _gain(view, usual, *pair, log(float(ratio or 1))) for pair in combinations(keys, 2)}
        for left, right in sorted(gains, key=lambda pair: -gains[pair]):
            if gains[left, right] > 0 and view.is_free(left, right):
                yield view.ask("K57", [left, right], other=view.place(right).label or "")


def _rows(view: View) -> list[list[Key]]:
    """Return the numbers of each row that has several columns, without totals."""
    rows: dict[tuple[str, str], list[Key]] = {}
    for key in view.numbers:
        if key[0] != "control":
            rows.setdefault(key[:2], []).append(key)
    return [keys for keys in rows.values() if len(keys) > 1]


def _gain(
    view: View,
    usual: Callable[[Key, tuple[str, ...], float], "_Usual | None"],
    left: Key,
    right: Key,
    least: float,
) -> float:
    """Return how much better two numbers fit the body's own series when swapped [scatters]; 0 when not clearly.

    A swap must remove most of the distance of both: a jump of one number alone is not explained by it.
    """
    now, other = float(view.numbers[left]), float(view.numbers[right])
    if min(now, other) < 0 or now == other or (min(now, other) > 0 and abs(log(now / other)) < least):
        return 0.0
    quarters, shift = _basis(view, left, right)
    one, two = (usual(key, tuple(quarters), shift) for key in (left, right))
    if one is None or two is None:
        return 0.0
    as_is = one.distance(now) + two.distance(other)
    if as_is < _LEAST_DISTANCE:
        return 0.0
    swapped = one.distance(other) + two.distance(now)
    return as_is - swapped if swapped <= _LARGEST_REST * as_is else 0.0


def _basis(view: View, left: Key, right: Key) -> tuple[list[str], float]:
    """Return the earlier quarters two numbers are measured by, latest first, and what their row has moved by since [log].

    After a change of agreement only numbers that move together, or that no agreement moves, have a measure at all.
    """
    quarters = view.comparable(left[1])
    if quarters:
        return quarters, 0.0
    if left[0] == "service_quality" and "opening_hours_per_week" in (left[2], right[2]):
        return sorted(view.known.own, reverse=True), 0.0
    if left[2] in RUNNING_COST_BLOCKS and right[2] in RUNNING_COST_BLOCKS:
        quarters = sorted(view.known.own, reverse=True)
        before, now = running_cost(view.known.own[quarters[0]], left[1]), view.running(left[1])
        return quarters, log(float(now / before)) if before > 0 and now > 0 else 0.0
    return [], 0.0


@dataclass(frozen=True, slots=True)
class _Usual:
    """What a number usually is: earlier values that it may repeat, and their scatter [log]."""

    levels: tuple[float, ...]
    scatter: float
    is_sparse: bool

    @classmethod
    def of(cls, view: View, key: Key, quarters: Sequence[str], shift: float) -> "_Usual | None":
        """Return it from earlier quarters, latest first; None without any."""
        series = [float(view.known.own[quarter][key]) for quarter in quarters if key in view.known.own[quarter]]
        latest = series[:_LATEST]
        if not latest or min(latest) < 0:
            return None
        is_sparse = key[0] == "cost" and key[2] not in STEADY_ITEMS
        year_before = view.known.own.get(quarter_shift(view.quarter, -4), {}) if len(series) > 3 else {}
        levels = latest if is_sparse else [latest[0], _continued(latest), float(year_before.get(key, latest[0]))]
        steps = [abs(log1p(one) - log1p(other)) for one, other in pairwise(latest) if one and other]
        scatter = min(max(median(steps) if steps else _LARGEST_SCATTER, _LEAST_SCATTER), _LARGEST_SCATTER)
        return cls(tuple(level * exp(shift) for level in levels), scatter, is_sparse)

    def distance(self, value: float) -> float:
        """Return how far a value is from the nearest level [scatters], up to a limit; 0 where nothing can be said."""
        if self.is_sparse and value and not any(self.levels):
            return 0.0  # a first grant, payment or one-off cost may be of any size
        limit = _FAR / 2 if self.is_sparse and not value else _FAR  # and any of them may end
        return min(min(abs(log1p(value) - log1p(level)) for level in self.levels) / self.scatter, limit)


def _continued(values: Sequence[float]) -> float:
    """Return where a series (latest first) goes on: its median, or along its trend when nearly every step goes one way."""
    steps = [one - other for one, other in pairwise(values)]
    if len(steps) >= 3 and abs(sum((step > 0) - (step < 0) for step in steps)) >= len(steps) - 1:
        return max(values[0] + median(steps), values[0] / 2)
    return median(values)


@rule("question")
def k58_numbers_are_of_this_quarter(view: View) -> Iterator[Finding]:
    """K58: given nearly all numbers equal to an earlier quarter's, that quarter was probably sent again, and we ask."""
    share = view.limit("same_numbers_share")
    for quarter in sorted(view.known.own, reverse=True) if share is not None else ():
        equal = _equal_share(view, view.known.own[quarter])
        if equal is not None and equal >= float(share or 1):
            view.asked.update(view.numbers)
            yield finding("K58", _cover_place(view), view.quarter, quarter=quarter)
            return


@rule("question")
def k59_correction_is_of_this_quarter(view: View) -> Iterator[Finding]:
    """K59: given a correction that changes nearly every number, it is probably another quarter's, and we ask."""
    share = view.limit("changed_numbers_share")
    if share is None or view.known.previous is None or len(view.asked) > len(view.numbers) / 4:
        return
    equal = _equal_share(view, view.known.previous)
    if equal is not None and 1 - equal >= float(share):
        view.asked.update(view.numbers)
        yield finding("K59", _cover_place(view), view.quarter, quarter=view.quarter)


def _equal_share(view: View, other: Values) -> float | None:
    """Return which share of the numbers that are not 0 is the same in another delivery; None when there are too few."""
    keys = [key for key, value in view.numbers.items() if value or other.get(key)]
    if len(keys) < _ENOUGH_NUMBERS:
        return None
    return sum(view.numbers[key] == other.get(key) for key in keys) / len(keys)


def _cover_place(view: View) -> Place:
    """Return where the form states its quarter."""
    is_csv = any(cell.column == view.layout.csv_headers[6] for cell in view.cells.values())
    if is_csv:
        return Place(view.file_name, None, 2, view.layout.csv_headers[2])
    cover = view.layout.cover
    entry = next(entry for entry in cover.entries if entry.key == "quarter")
    return Place(view.file_name, cover.sheet, entry.row, cover.value_column, entry.label)


@rule("question")
def k60_case_definition_is_as_before(view: View) -> Iterator[Finding]:
    """K60: given many more or fewer cases than before at unchanged cost, cases may be counted differently, and we ask."""
    shift, still = view.limit("definition_cases_share"), view.limit("definition_cost_share")
    if shift is None or still is None:
        return
    for name in view.expected.fields:
        key = ("caseload", name, "cases")
        cost = [float(running_cost(view.known.own[q], name)) for q in view.comparable(name)]
        if not view.is_free(key) or len(cost) < 2 or min(cost) <= 0 or view.running(name) <= 0:
            continue
        moved = _departure(view, key)
        if moved > log(1 + float(shift)) and abs(log(float(view.running(name)) / median(cost))) < float(still):
            yield view.ask("K60", [key], usual=_shown(median(view.own(key, is_comparable=True))))


@rule("question")
def k61_number_is_not_gone(view: View) -> Iterator[Finding]:
    """K61: given 0 where the body always had cost, cases or staff, or a first number where it had none, we ask."""
    if view.limit("jump_share") is None:
        return
    for key in view.numbers:
        before = view.own(key, is_comparable=True)
        if key[2] not in STEADY_ITEMS or len(before) < 3 or not view.is_free(key):
            continue
        is_gone = view.numbers[key] == 0 and min(before) > 0
        is_first = view.numbers[key] > 0 and not any(before) and key[2] != "fee_revenue"
        if is_gone or is_first:
            yield view.ask("K61", [key], usual=_shown(before[0]))


@rule("question")
def k62_number_does_not_jump(view: View) -> Iterator[Finding]:
    """K62: given a number far from the body's usual level and from a year before, no agreement explaining it, we ask."""
    share = view.limit("jump_share")
    if share is None:
        return
    for name in view.expected.fields:
        keys = [key for key in view.numbers if key[1] == name and key[2] in STEADY_ITEMS and view.is_free(key)]
        far = {key: _departure(view, key) for key in keys}
        far = {key: moved for key, moved in far.items() if moved > log(1 + float(share))}
        if far:
            widest = max(far, key=lambda key: far[key])
            usual = _shown(median(view.own(widest, is_comparable=True)))
            yield view.ask("K62", [widest, *(key for key in far if key != widest)], usual=usual)


def _departure(view: View, key: Key) -> float:
    """Return how far a number is from its usual level, its usual scatter and a year before [log]; 0 without a measure."""
    now, before = float(view.numbers[key]), view.own(key, is_comparable=True)
    if now <= 0 or len(before) < 2 or min(before) <= 0:
        return 0.0
    level = median(before)
    distances = [abs(log(now / level)) - 4 * median([abs(log(value / level)) for value in before])]
    year_before = view.known.own.get(quarter_shift(view.quarter, -4), {}).get(key)
    if year_before and quarter_shift(view.quarter, -4) in view.comparable(key[1]):
        distances.append(abs(log(now / float(year_before))))
    return min(distances)


def _shown(value: float) -> Decimal:
    """Return an earlier level as a sentence shows it: whole from 100 on, else two decimals."""
    return Decimal(str(round(value))) if abs(value) >= 100 else Decimal(f"{value:.2f}")
