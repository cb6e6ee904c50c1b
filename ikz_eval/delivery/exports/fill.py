"""From an export to the official form: the costs of mapped products for one quarter; what it does not hold stays open."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from ikz_eval.delivery.exports.read import ExportReading
from ikz_eval.errors import DeliveryError
from schemas.vocabulary import COST_BLOCKS

Key = tuple[str, str, str]


def form_values(reading: ExportReading, quarter: str, fields: Sequence[str]) -> dict[Key, str]:
    """Return the values of the form that an export holds.

    Parameters
    ----------
    reading : ExportReading
        By a layout whose ``[fields]`` map products to cooperation fields.
    quarter : str
        Quarter of the form, ``2025-Q4``; only actual amounts of this period count, never a share of a year.
    fields : sequence of str
        Fields of the study.

    Returns
    -------
    dict of (table, field, item) to str
        Table is ``cost``; canonical decimal numbers in EUR.

    Raises
    ------
    DeliveryError
        If the layout maps no product, maps to an unknown field, or the export holds nothing of the quarter.
    """
    mapping, name = reading.layout.fields, reading.layout.name
    if not mapping:
        raise DeliveryError(f'layout {name} maps no product to a field; add [fields], e.g. "12201" = "wohngeld"')
    unknown = sorted(set(mapping.values()) - set(fields))
    if unknown:
        raise DeliveryError(f"layout {name}, fields: found {', '.join(unknown)}; allowed: {', '.join(fields)}")
    sums: dict[Key, Decimal] = defaultdict(Decimal)
    periods = set()
    for figure in reading.figures:
        if figure.product in mapping and figure.kind == "actual" and figure.amount is not None:
            periods.add(figure.period)
            if figure.period == quarter and figure.block in COST_BLOCKS:
                sums["cost", mapping[figure.product], figure.block] += figure.amount
    if quarter not in periods:
        raise DeliveryError(
            f"the export holds no actual amounts of {quarter} for the mapped products; it holds: "
            f"{', '.join(sorted(periods)) or 'none'}. A year is never divided into quarters"
        )
    return {key: f"{amount:f}" for key, amount in sorted(sums.items())}
