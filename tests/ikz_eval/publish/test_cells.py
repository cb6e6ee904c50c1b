"""Canonical text, the one rounding, and the way from cells to a wide table and back."""

from fractions import Fraction

import pandas as pd
import pytest

from ikz_eval.errors import ReleaseError
from ikz_eval.publish.cells import Gap, canonical, cells_of, notes, wide
from ikz_eval.publish.columns import TABLES, Column
from ikz_eval.publish.csv_tables import csv_bytes, read_cells
from schemas import CONTRACTS

EUR, COUNT = Column("x", "decimal", "EUR", 2), Column("n", "integer")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(1, 200), "0.01"), (Fraction(-1, 200), "-0.01"), (Fraction(-1, 201), "0.00"), (2.675, "2.68"),
        (1.005, "1.01"), (Fraction(10, 3), "3.33"), ("1234.5", "1234.50"), (1e16, "10000000000000000.00"),
        (None, None), (float("nan"), None), (pd.NA, None),
    ],
)  # fmt: skip
def test_values_are_rounded_once_and_half_away_from_zero(value, text):
    assert canonical(value, EUR) == text


def test_counts_and_flags():
    assert canonical(pd.array([7], dtype="Int64")[0], COUNT) == "7"
    assert canonical(False, Column("f", "flag")) == "false"
    with pytest.raises(ReleaseError, match="inf is no number that can be published"):
        canonical(float("inf"), EUR)


def test_cells_follow_their_contract_and_keep_reasons():
    cells = cells_of("2026-Q2", "F1", [{"field": "a", "unit": "u", "real_gross_cost_per_case_eur": Gap("price_gap")}])
    CONTRACTS["published_cell"].validate(cells)
    assert wide(cells, "F1").columns.tolist() == [column.key for column in TABLES["F1"]]
    assert notes(cells, "F1")["real_gross_cost_per_case_eur"].tolist() == ["price_gap"]
    assert csv_bytes(cells, "F1", "MARK").decode() == (
        "mark,field,unit,unit_kind,quarter,real_gross_cost_per_case_eur,cohort,notes\n"
        "MARK,a,u,,,,,real_gross_cost_per_case_eur: price_gap\n"
    )


def test_an_unknown_column_is_refused():
    with pytest.raises(ReleaseError, match="T1 has no column \\['wrong'\\]"):
        cells_of("2026-Q2", "T1", [{"wrong": 1}])


def test_a_table_without_rows_has_columns_and_its_file_the_mark(tmp_path):
    cells = cells_of("2026-Q2", "T3", [])
    assert wide(cells, "T3").empty
    lines = csv_bytes(cells, "T3", "MARK").decode().splitlines()
    assert len(lines) == 2
    assert lines[1] == "MARK" + "," * (len(TABLES["T3"]) + 1)
    (tmp_path / "tables").mkdir()
    for table in TABLES:
        (tmp_path / "tables" / f"{table}.csv").write_bytes(csv_bytes(cells, table, "MARK"))
    assert read_cells(tmp_path, "2026-Q2").empty
