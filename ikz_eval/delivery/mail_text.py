"""The mail that says an answer is ready: who, which quarter, which files; no value, no finding, no verdict.

Mail goes through many hands, so what a delivery says stays in the outbox. Sending is mail.py.
"""

from ikz_eval.delivery.answer_job import AnswerJob
from ikz_eval.delivery.answer_words import quarter_words
from ikz_eval.texts import text

SUBJECT = {"de": "Betreff", "en": "Subject"}
"""How the first line of a mail text begins; the body follows after an empty line."""


def mail_text(job: AnswerJob, files: tuple[str, ...]) -> str:
    """Return the mail: a subject line, an empty line, the body.

    Parameters
    ----------
    job : AnswerJob
        The answer; its findings are not looked at.
    files : tuple of str
        Names of the files that are ready in the outbox.
    """
    lang = job.lang
    quarter = quarter_words(job.quarter, lang) if job.quarter else text("answer.unknown_quarter", lang)
    subject = text("answer.mail.subject", lang, who=" ".join(job.who.split()), quarter=quarter)
    lines = [
        f"{SUBJECT[lang]}: {subject}",
        "",
        text("answer.mail.greeting", lang),
        "",
        text("answer.mail.ready", lang, number=job.delivery_id),
        "",
        *(f"  {name}" for name in files),
        "",
        text("answer.mail.closing", lang),
    ]
    if job.is_invented:
        lines += ["", text("answer.mail.invented", lang)]
    return "\n".join(lines) + "\n"
