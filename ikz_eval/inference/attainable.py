"""The smallest p values a design can give at all, whatever the outcomes say.

Holds counting only; no outcome enters. The tests themselves (wild bootstrap, randomisation) are their own modules.
"""

import math
from collections import Counter
from collections.abc import Hashable, Sequence

from ikz_eval.errors import EstimationError

DRAWS = 9_999
"""Random draws where a full list would be longer."""
ENUMERATION_LIMIT = 10_000
"""Distinct assignments up to this number are enumerated (domain, section 6)."""


def smallest_wild_p(n_clusters: int, *, draws: int = DRAWS) -> float:
    """Return the smallest p of the restricted wild cluster bootstrap (WCR-11) with Rademacher signs.

    All 2^G sign vectors are enumerated when they are at most ``draws``. All signs plus is the observed one, all signs
    minus gives the same |t|, so at least 2 of 2^G count. With random draws the share can be zero, so 1/(draws+1),
    the observed counted, is reported.

    Raises
    ------
    EstimationError
        If there is no cluster.
    """
    if n_clusters < 1:
        raise EstimationError("without clusters there is no wild cluster bootstrap; at least 1 is needed")
    return 2.0 / 2**n_clusters if 2**n_clusters <= draws else 1.0 / (draws + 1)


def count_assignments(paths: Sequence[Hashable]) -> int:
    """Return the number of distinct ways to deal the start paths to the units (a multinomial coefficient).

    Parameters
    ----------
    paths : sequence
        The start path of each unit: its first treated quarter, or a value that stands for "never".

    Raises
    ------
    EstimationError
        If a path is nan, which equals nothing, itself included: each would count as a path of its own.
    """
    if any(path != path for path in paths):
        raise EstimationError("a start path is nan; allowed for a unit never treated is a value such as 'never' or 0")
    count = math.factorial(len(paths))
    for times in Counter(paths).values():
        count //= math.factorial(times)
    return count


def smallest_randomisation_p(paths: Sequence[Hashable]) -> float:
    """Return the smallest p of randomisation over units with |t|, ties counted.

    One in the number of assignments (at most ``ENUMERATION_LIMIT`` of them, beyond that 9,999 draws and the observed).
    Where exactly two paths are held by equally many units, exchanging them turns the sign of the estimate and leaves
    |t| as it was, so two assignments always count.

    Raises
    ------
    EstimationError
        If there is no unit.
    """
    if not paths:
        raise EstimationError("without units there is nothing to randomise over; at least 1 is needed")
    times = list(Counter(paths).values())
    ties = 2 if len(times) == 2 and times[0] == times[1] else 1
    return ties / min(count_assignments(paths), ENUMERATION_LIMIT)
