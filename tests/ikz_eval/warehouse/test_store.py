"""The warehouse keeps contracts, partitions, versions; and says what is wrong."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from deltalake import write_deltalake

from ikz_eval.errors import ContractError, WarehouseError
from ikz_eval.warehouse import Warehouse, empty_table, typed
from ikz_eval.warehouse.query import query
from ikz_eval.warehouse.typing import column_types
from schemas import CONTRACTS, LEDGER_TABLES, TABLE_SCHEMA_VERSION


def caseload(quarter: str = "2024-Q1", cases: int = 3, delivery_id: str = "0123456789ab") -> pd.DataFrame:
    row = {"ags": "X0101", "field": "wohngeld", "quarter": quarter, "cases": cases, "delivery_id": delivery_id}
    return typed("caseload", [row])


def verdict(evaluation_quarter: str, field: str = "wohngeld") -> pd.DataFrame:
    row = {
        "evaluation_quarter": evaluation_quarter, "specification": "haupt", "field": field, "verdict": "compatible",
        "direction": "none", "reasons": None, "effect_percent": -1.0, "low_percent": -2.0, "high_percent": 1.0,
        "is_zero_excluded": False,
    }  # fmt: skip
    p_values = {name: None for name in column_types("verdict") if name.startswith("p_")}
    return typed("verdict", [row | p_values])


@pytest.mark.parametrize("name", list(CONTRACTS))
def test_every_table_survives_a_round_trip_without_rows(tmp_path, name):
    quarter = "2024-Q1" if "evaluation_quarter" in empty_table(name) else None
    warehouse = Warehouse(tmp_path)
    if name in LEDGER_TABLES:
        warehouse.append(name, empty_table(name))
    else:
        warehouse.write(name, empty_table(name), quarter)
    pd.testing.assert_frame_equal(warehouse.read(name), empty_table(name))


def test_whole_numbers_and_gaps_come_back_as_they_were(tmp_path):
    rows = {
        "evaluation_quarter": "2024-Q1", "ags": "X0101", "due_on": "2024-05-15", "delivery_id": None, "received_on": None,
    }  # fmt: skip
    frame = typed(
        "delivery_calendar",
        [
            {**rows, "quarter": "2023-Q4", "status": "on_time", "version": 2},
            {**rows, "quarter": "2024-Q1", "status": "missing", "version": None},
        ],
    )
    warehouse = Warehouse(tmp_path)
    warehouse.write("delivery_calendar", frame, "2024-Q1")
    back = warehouse.read("delivery_calendar")
    pd.testing.assert_frame_equal(back, frame)
    assert back["version"].tolist() == [2, pd.NA]


def test_a_write_replaces_its_own_evaluation_quarter_only(tmp_path):
    warehouse = Warehouse(tmp_path)
    warehouse.write("verdict", verdict("2024-Q1"), "2024-Q1")
    warehouse.write("verdict", verdict("2024-Q2"), "2024-Q2")
    warehouse.write("verdict", verdict("2024-Q1", field="elterngeld"), "2024-Q1")
    assert warehouse.read("verdict")[["evaluation_quarter", "field"]].to_numpy().tolist() == [
        ["2024-Q1", "elterngeld"],
        ["2024-Q2", "wohngeld"],
    ]
    assert len(warehouse.read("verdict", "2024-Q2")) == 1


def test_a_table_written_before_its_contract_gained_columns_takes_them_in(tmp_path):
    old = verdict("2024-Q1").drop(columns="p_wild")
    write_deltalake(str(tmp_path / "verdict"), old, partition_by=["evaluation_quarter"])
    warehouse = Warehouse(tmp_path)
    warehouse.write("verdict", verdict("2024-Q2"), "2024-Q2")
    assert warehouse.read("verdict")["evaluation_quarter"].tolist() == ["2024-Q1", "2024-Q2"]


def test_a_broken_contract_is_never_written(tmp_path):
    warehouse = Warehouse(tmp_path)
    warehouse.append("caseload", caseload())
    with pytest.raises(ContractError, match=r"table 'caseload'.*not written: row 1, column ags: found '99'"):
        warehouse.append("caseload", caseload().assign(ags="99"))
    with pytest.raises(ContractError, match="unknown columns \\['remark'\\]"):
        warehouse.append("caseload", caseload().assign(remark="x"))
    with pytest.raises(ContractError, match="rows of \\['2024-Q2'\\] in a write of 2024-Q1"):
        warehouse.write("verdict", verdict("2024-Q2"), "2024-Q1")
    assert len(warehouse.read("caseload")) == 1


def test_appended_rows_of_four_writers_are_all_there(tmp_path):
    Warehouse(tmp_path).append("caseload", caseload(delivery_id="f" * 12))

    def write(writer: int) -> None:
        for step in range(3):
            Warehouse(tmp_path).append("caseload", caseload(delivery_id=f"{writer:06d}{step:06d}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert len(Warehouse(tmp_path).read("caseload")) == 13


def test_read_only_refuses_and_a_newer_schema_is_refused_with_words(tmp_path):
    Warehouse(tmp_path).append("caseload", caseload())
    with pytest.raises(WarehouseError, match="reading only"):
        Warehouse(tmp_path, read_only=True).append("caseload", caseload())
    newer = json.dumps({"table_schema_version": TABLE_SCHEMA_VERSION + 1})
    (tmp_path / "schema_version.json").write_text(newer)
    with pytest.raises(WarehouseError, match=f"version {TABLE_SCHEMA_VERSION + 1}.*Update the program"):
        Warehouse(tmp_path)


def test_people_ask_in_sql(tmp_path: Path):
    warehouse = Warehouse(tmp_path)
    warehouse.append("caseload", caseload(cases=3))
    warehouse.append("caseload", caseload("2024-Q2", cases=4))
    assert query(warehouse, "SELECT sum(cases) AS cases FROM caseload")["cases"].tolist() == [7]
    with pytest.raises(WarehouseError, match="Tables: caseload"):
        query(warehouse, "SELECT * FROM costs")


def test_a_statement_reaches_nothing_but_the_tables(tmp_path: Path):
    warehouse = Warehouse(tmp_path / "warehouse")
    warehouse.append("caseload", caseload())
    (tmp_path / "secret.csv").write_text("a\n1\n")
    for statement in (
        f"SELECT * FROM read_csv('{tmp_path / 'secret.csv'}')",
        f"COPY (SELECT 1) TO '{tmp_path / 'warehouse' / 'x.csv'}'",
        "SET enable_external_access = true",
        "DELETE FROM caseload",
        "CREATE TABLE mine AS SELECT 1",
        "DROP VIEW caseload",
        "SELECT 1; SELECT 2",
        "",
    ):
        with pytest.raises(WarehouseError):
            query(warehouse, statement)
    assert not (tmp_path / "warehouse" / "x.csv").exists()
    assert len(warehouse.read("caseload")) == 1
