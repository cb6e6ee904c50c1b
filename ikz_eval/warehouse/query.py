"""SQL for people: DuckDB over the tables, read only.

One view a table. Used by ``ikz show`` and ``ikz sql``; the pipeline itself reads through ``Warehouse.read``.
"""

import duckdb
import pandas as pd
from deltalake import DeltaTable

from ikz_eval.errors import WarehouseError
from ikz_eval.warehouse.store import Warehouse
from schemas import LEDGER_TABLES

_QUESTIONS = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


def query(warehouse: Warehouse, sql: str) -> pd.DataFrame:
    """Return the result of one SQL statement over the warehouse's tables.

    Parameters
    ----------
    warehouse : Warehouse
        Its tables appear under their names.
    sql : str
        One statement in DuckDB's dialect; it cannot change the warehouse.

    Raises
    ------
    WarehouseError
        If the statement is faulty, would change something, or is not one; says which tables there are.
    """
    with duckdb.connect(config={"threads": 1}) as connection:
        for name in warehouse.tables():
            connection.register(name, _source(warehouse, name))
        # A statement sees these tables and nothing else of the machine, and can change neither.
        connection.execute("SET enable_external_access = false; SET lock_configuration = true")
        try:
            _refuse_all_but_one_question(connection.extract_statements(sql))
            return connection.execute(sql).df()
        except duckdb.Error as error:
            tables = ", ".join(warehouse.tables()) or "none yet: run `make evaluate` first"
            raise WarehouseError(f"{error}\nTables: {tables}") from error


def _source(warehouse: Warehouse, name: str) -> object:
    """Return what DuckDB reads a table from: the Delta files themselves, or the rows of the ledger."""
    if name in LEDGER_TABLES:
        return warehouse.read(name)
    return DeltaTable(str(warehouse.folder / name)).to_pyarrow_dataset()


def _refuse_all_but_one_question(statements: list[duckdb.Statement]) -> None:
    """Refuse nothing, several statements, and what would seem to change tables that are only read."""
    kinds = [statement.type for statement in statements]
    if len(kinds) != 1 or kinds[0] not in _QUESTIONS:
        found = ", ".join(kind.name for kind in kinds) or "nothing"
        raise WarehouseError(
            f"found {found}; allowed is one statement that asks, for example SELECT count(*) FROM delivery. The tables "
            "are only read here"
        )
