"""The ledger's tables in one SQLite file: they only grow, and what belongs together appears at once.

One more delivery costs the same beside ten thousand as beside a hundred, and a killed process leaves the state before
or after it (docs/decisions/0016). Everything else is Delta tables (store.py). Which delivery counts is the panel's matter.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from ikz_eval.errors import WarehouseError
from ikz_eval.warehouse.typing import column_types, key_columns, typed
from schemas import LEDGER_TABLES

FILE_NAME = "ledger.sqlite"
_WAIT_SECONDS = 120.0
_SQL_TYPES = {"int64": "INTEGER", "Int64": "INTEGER", "float64": "REAL", "bool": "INTEGER"}
_INDEXES = (
    "CREATE UNIQUE INDEX IF NOT EXISTS delivery_by_content ON delivery (sha256)",
    "CREATE INDEX IF NOT EXISTS delivery_by_quarter ON delivery (quarter, ags)",
    "CREATE INDEX IF NOT EXISTS delivery_by_body ON delivery (ags, quarter)",
    "CREATE INDEX IF NOT EXISTS event_by_delivery ON ledger_event (delivery_id)",
)
_LATEST = """
WITH latest AS (
  SELECT delivery_id, ags, quarter, row_number() OVER (
    PARTITION BY ags, quarter ORDER BY received_at DESC, delivery_id DESC
  ) AS place
  FROM delivery
  WHERE status = 'accepted' AND quarter BETWEEN ? AND ? {bodies}
    AND delivery_id NOT IN (SELECT delivery_id FROM ledger_event)
)
SELECT l.ags, l.quarter, c."table", c.field, c.item, c.value
FROM latest AS l JOIN delivery_cell AS c ON c.delivery_id = l.delivery_id
WHERE l.place = 1
ORDER BY l.quarter, l.ags, c.rowid
"""


class Ledger:
    """The ledger of one study.

    Parameters
    ----------
    folder : Path
        The warehouse's folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME

    def exists(self, name: str) -> bool:
        """Return whether table ``name`` holds a row."""
        return bool(self._ask(f"SELECT 1 FROM {name} LIMIT 1"))

    def append(self, frames: Mapping[str, pd.DataFrame]) -> None:
        """Add rows to tables, all or none; a row whose key is there already is an error, but for ``arrival``.

        Parameters
        ----------
        frames : mapping of str to pd.DataFrame
            Rows by table, already checked against their contracts.

        Raises
        ------
        WarehouseError
            If the disk is full, or a key is there already; nothing is written then.
        """
        with self._connection() as connection:
            self._make(connection)
            with _transaction(connection):
                for name, frame in frames.items():
                    connection.executemany(_insert(name), _as_rows(name, frame))

    def read(self, name: str, delivery_ids: Iterable[str] | None = None) -> pd.DataFrame:
        """Return a table, or the rows of some deliveries, typed by its contract and ordered by its key."""
        columns = ", ".join(map(_quoted, column_types(name)))
        rows: list[Sequence[Any]] = []
        for where, values in _asked(delivery_ids):
            rows += self._ask(f"SELECT {columns} FROM {name} {where}", values)
        frame = typed(name, _frame(name, rows))
        return frame.sort_values(key_columns(name), kind="stable", ignore_index=True)

    def count(self, name: str) -> int:
        """Return the number of rows of a table."""
        counted = self._ask(f"SELECT count(*) FROM {name}")
        return int(counted[0][0]) if counted else 0

    def stored_columns(self, name: str) -> list[str]:
        """Return the columns a table has on disk, whatever its contract says."""
        return [str(row[1]) for row in self._ask(f"PRAGMA table_info({name})")]

    def known(self, sha256: str) -> str | None:
        """Return the delivery with this content, None when it never arrived."""
        found = self._ask("SELECT delivery_id FROM delivery WHERE sha256 = ?", (sha256,))
        return str(found[0][0]) if found else None

    def deliveries_of(self, ags: str, quarter: str) -> int:
        """Return how many files a body has delivered for a quarter, rejected ones included."""
        counted = self._ask("SELECT count(*) FROM delivery WHERE ags = ? AND quarter = ?", (ags, quarter))
        return int(counted[0][0]) if counted else 0

    def cells_of(self, delivery_id: str) -> list[tuple[str, int, str, str, str | None, str, str]]:
        """Return (sheet, row, column, table, field, item, value) of a delivery's cells, in the order of the form."""
        return self._ask(
            'SELECT sheet, row, "column", "table", field, item, value FROM delivery_cell WHERE delivery_id = ? '
            "ORDER BY rowid",
            (delivery_id,),
        )

    def version_before(self, delivery_id: str) -> tuple[str, int] | None:
        """Return delivery and version of the last accepted version of the same body and quarter before this one."""
        found = self._ask(
            "SELECT o.delivery_id, o.version FROM delivery AS d JOIN delivery AS o USING (ags, quarter) "
            "WHERE d.delivery_id = ? AND o.version < d.version AND o.status = 'accepted' "
            "ORDER BY o.version DESC LIMIT 1",
            (delivery_id,),
        )
        return (str(found[0][0]), int(found[0][1])) if found else None

    def latest_values(
        self, ags: tuple[str, ...] | None, first_quarter: str, last_quarter: str
    ) -> list[tuple[str, str, str, str | None, str, str]]:
        """Return the cells of the last accepted delivery of each body and quarter that was not withdrawn.

        Parameters
        ----------
        ags : tuple of str or None
            Bodies; None for all.
        first_quarter, last_quarter : str
            Range of quarters, both included.

        Returns
        -------
        list of (ags, quarter, table, field, item, value)
            In the order of quarters and bodies.
        """
        bodies = "" if ags is None else f"AND ags IN ({', '.join('?' * len(ags))})"
        return self._ask(_LATEST.format(bodies=bodies), (first_quarter, last_quarter, *(ags or ())))

    def remove_content(self, delivery_ids: Sequence[str], events: pd.DataFrame) -> None:
        """Remove what may name a person from deliveries and record the events that say so, all or nothing.

        The one way anything leaves the ledger, for retention by law: remarks and findings go, names of files and
        senders are made unreadable; numbers and the rows of ``delivery`` and ``arrival`` stay.
        """
        statements = (
            "DELETE FROM delivery_cell WHERE delivery_id = ? AND \"table\" = 'remark'",
            "DELETE FROM finding WHERE delivery_id = ?",
            "UPDATE arrival SET sender = NULL, file_name = '-' WHERE delivery_id = ?",
            "UPDATE delivery SET file_name = '-' WHERE delivery_id = ?",
        )
        with self._connection() as connection:
            self._make(connection)
            with _transaction(connection):
                for name in LEDGER_TABLES:
                    _unlock(connection, name)
                for statement in statements:
                    connection.executemany(statement, [(one,) for one in delivery_ids])
                for name in LEDGER_TABLES:
                    _lock(connection, name)
                connection.executemany(_insert("ledger_event"), _as_rows("ledger_event", events))
            connection.execute("VACUUM")  # what was removed is not left in free pages

    def snapshot(self) -> bytes:
        """Return the whole ledger as the bytes of one SQLite file, consistent whatever else is going on."""
        with self._connection() as connection:
            return connection.serialize()

    def _ask(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Return the rows of a question; none as long as nothing was ever written."""
        if not self.path.is_file():
            return []
        with self._connection() as connection:
            self._make(connection)  # an earlier version may have known fewer tables
            return connection.execute(sql, values).fetchall()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection that waits for other writers; SQLite's own errors become ours."""
        try:
            connection = sqlite3.connect(self.path, timeout=_WAIT_SECONDS, isolation_level=None)
            try:
                connection.execute("PRAGMA synchronous = FULL")
                yield connection
            finally:
                connection.close()
        except sqlite3.IntegrityError as error:
            raise WarehouseError(f"ledger: {error}; the ledger only grows, nothing was written") from error
        except sqlite3.Error as error:
            raise WarehouseError(
                f"ledger: {error}; nothing was written. Check free space and rights of the folder warehouse, then start "
                "again"
            ) from error

    def _make(self, connection: sqlite3.Connection) -> None:
        """Make what is missing of the tables, indexes and triggers."""
        there = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if there >= set(LEDGER_TABLES):
            return
        with _transaction(connection):
            for name in LEDGER_TABLES:
                connection.execute(_table(name))
                _lock(connection, name)
            for index in _INDEXES:
                connection.execute(index)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do all or nothing; the writer's place is taken at the start, so that two writers never meet halfway."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _table(name: str) -> str:
    columns = [f"{_quoted(column)} {_SQL_TYPES.get(kind, 'TEXT')}" for column, kind in column_types(name).items()]
    key = ", ".join(map(_quoted, key_columns(name)))
    return f"CREATE TABLE IF NOT EXISTS {name} ({', '.join(columns)}, PRIMARY KEY ({key}))"


def _lock(connection: sqlite3.Connection, name: str) -> None:
    """Let a table only grow."""
    for change in ("UPDATE", "DELETE"):
        connection.execute(
            f"CREATE TRIGGER IF NOT EXISTS {name}_no_{change.lower()} BEFORE {change} ON {name} "
            f"BEGIN SELECT RAISE(ABORT, 'a row of table {name} would change'); END"
        )


def _unlock(connection: sqlite3.Connection, name: str) -> None:
    for change in ("update", "delete"):
        connection.execute(f"DROP TRIGGER IF EXISTS {name}_no_{change}")


def _insert(name: str) -> str:
    """Return the statement that adds a row; a file seen again by a repeated ingestion is the same arrival."""
    columns = column_types(name)
    verb = "INSERT OR IGNORE" if name == "arrival" else "INSERT"
    marks = ", ".join("?" * len(columns))
    return f"{verb} INTO {name} ({', '.join(map(_quoted, columns))}) VALUES ({marks})"


def _asked(delivery_ids: Iterable[str] | None) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield conditions with their values, each within SQLite's number of variables."""
    if delivery_ids is None:
        yield "", ()
        return
    wanted = sorted(set(delivery_ids))
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        yield f"WHERE delivery_id IN ({', '.join('?' * len(part))})", part


def _as_rows(name: str, frame: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Yield rows in SQLite's types: moments as text in UTC, truth as 0 and 1, gaps as NULL."""
    columns: list[list[Any]] = []
    for column, kind in column_types(name).items():
        values = frame[column]
        if kind.startswith("datetime64"):
            columns.append([value.isoformat(timespec="microseconds") for value in values])
        elif kind == "bool":
            columns.append([int(value) for value in values])
        else:
            columns.append([None if gap else value for value, gap in zip(values.tolist(), values.isna(), strict=True)])
    return zip(*columns, strict=True)


def _frame(name: str, rows: list[Sequence[Any]]) -> pd.DataFrame:
    types = column_types(name)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(types)
    made = {}
    for values, (column, kind) in zip(columns, types.items(), strict=True):
        if kind.startswith("datetime64"):
            made[column] = pd.to_datetime(pd.Series(values, dtype="str"), format="ISO8601", utc=True).dt.as_unit("us")
        else:
            made[column] = pd.Series([bool(v) for v in values] if kind == "bool" else values, dtype=kind)
    return pd.DataFrame(made)


def _quoted(column: str) -> str:
    return f'"{column}"'
