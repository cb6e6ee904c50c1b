"""The wiring: loads without warnings and without heavy libraries, and has the graph it is meant to have."""

import json
import subprocess
import sys

import dagster as dg

from assets.definitions import defs
from ikz_eval.settings import ROOT
from schemas import CONTRACTS, EVALUATION_TABLES

LOAD = """
import json, sys, time
import dagster
began = time.perf_counter()
from assets.definitions import defs
defs.get_repository_def()
print(json.dumps({"seconds": time.perf_counter() - began, "heavy": sorted({"pandas", "numpy", "pandera"} & set(sys.modules))}))
"""

GRAPH = {
    # asset: (group, what it is made from)
    "body": ("registry", ""),
    "region": ("registry", ""),
    "cooperation_field": ("registry", ""),
    "agreement": ("registry", ""),
    "grant": ("registry", ""),
    "correction": ("registry", ""),
    "price_index": ("reference", ""),
    "population": ("reference", ""),
    "vehicle_stock": ("reference", ""),
    "registration_district": ("reference", ""),
    "employment": ("reference", ""),
    "published_figure": ("reference", ""),
    "delivery": ("delivery", "agreement body cooperation_field correction grant region"),
    "delivery_cell": ("delivery", "agreement body cooperation_field correction grant region"),
    "finding": ("delivery", "agreement body cooperation_field correction grant region"),
    "arrival": ("delivery", "agreement body cooperation_field correction grant region"),
    "ledger_event": ("delivery", "agreement body cooperation_field correction grant region"),
    "export_amount": ("delivery", "agreement body cooperation_field correction grant region"),
    "notice": ("delivery", "delivery ledger_event"),
    "cost": ("delivery", "delivery delivery_cell"),
    "caseload": ("delivery", "delivery delivery_cell"),
    "staff": ("delivery", "delivery delivery_cell"),
    "service_quality": ("delivery", "delivery delivery_cell"),
    "delivery_calendar": ("panel", "body delivery ledger_event"),
    "panel": (
        "panel",
        "agreement body caseload cooperation_field correction cost delivery ledger_event price_index region staff",
    ),
    "partnership": ("panel", "agreement panel region"),
    "estimate": ("estimate", "panel partnership"),
    "event_path": ("estimate", "panel partnership"),
    "design_card": ("estimate", "panel partnership"),
    "verdict": ("estimate", "panel partnership"),
    "placebo": ("estimate", "panel partnership"),
    "robustness": ("estimate", "panel partnership"),
    "further_estimate": ("estimate", "panel partnership"),
    "published_case": ("economics", "published_figure"),
    "published_cell": (
        "publish",
        "delivery delivery_calendar design_card estimate event_path further_estimate panel partnership placebo published_case robustness verdict",
    ),
    "release": (
        "publish",
        "delivery delivery_calendar design_card estimate event_path further_estimate panel partnership placebo published_case published_cell robustness verdict",
    ),
}


def graph() -> dict[str, tuple[str, str]]:
    assets = defs.resolve_asset_graph()
    return {
        node.key.path[-1]: (node.group_name, " ".join(sorted(parent.path[-1] for parent in node.parent_keys)))
        for node in assets.asset_nodes
    }


def test_the_asset_graph_is_the_one_that_was_meant():
    assert graph() == GRAPH


def test_every_table_of_the_contracts_is_an_asset_and_nothing_else_but_the_release():
    assert set(graph()) - {"release"} == set(CONTRACTS)


def test_everything_with_an_evaluation_quarter_is_partitioned_by_it():
    assets = defs.resolve_asset_graph()
    partitioned = {node.key.path[-1] for node in assets.asset_nodes if node.partitions_def}
    assert partitioned == {*EVALUATION_TABLES, "release"}
    assert defs.resolve_job_def("evaluation").partitions_def.get_partition_keys() == [
        "2024-Q4", "2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3",
    ]  # fmt: skip


def test_every_asset_and_check_is_described_in_words():
    assets = defs.resolve_asset_graph()
    silent = [node.key.path[-1] for node in assets.asset_nodes if len(node.description or "") < 20]
    silent += [key.name for key in assets.asset_check_keys if not assets.get_check_spec(key).description]
    assert silent == []


def test_loading_the_pipeline_warns_of_nothing_and_imports_no_heavy_library():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOAD], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout)
    assert loaded["heavy"] == []
    assert loaded["seconds"] < 2.0


def test_a_run_uses_one_process_and_the_sensor_is_on_and_the_schedule_off():
    assert defs.executor is dg.in_process_executor
    assert defs.resolve_sensor_def("inbox").default_status is dg.DefaultSensorStatus.RUNNING
    schedule = defs.resolve_schedule_def("quarterly_evaluation")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    assert schedule.execution_timezone == "Europe/Berlin"
