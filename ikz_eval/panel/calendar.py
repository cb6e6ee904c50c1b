"""Table ``delivery_calendar``: every delivery that is due, and whether it had arrived by the cut-off.

Days are days in Germany (Europe/Berlin). Which version counts is versions.py; what a file contains does not matter here.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from ikz_eval.panel.versions import accepted_until, refuse_mixing
from ikz_eval.quarters import quarter_of_date, quarter_range, quarter_shift
from ikz_eval.registry import EvaluationQuarter, Registry
from ikz_eval.registry.due_dates import due_on
from ikz_eval.warehouse import typed

ZONE = "Europe/Berlin"
_BERLIN = ZoneInfo(ZONE)
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
    rows = _calendar(registry, delivery, evaluation.quarter, evaluation.cutoff)
    return typed("delivery_calendar", rows.assign(evaluation_quarter=evaluation.quarter))


def calendar_at(registry: Registry, delivery: pd.DataFrame, moment: datetime) -> pd.DataFrame:
    """Return who has delivered what at any moment: for reminders, and for who asks before the cut-off.

    Parameters
    ----------
    registry : Registry
        The study.
    delivery : pd.DataFrame
        Table ``delivery``, whole, withdrawn ones marked (:func:`ikz_eval.panel.versions.standing`).
    moment : datetime
        Aware.

    Returns
    -------
    pd.DataFrame
        Columns of ``delivery_calendar`` but the evaluation quarter, for the quarters that have ended; a delivery that is
        neither there nor due yet has status ``open``.
    """
    ended = quarter_shift(quarter_of_date(moment.astimezone(_BERLIN).date()), -1)
    last = min(ended, registry.evaluations[-1].quarter)
    rows = _calendar(registry, delivery, last, moment)
    today = moment.astimezone(_BERLIN).date().isoformat()
    is_open = (rows["status"] == "missing") & (rows["due_on"] >= today)
    return rows.assign(status=rows["status"].where(~is_open, "open"))


def _calendar(registry: Registry, delivery: pd.DataFrame, last_quarter: str, cutoff: datetime) -> pd.DataFrame:
    accepted = accepted_until(delivery, cutoff)
    refuse_mixing(registry, accepted)
    quarters = quarter_range(registry.first_quarter, last_quarter)
    index = pd.MultiIndex.from_product([sorted(registry.bodies["ags"]), quarters], names=KEY)
    rows = index.to_frame(index=False)
    rows["due_on"] = rows["quarter"].map({q: due_on(q, registry.due_days).isoformat() for q in quarters})
    last = accepted.drop_duplicates(KEY, keep="last").set_index(KEY).reindex(index)
    first = accepted.drop_duplicates(KEY, keep="first").set_index(KEY).reindex(index)
    rows["version"] = last["version"].array
    rows["delivery_id"] = last["delivery_id"].array
    rows["received_on"] = first["received_at"].dt.tz_convert(ZONE).dt.strftime("%Y-%m-%d").array
    rejected = delivery[(delivery["status"] == "rejected") & (delivery["received_at"] <= pd.Timestamp(cutoff))]
    is_rejected = index.isin(pd.MultiIndex.from_frame(rejected[KEY].dropna()))
    has_arrived = rows["received_on"].notna().to_numpy(dtype=bool)
    in_time = (rows["received_on"].fillna("9999") <= rows["due_on"]).to_numpy(dtype=bool)
    rows["status"] = np.select(
        [has_arrived & in_time, has_arrived, is_rejected], ["on_time", "late", "rejected"], "missing"
    )
    return rows
