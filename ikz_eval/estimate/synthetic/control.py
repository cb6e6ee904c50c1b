"""Synthetic control: one region against the weighted mean of donors that went along with it before the start.

One method, one paper: Abadie, Diamond and Hainmueller, with outcomes only. Several bodies of one region enter as their
mean. Describes; gives ranks among placebos, never a p value. Docs: docs/methods/synthetic_control.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.inferring import Numbers, Plan
from ikz_eval.estimate.observations import Flags, Floats, Ints
from ikz_eval.estimate.shown import Shown
from ikz_eval.estimate.synthetic.placebos import PlaceboRanks, placebo_table
from ikz_eval.estimate.synthetic.wide_panel import FromWide, WidePanel, read_wide
from ikz_eval.inference.simplex import equal_fit_range
from ikz_eval.inference.synthetic_control import DonorPool, fit_ratios, root_mean_square

SAME_FIT = 0.01
"""Fits as well: no further from the best fit than this share of the donors' typical change from period to period."""
DISAGREE = 0.02
"""Effects further apart than this share of the estimate disagree."""
NO_WEIGHT = 1e-8
"""Weights up to this are none."""


@dataclass(frozen=True, slots=True)
class SyntheticControlFit(FromWide, Shown):
    """The gap between a region and its synthetic control, and how far it can be relied on.

    Attributes
    ----------
    wide : WidePanel
        Outcomes used.
    start : float
        First treated period.
    weights : ndarray
        Donor weights, in order of ``wide.donor_names``, shape (j,).
    gap : ndarray
        Mean outcome of the treated less the synthetic outcome, shape (periods,).
    noise : float
        Standard deviation of the donors' changes from period to period before the start: the scale of every "small".
    starts : pd.DataFrame
        One row a starting point of the search (``equal``, each donor, and ``optimum``, the exact best fit): start,
        estimate, rmspe_before, is_same_fit.
    equal_fit : tuple of float
        Least and largest effect over all weights that fit as well as the best in every period before the start.
    leave_one_out : pd.DataFrame
        One row for each donor with weight: donor, weight, estimate without it.
    placebo : PlaceboRanks
        Donors and blocks taken as if treated.
    """

    wide: WidePanel
    start: float
    weights: Floats
    gap: Floats
    noise: float
    starts: pd.DataFrame
    equal_fit: tuple[float, float]
    leave_one_out: pd.DataFrame
    placebo: PlaceboRanks

    own_inference = ("placebo",)

    @property
    def before(self) -> int:
        """Number of periods before the start."""
        return self.wide.before(self.start)

    @property
    def estimate(self) -> float:
        """Mean gap from the start on."""
        return float(self.gap[self.before :].mean())

    @property
    def rmspe(self) -> tuple[float, float]:
        """Root mean squared gap before the start, and from it on."""
        return float(root_mean_square(self.gap[: self.before])), float(root_mean_square(self.gap[self.before :]))

    @property
    def started_range(self) -> tuple[float, float]:
        """Least and largest effect over the starting points that fit equally well, and over the estimate."""
        same = [*self.starts.loc[self.starts["is_same_fit"], "estimate"], self.estimate]
        return float(min(same)), float(max(same))

    @property
    def is_fragile(self) -> bool:
        """Whether starting points with the same fit disagree in the effect: by more than they may in the fit, and visibly."""
        low, high = self.started_range
        return high - low > max(SAME_FIT * self.noise, DISAGREE * abs(self.estimate))

    def numbers(self) -> dict[str, float]:
        """Return fit and fragility by name: what stands beside the estimate."""
        before, after = self.rmspe
        left = self.leave_one_out["estimate"]
        ratio = float(fit_ratios(self.gap[None, :], self.before, self.noise)[0])
        return {
            "rmspe_before": before, "rmspe_after": after, "rmspe_ratio": ratio,
            "leave_one_out_low": float(left.min()), "leave_one_out_high": float(left.max()),
            "starts_low": self.started_range[0], "starts_high": self.started_range[1],
            "equal_fit_low": self.equal_fit[0], "equal_fit_high": self.equal_fit[1],
        }  # fmt: skip

    def to_frame(self) -> pd.DataFrame:
        """Return ``ATT`` with fit and fragility, then a row for each event time: its gap, outcome and synthetic outcome."""
        path = self.wide.treated.mean(axis=0)
        times = (self.wide.periods - self.start).astype(int)
        gaps = pd.DataFrame(
            {
                "term": [f"e={time}" for time in times],
                "estimate": self.gap,
                "outcome": path,
                "synthetic": path - self.gap,
            }
        )
        whole = pd.DataFrame(
            [{"term": "ATT", "estimate": self.estimate, **self.numbers(), "is_fragile": self.is_fragile}]
        )
        return pd.concat([whole, gaps], ignore_index=True)

    def weights_frame(self) -> pd.DataFrame:
        """Return one row for each donor with weight: donor, weight, the largest first."""
        table = pd.DataFrame({"donor": self.wide.donor_names, "weight": self.weights})
        return table[table["weight"] > NO_WEIGHT].sort_values("weight", ascending=False, ignore_index=True)

    def infer(self, name: str, plan: Plan) -> Mapping[str, Numbers]:
        """Return the ranks of ``ATT`` with fit and fragility; p is always None."""
        return {"ATT": {**self.placebo.numbers(), "p": None, **self.numbers()}}

    def describe(self, lang: str) -> tuple[str, ...]:
        """Return effect, fit, rank and warnings as sentences."""
        from ikz_eval.estimate.synthetic.words import control_sentences

        return control_sentences(self, lang)


