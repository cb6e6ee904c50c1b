"""When deliveries are due: days after the end of the quarter, never on a day on which an office is closed.

The one place that knows working days; panel, answers, reminders and calendar files ask here.
"""

from datetime import date, timedelta
from functools import cache

from ikz_eval.quarters import quarter_shift, quarter_start

SATURDAY = 5
LAND = "RP"
"""Rhineland-Palatinate, whose public holidays count (LFtG); the demonstration's invented bodies lie there too."""


@cache
def due_on(quarter: str, due_days: int) -> date:
    """Return the day by whose end the delivery of a quarter is due.

    Parameters
    ----------
    quarter : str
        Quarter delivered, ``2024-Q3``.
    due_days : int
        Calendar days after the quarter's last day. When that is a Saturday, Sunday or public holiday of
        Rhineland-Palatinate, the next working day counts (as § 31 Abs. 3 VwVfG has it for administrative time limits).
    """
    day = quarter_start(quarter_shift(quarter, 1)) - timedelta(days=1) + timedelta(days=due_days)
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def is_working_day(day: date) -> bool:
    """Whether offices of Rhineland-Palatinate work on a day: Monday to Friday, no public holiday."""
    return day.weekday() < SATURDAY and day not in _holidays(day.year)


@cache
def _holidays(year: int) -> frozenset[date]:
    from holidays import country_holidays

    return frozenset(country_holidays("DE", subdiv=LAND, years=year))
