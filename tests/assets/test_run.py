"""Runs in one process: a backfill over two quarters, what a failed run says, what the command says."""

import dagster as dg
import pytest

import ikz_eval.panel
from assets.definitions import defs
from assets.evaluate import main
from ikz_eval.errors import PanelError
from ikz_eval.simulation.demonstration import write_demonstration
from ikz_eval.warehouse import Warehouse


@pytest.fixture
def instance(at):
    with dg.DagsterInstance.get() as opened:
        yield opened


def run(instance: dg.DagsterInstance, quarter: str, *assets: str) -> dg.ExecuteInProcessResult:
    selection = [dg.AssetKey(name) for name in assets] or None
    job = defs.resolve_job_def("evaluation")
    return job.execute_in_process(
        instance=instance, partition_key=quarter, asset_selection=selection, raise_on_error=False,
        run_config={"loggers": {"progress": {}}},
    )  # fmt: skip


TABLES = [
    "body", "region", "cooperation_field", "agreement", "grant", "correction", "price_index", "population",
    "vehicle_stock", "registration_district", "employment", "published_figure", "delivery", "delivery_cell", "finding", "arrival",
    "ledger_event", "export_amount",
    "cost", "caseload", "staff", "service_quality", "delivery_calendar", "panel", "partnership",
]  # fmt: skip


def test_a_backfill_over_two_quarters_keeps_both_and_takes_no_file_twice(at, instance, demonstration):
    write_demonstration(at, demonstration, quarters=["2024-Q4", "2025-Q1"])
    results = {quarter: run(instance, quarter, *TABLES) for quarter in ("2024-Q4", "2025-Q1")}
    assert all(result.success for result in results.values())
    warehouse = Warehouse(at.warehouse)
    calendar = warehouse.read("delivery_calendar")
    assert calendar.groupby("evaluation_quarter")["quarter"].max().to_dict() == {
        "2024-Q4": "2024-Q4", "2025-Q1": "2025-Q1",
    }  # fmt: skip
    panel = warehouse.read("panel").groupby("evaluation_quarter")["quarter"].agg(["min", "max"])
    assert panel.values.tolist() == [["2024-Q4", "2024-Q4"], ["2024-Q4", "2025-Q1"]]
    delivery, cost = warehouse.read("delivery"), warehouse.read("cost")
    assert delivery["sha256"].is_unique
    assert set(cost["delivery_id"]) == set(delivery.loc[delivery["status"] == "accepted", "delivery_id"])
    assert not cost.duplicated(["ags", "field", "quarter", "cost_block", "delivery_id"]).any()
    assert instance.get_materialized_partitions(dg.AssetKey("panel")) == {"2024-Q4", "2025-Q1"}
    checks = {check.check_name: check for check in results["2025-Q1"].get_asset_check_evaluations()}
    assert checks["cost_equals_cells"].passed
    assert checks["blocks_add_up"].passed
    assert not checks["every_body_delivered"].passed
    assert "Remind these bodies" in checks["every_body_delivered"].description


def test_a_failed_run_says_cause_and_remedy(at, instance, monkeypatch):
    def refuse(*_):
        raise PanelError("delivery 0123456789ab is real, study 'demonstration' is invented; keep each in its own place")

    monkeypatch.setattr(ikz_eval.panel, "build_calendar", refuse)
    result = run(instance, "2025-Q1", "delivery_calendar")
    failed = next(event for event in result.all_events if event.is_step_failure)
    assert not result.success
    assert failed.step_failure_data.user_failure_data.description == (
        "delivery calendar: delivery 0123456789ab is real, study 'demonstration' is invented; keep each in its own place"
    )


def test_the_command_tells_the_failure_in_one_line_and_returns_1(at, monkeypatch, capfd):
    def refuse(*_):
        raise PanelError("no price for 2026-Q2: add it to price_index.csv")

    monkeypatch.setattr("assets.evaluate.write_demonstration", lambda *_: None)
    monkeypatch.setattr(ikz_eval.panel, "build_panel", refuse)
    code = main(["--quarter", "2026-Q2"])
    told = capfd.readouterr()
    assert code == 1
    assert "panel: no price for 2026-Q2: add it to price_index.csv" in told.err
    assert "make ui" in told.err
    assert "Traceback" not in told.out + told.err
    assert told.out == ""


def test_the_command_names_the_quarters_there_are(at, capfd):
    code = main(["--quarter", "1999-Q1"])
    told = capfd.readouterr()
    assert code == 2
    assert "'1999-Q1' is no evaluation quarter; allowed: 2024-Q4, 2025-Q1" in told.err
