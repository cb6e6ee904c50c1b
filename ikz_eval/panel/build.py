"""Table ``panel``: a row per body, field and quarter that was delivered, as of an evaluation's cut-off.

Puts the pieces together: versions, corrections, deflation, net and gross cost, exposure, exclusion. Equations stand in
docs/methods/panel.md. Regions and blocks as a whole are partnership.py.
"""

import numpy as np
import pandas as pd

from ikz_eval.errors import PanelError
from ikz_eval.panel.corrections import corrected
from ikz_eval.panel.deflate import deflate, price_factors, price_gaps
from ikz_eval.panel.exclusion import first_reason
from ikz_eval.panel.exposure import Exposure, read_exposure
from ikz_eval.panel.versions import accepted_until, refuse_mixing, valid_deliveries
from ikz_eval.quarters import quarter_of_date, quarter_range
from ikz_eval.registry import EvaluationQuarter, Registry
from ikz_eval.warehouse import empty_table, typed
from schemas.vocabulary import COST_BLOCKS, PRICE_SERIES, PRICE_SERIES_OF_BLOCK, RUNNING_COST_BLOCKS

KEY = ["ags", "field", "quarter", "delivery_id"]


def build_panel(
    registry: Registry,
    evaluation: EvaluationQuarter,
    delivery: pd.DataFrame,
    cost: pd.DataFrame,
    caseload: pd.DataFrame,
    staff: pd.DataFrame,
) -> pd.DataFrame:
    """Build table ``panel`` of one evaluation.

    Parameters
    ----------
    registry : Registry
        The study.
    evaluation : EvaluationQuarter
        Its quarter is the last one used; its cut-off decides which versions count.
    delivery, cost, caseload, staff : pd.DataFrame
        Tables by the contracts of the same name, whole.

    Returns
    -------
    pd.DataFrame
        Contract ``panel``, ordered by body, field and quarter; empty when nothing was delivered.

    Raises
    ------
    PanelError
        If real and invented deliveries would mix, a correction does not fit, or a delivery has no complete rows.
    """
    refuse_mixing(registry, accepted_until(delivery, evaluation.cutoff))
    quarters = quarter_range(registry.first_quarter, evaluation.quarter)
    valid = valid_deliveries(delivery, evaluation.cutoff)
    valid = valid[valid["quarter"].isin(quarters)]
    if valid.empty:
        return empty_table("panel")
    rows = _delivered(registry, valid, cost, caseload, staff)
    rows = _with_prices(registry, rows)
    rows = with_exposure(registry, read_exposure(registry), rows)
    rows["exclusion"] = first_reason(
        rows.pop("design"),
        is_partial=rows["is_partial"],
        is_after_end=rows.pop("is_after_end"),
        is_incomplete=pd.Series(False, index=rows.index),
        cost_cents=rows["real_net_cost_cents"],
        cases=rows["cases"],
    )
    return typed("panel", rows.assign(evaluation_quarter=evaluation.quarter))


def ratio(top: pd.Series, bottom: pd.Series, scale: int = 1) -> pd.Series:
    """Return ``top / bottom / scale`` as float, missing where ``top`` is or ``bottom`` is missing or zero."""
    numerator = top.to_numpy(dtype=np.float64, na_value=np.nan)
    denominator = bottom.to_numpy(dtype=np.float64, na_value=np.nan) * scale
    safe = np.where(denominator > 0, denominator, np.nan)
    return pd.Series(numerator / safe, index=top.index)


def _delivered(
    registry: Registry, valid: pd.DataFrame, cost: pd.DataFrame, caseload: pd.DataFrame, staff: pd.DataFrame
) -> pd.DataFrame:
    """Return nominal cost by block, cases and staff of the versions that count, ordered by key."""
    tables = {
        name: corrected(registry, name, frame[frame["delivery_id"].isin(valid["delivery_id"])])
        for name, frame in (("cost", cost), ("caseload", caseload), ("staff", staff))
    }
    wide = tables["cost"].pivot(index=KEY, columns="cost_block", values="amount_cents")
    wide = wide.reindex(columns=list(COST_BLOCKS)).rename(columns=lambda block: f"nominal_{block}_cents")
    for name, column in (("caseload", "cases"), ("staff", "staff_fte")):
        wide = wide.join(tables[name].set_index(KEY)[column], how="outer")
    wide = wide.sort_index().reset_index()
    wide = wide[wide["field"].isin(registry.delivered_fields)].reset_index(drop=True)
    _require_complete(registry, valid, wide)
    amounts = [f"nominal_{block}_cents" for block in COST_BLOCKS]
    return wide.astype(dict.fromkeys([*amounts, "cases"], "int64"))


