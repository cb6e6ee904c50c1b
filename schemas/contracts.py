"""Table name -> contract, in pipeline order.

A newcomer reads this to know every table; what a column means stands in the module the model comes from.
"""

from schemas.base import Contract
from schemas.delivery import Delivery, DeliveryCalendar, DeliveryCell, FindingRow
from schemas.economics import PublishedCase
from schemas.estimate import DesignCard, Estimate, EventPath, Placebo, Robustness, Verdict
from schemas.facts import Caseload, Cost, ServiceQuality, Staff
from schemas.further import FurtherEstimate
from schemas.ledger import Arrival, ExportAmount, LedgerEvent, Notice
from schemas.panel import Panel, Partnership
from schemas.publication import PublishedCell
from schemas.reference import (
    Employment,
    Population,
    PriceIndex,
    PublishedFigure,
    RegistrationDistrict,
    VehicleStock,
)
from schemas.registry import Agreement, Body, CooperationField, Correction, Grant, Region

CONTRACTS: dict[str, type[Contract]] = {
    model.Config.name: model
    for model in (
        Body, Region, CooperationField, Agreement, Grant, Correction,
        PriceIndex, Population, VehicleStock, RegistrationDistrict, Employment, PublishedFigure,
        Delivery, DeliveryCell, FindingRow, Arrival, ExportAmount, LedgerEvent, Notice, Cost, Caseload, Staff, ServiceQuality,
        DeliveryCalendar, Panel, Partnership,
        Estimate, EventPath, DesignCard, Verdict, Placebo, Robustness, FurtherEstimate,
        PublishedCase, PublishedCell,
    )
}  # fmt: skip
"""Table name -> contract, in pipeline order."""

EVALUATION_TABLES = tuple(
    name for name, model in CONTRACTS.items() if "evaluation_quarter" in model.to_schema().columns
)
"""Tables that are partitioned by evaluation quarter; all others grow or are replaced as a whole."""

LEDGER_TABLES = ("delivery", "delivery_cell", "finding", "arrival", "export_amount", "ledger_event", "notice")
"""Tables of the ledger: they only grow, and a delivery appears in all of them at once."""
