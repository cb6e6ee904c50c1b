"""Time and memory of one piece of work, the same for us and for the peers. Standard library only: both environments use it."""

import gc
import json
import math
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS")
"""Variables that set the number of threads of numpy, numba and Rust alike."""
SHORTEST = 0.02
"""Seconds that one timing lasts at least, as in timeit: shorter work is repeated within it and the mean is taken."""
_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def measured(work: Callable[[], Any], repeats: int) -> tuple[dict[str, float], Any]:
    """Return median seconds and processor seconds, peak memory [MB] beyond what was held before, and the last result."""
    before = _memory("VmRSS:")
    _RESET.write_text("5")  # the peak counts from here
    result = None
    timings: list[tuple[float, float]] = []
    often = 1
    while len(timings) < repeats:
        result = None  # or its room would count beside that of the next
        gc.collect()
        start, used = time.perf_counter(), time.process_time()
        for _ in range(often):
            result = work()
        taken, busy = time.perf_counter() - start, time.process_time() - used
        timings.append((taken / often, busy / often))
        if often == 1 and taken < SHORTEST:
            often, timings = max(math.ceil(SHORTEST / taken), 2), []
    peak = max(_memory("VmHWM:") - before, 0.0)
    seconds, processor = (statistics.median(each) for each in zip(*timings, strict=True))
    return {"seconds": seconds, "cpu": processor, "megabytes": peak}, result


def _memory(name: str) -> float:
    """Return a line of the process's own status [MB]."""
    line = next(each for each in _STATUS.read_text().splitlines() if each.startswith(name))
    return int(line.split()[1]) / 1000


def told(found: dict[str, Any]) -> None:
    """Hand a finding to the process that asked, as the last line of the output."""
    sys.stdout.flush()
    print(json.dumps(found), flush=True)
