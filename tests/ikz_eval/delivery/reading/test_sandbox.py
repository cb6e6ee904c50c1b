"""The sandbox: whatever a child does, the caller gets an outcome, and the limits hold that are said to hold."""

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ikz_eval.delivery.reading import Contents, Refusal, Sandbox, read_file
from ikz_eval.delivery.reading.contents import Oddity, RawCell, Sheet, contents_as_json, contents_from_json
from ikz_eval.errors import DeliveryError
from tests.ikz_eval.delivery.reading.hostile import CASES, GOOD, NAME

PLAY = "ikz_eval.delivery.reading.rehearsal:play"
"""A task of the sandbox that misbehaves as it is told."""
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(wall_seconds=8.0) as box:
        yield box


@pytest.fixture(scope="module")
def portable():
    with Sandbox(use_fork=False) as box:
        yield box


def play(box: Sandbox, part: str):
    return box.call(PLAY, b"payload", {"part": part})


def test_a_task_returns_json_and_bytes(sandbox):
    outcome = sandbox.call(PLAY, b"\x00\xffabc", {"part": "echo", "words": ["ä", 1.5, None]})
    assert outcome.result == {"part": "echo", "words": ["ä", 1.5, None]}
    assert (outcome.data, outcome.failure) == (b"\x00\xffabc", None)


@LINUX
def test_all_limits_hold_here(sandbox):
    assert play(sandbox, "echo").guards == ("memory", "cpu", "network", "time")


@LINUX
@pytest.mark.parametrize(
    ("part", "failure"),
    [
        ("sleep", "time"),
        ("memory", "memory"),
        ("abort", "crash"),
        ("exit", "crash"),
        ("raise", "crash"),
        ("flood", "crash"),
        ("kill", "crash"),
        ("no_json", "crash"),
    ],
)
def test_a_misbehaving_task_is_a_failure_and_the_next_one_works(sandbox, part, failure):
    outcome = play(sandbox, part)
    assert (outcome.result, outcome.failure) == (None, failure)
    assert "memory" in outcome.guards
    assert play(sandbox, "echo").result == {"part": "echo"}


@LINUX
@pytest.mark.parametrize("part", ["socket", "fork", "program", "write", "delete", "many_files"])
def test_a_task_has_no_network_no_process_and_no_file_to_write(sandbox, part):
    assert play(sandbox, part).result == {"refused": True}


@LINUX
def test_the_processor_limit_is_set_in_the_child(sandbox):
    assert play(sandbox, "limits").result == {"cpu": 30, "memory": 1 << 30, "written": 0}


def test_the_server_knows_nothing_of_frames_and_studies(sandbox):
    assert play(sandbox, "modules").result == {"foreign": []}


def test_a_server_that_was_killed_is_started_again(sandbox):
    first = sandbox.server_pid
    os.kill(first, signal.SIGKILL)
    assert play(sandbox, "echo").failure is None
    assert sandbox.server_pid != first


@LINUX
def test_a_server_ends_with_its_owner_even_amid_a_task():
    owner = (
        "from ikz_eval.delivery.reading import Sandbox\n"
        "box = Sandbox(wall_seconds=600)\n"
        "print(box.server_pid, flush=True)\n"
        f"box.call({PLAY!r}, b'', {{'part': 'sleep'}})\n"
    )
    with subprocess.Popen([sys.executable, "-c", owner], stdout=subprocess.PIPE, text=True) as process:
        server = int(process.stdout.readline())
        time.sleep(1)
        process.kill()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and _is_running(server):
        time.sleep(0.05)
    assert not _is_running(server)


def _is_running(group: int) -> bool:
    """Whether a process of a group is alive; one that waits to be buried is not."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):  # ended meanwhile
            continue
        if int(state[2]) == group and state[0] != "Z":
            return True
    return False


def test_threads_may_share_a_sandbox(sandbox):
    outcomes = []
    threads = [threading.Thread(target=lambda: outcomes.append(play(sandbox, "echo").result)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [{"part": "echo"}] * 8


def test_only_tasks_of_this_stage_run(sandbox):
    for task in ("os:system", "ikz_eval.delivery.judge", "ikz_eval.panel:build_panel"):
        with pytest.raises(DeliveryError, match="cannot run in the sandbox"):
            sandbox.call(task, b"", {})


def test_without_fork_the_same_file_reads_the_same(portable, sandbox):
    read, forked = read_file(GOOD, NAME, portable), read_file(GOOD, NAME, sandbox)
    assert isinstance(read, Contents) and isinstance(forked, Contents)
    assert read.sheets == forked.sheets
    assert "time" in read.guards


@LINUX
@pytest.mark.parametrize(("part", "failure"), [("sleep", "time"), ("memory", "memory"), ("abort", "crash")])
def test_without_fork_failures_are_told_as_well(part, failure):
    with Sandbox(use_fork=False, wall_seconds=2.5) as box:
        assert play(box, part).failure == failure


def test_a_file_that_takes_its_reader_down_is_refused(sandbox):
    case = next(case for case in CASES if case.name == "an .xls with values in opposite corners")
    refused = read_file(case.build(), case.file_name, sandbox)
    assert isinstance(refused, Refusal)
    assert (refused.rule, refused.case) == ("K01", "ended_crash")


def test_contents_come_back_as_they_were_sent():
    values = ("ä\n", 12, 1.5, True, dt.datetime(2024, 1, 2, 3), dt.date(2024, 1, 2), dt.time(3), dt.timedelta(days=1.5))
    cells = {(1, at): RawCell(value, f"format {at}", at % 2 == 0) for at, value in enumerate(values, 1)}
    sheet = Sheet(
        "Fälle",
        {**cells, (2, 1): RawCell(None, is_formula=True)},
        ((1, 1, 2, 3),),
        frozenset({2}),
        frozenset({4}),
        True,
    )
    read = Contents("xlsx", (sheet,), oddities=(Oddity("cut_off", "Fälle"),))
    assert contents_from_json(contents_as_json(read)) == read
    assert contents_from_json(contents_as_json(Refusal("K01", "broken"))) == Refusal("K01", "broken")
    with pytest.raises(ValueError, match="unknown kind"):
        contents_from_json({"kind": "exe"})
