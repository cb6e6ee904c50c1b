"""The page of an answer: one self-contained HTML file for the clerk who sent the delivery.

Says whether the file was accepted, by when what is to be done, what was found where, what is allowed, and what changed
since the earlier version. Made from an :class:`ikz_eval.delivery.answer_job.AnswerJob` alone. What the sentences say is
answer_words.py, shared with the workbook that goes back.
"""

from functools import cache
from pathlib import Path

import jinja2

from ikz_eval.delivery.answer_job import AnswerJob
from ikz_eval.delivery.answer_words import AnswerWords
from ikz_eval.texts import text

_FOLDER = Path(__file__).parent / "pages"


def answer_page(job: AnswerJob, said: AnswerWords) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    job : AnswerJob
        The answer.
    said : AnswerWords
        What it says, from :func:`ikz_eval.delivery.answer_words.answer_words`.
    """

    def words(key: str, **values: object) -> str:
        return text(f"answer.{key}", job.lang, **values)

    return _template().render(lang=job.lang, words=words, job=job, said=said)


@cache
def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(_FOLDER)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("answer.html.j2")
