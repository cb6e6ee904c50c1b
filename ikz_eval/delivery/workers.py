"""Judging and answering many files: in this process, or in several when that is worth it.

The result does not depend on the number of processes. What is judged how stands in judge.py, what an answer says in
answer.py; no frames here, so that a process starts in half a second.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self, TypeVar

from ikz_eval.delivery.answer import AnswerJob, write_answer
from ikz_eval.delivery.expectation import Expected
from ikz_eval.delivery.judge import Judgement, judge

WORTH_PROCESSES = 30
"""Files from which starting further processes pays."""
MOST_PROCESSES = 8
_PART = 6
Task = TypeVar("Task")
Result = TypeVar("Result")


class Workers:
    """Who judges and answers the files of one ingestion.

    Parameters
    ----------
    expected : Expected
        What the study expects.
    files : int
        How many files there will be: decides whether processes are started.
    """

    def __init__(self, expected: Expected, files: int) -> None:
        self._expected = expected
        processes = min(os.cpu_count() or 1, MOST_PROCESSES)
        is_worth = processes > 1 and files >= WORTH_PROCESSES
        # Started afresh: threads of the caller do not survive a fork.
        self._pool = (
            ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=end_with_parent)
            if is_worth
            else None
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def judge(self, files: Sequence[tuple[bytes, str]]) -> Iterator[Judgement]:
        """Start judging files given as (bytes, name), and return the judgements in their order."""
        return self._started(partial(_judge_some, expected=self._expected), files)

    def answer(self, jobs: Sequence[AnswerJob]) -> Iterator[tuple[Path, ...]]:
        """Start writing answers, and return the paths of each in the order of the jobs."""
        return self._started(_answer_some, jobs)

    def _started(self, work: Callable[[Sequence[Task]], list[Result]], tasks: Sequence[Task]) -> Iterator[Result]:
        """Hand tasks to the processes at once, so that they work while the caller does something else."""
        parts = [tasks[start : start + _PART] for start in range(0, len(tasks), _PART)]
        under_way: Iterator[list[Result]] = iter(())
        if self._pool is not None:
            with suppress(BrokenProcessPool):
                under_way = self._pool.map(work, parts)
        return self._done(work, tasks, under_way)

    def _done(
        self, work: Callable[[Sequence[Task]], list[Result]], tasks: Sequence[Task], under_way: Iterator[list[Result]]
    ) -> Iterator[Result]:
        done = 0
        try:
            for part in under_way:
                done += len(part)
                yield from part
        except BrokenProcessPool:  # a process was ended from outside, e.g. for lack of memory: go on in this one
            self._pool = None
        for task in tasks[done:]:
            yield from work([task])


def end_with_parent() -> None:
    """Let this process end when the one that started it is killed; it would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _judge_some(files: Sequence[tuple[bytes, str]], expected: Expected) -> list[Judgement]:
    return [judge(data, name, expected) for data, name in files]


def _answer_some(jobs: Sequence[AnswerJob]) -> list[tuple[Path, ...]]:
    return [write_answer(job) for job in jobs]
