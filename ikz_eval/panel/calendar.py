"""Table ``delivery_calendar``: every delivery that is due, and whether it had arrived by the cut-off.

Days are days in Germany (Europe/Berlin). Which version counts is versions.py; what a file contains does not matter here.
"""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from ikz_eval.panel.versions import accepted_until, refuse_mixing
from ikz_eval.quarters import quarter_range, quarter_shift, quarter_start
from ikz_eval.registry import EvaluationQuarter, Registry
from ikz_eval.warehouse import typed

ZONE = "Europe/Berlin"
KEY = ["ags", "quarter"]


def build_calendar(registry: Registry, evaluation: EvaluationQuarter, delivery: pd.DataFrame) -> pd.DataFrame:
    """Build table ``delivery_calendar`` of one evaluation.

    Parameters
    ----------
    registry : Registry
        The study: its bodies, first quarter and days until a delivery is due.
    evaluation : EvaluationQuarter
        Its quarter is the last one due; its cut-off decides what had arrived.
    delivery : pd.DataFrame
        Table ``delivery``, whole.

    Returns
    -------
    pd.DataFrame
        Contract ``delivery_calendar``: a row per body (participants and comparison) and quarter, in that order.

    Raises
    ------
    PanelError
        If real and invented deliveries would mix.
    """
    accepted = accepted_until(delivery, evaluation.cutoff)
    refuse_mixing(registry, accepted)
    quarters = quarter_range(registry.first_quarter, evaluation.quarter)
    index = pd.MultiIndex.from_product([sorted(registry.bodies["ags"]), quarters], names=KEY)
    rows = index.to_frame(index=False)
    rows["due_on"] = rows["quarter"].map({q: due_date(q, registry.due_days).isoformat() for q in quarters})
    last = accepted.drop_duplicates(KEY, keep="last").set_index(KEY).reindex(index)
    first = accepted.drop_duplicates(KEY, keep="first").set_index(KEY).reindex(index)
    rows["version"] = last["version"].array
    rows["delivery_id"] = last["delivery_id"].array
    rows["received_on"] = first["received_at"].dt.tz_convert(ZONE).dt.strftime("%Y-%m-%d").array
    rejected = delivery[
        (delivery["status"] == "rejected") & (delivery["received_at"] <= pd.Timestamp(evaluation.cutoff))
    ]
    is_rejected = index.isin(pd.MultiIndex.from_frame(rejected[KEY].dropna()))
    has_arrived = rows["received_on"].notna().to_numpy(dtype=bool)
    in_time = (rows["received_on"].fillna("9999") <= rows["due_on"]).to_numpy(dtype=bool)
    rows["status"] = np.select(
        [has_arrived & in_time, has_arrived, is_rejected], ["on_time", "late", "rejected"], "missing"
    )
    return typed("delivery_calendar", rows.assign(evaluation_quarter=evaluation.quarter))


def due_date(quarter: str, due_days: int) -> date:
    """Return the day by whose end the delivery of ``quarter`` is due: ``due_days`` after the quarter's last day."""
    return quarter_start(quarter_shift(quarter, 1)) - timedelta(days=1) + timedelta(days=due_days)
