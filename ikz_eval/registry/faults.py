"""One fault of a study folder: where it stands, what was found, what is allowed, how to mend it.

Finding faults is tables.py, plan.py and validate.py; raising them together is load.py.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """A fault with its place.

    Attributes
    ----------
    file : str
        Path inside the study folder, ``reference/population.csv``.
    row : int
        Line of the file, counted from 1 (the header is line 1); 0 for the file as a whole.
    column : str
        Column of a CSV file or key of study.toml; empty for the row as a whole.
    found, allowed, remedy : str
        What stands there, what may stand there, what to do.
    """

    file: str
    row: int
    column: str
    found: str
    allowed: str
    remedy: str

    def __str__(self) -> str:
        place = self.file
        if self.row:
            place += f", row {self.row}"
        if self.column:
            place += f", column '{self.column}'"
        return f"{place}: found {self.found}; allowed: {self.allowed}; remedy: {self.remedy}"
