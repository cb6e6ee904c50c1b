"""What a person at the terminal sees of a run: one line a step, nothing of Dagster's own log.

A Dagster logger, chosen by evaluate.py for its run; runs started in the UI keep Dagster's log.
"""

import logging
import os
import time
from typing import Any

import dagster as dg

STEP_WORDS = {
    "registry": "study read and checked",
    "reference": "reference series",
    "ingest": "deliveries taken in and judged",
    "tidy": "cost, cases, staff and service quality",
    "delivery_calendar": "who has delivered",
    "panel": "panel of bodies",
    "partnership": "partnerships",
    "evaluate": "effects, event paths, verdicts",
    "published_case": "published cases",
    "published_cell": "published tables",
    "release": "release with pages, figures and notebooks",
}
"""Step of the job -> what it makes, in the words of the terminal."""


class Terminal:
    """Standard error under a descriptor of its own: Dagster redirects the usual one while a step runs."""

    def __init__(self) -> None:
        self._descriptor = os.dup(2)
        self._is_live = os.isatty(self._descriptor)

    def passing(self, words: str) -> None:
        """Show words that the next ones replace; nothing where lines cannot be overwritten."""
        if self._is_live:
            self._write(f"\r\x1b[2K{words}")

    def line(self, words: str) -> None:
        """Print a line that stays."""
        self._write(f"\r\x1b[2K{words}\n" if self._is_live else f"{words}\n")

    def _write(self, words: str) -> None:
        os.write(self._descriptor, words.encode())


class Counter:
    """Counts files on the terminal.

    Parameters
    ----------
    words : str
        What is counted.
    """

    def __init__(self, words: str) -> None:
        self._words = words
        self._terminal = Terminal()

    def __call__(self, done: int, total: int) -> None:
        """Show how far it has come."""
        if done == total:
            self._terminal.line(f"  ✓ {self._words}: {total}")
        elif done % 10 == 0:
            self._terminal.passing(f"  … {self._words}: {done} of {total}")


class ProgressHandler(logging.Handler):
    """Prints a line when a step ends; on a terminal also the step that runs now, overwritten in place."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._terminal = Terminal()
        self._began: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Show one event of the run."""
        meta: dict[str, Any] = getattr(record, "dagster_meta", {})
        step, event = meta.get("step_key"), meta.get("dagster_event")
        if step not in STEP_WORDS:
            return
        kind = event.event_type_value if event is not None else None
        if kind == "STEP_START":
            self._began[step] = time.monotonic()
            self._terminal.passing(f"  … {STEP_WORDS[step]}")
        elif kind == "STEP_SUCCESS":
            self._terminal.line(f"  ✓ {STEP_WORDS[step]:<44}{time.monotonic() - self._began[step]:6.1f} s")
        elif kind == "STEP_FAILURE":
            self._terminal.line(f"  ✗ {STEP_WORDS[step]}")
        elif event is None:
            self._terminal.passing(f"  … {STEP_WORDS[step]}: {meta.get('orig_message', '')}")


@dg.logger({}, "One line a step, for make evaluate.")
def progress(_: dg.InitLoggerContext) -> logging.Logger:
    """Return a logger that shows the progress of a run and nothing else."""
    logger = logging.Logger("ikz_progress", logging.DEBUG)
    logger.addHandler(ProgressHandler())
    return logger
