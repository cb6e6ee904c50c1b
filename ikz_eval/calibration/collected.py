"""Tables of several designs in one file: a study's calibration or power by quarter, and the calibrations of all studies.

Holds how the rows of one design replace those it had before, while every other row stays byte for byte. The rows of one
design are table.py and power_report.py.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ikz_eval.calibration.table import table_text


def store(path: Path, table: pd.DataFrame) -> None:
    """Replace the rows of a quarter in the study's calibration."""
    header, *rows = _lines(table_text(table))
    replace_rows(path, header, rows, keys=1)


def collect(path: Path, study: str, table: pd.DataFrame) -> None:
    """Replace the rows of a study and quarter in the file of all studies."""
    header, *rows = _lines(table_text(table))
    replace_rows(path, ["study", *header], [[study, *row] for row in rows], keys=2)


def replace_rows(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], *, keys: int) -> None:
    """Replace the rows of a file that say the same in the first columns as any new row; rows are in order of these columns.

    A file with other columns is begun anew. A reader sees the whole of it or the one before.

    Parameters
    ----------
    path : Path
        CSV file; need not exist.
    header : sequence of str
        Names of the columns.
    rows : sequence of sequences of str
        New rows.
    keys : int
        Number of columns, from the first on, that name a design.
    """
    kept: list[Sequence[str]] = []
    new = {tuple(row[:keys]) for row in rows}
    before = _lines(path.read_text(encoding="utf-8")) if path.is_file() else []
    if before and before[0] == list(header):
        kept = [row for row in before[1:] if tuple(row[:keys]) not in new]
    written = io.StringIO()
    ordered = sorted([*kept, *rows], key=lambda row: tuple(row[:keys]))
    csv.writer(written, lineterminator="\n").writerows([header, *ordered])
    beside = path.with_suffix(".part")
    beside.write_text(written.getvalue(), encoding="utf-8")
    beside.replace(path)


def _lines(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))
