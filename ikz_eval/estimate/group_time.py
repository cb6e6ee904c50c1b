"""Group-time average effects and their aggregations.

One method, one paper: Callaway and Sant'Anna, without covariates. Reported as a point beside the primary estimate: with
one region per start date the influence-function variance clustered by region leaves the treated regions out, so its
standard errors (by unit) serve comparison with published numbers only. Docs: docs/methods/group_time.md.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.observations import AVERAGES, Flags, Floats, Observations, read_observations

COMPARISONS = ("never", "not_yet")
AGGREGATES = ("simple", "dynamic", "group", "calendar")


@dataclass(frozen=True, slots=True)
class Cell:
    """The effect on the units first treated in ``group`` in one ``period``, against their ``base`` period.

    Attributes
    ----------
    group, period, base : int
        First treated period of the group, period of the effect, period compared with.
    estimate : float
        In units of the outcome.
    influence : ndarray
        Influence of each unit, shape (units,); the variance of the estimate is its mean square over the units.
    """

    group: int
    period: int
    base: int
    estimate: float
    influence: Floats

    @property
    def is_after(self) -> bool:
        """Whether the period is treated."""
        return self.period >= self.group


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Weighted average of cells: term, estimate, standard error by unit, and the influence of each unit."""

    term: str
    estimate: float
    se_unit: float
    influence: Floats


@dataclass(frozen=True, slots=True)
class GroupTimeFit:
    """Group-time effects.

    Attributes
    ----------
    cells : tuple of Cell
        In order of group and period.
    group_weights : dict of int to float
        Weight of each group: its units, or its clusters.
    unit_weights, unit_start : ndarray
        Weight and first treated period (``inf`` when never) of each unit, shape (units,).
    observations : Observations
        Rows used, and rows dropped by reason.
    """

    cells: tuple[Cell, ...]
    group_weights: dict[int, float]
    unit_weights: Floats
    unit_start: Floats
    observations: Observations

    def aggregate(self, kind: str) -> Aggregate:
        """Return the overall effect: ``simple``, ``dynamic``, ``group`` or ``calendar``.

        Raises
        ------
        EstimationError
            If ``kind`` is unknown.
        """
        after = [cell for cell in self.cells if cell.is_after]
        if kind not in AGGREGATES:
            raise EstimationError(f"aggregation '{kind}' is unknown; allowed: {', '.join(AGGREGATES)}")
        if kind == "simple":
            return self._by_group_weight("ATT", after)
        parts = self._parts(kind, after)
        if kind == "group":
            groups = sorted({cell.group for cell in after})
            return self._average("ATT", parts, *self._shares(groups))
        return self._average("ATT", parts, np.full(len(parts), 1 / len(parts)), None)

    def terms(self, kind: str) -> list[Aggregate]:
        """Return the parts of an aggregation: ``e=-2`` (dynamic), ``g=2004`` (group) or ``t=2007`` (calendar)."""
        cells = list(self.cells) if kind == "dynamic" else [cell for cell in self.cells if cell.is_after]
        return self._parts(kind, cells)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a cell: term, group, period, base, estimate, se_unit."""
        return pd.DataFrame(
            {
                "term": [f"ATT({cell.group},{cell.period})" for cell in self.cells],
                "group": [cell.group for cell in self.cells],
                "period": [cell.period for cell in self.cells],
                "base": [cell.base for cell in self.cells],
                "estimate": [cell.estimate for cell in self.cells],
                "se_unit": [_se(cell.influence) for cell in self.cells],
            }
        )

    def _parts(self, kind: str, cells: list[Cell]) -> list[Aggregate]:
        if kind == "dynamic":
            times = sorted({cell.period - cell.group for cell in cells})
            return [
                self._by_group_weight(f"e={e}", [cell for cell in cells if cell.period - cell.group == e])
                for e in times
            ]
        if kind == "calendar":
            periods = sorted({cell.period for cell in cells})
            return [self._by_group_weight(f"t={t}", [cell for cell in cells if cell.period == t]) for t in periods]
        if kind != "group":
            raise EstimationError(f"aggregation '{kind}' has no parts; allowed: dynamic, group, calendar")
        parts = []
        for group in sorted({cell.group for cell in cells}):
            own = [cell for cell in cells if cell.group == group]
            parts.append(self._average(f"g={group}", own, np.full(len(own), 1 / len(own)), None))
        return parts

    def _by_group_weight(self, term: str, cells: list[Cell]) -> Aggregate:
        return self._average(term, cells, *self._shares([cell.group for cell in cells]))

    def _average(
        self, term: str, parts: Sequence[Cell | Aggregate], shares: Floats, of_shares: Floats | None
    ) -> Aggregate:
        """Return the weighted average; ``of_shares`` is the influence of each unit on the weights, if estimated."""
        estimates = np.array([part.estimate for part in parts])
        influence = np.column_stack([part.influence for part in parts]) @ shares
        if of_shares is not None:
            influence = influence + of_shares @ estimates
        return Aggregate(term, float(shares @ estimates), _se(influence), influence)

    def _shares(self, groups: list[int]) -> tuple[Floats, Floats]:
        """Return the share of each part by its group's weight, and the influence of each unit on the shares."""
        n_units = self.unit_weights.size
        sizes = np.array([self.group_weights[group] for group in groups]) / n_units
        member = (self.unit_start[:, None] == np.array(groups, dtype=np.float64)) * self.unit_weights[:, None]
        centred = member - sizes
        total = sizes.sum()
        return sizes / total, centred / total - np.outer(centred.sum(axis=1), sizes) / total**2


