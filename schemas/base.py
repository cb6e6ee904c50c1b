"""The ground every contract stands on: strict columns, nothing coerced, nothing silently filled.

Holds the base model and the way a field is written. Contracts themselves stand in the modules named like their tables.
"""

from typing import Any

import pandera.pandas as pa

TABLE_SCHEMA_VERSION = 2
"""Version of all contracts together; raised when a table changes its columns. A warehouse of a newer one is refused."""


class Contract(pa.DataFrameModel):
    """Base of all table contracts: exactly the named columns, in any row order, never coerced."""

    class Config:
        """Pandera's settings for every table."""

        strict = True
        coerce = False


def described(description: str, **limits: Any) -> Any:
    """Declare a column: what it is, its unit in square brackets, its limits.

    Parameters
    ----------
    description : str
        What a clerk reads in the catalogue, the unit in square brackets at the end.
    **limits
        Anything :func:`pandera.Field` takes, such as ``ge``, ``isin``, ``nullable``.
    """
    return pa.Field(description=description, **limits)
