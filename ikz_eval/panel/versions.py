"""Which delivery counts: the ledger as of a cut-off.

Deliveries are events, the ledger only grows; an evaluation looks at ``received_at`` alone, never at the moment of
ingestion, so that it can be made again from the same files; a withdrawal counts from its own moment. Whether a file is accepted is decided in ikz_eval/delivery.
"""

from datetime import datetime

import pandas as pd

from ikz_eval.errors import PanelError
from ikz_eval.registry import Registry


def standing(delivery: pd.DataFrame, events: pd.DataFrame, cutoff: datetime) -> pd.DataFrame:
    """Return table ``delivery`` with the status ``withdrawn`` for what its sender had taken back by ``cutoff``.

    Parameters
    ----------
    delivery, events : pd.DataFrame
        Tables ``delivery`` and ``ledger_event``.
    cutoff : datetime
        Aware; a withdrawal at exactly this moment counts.
    """
    is_taken_back = (events["event"] == "withdrawn") & (events["happened_at"] <= pd.Timestamp(cutoff))
    gone = delivery["delivery_id"].isin(events.loc[is_taken_back, "delivery_id"])
    return delivery.assign(status=delivery["status"].where(~gone, "withdrawn"))


def accepted_until(delivery: pd.DataFrame, cutoff: datetime) -> pd.DataFrame:
    """Return accepted deliveries received at or before ``cutoff``, with versions counted by arrival.

    Parameters
    ----------
    delivery : pd.DataFrame
        Table ``delivery``.
    cutoff : datetime
        Aware.

    Returns
    -------
    pd.DataFrame
        Rows of ``delivery`` ordered by body, quarter, ``received_at``, then ``delivery_id``. ``version`` is counted
        anew in that order, rejected deliveries included: the number given at ingestion depends on the order in which
        files were taken in.
    """
    if cutoff.tzinfo is None:
        raise PanelError(f"cut-off {cutoff} has no time zone; evaluations carry aware moments")
    arrived = delivery[delivery["received_at"] <= pd.Timestamp(cutoff)]
    ordered = arrived.sort_values(["ags", "quarter", "received_at", "delivery_id"], ignore_index=True)
    ordered["version"] = (ordered.groupby(["ags", "quarter"]).cumcount() + 1).astype("Int64")
    return ordered[ordered["status"] == "accepted"].reset_index(drop=True)


def valid_deliveries(delivery: pd.DataFrame, cutoff: datetime) -> pd.DataFrame:
    """Return the delivery that counts for each body and quarter: the last accepted version received by ``cutoff``.

    Parameters
    ----------
    delivery : pd.DataFrame
        Table ``delivery``.
    cutoff : datetime
        Aware; a delivery received at exactly this moment counts.

    Returns
    -------
    pd.DataFrame
        Rows of ``delivery``, one per ``ags`` and ``quarter``, in that order; ``version`` counted by arrival.
    """
    return accepted_until(delivery, cutoff).drop_duplicates(["ags", "quarter"], keep="last", ignore_index=True)


def refuse_mixing(registry: Registry, delivery: pd.DataFrame) -> None:
    """Refuse deliveries of the demonstration in a real study, and the other way round.

    Raises
    ------
    PanelError
        Names how many files are of the other kind, and the first of them.
    """
    alien = delivery[delivery["is_invented"] != registry.is_invented]
    if alien.empty:
        return
    kind, study_kind = ("real", "invented") if registry.is_invented else ("invented", "real")
    first = alien.iloc[0]
    raise PanelError(
        f"study '{registry.study}' is {study_kind}, but {len(alien)} of its deliveries are {kind}, the first being "
        f"'{first['file_name']}' ({first['delivery_id']}). An evaluation never mixes demonstration and real "
        "deliveries; evaluate them in a study and an IKZ_DATA of their own"
    )