def _require_complete(registry: Registry, valid: pd.DataFrame, wide: pd.DataFrame) -> None:
    """Refuse gaps: the official form needs every value, so a gap here means a table was not filled."""
    absent = sorted(set(valid["delivery_id"]) - set(wide["delivery_id"]))
    gaps = wide[wide.isna().any(axis=1)]
    strangers = sorted(set(wide["ags"]) - set(registry.bodies["ags"]))
    if absent or not gaps.empty:
        first = absent[0] if absent else gaps.iloc[0]["delivery_id"]
        raise PanelError(
            f"{len(absent)} deliveries have no rows and {len(gaps)} rows lack a value in cost, caseload or staff, the "
            f"first in delivery {first}; make these tables again from delivery_cell before the panel"
        )
    if strangers:
        raise PanelError(
            f"deliveries of {', '.join(strangers)} count, but studies/{registry.study}/bodies.csv has no such body"
        )


def _with_prices(registry: Registry, rows: pd.DataFrame) -> pd.DataFrame:
    """Add real cost by block, gross and net running cost, cost per case and cases per full-time equivalent."""
    quarters = rows["quarter"]
    factors = {name: price_factors(registry.price_index, name, registry.price_base) for name in PRICE_SERIES}
    real = {
        block: pd.Series(deflate(rows[f"nominal_{block}_cents"], quarters, factors[series]), index=rows.index)
        for block, series in PRICE_SERIES_OF_BLOCK.items()
    }
    nominal = {block: rows[f"nominal_{block}_cents"] for block in COST_BLOCKS}
    added = {f"real_{block}_cents": real[block] for block in (*RUNNING_COST_BLOCKS, "transition")}
    for kind, amounts in (("nominal", nominal), ("real", real)):
        gross = sum((amounts[block] for block in RUNNING_COST_BLOCKS[1:]), start=amounts[RUNNING_COST_BLOCKS[0]])
        added[f"{kind}_gross_cost_cents"] = gross
        added[f"{kind}_net_cost_cents"] = gross + amounts["partner_paid"] - amounts["partner_received"]
    gaps = price_gaps(registry, list(quarters.unique()))
    added["price_gap"] = quarters.map(lambda quarter: gaps.get(quarter)).astype("str")
    added["real_net_cost_per_case_eur"] = ratio(added["real_net_cost_cents"], rows["cases"], scale=100)
    added["cases_per_fte"] = ratio(rows["cases"], rows["staff_fte"])
    return rows.assign(**added)


def with_exposure(registry: Registry, exposure: Exposure, rows: pd.DataFrame) -> pd.DataFrame:
    """Add unit, cohort, own start, event time and the flags of the quarter; ``design`` and ``is_after_end`` are inner."""
    unit_of = dict(zip(registry.bodies["ags"], registry.bodies["unit"], strict=True))
    kind_of = dict(zip(registry.regions["unit"], registry.regions["kind"], strict=True))
    added = []
    for ags, field, quarter in zip(rows["ags"], rows["field"], rows["quarter"], strict=True):
        part, span = exposure.bodies[ags, field], exposure.spans[unit_of[ags], field]
        is_treated = part.start is not None
        added.append(
            {
                "unit": unit_of[ags],
                "unit_kind": kind_of[unit_of[ags]],
                "cohort": span.cohort if is_treated else None,
                "own_start": quarter_of_date(part.start) if part.start else None,
                "event_time": span.event_time(quarter) if is_treated else None,
                "is_partial": is_treated and span.is_partial(quarter),
                "is_after_end": is_treated and span.is_after_end(quarter),
                "design": part.exclusion,
            }
        )
    frame = pd.DataFrame(added, index=rows.index).astype({"event_time": "Int64", "design": "str"})
    return pd.concat([rows, frame], axis=1)
