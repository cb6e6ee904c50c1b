"""SQL for people: DuckDB over the Delta files, read only.

One view a table. Used by ``ikz show`` and ``ikz sql``; the pipeline itself reads through ``Warehouse.read``.
"""

import duckdb
import pandas as pd
from deltalake import DeltaTable

from ikz_eval.errors import WarehouseError
from ikz_eval.warehouse.store import Warehouse


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
        If the statement is faulty; says what DuckDB says and which tables there are.
    """
    with duckdb.connect(config={"threads": 1}) as connection:
        for name in warehouse.tables():
            uris = DeltaTable(str(warehouse.folder / name)).file_uris()
            files = ", ".join("'" + uri.replace("'", "''") + "'" for uri in uris)
            if files:
                connection.execute(
                    f'CREATE VIEW "{name}" AS SELECT * FROM read_parquet([{files}], hive_partitioning = true)'
                )
        try:
            return connection.execute(sql).df()
        except duckdb.Error as error:
            tables = ", ".join(warehouse.tables()) or "none yet: run `make evaluate` first"
            raise WarehouseError(f"{error}\nTables: {tables}") from error
