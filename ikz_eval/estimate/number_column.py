"""Reading a column that must hold numbers, and the refusal of one that holds words.

Holds the sentence that names the column, the first cell that is no number and how often that happens. What a number must be
besides (above zero, 0 or 1) is said by whoever reads the column. Used by observations.py, usable_rows.py and their neighbours.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.quick_arrays import as_floats


def number_column(
    table: pd.DataFrame, name: str, allowed: str = "numbers, with a decimal point"
) -> NDArray[np.float64]:
    """Return a column as numbers, empty cells as nan, shape (rows,).

    Parameters
    ----------
    table : pd.DataFrame
        Any table that has the column.
    name : str
        Its name.
    allowed : str
        What is allowed, for the refusal.

    Raises
    ------
    EstimationError
        If a cell is no number: which column, the first such cell, in how many rows, and what is allowed.
    """
    column = table[name]
    if pd.api.types.is_numeric_dtype(column.dtype):
        return as_floats(column)
    given = column[column.notna()]
    words = given[pd.to_numeric(given, errors="coerce").isna()]
    if words.empty:  # every cell is a number, written as text, or of a type that is none, such as a date
        raise EstimationError(f"'{name}' holds {column.dtype} values; allowed are {allowed}")
    rows = f"{len(words)} rows" if len(words) > 1 else "one row"
    raise EstimationError(f"'{name}' holds words in {rows}, first '{words.iloc[0]}'; allowed are {allowed}")
