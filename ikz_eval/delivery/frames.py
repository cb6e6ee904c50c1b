"""Judgements as frames of the ledger's tables.

The only module between judging (plain types) and the warehouse (frames); nothing is decided here.
"""

from collections.abc import Iterable

import pandas as pd

from ikz_eval.delivery.judgement import Amount, Cell, Judgement


def cell_frame(judgements: Iterable[Judgement]) -> pd.DataFrame:
    """Return the cells of judgements, in their order, as contract ``delivery_cell``."""
    rows = [(one.delivery_id, *cell) for one in judgements for cell in one.cells]
    columns = list(zip(*rows, strict=True)) if rows else [()] * (len(Cell._fields) + 1)
    return pd.DataFrame(
        {
            name: pd.Series(column, dtype="int64" if name == "row" else "str")
            for name, column in zip(("delivery_id", *Cell._fields), columns, strict=True)
        }
    )


def amount_frame(judgements: Iterable[Judgement]) -> pd.DataFrame:
    """Return the amounts of exports as contract ``export_amount``."""
    rows = [(one.delivery_id, *amount) for one in judgements for amount in one.amounts]
    names = ("delivery_id", *Amount._fields)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    whole = ("amount_cents", "row", "column")
    return pd.DataFrame(
        {
            name: pd.Series(column, dtype="int64" if name in whole else "str")
            for name, column in zip(names, columns, strict=True)
        }
    )


def finding_frame(judgements: Iterable[Judgement]) -> pd.DataFrame:
    """Return the findings of judgements as rows of table ``finding``, in order, with their German words."""
    rows = [
        (
            one.delivery_id, sequence, found.rule, found.severity, found.place.sheet, found.place.row,
            found.place.column, found.found_text(), found.allowed(), found.remedy(),
        )
        for one in judgements
        for sequence, found in enumerate(one.findings, start=1)
    ]  # fmt: skip
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(_FINDING)
    return pd.DataFrame(
        {name: pd.Series(column, dtype=kind) for (name, kind), column in zip(_FINDING.items(), columns, strict=True)}
    )


_FINDING = {
    "delivery_id": "str", "sequence": "int64", "rule": "str", "severity": "str", "sheet": "str", "row": "Int64",
    "column": "str", "found": "str", "allowed": "str", "remedy": "str",
}  # fmt: skip
