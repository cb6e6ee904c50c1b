"""Running a calibration: chunks of draws on a pool of local processes, or on a Dask cluster.

Holds the division of the work and its order. Every chunk has a seed of its own and the counts are added in the order of
the chunks, so the numbers do not depend on how many workers there are, or where they stand.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context

from threadpoolctl import threadpool_limits

from ikz_eval.calibration.dear import DRAWS as DEAR_DRAWS
from ikz_eval.calibration.prepared import PreparedStudy
from ikz_eval.calibration.tally import CHUNK, Chunk, Counts, combine, count_chunk
from ikz_eval.calibration.worlds import WORLDS
from ikz_eval.errors import UsageError

BLOCKS = ("main", "held_out")
"""Blocks of seeds: the second one was looked at by no one before the methods were fixed."""
DRAWS = 4_000
SEED = 20_261_127
"""Seed of calibrations."""

Progress = Callable[[int, int], None]
"""Told the chunks done and the chunks in all."""
_shared: dict[str, PreparedStudy] = {}
"""The design of the run, sent to each process once."""


def calibrate(
    study: PreparedStudy,
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    worlds: Sequence[str] = tuple(WORLDS),
    workers: int = 1,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> dict[tuple[str, str], Counts]:
    """Return the counts of each world and block of seeds.

    Parameters
    ----------
    study : PreparedStudy
        The design.
    draws, seed : int
        Programmes in each world and block, and the seed.
    worlds : sequence of str
        Of ``WORLDS``.
    workers : int
        Local processes.
    scheduler : str, optional
        Address of a Dask scheduler; its workers are used instead.
    progress : callable, optional
        Called after each chunk.

    Raises
    ------
    UsageError
        If a world is unknown, a number is below one, or Dask is asked for and not installed.
    """
    unknown = sorted(set(worlds) - set(WORLDS))
    if unknown or draws < 1 or workers < 1:
        raise UsageError(
            f"worlds {', '.join(unknown) or 'known'}, draws {draws}, workers {workers}; allowed are worlds of "
            f"{', '.join(WORLDS)}, and numbers from 1"
        )
    chunks = [chunk for pair in product(worlds, range(len(BLOCKS))) for chunk in _chunks(*pair, draws, seed)]
    parts: dict[tuple[str, str], list[Counts]] = {}
    results = _on_dask(study, chunks, scheduler) if scheduler else _on_processes(study, chunks, workers)
    for done, (chunk, counts) in enumerate(zip(chunks, results, strict=True), start=1):
        parts.setdefault((chunk.world, BLOCKS[chunk.block]), []).append(counts)
        if progress is not None:
            progress(done, len(chunks))
    return {key: combine(counts) for key, counts in parts.items()}


def _chunks(world: str, block: int, draws: int, seed: int) -> Iterator[Chunk]:
    for number, first in enumerate(range(0, draws, CHUNK)):
        yield Chunk(world, seed, block, number, min(CHUNK, draws - first), block == 0 and first < DEAR_DRAWS)


def _on_processes(study: PreparedStudy, chunks: Sequence[Chunk], workers: int) -> Iterator[Counts]:
    if workers == 1:
        yield from (count_alone(study, chunk) for chunk in chunks)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _receive, (study,)) as pool:
        yield from pool.map(_count_shared, chunks)


def _on_dask(study: PreparedStudy, chunks: Sequence[Chunk], scheduler: str) -> Iterator[Counts]:
    try:
        from distributed import Client
    except ImportError as missing:
        raise UsageError(
            "--scheduler needs Dask: install the extra, ikz-eval[cluster], here and on the workers"
        ) from missing
    with Client(scheduler) as client:
        design = client.scatter(study, broadcast=True)
        futures = [client.submit(count_alone, design, chunk, pure=False) for chunk in chunks]
        for future in futures:
            yield future.result()
            future.release()


def count_alone(study: PreparedStudy, chunk: Chunk) -> Counts:
    """Count one chunk with one thread: sums of matrix products then have one order."""
    with threadpool_limits(limits=1):
        return count_chunk(study, chunk)


def _receive(study: PreparedStudy) -> None:
    _shared["study"] = study


def _count_shared(chunk: Chunk) -> Counts:
    return count_alone(_shared["study"], chunk)
