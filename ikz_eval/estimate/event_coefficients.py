"""From a fit to the coefficients of its event study with their covariance, against one reference period.

Holds which terms belong to the study and how their covariance comes about: CR1 where the estimates are linear in the outcomes,
influence functions for group_time. What is concluded from them is honest_terms.py. Docs: docs/methods/honest.md.
"""

import re
from dataclasses import dataclass

import numpy as np

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.event_study import EventPathFit
from ikz_eval.estimate.group_time_effects import Aggregate, GroupTimeFit, Part
from ikz_eval.estimate.observations import Floats
from ikz_eval.estimate.request import Fit
from ikz_eval.estimate.sun_abraham import SunAbrahamFit
from ikz_eval.inference.covariance import cluster_covariance, cluster_scores
from ikz_eval.inference.estimator import LinearEstimates

COVARIANCE = "cr1"
"""Of estimates that are linear in the outcomes: as HonestDiD is given it; CR2 misses the truth as often (docs)."""
NO_STUDY = (
    "inference 'honest' needs an event study: coefficients e=k before and after the start (sun_abraham, event_path, "
    "stacked, group_time --aggregate dynamic); this fit has none {where} the start"
)
_TERM = re.compile(r"e=(-?\d+)")
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class EventCoefficients:
    """An event study of a fit: K coefficients before the reference and T from the start on, without holes.

    Attributes
    ----------
    estimates : ndarray
        In order of time, shape (K + T,), in units of the outcome.
    covariance : ndarray
        Of the estimates, shape (K + T, K + T).
    kind : str
        How the covariance comes about: ``cr1`` or ``influence``.
    n_pre, gap : int
        K, and the periods between the reference and the start without a coefficient (anticipation).
    effects : dict of str to ndarray
        Each term that says something about effects as weights of the T coefficients, shape (T,).
    n_clusters : int
        Clusters the covariance is made from.
    left_out : tuple of str
        Clusters that enter the estimates but, by construction, not their variance.
    """

    estimates: Floats
    covariance: Floats
    kind: str
    n_pre: int
    gap: int
    effects: dict[str, Floats]
    n_clusters: int
    left_out: tuple[str, ...]

    @property
    def n_post(self) -> int:
        """Number of coefficients from the start on."""
        return self.estimates.size - self.n_pre

    @property
    def is_singular(self) -> bool:
        """Whether some combination of the coefficients has no variance at all."""
        errors = np.sqrt(np.diag(self.covariance))
        if (errors <= 0).any():
            return True
        return bool(np.linalg.eigvalsh(self.covariance / np.outer(errors, errors))[0] < _ROUNDING)


def event_coefficients(fit: Fit) -> EventCoefficients:
    """Return the event study of a fit.

    Raises
    ------
    EstimationError
        If the fit has no coefficients before or after the start, or fewer than two clusters.
    """
    if isinstance(fit, GroupTimeFit):
        return _of_group_time(fit)
    if fit.linear is None:
        raise EstimationError(NO_STUDY.format(where="before and after"))
    step, reference = _reference(fit)
    return _of_linear(fit.linear, step, reference)


def _reference(fit: Fit) -> tuple[int, int]:
    """Return the distance of coefficients and the event time of the reference."""
    if isinstance(fit, EventPathFit):
        return fit.bin_length, -fit.bin_length - fit.observations.anticipation
    return 1, fit.reference if isinstance(fit, SunAbrahamFit) else -1


