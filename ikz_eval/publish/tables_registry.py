"""RG (who cooperates in what since when) and RS (which reference series there are, and how far they reach).

The register as the study's reviewed files have it: unknown starts stay unknown, sources that disagree stand side by
side. Nothing is computed but first, last and number of values.
"""

from datetime import date

import pandas as pd

from ikz_eval.publish.cells import Gap, Row
from ikz_eval.quarters import quarter_of_date
from ikz_eval.registry import Registry


def agreements(registry: Registry, evaluation_quarter: str) -> list[Row]:
    """Return the rows of RG that have begun by the evaluation quarter or whose start is unknown, in the study's order.

    A start after the quarter is no part of its evaluation: adding one later makes no new release of an old quarter.
    """
    known = registry.agreements
    begun = known["start"].map(lambda day: quarter_of_date(date.fromisoformat(day)), na_action="ignore")
    known = known[begun.isna() | (begun.astype("str") <= evaluation_quarter)]
    order = pd.DataFrame(
        {
            "field": known["field"].map(list(registry.fields["field"]).index),
            "unit": known["unit"].map({unit: i for i, unit in enumerate(registry.regions["unit"])}),
            "ags": known["ags"],
        },
        index=known.index,
    ).sort_values(["field", "unit", "ags"], kind="stable")
    names = dict(zip(registry.bodies["ags"], registry.bodies["name"], strict=True))
    return [_agreement(row, names) for row in known.loc[order.index].to_dict("records")]


def _agreement(row: dict[object, object] | dict[str, object], names: dict[str, str]) -> Row:
    values = {str(key): value if isinstance(value, str) else None for key, value in row.items()}
    return {
        "field": values["field"], "unit": values["unit"], "ags": values["ags"], "name": names[str(values["ags"])],
        "start": values["start"] or Gap("start_unknown"), "start_earliest": values["start_earliest"],
        "start_latest": values["start_latest"], "agreement_status": values["status"], "source": values["source"],
    }  # fmt: skip


def reference_series(registry: Registry, evaluation_quarter: str) -> list[Row]:
    """Return the rows of RS: one per series and source, with first and last value up to the evaluation quarter."""
    prices = registry.price_index
    parts = [
        *((f"price_{name}", prices[prices["series"] == name], "quarter") for name in ("consumer", "pay")),
        ("population", registry.population, "reference_date"),
        ("vehicle_stock", registry.vehicle_stock, "reference_date"),
        ("employment", registry.employment, "year"),
    ]
    return [
        {
            "series": series,
            "first": str(own[time].min()),
            "last": str(own[time].max()),
            "values": len(own),
            "source": str(source),
        }
        for series, frame, time in parts
        for source, own in frame[_until(frame[time], evaluation_quarter)].groupby("source", sort=True)
    ]


def _until(times: pd.Series, evaluation_quarter: str) -> pd.Series:
    """Flag quarters up to the evaluation quarter, and days and years up to its year."""
    shown = times.astype("str")
    return shown <= evaluation_quarter if shown.str.contains("Q").all() else shown.str[:4] <= evaluation_quarter[:4]
