"""Randomisation through the one door without refitting: coefficient and t of many assignments at once.

Holds two-way fixed effects and imputation of the average effect, whose rows stay the same whatever the assignment; a test
compares both with refits. Whatever else is asked is refitted (treatment_design.py). The t is
ikz_eval/inference/dealt_cr2.py; which assignments there are randomisation.py. Docs: docs/methods/speed.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.estimate.absorbed_effects import without_gaps, without_singletons
from ikz_eval.estimate.observations import Floats, Ints, Observations, read_observations, whole_numbers
from ikz_eval.estimate.request import Request, panel_columns
from ikz_eval.estimate.twoway_design import two_way_columns
from ikz_eval.inference.dealt_cr2 import FixedEffectsModel, fixed_effects_model
from ikz_eval.inference.randomisation import Path

METHODS = ("twoway", "imputation")
LARGEST_MODEL = 20_000_000
"""Cells of the working model's columns, and of its clusters' own parts, above which it is refitted instead."""
_CELLS = 1_000_000
"""Rows times assignments looked at together."""
_CONNECTED = 1e-9
"""Second smallest eigenvalue of the scaled normal equations of periods; zero where untreated rows fall into two parts."""


@dataclass(frozen=True, slots=True, eq=False)
class DealtPaths:
    """A panel whose start paths can be dealt anew to its clusters.

    Attributes
    ----------
    request : Request
        Method and average.
    seen : Observations
        Rows, the same under every assignment.
    model : FixedEffectsModel
        Working model but for the constant effect, rows times the root of their weight.
    cluster : ndarray of int
        Position of each row's cluster among the names of an assignment, shape (n,).
    starts : dict
        First treated period of each path; infinite when never.
    """

    request: Request
    seen: Observations
    model: FixedEffectsModel
    cluster: Ints
    starts: Mapping[Path, float]

    def statistics(self, assignments: Sequence[tuple[Path, ...]]) -> tuple[Floats, Floats]:
        """Return coefficient and t under each assignment, shape (B,); nan where it has to be refitted."""
        starts = np.array([[self.starts[path] for path in paths] for paths in assignments])
        step = max(_CELLS // self.cluster.size, 1)
        parts = [self._some(starts[first : first + step].T) for first in range(0, len(starts), step)]
        coefficient, t = (np.concatenate([part[i] for part in parts]) for i in range(2))
        return coefficient, t

    def _some(self, starts: Floats) -> tuple[Floats, Floats]:
        root = np.sqrt(self.seen.weight)[:, None]
        treated = self.seen.period[:, None] >= starts[self.cluster]
        column = root * treated
        if self.request.method == "twoway":
            left = self.model.residuals(column)
            with np.errstate(divide="ignore", invalid="ignore"):
                weights = left / np.einsum("ij,ij->j", left, left)
        else:
            weights = _imputation_weights(self.seen, treated, self.request.average) / root
        is_known = np.isfinite(weights).all(axis=0) & treated.any(axis=0) & ~treated.all(axis=0)
        coefficient, t = self.model.t(np.where(is_known, weights, 0.0), column)
        is_known &= np.isfinite(t)
        return np.where(is_known, coefficient, np.nan), np.where(is_known, t, np.nan)


def dealt_paths(panel: pd.DataFrame, request: Request, cluster: str, paths: Mapping[str, Path]) -> DealtPaths | None:
    """Return the panel ready for dealing, or None where the rows depend on the assignment or the method is another.

    Parameters
    ----------
    panel, request
        What was asked, with a cohort.
    cluster : str
        Column of the clusters.
    paths : mapping of str to Path
        Observed path of each cluster, None when never; assignments come in this order.
    """
    if request.method not in METHODS or request.cohort is None or request.anticipation or request.covariates:
        return None
    if request.method == "imputation" and request.aggregate != "simple":
        return None
    unit, period = panel_columns(request)
    seen = read_observations(
        panel, outcome=request.outcome, unit=unit, period=period, cohort=request.cohort, cluster=cluster,
        weights=request.weights,
    )  # fmt: skip
    if request.method == "twoway":
        seen = seen.keep(*without_singletons([seen.unit, seen.period_code]))
    units, periods = without_gaps(seen.unit), seen.period_code
    width = int(units.max()) + int(periods.max()) + 2
    longest = int(np.bincount(seen.cluster).max())
    if seen.outcome.size * max(width, longest) > LARGEST_MODEL:
        return None
    root = np.sqrt(seen.weight)
    columns = root[:, None] * two_way_columns(units, periods, int(units.max()) + 1, int(periods.max()) + 1)
    model = fixed_effects_model(columns, without_gaps(seen.cluster), root * seen.outcome)
    places = {name: place for place, name in enumerate(paths)}
    of_code = np.array([places[name] for name in seen.cluster_names], dtype=np.intp)
    return DealtPaths(request, seen, model, of_code[seen.cluster], _starts(panel[request.cohort], paths))


def _starts(cohort: pd.Series, paths: Mapping[str, Path]) -> dict[Path, float]:
    distinct = [path for path in dict.fromkeys(paths.values()) if path is not None]
    is_number = pd.api.types.is_numeric_dtype(cohort.dtype)
    column = pd.Series(distinct, dtype="float64") if is_number else pd.Series(distinct, dtype="str")
    numbers = whole_numbers(column, str(cohort.name))
    return {None: np.inf, **dict(zip(distinct, numbers.tolist(), strict=True))}


def _imputation_weights(seen: Observations, treated: np.ndarray, average: str) -> Floats:
    """Return the weights c of the average effect under each assignment, shape (n, B); nan where it is not one of all.

    The normal equations of unit and period effects in the untreated rows, units taken out: as large as there are periods.
    """
    shares = _shares(seen, treated, average)
    unit, period = without_gaps(seen.unit), seen.period_code
    shape = (treated.shape[1], int(unit.max()) + 1, int(period.max()) + 1)
    below, above = np.zeros(shape), np.zeros(shape)
    below[:, unit, period] = np.where(treated, 0.0, seen.weight[:, None]).T
    above[:, unit, period] = shares.T
    of_unit, of_period = below.sum(axis=2), below.sum(axis=1)
    is_whole = (of_unit > 0).all(axis=1) & (of_period > 0).all(axis=1)
    of_unit, of_period = (np.where(each > 0, each, 1.0) for each in (of_unit, of_period))
    scaled = below / of_unit[:, :, None]
    inner = -(below.transpose(0, 2, 1) @ scaled)
    each = np.arange(shape[2])
    inner[:, each, each] += of_period
    is_whole &= _are_connected(inner, of_period)
    sums = above.sum(axis=2)
    right = above.sum(axis=1) - (scaled.transpose(0, 2, 1) @ sums[:, :, None])[:, :, 0]
    inner = np.where(is_whole[:, None, None], inner + of_period.mean() / shape[2], np.eye(shape[2]))
    periods = np.linalg.solve(inner, right[:, :, None])[:, :, 0]
    units = sums / of_unit - (scaled @ periods[:, :, None])[:, :, 0]
    fitted = seen.weight[:, None] * (units[:, unit] + periods[:, period]).T
    return np.where(is_whole, np.where(treated, shares, -fitted), np.nan)


def _shares(seen: Observations, treated: np.ndarray, average: str) -> Floats:
    """Return the weight of each row's effect in the average, shape (n, B), as imputation does."""
    counted = treated * (seen.share * seen.weight)[:, None]
    if average == "observations":
        with np.errstate(invalid="ignore"):
            equal: Floats = counted / counted.sum(axis=0)
        return equal
    member = np.zeros((len(seen.cluster_names), counted.shape[0]))
    member[seen.cluster, np.arange(counted.shape[0])] = 1.0
    total = member @ counted
    number = np.maximum((total > 0).sum(axis=0), 1)
    shares: Floats = counted / np.where(total > 0, total, 1.0)[seen.cluster] / number
    return shares


def _are_connected(inner: Floats, of_period: Floats) -> np.ndarray:
    """Return whether the untreated rows hang together: one eigenvalue of the periods' equations is zero, no more."""
    size = np.sqrt(of_period)
    values = np.linalg.eigvalsh(inner / (size[:, :, None] * size[:, None, :]))
    connected: np.ndarray = values[:, min(1, values.shape[1] - 1)] > _CONNECTED
    return connected
