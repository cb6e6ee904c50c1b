"""Bootstrap weights of clusters: Rademacher, Webb, Mammen, drawn block by block.

Holds the distributions, the enumeration of all signs, and the stream of blocks, so that no table of clusters times draws
is ever held. What is made of the weights is wild_bootstrap.py and multiplier.py.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ikz_eval.errors import EstimationError
from ikz_eval.inference.attainable import DRAWS

Floats = NDArray[np.float64]

SIGNS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "rademacher": ((1.0, -1.0), (0.5, 0.5)),
    "webb": (tuple(s * np.sqrt(x) for s in (1, -1) for x in (1.5, 1.0, 0.5)), (1 / 6,) * 6),
    "mammen": (
        ((1 - np.sqrt(5)) / 2, (1 + np.sqrt(5)) / 2),
        ((np.sqrt(5) + 1) / (2 * np.sqrt(5)), (np.sqrt(5) - 1) / (2 * np.sqrt(5))),
    ),
}
"""Values of a cluster's weight and their probabilities, by name of the distribution."""
BLOCK_CELLS = 2**17
"""Weights held at once, unless clusters are more: few enough (1 MB) to be used while they are near the processor."""
_FEW_CLUSTERS, _FEW_CELLS = 128, 10_000
"""With at most this many clusters, so few weights at once (80 kB) that they and what is made of them stay in the cache."""
_SIGNS_OF_BYTE = 1.0 - 2.0 * np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.float64)
"""The eight signs that a byte stands for, shape (256, 8)."""
_WORD = 64
"""Signs in one random word; blocks of draws are whole words."""


def sign_draws(
    n_clusters: int, *, weights: str = "rademacher", draws: int = DRAWS, seed: int = 0
) -> tuple[Floats, bool]:
    """Return a weight for each draw and cluster, shape (B, G), and whether these are all there are.

    Rademacher signs are enumerated when 2^G is at most ``draws``; the first row is then all plus, the observed one.
    The whole table is held; :func:`sign_blocks` gives the same one in parts.
    """
    blocks = [block.T.copy() for block in sign_blocks(n_clusters, weights=weights, draws=draws, seed=seed)]
    return np.concatenate(blocks), is_enumerated(n_clusters, weights=weights, draws=draws)


def is_enumerated(n_clusters: int, *, weights: str, draws: int) -> bool:
    """Return whether all sign vectors are listed instead of drawn."""
    return weights == "rademacher" and n_clusters < 63 and 2**n_clusters <= draws


def sign_blocks(n_clusters: int, *, weights: str, draws: int, seed: int) -> Iterator[Floats]:
    """Yield the weights of some draws at a time, shape (G, draws of the block); together as :func:`sign_draws`.

    A block holds until the next one is taken, which is written into the same room: asking the system for new room each time
    would take longer than the arithmetic.

    Raises
    ------
    EstimationError
        If the distribution is unknown or there are no draws.
    """
    if weights not in SIGNS:
        raise EstimationError(f"bootstrap weights '{weights}' are unknown; allowed: {', '.join(SIGNS)}")
    if draws < 1:
        raise EstimationError(f"draws is {draws}; allowed are whole numbers from 1")
    if is_enumerated(n_clusters, weights=weights, draws=draws):
        bits = (np.arange(2**n_clusters) >> np.arange(n_clusters)[:, None]) & 1
        every: Floats = 1.0 - 2.0 * bits.astype(np.float64)
        return iter([every])
    return _drawn(n_clusters, weights, draws, np.random.default_rng(seed))


def _drawn(n_clusters: int, weights: str, draws: int, random: np.random.Generator) -> Iterator[Floats]:
    cells = min(BLOCK_CELLS, _FEW_CELLS) if n_clusters <= _FEW_CLUSTERS else BLOCK_CELLS
    size = max(cells // max(n_clusters, 1) // _WORD, 1) * _WORD
    room = np.empty(n_clusters * min(size, -(-draws // _WORD) * _WORD))
    for start in range(0, draws, size):
        count = min(size, draws - start)
        if weights == "rademacher":
            yield _signs(n_clusters, count, random, room)
        else:
            yield _block(n_clusters, count, weights, random)


def _signs(n_clusters: int, count: int, random: np.random.Generator, room: Floats) -> Floats:
    """Return signs of ``count`` draws, written into the room.

    A bit a sign, looked up by the byte: one random word makes 64 of them, in the same order on every machine. No byte is out of
    range; "clip" only spares NumPy a copy to undo an error.
    """
    words = -(-count // _WORD)
    raw = np.asarray(random.bit_generator.random_raw(n_clusters * words), dtype="<u8").view(np.uint8)
    used = room[: n_clusters * words * _WORD]
    np.take(_SIGNS_OF_BYTE, raw, axis=0, out=used.reshape(-1, _SIGNS_OF_BYTE.shape[1]), mode="clip")
    return used.reshape(n_clusters, words * _WORD)[:, :count]


def _block(n_clusters: int, count: int, weights: str, random: np.random.Generator) -> Floats:
    values, chances = (np.array(each, dtype=np.float64) for each in SIGNS[weights])
    if weights == "webb":
        picked: Floats = values[random.integers(0, values.size, size=(n_clusters, count), dtype=np.uint8)]
        return picked
    either: Floats = np.where(random.random((n_clusters, count)) < chances[0], values[0], values[1])
    return either
