"""Romano and Wolf's step-down for exploratory outcomes: wild bootstrap draws shared by several estimates.

Holds the matching of clusters over outcomes (their rows may differ) and both p values of each. The bootstrap t is
wild_statistics.py, the step-down itself stepdown.py. Docs: docs/methods/romano_wolf.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ikz_eval.errors import EstimationError
from ikz_eval.inference.attainable import DRAWS
from ikz_eval.inference.bootstrap_weights import sign_draws
from ikz_eval.inference.estimator import Floats, LinearEstimates
from ikz_eval.inference.stepdown import at_least, step_down
from ikz_eval.inference.wild_bootstrap import wild_t


@dataclass(frozen=True, slots=True)
class RomanoWolf:
    """What the bootstrap says of one of several outcomes.

    Attributes
    ----------
    estimate, t : float
        Estimate, in units of its outcome, and its t of no effect.
    p : float
        Bootstrap p of this outcome alone.
    adjusted_p : float
        p adjusted for all outcomes: they control the chance of a single false claim among them.
    draws : int
        Sign vectors used.
    """

    estimate: float
    t: float
    p: float
    adjusted_p: float
    draws: int


def romano_wolf(
    estimates: Sequence[LinearEstimates],
    *,
    kind: str = "11",
    restricted: bool = True,
    weights: str = "rademacher",
    draws: int = DRAWS,
    seed: int = 0,
    denominator: str | None = None,
) -> list[RomanoWolf]:
    """Test the first term of several fits together.

    Parameters
    ----------
    estimates : sequence of LinearEstimates
        One an outcome; the first term of each is tested. Clusters are matched by name, rows may differ.
    kind, restricted, weights, draws, seed, denominator
        As for :func:`ikz_eval.inference.wild_bootstrap`; one weight a cluster serves all outcomes.

    Raises
    ------
    EstimationError
        If there is no outcome, outcomes share no cluster (the draws would carry no dependence), or an estimate has no
        variance.

    References
    ----------
    .. [1] Romano, J. P., Wolf, M. (2005). Stepwise multiple testing as formalized data snooping. *Econometrica* 73(4).
    .. [2] Romano, J. P., Wolf, M. (2016). Efficient computation of adjusted p-values for resampling-based stepdown
       multiple testing. *Statistics & Probability Letters* 113.
    """
    names = _clusters(estimates)
    signs, is_exact = sign_draws(len(names), weights=weights, draws=draws, seed=seed)
    t, drawn = np.empty(len(estimates)), np.empty((len(signs), len(estimates)))
    for i, each in enumerate(estimates):
        columns = [names.index(name) for name in each.cluster_names]
        first, of_draws = wild_t(each, signs[:, columns], kind=kind, restricted=restricted, denominator=denominator)
        t[i], drawn[:, i] = first[0], of_draws[:, 0]
    # The observed sample is one of the draws: with all signs enumerated it is the first, if the null was imposed.
    counted = drawn if is_exact and restricted else np.vstack([np.abs(t), drawn])
    alone: Floats = at_least(counted, t).mean(axis=0)
    adjusted = step_down(t, counted)
    return [
        RomanoWolf(float(each.estimates[0]), float(t[i]), float(alone[i]), float(adjusted[i]), len(signs))
        for i, each in enumerate(estimates)
    ]


def _clusters(estimates: Sequence[LinearEstimates]) -> list[str]:
    """Return the clusters of all outcomes in sorted order; refuse outcomes that have none in common."""
    if not estimates:
        raise EstimationError("Romano-Wolf: no outcome is given; allowed is one or more")
    shared = set.intersection(*(set(each.cluster_names) for each in estimates))
    if len(shared) < 2:
        raise EstimationError(
            f"Romano-Wolf: the outcomes have {len(shared)} clusters in common; shared draws need 2 or more, named alike"
        )
    return sorted(set().union(*(each.cluster_names for each in estimates)))
