"""Published tables as CSV files for machines, and reading them back.

UTF-8 without byte order mark, comma, decimal point, keys as header; the first column is the mark, the last one the
notes. People open tables.xlsx. A table without rows has one line that holds only the mark, so that no file is without.
"""

from pathlib import Path

import pandas as pd

from ikz_eval.publish.cells import cells_of, notes, wide
from ikz_eval.publish.columns import TABLES

MARK, NOTES = "mark", "notes"


def csv_bytes(cells: pd.DataFrame, table: str, mark: str) -> bytes:
    """Return one published table as the bytes of its CSV file.

    Parameters
    ----------
    cells : pd.DataFrame
        Contract ``published_cell``, one evaluation quarter.
    table : str
        ``T1`` … ``PF``.
    mark : str
        Stands in every row.
    """
    frame = wide(cells, table)
    frame[NOTES] = _noted(notes(cells, table))
    if frame.empty:
        frame = frame.reindex(range(1))
    frame.insert(0, MARK, mark)
    return frame.to_csv(index=False, lineterminator="\n").encode("utf-8")


def _noted(keys: pd.DataFrame) -> list[str]:
    rows = keys.to_dict("records")
    return ["; ".join(f"{column}: {key}" for column, key in row.items() if isinstance(key, str)) for row in rows]


def read_cells(release: Path, evaluation_quarter: str) -> pd.DataFrame:
    """Return the cells of a release's CSV files, notes left out.

    Parameters
    ----------
    release : Path
        Folder of the release.
    evaluation_quarter : str
        Quarter the release belongs to.
    """
    parts = [cells_of(evaluation_quarter, table, _rows(release / "tables" / f"{table}.csv", table)) for table in TABLES]
    return pd.concat(parts, ignore_index=True)


def _rows(path: Path, table: str) -> list[dict[str, str | None]]:
    frame = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8")
    values = frame[[column.key for column in TABLES[table]]]
    filled = values[(values != "").any(axis=1)]
    return [{str(key): value or None for key, value in row.items()} for row in filled.to_dict("records")]
