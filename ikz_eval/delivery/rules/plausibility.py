"""Rules about numbers that contradict each other inside one delivery: totals, copied rows, magnitudes, staff and pay.

All of them ask; none rejects. One function per rule; limits come from the study (``delivery_…`` in study.toml), and a
rule whose limit the study does not state asks nothing. Own series are series.py, other bodies peers.py.
"""

from collections.abc import Iterator
from decimal import Decimal

from ikz_eval.delivery.findings import Finding
from ikz_eval.delivery.layout import Column
from ikz_eval.delivery.rules.registry import rule
from ikz_eval.delivery.rules.view import Key, View
from schemas.vocabulary import COST_BLOCKS, RUNNING_COST_BLOCKS

_THOUSAND = Decimal(1000)


@rule("question")
def k50_total_agrees(view: View) -> Iterator[Finding]:
    """K50: given a total that its row does not add up to, we ask, where possible at the number that explains it."""
    tolerance = view.limit("total_tolerance_eur")
    totals = [column for sheet in view.layout.sheets for column in sheet.columns if column.controls]
    for column in totals if tolerance is not None else ():
        for name in view.expected.fields:
            key, parts = ("control", name, column.item), [("cost", name, item) for item in column.controls]
            if not view.is_free(key, *parts):
                continue
            added = sum((view.numbers[part] for part in parts), Decimal(0))
            if abs(view.numbers[key] - added) > tolerance:  # type: ignore[operator]
                yield _total_finding(view, key, column, added, tolerance or Decimal(0))


def _total_finding(view: View, key: Key, column: Column, added: Decimal, tolerance: Decimal) -> Finding:
    difference = view.numbers[key] - added
    if _are_transposed(view.numbers[key], added):
        return view.ask("K50", [key], agreeing=added)
    guilty = [
        part
        for part in (("cost", key[1], item) for item in column.controls)
        if _explains(view, part, difference, tolerance)
    ]
    if len(guilty) == 1:
        return view.ask("K50", guilty, agreeing=view.numbers[guilty[0]] + difference)
    return view.ask("K50", [key], agreeing=added)


def _explains(view: View, part: Key, difference: Decimal, tolerance: Decimal) -> bool:
    """Whether a factor of 1000, a sign, swapped columns or transposed digits in one number make the difference."""
    value = view.numbers[part]
    wanted = value + difference
    elsewhere = [("cost", part[1], block) for block in COST_BLOCKS]
    swapped = [view.numbers[key] for key in elsewhere if key != part and view.numbers.get(key)]
    rounding = _THOUSAND * Decimal("0.005")  # thousands of EUR are written with two decimals at most
    is_explained = value != 0 and (
        abs(wanted - value * _THOUSAND) <= rounding
        or any(abs(wanted - other) <= tolerance for other in (value / _THOUSAND, -value, *swapped))
    )
    return is_explained or _are_transposed(value, wanted)


def _are_transposed(left: Decimal, right: Decimal) -> bool:
    """Whether two amounts have the same digits in another order."""
    one, two = (str(int(abs(value) * 100)) for value in (left, right))
    return left != right and sorted(one) == sorted(two) and left * right > 0


@rule("question")
def k52_rows_differ(view: View) -> Iterator[Finding]:
    """K52: given two fields with the same amounts throughout, one row was probably copied over the other, and we ask."""
    if view.limit("total_tolerance_eur") is None:
        return
    seen: dict[tuple[Decimal | None, ...], str] = {}
    for name in view.expected.fields:
        row = tuple(view.get("cost", name, block) for block in COST_BLOCKS)
        if len({value for value in row if value}) < 3:
            continue
        if row in seen and view.is_free(("cost", name, "personnel")):
            keys = [("cost", name, block) for block in COST_BLOCKS if ("cost", name, block) in view.numbers]
            yield view.ask("K52", keys, field=view.expected.fields[seen[row]])
        seen.setdefault(row, name)


@rule("question")
def k53_amount_fits_its_row(view: View) -> Iterator[Finding]:
    """K53: given an amount that is a thousandth or a multiple of its row's running cost, unlike before, we ask."""
    low, high = view.limit("row_share_minimum"), view.limit("row_share_maximum")
    if low is None or high is None:
        return
    for name in view.expected.fields:
        running = view.running(name)
        for block in COST_BLOCKS:
            key = ("cost", name, block)
            if running <= 0 or not view.is_free(key) or not view.numbers[key]:
                continue
            share = abs(view.numbers[key]) / running
            if not low <= share <= high and not view.is_usual(key, within=10):
                yield view.ask("K53", [key], cost=running)


@rule("question")
def k54_staff_fits_personnel_cost(view: View) -> Iterator[Finding]:
    """K54: given personnel cost per full-time post outside what a post can cost in a quarter, we ask."""
    low, high = view.limit("personnel_eur_per_post_minimum"), view.limit("personnel_eur_per_post_maximum")
    if low is None or high is None:
        return
    for name in view.expected.fields:
        staff, cost = ("staff", name, "staff_fte"), ("cost", name, "personnel")
        if not view.is_free(staff, cost) or view.numbers[staff] <= 0 or view.numbers[cost] <= 0:
            continue
        per_post = view.numbers[cost] / view.numbers[staff]
        if not low <= per_post <= high:
            whole = per_post.quantize(Decimal(1))
            yield view.ask("K54", [staff, cost], value=whole, minimum=low, maximum=high)


@rule("question")
def k55_cases_fit_vehicles(view: View) -> Iterator[Finding]:
    """K55: given a number of registrations that the vehicles of the district cannot explain, we ask."""
    vehicles = view.expected.vehicles.get(view.ags)
    for name in view.expected.fields if vehicles else ():
        low = view.limit(f"cases_per_1000_vehicles_minimum_{name}")
        high = view.limit(f"cases_per_1000_vehicles_maximum_{name}")
        key = ("caseload", name, "cases")
        if low is None or high is None or not view.is_free(key) or not view.numbers[key] or not vehicles:
            continue
        rate = view.numbers[key] * _THOUSAND / Decimal(vehicles)
        if not low <= rate <= high and not view.is_usual(key):
            shown = rate.quantize(Decimal(1))
            yield view.ask("K55", [key], value=shown, minimum=low, maximum=high, stock=Decimal(int(vehicles)))


@rule("question")
def k51_cost_is_positive(view: View) -> Iterator[Finding]:
    """K51: given negative cost where the body never had any, we ask; a credit is possible but rare."""
    if view.limit("total_tolerance_eur") is None:
        return
    for name in view.expected.fields:
        for block in (*RUNNING_COST_BLOCKS, "transition"):
            key = ("cost", name, block)
            if view.is_free(key) and view.numbers[key] < 0 and not any(value < 0 for value in view.own(key)):
                yield view.ask("K51", [key])
