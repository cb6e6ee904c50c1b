"""What may happen to a delivery later: its sender takes it back, or the law demands that personal data go.

A withdrawn delivery stays in the ledger and is evaluated no more from that moment. A removal takes file, remarks,
findings, sender and answers (all that may name a person) and leaves the fact: check sum, time, numbers.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from ikz_eval.errors import DeliveryError
from ikz_eval.settings import Place
from ikz_eval.warehouse import Warehouse, typed
from ikz_eval.warehouse.lock import ledger_lock


def withdraw(place: Place, warehouse: Warehouse, delivery_id: str, reason: str, moment: datetime) -> pd.Series:
    """Record that a delivery is taken back and return its row.

    Parameters
    ----------
    place, warehouse
        The study.
    delivery_id : str
        Twelve digits, as the answer names it.
    reason : str
        Why, in the sender's words.
    moment : datetime
        Aware; evaluations whose cut-off lies before still count the delivery.

    Raises
    ------
    DeliveryError
        If there is no such delivery, it was withdrawn before, or no reason is given.
    """
    if len(reason.strip()) < 3:
        raise DeliveryError("--reason: found nothing; allowed is why the delivery is taken back, in a few words")
    with ledger_lock(place):
        row = known_delivery(warehouse, delivery_id)
        events = warehouse.read("ledger_event", delivery_ids=[delivery_id])
        if (events["event"] == "withdrawn").any():
            raise DeliveryError(f"delivery {delivery_id} was withdrawn before; nothing was changed")
        warehouse.append("ledger_event", _events([delivery_id], "withdrawn", reason.strip(), moment))
    return row


def known_delivery(warehouse: Warehouse, delivery_id: str) -> pd.Series:
    """Return the row of a delivery.

    Raises
    ------
    DeliveryError
        If there is none; says where the number is found.
    """
    found = warehouse.read("delivery", delivery_ids=[delivery_id])
    if found.empty:
        raise DeliveryError(
            f"'{delivery_id}' is no delivery of this study; allowed are the twelve digits on the answer, or in "
            "`ikz deliveries --format csv` and `ikz show delivery`"
        )
    return found.iloc[0]


def remove_content(
    place: Place, warehouse: Warehouse, delivery_ids: Sequence[str], legal_basis: str, moment: datetime
) -> int:
    """Remove what may name a person from deliveries, leave the fact, and return how many there were.

    Parameters
    ----------
    place, warehouse
        The study.
    delivery_ids : sequence of str
        Deliveries; those whose content is gone already are left alone.
    legal_basis : str
        Norm and occasion, e.g. ``Art. 17 DSGVO, Antrag vom 3.2.2026``.
    moment : datetime
        Aware.

    Raises
    ------
    DeliveryError
        If a delivery is unknown or no legal basis is given; nothing is removed then.
    """
    if len(legal_basis.strip()) < 3:
        raise DeliveryError("--legal-basis: found nothing; allowed is the norm, e.g. 'Art. 17 DSGVO'")
    with ledger_lock(place):
        rows = [known_delivery(warehouse, one) for one in dict.fromkeys(delivery_ids)]
        events = warehouse.read("ledger_event")
        gone = set(events.loc[events["event"] == "removed", "delivery_id"])
        wanted = [row for row in rows if row["delivery_id"] not in gone]
        if not wanted:
            return 0
        ids = [str(row["delivery_id"]) for row in wanted]
        for row in wanted:  # files first: should this process die, the next call removes the rest
            (place.ledger / "files" / row["stored_as"]).unlink(missing_ok=True)
            for answer in place.outbox.glob(f"*_{row['delivery_id']}*"):
                answer.unlink()
        warehouse.ledger.remove_content(ids, _events(ids, "removed", legal_basis.strip(), moment))
    return len(ids)


def older_than(warehouse: Warehouse, moment: datetime) -> list[str]:
    """Return the deliveries that arrived before a moment, for a retention period."""
    delivery = warehouse.read("delivery")
    return delivery.loc[delivery["received_at"] < pd.Timestamp(moment), "delivery_id"].tolist()


def _events(delivery_ids: Sequence[str], event: str, reason: str, moment: datetime) -> pd.DataFrame:
    rows = [
        {
            "event_id": hashlib.sha256(f"{one}\0{event}\0{moment.isoformat()}".encode()).hexdigest()[:12],
            "delivery_id": one,
            "event": event,
            "happened_at": pd.Timestamp(moment),
            "reason": reason,
        }
        for one in delivery_ids
    ]
    return typed("ledger_event", rows)
