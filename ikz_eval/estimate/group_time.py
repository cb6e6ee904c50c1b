"""Group-time average effects: which units and periods make a cell, and the effect in it.

One method, one paper: Callaway and Sant'Anna. Reported as a point beside the primary estimate: with one region per start
date the influence-function variance clustered by region leaves the treated regions out, so its standard errors serve
comparison with published numbers. Covariates within a cell are group_time_covariates.py, aggregations
group_time_effects.py. Docs: docs/methods/group_time.md.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.group_time_covariates import ADJUSTMENTS, PairData, adjusted_effect
from ikz_eval.estimate.group_time_effects import AGGREGATES, AGGREGATIONS, Aggregate, Cell, GroupTimeFit
from ikz_eval.estimate.observations import AVERAGES, Flags, Floats, Ints, Observations, read_observations
from ikz_eval.estimate.quick_arrays import numbered

COMPARISONS = ("never", "not_yet")

__all__ = ["AGGREGATES", "Aggregate", "Cell", "GroupTimeFit", "compare_groups", "fit_group_time"]


def fit_group_time(
    panel: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    period: str,
    cohort: str,
    cluster: str | None = None,
    covariates: Sequence[str] = (),
    weights: str | None = None,
    comparison: str = "never",
    adjustment: str = "dr",
    average: str = "observations",
    aggregate: str = "none",
    anticipation: int = 0,
) -> GroupTimeFit:
    """Estimate the effect on each group in each period.

    The base of a treated period is the last period before the start (less anticipation) in which the group was
    observed; the base of an earlier period is the period before it. A unit counts in a cell when it has both.

    Parameters
    ----------
    panel : pd.DataFrame
        One row per unit and period.
    outcome, unit, period, cohort, cluster, covariates, weights : str
        Column names, see :func:`ikz_eval.estimate.observations.read_observations`. Covariates and weights are those of
        the base period.
    comparison : str
        ``never``: never treated units; ``not_yet``: also units not treated by either period.
    adjustment : str
        For covariates: ``dr`` (doubly robust), ``reg`` (outcome regression) or ``ipw`` (inverse weighting).
    average : str
        ``observations``: each unit weighs the same; ``clusters``: each treated cluster does.
    aggregate : str
        ``simple``, ``dynamic``, ``group``, ``calendar``, or ``none`` for the cells: what ``estimates``, ``linear`` and
        ``to_frame`` of the fit hold.
    anticipation : int
        Periods before the start that are neither base nor effect.

    Raises
    ------
    EstimationError
        If an argument is unknown, or a group with treated rows has no cell that can be compared.

    References
    ----------
    .. [1] Callaway, B., Sant'Anna, P. H. C. (2021). Difference-in-differences with multiple time periods.
       *Journal of Econometrics* 225(2).
    """
    seen = read_observations(
        panel,
        outcome=outcome,
        unit=unit,
        period=period,
        cohort=cohort,
        cluster=cluster,
        weights=weights,
        covariates=covariates,
        anticipation=anticipation,
    )
    return compare_groups(seen, comparison=comparison, adjustment=adjustment, average=average, aggregate=aggregate)


def compare_groups(
    observations: Observations,
    *,
    comparison: str = "never",
    adjustment: str = "dr",
    average: str = "observations",
    aggregate: str = "none",
) -> GroupTimeFit:
    """Estimate group-time effects from observations already read; see :func:`fit_group_time`."""
    for name, given, allowed in (
        ("comparison", comparison, COMPARISONS),
        ("adjustment", adjustment, ADJUSTMENTS),
        ("average", average, AVERAGES),
        ("aggregation", aggregate, AGGREGATIONS),
    ):
        if given not in allowed:
            raise EstimationError(f"{name} '{given}' is unknown; allowed: {', '.join(allowed)}")
    seen = _drop_always_treated(observations)
    table = _Wide.of(seen, average)
    pairs = [pair for group in table.groups for pair in _pairs(table, group, comparison, seen.anticipation)]
    found = {_term(seen, pair): _cell(table, pair, _term(seen, pair), adjustment) for pair in pairs}
    cells = tuple(cell for cell in found.values() if isinstance(cell, Cell))
    missing = {term: reason for term, reason in found.items() if isinstance(reason, str)}
    _refuse_vanishing(seen, cells, missing)
    used = _used(table, [pair for pair in pairs if _term(seen, pair) not in missing])
    is_used = used[table.row, seen.period_code]
    weight = table.weight * used.any(axis=1)
    sizes = {group: float(weight[table.start == group].sum()) for group in table.groups}
    kept = seen.keep(is_used, +Counter({"in_no_cell": int((~is_used).sum())}))
    return GroupTimeFit(cells, missing, sizes, weight, table.start, table.unit, table.cluster, kept, aggregate)


@dataclass(frozen=True, slots=True)
class _Wide:
    """Units (rows) and periods (columns): outcome, weight and covariates (nan where not observed)."""

    unit: Ints
    row: Ints
    outcome: Floats
    periods: Floats
    start: Floats
    cluster: Ints
    weight: Floats
    pair_weight: Floats
    covariates: Floats

    @property
    def groups(self) -> list[int]:
        return [int(start) for start in np.unique(self.start[np.isfinite(self.start)])]

    @classmethod
    def of(cls, seen: Observations, average: str) -> "_Wide":
        row, units = numbered(seen.unit)
        present = units.astype(np.intp)
        first = np.zeros(present.size, dtype=np.intp)
        first[row[::-1]] = np.arange(row.size)[::-1]
        shape = (present.size, seen.n_periods)
        outcome, sampling = (np.full(shape, np.nan, order="F") for _ in range(2))  # cells read two periods of all units
        covariates = np.full((*shape, seen.covariates.shape[1]), np.nan)
        column = seen.period_code
        outcome[row, column] = seen.outcome
        sampling[row, column] = seen.weight
        covariates[row, column] = seen.covariates
        earliest = np.isfinite(outcome).argmax(axis=1)
        start, cluster = seen.start[first], seen.cluster[first]
        weight = sampling[np.arange(present.size), earliest]
        if average == "clusters":
            treated = np.isfinite(start)
            share = weight * seen.share[first]
            total = np.bincount(cluster[treated], share[treated], minlength=len(seen.cluster_names))
            weight[treated] = share[treated] / total[cluster[treated]]
            sampling = np.repeat(weight[:, None], shape[1], axis=1)
        return cls(present, row, outcome, np.unique(seen.period), start, cluster, weight, sampling, covariates)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A group, a period and its base by position (-1 when there is none), and the units compared."""

    group: int
    at: int
    base: int
    period: int
    own: Flags
    others: Flags


