"""From a tidy panel to a full table of treated units and donors by period.

Holds who may be a donor and which rows are left out so that no cell is empty, each counted under its reason. Nothing is
filled. Used by both synthetic methods; reading of columns is observations.py and treatment_start.py.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError, UsageError
from ikz_eval.estimate.observations import Flags, Floats, Ints, Observations, read_observations
from ikz_eval.estimate.treatment_start import with_start

LEAST_BEFORE = 2
"""Periods before the start without which nothing can be fitted."""


@dataclass(frozen=True, slots=True)
class WidePanel:
    """Outcomes without gaps.

    Attributes
    ----------
    outcome : ndarray
        Shape (units, periods); periods in order.
    is_treated : ndarray of bool
        Shape (units,); the others are donors.
    start : ndarray
        First treated period of each unit, ``inf`` for donors, shape (units,).
    cluster : ndarray of int
        Position in ``cluster_names``, shape (units,).
    unit_names, cluster_names, period_names : tuple of str
        Names; periods as written in the panel.
    periods : ndarray
        Periods as numbers, shape (periods,).
    has_clusters : bool
        Whether clusters were named; otherwise each unit is its own.
    dropped : dict of str to int
        Rows dropped, by reason.
    """

    outcome: Floats
    is_treated: Flags
    start: Floats
    cluster: Ints
    unit_names: tuple[str, ...]
    cluster_names: tuple[str, ...]
    period_names: tuple[str, ...]
    periods: Floats
    has_clusters: bool
    dropped: dict[str, int]

    @property
    def treated(self) -> Floats:
        """Outcomes of the treated, shape (m, periods)."""
        return self.outcome[self.is_treated]

    @property
    def donors(self) -> Floats:
        """Outcomes of the donors, shape (j, periods)."""
        return self.outcome[~self.is_treated]

    @property
    def treated_names(self) -> tuple[str, ...]:
        """Names of the treated."""
        return tuple(self.unit_names[i] for i in np.flatnonzero(self.is_treated))

    @property
    def donor_names(self) -> tuple[str, ...]:
        """Names of the donors."""
        return tuple(self.unit_names[i] for i in np.flatnonzero(~self.is_treated))

    @property
    def treated_clusters(self) -> tuple[str, ...]:
        """Names of the clusters with a treated unit."""
        return tuple(self.cluster_names[code] for code in np.unique(self.cluster[self.is_treated]))

    def blocks(self) -> tuple[Ints, Flags]:
        """Return the comparison blocks, clusters without a treated unit: codes, shape (g,), and donors in each, shape (g, j).

        Both are empty where no clusters were named.
        """
        block = self.cluster[~self.is_treated]
        codes = np.setdiff1d(block, self.cluster[self.is_treated] if self.has_clusters else block).astype(np.intp)
        members: Flags = block == codes[:, None]
        return codes, members

    def before(self, start: float) -> int:
        """Return the number of periods before a start."""
        return int((self.periods < start).sum())


class FromWide:
    """Gives a fit that keeps its ``wide`` panel what both synthetic methods say of it; their weights depend on the outcomes."""

    __slots__ = ()
    wide: WidePanel
    linear = None

    @property
    def dropped(self) -> dict[str, int]:
        """Rows dropped, by reason."""
        return self.wide.dropped

    @property
    def n_obs(self) -> int:
        """Number of rows used."""
        return int(self.wide.outcome.size)

    @property
    def n_units(self) -> int:
        """Treated units and donors."""
        return int(self.wide.outcome.shape[0])


def read_wide(
    panel: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    period: str,
    treatment: str | None = None,
    cohort: str | None = None,
    cluster: str | None = None,
    donors: Sequence[str] = (),
) -> WidePanel:
    """Read a tidy panel into a full table.

    Parameters
    ----------
    panel : pd.DataFrame
        One row per unit and period.
    outcome, unit, period : str
        Column names.
    treatment, cohort : str, optional
        Exactly one: 0 and 1 by row, or the first treated period (empty, 0 or infinite: never).
    cluster : str, optional
        Column of regions and comparison blocks.
    donors : sequence of str
        Units that may be donors; every never treated one when left out.

    Raises
    ------
    UsageError
        If a donor is unknown or treated: which are there.
    EstimationError
        If nothing is treated, fewer than two donors are complete, or a start leaves fewer than two periods before it.
    """
    started = with_start(panel, unit=unit, period=period, treatment=treatment, cohort=cohort)
    seen = read_observations(
        started.panel, outcome=outcome, unit=unit, period=period, cohort=started.cohort, cluster=cluster
    )
    everything: Flags = np.ones(seen.outcome.size, dtype=np.bool_)
    seen = seen.keep(everything, started.dropped)
    first = np.full(len(seen.unit_names), np.inf)
    first[seen.unit] = np.where(seen.start > seen.period.max(), np.inf, seen.start)
    seen = _chosen_donors(seen, first, tuple(donors))
    seen = _without_gaps(seen, first)
    return _table(seen, first, cluster is not None)


def _chosen_donors(seen: Observations, first: Floats, donors: tuple[str, ...]) -> Observations:
    """Keep the treated and the donors named."""
    if np.isinf(first[seen.unit]).all():
        raise EstimationError("no unit is treated within the periods of the panel; there is nothing to estimate")
    never = [seen.unit_names[code] for code in np.unique(seen.unit) if np.isinf(first[code])]
    treated = {seen.unit_names[code] for code in np.unique(seen.unit)} - {*never}
    for name in donors:
        if name not in never:
            why = "is treated itself" if name in treated else "is not in the panel"
            raise UsageError(f"donor '{name}' {why}; units never treated are: {', '.join(never) or 'none'}")
    wanted = {*donors} if donors else {*never}
    has_place = np.array([name in wanted or name in treated for name in seen.unit_names])[seen.unit]
    return seen.keep(has_place, +Counter({"not_a_named_donor": int((~has_place).sum())}))


def _without_gaps(seen: Observations, first: Floats) -> Observations:
    """Leave out periods in which a treated unit lacks its outcome, then donors that lack a period."""
    treated = np.isfinite(first[seen.unit])
    code = seen.period_code
    full = np.bincount(code[treated], minlength=seen.n_periods) == np.unique(seen.unit[treated]).size
    seen = seen.keep(full[code], +Counter({"period_without_all_treated": int((~full[code]).sum())}))
    if seen.outcome.size == 0:
        raise EstimationError(
            "there is no period in which every treated unit has an outcome; leave out the incomplete one"
        )
    rows = np.bincount(seen.unit, minlength=first.size)
    complete = (rows == seen.n_periods)[seen.unit]
    seen = seen.keep(complete, +Counter({"incomplete_donor": int((~complete).sum())}))
    count = np.unique(seen.unit[np.isinf(first[seen.unit])]).size
    if count < 2:
        raise EstimationError(
            f"{count} donors have an outcome in every period in which all treated units have one; allowed are two or more "
            f"units never treated (rows dropped: {seen.dropped})"
        )
    return seen


def _table(seen: Observations, first: Floats, has_clusters: bool) -> WidePanel:
    units, row = np.unique(seen.unit, return_inverse=True)
    periods = np.unique(seen.period)
    outcome = np.empty((units.size, periods.size))
    outcome[row, seen.period_code] = seen.outcome
    cluster = np.empty(units.size, dtype=np.intp)
    cluster[row] = seen.cluster
    wide = WidePanel(
        outcome, np.isfinite(first[units]), first[units], cluster, tuple(seen.unit_names[code] for code in units),
        seen.cluster_names, tuple(seen.name_of(one) for one in periods), periods, has_clusters, seen.dropped,
    )  # fmt: skip
    for start in np.unique(wide.start[wide.is_treated]):
        before, after = wide.before(start), periods.size - wide.before(start)
        if before < LEAST_BEFORE or after < 1:
            raise EstimationError(
                f"start {seen.name_of(start)}: {before} periods before and {after} from it on are left; allowed are at "
                f"least {LEAST_BEFORE} before and 1 after (rows dropped: {wide.dropped})"
            )
    return wide
