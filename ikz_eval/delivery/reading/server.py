"""The sandbox's other side: a small process that forks one limited child per request, and lives on whatever happens.

It imports the reading libraries once, without pandas, numpy or any study, so that a fork is cheap. A request is one line
of JSON and the payload; the answer one line of JSON, the result as JSON, and bytes. Called by sandbox.py only.
"""

import gc
import importlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from ikz_eval.delivery.reading.limits import end_with_server, leave_network, limit_resources, refuse_calls
from ikz_eval.delivery.reading.pipes import MAX_ANSWER_BYTES

_FOREIGN = ("numpy", "pandas", "PIL")
"""Libraries that the reading ones import when they find them, and that nothing here needs."""
_READER = "ikz_eval.delivery.reading.open"
"""Imported before any request; a module named so late that the foreign libraries are shut out by then."""
_OUT_OF_MEMORY = 77
_GUARDS = ("memory", "cpu", "network", "time")
Task = Callable[[bytes, dict[str, Any]], tuple[dict[str, Any], bytes]]


def main(mode: str) -> None:
    """Serve requests until the other side is gone (``serve``), or answer a single one in this process (``once``)."""
    for name in _FOREIGN:
        sys.modules[name] = None  # type: ignore[assignment]
    os.environ["OPENPYXL_LXML"] = "False"  # openpyxl keeps to defusedxml
    sys.stdout = sys.stderr  # nothing that is printed may get into an answer
    if mode == "once":
        _answer_once()
        return
    importlib.import_module(_READER).warm_up()
    network = ["network"] if leave_network() else []
    gc.collect()
    gc.disable()
    while (request := _read_request()) is not None:
        _serve(*request, network)


def _read_request() -> tuple[dict[str, Any], bytes] | None:
    """Return the next request; None when there will be none."""
    received = bytearray()
    while (end := received.find(b"\n")) < 0:
        chunk = os.read(0, 1 << 16)
        if not chunk:
            return None
        received += chunk
    header = json.loads(received[:end])
    while len(received) - end - 1 < header["size"]:
        chunk = os.read(0, 1 << 20)
        if not chunk:
            return None
        received += chunk
    return header, bytes(received[end + 1 :])


def _serve(header: dict[str, Any], payload: bytes, network: list[str]) -> None:
    task = _task(header["task"])  # imported here, not in the child: the next child has it then
    gc.freeze()  # a child that collects would copy every page
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        _be_child(task, payload, header["argument"], network, write_end)
    os.close(write_end)
    received, in_time = _collect(read_end, header["wall_seconds"])
    os.close(read_end)
    if not in_time or len(received) > MAX_ANSWER_BYTES:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    guards, _, body = bytes(received).partition(b"\n")
    _send_answer(_stated(guards), _failure(status, in_time), body)


def _task(name: str) -> Task:
    module, _, function = name.partition(":")
    task: Task = getattr(importlib.import_module(module), function)
    return task


def _be_child(task: Task, payload: bytes, argument: dict[str, Any], network: list[str], out: int) -> None:
    """Limit this process, run the task, write what it returns, end; nothing of it reaches the server's own pipes."""
    code = 1
    try:
        end_with_server()
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        os.close(nothing)
        held = limit_resources()
        if refuse_calls():
            network = ["network"]
        _write(out, json.dumps([*held, *network, "time"]).encode() + b"\n")
        _write(out, _done(task, payload, argument))
        code = 0
    except MemoryError:
        code = _OUT_OF_MEMORY
    finally:
        os._exit(code)


def _done(task: Task, payload: bytes, argument: dict[str, Any]) -> bytes:
    """Return what a task returns: the length of its JSON on a line, the JSON, its bytes."""
    result, data = task(payload, argument)
    written = json.dumps(result, separators=(",", ":")).encode()
    return b"%d\n" % len(written) + written + data


def _collect(descriptor: int, wall_seconds: float) -> tuple[bytearray, bool]:
    """Return what a child writes until it ends, and whether it ended in time; ends itself when the caller is gone."""
    deadline = time.monotonic() + wall_seconds
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    poll.register(0, 0)  # reports only that the other side hung up
    received = bytearray()
    while len(received) <= MAX_ANSWER_BYTES:
        left = deadline - time.monotonic()
        events = dict(poll.poll(left * 1000)) if left > 0 else {}
        if not events:
            return received, False
        if 0 in events:
            os.killpg(0, signal.SIGKILL)
        chunk = os.read(descriptor, 1 << 20)
        if not chunk:
            return received, True
        received += chunk
    return received, True


def _stated(line: bytes) -> list[str]:
    """Return the guards a child stated before it opened the file; only ours, whatever stands there."""
    try:
        stated = json.loads(line)
    except ValueError:
        return ["time"]
    return [guard for guard in _GUARDS if isinstance(stated, list) and guard in stated]


def _failure(status: int, in_time: bool) -> str | None:
    """Return why a child gave no result: a time limit, the memory limit, or anything else; None when it did."""
    if not in_time or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU):
        return "time"
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
        return None
    return "memory" if os.WIFEXITED(status) and os.WEXITSTATUS(status) == _OUT_OF_MEMORY else "crash"


def _send_answer(guards: list[str], failure: str | None, body: bytes) -> None:
    size, newline, rest = body.partition(b"\n")
    if failure is None and (not newline or not size.isdigit() or int(size) > len(rest)):
        failure = "crash"
    if failure is not None:
        size, rest = b"0", b""
    header = {"failure": failure, "guards": guards, "json_size": int(size), "data_size": len(rest) - int(size)}
    _write(1, json.dumps(header).encode() + b"\n" + rest)


def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _answer_once() -> None:
    """Answer one request in this process, under the limits that can be set here."""
    request = _read_request()
    if request is None:
        return
    header, payload = request
    task = _task(header["task"])
    guards = [*limit_resources(), *(["network"] if refuse_calls() else []), "time"]
    failure: str | None = "crash"
    body = b""
    try:
        body = _done(task, payload, header["argument"])
        failure = None
    except MemoryError:
        failure = "memory"
    finally:
        _send_answer(guards, failure, body)
        os._exit(0)
