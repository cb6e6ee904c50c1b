"""What an answer says, in the reader's language: verdict, steps, findings by severity, changes, facts.

Page (answer_page.py) and workbook (returned/) print the same words; nothing about HTML or cells belongs here. The
sentences stand in ikz_eval/texts/answer.*.toml.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from ikz_eval.delivery.answer_job import AnswerFinding, AnswerJob
from ikz_eval.delivery.changes import Change
from ikz_eval.delivery.layout import editions, load_layout
from ikz_eval.quarters import quarter_start
from ikz_eval.texts import day, number, text
from schemas.vocabulary import SEVERITIES

ZONE = ZoneInfo("Europe/Berlin")
_SHOWN_CHANGES = 200
Address = tuple[str | None, int, str | None]
"""Sheet, row and column (letter, or name in a CSV file) of a cell; without column the row, without sheet a line."""


@dataclass(frozen=True, slots=True)
class FindingWords:
    """One finding as it is printed; ``at`` is the cell (sheet, row, column) that a link can lead to."""

    place: str
    found: str
    allowed: str
    remedy: str
    rule: str
    at: Address | None


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one severity."""

    severity: str
    title: str
    explanation: str
    findings: tuple[FindingWords, ...]


@dataclass(frozen=True, slots=True)
class ChangeWords:
    """One changed value as it is printed."""

    place: str
    old: str
    new: str
    at: Address


@dataclass(frozen=True, slots=True)
class AnswerWords:
    """All that an answer says.

    Attributes
    ----------
    tone : str
        ``accepted``, ``asked``, ``supporting`` or ``rejected``: how the verdict is coloured.
    title, verdict, deadline : str
        Of the window; the verdict; by when, empty when nothing is to be done.
    steps : tuple of str
        What to do, in order.
    groups : tuple of Group
        Findings, the gravest first; groups without findings are left out.
    compared : str
        What the delivery is compared with, or that nothing changed; empty without an earlier version.
    changes : tuple of ChangeWords
        Differences to the earlier version.
    facts : tuple of (str, str)
        What identifies the delivery.
    """

    tone: str
    title: str
    verdict: str
    deadline: str
    steps: tuple[str, ...]
    groups: tuple[Group, ...]
    compared: str
    changes: tuple[ChangeWords, ...]
    facts: tuple[tuple[str, str], ...]


def answer_words(job: AnswerJob, lines: Mapping[int, str] | None = None, *, is_own: bool = False) -> AnswerWords:
    """Return what the answer says.

    Parameters
    ----------
    job : AnswerJob
        The answer.
    lines : mapping of int to str, optional
        For a CSV file: what a line is about (task, position), by its number.
    is_own : bool
        Whether the sender's own workbook goes back, so that work can go on in it.
    """
    tone, lang = _tone(job), job.lang
    return AnswerWords(
        tone=tone,
        title=text("answer.title", lang, status=text(f"answer.{job.status}", lang), who=job.who),
        verdict=text(f"answer.{'trial' if job.is_trial else 'status'}_{tone}", lang),
        deadline=_deadline(job, tone),
        steps=tuple(text(f"answer.step.{key}", lang) for key in _steps(job, tone, is_own=is_own)),
        groups=tuple(_groups(job, lines or {})),
        compared=_compared(job),
        changes=tuple(_change_words(job, change) for change in job.changes[:_SHOWN_CHANGES]),
        facts=tuple(_facts(job)),
    )


def quarter_words(quarter: str, lang: str) -> str:
    """Return a quarter as people say it: 3. Quartal 2024."""
    return text("answer.quarter", lang, number=quarter[-1], year=str(quarter_start(quarter).year))


def _tone(job: AnswerJob) -> str:
    if job.status != "accepted":
        return job.status
    return "asked" if any(one.severity == "question" for one in job.findings) else "accepted"


def _deadline(job: AnswerJob, tone: str) -> str:
    """Return by when a mended file is needed: a rejected one by the due date, at once when that has passed."""
    if tone not in ("rejected", "asked"):
        return ""
    if job.due_on is None:
        return text("answer.deadline.unknown", job.lang)
    is_past = job.received_at is not None and job.received_at.astimezone(ZONE).date() > job.due_on
    return text(f"answer.deadline.{tone}_{'late' if is_past else 'due'}", job.lang, day=day(job.due_on, job.lang))


def _steps(job: AnswerJob, tone: str, *, is_own: bool) -> list[str]:
    """Return the keys of what to do next, in order."""
    severities = {one.severity for one in job.findings}
    if tone == "rejected":
        marked = ["work_on"] if is_own and any(one.sheet is not None for one in job.findings) else []
        return ["correct" if "reject_value" in severities else "resend", *marked, "send_again", "earlier_stands"]
    return {
        "asked": ["check_questions", "confirm_or_correct"],
        "supporting": ["supporting", "send_form"],
        "accepted": ["nothing", "new_version"],
    }[tone]


