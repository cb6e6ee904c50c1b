"""What a two-way fixed-effects coefficient averages: all two-by-two comparisons, with their weights.

One method, one paper: Goodman-Bacon. For balanced panels with a lasting treatment and without covariates or weights,
where the decomposition is exact. Docs: docs/methods/bacon.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.observations import Flags, Floats, Ints, Observations, read_observations
from ikz_eval.estimate.shown import Shown
from ikz_eval.estimate.treatment_start import with_start
from ikz_eval.estimate.twoway import TwowayFit, fit_twoway, require_contrast
from ikz_eval.inference.estimator import LinearEstimates

KINDS = ("treated_vs_never", "earlier_vs_later", "later_vs_earlier")
"""Treated against never treated; earlier treated against not yet treated; later treated against already treated."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A two-by-two comparison.

    Attributes
    ----------
    kind : str
        One of ``KINDS``.
    treated, control : str
        First treated period of the group that changes and of its control (``never``).
    weight, estimate : float
        Weight in the two-way coefficient, and the difference in differences in units of the outcome.
    """

    kind: str
    treated: str
    control: str
    weight: float
    estimate: float


@dataclass(frozen=True, slots=True)
class BaconDecomposition(Shown):
    """A two-way coefficient and the comparisons it averages.

    Attributes
    ----------
    comparisons : tuple of Comparison
        Weights sum to one, and weights times estimates to the coefficient.
    twoway : TwowayFit
        The coefficient itself.
    """

    comparisons: tuple[Comparison, ...]
    twoway: TwowayFit

    @property
    def linear(self) -> LinearEstimates:
        """The two-way coefficient as a linear estimate, for inference."""
        return self.twoway.linear

    @property
    def dropped(self) -> dict[str, int]:
        """Rows dropped, by reason."""
        return self.twoway.dropped

    @property
    def n_obs(self) -> int:
        """Number of rows used."""
        return self.twoway.n_obs

    @property
    def n_units(self) -> int:
        """Number of units used."""
        return self.twoway.n_units

    def to_frame(self) -> pd.DataFrame:
        """Return one row a comparison: kind, treated, control, weight, estimate."""
        names = ("kind", "treated", "control", "weight", "estimate")
        return pd.DataFrame([{name: getattr(each, name) for name in names} for each in self.comparisons])

    def by_kind(self) -> pd.DataFrame:
        """Return one row a kind that occurs: kind, weight, estimate (average of its comparisons by weight)."""
        found = []
        for kind in KINDS:
            inside = [each for each in self.comparisons if each.kind == kind]
            if inside:
                weight = sum(each.weight for each in inside)
                found.append((kind, weight, sum(each.weight * each.estimate for each in inside) / weight))
        return pd.DataFrame(found, columns=["kind", "weight", "estimate"])


def decompose(
    panel: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    period: str,
    treatment: str | None = None,
    cohort: str | None = None,
    cluster: str | None = None,
) -> BaconDecomposition:
    """Decompose the two-way fixed-effects coefficient.

    Parameters
    ----------
    panel : pd.DataFrame
        One row per unit and period, balanced.
    outcome, unit, period : str
        Column names.
    treatment, cohort : str, optional
        Exactly one: 0 and 1 by row, or the first treated period (empty, 0 or infinite: never).
    cluster : str, optional
        Column of the clusters, for inference about the coefficient; the unit when left out.

    Raises
    ------
    EstimationError
        If the panel is not balanced once rows without an outcome are dropped, a unit is treated from the first period on,
        nothing is treated, or all units start together.

    References
    ----------
    .. [1] Goodman-Bacon, A. (2021). Difference-in-differences with variation in treatment timing. *Journal of
       Econometrics* 225(2).
    """
    started = with_start(panel, unit=unit, period=period, treatment=treatment, cohort=cohort)
    seen = read_observations(
        started.panel, outcome=outcome, unit=unit, period=period, cohort=started.cohort, cluster=cluster
    )
    seen = seen.keep(np.ones(seen.outcome.size, dtype=bool), started.dropped)
    _require_decomposable(seen, treatment or started.cohort)
    twoway = fit_twoway(
        started.panel, outcome=outcome, unit=unit, period=period, cohort=started.cohort, cluster=cluster
    )
    return BaconDecomposition(tuple(_comparisons(seen)), TwowayFit(twoway.fit, seen, twoway.treatment))


def _require_decomposable(seen: Observations, name: str) -> None:
    require_contrast(seen, seen.treated.astype(np.float64), name)
    if seen.n_units * seen.n_periods != seen.outcome.size:
        rows = np.bincount(seen.unit, minlength=len(seen.unit_names))
        short = int(np.flatnonzero((rows > 0) & (rows < seen.n_periods))[0])
        raise EstimationError(
            f"the panel is not balanced: unit '{seen.unit_names[short]}' has {rows[short]} of {seen.n_periods} periods "
            f"(rows dropped: {seen.dropped}); the decomposition is exact for balanced panels only"
        )
    always = seen.start <= seen.period.min()
    if always.any():
        raise EstimationError(
            f"unit '{seen.unit_names[int(seen.unit[always][0])]}' is treated from the first period on; always treated "
            "units are no cohort of the decomposition, leave them out"
        )
    if np.unique(_effective_start(seen)).size < 2:
        raise EstimationError("all units start in the same period and none is never treated; there is no comparison")


def _effective_start(seen: Observations) -> Floats:
    """Return starts with those after the last period as never."""
    starts: Floats = np.where(seen.start > seen.period.max(), np.inf, seen.start)
    return starts


def _comparisons(seen: Observations) -> Iterator[Comparison]:
    """Yield every comparison of two cohorts.

    A weight is the share of the comparison's units times the share of its periods, squared, times the variance of the
    treatment within it over that in the whole panel, each less unit and period means.
    """
    starts = _effective_start(seen)
    grid, outcome = np.unique(seen.period), _matrix(seen, seen.outcome)
    start = _matrix(seen, starts)[:, 0]
    cohorts = np.unique(start)
    size = {cohort: int((start == cohort).sum()) for cohort in cohorts}
    total = _variation(np.array([size[c] for c in cohorts]), (grid >= cohorts[:, None]).astype(np.float64))
    means = {cohort: outcome[start == cohort].mean(axis=0) for cohort in cohorts}
    for treated in cohorts[np.isfinite(cohorts)]:
        for control in cohorts[cohorts != treated]:
            window = _window(grid, treated, control)
            after = (grid >= treated) & window
            before = ~after & window
            gap = means[treated] - means[control]
            sizes = np.array([size[treated], size[control]])
            switch = np.vstack([after[window], np.zeros(int(window.sum()))])
            share = sizes.sum() * window.sum() / seen.outcome.size
            yield Comparison(
                _kind(treated, control),
                seen.name_of(treated),
                seen.name_of(control) if np.isfinite(control) else "never",
                float(share**2 * _variation(sizes, switch) / total),
                float(gap[after].mean() - gap[before].mean()),
            )


def _variation(sizes: Ints, treated: Floats) -> float:
    """Return the variance of a treatment (cohort by period) less its unit and period means, cohorts weighing by size."""
    share = sizes / sizes.sum()
    within = treated - treated.mean(axis=1, keepdims=True)
    within = within - share @ within
    return float(share @ (within**2).mean(axis=1))


def _window(grid: Floats, treated: float, control: float) -> Flags:
    """Return the periods of a comparison: those in which the control does not change its treatment."""
    inside: Flags = grid < control if control > treated else grid >= control
    return inside


def _kind(treated: float, control: float) -> str:
    if not np.isfinite(control):
        return "treated_vs_never"
    return "earlier_vs_later" if treated < control else "later_vs_earlier"


def _matrix(seen: Observations, values: Floats) -> Floats:
    """Return values as units by periods."""
    matrix = np.empty((seen.n_units, seen.n_periods))
    matrix[np.unique(seen.unit, return_inverse=True)[1], seen.period_code] = values
    return matrix
