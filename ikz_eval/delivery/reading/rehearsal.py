"""A task that misbehaves on purpose, for the tests of the sandbox: it shows that limits hold where they are said to.

It stands here and not among the tests because only functions of this stage run in the sandbox. Nothing calls it.
"""

import ctypes
import errno
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from ikz_eval.errors import DeliveryError

_FOREIGN = ("pandas", "numpy", "dagster", "deltalake", "schemas", "ikz_eval.registry")


def play(data: bytes, argument: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Do what ``argument["part"]`` says; ``echo`` returns what was sent."""
    part = argument["part"]
    if part == "echo":
        return argument, data
    if part == "modules":
        return {"foreign": [name for name in _FOREIGN if sys.modules.get(name) is not None]}, b""
    if part == "limits":
        import resource

        kinds = {"cpu": resource.RLIMIT_CPU, "memory": resource.RLIMIT_AS, "written": resource.RLIMIT_FSIZE}
        return {name: resource.getrlimit(kind)[1] for name, kind in kinds.items()}, b""
    if part in _FATAL:
        return _FATAL[part](), b""
    try:
        _FORBIDDEN[part]()
    except OSError as error:
        return {"refused": error.errno in (errno.EPERM, errno.EMFILE)}, b""
    return {"refused": False}, b""


def _abort() -> dict[str, Any]:
    ctypes.string_at(0)  # an address that is not ours, as a fault in a parser would read it
    return {}


def _sleep() -> dict[str, Any]:
    time.sleep(3600)
    return {}


def _memory() -> dict[str, Any]:
    return {"size": len(bytearray(2 << 30))}


def _exit() -> dict[str, Any]:
    os._exit(0)


def _raise() -> dict[str, Any]:
    raise DeliveryError("a task that fails; its caller must live on")


def _flood() -> dict[str, Any]:
    return {"long": "x" * 80_000_000}


def _kill() -> dict[str, Any]:
    signal.raise_signal(signal.SIGKILL)
    return {}


def _no_json() -> dict[str, Any]:
    return {"set": {1, 2}}


def _write_file() -> None:
    with open("written-by-a-task", "wb", buffering=0) as file:  # noqa: PTH123 - the plainest way is the one to forbid
        file.write(b"x")


def _open_many() -> None:
    for _ in range(200):
        os.open(os.devnull, os.O_RDONLY)


_FATAL = {
    "abort": _abort,
    "sleep": _sleep,
    "memory": _memory,
    "exit": _exit,
    "raise": _raise,
    "flood": _flood,
    "kill": _kill,
    "no_json": _no_json,
}
_FORBIDDEN = {
    "socket": lambda: socket.socket(),
    "fork": lambda: os.fork(),
    "program": lambda: os.execv("/bin/true", ["true"]),
    "write": _write_file,
    "delete": lambda: Path("/nonexistent-file").unlink(),
    "many_files": _open_many,
}