def fit_group_time(
    panel: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    period: str,
    cohort: str,
    cluster: str | None = None,
    comparison: str = "never",
    average: str = "observations",
    anticipation: int = 0,
) -> GroupTimeFit:
    """Estimate the effect on each group in each period.

    The base of a treated period is the last period before the start (less anticipation) in which the group was
    observed; the base of an earlier period is the period before it. A unit counts in a cell when it has both.

    Parameters
    ----------
    panel : pd.DataFrame
        One row per unit and period.
    outcome, unit, period, cohort, cluster : str
        Column names, see :func:`ikz_eval.estimate.observations.read_observations`.
    comparison : str
        ``never``: never treated units; ``not_yet``: also units not treated by either period.
    average : str
        ``observations``: each unit weighs the same; ``clusters``: each treated cluster does.
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
        panel, outcome=outcome, unit=unit, period=period, cohort=cohort, cluster=cluster, anticipation=anticipation
    )
    return compare_groups(seen, comparison=comparison, average=average)


def compare_groups(
    observations: Observations, *, comparison: str = "never", average: str = "observations"
) -> GroupTimeFit:
    """Estimate group-time effects from observations already read; see :func:`fit_group_time`."""
    if comparison not in COMPARISONS or average not in AVERAGES:
        raise EstimationError(
            f"comparison '{comparison}', average '{average}'; allowed: {', '.join(COMPARISONS)}; {', '.join(AVERAGES)}"
        )
    seen = _drop_always_treated(observations)
    table = _Wide.of(seen, average)
    cells = tuple(cell for group in table.groups for cell in _cells_of(table, group, comparison, seen.anticipation))
    lost = {int(start) for start in seen.start[seen.treated]} - {cell.group for cell in cells if cell.is_after}
    if lost:
        raise EstimationError(f"groups {sorted(lost)} have no base or no comparison unit and would vanish silently")
    sizes = {group: float(table.weight[table.start == group].sum()) for group in table.groups}
    return GroupTimeFit(cells, sizes, table.weight, table.start, seen)


@dataclass(frozen=True, slots=True)
class _Wide:
    """Outcomes by unit (rows) and period (columns), nan where not observed."""

    outcome: Floats
    periods: Floats
    start: Floats
    weight: Floats

    @property
    def groups(self) -> list[int]:
        return [int(start) for start in np.unique(self.start[np.isfinite(self.start)])]

    @classmethod
    def of(cls, seen: Observations, average: str) -> "_Wide":
        present, row = np.unique(seen.unit, return_inverse=True)
        periods = np.unique(seen.period)
        outcome = np.full((present.size, periods.size), np.nan)
        outcome[row, seen.period_code] = seen.outcome
        start = np.full(present.size, np.inf)
        start[row] = seen.start
        cluster = np.zeros(present.size, dtype=np.intp)
        cluster[row] = seen.cluster
        weight = np.ones(present.size)
        if average == "clusters":
            treated = np.isfinite(start)
            share = np.ones(present.size)
            share[row] = seen.share
            total = np.bincount(cluster[treated], share[treated], minlength=len(seen.cluster_names))
            weight[treated] = share[treated] / total[cluster[treated]]
        return cls(outcome, periods, start, weight)


def _drop_always_treated(seen: Observations) -> Observations:
    """Drop units treated in every period they were observed: they have no base."""
    has_base = np.zeros(len(seen.unit_names), dtype=bool)
    has_base[seen.unit[~seen.treated]] = True
    without = ~has_base[seen.unit]
    kept = seen.keep(~without, +Counter({"unit_without_untreated_rows": int(without.sum())}))
    if not kept.treated.any():
        raise EstimationError(f"no treated unit was observed before its start; dropped: {kept.dropped}")
    return kept


def _cells_of(table: _Wide, group: int, comparison: str, anticipation: int) -> list[Cell]:
    own = table.start == group
    before_start = table.periods < group - anticipation
    observed = np.isfinite(table.outcome[own]).any(axis=0)
    cells = []
    for at in range(table.periods.size):
        if before_start[at]:
            base = at - 1
        else:
            base = int(np.flatnonzero(before_start & observed)[-1]) if (before_start & observed).any() else -1
        if base >= 0:
            cells += _cell(table, own, _others(table, own, comparison, max(at, base), anticipation), group, at, base)
    return cells


def _others(table: _Wide, own: Flags, comparison: str, latest: int, anticipation: int) -> Flags:
    others: Flags = np.isinf(table.start)
    if comparison == "not_yet":
        others = others | (table.start > table.periods[latest] + anticipation)
    return others & ~own


def _cell(table: _Wide, own: Flags, others: Flags, group: int, at: int, base: int) -> list[Cell]:
    """Return the cell, or nothing when a side of it was not observed."""
    change = table.outcome[:, at] - table.outcome[:, base]
    known = np.isfinite(change)
    influence = np.zeros(change.size)
    estimate = 0.0
    for flags, sign in ((own & known, 1.0), (others & known, -1.0)):
        if not flags.any():
            return []
        weight = table.weight * flags / (table.weight * flags).sum()
        mean = float(weight[flags] @ change[flags])
        estimate += sign * mean
        influence[flags] += sign * change.size * weight[flags] * (change[flags] - mean)
    return [Cell(group, int(table.periods[at]), int(table.periods[base]), estimate, influence)]


def _se(influence: Floats) -> float:
    return float(np.sqrt((influence**2).mean() / influence.size))
