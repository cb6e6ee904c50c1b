"""Taking over the ledger of a warehouse from before 2026-11, whose ledger tables were Delta tables; done once."""

import hashlib

import pandas as pd
from deltalake import DeltaTable

from ikz_eval.warehouse.store import Warehouse
from ikz_eval.warehouse.typing import column_types, typed

_OLD = ("delivery", "delivery_cell", "finding")


def take_over(warehouse: Warehouse) -> int:
    """Bring the rows of old Delta tables into the ledger, all at once, and return the number of deliveries.

    The old tables stay where they are and are read no more. Cells and findings of a delivery that was never committed
    are left behind.
    """
    if warehouse.exists("delivery") or not DeltaTable.is_deltatable(str(warehouse.folder / "delivery")):
        return 0
    frames = {name: _old_table(warehouse, name) for name in _OLD}
    delivery = frames["delivery"]
    for name in _OLD[1:]:
        committed = frames[name]["delivery_id"].isin(delivery["delivery_id"])
        frames[name] = frames[name][committed].reset_index(drop=True)
    frames["arrival"] = typed(
        "arrival",
        delivery[["delivery_id", "file_name", "received_at"]].assign(
            sender=None,
            arrival_id=[hashlib.sha256(f"taken over {sha}".encode()).hexdigest()[:12] for sha in delivery["sha256"]],
        ),
    )
    warehouse.append_ledger(frames)
    return len(delivery)


def _old_table(warehouse: Warehouse, name: str) -> pd.DataFrame:
    folder = warehouse.folder / name
    if not DeltaTable.is_deltatable(str(folder)):
        return typed(name, [])
    frame: pd.DataFrame = DeltaTable(str(folder)).to_pyarrow_table(columns=list(column_types(name))).to_pandas()
    return typed(name, frame)
