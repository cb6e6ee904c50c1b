"""The schedule before and after the cut-off and across the changes of the clock; the sensor and its files."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pandas as pd
import pytest

from assets import schedules
from assets.schedules import due_evaluation, inbox, quarterly_evaluation, run_key
from ikz_eval.registry import EvaluationQuarter
from ikz_eval.warehouse import Warehouse, typed

BERLIN = ZoneInfo("Europe/Berlin")


def delivered(at, *moments: str) -> None:
    """Put a delivery into the ledger for each moment of arrival that it does not hold yet."""
    rows = [
        {
            "delivery_id": f"{number:012x}", "sha256": f"{number:064x}", "file_name": "x.xlsx", "stored_as": "x.xlsx",
            "byte_count": 1, "layout": None, "ags": "X0101", "quarter": "2026-Q2", "version": number,
            "status": "accepted", "is_invented": True, "received_at": pd.Timestamp(moment),
            "ingested_at": pd.Timestamp(moment),
        }
        for number, moment in enumerate(moments, start=1)
    ]  # fmt: skip
    warehouse = Warehouse(at.warehouse)
    warehouse.append("delivery", typed("delivery", rows[warehouse.count("delivery") :]))


def asked(now: datetime, registry, at, instance):
    return due_evaluation(now, registry, at, instance)


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as fresh:
        yield fresh


def test_an_evaluation_is_due_only_after_the_end_of_its_cutoff_day_in_berlin(at, demonstration, instance):
    delivered(at, "2025-01-10T08:00Z")
    before = asked(datetime(2026, 8, 31, 23, 59, tzinfo=BERLIN), demonstration, at, instance)
    after = asked(datetime(2026, 9, 1, 0, 0, tzinfo=BERLIN), demonstration, at, instance)
    assert (before.partition_key, after.partition_key) == ("2026-Q1", "2026-Q2")


def test_the_schedule_asks_for_the_quarter_of_its_planned_moment_not_of_the_clock(at):
    delivered(at, "2025-01-10T08:00Z")
    planned = datetime(2025, 6, 1, 6, 0, tzinfo=BERLIN)
    with dg.DagsterInstance.get() as instance:
        context = dg.build_schedule_context(instance=instance, scheduled_execution_time=planned)
        request = quarterly_evaluation(context)
    assert request.partition_key == "2025-Q1"
    assert request.run_key.startswith("2025-Q1:")


def test_a_tick_that_was_missed_is_caught_up_by_the_next_one_and_starts_the_same_run(at, demonstration, instance):
    delivered(at, "2025-01-10T08:00Z")
    days = [datetime(2026, 9, day, 6, 0, tzinfo=BERLIN) for day in (1, 2, 9)]
    keys = {asked(day, demonstration, at, instance).run_key for day in days}
    assert len(keys) == 1


def test_the_same_evaluation_is_not_started_twice_and_the_run_is_named(at, demonstration, instance):
    delivered(at, "2025-01-10T08:00Z")
    day = datetime(2026, 9, 1, 6, 0, tzinfo=BERLIN)
    key = asked(day, demonstration, at, instance).run_key
    run = instance.create_run_for_job(_empty_job(), tags={"dagster/run_key": key})
    answer = asked(day + timedelta(days=1), demonstration, at, instance)
    assert run.run_id in answer.skip_message
    assert "was already started" in answer.skip_message


def _empty_job() -> dg.JobDefinition:
    @dg.op
    def nothing() -> None: ...

    @dg.job(name="evaluation")
    def evaluation() -> None:
        nothing()

    return evaluation


def test_a_new_delivery_before_the_cutoff_is_another_run_and_a_later_one_is_not(at, demonstration, instance):
    day = datetime(2026, 9, 1, 6, 0, tzinfo=BERLIN)
    keys = []
    for moments in (["2026-08-01T08:00Z"], ["2026-08-01T08:00Z", "2026-08-31T21:59Z"],
                    ["2026-08-01T08:00Z", "2026-08-31T21:59Z", "2026-08-31T22:00Z"]):  # fmt: skip
        delivered(at, *moments)
        keys.append(asked(day, demonstration, at, instance).run_key)
    assert keys[0] != keys[1]
    assert keys[1] == keys[2]


def test_it_says_in_plain_words_why_there_is_nothing_to_do(at, demonstration, instance, monkeypatch):
    early = asked(datetime(2024, 1, 1, tzinfo=UTC), demonstration, at, instance)
    assert early.skip_message == "Nothing to do: no evaluation of study demonstration is closed yet at 1 Jan 2024."
    day = datetime(2026, 9, 1, 6, 0, tzinfo=BERLIN)
    empty = asked(day, demonstration, at, instance)
    assert empty.skip_message == (
        "Nothing to do: no delivery had arrived by the cut-off of evaluation 2026-Q2 (31 Aug 2026)."
    )
    delivered(at, "2025-01-10T08:00Z")
    monkeypatch.setattr(schedules, "current_release", lambda *_: at.releases / "2026-Q2.r1")
    same = asked(day, demonstration, at, instance)
    assert "already made from the same deliveries (release 2026-Q2.r1)" in same.skip_message


def test_files_in_the_inbox_count_as_deliveries_on_their_way(at, demonstration, instance):
    day = datetime(2026, 9, 1, 6, 0, tzinfo=BERLIN)
    drop(at, "X0101_2026-Q2.xlsx")
    assert asked(day, demonstration, at, instance).partition_key == "2026-Q2"


@pytest.mark.parametrize(
    ("cutoff_day", "offset_hours"),
    [("2026-03-28", 1), ("2026-03-29", 2), ("2026-10-24", 2), ("2026-10-25", 1)],
)
def test_a_cutoff_around_a_change_of_the_clock_ends_with_its_day(cutoff_day, offset_hours, at, demonstration, instance):
    """The night of 29 March has 23 hours, that of 25 October 25; the day still ends at midnight in Berlin."""
    delivered(at, "2025-01-10T08:00Z")
    year, month, day = map(int, cutoff_day.split("-"))
    last = datetime(year, month, day, 23, 59, 59, 999999, tzinfo=BERLIN).astimezone(UTC)
    study = replace(demonstration, evaluations=(EvaluationQuarter("2025-Q4", last, "test"),))
    midnight = datetime(year, month, day, tzinfo=BERLIN) + timedelta(days=1)
    assert midnight.astimezone(UTC).hour == 24 - offset_hours
    assert isinstance(asked(midnight - timedelta(seconds=1), study, at, instance), dg.SkipReason)
    assert asked(midnight, study, at, instance).partition_key == "2025-Q4"


@pytest.mark.parametrize("day", ["2026-03-28", "2026-03-29", "2026-03-30", "2026-10-24", "2026-10-25", "2026-10-26"])
def test_six_in_the_morning_exists_once_on_the_days_around_a_change_of_the_clock(day, at, demonstration, instance):
    delivered(at, "2025-01-10T08:00Z")
    six = datetime.fromisoformat(f"{day}T06:00").replace(tzinfo=BERLIN)
    assert six.astimezone(UTC).astimezone(BERLIN) == six
    assert six.utcoffset() == six.replace(fold=1).utcoffset()
    due = "2025-Q4" if day < "2026-06" else "2026-Q2"
    assert asked(six, demonstration, at, instance).partition_key == due
    assert (quarterly_evaluation.cron_schedule, quarterly_evaluation.execution_timezone) == (
        "0 6 * * *",
        "Europe/Berlin",
    )


def drop(at, name: str, age_seconds: float = 60) -> None:
    path = at.inbox / name
    path.write_bytes(b"anything")
    then = path.stat().st_mtime - age_seconds
    os.utime(path, (then, then))


def test_the_sensor_asks_once_for_the_same_files_and_again_for_others(at):
    drop(at, "X0101_2026-Q2.xlsx")
    first, again = (inbox(dg.build_sensor_context()) for _ in range(2))
    drop(at, "X0102_2026-Q2.xlsx")
    other = inbox(dg.build_sensor_context())
    assert first.run_key == again.run_key != other.run_key


def test_the_sensor_leaves_a_file_that_is_still_being_copied(at):
    drop(at, "X0101_2026-Q2.xlsx", age_seconds=0)
    assert inbox(dg.build_sensor_context()).skip_message == "The inbox is empty, or its files are still being copied."


def test_the_key_of_a_run_does_not_depend_on_the_order_of_deliveries(demonstration):
    due = demonstration.evaluation("2026-Q2")
    assert run_key(due, "s", ["a", "b"]) == run_key(due, "s", ["b", "a"]) != run_key(due, "t", ["a", "b"])


def test_a_name_that_cannot_be_read_starts_the_judging_all_the_same(empty_place):
    empty_place.inbox.mkdir(parents=True)
    odd = empty_place.inbox / os.fsdecode(b"X0101_\xff.xlsx")
    odd.write_bytes(b"x")
    os.utime(odd, (1_700_000_000, 1_700_000_000))
    marks = schedules.inbox_marks(empty_place)
    assert marks == ["X0101_\ufffd.xlsx 1 1700000000000000000"]
    assert "\n".join(marks).encode()
