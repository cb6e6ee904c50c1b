"""Due dates as a calendar file (iCalendar, RFC 5545) that any calendar program takes; same study, same bytes."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from ikz_eval.quarters import quarter_range, quarter_start
from ikz_eval.registry.due_dates import due_on
from ikz_eval.registry.model import Registry
from ikz_eval.texts import text


def calendar_file(
    registry: Registry, *, ags: str | None = None, delivered: Sequence[str] = (), lang: str = "de", mark: str = ""
) -> bytes:
    """Return the due dates of a study as an .ics file: one whole-day event a quarter, with a reminder before.

    Parameters
    ----------
    registry : Registry
        The study.
    ags : str, optional
        Body whose calendar it is; the study's own when left out.
    delivered : sequence of str
        Quarters that need no event any more.
    lang : str
        Language of the events.
    mark : str
        Mark of a release, shown as the calendar's description.
    """
    from icalendar import Alarm, Calendar, Event

    names = dict(zip(registry.bodies["ags"], registry.bodies["name"], strict=True))
    who = names.get(ags, "") if ags else registry.title(lang)
    calendar = Calendar()
    calendar.add("prodid", "-//ikz_eval//Liefertermine//DE")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", text("reminder.calendar.name", lang, who=who))
    if mark:
        calendar.add("x-wr-caldesc", mark)
    invented = text("reminder.invented", lang) if registry.is_invented else ""
    for quarter in quarter_range(registry.first_quarter, registry.evaluations[-1].quarter):
        if quarter in delivered:
            continue
        due = due_on(quarter, registry.due_days)
        event = Event()
        event.add("uid", f"{registry.study}-{ags or 'alle'}-{quarter}@ikz-eval")
        event.add("dtstamp", datetime.combine(quarter_start(quarter), time(), UTC))
        event.add("dtstart", due)
        event.add("dtend", due + timedelta(days=1))
        summary = text("reminder.calendar.event", lang, quarter=quarter_words(quarter, lang), who=who)
        event.add("summary", f"{summary} {invented}".strip())
        event.add("transp", "TRANSPARENT")
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", summary)
        alarm.add("trigger", timedelta(days=-days_before(registry)))
        event.add_component(alarm)
        calendar.add_component(event)
    return bytes(calendar.to_ical(sorted=False))


def days_before(registry: Registry) -> int:
    """Return how many days before the due date a body is reminded (threshold of the study, two weeks without one)."""
    limit = registry.thresholds.get("reminder_days_before")
    return 14 if limit is None else int(limit.value)


def days_after(registry: Registry) -> int:
    """Return how many days after the due date a body is reminded again (threshold, one week without one)."""
    limit = registry.thresholds.get("reminder_days_after")
    return 7 if limit is None else int(limit.value)


def quarter_words(quarter: str, lang: str) -> str:
    """Return a quarter as people say it: 3. Quartal 2024."""
    return text("reminder.quarter", lang, number=quarter[-1], year=quarter[:4])