def fit_synthetic_control(
    panel: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    period: str,
    treatment: str | None = None,
    cohort: str | None = None,
    cluster: str | None = None,
    donors: Sequence[str] = (),
    is_exact: bool = False,
) -> SyntheticControlFit:
    """Compare one treated unit or region with the donors' weighted mean that fits it best before the start.

    Parameters
    ----------
    panel : pd.DataFrame
        One row per unit and period.
    outcome, unit, period : str
        Column names.
    treatment, cohort : str, optional
        Exactly one: 0 and 1 by row, or the first treated period (empty, 0 or infinite: never).
    cluster : str, optional
        Column of regions and comparison blocks: the treated must be one of them, and whole blocks are placebos too.
    donors : sequence of str
        Units that may be donors; every never treated one when left out.
    is_exact : bool
        Whether weights are the exact optimum of each problem instead of where the search of the reference program stops
        after its number of steps. Starting points then lead to the same weights.

    Raises
    ------
    UsageError
        If a donor is unknown or treated.
    EstimationError
        If there is more than one start or treated cluster, or too little is left to fit; see :func:`read_wide`.

    References
    ----------
    .. [1] Abadie, A., Diamond, A., Hainmueller, J. (2010). Synthetic control methods for comparative case studies. *Journal of
       the American Statistical Association* 105(490).
    .. [2] Arkhangelsky et al. (2021). *American Economic Review* 111(12): solver and column "SC" of table 1.
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
    start = _one_start(wide)
    pool = DonorPool(wide.donors, wide.before(start))
    path = wide.treated.mean(axis=0)
    searched = _search(wide, pool, path, is_exact=is_exact)
    gap = path - searched.own[0] @ pool.outcome
    starts, equal_fit = _starts(wide, pool, path, searched.own)
    return SyntheticControlFit(
        wide, start, searched.own[0], gap, pool.noise, starts, equal_fit, _leave_one_out(wide, pool, path, searched),
        _placebos(wide, pool, gap, searched),
    )  # fmt: skip


def _one_start(wide: WidePanel) -> float:
    starts = np.unique(wide.start[wide.is_treated])
    if starts.size > 1:
        names = ", ".join(wide.period_names[wide.before(one)] for one in starts)
        raise EstimationError(
            f"a synthetic control describes one start, found {starts.size}: {names}; keep one of them and the never treated, "
            "or use synthetic_did, which averages over starts"
        )
    clusters = wide.treated_clusters
    if wide.has_clusters and len(clusters) > 1:
        raise EstimationError(
            f"a synthetic control describes one region, found {len(clusters)} with treated units: {', '.join(clusters)}; keep "
            "one of them and the never treated"
        )
    return float(starts[0])


@dataclass(frozen=True, slots=True)
class _Searched:
    """Weights from one search: own (equal weights first, then each donor), without each donor, of bodies, of blocks."""

    own: Floats
    without: Floats
    bodies: Floats
    blocks: Floats
    block_paths: Floats


def _search(wide: WidePanel, pool: DonorPool, path: Floats, *, is_exact: bool) -> _Searched:
    """Return all weights that are needed; solved at once, which takes hardly longer than one problem."""
    count = len(pool.outcome)
    members = _ranked_blocks(wide)[1]
    means = members @ pool.outcome / members.sum(axis=1, keepdims=True)
    alone, others = np.eye(count), ~np.eye(count, dtype=np.bool_)
    equal = np.full((2 * count + len(members), count), 1 / count)
    paths = np.vstack([np.tile(path, (1 + 2 * count, 1)), pool.outcome, means])
    allowed = np.vstack([np.ones((1 + count, count), dtype=np.bool_), others, others, ~members])
    starts = np.vstack([np.full(count, 1 / count), alone, equal])
    found = pool.best_of_each(paths, allowed) if is_exact else pool.weights(paths, allowed, starts)
    own, without, bodies, blocks = np.split(found, np.cumsum([1 + count, count, count]))
    return _Searched(own, without, bodies, blocks, means)


def _ranked_blocks(wide: WidePanel) -> tuple[Ints, Flags]:
    """Return codes and members of the comparison blocks; none where a block would have no other to be compared with."""
    codes, members = wide.blocks()
    return (codes, members) if len(codes) > 1 else (codes[:0], members[:0])


def _placebos(wide: WidePanel, pool: DonorPool, gap: Floats, searched: _Searched) -> PlaceboRanks:
    names = tuple(wide.cluster_names[code] for code in _ranked_blocks(wide)[0])
    return PlaceboRanks(
        placebo_table(pool, pool.outcome, searched.bodies, wide.donor_names),
        placebo_table(pool, searched.block_paths, searched.blocks, names),
        float(fit_ratios(gap[None, :], pool.before, pool.noise)[0]),
    )


def _starts(
    wide: WidePanel, pool: DonorPool, path: Floats, searched: Floats
) -> tuple[pd.DataFrame, tuple[float, float]]:
    """Return the table of starting points, and the range of effects over all weights that fit as well as the best."""
    best = pool.best_weights(path)
    gaps = pool.gaps(path, np.vstack([searched, best]))
    fits, tolerance = root_mean_square(gaps[:, : pool.before]), SAME_FIT * pool.noise
    table = pd.DataFrame(
        {
            "start": ["equal", *wide.donor_names, "optimum"],
            "estimate": gaps[:, pool.before :].mean(axis=1),
            "rmspe_before": fits,
            "is_same_fit": fits <= fits[-1] + tolerance,
        }
    )
    own = pool.outcome[:, : pool.before].T
    effects = path[pool.before :].mean() - pool.outcome[:, pool.before :].mean(axis=1)
    return table, equal_fit_range(own, own @ best, effects, tolerance)


def _leave_one_out(wide: WidePanel, pool: DonorPool, path: Floats, searched: _Searched) -> pd.DataFrame:
    """Return the effect without each donor that has weight; without another one nothing changes."""
    effects = pool.gaps(path, searched.without)[:, pool.before :].mean(axis=1)
    table = pd.DataFrame({"donor": wide.donor_names, "weight": searched.own[0], "estimate": effects})
    return table[table["weight"] > NO_WEIGHT].reset_index(drop=True)
