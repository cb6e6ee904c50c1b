"""The workbook of an answer: words of answer_words.py laid out as first sheet, comments and colours, and put into a file.

An XLSX delivery gets its own workbook back, patched in the sandbox; any other a workbook of ours with what was read.
How files are patched is returned/.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ikz_eval.delivery.answer_job import AnswerJob
from ikz_eval.delivery.answer_words import Address, AnswerWords, FindingWords, Group, answer_words
from ikz_eval.delivery.layout import load_layout
from ikz_eval.delivery.reading.contents import Contents, Refusal, read_file
from ikz_eval.delivery.reading.sandbox import Sandbox
from ikz_eval.delivery.returned.own import MOST_ROWS, own_workbook
from ikz_eval.delivery.returned.patch import returned_workbook
from ikz_eval.delivery.returned.reply import CoverCell, CoverRow, Mark, Reply, reply_as_json
from ikz_eval.texts import LANGUAGES, text

_TASK = "ikz_eval.delivery.returned.patch:patch"
_UNREADABLE = ("K01", "K02")
"""Rules about files that cannot be opened."""
_WIDTHS = (62.0, 22.0, 38.0, 42.0, 8.0)
"""In characters; a place must fit on one line, as LibreOffice does not break the words of a link."""
_MOST_FINDINGS = 1_000
_MOST_CHARACTERS = 600
Find = Callable[[Address], tuple[str, str] | None]
"""Address of a finding -> sheet and cell in the workbook that goes back; None when it has no such cell."""


@dataclass(frozen=True, slots=True)
class AnswerWorkbook:
    """The workbook that goes back.

    Attributes
    ----------
    data : bytes
        The workbook.
    is_own : bool
        Whether it is the sender's own, so that work can go on in it.
    lines : dict of int to str
        Of a CSV delivery: what a line is about (task, position), by its number.
    """

    data: bytes
    is_own: bool
    lines: dict[int, str]


def answer_workbook(job: AnswerJob, data: bytes, sandbox: Sandbox) -> AnswerWorkbook:
    """Return the sender's workbook with the answer in it, or one of ours with what could be read.

    Parameters
    ----------
    job : AnswerJob
        The answer.
    data : bytes
        The file as it arrived.
    sandbox : Sandbox
        Where it is opened. A file that could not be read when it was judged is not opened again.
    """
    if any(one.rule in _UNREADABLE for one in job.findings):
        return _shown(job, Refusal("K01", "unread"))
    if data.startswith(b"PK"):
        reply = _reply(job, answer_words(job, is_own=True), _in_place, "")
        outcome = sandbox.call(_TASK, data, reply_as_json(reply))
        if outcome.result is not None and outcome.data:
            return AnswerWorkbook(outcome.data, is_own=True, lines={})
    return _shown(job, read_file(data, job.file_name, sandbox))


def _shown(job: AnswerJob, read: Contents | Refusal) -> AnswerWorkbook:
    """Return a workbook of ours that shows what was read, with the answer in it."""
    shown = own_workbook(read, text("answer.returned.values_sheet"), load_layout().csv_headers)
    remark = text(f"answer.returned.{'unread' if isinstance(read, Refusal) else 'own'}", job.lang)
    if shown.is_cut:
        remark += " " + text("answer.returned.cut", job.lang, rows=MOST_ROWS)
    reply = _reply(job, answer_words(job, shown.lines), lambda at: shown.find(*at), remark)
    return AnswerWorkbook(returned_workbook(shown.data, reply), is_own=False, lines=shown.lines)


def _in_place(at: Address) -> tuple[str, str] | None:
    """Return the cell of a finding in the sender's own workbook; a row as a whole is marked in its first column."""
    sheet, row, column = at
    return None if sheet is None else (sheet, f"{column or 'A'}{row}")


def _reply(job: AnswerJob, said: AnswerWords, find: Find, remark: str) -> Reply:
    rows = [
        row
        for part in (_head(job, said, remark), _findings(job, said, find), _changes(job, said, find))
        for row in part
    ]
    rows += [*_facts(job, said)]
    return Reply(
        sheet=text("answer.returned.sheet", job.lang),
        headings=tuple(text("answer.returned.heading", lang) for lang in LANGUAGES),
        comment_prefix=text("answer.returned.sheet", job.lang),
        widths=_WIDTHS,
        rows=tuple(rows),
        marks=tuple(_marks(job, said, find)),
    )


