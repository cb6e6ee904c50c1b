"""What a research assistant does in the browser: looks at the graph, evaluates a quarter by clicking, reads the result.

The page is the real one, started as ``make ui`` starts it; the run is followed by its own id, because an older run may
be green already.
"""

import json
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from assets.instance import environment, prepare
from assets.serve import HOST, stop
from ikz_eval.registry import Registry
from ikz_eval.settings import ROOT, Place
from ikz_eval.simulation import simulate
from ikz_eval.warehouse import Warehouse
from tests.chromium import open_browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

QUARTER = "2026-Q2"
RUN = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status jobName tags { key value } } } }"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


def fill(at: Place, demonstration: Registry) -> None:
    """Put the invented deliveries into the tables without the way through files, which other tests go."""
    programme, warehouse = simulate(demonstration, 1), Warehouse(at.warehouse)
    cost = programme.cost
    cells = cost[["delivery_id", "field"]].assign(
        sheet="Kosten", column="C", table="cost", item=cost["cost_block"],
        row=cost.groupby("delivery_id").cumcount() + 1,
        value=[f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}" for cents in cost["amount_cents"]],
    )  # fmt: skip
    warehouse.append_ledger({"delivery": programme.delivery, "delivery_cell": cells})
    for name in ("cost", "caseload", "staff", "service_quality"):
        warehouse.write(name, getattr(programme, name))


@pytest.fixture(scope="module")
def page_address(tmp_path_factory: pytest.TempPathFactory, demonstration: Registry) -> Iterator[str]:
    """Start the page on a free port, with data of its own; end all its processes."""
    at = Place("demonstration", tmp_path_factory.mktemp("ui"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", "overwritten by prepare")
        prepare(at)
        variables = environment(at)
    fill(at, demonstration)
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    log = at.home / "ui.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "assets.serve", "--port", str(port)],
            cwd=ROOT, env=variables, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
        try:
            address = f"http://{HOST}:{port}"
            _wait_until_up(address, server, log)
            yield address
        finally:
            stop(server, grace_seconds=30)


def _wait_until_up(address: str, server: "subprocess.Popen[bytes]", log: Any, seconds: float = 150) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/server_info", timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    pytest.fail(f"the page did not start:\n{log.read_text()[-3000:]}")


def ask(address: str, query: str, **variables: str) -> dict[str, Any]:
    """Return the answer of the page's GraphQL."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(f"{address}/graphql", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["data"]


def follow(address: str, run_id: str, seconds: float = 240) -> dict[str, Any]:
    """Wait for the end of this very run."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        run = ask(address, RUN, id=run_id)["runOrError"]
        if run["status"] in ("SUCCESS", "FAILURE", "CANCELED"):
            return run
        time.sleep(1)
    pytest.fail(f"run {run_id} did not end within {seconds} seconds: {run['status']}")


def launch(page: Page, quarter: str) -> str:
    """Click through the dialog that evaluates one quarter and return the id of the run it starts."""
    page.get_by_role("button", name="Materialize all").first.click()
    page.get_by_text("Select a partition or create one").or_(
        page.get_by_placeholder("Select a partition or create one")
    ).first.click()
    page.keyboard.type(quarter)
    page.locator(f"text={quarter} >> visible=true").last.click()
    page.keyboard.press("Escape")
    button = page.get_by_role("button", name="Launch 1 run")
    with page.expect_response(lambda answer: "LaunchPipelineExecution" in (answer.request.post_data or "")) as answer:
        button.click()
    started = answer.value.json()["data"]["launchPipelineExecution"]
    assert started["__typename"] == "LaunchRunSuccess", started
    return str(started["run"]["id"])


def test_a_quarter_is_evaluated_by_clicking_and_its_result_is_read_in_the_page(browser, page_address):
    page = browser.new_page(viewport={"width": 1600, "height": 1200})
    page.set_default_timeout(60_000)
    page.goto(f"{page_address}/asset-groups", wait_until="domcontentloaded")
    for group in ("registry", "reference", "delivery", "panel", "estimate", "economics", "publish"):
        expect(page.get_by_text(group, exact=True).first).to_be_visible(timeout=60_000)

    page.goto(f"{page_address}/locations/ikz_eval/jobs/evaluation", wait_until="domcontentloaded")
    run_id = launch(page, QUARTER)
    run = follow(page_address, run_id)
    assert run["status"] == "SUCCESS"
    assert run["jobName"] == "evaluation"
    assert {"key": "dagster/partition", "value": QUARTER} in run["tags"]

    page.goto(f"{page_address}/assets/verdict?view=partitions&partition={QUARTER}", wait_until="domcontentloaded")
    expect(page.get_by_text(run_id[:8]).first).to_be_visible(timeout=60_000)
    cells = result_table(page)
    assert [row[0] for row in cells] == [
        "Vehicle registration",
        "Housing benefit",
        "Parental allowance",
        "Fines office",
    ]
    assert [row[1] for row in cells[:3]] == ["supported", *["compatible with a range"] * 2]
    effect, low, high = (float(number) for number in cells[0][2:5])
    assert -15 < low < effect < high < -8, "the planted saving is 12 % in logs: about -11.3 %"
    page.close()


def result_table(page: Page) -> list[list[str]]:
    """Return the rows of the table of verdicts as the page shows it."""
    row = page.get_by_role("row").filter(has_text=re.compile("Vehicle registration")).last
    expect(row).to_be_visible(timeout=60_000)
    table = row.locator("xpath=ancestor::table[1]")
    lines = [line.get_by_role("cell").all_inner_texts() for line in table.get_by_role("row").all()]
    return [[text.strip() for text in line] for line in lines if len(line) >= 5 and line[0].strip() != "field"]
