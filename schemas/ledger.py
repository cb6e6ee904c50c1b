"""Contracts of what happens to deliveries: each arrival of a file, and each later decision about it.

What stood in a delivery is schemas/delivery.py. Together these tables are the ledger, which only grows.
"""

from pandera.typing import Series

from schemas.base import Contract, described
from schemas.types import UtcTime
from schemas.vocabulary import AGS, DELIVERY_ID, LEDGER_EVENTS, NOTICES, QUARTER


class Arrival(Contract):
    """One file that arrived, be it for the first time or again."""

    arrival_id: Series[str] = described(
        "First 12 hexadecimal digits of a SHA-256 over content, name and time of the file",
        str_matches=DELIVERY_ID,
        unique=True,
    )
    delivery_id: Series[str] = described("Delivery with this content", str_matches=DELIVERY_ID)
    file_name: Series[str] = described("Name of the file as it arrived")
    sender: Series[str] = described("Sender as stated on arrival; empty when not stated", nullable=True)
    received_at: Series[UtcTime] = described("When the file arrived [UTC]")

    class Config:
        """Name of the table."""

        name = "arrival"


class LedgerEvent(Contract):
    """One decision about a delivery: withdrawn by its sender, or its content removed as the law demands."""

    event_id: Series[str] = described(
        "First 12 hexadecimal digits of a SHA-256 over delivery, event and moment", str_matches=DELIVERY_ID, unique=True
    )
    delivery_id: Series[str] = described("Delivery the event belongs to", str_matches=DELIVERY_ID)
    event: Series[str] = described("withdrawn or removed", isin=LEDGER_EVENTS)
    happened_at: Series[UtcTime] = described("When it was decided; cut-offs look at this [UTC]")
    reason: Series[str] = described("Why: the sender's words, or the legal basis of a removal")

    class Config:
        """Name of the table."""

        name = "ledger_event"


class Notice(Contract):
    """One reminder that was written to a body; each kind once per body and quarter."""

    ags: Series[str] = described("Body that was reminded", str_matches=AGS)
    quarter: Series[str] = described("Quarter whose delivery was awaited", str_matches=QUARTER)
    notice: Series[str] = described("before, due or overdue", isin=NOTICES)
    written_at: Series[UtcTime] = described("When it was written [UTC]")

    class Config:
        """Name of the table and its key."""

        name = "notice"
        unique = ["ags", "quarter", "notice"]


class ExportAmount(Contract):
    """One amount of a body's own export, read by a layout; kept beside the deliveries, never part of a result."""

    delivery_id: Series[str] = described("Delivery the amount belongs to", str_matches=DELIVERY_ID)
    product: Series[str] = described("Product or region and product, as the export names it")
    account: Series[str] = described("Account, number or name")
    cost_block: Series[str] = described("Block by the layout's classification; empty in statistics")
    period: Series[str] = described("Year, quarter or month")
    kind: Series[str] = described("actual, plan or as the layout says")
    amount_cents: Series[int] = described("Amount, positive in the block's normal direction [EUR cents]")
    row: Series[int] = described("Row in the file, from 1", ge=1)
    column: Series[int] = described("Position of the column in the file, from 1", ge=1)

    class Config:
        """Name of the table and its key."""

        name = "export_amount"
        unique = ["delivery_id", "row", "column"]
