"""Synthetic difference-in-differences: weighted donors and weighted earlier periods, levels may differ.

One method, one paper: Arkhangelsky and others; several starts averaged as by Clarke and others. Describes: standard errors
and ranks, but no p value, as tests by these standard errors reject too often. Docs: docs/methods/synthetic_did.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.inferring import Number, Numbers, Plan
from ikz_eval.estimate.observations import Floats, Ints
from ikz_eval.estimate.shown import Shown
from ikz_eval.estimate.synthetic.wide_panel import FromWide, WidePanel, read_wide
from ikz_eval.inference.synthetic_control import rank_of
from ikz_eval.inference.synthetic_did import (
    CONTROL,
    CohortWeights,
    average_effect,
    cohort_weights,
    count_labels,
    deal_labels,
    jackknife_se,
    placebo_effects,
)

RANKED = 999
"""Placebo assignments up to which all are estimated with the fit, so that it can be described by a rank."""


@dataclass(frozen=True, slots=True)
class SyntheticDidFit(FromWide, Shown):
    """The effect with its weights, and placebo effects where there are few enough to make all.

    Attributes
    ----------
    wide : WidePanel
        Outcomes used.
    starts : tuple of float
        First treated periods, in order.
    cohorts : tuple of CohortWeights
        Weights of donors (order of ``wide.donor_names``) and of earlier periods, one for each start.
    placebo_bodies, placebo_blocks : ndarray or None
        Effects of all assignments of the starts to donors, and to whole blocks; None where there are more than ``RANKED``
        or too few donors or blocks. Single bodies are ranked only beside a single treated one.
    """

    wide: WidePanel
    starts: tuple[float, ...]
    cohorts: tuple[CohortWeights, ...]
    placebo_bodies: Floats | None
    placebo_blocks: Floats | None

    own_inference = ("placebo", "jackknife")

    @property
    def estimate(self) -> float:
        """Average effect over treated cells."""
        return average_effect(self.cohorts, self.wide.donors)

    def to_frame(self) -> pd.DataFrame:
        """Return ``ATT``, then a row for each event time: the mean of the cohorts' curves, treated units weighted equally."""
        whole = pd.DataFrame([{"term": "ATT", "estimate": self.estimate}])
        parts = []
        for start, cohort in zip(self.starts, self.cohorts, strict=True):
            curve = cohort.curve(cohort.treated.mean(axis=0), self.wide.donors, cohort.units)
            times = (self.wide.periods - start).astype(int)
            parts.append(pd.DataFrame({"time": times, "curve": curve, "size": len(cohort.treated)}))
        every = pd.concat(parts)
        sums = every.assign(curve=every["curve"] * every["size"]).groupby("time")[["curve", "size"]].sum()
        terms = [f"e={time}" for time in sums.index]
        path = pd.DataFrame({"term": terms, "estimate": (sums["curve"] / sums["size"]).to_numpy()})
        return pd.concat([whole, path], ignore_index=True)

    def weights_frame(self) -> pd.DataFrame:
        """Return one row a start and donor or period with weight: start, kind, name, weight."""
        parts = []
        for start, cohort in zip(self.starts, self.cohorts, strict=True):
            name = self.wide.period_names[self.wide.before(start)]
            for kind, names, weights in (
                ("donor", self.wide.donor_names, cohort.units),
                ("period", self.wide.period_names[: cohort.before], cohort.periods),
            ):
                parts.append(pd.DataFrame({"start": name, "kind": kind, "name": names, "weight": weights}))
        table = pd.concat(parts, ignore_index=True)
        return table[table["weight"] > 0].reset_index(drop=True)

    def infer(self, name: str, plan: Plan) -> Mapping[str, Numbers]:
        """Return standard errors and ranks of ``ATT``; p and interval are None, with the reason.

        Raises
        ------
        EstimationError
            If there are too few donors for placebos, or one treated unit for the jackknife.
        """
        from ikz_eval.texts import text

        numbers = self._placebo(plan) if name == "placebo" else self._jackknife()
        reason = (
            "synthetic.did.no_test" if len(self.wide.treated_clusters) > 1 else "verdict.withheld.one_treated_cluster"
        )
        return {"ATT": {**numbers, "p": None, "low": None, "high": None, "reason": text(reason, "en")}}

    def ranks(self) -> dict[str, Number]:
        """Return the rank of the size of the effect among placebos, for bodies and blocks, where all were made."""
        return self._places(self.placebo_bodies, self.placebo_blocks)

    def _places(self, bodies: Floats | None, blocks: Floats | None) -> dict[str, Number]:
        """Several bodies are no random choice from all: they share a region, and only whole blocks are ranked beside it."""
        alone = bodies if len(self.wide.treated) == 1 else None
        return _place(self.estimate, alone, "") | _place(self.estimate, blocks, "_blocks")

    def describe(self, lang: str) -> tuple[str, ...]:
        """Return effect, weights, rank and warnings as sentences."""
        from ikz_eval.estimate.synthetic.words import did_sentences

        return did_sentences(self, lang)

    def _placebo(self, plan: Plan) -> dict[str, Number]:
        treated, donors = len(self.wide.treated), len(self.wide.donors)
        if donors <= treated:
            raise EstimationError(
                f"inference 'placebo' takes {treated} donors as if treated and needs others to compare them with; there are "
                f"{donors} donors, allowed are at least {treated + 1}"
            )
        bodies = self._effects(plan, by_blocks=False)
        blocks = self._effects(plan, by_blocks=True)
        found = {"se": _spread(bodies), "draws": None if bodies is None else bodies.size}
        found |= {"se_blocks": _spread(blocks), "draws_blocks": None if blocks is None else blocks.size}
        return found | self._places(bodies, blocks)

    def _effects(self, plan: Plan, *, by_blocks: bool) -> Floats | None:
        """Return all placebo effects where there are at most so many draws, otherwise drawn ones."""
        made = self.placebo_blocks if by_blocks else self.placebo_bodies
        if made is not None and made.size <= plan.draws:
            return made
        return _placebos(self.wide, self.starts, self.cohorts, plan.draws, plan.seed, by_blocks=by_blocks)

    def _jackknife(self) -> dict[str, Number]:
        if min(len(cohort.treated) for cohort in self.cohorts) < 2:
            raise EstimationError(
                "inference 'jackknife' leaves out each treated unit and needs another one with the same start; here a start has "
                "one treated unit: ask for 'placebo'"
            )
        units, regions = np.arange(self.n_units), self.wide.cluster
        found: dict[str, Number] = {"se": self._left_out(units), "units": self.n_units, "se_blocks": None}
        starts = self.wide.start[self.wide.is_treated]
        by_start = [np.unique(regions[self.wide.is_treated][starts == start]).size for start in self.starts]
        if self.wide.has_clusters and min(by_start) > 1:
            found["se_blocks"] = self._left_out(regions)
        return found

    def _left_out(self, groups: Ints) -> float:
        treated = self.wide.is_treated
        starts = self.wide.start[treated]
        own = [groups[treated][starts == start] for start in self.starts]
        return jackknife_se(self.cohorts, self.wide.donors, groups[~treated], own)


