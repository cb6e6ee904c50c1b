"""Contracts of the ledger: what arrived, what stood in it, what was found.

A delivery is one file of one body for one quarter. Its cells keep their address, so that every published number leads
back to file, sheet, row and column.
"""

from pandera.typing import Series

from schemas.base import Contract, described
from schemas.types import Int, UtcTime
from schemas.vocabulary import AGS, DELIVERY_ID, DELIVERY_STATUS, QUARTER, SEVERITIES


class Delivery(Contract):
    """One file that arrived, accepted or rejected; the ledger only grows."""

    delivery_id: Series[str] = described(
        "First 12 hexadecimal digits of the file's SHA-256", str_matches=DELIVERY_ID, unique=True
    )
    sha256: Series[str] = described("SHA-256 of the file", str_matches=r"^[0-9a-f]{64}$")
    file_name: Series[str] = described("Name of the file as it arrived")
    stored_as: Series[str] = described("Name under which the ledger keeps the file")
    byte_count: Series[int] = described("Size of the file [bytes]", ge=0)
    layout: Series[str] = described("Layout it was read with; empty when none fitted", nullable=True)
    ags: Series[str] = described(
        "Body that delivered, from the content; empty when unreadable", str_matches=AGS, nullable=True
    )
    quarter: Series[str] = described(
        "Quarter delivered, from the content; empty when unreadable", str_matches=QUARTER, nullable=True
    )
    version: Series[Int] = described(
        "1 for the body's first delivery of the quarter, then 2, …, rejected ones included; empty when unreadable",
        nullable=True,
        ge=1,
    )
    status: Series[str] = described("accepted, rejected or supporting (a body's own export)", isin=DELIVERY_STATUS)
    is_invented: Series[bool] = described("Whether the file belongs to the demonstration")
    received_at: Series[UtcTime] = described("When the file arrived; cut-offs look at this [UTC]")
    ingested_at: Series[UtcTime] = described("When the file was taken into the ledger; never published [UTC]")

    class Config:
        """Name of the table."""

        name = "delivery"


class DeliveryCell(Contract):
    """One value of an accepted delivery with its address."""

    delivery_id: Series[str] = described("Delivery the cell belongs to", str_matches=DELIVERY_ID)
    sheet: Series[str] = described("Sheet (or section of a CSV file)")
    row: Series[int] = described("Row in the sheet or file, counted from 1", ge=1)
    column: Series[str] = described("Column letter in the sheet, or column name of a CSV file")
    table: Series[str] = described(
        "Table the value goes to", isin=("cost", "caseload", "staff", "service_quality", "control", "remark")
    )
    field: Series[str] = described("Cooperation field; empty for remarks", nullable=True)
    item: Series[str] = described("What the value is: cost block, cases, staff_fte, indicator, total or remark")
    value: Series[str] = described("Value in canonical form: decimal point, no thousands mark; the text of a remark")

    class Config:
        """Name of the table and its key."""

        name = "delivery_cell"
        unique = ["delivery_id", "sheet", "row", "column"]


class FindingRow(Contract):
    """One finding of a rule in a delivery, with place and remedy."""

    delivery_id: Series[str] = described("Delivery the finding belongs to", str_matches=DELIVERY_ID)
    sequence: Series[int] = described("Order within the delivery, from 1", ge=1)
    rule: Series[str] = described("Rule, e.g. K07", str_matches=r"^K\d{2}$")
    severity: Series[str] = described("reject_file, reject_value, question or note", isin=SEVERITIES)
    sheet: Series[str] = described("Sheet; empty for the file as a whole", nullable=True)
    row: Series[Int] = described("Row; empty for the sheet as a whole", nullable=True)
    column: Series[str] = described("Column letter or name; empty for the row as a whole", nullable=True)
    found: Series[str] = described("What stands there")
    allowed: Series[str] = described("What is allowed, in German")
    remedy: Series[str] = described("What to do, in German")

    class Config:
        """Name of the table and its key."""

        name = "finding"
        unique = ["delivery_id", "sequence"]


class DeliveryCalendar(Contract):
    """One delivery that is due, and whether the body has made it as of the evaluation's cut-off."""

    evaluation_quarter: Series[str] = described("Evaluation quarter", str_matches=QUARTER)
    ags: Series[str] = described("Body", str_matches=AGS)
    quarter: Series[str] = described("Quarter that is due", str_matches=QUARTER)
    due_on: Series[str] = described("Day on which the delivery is due (ISO date)")
    status: Series[str] = described(
        "on_time, late, rejected (only rejected files) or missing", isin=("on_time", "late", "rejected", "missing")
    )
    version: Series[Int] = described("Version that counts at the cut-off; empty when none", nullable=True)
    delivery_id: Series[str] = described("Delivery that counts; empty when none", nullable=True)
    received_on: Series[str] = described(
        "Day of arrival of the first accepted version (Europe/Berlin); empty when none", nullable=True
    )

    class Config:
        """Name of the table and its key."""

        name = "delivery_calendar"
        unique = ["evaluation_quarter", "ags", "quarter"]
