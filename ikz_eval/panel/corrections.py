"""Corrections: known errors of a delivery, replaced by the value the study's corrections.csv gives.

A correction applies to the version that counts. It says what was delivered; when the delivery says something else, it
fails loudly, so that no correction outlives its reason unseen. Amounts are in EUR as delivered, ``12400.50``.
"""

from collections.abc import Hashable
from decimal import Decimal, InvalidOperation
from typing import Any

import pandas as pd

from ikz_eval.errors import PanelError
from ikz_eval.registry import Registry
from schemas.vocabulary import COST_BLOCKS

_VALUE_COLUMN = {"cost": "amount_cents", "caseload": "cases", "staff": "staff_fte"}
"""Tables the panel is made from, and the column a correction changes."""


def corrected(registry: Registry, name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table that count, with the study's corrections applied.

    Parameters
    ----------
    registry : Registry
        Its corrections; ``column`` is a cost block, ``cases`` or ``staff_fte``.
    name : str
        ``cost``, ``caseload`` or ``staff``.
    frame : pd.DataFrame
        Rows of that table, of the versions that count: one per body, field, quarter (and cost block).

    Raises
    ------
    PanelError
        If a delivery says neither the old nor the new value, or a correction does not name one value.
    """
    mine = registry.corrections[registry.corrections["table"] == name]
    if mine.empty:
        return frame
    result, column = frame.reset_index(drop=True), _VALUE_COLUMN[name]
    for row in mine.to_dict("records"):
        place = f"{row['ags']}, {row['field']}, {row['quarter']}, {row['column']}"
        hits = _hits(registry, name, place, result, row)
        values = result.loc[hits, column]
        result.loc[hits, column] = _replaced(registry, name, place, values, row["old_value"], row["new_value"])
    return result


def _hits(
    registry: Registry, name: str, place: str, frame: pd.DataFrame, row: dict[Hashable, Any]
) -> "pd.Series[bool]":
    """Return which rows a correction is about; none when the body has not delivered that quarter."""
    file = f"studies/{registry.study}/corrections.csv: {name}, {place}"
    if pd.isna(row["field"]) or pd.isna(row["quarter"]):
        raise PanelError(f"{file}: field and quarter are needed")
    allowed = COST_BLOCKS if name == "cost" else (_VALUE_COLUMN[name],)
    if row["column"] not in allowed:
        raise PanelError(f"{file}: found column '{row['column']}'; allowed: {', '.join(allowed)}")
    hits: pd.Series[bool] = (
        (frame["ags"] == row["ags"]) & (frame["field"] == row["field"]) & (frame["quarter"] == row["quarter"])
    )
    if name == "cost":
        hits &= frame["cost_block"] == row["column"]
    return hits


def _replaced(registry: Registry, name: str, place: str, values: pd.Series, old: str, new: str) -> pd.Series:
    """Return the value to use; a body that has itself delivered the new value is left as it is."""
    before, after = (_stored(registry, name, place, written) for written in (old, new))
    for found in values:
        if found not in (before, after):
            shown = Decimal(int(found)) / 100 if name == "cost" else found
            raise PanelError(
                f"studies/{registry.study}/corrections.csv: {name}, {place}: the correction expects {old} (or {new}), "
                f"but the delivery that counts says {shown}; look at the delivery again and change or remove the row"
            )
    return pd.Series(after, index=values.index, dtype=values.dtype)


def _stored(registry: Registry, name: str, place: str, written: str) -> int | float:
    """Return a value of corrections.csv as the table stores it: cents, cases, or full-time equivalents."""
    try:
        value = Decimal(written) * (100 if name == "cost" else 1)
    except InvalidOperation:
        value = Decimal("NaN")
    is_whole = value.is_finite() and value == value.to_integral_value()
    if not value.is_finite() or (name != "staff" and not is_whole):
        raise PanelError(
            f"studies/{registry.study}/corrections.csv: {name}, {place}: found '{written}'; allowed is a number with "
            "decimal point, in EUR with at most two decimals, or whole cases"
        )
    return float(value) if name == "staff" else int(value)