def fit_synthetic_did(
    panel: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    period: str,
    treatment: str | None = None,
    cohort: str | None = None,
    cluster: str | None = None,
    donors: Sequence[str] = (),
    is_ranked: bool = True,
) -> SyntheticDidFit:
    """Compare treated units with weighted donors, from their weighted earlier periods on.

    Parameters
    ----------
    panel : pd.DataFrame
        One row per unit and period.
    outcome, unit, period : str
        Column names.
    treatment, cohort : str, optional
        Exactly one: 0 and 1 by row, or the first treated period (empty, 0 or infinite: never).
    cluster : str, optional
        Column of regions and comparison blocks; whole blocks are placebos too.
    donors : sequence of str
        Units that may be donors; every never treated one when left out.
    is_ranked : bool
        Whether donors and blocks are taken as if treated; without, there is no rank, and hardly any time is taken.

    Raises
    ------
    UsageError
        If a donor is unknown or treated.
    EstimationError
        If too little is left to fit; see :func:`read_wide`.

    References
    ----------
    .. [1] Arkhangelsky, D., Athey, S., Hirshberg, D. A., Imbens, G. W., Wager, S. (2021). Synthetic
       difference-in-differences. *American Economic Review* 111(12).
    .. [2] Clarke, D., Pailañir, D., Athey, S., Imbens, G. (2024). On synthetic difference-in-differences and related estimation
       methods in Stata. *Stata Journal* 24(4).
    """
    wide = read_wide(
        panel,
        outcome=outcome,
        unit=unit,
        period=period,
        treatment=treatment,
        cohort=cohort,
        cluster=cluster,
        donors=donors,
    )
    own = wide.start[wide.is_treated]
    starts = tuple(float(start) for start in np.unique(own))
    cohorts = tuple(cohort_weights(wide.donors, wide.treated[own == start], wide.before(start)) for start in starts)
    if not is_ranked:
        return SyntheticDidFit(wide, starts, cohorts, None, None)
    few = [_placebos(wide, starts, cohorts, None, 0, by_blocks=by_blocks) for by_blocks in (False, True)]
    return SyntheticDidFit(wide, starts, cohorts, few[0], few[1])


def _placebos(
    wide: WidePanel, starts: tuple[float, ...], cohorts: tuple[CohortWeights, ...], draws: int | None, seed: int, *,
    by_blocks: bool,
) -> Floats | None:  # fmt: skip
    """Return effects with the starts dealt to donors or blocks; None where too few, or (without ``draws``) too many."""
    codes, members = (
        wide.blocks() if by_blocks else (np.arange(len(wide.donors)), np.eye(len(wide.donors), dtype=np.bool_))
    )
    sizes = _blocks_by_start(wide, starts) if by_blocks else tuple(len(cohort.treated) for cohort in cohorts)
    if not sizes or len(codes) <= sum(sizes):
        return None
    if draws is None and count_labels(len(codes), sizes) > RANKED:
        return None
    dealt = deal_labels(len(codes), sizes, RANKED if draws is None else draws, seed)
    labels = ((dealt - CONTROL) @ members + CONTROL).astype(np.intp)
    return placebo_effects(cohorts, wide.donors, labels)


def _blocks_by_start(wide: WidePanel, starts: tuple[float, ...]) -> tuple[int, ...]:
    """Return the treated clusters of each start; empty where a cluster has several."""
    by_start = [np.unique(wide.cluster[wide.start == start]) for start in starts]
    sizes = tuple(len(codes) for codes in by_start)
    return sizes if sum(sizes) == len(wide.treated_clusters) else ()


def _spread(effects: Floats | None) -> float | None:
    return None if effects is None or effects.size < 2 else float(effects.std())


def _place(own: float, effects: Floats | None, level: str) -> dict[str, Number]:
    if effects is None:
        return dict.fromkeys((f"rank{level}", f"of{level}", f"attainable_p{level}"))
    of = effects.size + 1
    return {f"rank{level}": rank_of(abs(own), np.abs(effects)), f"of{level}": of, f"attainable_p{level}": 1 / of}
