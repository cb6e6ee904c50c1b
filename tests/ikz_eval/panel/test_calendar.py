"""Who has delivered: due dates, German days, versions, rejected files, all as of the cut-off."""

from datetime import datetime

import pandas as pd
import pytest

from ikz_eval.errors import PanelError
from ikz_eval.panel import build_calendar, calendar_at, standing, valid_deliveries
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


@pytest.mark.parametrize(
    ("received", "expected", "day"),
    [
        ("2021-05-17T21:59:00Z", "on_time", "2021-05-17"),
        ("2021-05-17T22:01:00Z", "late", "2021-05-18"),  # one minute past midnight in Germany (summer time)
    ],
)
def test_the_last_day_ends_at_midnight_in_germany(received, expected, day):
    row = status([make_delivery("X0101", "2021-Q1", received)])
    assert (row["status"], row["received_on"], row["due_on"], row["version"]) == (expected, day, "2021-05-17", 1)


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


def test_before_the_due_date_a_missing_delivery_is_open_and_a_withdrawn_one_is_missing():
    registry = make_registry()
    delivery = typed("delivery", [make_delivery("X0101", "2021-Q1", "2021-04-20T10:00:00Z")])
    events = typed(
        "ledger_event",
        [
            {
                "event_id": "0" * 12, "delivery_id": delivery["delivery_id"].iloc[0], "event": "withdrawn",
                "happened_at": pd.Timestamp("2021-05-10T10:00:00Z"), "reason": "falsches Quartal",
            }
        ],
    )  # fmt: skip

    def shown(day: str) -> dict[str, str]:
        moment = datetime.fromisoformat(f"{day}T12:00:00+02:00")
        rows = calendar_at(registry, standing(delivery, events, moment), moment)
        return rows[rows["quarter"] == "2021-Q1"].set_index("ags")["status"].to_dict()

    assert shown("2021-05-01")["X0101"] == "on_time"
    assert shown("2021-05-11")["X0101"] == "open"
    assert set(shown("2021-05-17").values()) == {"open"}
    assert set(shown("2021-05-18").values()) == {"missing"}
    before = build_calendar(
        registry, EvaluationQuarter("2021-Q1", datetime.fromisoformat("2021-05-05T00:00:00+02:00"), "invented"),
        standing(delivery, events, datetime.fromisoformat("2021-05-05T00:00:00+02:00")),
    )  # fmt: skip
    assert before.set_index("ags")["status"]["X0101"] == "on_time", "a withdrawal counts from its own moment"
