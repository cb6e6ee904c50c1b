"""Contracts of the panel: what the estimators see.

``panel`` has a row per body, field and quarter that was delivered; ``partnership`` a row per region or block, field
and quarter. Both belong to an evaluation quarter and read the ledger as of its cut-off.
"""

from pandera.typing import Series

from schemas.base import Contract, described
from schemas.types import Int
from schemas.vocabulary import AGS, DELIVERY_ID, QUARTER, UNIT_KINDS


class Panel(Contract):
    """One body, field and quarter as of the cut-off: nominal and real cost by block, cases, staff, event time."""

    evaluation_quarter: Series[str] = described("Evaluation quarter", str_matches=QUARTER)
    ags: Series[str] = described("Body", str_matches=AGS)
    unit: Series[str] = described("Model region or comparison block of the body")
    unit_kind: Series[str] = described("region or block", isin=UNIT_KINDS)
    field: Series[str] = described("Cooperation field")
    quarter: Series[str] = described("Calendar quarter", str_matches=QUARTER)
    delivery_id: Series[str] = described("Delivery version that counts at the cut-off", str_matches=DELIVERY_ID)
    nominal_personnel_cents: Series[int] = described("Personnel cost at current prices [EUR cents]")
    nominal_material_cents: Series[int] = described("Material cost at current prices [EUR cents]")
    nominal_it_cents: Series[int] = described("IT cost at current prices [EUR cents]")
    nominal_rooms_cents: Series[int] = described("Cost of rooms at current prices [EUR cents]")
    nominal_overhead_cents: Series[int] = described("Overhead (Gemeinkosten) at current prices [EUR cents]")
    nominal_internal_services_cents: Series[int] = described("Internal services at current prices [EUR cents]")
    nominal_transition_cents: Series[int] = described("One-off transition cost at current prices [EUR cents]")
    nominal_partner_paid_cents: Series[int] = described(
        "Paid to partners (Umlage, Erstattung) at current prices [EUR cents]"
    )
    nominal_partner_received_cents: Series[int] = described("Received from partners at current prices [EUR cents]")
    nominal_fee_revenue_cents: Series[int] = described("Fee revenue at current prices [EUR cents]")
    nominal_grants_cents: Series[int] = described("Grants received at current prices [EUR cents]")
    real_personnel_cents: Series[Int] = described(
        "Personnel cost at prices of the base [EUR cents]; empty without index", nullable=True
    )
    real_material_cents: Series[Int] = described(
        "Material cost at prices of the base [EUR cents]; empty without index", nullable=True
    )
    real_it_cents: Series[Int] = described(
        "IT cost at prices of the base [EUR cents]; empty without index", nullable=True
    )
    real_rooms_cents: Series[Int] = described(
        "Cost of rooms at prices of the base [EUR cents]; empty without index", nullable=True
    )
    real_overhead_cents: Series[Int] = described(
        "Overhead at prices of the base [EUR cents]; empty without index", nullable=True
    )
    real_internal_services_cents: Series[Int] = described(
        "Internal services at prices of the base [EUR cents]; empty without index", nullable=True
    )
    real_transition_cents: Series[Int] = described(
        "One-off transition cost at prices of the base [EUR cents]; empty without index", nullable=True
    )
    nominal_gross_cost_cents: Series[int] = described(
        "Running cost before payments between partners, current prices [EUR cents]"
    )
    nominal_net_cost_cents: Series[int] = described(
        "Running cost after payments between partners, current prices [EUR cents]"
    )
    real_gross_cost_cents: Series[Int] = described(
        "Running cost before payments between partners, prices of the base [EUR cents]", nullable=True
    )
    real_net_cost_cents: Series[Int] = described(
        "Running cost after payments between partners, prices of the base [EUR cents]", nullable=True
    )
    price_gap: Series[str] = described("Why real cost is empty; empty when it is not", nullable=True)
    cases: Series[int] = described("Cases of the body's residents [number]", ge=0)
    staff_fte: Series[float] = described("Staff [full-time equivalents, VZÄ]", ge=0)
    real_net_cost_per_case_eur: Series[float] = described(
        "Real net running cost per case [EUR per case]", nullable=True
    )
    cases_per_fte: Series[float] = described("Cases per full-time equivalent [cases per VZÄ]", nullable=True)
    cohort: Series[str] = described(
        "First quarter of cooperation of the body's region; empty: none or unknown", nullable=True
    )
    own_start: Series[str] = described(
        "First quarter of the body's own cooperation; empty: none or unknown", nullable=True
    )
    event_time: Series[Int] = described(
        "Quarters since the start of the region [quarters]; empty without start", nullable=True
    )
    is_partial: Series[bool] = described("Whether cooperation began inside this quarter, after its first day")
    exclusion: Series[str] = described(
        "Why the row is neither treated nor comparison; empty when it is usable", nullable=True
    )

    class Config:
        """Name of the table and its key."""

        name = "panel"
        unique = ["evaluation_quarter", "ags", "field", "quarter"]


class Partnership(Contract):
    """One region or block, field and quarter: gross cost and cases summed over its constant members."""

    evaluation_quarter: Series[str] = described("Evaluation quarter", str_matches=QUARTER)
    unit: Series[str] = described("Model region or comparison block")
    unit_kind: Series[str] = described("region or block", isin=UNIT_KINDS)
    field: Series[str] = described("Cooperation field")
    quarter: Series[str] = described("Calendar quarter", str_matches=QUARTER)
    members: Series[int] = described("Bodies that count as members in every quarter [number]", ge=1)
    members_delivered: Series[int] = described("Members whose delivery counts at the cut-off [number]", ge=0)
    missing_members: Series[str] = described(
        "AGS of members without delivery, comma separated; empty when complete", nullable=True
    )
    nominal_gross_cost_cents: Series[Int] = described(
        "Running cost of all members, current prices [EUR cents]; empty when one is missing", nullable=True
    )
    nominal_net_cost_cents: Series[Int] = described(
        "The same after payments between partners; equal when they mirror each other [EUR cents]", nullable=True
    )
    real_gross_cost_cents: Series[Int] = described(
        "Running cost of all members, prices of the base [EUR cents]", nullable=True
    )
    real_transition_cents: Series[Int] = described(
        "One-off transition cost of all members, prices of the base [EUR cents]", nullable=True
    )
    cases: Series[Int] = described("Cases of all members [number]", nullable=True)
    staff_fte: Series[float] = described("Staff of all members [full-time equivalents, VZÄ]", nullable=True)
    real_gross_cost_per_case_eur: Series[float] = described(
        "Real gross running cost per case [EUR per case]", nullable=True
    )
    cases_per_fte: Series[float] = described("Cases per full-time equivalent [cases per VZÄ]", nullable=True)
    cohort: Series[str] = described("First quarter of cooperation; empty: none or unknown", nullable=True)
    event_time: Series[Int] = described("Quarters since the start [quarters]; empty without start", nullable=True)
    is_partial: Series[bool] = described("Whether cooperation began inside this quarter, after its first day")
    exclusion: Series[str] = described(
        "Why the row is neither treated nor comparison; empty when it is usable", nullable=True
    )

    class Config:
        """Name of the table and its key."""

        name = "partnership"
        unique = ["evaluation_quarter", "unit", "field", "quarter"]
