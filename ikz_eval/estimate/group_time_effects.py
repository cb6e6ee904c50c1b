"""Group-time effects as a result: cells, their aggregations, and what inference needs of them.

Holds weighted averages of cells with influence-function standard errors. Which cells there are, and how each is
estimated, is group_time.py. Docs: docs/methods/group_time.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.observations import Floats, FromObservations, Ints, Observations
from ikz_eval.estimate.shown import Shown
from ikz_eval.estimate.twoway_design import panel_estimates
from ikz_eval.inference.estimator import LinearEstimates
from ikz_eval.inference.multiplier import DRAWS, MultiplierResult, multiplier_bootstrap

if TYPE_CHECKING:
    from ikz_eval.estimate.inferring import Numbers, Plan

AGGREGATES = ("simple", "dynamic", "group", "calendar")
AGGREGATIONS = (*AGGREGATES, "none")
"""Ways to put cells together; ``none`` gives the cells themselves."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The effect on the units first treated in ``group`` in one ``period``, against their ``base`` period.

    Attributes
    ----------
    term : str
        ``ATT(2004,2006)``.
    group, period, base : int
        First treated period of the group, period of the effect, period compared with.
    estimate : float
        In units of the outcome.
    influence : ndarray
        Influence of each unit, shape (units,); the variance of the estimate is its mean square over the units.
    contrast : ndarray or None
        How each unit's change enters the estimate, shape (units,); None with covariates.
    n_treated, n_comparison : int
        Units seen in both periods.
    """

    term: str
    group: int
    period: int
    base: int
    estimate: float
    influence: Floats
    contrast: Floats | None
    n_treated: int
    n_comparison: int

    @property
    def is_after(self) -> bool:
        """Whether the period is treated."""
        return self.period >= self.group


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Weighted average of cells.

    Attributes
    ----------
    term : str
        ``ATT``, ``e=-2``, ``g=2004``, ``t=2007`` or ``ATT(2004,2006)``.
    estimate : float
        In units of the outcome.
    se_unit, se_cluster : float
        Standard error by influence functions, by unit and by the cluster column (the unit without one).
    influence : ndarray
        Influence of each unit, shape (units,).
    shares : ndarray
        Weight of each cell, shape (cells,).
    """

    term: str
    estimate: float
    se_unit: float
    se_cluster: float
    influence: Floats
    shares: Floats


@dataclass(frozen=True, slots=True)
class Part:
    """A weighted average of cells on its way to an aggregate: without a standard error yet."""

    term: str
    estimate: float
    influence: Floats
    shares: Floats


