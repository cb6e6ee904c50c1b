"""What the partnership's estimate would be had the start paths been dealt to other regions and blocks.

Holds the rows of a field with which paths can be exchanged, and imputation with its CR2 scores under any assignment, in
numpy: it is made again up to ten thousand times, and a test compares it with imputation.py. Which assignments there are
is ikz_eval/inference/randomisation.py; what follows from them required_tests.py.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.design import AnalysisFrame, StartPath, start_paths
from ikz_eval.estimate.observations import Flags, Floats, Ints
from ikz_eval.estimate.twoway_design import independent_columns, parts, two_way_columns
from ikz_eval.inference.attainable import ENUMERATION_LIMIT, count_assignments
from ikz_eval.inference.detectable import Reassigned
from ikz_eval.inference.estimator import LinearEstimates
from ikz_eval.inference.linear import EIGENVALUE_FLOOR, column_basis
from ikz_eval.inference.randomisation import RandomisationDraws, randomisation_draws
from ikz_eval.quarters import quarter_index

MOST_KEPT = 1_000
"""Dealings kept for the simulation of the least supported effect."""
_MOST_BASES = 16
"""Bases kept of row sets met before; without exclusions in a path there is only one."""


@dataclass(frozen=True, slots=True, eq=False)
class PathPanel:
    """The rows of a field at the partnership level, those left out because of a path included.

    Attributes
    ----------
    names : tuple of str
        Regions and blocks, in sorted order.
    paths : tuple of StartPath
        The observed path of each.
    outcome : ndarray
        log EUR per case, shape (n,); the rows of the frame come first, in its order.
    unit, period : ndarray of int
        Position in ``names``; quarters since the first one, shape (n,).
    first : int
        Number of the first quarter.
    columns : ndarray
        Dummies of units and quarters, shape (n, units + quarters).
    slot : ndarray of int
        Place of each row within its unit, shape (n,).
    bases : dict
        Bases made before, by row set.
    """

    names: tuple[str, ...]
    paths: tuple[StartPath, ...]
    outcome: Floats
    unit: Ints
    period: Ints
    first: int
    columns: Floats
    slot: Ints
    bases: dict[bytes, Floats] = field(default_factory=dict)

    @property
    def n_periods(self) -> int:
        """Number of quarters from the first to the last."""
        return int(self.columns.shape[1]) - len(self.names)

    def used(self, paths: Sequence[StartPath]) -> Flags:
        """Flag the rows that an assignment leaves in."""
        out = np.zeros((len(self.names), self.n_periods), dtype=bool)
        for code, path in enumerate(paths):
            out[code, [quarter_index(quarter) - self.first for quarter in path.excluded]] = True
        flags: Flags = ~out[self.unit, self.period]
        return flags

    def treated(self, paths: Sequence[StartPath]) -> Flags:
        """Flag the rows that are treated under an assignment."""
        never = self.n_periods
        starts = [never if path.start is None else quarter_index(path.start) - self.first for path in paths]
        flags: Flags = self.period >= np.array(starts)[self.unit]
        return flags

    def basis(self, used: Flags) -> Floats:
        """Return an orthonormal basis of the unit and quarter effects of some rows, zero in the others, shape (n, k)."""
        key = used.tobytes()
        if key not in self.bases:
            if len(self.bases) >= _MOST_BASES:
                self.bases.clear()
            self.bases[key] = column_basis(self.columns * used[:, None])
        return self.bases[key]

    @property
    def design_key(self) -> tuple[object, ...]:
        """Equal for two fields whose estimates have the same weights under every assignment."""
        return self.names, self.paths, self.first, self.unit.tobytes(), self.period.tobytes()


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """An estimate under an assignment: b = c'y, and its CR2 variance |Py|^2.

    Attributes
    ----------
    c : ndarray
        Shape (n,), zero in rows that are not used.
    scores : ndarray
        P, shape (G, n).
    used, treated : ndarray
        Rows used, and those of them that are treated, shape (n,).
    """

    c: Floats
    scores: Floats
    used: Flags
    treated: Flags


def path_panel(frame: AnalysisFrame) -> PathPanel:
    """Return the rows of a field at the partnership level, where a unit is a cluster of its own."""
    known = start_paths(frame)
    names = tuple(known)
    kept = frame.path_rows[frame.path_rows["outcome"].notna() & frame.path_rows["unit"].isin(names)]
    quarters = [quarter_index(str(quarter)) for part in (frame.rows, kept) for quarter in part["quarter"]]
    units = [names.index(str(unit)) for part in (frame.rows, kept) for unit in part["unit"]]
    excluded = [quarter_index(quarter) for path in known.values() for quarter in path.excluded]
    first, last = min([*quarters, *excluded]), max([*quarters, *excluded])
    unit, period = np.array(units, dtype=np.intp), np.array(quarters, dtype=np.intp) - first
    outcome = np.concatenate([part["outcome"].to_numpy(dtype=np.float64) for part in (frame.rows, kept)])
    # Place of each row within its unit, so that all units can be adjusted at once.
    slot = np.zeros(unit.size, dtype=np.intp)
    for code in range(len(names)):
        slot[unit == code] = np.arange(int((unit == code).sum()))
    columns = two_way_columns(unit, period, len(names), last - first + 1)
    return PathPanel(names, tuple(known.values()), outcome, unit, period, first, columns, slot)


def weights_under(panel: PathPanel, paths: Sequence[StartPath], *, without: Sequence[int] = ()) -> Weights:
    """Return imputation under an assignment, each treated unit weighing the same.

    Parameters
    ----------
    panel : PathPanel
        Rows.
    paths : sequence of StartPath
        The path of each unit, in the order of ``panel.names``.
    without : sequence of int
        Units to leave out.

    Raises
    ------
    EstimationError
        If no treated row can be imputed.
    """
    used = panel.used(paths) & ~np.isin(panel.unit, without)
    treated = used & panel.treated(paths)
    untreated = used & ~treated
    linked = parts(panel.unit[untreated], panel.period[untreated], len(panel.names), panel.n_periods)
    treated &= _identified(panel, *linked)
    used = untreated | treated
    count = np.bincount(panel.unit[treated], minlength=len(panel.names))
    if not count.any():
        raise EstimationError("no treated row can be imputed")
    shares = np.where(treated, 1.0 / np.where(count > 0, count, 1)[panel.unit] / (count > 0).sum(), 0.0)
    columns = panel.columns[:, independent_columns(*linked)]
    below = columns[untreated]
    c = shares.copy()
    c[untreated] = -below @ np.linalg.solve(below.T @ below, columns[treated].T @ shares[treated])
    return Weights(c, _scores(panel, c, used, treated), used, treated)


def _identified(panel: PathPanel, of_unit: Ints, of_period: Ints) -> Flags:
    """Flag the rows whose outcome without treatment the untreated rows can tell, as imputation does.

    These are rows of a unit and a period in the same connected part of the untreated rows.
    """
    own, other = of_unit[panel.unit], of_period[panel.period]
    flags: Flags = (own >= 0) & (own == other)
    return flags


def _scores(panel: PathPanel, c: Floats, used: Flags, treated: Flags) -> Floats:
    """Return P: row r is a_r'(I-H)_r., a_r = [(I-H)_rr]^(+1/2) c_r, H of unit, quarter and one constant effect."""
    effects = panel.basis(used)
    rest = treated - effects @ (effects.T @ treated.astype(np.float64))
    basis = np.column_stack([effects, rest / np.linalg.norm(rest)])
    n_units, longest = len(panel.names), int(panel.slot.max()) + 1
    own = np.zeros((n_units, longest, basis.shape[1]))
    own[panel.unit, panel.slot] = basis
    of_unit = np.zeros((n_units, longest))
    of_unit[panel.unit, panel.slot] = c
    values, vectors = np.linalg.eigh(np.eye(longest) - own @ own.transpose(0, 2, 1))
    kept = values > EIGENVALUE_FLOOR
    turned = np.einsum("gij,gi->gj", vectors, of_unit) * np.where(kept, np.where(kept, values, 1.0) ** -0.5, 0.0)
    adjusted = np.einsum("gij,gj->gi", vectors, turned)
    scores: Floats = -np.einsum("gi,gik->gk", adjusted, own) @ basis.T
    scores[panel.unit, np.arange(panel.unit.size)] += adjusted[panel.unit, panel.slot]
    return scores


