"""The effect by time since the start, in single periods or in bins.

Long differences of each treated unit against the bin just before its start, less the period effects of the never
treated: before and after are built alike, so a kink at the start is not made by the construction, and earlier starters
are never a base for later ones. Every point is linear in the outcomes. Docs: docs/methods/event_path.md.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.observations import Flags, Floats, FromObservations, Ints, Observations, read_observations
from ikz_eval.estimate.shown import Shown
from ikz_eval.estimate.twoway_design import full_rank_columns, panel_estimates, parts, two_way_columns
from ikz_eval.inference import LinearInference, WorkingModel, infer_each, working_model
from ikz_eval.inference.estimator import LinearEstimates


@dataclass(frozen=True, slots=True)
class EventPoint:
    """One point of an event path.

    Attributes
    ----------
    event_time : int
        First period of the bin, counted from the start.
    estimate : float
        Average over the treated clusters that contribute, each weighing the same, in units of the outcome.
    inference : LinearInference or None
        CR2 by cluster; None for the reference and where fewer than two treated clusters contribute.
    n_clusters : int
        Treated clusters that contribute.
    is_reference : bool
        Zero by construction.
    """

    event_time: int
    estimate: float
    inference: LinearInference | None
    n_clusters: int
    is_reference: bool


@dataclass(frozen=True, slots=True)
class EventPathFit(FromObservations, Shown):
    """An event path.

    Attributes
    ----------
    points : tuple of EventPoint
        In order of time.
    bin_length : int
        Periods in a bin.
    observations : Observations
        Rows used (n of them), and rows dropped by reason.
    weights : ndarray
        How the outcomes enter each point, shape (n, points).
    """

    points: tuple[EventPoint, ...]
    bin_length: int
    observations: Observations
    weights: Floats

    @property
    def linear(self) -> LinearEstimates:
        """All points but the reference as linear in the outcomes, named ``e=0`` by the first period of the bin."""
        estimated = [not point.is_reference for point in self.points]
        terms = tuple(f"e={point.event_time}" for point in self.points if not point.is_reference)
        return panel_estimates(self.observations, terms, self.weights[:, estimated])

    def to_frame(self) -> pd.DataFrame:
        """Return one row a point: event_time, estimate, se, df, p, low, high, n_clusters, is_reference."""
        rows: list[dict[str, object]] = []
        for point in self.points:
            row: dict[str, object] = {"event_time": point.event_time, "estimate": point.estimate}
            for name in ("se", "df", "p", "low", "high"):
                row[name] = np.nan if point.inference is None else getattr(point.inference, name)
            rows.append(row | {"n_clusters": point.n_clusters, "is_reference": point.is_reference})
        return pd.DataFrame(rows)


def fit_event_path(
    panel: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    period: str,
    cohort: str,
    cluster: str | None = None,
    share: str | None = None,
    bin_length: int = 1,
    anticipation: int = 0,
) -> EventPathFit:
    """Estimate the effect by time since the start against the bin just before it.

    Parameters
    ----------
    panel : pd.DataFrame
        One row per unit and period.
    outcome, unit, period, cohort, cluster, share : str
        Column names, see :func:`ikz_eval.estimate.observations.read_observations`.
    bin_length : int
        Periods in a bin; the last bin before the start (less anticipation) is the reference.
    anticipation : int
        Periods before the start that are neither base nor effect.

    Raises
    ------
    EstimationError
        If no unit is never treated, none is treated, or no treated unit has both a reference and another bin.

    References
    ----------
    .. [1] Roth, J. (2024). Interpreting event-studies from recent difference-in-differences methods. arXiv:2401.12309. (Why points
       before and after the start must be built alike.)
    """
    seen = read_observations(
        panel,
        outcome=outcome,
        unit=unit,
        period=period,
        cohort=cohort,
        cluster=cluster,
        share=share,
        anticipation=anticipation,
    )
    return trace_path(path_basis(seen), bin_length)


@dataclass(frozen=True, slots=True)
class PathBasis:
    """What all bin lengths share.

    Attributes
    ----------
    observations : Observations
        Rows used.
    from_periods : ndarray
        How the outcomes of never treated rows enter each period effect, shape (n, periods).
    model : WorkingModel
        Unit and period effects and one constant effect, as for the whole effect.
    """

    observations: Observations
    from_periods: Floats
    model: WorkingModel


def path_basis(observations: Observations, known: tuple[Ints, WorkingModel] | None = None) -> PathBasis:
    """Prepare event paths.

    Parameters
    ----------
    observations : Observations
        All rows read.
    known : (rows, model), optional
        A working model made before and the rows it was made for; used again when the rows are the same.
    """
    seen = _drop_without_comparison(observations)
    columns = two_way_columns(seen.unit, seen.period_code, len(seen.unit_names), seen.n_periods)
    if known is not None and np.array_equal(known[0], seen.rows):
        model = known[1]
    else:
        model = working_model(np.column_stack([columns, seen.treated.astype(np.float64)]), seen.cluster)
    return PathBasis(seen, _period_weights(seen, columns), model)


def trace_path(basis: PathBasis, bin_length: int) -> EventPathFit:
    """Estimate the path in bins of one length; see :func:`fit_event_path`."""
    if bin_length < 1:
        raise EstimationError(f"bin_length is {bin_length}; allowed are whole numbers from 1")
    points, weights = _points(basis, bin_length)
    if len(points) < 2:
        raise EstimationError("no treated unit has rows both in the reference bin and in another one")
    return EventPathFit(points, bin_length, basis.observations, weights)


def _drop_without_comparison(seen: Observations) -> Observations:
    """Drop rows of periods in which no (connected) never treated unit was observed, counted."""
    never = seen.never
    if not never.any() or never.all():
        lacking = "never treated" if not never.any() else "treated"
        raise EstimationError(f"no unit is {lacking}; an event path compares treated units with never treated ones")
    unit_part, period_part = parts(seen.unit[never], seen.period_code[never], len(seen.unit_names), seen.n_periods)
    main = int(np.bincount(unit_part[seen.unit[never]]).argmax())
    beside = period_part[seen.period_code] != main
    return seen.keep(~beside, +Counter({"period_without_comparison": int(beside.sum())}))


def _points(basis: PathBasis, bin_length: int) -> tuple[tuple[EventPoint, ...], Floats]:
    """Return the points and how the outcomes enter them, shape (n, points)."""
    seen = basis.observations
    bins = _bins(seen, bin_length)
    reference = -bin_length - seen.anticipation
    times = sorted({int(label) for label in bins[~seen.never]})
    parts = [(time, *_shares(seen, bins == time, bins == reference)) for time in times]
    parts = [part for part in parts if part[2] > 0]
    if not parts:
        return (), np.empty((seen.outcome.size, 0))
    shares = np.column_stack([part[1] for part in parts])
    by_period = np.zeros((basis.from_periods.shape[1], len(parts)))
    np.add.at(by_period, seen.period_code, shares)
    weights = shares - basis.from_periods @ by_period
    inferences = _infer_where(basis, weights, [n > 1 and time != reference for time, _, n in parts])
    estimates = weights.T @ seen.outcome
    points = tuple(
        EventPoint(time, 0.0 if time == reference else float(estimate), inference, n_clusters, time == reference)
        for (time, _, n_clusters), estimate, inference in zip(parts, estimates, inferences, strict=True)
    )
    return points, weights


def _infer_where(basis: PathBasis, weights: Floats, wanted: list[bool]) -> list[LinearInference | None]:
    """Return the inference of each wanted column, None for the others."""
    found = iter(infer_each(basis.model, weights[:, wanted], basis.observations.outcome) if any(wanted) else [])
    return [next(found) if is_wanted else None for is_wanted in wanted]


def _bins(seen: Observations, bin_length: int) -> Floats:
    """Return the first event time of each row's bin, counted from the start; nan for the never treated."""
    since = np.where(seen.never, np.nan, seen.period - np.where(seen.never, 0.0, seen.start))
    after = np.floor(since / bin_length) * bin_length
    before = np.floor((since + seen.anticipation) / bin_length) * bin_length - seen.anticipation
    labels: Floats = np.where(since >= 0, after, before)
    return labels


