"""The smallest study, panel and partnership the estimate stage can work on; tests change one part.

Three regions of two bodies each (starts in quarters 6, 8, 10 of 16) and four blocks of two bodies. Costs are exact
powers, so that effects are known: a region's gross cost per case falls by the factor given.
"""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from ikz_eval.quarters import quarter_index, quarter_range
from ikz_eval.registry import EvaluationQuarter, Outcome, Registry, Specification
from ikz_eval.warehouse import empty_table, typed

FIRST, LAST = "2020-Q1", "2023-Q4"
STARTS = {"alpha": "2021-Q3", "beta": "2022-Q1", "gamma": "2022-Q3"}
UNITS = ("alpha", "beta", "gamma", "block1", "block2", "block3", "block4")
BODIES = {unit: (f"X{i}001", f"X{i}002") for i, unit in enumerate(UNITS, start=1)}
FIELD = "zulassung"
MAIN = Specification("main", True, "imputation", {FIELD: 0}, "region_start", "regions", "reason")
OWN = Specification("own", False, "imputation", {FIELD: 0}, "own_start", "regions", "reason")


def first_day(quarter: str) -> str:
    """Return the first day of a quarter as text."""
    return f"{quarter[:4]}-{int(quarter[-1]) * 3 - 2:02d}-01"


def make_registry(starts: dict[str, str | None] | None = None, *specifications: Specification) -> Registry:
    """Return a study with one field; ``starts`` gives first days by AGS where they differ from the region's start."""
    own = starts or {}
    agreements = [
        {
            "agreement": unit, "field": FIELD, "unit": unit, "ags": ags, "start": own.get(ags, first_day(STARTS[unit])),
            "start_earliest": None, "start_latest": None, "end": None, "legal_form": None, "is_host": False,
            "allocation_key": None, "status": "valid", "source": "invented",
        }
        for unit in STARTS for ags in BODIES[unit]
    ]  # fmt: skip
    fields = [{"field": FIELD, "name_de": "Zulassung", "name_en": "Registration", "case_unit_de": "Fall",
               "is_delivered": True, "source": "invented"}]  # fmt: skip
    regions = [{"unit": unit, "name": unit, "kind": "region" if unit in STARTS else "block", "source": "invented"}
               for unit in UNITS]  # fmt: skip
    names = ("grant", "correction", "price_index", "population", "vehicle_stock", "registration_district", "employment")
    empty = {name: empty_table(name) for name in names}
    return Registry(
        study="tiny", title_de="t", title_en="t", is_invented=True, first_quarter=FIRST, due_days=45,
        price_base=FIRST, bodies=empty_table("body"), regions=typed("region", regions),
        fields=typed("cooperation_field", fields), agreements=typed("agreement", agreements), grants=empty["grant"],
        corrections=empty["correction"], price_index=empty["price_index"], population=empty["population"],
        vehicle_stock=empty["vehicle_stock"], registration_district=empty["registration_district"],
        employment=empty["employment"], published_figure=empty_table("published_figure"),
        evaluations=(EvaluationQuarter(LAST, datetime(2024, 2, 29, tzinfo=UTC), "reason"),),
        outcomes=(Outcome(FIELD, "log_real_gross_cost_per_case", "reason"),), specifications=specifications or (MAIN,),
        thresholds={}, study_hash="0", specification_hash="0",
    )  # fmt: skip


def make_panel(
    effect: float = -0.1, *, noise: float = 0.01, late: dict[str, str] | None = None, seed: int = 7
) -> pd.DataFrame:
    """Return a panel by its contract; ``late`` gives own starts by AGS, ``effect`` is in logs from the own start."""
    draw = np.random.default_rng(seed)
    rows = []
    for unit in UNITS:
        for ags in BODIES[unit]:
            own = (late or {}).get(ags, STARTS.get(unit))
            level = 20.0 * np.exp(draw.normal(0, 0.1))
            for quarter in quarter_range(FIRST, LAST):
                treated = own is not None and quarter >= own
                per_case = level * np.exp(effect * treated + noise * draw.normal())
                rows.append(_panel_row(unit, ags, quarter, round(per_case * 100_000), own))
    return typed("panel", rows)


def _panel_row(unit: str, ags: str, quarter: str, cents: int, own: str | None) -> dict[str, object]:
    cohort = STARTS.get(unit)
    blocks = ("personnel", "material", "it", "rooms", "overhead", "internal_services", "transition")
    amounts = {f"{kind}_{block}_cents": 0 for kind in ("nominal", "real") for block in blocks}
    others = ("partner_paid", "partner_received", "fee_revenue", "grants")
    totals = {f"{kind}_{cost}_cost_cents": cents for kind in ("nominal", "real") for cost in ("gross", "net")}
    return amounts | {f"nominal_{block}_cents": 0 for block in others} | totals | {
        "evaluation_quarter": LAST, "ags": ags, "unit": unit, "unit_kind": "region" if unit in STARTS else "block",
        "field": FIELD, "quarter": quarter, "delivery_id": "0123456789ab", "price_gap": None, "cases": 1000,
        "staff_fte": 2.0, "real_net_cost_per_case_eur": cents / 100_000, "cases_per_fte": 500.0, "cohort": cohort,
        "own_start": own, "is_partial": False, "exclusion": None,
        "event_time": None if cohort is None else quarter_index(quarter) - quarter_index(cohort),
    }  # fmt: skip


def make_partnership(panel: pd.DataFrame) -> pd.DataFrame:
    """Return the partnership of a panel: sums over the two bodies, missing where one is missing."""
    if panel.empty:
        return empty_table("partnership")
    rows = []
    for (unit, quarter), own in panel.groupby(["unit", "quarter"]):
        complete = len(own) == 2 and own["real_gross_cost_cents"].notna().all()
        cents = int(own["real_gross_cost_cents"].sum()) if complete else None
        cases = int(own["cases"].sum()) if len(own) == 2 else None
        here, first = set(own["ags"]), own.iloc[0]
        rows.append(
            {
                "evaluation_quarter": LAST, "unit": unit, "unit_kind": first["unit_kind"], "field": FIELD,
                "quarter": quarter, "members": 2, "members_delivered": len(own),
                "missing_members": ",".join(sorted(set(BODIES[unit]) - here)) or None,
                "nominal_gross_cost_cents": cents, "nominal_net_cost_cents": cents, "real_gross_cost_cents": cents,
                "real_transition_cents": 0, "cases": cases, "staff_fte": 4.0,
                "real_gross_cost_per_case_eur": cents / cases / 100 if cents is not None and cases else None,
                "cases_per_fte": 500.0, "cohort": first["cohort"], "event_time": first["event_time"],
                "is_partial": first["is_partial"],
                "exclusion": "members_missing" if len(own) < 2 else first["exclusion"],
            }
        )  # fmt: skip
    return typed("partnership", rows)


def with_anticipation(quarters: int) -> Specification:
    """Return the main specification with anticipation."""
    return replace(MAIN, anticipation_quarters={FIELD: quarters})
