"""Reminders: who has not delivered is told before, at and after the due date, once each, without any value.

Texts go to the outbox, where ``ikz mail`` finds them like the mails about answers. Who has delivered is the panel's
calendar; when something is due is ikz_eval/registry/due_dates.py.
"""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from ikz_eval.registry import Registry
from ikz_eval.registry.calendar_file import calendar_file, days_after, days_before, quarter_words
from ikz_eval.settings import Place
from ikz_eval.texts import day, text
from ikz_eval.warehouse import Warehouse, typed
from ikz_eval.warehouse.lock import ledger_lock

_BERLIN = ZoneInfo("Europe/Berlin")
_SUBJECT = {"de": "Betreff", "en": "Subject"}
LACKING = ("open", "missing", "rejected")
"""Status of a delivery that is still awaited."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """One reminder to a body.

    Attributes
    ----------
    ags, quarter : str
        Who is reminded, and of which delivery.
    notice : str
        ``before``, ``due`` or ``overdue``.
    due_on : date
        When the delivery is (was) due.
    was_rejected : bool
        Whether a file has arrived that could not be accepted.
    """

    ags: str
    quarter: str
    notice: str
    due_on: date
    was_rejected: bool

    @property
    def file_name(self) -> str:
        """Name of the text in the outbox."""
        return f"{self.ags}_{self.quarter}_Erinnerung-{self.notice}.mail.txt"


def due_reminders(registry: Registry, calendar: pd.DataFrame, notices: pd.DataFrame, today: date) -> list[Reminder]:
    """Return the reminders that are to be written today.

    Parameters
    ----------
    registry : Registry
        The study; its thresholds say how many days before and after.
    calendar : pd.DataFrame
        From :func:`ikz_eval.panel.calendar.calendar_at`.
    notices : pd.DataFrame
        Table ``notice``: what was written already.
    today : date
        Day in Germany. A missed day is made up for: the latest reminder that is due and unwritten is written; earlier
        ones are not sent after it. Deliveries of quarters before the last one due are not asked for every day anew.
    """
    written = set(zip(notices["ags"], notices["quarter"], notices["notice"], strict=True))
    reminders = []
    for row in calendar[calendar["status"].isin(LACKING)].to_dict("records"):
        due = date.fromisoformat(row["due_on"])
        notice = _notice(due, today, days_before(registry), days_after(registry))
        key = row["ags"], row["quarter"], notice
        if notice is not None and key not in written:
            reminders.append(Reminder(row["ags"], row["quarter"], notice, due, row["status"] == "rejected"))
    return reminders


def _notice(due: date, today: date, before: int, after: int) -> str | None:
    """Return which reminder fits the day; none long before, and none once it is history."""
    left = (due - today).days
    if left > before or left < -10 * after:
        return None
    if left > 0:
        return "before"
    return "due" if -left < after else "overdue"


def write_reminders(
    place: Place, registry: Registry, warehouse: Warehouse, calendar: pd.DataFrame, moment: datetime, lang: str = "de"
) -> list[Path]:
    """Write what is due into the outbox, with each body's calendar file, and record it; return the paths of the texts.

    Parameters
    ----------
    place, registry, warehouse
        The study.
    calendar : pd.DataFrame
        From :func:`ikz_eval.panel.calendar.calendar_at` at ``moment``.
    moment : datetime
        Aware.
    lang : str
        Language of the texts.

    Returns
    -------
    list of Path
        Texts written now; a text whose record a died process did not reach is written again, the same.
    """
    place.outbox.mkdir(parents=True, exist_ok=True)
    with ledger_lock(place):
        reminders = due_reminders(registry, calendar, warehouse.read("notice"), moment.astimezone(_BERLIN).date())
        paths = []
        for one in reminders:
            paths.append(_write(place.outbox / one.file_name, reminder_text(registry, one, lang).encode()))
            there = calendar["status"].isin(("on_time", "late")) & (calendar["ags"] == one.ags)
            quarters = calendar.loc[there, "quarter"].tolist()
            dates = calendar_file(registry, ags=one.ags, delivered=quarters, lang=lang)
            _write(place.outbox / f"{one.ags}_Liefertermine.ics", dates)
        rows = [
            {"ags": one.ags, "quarter": one.quarter, "notice": one.notice, "written_at": pd.Timestamp(moment)}
            for one in reminders
        ]
        if rows:
            warehouse.append("notice", typed("notice", rows))
    return paths


def reminder_text(registry: Registry, one: Reminder, lang: str = "de") -> str:
    """Return a reminder: a subject line, an empty line, the body; it holds no value."""
    names = dict(zip(registry.bodies["ags"], registry.bodies["name"], strict=True))
    values = {
        "who": names[one.ags],
        "quarter": quarter_words(one.quarter, lang),
        "due": day(one.due_on, lang),
        "ags": one.ags,
        "key": one.quarter,
    }
    lines = [
        f"{_SUBJECT[lang]}: {text(f'reminder.mail.subject_{one.notice}', lang, **values)}",
        "",
        text("reminder.mail.greeting", lang),
        "",
        text(f"reminder.mail.{one.notice}", lang, **values),
    ]
    if one.was_rejected:
        lines.append(text("reminder.mail.rejected", lang))
    lines += ["", text("reminder.mail.form", lang, **values), "", text("reminder.mail.closing", lang)]
    if registry.is_invented:
        lines += ["", text("reminder.invented", lang)]
    return "\n".join(lines) + "\n"


def _write(target: Path, data: bytes) -> Path:
    aside = target.with_name(f".{target.name}.tmp")
    aside.write_bytes(data)
    aside.replace(target)
    return target
