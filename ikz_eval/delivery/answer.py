"""The answer to a delivery (Rückmeldung): a page, the sender's own workbook marked, and a mail text without any value.

``write_answer`` writes the files of one job into the outbox; the same job gives the same bytes. What a job holds is
answer_job.py, the page answer_page.py, the workbook answer_workbook.py and returned/, the mail mail_text.py; the words
stand in ikz_eval/texts/answer.*.toml.
"""

from pathlib import Path

from ikz_eval.delivery.answer_job import AnswerFinding, AnswerJob, Earlier, answer_job, answer_stem, trial_job
from ikz_eval.delivery.answer_page import answer_page
from ikz_eval.delivery.answer_words import answer_words
from ikz_eval.delivery.answer_workbook import answer_workbook
from ikz_eval.delivery.mail_text import mail_text
from ikz_eval.delivery.reading.sandbox import Sandbox, default_sandbox

__all__ = ["AnswerFinding", "AnswerJob", "Earlier", "answer_job", "answer_stem", "trial_job", "write_answer"]


def write_answer(job: AnswerJob, *, sandbox: Sandbox | None = None) -> tuple[Path, ...]:
    """Write page, workbook and mail text of one answer, each whole or not at all; return their paths.

    Parameters
    ----------
    job : AnswerJob
        What to say; of a file that is only tried nobody is told by mail.
    sandbox : Sandbox, optional
        Where the original is opened; this process's own when left out.

    Raises
    ------
    OSError
        If the outbox cannot be written; the mail text, which says that the answer is ready, is written last.
    """
    book = answer_workbook(job, job.original.read_bytes(), sandbox or default_sandbox())
    said = answer_words(job, book.lines, is_own=book.is_own)
    files = (f"{job.name}.html", f"{job.name}.xlsx")
    paths = (
        _write(job.outbox / files[0], answer_page(job, said).encode()),
        _write(job.outbox / files[1], book.data),
    )
    if job.is_trial:
        return paths
    return (*paths, _write(job.outbox / f"{job.name}.mail.txt", mail_text(job, files).encode()))


def _write(target: Path, data: bytes) -> Path:
    """Write a file under a name aside, then rename: nobody sees half of it."""
    aside = target.with_name(f".{target.name}.tmp")
    aside.write_bytes(data)
    aside.replace(target)
    return target
