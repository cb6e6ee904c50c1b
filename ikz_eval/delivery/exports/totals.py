"""Totals of an export per product, cost block, period and kind, exact."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from ikz_eval.delivery.exports.read import ExportReading


@dataclass(frozen=True, slots=True)
class Total:
    """Sum of the figures of one (region,) product and block in one period."""

    region: str
    product: str
    product_name: str
    block: str
    period: str
    kind: str
    unit: str
    amount: Decimal
    figures: int


def totals_of(reading: ExportReading) -> list[Total]:
    """Return totals ordered by region, product, block, period and kind; marks are left out."""
    sums: dict[tuple[str, ...], list[Decimal]] = defaultdict(list)
    names: dict[str, str] = {}
    for figure in reading.figures:
        if figure.amount is not None:
            names.setdefault(figure.product, figure.product_name)
            sums[figure.region, figure.product, figure.block, figure.period, figure.kind, figure.unit].append(
                figure.amount
            )
    return [
        Total(region, product, names[product], block, period, kind, unit, sum(parts, Decimal(0)), len(parts))
        for (region, product, block, period, kind, unit), parts in sorted(sums.items())
    ]
