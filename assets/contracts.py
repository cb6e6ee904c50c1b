"""A contract shown as the column schema of its table in Dagster's catalogue: columns, units, limits.

Translation only; the contracts themselves stand in schemas/.
"""

from typing import Any

import dagster as dg


def column_schema(table: str) -> dg.TableSchema:
    """Return the columns of ``table`` with description (unit in brackets), type and limits."""
    from ikz_eval.warehouse.typing import column_types
    from schemas import CONTRACTS

    types = column_types(table)

    schema = CONTRACTS[table].to_schema()
    keys = ", ".join(schema.unique or [])
    columns = [
        dg.TableColumn(
            name=name,
            type={"str": "text", "Int64": "int64"}.get(types[name], types[name]),
            description=column.description,
            constraints=dg.TableColumnConstraints(
                nullable=column.nullable, unique=column.unique, other=[str(check.error) for check in column.checks]
            ),
        )
        for name, column in schema.columns.items()
    ]
    return dg.TableSchema(columns, dg.TableConstraints(other=[f"one row per {keys}"] if keys else []))


def table_metadata(table: str, rows: int) -> dict[str, Any]:
    """Return what the catalogue shows of every table that was written: number of rows, columns."""
    return {"dagster/row_count": rows, "dagster/column_schema": column_schema(table)}
