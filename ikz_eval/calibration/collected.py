"""The calibrations of all studies in one file, for people who compare them.

Holds how the rows of one study replace those it had before. The table of one study is table.py.
"""

import csv
import io
from pathlib import Path

import pandas as pd

from ikz_eval.calibration.table import table_text


def collect(path: Path, study: str, table: pd.DataFrame) -> None:
    """Replace a study's rows in the collected file, in order of the studies' names; other rows stay byte for byte."""
    lines = list(csv.reader(io.StringIO(table_text(table))))
    header, rows = ["study", *lines[0]], [[study, *row] for row in lines[1:]]
    kept: list[list[str]] = []
    if path.is_file():
        before = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
        if before and before[0] == header:
            kept = [row for row in before[1:] if row[0] != study]
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([header, *sorted([*kept, *rows], key=lambda row: row[0])])
    beside = path.with_suffix(".part")
    beside.write_text(written.getvalue(), encoding="utf-8")
    beside.replace(path)
