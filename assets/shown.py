"""Tables as people see them in Dagster: plain values, at most a page of rows.

Translation only: from a frame to table metadata. Wording stands in ikz_eval/texts.
"""

from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from pandas import DataFrame as Frame
else:
    Frame = Any

ROWS = 50
"""More rows than this nobody reads in a page; the table itself is one command away (ikz show)."""


def table(frame: Frame) -> dg.TableMetadataValue:
    """Return the first rows of a frame as a table that the page shows in place."""
    kinds = {"i": "int", "f": "float", "b": "bool"}
    schema = dg.TableSchema(
        [dg.TableColumn(str(name), kinds.get(kind.kind, "string")) for name, kind in frame.dtypes.items()]
    )
    names = [str(name) for name in frame.columns]
    rows = frame.head(ROWS).itertuples(index=False, name=None)
    records = [dg.TableRecord(dict(zip(names, map(_plain, row), strict=True))) for row in rows]
    return dg.MetadataValue.table(records, schema)


def _plain(value: Any) -> str | int | float | bool:
    """Return a value that the page can show; nothing becomes an empty cell."""
    import pandas as pd

    if pd.isna(value):
        return ""
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, str | int | float | bool) else str(value)
