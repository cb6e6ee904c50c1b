"""Ranks of a region's synthetic control among donors and among whole blocks taken as if treated.

Every placebo is estimated like the region itself; the region is never a donor of a placebo. The statistic is the ratio of
the root mean squared gap after the start to that before. Words are words.py.
"""

from dataclasses import dataclass

import pandas as pd

from ikz_eval.estimate.inferring import Number
from ikz_eval.estimate.observations import Floats
from ikz_eval.inference.synthetic_control import DonorPool, fit_ratios, rank_of, root_mean_square

RANK = ("rank", "of", "attainable_p", "rank_blocks", "of_blocks", "attainable_p_blocks")


@dataclass(frozen=True, slots=True)
class PlaceboRanks:
    """Ratios of placebos and the place of the region among them.

    Attributes
    ----------
    bodies, blocks : pd.DataFrame
        One row a placebo: name, estimate, rmspe_before, rmspe_after, ratio. ``blocks`` is empty without clusters, or with
        only one block of donors.
    ratio : float
        Of the region.
    """

    bodies: pd.DataFrame
    blocks: pd.DataFrame
    ratio: float

    def numbers(self) -> dict[str, Number]:
        """Return ranks, how many are ranked, and the smallest share a rank can have; blocks None where there are none."""
        return {
            **dict.fromkeys(RANK),
            **_place(self.ratio, self.bodies, ""),
            **_place(self.ratio, self.blocks, "_blocks"),
        }


def _place(own: float, placebos: pd.DataFrame, level: str) -> dict[str, Number]:
    if placebos.empty:
        return {}
    of = len(placebos) + 1
    rank = rank_of(own, placebos["ratio"].to_numpy())
    return {f"rank{level}": rank, f"of{level}": of, f"attainable_p{level}": 1 / of}


def placebo_table(pool: DonorPool, paths: Floats, weights: Floats, names: tuple[str, ...]) -> pd.DataFrame:
    """Return one row a placebo: name, estimate, rmspe_before, rmspe_after, ratio.

    Parameters
    ----------
    pool : DonorPool
        Donors.
    paths, weights : ndarray
        Outcomes taken as if treated, shape (b, periods), and the donor weights of each, shape (b, j).
    names : tuple of str
        Of the placebos.
    """
    gaps = pool.gaps(paths, weights)
    return pd.DataFrame(
        {
            "name": names,
            "estimate": gaps[:, pool.before :].mean(axis=1),
            "rmspe_before": root_mean_square(gaps[:, : pool.before]),
            "rmspe_after": root_mean_square(gaps[:, pool.before :]),
            "ratio": fit_ratios(gaps, pool.before, pool.noise),
        }
    )