@dataclass(frozen=True, slots=True)
class GroupTimeFit(FromObservations, Shown):
    """Group-time effects.

    Attributes
    ----------
    cells : tuple of Cell
        In order of group and period.
    missing : dict of str to str
        Why a cell is missing, by its term.
    group_weights : dict of int to float
        Weight of each group: its units, or its clusters.
    unit_weights, unit_start : ndarray
        Weight and first treated period (``inf`` when never) of each unit, shape (units,).
    unit_codes, unit_clusters : ndarray of int
        Position of each unit and its cluster in the names of ``observations``, shape (units,).
    observations : Observations
        Rows used, and rows dropped by reason.
    aggregation : str
        One of ``AGGREGATIONS``: the estimates asked for.
    """

    cells: tuple[Cell, ...]
    missing: dict[str, str]
    group_weights: dict[int, float]
    unit_weights: Floats
    unit_start: Floats
    unit_codes: Ints
    unit_clusters: Ints
    observations: Observations
    aggregation: str

    @property
    def estimates(self) -> list[Aggregate]:
        """The estimates asked for: ``ATT`` (unless the cells alone) and the parts of the aggregation."""
        if self.aggregation == "none":
            return [self._made(part) for part in self._each()]
        whole = self.aggregate(self.aggregation)
        return [whole] if self.aggregation == "simple" else [whole, *self.terms(self.aggregation)]

    @property
    def linear(self) -> LinearEstimates | None:
        """The estimates asked for as linear in the outcomes, shares of groups taken as given; None with covariates."""
        contrasts = [cell.contrast for cell in self.cells if cell.contrast is not None]
        if len(contrasts) < len(self.cells):
            return None
        seen, estimates = self.observations, self.estimates
        row = np.searchsorted(self.unit_codes, seen.unit)
        by_cell = np.column_stack(contrasts)[row]
        periods = np.array([(cell.period, cell.base) for cell in self.cells]).T
        at, base = (seen.period[:, None] == each for each in periods)
        weights = (by_cell * (at.astype(np.float64) - base)) @ np.column_stack([each.shares for each in estimates])
        return panel_estimates(seen, tuple(each.term for each in estimates), weights)

    def aggregate(self, kind: str) -> Aggregate:
        """Return the overall effect: ``simple``, ``dynamic``, ``group`` or ``calendar``.

        Raises
        ------
        EstimationError
            If ``kind`` is unknown.
        """
        if kind not in AGGREGATES:
            raise EstimationError(f"aggregation '{kind}' is unknown; allowed: {', '.join(AGGREGATES)}")
        after = self._where(is_after=True)
        if kind == "simple":
            chosen = [self._each()[i] for i in after]
            return self._made(self._average("ATT", chosen, *self._shares([self.cells[i].group for i in after])))
        parts = self._parts(kind, after)
        if kind == "group":
            groups = sorted({self.cells[i].group for i in after})
            return self._made(self._average("ATT", parts, *self._shares(groups)))
        return self._made(self._average("ATT", parts, np.full(len(parts), 1 / len(parts)), None))

    def terms(self, kind: str) -> list[Aggregate]:
        """Return the parts of an aggregation: ``e=-2`` (dynamic), ``g=2004`` (group) or ``t=2007`` (calendar)."""
        return [self._made(part) for part in self._parts(kind, self._where(is_after=kind != "dynamic"))]

    def average_groups(self, term: str, parts: Sequence[Part], groups: list[int]) -> Aggregate:
        """Return the average of one part a group, weighing groups as the aggregations do."""
        return self._made(self._average(term, parts, *self._shares(groups)))

    def to_frame(self) -> pd.DataFrame:
        """Return one row an estimate: term, estimate, se_unit, se_cluster; for cells also what they are made of."""
        table = pd.DataFrame(
            [(each.term, each.estimate, each.se_unit, each.se_cluster) for each in self.estimates],
            columns=["term", "estimate", "se_unit", "se_cluster"],
        )
        if self.aggregation == "none":
            for place, name in enumerate(("group", "period", "base"), start=1):
                table.insert(place, name, [getattr(cell, name) for cell in self.cells])
            for name in ("n_treated", "n_comparison"):
                table[name] = [getattr(cell, name) for cell in self.cells]
        return table

    @property
    def own_inference(self) -> tuple[str, ...]:
        """Influence functions as they are, and with drawn weights."""
        return ("analytic", "multiplier")

    def infer(self, name: str, plan: "Plan") -> "Mapping[str, Numbers]":
        """Return ``analytic`` (normal quantiles) or ``multiplier`` (drawn weights, with a band over all estimates)."""
        from ikz_eval.estimate.inferring import analytic

        if name == "analytic":
            return analytic(self.to_frame(), plan.confidence)
        found = self.multiplier(weights=plan.wild_weights, draws=plan.draws, seed=plan.seed, confidence=plan.confidence)
        keys = ("se", "p", "low", "high", "band_low", "band_high", "draws")
        return {term: {key: getattr(one, key) for key in keys} for term, one in found.items()}

    def multiplier(
        self, *, weights: str = "rademacher", draws: int = DRAWS, seed: int = 0, confidence: float = 0.95
    ) -> dict[str, MultiplierResult]:
        """Return the multiplier bootstrap of each estimate asked for, by term; clusters share a weight."""
        estimates = self.estimates
        clusters = np.unique(self.unit_clusters, return_inverse=True)[1].ravel()
        results = multiplier_bootstrap(
            np.array([each.estimate for each in estimates]), np.column_stack([each.influence for each in estimates]),
            clusters, weights=weights, draws=draws, seed=seed, confidence=confidence,
        )  # fmt: skip
        return dict(zip([each.term for each in estimates], results, strict=True))

    def _where(self, *, is_after: bool) -> list[int]:
        return [i for i, cell in enumerate(self.cells) if cell.is_after or not is_after]

    def _each(self) -> list[Part]:
        one = np.eye(len(self.cells))
        return [Part(cell.term, cell.estimate, cell.influence, one[i]) for i, cell in enumerate(self.cells)]

    def _parts(self, kind: str, chosen: list[int]) -> list[Part]:
        keys = {i: self._key(kind, self.cells[i]) for i in chosen}
        each, parts = self._each(), []
        for key in sorted(set(keys.values())):
            own = [i for i in chosen if keys[i] == key]
            if kind == "group":
                equal = np.full(len(own), 1 / len(own))
                parts.append(self._average(f"g={self.observations.name_of(key)}", [each[i] for i in own], equal, None))
            else:
                name = f"e={key}" if kind == "dynamic" else f"t={self.observations.name_of(key)}"
                shares = self._shares([self.cells[i].group for i in own])
                parts.append(self._average(name, [each[i] for i in own], *shares))
        return parts

    @staticmethod
    def _key(kind: str, cell: Cell) -> int:
        if kind not in ("dynamic", "group", "calendar"):
            raise EstimationError(f"aggregation '{kind}' has no parts; allowed: dynamic, group, calendar")
        return {"dynamic": cell.period - cell.group, "group": cell.group, "calendar": cell.period}[kind]

    @staticmethod
    def _average(term: str, parts: Sequence[Part], shares: Floats, of_shares: Floats | None) -> Part:
        """Return the weighted average; ``of_shares`` is the influence of each unit on the weights, if estimated."""
        estimates = np.array([part.estimate for part in parts])
        influence = np.column_stack([part.influence for part in parts]) @ shares
        if of_shares is not None:
            influence = influence + of_shares @ estimates
        cells = np.column_stack([part.shares for part in parts]) @ shares
        return Part(term, float(shares @ estimates), influence, cells)

    def _made(self, part: Part) -> Aggregate:
        by_cluster = np.bincount(self.unit_clusters, part.influence)
        by_unit, clustered = (float(np.linalg.norm(each)) for each in (part.influence, by_cluster))
        units = part.influence.size
        return Aggregate(part.term, part.estimate, by_unit / units, clustered / units, part.influence, part.shares)

    def _shares(self, groups: list[int]) -> tuple[Floats, Floats]:
        """Return the share of each part by its group's weight, and the influence of each unit on the shares."""
        n_units = self.unit_weights.size
        sizes = np.array([self.group_weights[group] for group in groups]) / n_units
        member = (self.unit_start[:, None] == np.array(groups, dtype=np.float64)) * self.unit_weights[:, None]
        centred = member - sizes
        total = sizes.sum()
        return sizes / total, centred / total - np.outer(centred.sum(axis=1), sizes) / total**2
