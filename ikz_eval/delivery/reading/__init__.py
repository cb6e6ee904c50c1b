"""Reading: any file that arrives becomes :class:`Contents` (cells or text) or a :class:`Refusal`, never an accident.

``read_file`` (contents.py) is what judging calls: it opens the file in a child process with limits (sandbox.py,
server.py, limits.py), after a look at the container (prescan.py). What cells mean is form_sheets.py, form_csv.py and
exports/; the rules about what was noticed are rules/reading.py. Nothing here imports pandas, numpy or a study.
"""

from ikz_eval.delivery.reading.contents import Contents, Oddity, RawCell, Refusal, Sheet, read_file
from ikz_eval.delivery.reading.names import shown_name
from ikz_eval.delivery.reading.sandbox import Outcome, Sandbox, default_sandbox

__all__ = [
    "Contents",
    "Oddity",
    "Outcome",
    "RawCell",
    "Refusal",
    "Sandbox",
    "Sheet",
    "default_sandbox",
    "read_file",
    "shown_name",
]
