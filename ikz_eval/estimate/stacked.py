"""Stacked difference-in-differences: one clean sub-experiment a cohort, all in one regression by event time.

One method, two papers: the weights of Wing, Freedman and Hollingsworth (trimmed aggregate effect), or none as Cengiz and
others. A point beside the primary estimate. The same row can stand in several sub-experiments; its cluster holds all its
copies. Docs: docs/methods/stacked.md.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.absorbed_effects import prepare_effects
from ikz_eval.estimate.least_squares import LeastSquares, least_squares
from ikz_eval.estimate.observations import Flags, Floats, Ints, Observations, read_observations
from ikz_eval.estimate.regression import terms_frame
from ikz_eval.estimate.shown import Shown
from ikz_eval.estimate.treatment_start import with_start
from ikz_eval.inference.estimator import LinearEstimates
from ikz_eval.inference.sandwich import CoefficientInference

STACK_WEIGHTS = ("aggregate", "none")
"""Comparison rows weighted so that sub-experiments count by their treated units, or all rows alike."""
_REFERENCE = -1


@dataclass(frozen=True, slots=True)
class SubExperiment:
    """One cohort with its clean controls, or the reason why it has none.

    Attributes
    ----------
    start : float
        First treated period.
    rows : ndarray of int
        Rows of whole windows, treated and comparison; empty when trimmed.
    trimmed : str or None
        Why the cohort is left out.
    """

    start: float
    rows: Ints
    trimmed: str | None = None


@dataclass(frozen=True, slots=True)
class StackedFit(Shown):
    """Effects by event time over the sub-experiments, and their average after the start.

    Attributes
    ----------
    fit : LeastSquares
        Terms ``e=-3`` and so on, without the reference e=-1, then ``ATT``: the mean of the terms from e=0 on.
    stacks : pd.DataFrame
        One row a cohort: cohort, treated_units, comparison_units, weight (of a comparison row), trimmed (the reason).
    n_panel_rows : int
        Rows of the panel that stand in at least one sub-experiment.
    n_units : int
        Units among them.
    treated_clusters : tuple of str
        Clusters treated in some sub-experiment; those of trimmed cohorts are not among them.
    dropped : dict of str to int
        Rows of the panel in no sub-experiment, by reason.
    """

    fit: LeastSquares
    stacks: pd.DataFrame
    n_panel_rows: int
    n_units: int
    treated_clusters: tuple[str, ...]
    dropped: dict[str, int]

    @property
    def linear(self) -> LinearEstimates:
        """The terms as linear estimates over stacked rows, for inference."""
        return self.fit.linear

    @property
    def classical(self) -> tuple[CoefficientInference, ...]:
        """Inference that assumes independent errors of one variance, a term each."""
        return self.fit.classical()

    @property
    def n_obs(self) -> int:
        """Number of stacked rows: a row counts once for each sub-experiment it stands in."""
        return self.linear.n_obs

    def to_frame(self) -> pd.DataFrame:
        """Return one row a term: term, estimate, se_classical, df_classical, p_classical."""
        return terms_frame(self.fit)


def fit_stacked(
    panel: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    period: str,
    pre: int,
    post: int,
    treatment: str | None = None,
    cohort: str | None = None,
    cluster: str | None = None,
    stack_weights: str = "aggregate",
) -> StackedFit:
    """Estimate effects by event time from one sub-experiment a cohort.

    Parameters
    ----------
    panel : pd.DataFrame
        One row per unit and period.
    outcome, unit, period : str
        Column names; periods are consecutive whole numbers or quarters.
    pre, post : int
        Window: event times -pre to post. A cohort whose window leaves the panel is trimmed, counted.
    treatment, cohort : str, optional
        Exactly one: 0 and 1 by row, or the first treated period (empty, 0 or infinite: never).
    cluster : str, optional
        Column of the clusters, each holding whole units; the unit when left out, never the unit within a sub-experiment.
    stack_weights : str
        ``aggregate``: comparison rows of a cohort weigh its share of the treated units over its share of the comparison
        units, so that the estimate is the average effect over treated units; ``none``: all rows alike.

    Raises
    ------
    EstimationError
        If the window or weights are not allowed, or every cohort is trimmed (with the reason of each).

    References
    ----------
    .. [1] Wing, C., Freedman, S. M., Hollingsworth, A. (2024). Stacked difference-in-differences. NBER working paper
       32054.
    .. [2] Cengiz, D., Dube, A., Lindner, A., Zipperer, B. (2019). The effect of minimum wages on low-wage jobs. *Quarterly
       Journal of Economics* 134(3).
    """
    if pre < 1 or post < 0:
        raise EstimationError(f"window of {pre} periods before and {post} after; allowed are pre >= 1 and post >= 0")
    if stack_weights not in STACK_WEIGHTS:
        raise EstimationError(f"stack weights '{stack_weights}' are unknown; allowed: {', '.join(STACK_WEIGHTS)}")
    started = with_start(panel, unit=unit, period=period, treatment=treatment, cohort=cohort)
    seen = read_observations(
        started.panel, outcome=outcome, unit=unit, period=period, cohort=started.cohort, cluster=cluster
    )
    seen = seen.keep(np.ones(seen.outcome.size, dtype=bool), started.dropped)
    experiments = [_experiment(seen, start, pre, post) for start in _starts(seen)]
    used = [each for each in experiments if each.trimmed is None]
    if not used:
        found = "; ".join(f"{seen.name_of(each.start)}: {each.trimmed}" for each in experiments)
        raise EstimationError(
            f"no cohort has a whole window of {pre} periods before and {post} after with clean controls ({found}); "
            "allowed is a shorter window"
        )
    return _fit(seen, experiments, used, (pre, post), stack_weights)


def _starts(seen: Observations) -> Floats:
    if not seen.treated.any():
        raise EstimationError("no row is treated; a sub-experiment needs a cohort that starts within the panel")
    return np.unique(seen.start[seen.start <= seen.period.max()])


def _experiment(seen: Observations, start: float, pre: int, post: int) -> SubExperiment:
    """Return the rows of a cohort and of units not treated up to the end of its window, whole windows only."""
    nothing = np.array([], dtype=np.intp)
    if start - pre < seen.period.min() or start + post > seen.period.max():
        return SubExperiment(start, nothing, "window_outside_panel")
    inside = (seen.period >= start - pre) & (seen.period <= start + post)
    inside &= (seen.start == start) | (seen.start > start + post)
    times = np.bincount(seen.unit[inside], minlength=len(seen.unit_names))
    inside &= times[seen.unit] == pre + post + 1
    if not (inside & (seen.start == start)).any():
        return SubExperiment(start, nothing, "no_treated_unit_with_whole_window")
    if not (inside & (seen.start != start)).any():
        return SubExperiment(start, nothing, "no_clean_control_with_whole_window")
    return SubExperiment(start, np.flatnonzero(inside).astype(np.intp))


def _fit(
    seen: Observations, experiments: list[SubExperiment], used: list[SubExperiment], window: tuple[int, int], kind: str
) -> StackedFit:
    rows = np.concatenate([each.rows for each in used])
    stack = np.repeat(np.arange(len(used)), [each.rows.size for each in used])
    start = np.array([each.start for each in used])[stack]
    is_treated, time = seen.start[rows] == start, (seen.period[rows] - start).astype(np.intp)
    length = window[0] + window[1] + 1
    stacks = _stacks(seen, experiments, length, kind)
    weight = stacks.loc[stacks["trimmed"].isna(), "weight"].to_numpy(dtype=np.float64)
    weight = np.where(is_treated, 1.0, weight[stack])
    by_time = time + window[0] + stack * length
    effects = prepare_effects([seen.unit[rows] + stack * len(seen.unit_names), by_time], weight)
    times = [each for each in range(-window[0], window[1] + 1) if each != _REFERENCE]
    dummies = np.column_stack([is_treated & (time == each) for each in times]).astype(np.float64)
    names = [f"e={each}" for each in times]
    fit = least_squares(names, seen.outcome[rows], dummies, effects, seen.cluster[rows], seen.cluster_names)
    shares = np.column_stack([np.eye(len(times)), np.array([each >= 0 for each in times]) / (window[1] + 1)])
    kept = np.unique(rows)
    dropped = dict(sorted((Counter(seen.dropped) + _unused(seen, experiments, kept, window)).items()))
    clusters = tuple(seen.cluster_names[code] for code in np.unique(seen.cluster[rows][is_treated]))
    return StackedFit(
        fit.combined([*names, "ATT"], shares),
        stacks,
        kept.size,
        int(np.unique(seen.unit[kept]).size),
        clusters,
        dropped,
    )


def _stacks(seen: Observations, experiments: list[SubExperiment], length: int, kind: str) -> pd.DataFrame:
    """Return units and weight of each cohort; the weight is none for a trimmed one."""
    treated = np.array([int((seen.start[each.rows] == each.start).sum()) // length for each in experiments])
    others = np.array([each.rows.size // length for each in experiments]) - treated
    with np.errstate(invalid="ignore"):  # a trimmed cohort has no rows: 0 / 0 is "none"
        weight = (treated / treated.sum()) / (others / others.sum())
    is_used = np.array([each.trimmed is None for each in experiments])
    return pd.DataFrame(
        {
            "cohort": [seen.name_of(each.start) for each in experiments],
            "treated_units": treated,
            "comparison_units": others,
            "weight": np.where(is_used, weight if kind == "aggregate" else 1.0, np.nan),
            "trimmed": pd.array([each.trimmed for each in experiments], dtype="str"),
        }
    )


def _unused(seen: Observations, experiments: list[SubExperiment], kept: Ints, window: tuple[int, int]) -> Counter[str]:
    """Return the rows in no sub-experiment, by reason; those of a trimmed cohort name it."""
    unused: Flags = np.ones(seen.outcome.size, dtype=bool)
    unused[kept] = False
    reasons: Counter[str] = Counter()
    for each in experiments:
        if each.trimmed is not None:
            own = unused & (seen.start == each.start)
            reasons[f"cohort_{seen.name_of(each.start)}_{each.trimmed}"] = int(own.sum())
            unused &= ~own
    in_window = np.zeros_like(unused)
    for each in experiments:
        near = (seen.period >= each.start - window[0]) & (seen.period <= each.start + window[1])
        allowed = (seen.start == each.start) | (seen.start > each.start + window[1])
        in_window |= near & allowed & (each.trimmed is None)
    reasons["incomplete_window"] = int((unused & in_window).sum())
    reasons["outside_window"] = int((unused & ~in_window).sum())
    return +reasons
