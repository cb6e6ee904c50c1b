"""The sandbox: a function of ours applied to bytes of others, in a child process with limits.

``Sandbox.call`` sends bytes to a small server process (server.py) that forks one child per call; what comes back is
JSON and bytes over a pipe, never pickled objects. Where there is no fork, a fresh interpreter runs each call. Which
limits hold is limits.py; docs/decisions/0011 says why it is built so.
"""

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self

from ikz_eval.delivery.reading.pipes import Pipes
from ikz_eval.errors import DeliveryError

WALL_SECONDS = 30.0
"""Longest a call may take; the server ends the child then, and the parent ends the server a little later."""
_GRACE_SECONDS = 3.0
TASK_PREFIX = "ikz_eval.delivery."
"""Only functions of this stage run in the sandbox."""
_BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from ikz_eval.delivery.reading.server import main; main(json.loads(sys.argv[2]))"
)

Failure = Literal["time", "memory", "crash"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call.

    Attributes
    ----------
    result : dict or None
        What the function returned as JSON; None when it did not come to an end.
    data : bytes
        The bytes it returned beside.
    failure : str or None
        ``time``, ``memory`` or ``crash``; None when there is a result.
    guards : tuple of str
        Which limits held: ``memory``, ``cpu``, ``network``, ``time``.
    """

    result: dict[str, Any] | None
    data: bytes = b""
    failure: Failure | None = None
    guards: tuple[str, ...] = ("time",)


class Sandbox:
    """A place to run functions on bytes of others; one per process, safe between threads.

    Parameters
    ----------
    use_fork : bool, optional
        Whether a server forks the children; by default where the system can.
    wall_seconds : float
        Longest a call may take.
    """

    def __init__(self, *, use_fork: bool | None = None, wall_seconds: float = WALL_SECONDS) -> None:
        self._use_fork = hasattr(os, "fork") if use_fork is None else use_fork
        self._wall_seconds = wall_seconds
        self._lock = threading.Lock()
        self._server: subprocess.Popen[bytes] | None = None
        self._owner = os.getpid()
        if self._use_fork:  # gets ready while the caller goes on
            self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def server_pid(self) -> int | None:
        """Process id of the server; None when there is none now."""
        return None if self._server is None else self._server.pid

    def call(self, task: str, payload: bytes, argument: dict[str, Any]) -> Outcome:
        """Run a function in a child.

        Parameters
        ----------
        task : str
            ``module:function`` of the stage delivery; takes (bytes, dict) and returns (dict, bytes).
        payload : bytes
            What the function is applied to.
        argument : dict
            What else it needs, as JSON.

        Raises
        ------
        DeliveryError
            If the task is no function of this stage: a fault in our code, not in the file.
        """
        if not task.startswith(TASK_PREFIX) or task.count(":") != 1:
            raise DeliveryError(f"task '{task}' cannot run in the sandbox; allowed: '{TASK_PREFIX}module:function'")
        header = {"task": task, "argument": argument, "size": len(payload), "wall_seconds": self._wall_seconds}
        request = json.dumps(header).encode() + b"\n" + payload
        with self._lock:
            return self._call_server(request) if self._use_fork else self._call_once(request)

    def close(self) -> None:
        """End the server; a later call starts another."""
        server, self._server = self._server, None
        if server is None:
            return
        if self._owner != os.getpid():  # inherited over a fork: the server belongs to the other process
            server.returncode = 0
            return
        _end(server)

    def _start(self) -> subprocess.Popen[bytes]:
        self._owner = os.getpid()
        self._server = subprocess.Popen(
            _command("serve"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
        return self._server

    def _call_server(self, request: bytes) -> Outcome:
        """Ask the server; one that is gone is started again, once."""
        for _ in range(2):
            server = self._server
            if server is None or self._owner != os.getpid() or server.poll() is not None:
                self.close()
                server = self._start()
            assert server.stdin is not None and server.stdout is not None
            pipes = Pipes(server.stdin.fileno(), server.stdout.fileno(), self._wall_seconds + _GRACE_SECONDS)
            try:
                pipes.send(request)
                header, body = pipes.receive()
                return _outcome(header, body)
            except TimeoutError:
                self.close()
                return Outcome(None, failure="time")
            except (OSError, EOFError, ValueError, KeyError, TypeError):
                self.close()
        return Outcome(None, failure="crash")

    def _call_once(self, request: bytes) -> Outcome:
        """Run a fresh interpreter for this call alone; it has a time limit, and the look at the container before."""
        try:
            done = subprocess.run(
                _command("once"),
                input=request,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=self._wall_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Outcome(None, failure="time")
        head, _, body = done.stdout.partition(b"\n")
        try:
            return _outcome(json.loads(head), body)
        except (ValueError, KeyError, TypeError):
            return Outcome(None, failure="crash")


_default: Sandbox | None = None
_default_lock = threading.Lock()


def default_sandbox() -> Sandbox:
    """Return this process's own sandbox, started at the first call and ended with the process."""
    global _default
    with _default_lock:
        if _default is None:
            _default = Sandbox()
            atexit.register(_default.close)
        return _default


def _command(mode: str) -> list[str]:
    return [sys.executable, "-E", "-s", "-c", _BOOT, json.dumps([path for path in sys.path if path]), json.dumps(mode)]


def _end(server: subprocess.Popen[bytes]) -> None:
    """End a server and the child it may have: they are one process group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, signal.SIGKILL)
    for pipe in (server.stdin, server.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    server.wait()


def _outcome(header: dict[str, Any], body: bytes) -> Outcome:
    """Return the outcome of an answer; a child that wrote nonsense crashed."""
    guards = tuple(str(guard) for guard in header["guards"])
    failure = header["failure"]
    if failure is not None:
        return Outcome(None, failure=failure if failure in ("time", "memory") else "crash", guards=guards)
    size = header["json_size"]
    try:
        result = json.loads(body[:size])
    except (ValueError, RecursionError):
        result = None
    if not isinstance(result, dict):
        return Outcome(None, failure="crash", guards=guards)
    return Outcome(result, body[size:], None, guards)