def _wide(words: str, style: str = "text") -> CoverRow:
    return (CoverCell(words, style, span=len(_WIDTHS)),)


def _head(job: AnswerJob, said: AnswerWords, remark: str) -> Iterator[CoverRow]:
    yield _wide(text("answer.returned.heading", job.lang), "title")
    if job.is_invented:
        yield _wide(text("answer.mark_invented", job.lang), "mark")
    yield _wide(
        said.verdict, {"rejected": "reject_file", "asked": "question", "supporting": "note"}.get(said.tone, "bold")
    )
    if remark:
        yield _wide(remark)
    yield ()
    yield _wide(text("answer.next", job.lang), "heading")
    if said.deadline:
        yield _wide(said.deadline, "bold")
    for number, step in enumerate(said.steps, 1):
        yield _wide(f"{number}. {step}")
    yield ()


def _findings(job: AnswerJob, said: AnswerWords, find: Find) -> Iterator[CoverRow]:
    if not said.groups:
        yield _wide(text("answer.no_findings", job.lang))
        yield ()
        return
    yield _wide(text("answer.returned.findings", job.lang), "heading")
    yield _wide(text("answer.returned.legend", job.lang))
    left = _MOST_FINDINGS
    for group in said.groups:
        if left <= 0:
            return
        yield _wide(f"{group.title} ({len(group.findings)})", group.severity)
        yield tuple(CoverCell(text(f"answer.column.{name}", job.lang), "head") for name in _COLUMNS)
        for finding in group.findings[:left]:
            link = find(finding.at) if finding.at else None
            first = CoverCell(finding.place, "cell", link)
            yield (first, *(CoverCell(_short(words), "cell") for words in _words(finding)))
        left -= len(group.findings)
        yield ()


_COLUMNS = ("place", "found", "allowed", "remedy", "rule")


def _words(finding: FindingWords) -> tuple[str, ...]:
    return finding.found, finding.allowed, finding.remedy, finding.rule


def _changes(job: AnswerJob, said: AnswerWords, find: Find) -> Iterator[CoverRow]:
    if not said.compared:
        return
    yield _wide(text("answer.compared.heading", job.lang), "heading")
    yield _wide(said.compared)
    if said.changes:
        yield tuple(CoverCell(text(f"answer.compared.{name}", job.lang), "head") for name in ("place", "old", "new"))
    for change in said.changes:
        yield (
            CoverCell(change.place, "cell", find(change.at)),
            CoverCell(change.old, "cell"),
            CoverCell(change.new, "cell"),
        )
    if len(said.changes) < len(job.changes):
        yield _wide(text("answer.compared.more", job.lang, shown=len(said.changes)))
    yield ()


def _facts(job: AnswerJob, said: AnswerWords) -> Iterator[CoverRow]:
    yield _wide(text("answer.delivery", job.lang), "heading")
    for label, value in said.facts:
        yield CoverCell(label, "bold"), CoverCell(_short(value), "text", span=4)
    yield _wide(text("answer.closing", job.lang))


def _marks(job: AnswerJob, said: AnswerWords, find: Find) -> Iterator[Mark]:
    left = _MOST_FINDINGS
    for group in said.groups:
        for finding in group.findings[: max(0, left)]:
            at = find(finding.at) if finding.at else None
            if at is not None:
                yield _mark(job, group, finding, at)
        left -= len(group.findings)


def _mark(job: AnswerJob, group: Group, finding: FindingWords, at: tuple[str, str]) -> Mark:
    body = text(
        "answer.returned.comment_body",
        job.lang,
        title=group.title,
        found=_short(finding.found),
        allowed=finding.allowed,
        remedy=finding.remedy,
    )
    return Mark(*at, group.severity, text("answer.returned.comment", job.lang, rule=finding.rule), body)


def _short(words: str) -> str:
    return words if len(words) <= _MOST_CHARACTERS else words[: _MOST_CHARACTERS - 1] + "…"
