"""All that an answer to a delivery says, as plain types: gathered from the ledger's rows or a judgement.

A job needs neither registry nor warehouse any more, so that a worker process can write it (answer.py). How it is put
into words is answer_words.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ikz_eval.delivery.changes import Change, changes_between
from ikz_eval.delivery.expectation import Expected
from ikz_eval.delivery.findings import Finding
from ikz_eval.delivery.judgement import Cell, Judgement
from ikz_eval.registry.due_dates import due_on
from ikz_eval.settings import Place
from ikz_eval.texts import text

Row = Mapping[Any, Any]
"""One row of a table of the ledger, by column."""


@dataclass(frozen=True, slots=True)
class AnswerFinding:
    """One finding in the words of the reader's language; place as in table ``finding``."""

    rule: str
    severity: str
    sheet: str | None
    row: int | None
    column: str | None
    found: str
    allowed: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """The version of the same body and quarter that counted before: its number and its cells."""

    version: int
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class AnswerJob:
    """All that an answer to one delivery says, in one language; frozen and picklable.

    Attributes
    ----------
    lang : str
        Edition: ``de`` or ``en``.
    outbox : Path
        Folder the answer is written to.
    original : Path
        The file as it arrived, in the ledger.
    file_name, delivery_id, status, layout, ags, quarter, version, received_at
        As in table ``delivery``; None where unreadable. ``received_at`` is None for a file that is only tried (``ikz check``).
    body : str
        Name of the body, empty when unknown.
    due_on : date or None
        Day by which a delivery of the quarter is due; None without a quarter.
    study_title : str
        Title of the study in ``lang``.
    is_invented : bool
        Whether the study is the demonstration: then every page is marked.
    field_names : dict of str to str
        Key of a field -> its name.
    findings : tuple of AnswerFinding
        In the order of the ledger.
    earlier_version : int or None
        The version this one is compared with; None when there is none.
    changes : tuple of Change
        What differs from it, cell by cell.
    """

    lang: str
    outbox: Path
    original: Path
    file_name: str
    delivery_id: str
    status: str
    layout: str | None
    ags: str | None
    quarter: str | None
    version: int | None
    received_at: datetime | None
    body: str
    due_on: date | None
    study_title: str
    is_invented: bool
    field_names: dict[str, str]
    findings: tuple[AnswerFinding, ...] = ()
    earlier_version: int | None = None
    changes: tuple[Change, ...] = ()

    @property
    def who(self) -> str:
        """The body as people call it."""
        return f"{self.body} ({self.ags})".strip() if self.ags else text("answer.unknown_body", self.lang)

    @property
    def is_trial(self) -> bool:
        """Whether the file is only tried, not delivered."""
        return self.received_at is None

    @property
    def name(self) -> str:
        """Name of the answer's files without their endings."""
        return answer_stem(self.ags, self.quarter, self.delivery_id, self.lang)


def answer_stem(ags: str | None, quarter: str | None, delivery_id: str, lang: str = "de") -> str:
    """Return the name of an answer's files without endings: body, quarter and delivery, as far as they are known."""
    edition = "" if lang == "de" else f".{lang}"
    return f"{ags or 'unlesbar'}_{quarter or 'ohne-Quartal'}_{delivery_id}{edition}"


