"""Synthetic control with outcomes only: weights, gaps and ranks for many treated paths and donor pools at once.

Arrays in, arrays out. Who is treated, who gives, and what is said about it is ikz_eval/estimate/synthetic. Docs:
docs/methods/synthetic_control.md.
"""

from dataclasses import dataclass

import numpy as np

from ikz_eval.errors import EstimationError
from ikz_eval.inference.estimator import Floats
from ikz_eval.inference.frank_wolfe import Flags, SimplexProblems, two_rounds
from ikz_eval.inference.simplex import simplex_least_squares

RIDGE = 1e-6
"""Root of the penalty in units of the noise level, as in the reference program."""
LEAST_DECREASE = 1e-5
"""A step has to lower the root of the objective by more than this, in units of the noise level."""
TIES = 1e-9
"""Ratios this close, relatively, are equal: ties count as at least as large."""


def noise_level(before: Floats) -> float:
    """Return the standard deviation of all changes from period to period of the donors.

    Parameters
    ----------
    before : ndarray
        Outcomes of the donors before the start, shape (j, periods).

    Raises
    ------
    EstimationError
        With fewer than three changes, or when no donor ever changes differently.
    """
    changes = np.diff(before, axis=1)
    level = float(changes.std(ddof=1)) if changes.size > 2 else 0.0
    if not level > 1e-12 * max(float(np.abs(before).max(initial=0.0)), 1e-300):
        raise EstimationError(
            f"the donors' changes before the start do not vary ({changes.size} changes); weights cannot be found: allowed "
            "are at least two donors and periods whose outcomes move differently"
        )
    return level


@dataclass(frozen=True, slots=True)
class DonorPool:
    """Outcomes of the donors and how many periods come before the start.

    Attributes
    ----------
    outcome : ndarray
        Shape (j, periods).
    before : int
        Number of periods before the start.
    """

    outcome: Floats
    before: int

    @property
    def noise(self) -> float:
        """Standard deviation of the donors' changes before the start."""
        return noise_level(self.outcome[:, : self.before])

    def weights(self, paths: Floats, allowed: Flags, start: Floats | None = None) -> Floats:
        """Return the donor weights of each path, shape (b, j).

        Parameters
        ----------
        paths : ndarray
            Outcomes of what is treated, or taken as if it were, shape (b, periods).
        allowed : ndarray of bool
            Which donors each may use, shape (b, j).
        start : ndarray, optional
            Weights the search begins with, shape (b, j); equal ones when left out.
        """
        problems = self.problems(paths, allowed)
        begin = problems.normalised(problems.equal() if start is None else start)
        return two_rounds(problems, begin, LEAST_DECREASE * self.noise)

    def problems(self, paths: Floats, allowed: Flags) -> SimplexProblems:
        """Return what is minimised for each path: the mean squared gap before the start, with next to no penalty."""
        own = self.outcome[:, : self.before]
        centre, count = own.mean(axis=0), np.ones(len(paths))
        donors, ridge = own - centre, (RIDGE * self.noise) ** 2
        linear = (paths[:, : self.before] - centre) @ donors.T
        return SimplexProblems(donors @ donors.T, linear, allowed, ridge * count, self.before * count)

    def best_weights(self, path: Floats) -> Floats:
        """Return the weights of the exact optimum, closest to equal ones where several fit best, shape (j,)."""
        return simplex_least_squares(self.outcome[:, : self.before].T, path[: self.before])

    def best_of_each(self, paths: Floats, allowed: Flags) -> Floats:
        """Return the weights of the exact optimum of each path with the donors it may use, shape (b, j)."""
        found = np.zeros(allowed.shape)
        solved: dict[bytes, Floats] = {}
        for i, (path, donors) in enumerate(zip(paths, allowed, strict=True)):
            key = path.tobytes() + donors.tobytes()
            if key not in solved:
                own = self.outcome[donors][:, : self.before].T
                solved[key] = simplex_least_squares(own, path[: self.before])
            found[i, donors] = solved[key]
        return found

    def gaps(self, paths: Floats, weights: Floats) -> Floats:
        """Return outcome less synthetic outcome, shape (b, periods)."""
        gaps: Floats = paths - weights @ self.outcome
        return gaps


def root_mean_square(values: Floats) -> Floats:
    """Return the root of the mean square of each row, shape (b,)."""
    roots: Floats = np.sqrt((values**2).mean(axis=-1))
    return roots


def fit_ratios(gaps: Floats, before: int, noise: float) -> Floats:
    """Return root mean squared gap after the start in units of that before, shape (b,).

    A fit before the start without any gap (below 1e-6 of the noise level) makes the ratio infinite; without one afterwards
    either nothing has changed, and it is one.
    """
    first, then = root_mean_square(gaps[:, :before]), root_mean_square(gaps[:, before:])
    without = np.where(then > 1e-6 * noise, np.inf, 1.0)
    ratios: Floats = np.divide(then, first, out=without, where=first > 1e-6 * noise)
    return ratios


def rank_of(own: float, others: Floats) -> int:
    """Return the place of a statistic among all when the largest comes first; ties count against it."""
    return 1 + int((others >= own * (1 - TIES)).sum())
