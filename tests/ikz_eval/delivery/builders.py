"""A small invented study and the smallest valid delivery to it: change one part in a test."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO

import pandas as pd
from openpyxl import Workbook, load_workbook

from ikz_eval.delivery import DeliveryContent
from ikz_eval.delivery.findings import Finding
from ikz_eval.delivery.layout import load_layout
from ikz_eval.registry import EvaluationQuarter, Registry

FIELDS = {"fahrzeugzulassung": "Fahrzeugzulassung", "wohngeld": "Wohngeld", "elterngeld": "Elterngeld"}
TOTAL_OF = ("personnel", "material", "it", "rooms", "overhead", "internal_services", "transition")


def make_registry(**changes: object) -> Registry:
    """Return an invented study of three bodies, two of which cooperate in Wohngeld since 2024."""
    empty = pd.DataFrame()
    registry = Registry(
        study="tiny",
        title_de="Winzige Untersuchung",
        title_en="Tiny study",
        is_invented=True,
        first_quarter="2023-Q1",
        due_days=45,
        price_base="2023-Q1",
        bodies=pd.DataFrame(
            {"ags": ["X0101", "X0102", "X0901"], "name": ["Landkreis Nebelau", "Stadt Erdach", "Landkreis Öwenried"]}
        ),
        regions=empty,
        fields=pd.DataFrame(
            {
                "field": [*FIELDS, "archiv"],
                "name_de": [*FIELDS.values(), "Archiv"],
                "is_delivered": [True, True, True, False],
            }
        ),
        agreements=pd.DataFrame(
            {
                "ags": ["X0101", "X0102"],
                "field": ["wohngeld", "wohngeld"],
                "start": ["2024-01-01", None],
                "status": ["valid", "valid"],
            }
        ),
        grants=empty,
        corrections=empty,
        price_index=empty,
        population=empty,
        vehicle_stock=empty,
        registration_district=empty,
        employment=empty,
        published_figure=empty,
        evaluations=(EvaluationQuarter("2025-Q4", datetime(2026, 2, 28, 23, tzinfo=UTC), "test"),),
        outcomes=(),
        specifications=(),
        thresholds={},
        study_hash="0" * 64,
        specification_hash="1" * 64,
    )
    return replace(registry, **changes)


def make_content(ags: str = "X0101", quarter: str = "2024-Q3", **values: str) -> DeliveryContent:
    """Return a complete delivery; ``wohngeld__personnel="12.50"`` changes one value, and the total with it."""
    plain = {"cost": "1234.56", "caseload": "412", "staff": "3.75", "service_quality": "12.5"}
    content = {
        (column.table, field, column.item): "0" if column.item.startswith("partner_") else plain[sheet.table]
        for sheet in load_layout().sheets
        for field in FIELDS
        for column in sheet.columns
        if not column.controls
    }
    for key, value in values.items():
        field, item = key.split("__")
        tables = {column.item: column.table for sheet in load_layout().sheets for column in sheet.columns}
        content[tables[item], field, item] = value
    for field in FIELDS:
        parts = [content["cost", field, item] for item in TOTAL_OF]
        content.setdefault(("control", field, "total"), str(sum(map(Decimal, parts))))
    return DeliveryContent(ags, quarter, content, ("Umzug der Stelle im August.",))


def edit_workbook(data: bytes, edit: Callable[[Workbook], None]) -> bytes:
    """Return a workbook after a person changed it in a spreadsheet program."""
    book = load_workbook(BytesIO(data))
    edit(book)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def address(table: str, field: str, item: str) -> tuple[str, str]:
    """Return sheet and cell of a value in the official form."""
    sheet = next(sheet for sheet in load_layout().sheets if table in {column.table for column in sheet.columns})
    column = next(column for column in sheet.columns if column.item == item)
    return sheet.name, f"{column.letter}{sheet.header_row + 1 + list(FIELDS).index(field)}"


def places(findings: Iterable[Finding]) -> list[tuple[str, str | None, int | None, str | None, str]]:
    """Return what the rules said and where, short enough to compare in a test."""
    return [(f.rule, f.place.sheet, f.place.row, f.place.column, f.found_text()) for f in findings]
