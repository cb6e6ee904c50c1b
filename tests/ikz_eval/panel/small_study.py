"""A small invented study written by hand: one region of three bodies, two blocks, one field, six quarters."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from ikz_eval.registry import EvaluationQuarter, Outcome, Registry, Specification
from ikz_eval.warehouse import empty_table, typed
from schemas.vocabulary import COST_BLOCKS

FIELD = "wohngeld"
REGION = ("X0101", "X0102", "X0103")
BLOCK = ("X0201", "X0202")
CUTOFF = datetime(2022, 9, 1, 21, 59, 59, tzinfo=UTC)


def agreement(ags: str, start: str | None = "2021-04-01", **changes: Any) -> dict[str, Any]:
    row = {
        "agreement": "nord-wohngeld", "field": FIELD, "unit": "nord", "ags": ags, "start": start, "start_earliest": None,
        "start_latest": None, "end": None, "legal_form": None, "is_host": ags == "X0101", "allocation_key": None,
        "status": "valid", "source": "invented",
    }  # fmt: skip
    return row | changes


def make_registry(agreements: list[dict[str, Any]] | None = None, **changes: Any) -> Registry:
    """Return the smallest study; change one part."""
    bodies = [
        {
            "ags": ags,
            "name": f"Kreis {ags}",
            "kind": "Landkreis",
            "unit": unit,
            "is_participant": unit == "nord",
            "source": "invented",
        }
        for unit, members in (("nord", REGION), ("ost", BLOCK), ("sued", ("X0301",)))
        for ags in members
    ]
    regions = [
        {"unit": unit, "name": unit, "kind": kind, "source": "invented"}
        for unit, kind in (("nord", "region"), ("ost", "block"), ("sued", "block"))
    ]
    field = {
        "field": FIELD,
        "name_de": "Wohngeld",
        "name_en": "Housing benefit",
        "case_unit_de": "Antrag",
        "is_delivered": True,
        "source": "invented",
    }
    empty = {
        name: empty_table(name)
        for name in (
            "grant",
            "correction",
            "population",
            "vehicle_stock",
            "registration_district",
            "employment",
            "published_figure",
        )
    }
    registry = Registry(
        study="klein", title_de="Klein", title_en="Small", is_invented=True, first_quarter="2021-Q1", due_days=45,
        price_base="2021-Q1", bodies=typed("body", bodies), regions=typed("region", regions),
        fields=typed("cooperation_field", [field]),
        agreements=typed("agreement", agreements if agreements is not None else [agreement(ags) for ags in REGION]),
        grants=empty["grant"], corrections=empty["correction"], price_index=make_prices(),
        population=empty["population"], vehicle_stock=empty["vehicle_stock"],
        registration_district=empty["registration_district"], employment=empty["employment"],
        published_figure=empty["published_figure"],
        evaluations=(EvaluationQuarter("2022-Q2", CUTOFF, "invented"),),
        outcomes=(Outcome(FIELD, "log_real_gross_cost_per_case", "invented"),),
        specifications=(Specification("main", True, "imputation", {FIELD: 0}, "region_start", "regions", "invented"),),
        thresholds={}, study_hash="0" * 64, specification_hash="0" * 64,
    )  # fmt: skip
    return replace(registry, **changes)


def make_prices(consumer: dict[str, float] | None = None, pay: dict[str, float] | None = None) -> pd.DataFrame:
    """Return price series; without arguments all prices stay at 100."""
    flat = {f"{year}-Q{q}": 100.0 for year in (2021, 2022) for q in (1, 2, 3, 4)}
    rows = [
        {"series": name, "quarter": quarter, "price_index": value, "base": "2021-Q1 = 100", "source": "invented"}
        for name, series in (("consumer", consumer), ("pay", pay))
        for quarter, value in (flat if series is None else series).items()
    ]
    return typed("price_index", rows)


def make_delivery(
    ags: str, quarter: str, received: str = "2021-01-01T10:00:00Z", number: int = 1, **changes: Any
) -> dict[str, Any]:
    """Return one row of table ``delivery``; its id follows from body, quarter and number."""
    delivery_id = f"{int(ags[1:]):04d}{quarter[:4]}{quarter[-1]}{number:03d}"
    row = {
        "delivery_id": delivery_id, "sha256": delivery_id.ljust(64, "0"), "file_name": f"{ags}_{quarter}_{number}.xlsx",
        "stored_as": "x", "byte_count": 1, "layout": "2025", "ags": ags, "quarter": quarter, "version": number,
        "status": "accepted", "is_invented": True, "received_at": pd.Timestamp(received),
        "ingested_at": pd.Timestamp(received),
    }  # fmt: skip
    return row | changes


class Ledger:
    """Deliveries with their tables; ``add`` one, then read ``tables``."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("delivery", "cost", "caseload", "staff")}

    def add(
        self,
        ags: str,
        quarter: str,
        *,
        cases: int = 100,
        staff_fte: float = 2.0,
        field: str = FIELD,
        received: str = "2021-01-01T10:00:00Z",
        number: int = 1,
        is_invented: bool = True,
        **cents: int,
    ) -> str:
        delivery = make_delivery(ags, quarter, received, number, is_invented=is_invented)
        key = {"ags": ags, "field": field, "quarter": quarter, "delivery_id": delivery["delivery_id"]}
        self.rows["delivery"].append(delivery)
        amounts = {"personnel": 1_000_00} | cents
        self.rows["cost"] += [
            key | {"cost_block": block, "amount_cents": amounts.get(block, 0)} for block in COST_BLOCKS
        ]
        self.rows["caseload"].append(key | {"cases": cases})
        self.rows["staff"].append(key | {"staff_fte": staff_fte})
        return str(delivery["delivery_id"])

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        return {name: typed(name, rows) for name, rows in self.rows.items()}