def _term(seen: Observations, pair: _Pair) -> str:
    return f"ATT({seen.name_of(pair.group)},{seen.name_of(pair.period)})"


def _drop_always_treated(seen: Observations) -> Observations:
    """Drop units treated in every period they were observed: they have no base."""
    has_base = np.zeros(len(seen.unit_names), dtype=bool)
    has_base[seen.unit[~seen.treated]] = True
    without = ~has_base[seen.unit]
    kept = seen.keep(~without, +Counter({"unit_without_untreated_rows": int(without.sum())}))
    if not kept.treated.any():
        raise EstimationError(f"no treated unit was observed before its start; dropped: {kept.dropped}")
    return kept


def _pairs(table: _Wide, group: int, comparison: str, anticipation: int) -> Iterator[_Pair]:
    """Yield the periods of a group with their bases; anticipated periods and the first one have none."""
    own = table.start == group
    before_start = table.periods < group - anticipation
    observed = np.isfinite(table.outcome[own]).any(axis=0)
    bases = np.flatnonzero(before_start & observed)
    for at, period in enumerate(table.periods):
        if before_start[at] and at > 0:
            base = at - 1
        elif period >= group:
            base = int(bases[-1]) if bases.size else -1
        else:
            continue
        others: Flags = np.isinf(table.start)
        if comparison == "not_yet":
            others = others | (table.start > table.periods[max(at, base)] + anticipation)
        yield _Pair(group, at, base, int(period), own, others & ~own)


def _cell(table: _Wide, pair: _Pair, term: str, adjustment: str) -> Cell | str:
    """Return the cell, or why it cannot be estimated."""
    if pair.base < 0:
        return "no_base"
    later, earlier, weight = (
        values[:, at]
        for values, at in zip(
            (table.outcome, table.outcome, table.pair_weight), (pair.at, pair.base, pair.base), strict=True
        )
    )
    rows = [np.flatnonzero(flags) for flags in (pair.own, pair.others)]
    changes = [later[each] - earlier[each] for each in rows]
    (own, own_change), (others, others_change) = (
        (each[np.isfinite(change)], change[np.isfinite(change)]) for each, change in zip(rows, changes, strict=True)
    )
    if not own.size or not others.size:
        return "no_treated_unit" if not own.size else "no_comparison_unit"
    units, influence = later.size, np.zeros(later.size)
    contrast: Floats | None = None
    if table.covariates.shape[2] == 0:
        contrast = np.zeros(units)
        estimate = 0.0
        for inside, change, sign in ((own, own_change, 1.0), (others, others_change, -1.0)):
            share = weight[inside] / weight[inside].sum()
            mean = float(share @ change)
            estimate += sign * mean
            contrast[inside] = sign * share
            influence[inside] = sign * units * share * (change - mean)
    else:
        inside = np.sort(np.concatenate([own, others]))
        x = np.column_stack([np.ones(inside.size), table.covariates[inside, pair.base]])
        pairs = PairData(later[inside] - earlier[inside], pair.own[inside], weight[inside], x)
        effect = adjusted_effect(pairs, adjustment)
        if isinstance(effect, str):
            return effect
        estimate = effect.estimate
        influence[inside] = effect.influence * (units / inside.size)
    base = int(table.periods[pair.base])
    counts = int(own.size), int(others.size)
    return Cell(term, pair.group, pair.period, base, estimate, influence, contrast, *counts)


def _refuse_vanishing(seen: Observations, cells: tuple[Cell, ...], missing: dict[str, str]) -> None:
    """Refuse a result without a group that was treated."""
    lost = sorted({int(start) for start in seen.start[seen.treated]} - {cell.group for cell in cells if cell.is_after})
    if not lost:
        return
    words = {
        "covariates_not_identified": "too few comparison units for the covariates, or covariates that repeat each other",
        "no_overlap": "no overlap: covariates tell treated and comparison units apart",
    }
    begins = tuple(f"ATT({seen.name_of(group)}," for group in lost)
    reasons = {
        words.get(why, "no base or no comparison unit") for term, why in missing.items() if term.startswith(begins)
    }
    names = f"[{', '.join(seen.name_of(group) for group in lost)}]"
    raise EstimationError(f"groups {names} have {' or '.join(sorted(reasons))} and would vanish silently")


def _used(table: _Wide, pairs: list[_Pair]) -> Flags:
    """Return which outcomes enter a cell, shape (units, periods)."""
    observed, used = (
        np.asfortranarray(each) for each in (np.isfinite(table.outcome), np.zeros(table.outcome.shape, dtype=bool))
    )
    for pair in pairs:
        known = observed[:, pair.at] & observed[:, pair.base] & (pair.own | pair.others)
        used[:, pair.at] |= known
        used[:, pair.base] |= known
    return used