def _of_linear(linear: LinearEstimates, step: int, reference: int) -> EventCoefficients:
    times = _times(linear.terms)
    before, after = _run(times, reference - step, -step), _run(times, 0, step)
    chosen = [times[time] for time in (*before[::-1], *after)]
    posts = chosen[len(before) :]
    effects = {linear.terms[i]: one for i, one in zip(posts, np.eye(len(posts)), strict=True)}
    others = [i for i, term in enumerate(linear.terms) if not _TERM.fullmatch(term)]
    for i in others:
        made_of = _combination(linear.weights[:, posts], linear.weights[:, i])
        effects |= {} if made_of is None else {linear.terms[i]: made_of}
    return EventCoefficients(
        linear.estimates[chosen], cluster_covariance(linear, COVARIANCE)[np.ix_(chosen, chosen)], COVARIANCE, len(before),
        -(reference // step) - 1, effects, linear.n_clusters, _left_out(linear, chosen),
    )  # fmt: skip


def _of_group_time(fit: GroupTimeFit) -> EventCoefficients:
    """Take the effects as they are, and put changes before the start together to coefficients against the reference."""
    parts = {part.term: part for part in fit.estimates}
    times = _times(tuple(parts))
    last = -1 - fit.observations.anticipation
    posts = [parts[f"e={time}"] for time in _run(times, 0, 1)]
    befores = [_before(fit, time, last) for time in (last - i for i in range(1, len(_run(times, last, -1)) + 1))]
    chosen = [*(part for part in befores[::-1] if part is not None), *posts]
    influence = np.column_stack([part.influence for part in chosen])
    by_cluster = np.array([np.bincount(fit.unit_clusters, column) for column in influence.T]).T / len(influence)
    effects = {part.term: one for part, one in zip(posts, np.eye(len(posts)), strict=True)}
    for part in (part for term, part in parts.items() if not _TERM.fullmatch(term)):
        made_of = _combination(np.column_stack([post.influence for post in posts]), part.influence)
        effects |= {} if made_of is None else {part.term: made_of}
    enters = np.unique(fit.unit_clusters[fit.unit_weights > 0])
    return EventCoefficients(
        np.array([part.estimate for part in chosen]), by_cluster.T @ by_cluster, "influence",
        len(chosen) - len(posts), -last - 1, effects, enters.size, _single_clusters(fit),
    )  # fmt: skip


def _before(fit: GroupTimeFit, time: int, last: int) -> Aggregate | None:
    """Return the coefficient of an event time against the reference, minus the changes in between; None without any.

    Each group's changes are summed before groups are averaged, as with a universal base.
    """
    changes = {(cell.group, cell.period - cell.group): cell for cell in fit.cells}
    between = range(time + 1, last + 1)
    groups = [group for group in fit.group_weights if all((group, at) in changes for at in between)]
    if not groups:
        return None
    one = np.zeros(len(fit.cells))
    summed = []
    for group in groups:
        own = [changes[group, at] for at in between]
        influence: Floats = -np.sum([cell.influence for cell in own], axis=0)
        summed.append(Part("", -sum(cell.estimate for cell in own), influence, one))
    return fit.average_groups(f"e={time}", summed, groups)


def _single_clusters(fit: GroupTimeFit) -> tuple[str, ...]:
    """Return clusters that are a group of their own: their influence sums to zero."""
    found = []
    for group in np.unique(fit.unit_start):
        inside = np.unique(fit.unit_clusters[(fit.unit_start == group) & (fit.unit_weights > 0)])
        found += [fit.observations.cluster_names[inside[0]]] if inside.size == 1 else []
    return tuple(found)


def _left_out(linear: LinearEstimates, chosen: list[int]) -> tuple[str, ...]:
    """Return clusters with weight in an estimate whose part of the error is zero by construction."""
    rest = linear.residuals
    scores = np.abs(cluster_scores(linear, "cr0")[:, chosen])
    scale = float(np.sqrt((rest**2).mean()))
    sizes = np.array([np.abs(linear.weights[rows][:, chosen]).sum(axis=0) for rows in linear.members])
    weighty = sizes > _ROUNDING * sizes.max(axis=0)
    silent = (weighty & (scores <= _ROUNDING * scale * sizes)).any(axis=1)
    return tuple(name for name, is_silent in zip(linear.cluster_names, silent, strict=True) if is_silent)


def _times(terms: tuple[str, ...]) -> dict[int, int]:
    """Return the position of each event time."""
    return {int(found[1]): i for i, term in enumerate(terms) if (found := _TERM.fullmatch(term))}


def _run(times: dict[int, int], first: int, step: int) -> list[int]:
    """Return the event times from the first on without a hole, in steps."""
    run = []
    while first in times:
        run.append(first)
        first += step
    if not run:
        raise EstimationError(NO_STUDY.format(where="before" if step < 0 else "from"))
    return run


def _combination(columns: Floats, column: Floats) -> Floats | None:
    """Return the weights with which a column is made of others; None when it is not."""
    weights = np.asarray(np.linalg.lstsq(columns, column, rcond=None)[0], dtype=np.float64)
    rest = column - columns @ weights
    is_made = np.linalg.norm(rest) <= 1e-8 * np.linalg.norm(column) and np.linalg.matrix_rank(columns) == weights.size
    return weights if is_made else None