def _groups(job: AnswerJob, lines: Mapping[int, str]) -> list[Group]:
    groups = []
    for severity in SEVERITIES:
        found = tuple(_finding_words(job, one, lines) for one in job.findings if one.severity == severity)
        if found:
            title, explanation = (text(f"answer.{part}.{severity}", job.lang) for part in ("severity", "severity_text"))
            groups.append(Group(severity, title, explanation, found))
    return groups


def _finding_words(job: AnswerJob, one: AnswerFinding, lines: Mapping[int, str]) -> FindingWords:
    place = place_words(job, one.sheet, one.row, one.column, lines)
    at = None if one.row is None else (one.sheet, one.row, one.column)
    return FindingWords(place, one.found, one.allowed, one.remedy, one.rule, at)


def place_words(
    job: AnswerJob, sheet: str | None, row: int | None, column: str | None, lines: Mapping[int, str] | None = None
) -> str:
    """Return a place as people find it: sheet, row, column with its heading; of a CSV line, what it is about."""
    parts: list[str] = []
    if sheet is not None:
        parts.append(text("answer.place.sheet", job.lang, sheet=sheet))
    if row is not None:
        about = (lines or {}).get(row)
        key = "row" if about is None else "row_about"
        parts.append(text(f"answer.place.{key}", job.lang, row=row, about=about or ""))
    if column is not None:
        label = _labels(job.layout).get((sheet or "", column))
        key = "column" if label is None else "labelled_column"
        parts.append(text(f"answer.place.{key}", job.lang, column=column, label=label or ""))
    return ", ".join(parts) or text("answer.place.file", job.lang)


@cache
def _labels(edition: str | None) -> dict[tuple[str, str], str]:
    """Return the heading of every column of a form edition, by sheet and column letter."""
    if edition not in editions():
        return {}
    layout = load_layout(edition)
    return {(sheet.name, column.letter): column.label for sheet in layout.sheets for column in sheet.columns}


def _compared(job: AnswerJob) -> str:
    if job.earlier_version is None:
        return ""
    key = "changes" if job.changes else "no_changes"
    return text(f"answer.compared.{key}", job.lang, version=job.earlier_version, count=len(job.changes))


def _change_words(job: AnswerJob, change: Change) -> ChangeWords:
    label = _item_labels(job.layout).get((change.table, change.item))
    name = job.field_names.get(change.field or "", "")
    place = text("answer.place.sheet", job.lang, sheet=change.sheet)
    at = change.sheet, change.row, change.column
    if change.table == "remark":
        new = text("answer.compared.remark", job.lang)
        return ChangeWords(place, "", new, at)
    what = ", ".join(part for part in (place, name, label or change.item) if part)
    return ChangeWords(what, _value(job, change.old), _value(job, change.new), at)


def _value(job: AnswerJob, value: str | None) -> str:
    if value is None:
        return text("answer.compared.nothing", job.lang)
    exponent = Decimal(value).as_tuple().exponent
    return number(value, job.lang, max(0, -exponent) if isinstance(exponent, int) else 0)


@cache
def _item_labels(edition: str | None) -> dict[tuple[str, str], str]:
    """Return the heading of every item of a form edition."""
    if edition not in editions():
        return {}
    layout = load_layout(edition)
    return {(column.table, column.item): column.label for sheet in layout.sheets for column in sheet.columns}


def _facts(job: AnswerJob) -> list[tuple[str, str]]:
    """Return what identifies the delivery, label and value."""
    lang = job.lang
    values = {
        "body": job.who,
        "quarter_label": quarter_words(job.quarter, lang) if job.quarter else text("answer.unknown_quarter", lang),
        "file": job.file_name,
        "received": _moment(job),
        "due": text("answer.unknown_due", lang) if job.due_on is None else day(job.due_on, lang),
        "version": _version(job),
        "number": job.delivery_id,
        "study": job.study_title,
    }
    return [(text(f"answer.fact.{key}", lang), value) for key, value in values.items()]


def _moment(job: AnswerJob) -> str:
    if job.received_at is None:
        return text("answer.only_tried", job.lang)
    arrived = job.received_at.astimezone(ZONE)
    return text("answer.moment", job.lang, day=day(arrived.date(), job.lang), time=f"{arrived:%H:%M}")


def _version(job: AnswerJob) -> str:
    if job.version is not None:
        return str(job.version)
    return text(f"answer.{'only_tried' if job.is_trial else 'no_version'}", job.lang)