def linear_estimates(panel: PathPanel) -> tuple[LinearEstimates, Floats]:
    """Return the estimate under the observed paths, and what one unit of effect adds to each row, shape (n,).

    Rows that are not used have neither weight nor design, so they change nothing.
    """
    found = weights_under(panel, panel.paths)
    absorbed = panel.columns * found.used[:, None]
    effect = found.treated.astype(np.float64)
    rank = panel.basis(found.used).shape[1] + 1
    present, cluster = np.unique(panel.unit, return_inverse=True)
    estimates = LinearEstimates(
        terms=("ATT",),
        weights=found.c[:, None],
        outcome=panel.outcome,
        design=np.column_stack([absorbed, effect]),
        cluster=cluster.astype(np.intp),
        cluster_names=tuple(panel.names[code] for code in present),
        parameters=rank - len(panel.names) + 1,
        parameters_full=rank,
        restricted=absorbed,
    )
    return estimates, effect


class Dealing:
    """The estimates of several fields under every dealing of the start paths.

    Parameters
    ----------
    panels : sequence of PathPanel
        One for each field. A region or block takes over the whole path of another, in all fields at once; where fields
        have rows of different ones, those without rows in a field are passed over there.
    seed : int
        Of random permutations.
    """

    def __init__(self, panels: Sequence[PathPanel], *, seed: int) -> None:
        self._panels, self._seed = panels, seed
        self._kept: dict[tuple[object, ...], list[Weights]] = {}
        self._seen = 0
        own = [dict(zip(panel.names, panel.paths, strict=True)) for panel in panels]
        self._paths = [tuple(paths.get(name) for paths in own) for name in sorted(set().union(*own))]
        number = min(count_assignments(self._paths), ENUMERATION_LIMIT)
        self._stride = -(-number // MOST_KEPT)

    def draws(self) -> RandomisationDraws:
        """Return coefficient and t of every field under every dealing."""
        self._kept, self._seen = {}, 0
        return randomisation_draws(self._statistics, self._paths, seed=self._seed)

    def reassigned(self, panel: PathPanel) -> Reassigned:
        """Return the estimator of a panel's design under up to a thousand of the dealings, the observed first."""
        kept = self._kept[panel.design_key]
        return Reassigned(np.array([each.c for each in kept]), np.array([each.scores for each in kept]))

    def _statistics(self, assignment: tuple[Hashable, ...]) -> tuple[Floats, Floats]:
        dealt = [path for path in assignment if isinstance(path, tuple)]
        coefficient, t = np.full(len(self._panels), np.inf), np.full(len(self._panels), np.inf)
        for key, positions in self._designs.items():
            first = positions[0]
            panel = self._panels[first]
            try:
                found = weights_under(panel, [path[first] for path in dealt if path[first] is not None])
            except EstimationError:
                continue
            if self._seen % self._stride == 0:
                self._kept.setdefault(key, []).append(found)
            outcomes = np.column_stack([self._panels[k].outcome for k in positions])
            coefficient[positions] = found.c @ outcomes
            t[positions] = coefficient[positions] / np.linalg.norm(found.scores @ outcomes, axis=0)
        self._seen += 1
        return coefficient, t

    @property
    def _designs(self) -> dict[tuple[object, ...], list[int]]:
        """Positions of the fields that share a design: their weights are computed once."""
        designs: dict[tuple[object, ...], list[int]] = {}
        for k, panel in enumerate(self._panels):
            designs.setdefault(panel.design_key, []).append(k)
        return designs
