"""Many files at once: the same judgement as judge.py, on all cores when that is worth it.

The result does not depend on the number of processes. What is judged how stands in judge.py.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from threading import Thread

from ikz_eval.delivery.judge import Judgement, judge
from ikz_eval.registry import Registry

WORTH_PROCESSES = 60
"""Files from which starting further processes (two seconds) pays."""
_CHUNK = 12


def judge_all(
    files: Sequence[tuple[bytes, str]], registry: Registry, progress: Callable[[int, int], None] | None = None
) -> list[Judgement]:
    """Judge files given as (bytes, name), in their order.

    Parameters
    ----------
    files : sequence of (bytes, str)
        Content and name of each file.
    registry : Registry
        The study.
    progress : callable, optional
        Called with the number of files judged and their total.
    """
    judged: list[Judgement] = []
    processes = min(os.cpu_count() or 1, 8)
    try:
        for one in _in_processes(files, registry, processes) if _is_worth(files, processes) else ():
            judged.append(one)
            _tell(progress, judged, files)
    except BrokenProcessPool:  # a process was ended from outside, e.g. for lack of memory: go on in this one
        pass
    for data, name in files[len(judged) :]:
        judged.append(judge(data, name, registry))
        _tell(progress, judged, files)
    return judged


def _is_worth(files: Sequence[tuple[bytes, str]], processes: int) -> bool:
    return processes > 1 and len(files) >= WORTH_PROCESSES


def _in_processes(files: Sequence[tuple[bytes, str]], registry: Registry, processes: int) -> Iterator[Judgement]:
    """Yield judgements in order; processes are started afresh, as threads of the caller do not survive a fork."""
    chunks = [files[start : start + _CHUNK] for start in range(0, len(files), _CHUNK)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=end_with_parent) as pool:
        for part in pool.map(partial(_judge_some, registry=registry), chunks):
            yield from part


def end_with_parent() -> None:
    """Let this process end when the one that started it is killed; it would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _judge_some(files: Sequence[tuple[bytes, str]], registry: Registry) -> list[Judgement]:
    return [judge(data, name, registry) for data, name in files]


def _tell(progress: Callable[[int, int], None] | None, judged: list[Judgement], files: Sequence[object]) -> None:
    if progress:
        progress(len(judged), len(files))
