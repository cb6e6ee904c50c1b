"""Tidy: cells of accepted deliveries become the tables cost, caseload, staff and service_quality.

Amounts become whole cents, exactly; every row keeps its delivery. Which delivery counts at a cut-off is the panel's
matter. Cells are the contract ``delivery_cell``, already judged.
"""

from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

_CENT = Decimal("0.01")


def tidy(cells: pd.DataFrame, delivery: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables of facts that deliveries make.

    Parameters
    ----------
    cells : pd.DataFrame
        Contract ``delivery_cell``.
    delivery : pd.DataFrame
        Contract ``delivery``; cells of deliveries that are not accepted are left out.

    Returns
    -------
    dict of str to pd.DataFrame
        ``cost`` [EUR cents], ``caseload`` [number], ``staff`` [VZÄ] and ``service_quality`` by their contracts.
    """
    accepted = delivery.loc[delivery["status"] == "accepted", ["delivery_id", "ags", "quarter"]]
    facts = cells.loc[cells["table"] != "remark", ["delivery_id", "table", "field", "item", "value"]]
    facts = facts.merge(accepted, on="delivery_id", how="inner")
    parts = {name: facts[facts["table"] == name].reset_index(drop=True) for name in _COLUMNS}
    cost = parts["cost"].rename(columns={"item": "cost_block"})
    cost["amount_cents"] = pd.Series([amount_cents(value) for value in cost["value"].tolist()], dtype="int64")
    caseload, staff = parts["caseload"], parts["staff"]
    caseload["cases"] = pd.Series([int(value) for value in caseload["value"].tolist()], dtype="int64")
    staff["staff_fte"] = pd.Series([float(value) for value in staff["value"].tolist()], dtype="float64")
    quality = parts["service_quality"].rename(columns={"item": "indicator"})
    quality["value"] = pd.Series([float(value) for value in quality["value"].tolist()], dtype="float64")
    tables = {"cost": cost, "caseload": caseload, "staff": staff, "service_quality": quality}
    return {name: table[_COLUMNS[name]] for name, table in tables.items()}


def amount_cents(value: str) -> int:
    """Return an amount in canonical form as cents; more than two decimals are rounded half up (rule K19 asked)."""
    return int(Decimal(value).quantize(_CENT, rounding=ROUND_HALF_UP).scaleb(2))


_COLUMNS = {
    "cost": ["ags", "field", "quarter", "cost_block", "amount_cents", "delivery_id"],
    "caseload": ["ags", "field", "quarter", "cases", "delivery_id"],
    "staff": ["ags", "field", "quarter", "staff_fte", "delivery_id"],
    "service_quality": ["ags", "field", "quarter", "indicator", "value", "delivery_id"],
}
