"""Time and memory of one piece of work, the same for us and for the peers. Standard library only: both environments use it."""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS")
"""Variables that set the number of threads of numpy, numba and Rust alike."""
_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def measured(work: Callable[[], Any], repeats: int) -> tuple[dict[str, float], Any]:
    """Return median seconds, spread and peak memory [MB] beyond what was held before, and the last result."""
    seconds, result = [], None
    before = _memory("VmRSS:")
    _RESET.write_text("5")  # the peak counts from here
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    peak = max(_memory("VmHWM:") - before, 0.0)
    return {
        "seconds": statistics.median(seconds),
        "least": min(seconds),
        "most": max(seconds),
        "megabytes": peak,
    }, result


def _memory(name: str) -> float:
    """Return a line of the process's own status [MB]."""
    line = next(each for each in _STATUS.read_text().splitlines() if each.startswith(name))
    return int(line.split()[1]) / 1000


def threads() -> int:
    """Return the number of threads this process may use."""
    return int(os.environ.get(THREADS[0], "0"))


def told(found: dict[str, Any]) -> None:
    """Hand a finding to the process that asked, as the last line of the output."""
    sys.stdout.flush()
    print(json.dumps(found), flush=True)