def _shares(seen: Observations, inside: Flags, reference: Flags) -> tuple[Floats, int]:
    """Return the weights of treated rows in 'mean of the bin less mean of the reference', and the clusters in it.

    Within a unit each row of a bin weighs the same, within a cluster each unit by its share, and each cluster the same.
    """
    in_bin, in_reference = _counts(seen, inside), _counts(seen, reference)
    usable = (in_bin > 0) & (in_reference > 0)
    cluster_of = np.zeros(len(seen.unit_names), dtype=np.intp)
    cluster_of[seen.unit] = seen.cluster
    share = np.zeros(len(seen.unit_names))
    share[seen.unit] = seen.share
    in_cluster = np.bincount(cluster_of[usable], share[usable], minlength=len(seen.cluster_names))
    n_clusters = int((in_cluster > 0).sum())
    if n_clusters == 0:
        return np.zeros(seen.outcome.size), 0
    total = np.where(in_cluster > 0, in_cluster, 1.0)
    of_unit = usable * share / total[cluster_of] / n_clusters
    shares: Floats = inside * (of_unit / np.maximum(in_bin, 1))[seen.unit]
    shares = shares - reference * (of_unit / np.maximum(in_reference, 1))[seen.unit]
    return shares, n_clusters


def _counts(seen: Observations, flags: Flags) -> Ints:
    counts: Ints = np.bincount(seen.unit[flags], minlength=len(seen.unit_names))
    return counts


def _period_weights(seen: Observations, columns: Floats) -> Floats:
    """Return how the outcomes of never treated rows enter each period effect, shape (n, periods)."""
    never = seen.never
    kept = full_rank_columns(seen.unit[never], seen.period_code[never], len(seen.unit_names), seen.n_periods)
    full_rank = columns[np.ix_(never, kept)]
    inverse = np.linalg.solve(full_rank.T @ full_rank, full_rank.T)
    weights = np.zeros((columns.shape[1], seen.outcome.size))
    weights[np.ix_(kept, never)] = inverse
    return np.ascontiguousarray(weights[len(seen.unit_names) :].T)