def answer_job(
    place: Place,
    expected: Expected,
    delivery: Row,
    findings: Sequence[Finding] | Sequence[Row],
    *,
    lang: str = "de",
    cells: Sequence[Cell] = (),
    earlier: Earlier | None = None,
) -> AnswerJob:
    """Gather the answer to one delivery.

    Parameters
    ----------
    place : Place
        Its outbox and ledger.
    expected : Expected
        What the study expects: names, titles, due dates.
    delivery : mapping
        Row of table ``delivery``; ``received_at`` aware, null as None, NA or NaN.
    findings : sequence of Finding, or of mapping
        As judged, or rows of table ``finding`` (an answer that is written again).
    lang : str
        Edition. The ledger holds German words: rows are told in another language by judging the original again.
    cells : sequence of Cell
        What the delivery says, for the difference to ``earlier``.
    earlier : Earlier, optional
        The accepted version before this one.
    """
    row: dict[str, Any] = {str(name): None if value != value else value for name, value in _plain(delivery).items()}
    original = place.ledger / "files" / row["stored_as"]
    ags, quarter, version = row["ags"], row["quarter"], row["version"]
    compared = earlier if row["status"] == "accepted" else None
    return AnswerJob(
        lang=lang,
        outbox=place.outbox,
        original=original,
        file_name=row["file_name"],
        delivery_id=row["delivery_id"],
        status=row["status"],
        layout=row["layout"],
        ags=ags,
        quarter=quarter,
        version=None if version is None else int(version),
        received_at=row["received_at"],
        body=expected.bodies.get(ags, "") if ags else "",
        due_on=_due_on(quarter, expected.due_days),
        study_title=expected.title(lang),
        is_invented=expected.is_invented,
        field_names=dict(expected.fields),
        findings=_in_words(findings, lang, original, row["file_name"], expected),
        earlier_version=compared.version if compared else None,
        changes=changes_between(compared.cells, cells) if compared else (),
    )


def trial_job(folder: Path, original: Path, judgement: Judgement, expected: Expected, lang: str = "de") -> AnswerJob:
    """Return the answer that a delivery of a file would get, written to ``folder``.

    Parameters
    ----------
    folder, original : Path
        Where to write, and the file.
    judgement : Judgement
        What was found in it.
    expected : Expected
        What the study expects.
    lang : str
        Edition.
    """
    return AnswerJob(
        lang=lang,
        outbox=folder,
        original=original,
        file_name=judgement.file_name,
        delivery_id=judgement.delivery_id,
        status=judgement.status,
        layout=judgement.layout,
        ags=judgement.ags,
        quarter=judgement.quarter,
        version=None,
        received_at=None,
        body=expected.bodies.get(judgement.ags or "", ""),
        due_on=_due_on(judgement.quarter, expected.due_days),
        study_title=expected.title(lang),
        is_invented=expected.is_invented,
        field_names=dict(expected.fields),
        findings=tuple(_of_finding(one, lang) for one in judgement.findings),
    )


def _plain(row: Row) -> dict[Any, Any]:
    """Return a row with pandas' NA as None, without asking pandas."""
    return {name: None if type(value).__name__ in ("NAType", "NaTType") else value for name, value in row.items()}


def _due_on(quarter: str | None, due_days: int) -> date | None:
    return None if quarter is None else due_on(quarter, due_days)


def _in_words(
    findings: Sequence[Finding] | Sequence[Row], lang: str, original: Path, file_name: str, expected: Expected
) -> tuple[AnswerFinding, ...]:
    """Return findings in ``lang``."""
    if all(isinstance(one, Finding) for one in findings):
        return tuple(_of_finding(one, lang) for one in findings if isinstance(one, Finding))
    rows = sorted((_plain(one) for one in findings if not isinstance(one, Finding)), key=lambda row: row["sequence"])
    told = tuple(_of_row(row) for row in rows)
    if lang == "de" or not told:
        return told
    from ikz_eval.delivery.judge import judge

    again = [_of_finding(one, lang) for one in judge(original.read_bytes(), file_name, expected).findings]
    translated = {(one.rule, one.sheet, one.row, one.column): one for one in again}
    return tuple(  # what today's rules no longer say, or said beside other deliveries, keeps its German words
        replace(one, found=other.found, allowed=other.allowed, remedy=other.remedy)
        if (other := translated.get((one.rule, one.sheet, one.row, one.column)))
        else one
        for one in told
    )


def _of_finding(one: Finding, lang: str) -> AnswerFinding:
    words = one.found_text(lang), one.allowed(lang), one.remedy(lang)
    return AnswerFinding(one.rule, one.severity, one.place.sheet, one.place.row, one.place.column, *words)


def _of_row(row: Row) -> AnswerFinding:
    at = None if row["row"] is None or row["row"] != row["row"] else int(row["row"])
    sheet, column = (
        None if row[name] is None or row[name] != row[name] else str(row[name]) for name in ("sheet", "column")
    )
    return AnswerFinding(row["rule"], row["severity"], sheet, at, column, row["found"], row["allowed"], row["remedy"])
