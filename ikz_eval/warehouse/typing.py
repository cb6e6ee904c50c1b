"""Frames with exactly the columns and types of a contract.

Holds the one translation between a contract, a pandas frame and an Arrow schema. Judging values is pandera's part.
"""

from functools import cache
from typing import Any

import pandas as pd
import pyarrow as pa

from ikz_eval.errors import ContractError
from schemas import CONTRACTS, Contract

_ARROW = {"int64": pa.int64(), "Int64": pa.int64(), "float64": pa.float64(), "bool": pa.bool_()}


def contract(name: str) -> type[Contract]:
    """Return the contract of table ``name``.

    Raises
    ------
    ContractError
        If there is no such table.
    """
    if name not in CONTRACTS:
        raise ContractError(f"there is no table '{name}'; tables are: {', '.join(CONTRACTS)}")
    return CONTRACTS[name]


@cache
def column_types(name: str) -> dict[str, str]:
    """Return the pandas type of each column, in the contract's order; text columns are ``str``."""
    types = {column: str(item.dtype) for column, item in contract(name).to_schema().columns.items()}
    return {column: "str" if kind.startswith("str") else kind for column, kind in types.items()}


@cache
def key_columns(name: str) -> list[str]:
    """Return the columns that name a row: the contract's key, or its unique column, or all columns."""
    schema = contract(name).to_schema()
    if schema.unique:
        return list(schema.unique)
    single = [column for column, item in schema.columns.items() if item.unique]
    return single or list(schema.columns)


def arrow_schema(name: str) -> pa.Schema:
    """Return the Arrow schema a table is stored with."""
    fields = []
    for column, kind in column_types(name).items():
        arrow = pa.timestamp("us", "UTC") if kind.startswith("datetime64") else _ARROW.get(kind, pa.string())
        fields.append(pa.field(column, arrow))
    return pa.schema(fields)


def typed(name: str, rows: pd.DataFrame | list[dict[str, Any]]) -> pd.DataFrame:
    """Return ``rows`` with the contract's columns in its order and types.

    Raises
    ------
    ContractError
        If a column is missing or one too many, or a value does not fit its type.
    """
    types = column_types(name)
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows, columns=None if rows else list(types))
    surplus, missing = set(frame.columns) - set(types), set(types) - set(frame.columns)
    if surplus or missing:
        raise ContractError(
            f"table '{name}': missing columns {sorted(missing)}, unknown columns {sorted(surplus)}; "
            f"allowed are {list(types)}"
        )
    try:
        return frame[list(types)].astype(types).reset_index(drop=True)
    except (TypeError, ValueError) as error:
        raise ContractError(f"table '{name}': a value does not fit its column's type: {error}") from error


def empty_table(name: str) -> pd.DataFrame:
    """Return the table without rows, typed by its contract."""
    return typed(name, [])
