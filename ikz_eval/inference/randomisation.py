"""Randomisation over blocks: start paths are dealt anew to the blocks, and the estimate is made again.

Holds the assignments and the counting. The refit under an assignment is the caller's (ikz_eval/estimate). Docs:
docs/methods/randomisation.md.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ikz_eval.errors import EstimationError
from ikz_eval.inference.attainable import DRAWS, ENUMERATION_LIMIT, count_assignments
from ikz_eval.inference.estimator import Floats, Ints
from ikz_eval.inference.stepdown import at_least

Path = Hashable
Statistic = Callable[[tuple[Path, ...]], tuple[ArrayLike, ArrayLike]]
"""From the path of each block to coefficient and t, each a number or an array with one value a field."""
AtOnce = Callable[[Sequence[tuple[Path, ...]]], tuple[Floats, Floats]]
"""From many assignments to the coefficient and t of one field under each, shape (B,)."""


@dataclass(frozen=True, slots=True)
class RandomisationResult:
    """What randomisation says of one estimate.

    Attributes
    ----------
    p_t, p_coefficient : float
        Share of assignments whose |t|, or |coefficient|, is at least the observed, ties counted.
    assignments : int
        Assignments looked at, the observed one among them.
    is_exact : bool
        Whether these are all distinct ones.
    is_approximate : bool
        Whether blocks differ in size, so that their labels are not strictly exchangeable.
    not_estimable : int
        Assignments without an estimate; they count as at least as large.
    """

    p_t: float
    p_coefficient: float
    assignments: int
    is_exact: bool
    is_approximate: bool
    not_estimable: int = 0


@dataclass(frozen=True, slots=True)
class RandomisationDraws:
    """Coefficient and t of each field under each assignment, shape (B, f); the first row is the observed one.

    Where an assignment allows no estimate both are infinite.
    """

    coefficient: Floats
    t: Floats
    is_exact: bool
    is_approximate: bool

    def results(self) -> list[RandomisationResult]:
        """Return the result of each field, unadjusted."""
        p_t, p_coefficient = (at_least(np.abs(x), np.abs(x[0])).mean(axis=0) for x in (self.t, self.coefficient))
        missing = np.isinf(self.coefficient).sum(axis=0)
        return [
            RandomisationResult(float(a), float(b), len(self.t), self.is_exact, self.is_approximate, int(c))
            for a, b, c in zip(p_t, p_coefficient, missing, strict=True)
        ]


def randomise(
    statistic: Statistic,
    paths: Sequence[Path],
    *,
    sizes: Sequence[int] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> RandomisationResult:
    """Test an estimate against no effect by randomisation over blocks.

    Parameters
    ----------
    statistic : callable
        Refit: takes the start path of each block in the order of ``paths``, returns coefficient and t (CR2 denominator).
    paths : sequence
        Observed start path of each block, whole: its first treated period, or a value that stands for "never"; with
        several starts in a block, or several fields, a tuple of them.
    sizes : sequence of int, optional
        Number of units (or rows) of each block; where they differ the test is approximate.
    draws, seed : int
        Random permutations, and their seed, where there are more than 10,000 distinct assignments.

    Raises
    ------
    EstimationError
        If there are fewer than two different paths, or the observed assignment has no estimate.

    References
    ----------
    .. [1] Fisher, R. A. (1935). *The Design of Experiments*. Oliver and Boyd.
    .. [2] MacKinnon, J. G., Webb, M. D. (2020). Randomization inference for difference-in-differences with few treated
       clusters. *Journal of Econometrics* 218(2).
    """
    return randomisation_draws(statistic, paths, sizes=sizes, draws=draws, seed=seed).results()[0]


def randomisation_draws(
    statistic: Statistic,
    paths: Sequence[Path],
    *,
    sizes: Sequence[int] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    at_once: AtOnce | None = None,
) -> RandomisationDraws:
    """Return coefficient and t under every assignment; one permutation of labels serves all fields.

    Parameters are those of :func:`randomise`; ``t`` of the result goes into :func:`ikz_eval.inference.step_down`.
    ``at_once``, for a single field, returns coefficient and t of many assignments; where it returns nan, ``statistic`` is
    called for the assignment, and so it is for the observed one.
    """
    if sizes is not None and len(sizes) != len(paths):
        raise EstimationError(f"{len(sizes)} sizes for {len(paths)} blocks")
    dealt, is_exact = assignments(paths, draws=draws, seed=seed)
    first = _statistics(statistic, dealt[0])
    if not np.isfinite(first[0]).all() or np.isnan(first[1]).any():
        raise EstimationError("randomisation: the observed assignment has no estimate")
    known = [np.full((len(dealt) - 1, first[0].size), np.nan)] * 2 if at_once is None else _known(at_once, dealt[1:])
    rest = [
        (b, t) if np.isfinite(b).all() else _refit(statistic, assignment, first[0].size)
        for assignment, b, t in zip(dealt[1:], *known, strict=True)
    ]
    coefficient, t = (np.array([first[i], *(each[i] for each in rest)]) for i in range(2))
    return RandomisationDraws(coefficient, t, is_exact, sizes is not None and len(set(sizes)) > 1)


def _known(at_once: AtOnce, dealt: Sequence[tuple[Path, ...]]) -> list[Floats]:
    coefficient, t = at_once(dealt)
    return [coefficient[:, None], t[:, None]]


def assignments(paths: Sequence[Path], *, draws: int = DRAWS, seed: int = 0) -> tuple[list[tuple[Path, ...]], bool]:
    """Return the assignments to look at, the observed one first, and whether these are all distinct ones.

    Up to 10,000 distinct assignments are enumerated; otherwise ``draws`` random permutations and the observed one.
    """
    distinct = list(dict.fromkeys(paths))
    observed = np.array([distinct.index(path) for path in paths], dtype=np.intp)
    codes, is_exact = deal(observed, draws=draws, seed=seed)
    return [tuple(distinct[code] for code in row) for row in codes.tolist()], is_exact


def deal(observed: Ints, *, draws: int = DRAWS, seed: int = 0) -> tuple[NDArray[np.unsignedinteger], bool]:
    """Return the same assignments as codes of paths, shape (B, G), and whether these are all distinct ones.

    Codes are bytes where they can be: an eighth of the room, which many blocks would feel.

    Parameters
    ----------
    observed : ndarray of int
        Code of the path of each block, shape (G,).
    draws, seed : int
        As for :func:`randomise`.
    """
    number = count_assignments(observed.tolist())
    observed = observed.astype(np.min_scalar_type(int(observed.max())))
    if number < 2:
        raise EstimationError("randomisation needs blocks with at least two different start paths")
    if draws < 1:
        raise EstimationError(f"draws is {draws}; allowed are whole numbers from 1")
    if number <= ENUMERATION_LIMIT:
        others = np.array([codes for codes in _distinct(np.sort(observed)) if not np.array_equal(codes, observed)])
    else:
        others = np.random.default_rng(seed).permuted(np.tile(observed, (draws, 1)), axis=1)
    return np.concatenate([observed[None, :], others]), number <= ENUMERATION_LIMIT


def _distinct(codes: Ints) -> Iterator[Ints]:
    """Yield every distinct arrangement of sorted codes, in lexicographic order."""
    current = codes.copy()
    yield current.copy()
    while True:
        rising = np.flatnonzero(current[:-1] < current[1:])
        if rising.size == 0:
            return
        pivot = int(rising[-1])
        partner = int(np.flatnonzero(current > current[pivot])[-1])
        current[[pivot, partner]] = current[[partner, pivot]]
        current[pivot + 1 :] = current[pivot + 1 :][::-1].copy()
        yield current.copy()


def _statistics(statistic: Statistic, assignment: tuple[Path, ...]) -> tuple[Floats, Floats]:
    coefficient, t = statistic(assignment)
    return np.atleast_1d(np.asarray(coefficient, dtype=np.float64)), np.atleast_1d(np.asarray(t, dtype=np.float64))


def _refit(statistic: Statistic, assignment: tuple[Path, ...], fields: int) -> tuple[Floats, Floats]:
    try:
        coefficient, t = _statistics(statistic, assignment)
    except EstimationError:
        return np.full(fields, np.inf), np.full(fields, np.inf)
    missing: NDArray[np.bool_] = ~np.isfinite(coefficient) | np.isnan(t)
    return np.where(missing, np.inf, coefficient), np.where(missing, np.inf, t)
