"""Writing and reading tables, the contract checked on the way in.

Tables that are made anew are Delta tables (deltalake): every version is kept, a killed writer is survived, two writers
that meet are retried. The tables of the ledger lie in ledger.py. SQL for people is query.py, copies are backup.py.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Literal

import pandas as pd
import pandera.errors
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError

from ikz_eval.errors import ContractError, WarehouseError
from ikz_eval.warehouse.ledger import Ledger
from ikz_eval.warehouse.typing import arrow_schema, column_types, contract, empty_table, key_columns, typed
from schemas import CONTRACTS, EVALUATION_TABLES, LEDGER_TABLES, TABLE_SCHEMA_VERSION

_TRIES = 8
_VERSION_FILE = "schema_version.json"


class Warehouse:
    """The tables of one study.

    Parameters
    ----------
    folder : Path
        Where the Delta tables lie, one folder a table.
    read_only : bool
        Refuse every write.

    Raises
    ------
    WarehouseError
        If the folder was written by a newer version of the contracts.
    """

    def __init__(self, folder: Path, read_only: bool = False) -> None:
        self.folder = folder
        self.read_only = read_only
        self.ledger = Ledger(folder)
        self._check_version()

    def exists(self, name: str) -> bool:
        """Return whether table ``name`` has ever been written."""
        contract(name)
        if name in LEDGER_TABLES:
            return self.ledger.exists(name)
        return bool(DeltaTable.is_deltatable(str(self.folder / name)))

    def write(self, name: str, frame: pd.DataFrame, evaluation_quarter: str | None = None) -> None:
        """Replace a table, or the one evaluation quarter of it.

        Raises
        ------
        ContractError
            If ``frame`` breaks the contract, or holds rows of another evaluation quarter; nothing is written then.
        WarehouseError
            If the warehouse is read-only or the write kept losing against another one.
        """
        if (name in EVALUATION_TABLES) != (evaluation_quarter is not None):
            raise ContractError(
                f"table '{name}' is written {'by' if name in EVALUATION_TABLES else 'without'} evaluation quarter"
            )
        if name in LEDGER_TABLES:
            raise WarehouseError(f"table '{name}' belongs to the ledger, which only grows; append to it")
        data = self._validated(name, frame)
        predicate = None
        if evaluation_quarter is not None:
            others = set(frame["evaluation_quarter"]) - {evaluation_quarter}
            if others:
                raise ContractError(f"table '{name}': rows of {sorted(others)} in a write of {evaluation_quarter}")
            predicate = f"evaluation_quarter = '{evaluation_quarter}'" if self.exists(name) else None
        self._commit(name, lambda: self._write(name, data, "overwrite", predicate))

    def append(self, name: str, frame: pd.DataFrame) -> None:
        """Add rows to a table that only grows; same errors as :meth:`write`."""
        if name in LEDGER_TABLES:
            self.append_ledger({name: frame})
            return
        data = self._validated(name, frame)
        if len(frame):
            self._commit(name, lambda: self._write(name, data, "append", None))

    def append_ledger(self, frames: Mapping[str, pd.DataFrame]) -> None:
        """Add rows to tables of the ledger, all or none; same errors as :meth:`write`."""
        self.ledger.append({name: self._checked(name, frame) for name, frame in frames.items()})

    def read(
        self, name: str, evaluation_quarter: str | None = None, delivery_ids: Iterable[str] | None = None
    ) -> pd.DataFrame:
        """Return a table (or one evaluation quarter of it), typed by its contract and ordered by its key.

        A table that was never written is empty, not an error. ``delivery_ids`` asks a table of the ledger for the rows
        of some deliveries.
        """
        if name in LEDGER_TABLES:
            return self.ledger.read(name, delivery_ids)
        if not self.exists(name):
            return empty_table(name)
        table = DeltaTable(str(self.folder / name))
        filters = [("evaluation_quarter", "=", evaluation_quarter)] if evaluation_quarter else None
        arrow = table.to_pyarrow_table(filters=filters, columns=list(column_types(name)))
        frame = typed(name, _to_pandas(arrow))
        return frame.sort_values(key_columns(name), kind="stable", ignore_index=True)

    def count(self, name: str) -> int:
        """Return the number of rows of a table, 0 when it does not exist; reads no data."""
        if name in LEDGER_TABLES:
            return self.ledger.count(name)
        return int(DeltaTable(str(self.folder / name)).count()) if self.exists(name) else 0

    def stored_columns(self, name: str) -> list[str]:
        """Return the columns a table has on disk, whatever its contract says."""
        if name in LEDGER_TABLES:
            return self.ledger.stored_columns(name)
        return [column.name for column in DeltaTable(str(self.folder / name)).schema().fields]

    def tables(self) -> list[str]:
        """Return the names of the tables that exist, in pipeline order."""
        return [name for name in CONTRACTS if self.exists(name)]

    def _validated(self, name: str, frame: pd.DataFrame) -> pa.Table:
        return pa.Table.from_pandas(self._checked(name, frame), schema=arrow_schema(name), preserve_index=False)

    def _checked(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        self._guard()
        ordered = typed(name, frame)
        try:
            contract(name).to_schema().validate(ordered, lazy=True)
        except pandera.errors.SchemaErrors as errors:
            raise ContractError(_contract_message(name, errors.failure_cases)) from errors
        return ordered

    def _write(self, name: str, data: pa.Table, mode: str, predicate: str | None) -> None:
        partition = ["evaluation_quarter"] if name in EVALUATION_TABLES else None
        # A column that the contract gained is added; rows of other evaluation quarters have no value there until made again.
        added: Literal["merge"] | None = None if predicate is None else "merge"
        write_deltalake(
            str(self.folder / name), data, mode=mode, predicate=predicate, partition_by=partition, schema_mode=added
        )

    def _commit(self, name: str, write: Callable[[], object]) -> None:
        for attempt in range(_TRIES):
            try:
                write()
            except CommitFailedError as lost:
                if attempt == _TRIES - 1:
                    raise WarehouseError(
                        f"table '{name}' could not be written: other writers were faster {_TRIES} times; "
                        "wait until they are done and start again, nothing was lost"
                    ) from lost
                time.sleep(0.05 * 2**attempt)
            else:
                return

    def _guard(self) -> None:
        if self.read_only:
            raise WarehouseError(f"the warehouse is open for reading only: {self.folder.name}")
        marker = self.folder / _VERSION_FILE
        if not marker.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            aside = marker.with_suffix(".tmp")
            aside.write_text(json.dumps({"table_schema_version": TABLE_SCHEMA_VERSION}) + "\n", encoding="utf-8")
            aside.replace(marker)

    def _check_version(self) -> None:
        marker = self.folder / _VERSION_FILE
        if not marker.is_file():
            return
        found = json.loads(marker.read_text(encoding="utf-8"))["table_schema_version"]
        if found > TABLE_SCHEMA_VERSION:
            raise WarehouseError(
                f"this warehouse was written with table schema version {found}; this program knows versions up to "
                f"{TABLE_SCHEMA_VERSION}. Update the program (git pull, make setup); nothing was changed"
            )


def _to_pandas(arrow: pa.Table) -> pd.DataFrame:
    """Turn Arrow into pandas, whole numbers with gaps staying whole."""
    frame: pd.DataFrame = arrow.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    return frame


def _contract_message(name: str, cases: pd.DataFrame) -> str:
    shown = [
        f"row {int(case['index']) + 1 if pd.notna(case['index']) else '-'}, column {case['column']}: "
        f"found {case['failure_case']!r}, allowed {case['check']}"
        for _, case in cases.head(5).iterrows()
    ]
    more = f" … and {len(cases) - 5} more" if len(cases) > 5 else ""
    return f"table '{name}' breaks its contract and was not written: " + "; ".join(shown) + more
