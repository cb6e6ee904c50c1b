"""Due dates fall on working days of Rhineland-Palatinate, and calendar programs can read them."""

from datetime import date

import icalendar
import pytest

from ikz_eval.registry import load_registry
from ikz_eval.registry.calendar_file import calendar_file
from ikz_eval.registry.due_dates import due_on, is_working_day


@pytest.mark.parametrize(
    ("quarter", "days", "day"),
    [
        ("2021-Q1", 45, date(2021, 5, 17)),  # 15 May is a Saturday
        ("2021-Q4", 45, date(2022, 2, 14)),
        ("2024-Q1", 60, date(2024, 5, 31)),  # 30 May is Corpus Christi, a holiday of the Land
        ("2024-Q3", 32, date(2024, 11, 4)),  # 1 November is All Saints, then a weekend
        ("2024-Q3", 34, date(2024, 11, 4)),
        ("2024-Q4", 1, date(2025, 1, 2)),
    ],
)
def test_a_delivery_is_due_on_a_working_day(quarter, days, day):
    assert due_on(quarter, days) == day


def test_holidays_are_those_of_the_land():
    assert not is_working_day(date(2024, 5, 30)) and not is_working_day(date(2024, 11, 1))
    assert is_working_day(date(2024, 10, 31)), "Reformation Day is no holiday in Rhineland-Palatinate"
    assert is_working_day(date(2024, 8, 15)), "nor is the Assumption"


def test_the_calendar_file_names_every_due_date_of_a_body_and_is_marked():
    registry = load_registry("demonstration")
    ags = registry.bodies["ags"].iloc[0]
    data = calendar_file(registry, ags=ags, delivered=[registry.first_quarter])
    assert data == calendar_file(registry, ags=ags, delivered=[registry.first_quarter])
    events = icalendar.Calendar.from_ical(data).walk("VEVENT")
    last = events[-1]
    quarter = registry.evaluations[-1].quarter
    assert last["DTSTART"].dt == due_on(quarter, registry.due_days)
    assert str(last["UID"]) == f"demonstration-{ags}-{quarter}@ikz-eval"
    assert registry.bodies["name"].iloc[0] in str(last["SUMMARY"]) and "ERFUNDEN" in str(last["SUMMARY"])
    assert last.walk("VALARM")[0]["TRIGGER"].dt.days == -14
    assert not any(registry.first_quarter in str(event["UID"]) for event in events)
