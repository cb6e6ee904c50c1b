"""Rules about a body's numbers beside those of other bodies: units, size, and the other side of a payment.

Other bodies are those that had delivered the same quarter or the one before when the file arrived. All ask; limits
stand in the study.
"""

from collections.abc import Iterator
from decimal import Decimal
from statistics import median

from ikz_eval.delivery.findings import Finding
from ikz_eval.delivery.history import Values
from ikz_eval.delivery.rules.agreements import is_active, parts_of_partnership
from ikz_eval.delivery.rules.registry import rule
from ikz_eval.delivery.rules.series import STEADY_ITEMS, unit_findings
from ikz_eval.delivery.rules.view import Key, View, running_cost

_ENOUGH_BODIES = 5
"""Bodies below which a median says nothing."""
_TABLE = {"cases": "caseload", "staff_fte": "staff"}


@rule("question")
def k63_unit_is_that_of_others(view: View) -> Iterator[Finding]:
    """K63: given a first delivery about 1,000 times larger or smaller per inhabitant than others', we ask about the unit."""
    tolerance = view.limit("unit_tolerance_factor")
    inhabitants = view.expected.inhabitants.get(view.ags)
    if tolerance is None or not inhabitants:
        return
    levels: dict[Key, float] = {}
    for name in view.expected.fields:
        for item in STEADY_ITEMS:
            key = (_TABLE.get(item, "cost"), name, item)
            if view.is_free(key) and view.numbers[key] and not any(view.own(key)):
                rates = _rates(view, key)
                if len(rates) >= _ENOUGH_BODIES and median(rates):
                    levels[key] = median(rates) * inhabitants
    yield from unit_findings(view, "K63", levels, float(tolerance))


def _rates(view: View, key: Key) -> list[float]:
    """Return the number per inhabitant of each other body, latest quarter first choice."""
    sizes, rates = view.expected.inhabitants, {}
    for (ags, _), values in sorted(view.known.others.items(), key=lambda item: item[0][1]):
        if sizes.get(ags) and values.get(key):
            rates[ags] = float(values[key]) / sizes[ags]
    return list(rates.values())


@rule("question")
def k64_unit_cost_is_that_of_like_bodies(view: View) -> Iterator[Finding]:
    """K64: given a cost per case far from that of bodies of like size, unlike the body's own before, we ask."""
    factor, like = view.limit("peer_cost_factor"), view.limit("like_size_factor")
    if factor is None or like is None:
        return
    alike = _like_bodies(view, float(like))
    for name in view.expected.fields:
        key = ("caseload", name, "cases")
        mine = _unit_cost(view.numbers, name)
        # partners shift cost between them, so that one of them alone is no measure
        if not mine or not view.is_free(key) or _asks_about_cost(view, name) or _partners(view, name):
            continue
        costs = [cost for cost in (_unit_cost(values, name) for values in alike.values()) if cost]
        if len(costs) < _ENOUGH_BODIES:
            continue
        usual = median(costs)
        if not 1 / float(factor) <= mine / usual <= float(factor) and not _was_alike(view, name, mine):
            yield view.ask("K64", [key], _money(mine), usual=_money(usual))


@rule("question")
def k65_cases_are_those_of_like_bodies(view: View) -> Iterator[Finding]:
    """K65: given cases per inhabitant far from other bodies', unlike the body's own before, we ask."""
    factor, inhabitants = view.limit("peer_cases_factor"), view.expected.inhabitants.get(view.ags)
    for name in view.expected.fields if factor is not None and inhabitants else ():
        key = ("caseload", name, "cases")
        if not view.is_free(key) or not view.numbers[key] or view.is_usual(key):
            continue
        rates = _rates(view, key)
        if len(rates) < _ENOUGH_BODIES or not median(rates):
            continue
        mine = float(view.numbers[key]) / float(inhabitants or 1)
        if not 1 / float(factor or 1) <= mine / median(rates) <= float(factor or 1):
            yield view.ask("K65", [key], usual=Decimal(round(median(rates) * float(inhabitants or 1))))


@rule("question")
def k66_payments_mirror(view: View) -> Iterator[Finding]:
    """K66: given all partners' deliveries of a quarter, payments made and received differ, and we ask the last to send."""
    tolerance = view.limit("mirror_tolerance_share")
    for name in view.expected.fields if tolerance is not None else ():
        paid, received = ("cost", name, "partner_paid"), ("cost", name, "partner_received")
        partners = _partners(view, name)
        if not partners or not view.is_free(paid, received):
            continue
        values = [view.known.others.get((ags, view.quarter)) for ags in partners]
        if any(one is None for one in values):
            continue
        sums = [
            view.numbers[key] + sum((one[key] for one in values if one and key in one), Decimal(0))
            for key in (paid, received)
        ]
        if abs(sums[0] - sums[1]) > Decimal(str(tolerance)) * max(sums):
            guilty = max((paid, received), key=lambda key: abs(view.numbers[key]))
            yield view.ask("K66", [guilty], paid=sums[0], received=sums[1])


@rule("question")
def k67_payment_goes_to_the_host(view: View) -> Iterator[Finding]:
    """K67: given a host that only pays, or a guest that only receives, unlike before, we ask about the direction."""
    if view.limit("mirror_tolerance_share") is None:
        return
    for name in view.expected.fields:
        paid, received = ("cost", name, "partner_paid"), ("cost", name, "partner_received")
        mine = [part for part in parts_of_partnership(view.expected, view.ags, name) if part.ags == view.ags]
        mine = [part for part in mine if is_active(part, view.quarter)]
        if not mine or len({part.is_host for part in mine}) > 1 or not view.is_free(paid, received):
            continue
        wrong, right = (paid, received) if mine[0].is_host else (received, paid)
        if view.numbers[wrong] > 0 and not view.numbers[right] and not view.is_usual(wrong, within=100):
            yield view.ask("K67", [wrong, right])


def _partners(view: View, name: str) -> list[str]:
    """Return the other bodies whose part in the body's agreements of a field is active."""
    parts = parts_of_partnership(view.expected, view.ags, name)
    active = [part for part in parts if is_active(part, view.quarter)]
    is_mine = any(part.ags == view.ags for part in active)
    return sorted({part.ags for part in active} - {view.ags}) if is_mine else []


def _like_bodies(view: View, factor: float) -> dict[str, Values]:
    """Return the latest values of bodies with between 1/factor and factor times the inhabitants."""
    sizes = view.expected.inhabitants
    mine = sizes.get(view.ags)
    alike: dict[str, Values] = {}
    for (ags, _), values in sorted(view.known.others.items(), key=lambda item: item[0][1]):
        if mine and sizes.get(ags) and 1 / factor <= sizes[ags] / mine <= factor:
            alike[ags] = values
    return alike


def _unit_cost(numbers: Values, name: str) -> float:
    """Return the running cost per case [EUR], 0 without cases or cost."""
    cases, cost = numbers.get(("caseload", name, "cases")), running_cost(numbers, name)
    return float(cost / cases) if cases and cost > 0 else 0.0


def _asks_about_cost(view: View, name: str) -> bool:
    return any(key[1] == name and key[0] in ("cost", "control") for key in view.asked)


def _was_alike(view: View, name: str, mine: float) -> bool:
    """Whether the body's own unit cost was much the same before, so that it has been asked about."""
    for quarter in sorted(view.known.own, reverse=True)[:1]:
        before = _unit_cost(view.known.own[quarter], name)
        return bool(before) and 1 / 1.5 <= mine / before <= 1.5
    return False


def _money(value: float) -> Decimal:
    return Decimal(f"{value:.2f}")
