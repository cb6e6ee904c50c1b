"""Contracts of what bodies deliver: cost, cases, staff, service quality; one row per delivered value.

Amounts are whole EUR cents: exact, summed as integers. Every row names its delivery; which version of a delivery
counts at a cut-off is decided when the panel is built.
"""

from pandera.typing import Series

from schemas.base import Contract, described
from schemas.vocabulary import AGS, COST_BLOCKS, DELIVERY_ID, QUARTER, SERVICE_INDICATORS


class Cost(Contract):
    """What one body spent on (or received for) one cooperation field in one quarter, by cost block."""

    ags: Series[str] = described("Body", str_matches=AGS)
    field: Series[str] = described("Cooperation field, see fields.csv", str_length={"min_value": 2})
    quarter: Series[str] = described("Calendar quarter, e.g. 2024-Q3", str_matches=QUARTER)
    cost_block: Series[str] = described("Cost block (Personal-, Sach-, IT-, Raum-, Gemeinkosten, …)", isin=COST_BLOCKS)
    amount_cents: Series[int] = described("Amount at current prices, exact; credit negative [EUR cents per quarter]")
    delivery_id: Series[str] = described("Delivery the row was read from", str_matches=DELIVERY_ID)

    class Config:
        """Name of the table and its key."""

        name = "cost"
        unique = ["ags", "field", "quarter", "cost_block", "delivery_id"]


class Caseload(Contract):
    """How many cases of one field one body's residents had in one quarter, wherever they were handled."""

    ags: Series[str] = described("Body", str_matches=AGS)
    field: Series[str] = described("Cooperation field, see fields.csv", str_length={"min_value": 2})
    quarter: Series[str] = described("Calendar quarter, e.g. 2024-Q3", str_matches=QUARTER)
    cases: Series[int] = described("Cases [number per quarter]", ge=0)
    delivery_id: Series[str] = described("Delivery the row was read from", str_matches=DELIVERY_ID)

    class Config:
        """Name of the table and its key."""

        name = "caseload"
        unique = ["ags", "field", "quarter", "delivery_id"]


class Staff(Contract):
    """Staff of one body for one field in one quarter, in full-time equivalents (VZÄ)."""

    ags: Series[str] = described("Body", str_matches=AGS)
    field: Series[str] = described("Cooperation field, see fields.csv", str_length={"min_value": 2})
    quarter: Series[str] = described("Calendar quarter, e.g. 2024-Q3", str_matches=QUARTER)
    staff_fte: Series[float] = described("Staff, average of the quarter [full-time equivalents, VZÄ]", ge=0)
    delivery_id: Series[str] = described("Delivery the row was read from", str_matches=DELIVERY_ID)

    class Config:
        """Name of the table and its key."""

        name = "staff"
        unique = ["ags", "field", "quarter", "delivery_id"]


class ServiceQuality(Contract):
    """Service of one body in one field and quarter: waiting time, opening hours, online share."""

    ags: Series[str] = described("Body", str_matches=AGS)
    field: Series[str] = described("Cooperation field, see fields.csv", str_length={"min_value": 2})
    quarter: Series[str] = described("Calendar quarter, e.g. 2024-Q3", str_matches=QUARTER)
    indicator: Series[str] = described(
        "waiting_minutes [min], opening_hours_per_week [h], online_share_percent [%]", isin=SERVICE_INDICATORS
    )
    value: Series[float] = described("Value in the indicator's unit", ge=0)
    delivery_id: Series[str] = described("Delivery the row was read from", str_matches=DELIVERY_ID)

    class Config:
        """Name of the table and its key."""

        name = "service_quality"
        unique = ["ags", "field", "quarter", "indicator", "delivery_id"]
