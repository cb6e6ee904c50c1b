"""Calendar quarters as text keys such as ``2024-Q3``.

Holds parsing, arithmetic and ranges of quarter keys. Cut-off dates of evaluation quarters belong to the study
(ikz_eval/registry), not here. Standard library only.
"""

import re
from datetime import date

from ikz_eval.errors import IkzError

QUARTER_PATTERN = r"^\d{4}-Q[1-4]$"


def quarter_index(quarter: str) -> int:
    """Return the number of quarters since year 0, so that differences count quarters.

    Raises
    ------
    IkzError
        If ``quarter`` is not of the form ``2024-Q3``.
    """
    if not re.fullmatch(QUARTER_PATTERN, quarter):
        raise IkzError(f"'{quarter}' is not a quarter; allowed is a year and Q1 to Q4, for example 2024-Q3")
    return int(quarter[:4]) * 4 + int(quarter[-1]) - 1


def quarter_of_index(index: int) -> str:
    """Return the quarter key of an index made by :func:`quarter_index`."""
    return f"{index // 4:04d}-Q{index % 4 + 1}"


def quarter_shift(quarter: str, quarters: int) -> str:
    """Return the key ``quarters`` later (earlier when negative)."""
    return quarter_of_index(quarter_index(quarter) + quarters)


def quarter_range(first: str, last: str) -> list[str]:
    """Return all quarter keys from ``first`` to ``last``, both included."""
    return [quarter_of_index(i) for i in range(quarter_index(first), quarter_index(last) + 1)]


def quarter_of_date(day: date) -> str:
    """Return the quarter that ``day`` lies in."""
    return f"{day.year:04d}-Q{(day.month - 1) // 3 + 1}"


def quarter_start(quarter: str) -> date:
    """Return the first day of a quarter."""
    index = quarter_index(quarter)
    return date(index // 4, index % 4 * 3 + 1, 1)
