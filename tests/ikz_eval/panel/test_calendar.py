"""Who has delivered: due dates, German days, versions, rejected files, all as of the cut-off."""

from datetime import date, datetime

import pandas as pd
import pytest

from ikz_eval.errors import PanelError
from ikz_eval.panel import build_calendar, valid_deliveries
from ikz_eval.panel.calendar import due_date
from ikz_eval.registry import EvaluationQuarter
from ikz_eval.warehouse import empty_table, typed
from ikz_eval.warehouse.typing import contract
from tests.ikz_eval.panel.small_study import CUTOFF, make_delivery, make_registry


def status(rows: list[dict], quarter: str = "2021-Q1", ags: str = "X0101") -> pd.Series:
    calendar = build_calendar(
        make_registry(), EvaluationQuarter("2022-Q2", CUTOFF, "invented"), typed("delivery", rows)
    )
    contract("delivery_calendar").to_schema().validate(calendar)
    return calendar[(calendar["ags"] == ags) & (calendar["quarter"] == quarter)].iloc[0]


@pytest.mark.parametrize(("quarter", "day"), [("2021-Q1", date(2021, 5, 15)), ("2021-Q4", date(2022, 2, 14))])
def test_due_days_count_from_the_end_of_the_quarter(quarter, day):
    assert due_date(quarter, 45) == day


@pytest.mark.parametrize(
    ("received", "expected", "day"),
    [
        ("2021-05-15T21:59:00Z", "on_time", "2021-05-15"),
        ("2021-05-15T22:01:00Z", "late", "2021-05-16"),  # one minute past midnight in Germany (summer time)
    ],
)
def test_the_last_day_ends_at_midnight_in_germany(received, expected, day):
    row = status([make_delivery("X0101", "2021-Q1", received)])
    assert (row["status"], row["received_on"], row["due_on"], row["version"]) == (expected, day, "2021-05-15", 1)


def test_a_correction_after_the_deadline_leaves_the_first_delivery_on_time():
    rows = [
        make_delivery("X0101", "2021-Q1", "2021-05-01T10:00:00Z", 1, status="rejected", version=None),
        make_delivery("X0101", "2021-Q1", "2021-05-02T10:00:00Z", 2),
        make_delivery("X0101", "2021-Q1", "2021-07-01T10:00:00Z", 3),
        make_delivery("X0101", "2021-Q1", "2022-09-01T22:00:00Z", 4),
    ]
    row = status(rows)
    assert (row["status"], row["received_on"], row["version"]) == ("on_time", "2021-05-02", 3)
    assert row["delivery_id"] == rows[2]["delivery_id"], "the last version before the cut-off counts"


def test_only_rejected_files_and_nothing_at_all():
    rejected = make_delivery("X0101", "2021-Q1", status="rejected", version=None)
    unreadable = make_delivery("X0102", "2021-Q1", status="rejected", version=None) | {"ags": None, "quarter": None}
    too_late = make_delivery("X0103", "2021-Q1", "2022-09-01T22:00:00Z")
    rows = [rejected, unreadable, too_late]
    assert status(rows)["status"] == "rejected"
    assert status(rows, ags="X0102")["status"] == "missing"
    assert status(rows, ags="X0103")["status"] == "missing"
    assert pd.isna(status(rows)["version"]) and pd.isna(status(rows)["received_on"])


def test_all_bodies_and_quarters_are_due():
    evaluation = EvaluationQuarter("2022-Q2", CUTOFF, "invented")
    calendar = build_calendar(make_registry(), evaluation, empty_table("delivery"))
    contract("delivery_calendar").to_schema().validate(calendar)
    assert len(calendar) == 6 * 6
    assert set(calendar["status"]) == {"missing"}


def test_mixing_is_refused_here_too():
    rows = typed("delivery", [make_delivery("X0101", "2021-Q1", is_invented=False)])
    with pytest.raises(PanelError, match="never mixes"):
        build_calendar(make_registry(), EvaluationQuarter("2022-Q2", CUTOFF, "invented"), rows)


def test_versions_are_counted_by_arrival_not_by_ingestion():
    rows = [
        make_delivery("X0101", "2021-Q1", "2021-06-01T10:00:00Z", 1, version=1),
        make_delivery("X0101", "2021-Q1", "2021-05-01T10:00:00Z", 2, version=2),
    ]
    valid = valid_deliveries(typed("delivery", rows), CUTOFF)
    assert valid[["delivery_id", "version"]].to_numpy().tolist() == [[rows[0]["delivery_id"], 2]]


def test_a_cutoff_without_time_zone_is_refused():
    with pytest.raises(PanelError, match="no time zone"):
        valid_deliveries(empty_table("delivery"), datetime(2022, 1, 1))
