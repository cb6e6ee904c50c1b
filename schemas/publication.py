"""Contract of what leaves the house: one row per cell of a published table."""

from pandera.typing import Series

from schemas.base import Contract, described
from schemas.vocabulary import QUARTER


class PublishedCell(Contract):
    """One cell of a published table; tables, pages, figures and notebooks are made from these alone."""

    evaluation_quarter: Series[str] = described("Evaluation quarter", str_matches=QUARTER)
    table: Series[str] = described(
        "Published table (T2), data of a figure (F1), published cases (PF), design card (DC), robustness (RC, PS), further instruments (BE, WI, DF, SK), calibration (CA), power (PW), register (RG), reference series (RS)",
        str_matches=r"^(T\d{1,2}|F\d|PF|DC|RC|PS|CA|PW|BE|WI|DF|SK|RG|RS)$",
    )
    row: Series[int] = described("Row of the table, from 1", ge=1)
    column_order: Series[int] = described("Position of the column, from 1", ge=1)
    column: Series[str] = described("Key of the column; its heading stands in ikz_eval/texts")
    value: Series[str] = described(
        "Value in canonical form: decimal point, ISO dates; empty when there is none", nullable=True
    )
    unit: Series[str] = described("Unit of the value; empty for text", nullable=True)
    note: Series[str] = described("Key of a note; empty when there is none", nullable=True)
    suppression: Series[str] = described("Why the value is not shown; empty when it is", nullable=True)

    class Config:
        """Name of the table and its key."""

        name = "published_cell"
        unique = ["evaluation_quarter", "table", "row", "column"]
