"""How often a normal test of synthetic difference-in-differences with two treated regions rejects a true null at 5 %.

``python -m bench.size_synthetic_did`` prints the table of docs/methods/synthetic_did.md (some eight minutes on one core). Regions of four bodies, 25
donors in six blocks, 24 quarters, worlds A to D of the plan of analysis and a factor model F. The standard errors are those of the
door, placebo and jackknife, over blocks and over bodies; the permutation p over dealings to blocks and a jackknife with few degrees
of freedom are candidates that the door does not offer.
"""

import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy import special

from bench.synthetic_worlds import BEFORE, BLOCKS, NAMES, QUARTERS, REGION, Draw, drawn, placebos, weighed
from ikz_eval.estimate import fit_synthetic_did
from ikz_eval.estimate.inferring import Plan
from ikz_eval.inference.estimator import Floats
from ikz_eval.inference.synthetic_control import rank_of
from ikz_eval.inference.synthetic_did import (
    CONTROL,
    CohortWeights,
    Labels,
    average_effect,
    deal_labels,
    jackknife_se,
)

EARLY = 8
EFFECT = -0.10
PLACEBOS = 30
AT_ONCE = 50
CHECKED = 2
LEVEL = 0.05
SEED = 20261127
DONORS = BLOCKS.shape[1]
BLOCK = 2 + np.argmax(BLOCKS, axis=0)
"""Cluster of each donor; the treated regions are 0 and 1."""
Figures = dict[str, Floats]
"""Estimate, standard errors and ranks by name, each of shape (draws,), in units of the draw's noise."""


def over_blocks(sizes: Sequence[int]) -> Labels:
    """Return every dealing of the treated labels to whole blocks, shape (b, 25)."""
    dealt = deal_labels(len(BLOCKS), sizes, 1_000, SEED)
    labels: Labels = ((dealt - CONTROL) @ BLOCKS + CONTROL).astype(np.intp)
    return labels


def one_start(draws: Sequence[Draw]) -> Figures:
    """Return placebos over blocks and jackknives where two regions start in quarter 13."""
    cohorts = weighed(draws, slice(None), BEFORE)
    effects = placebos(draws, [cohorts], over_blocks([2]))
    return _placed(_estimates(draws, cohorts), effects) | _jackknives(draws, cohorts)


def one_region(draws: Sequence[Draw]) -> Figures:
    """Return the jackknife over bodies where one region starts in quarter 13 and no clusters are named."""
    cohorts = weighed(draws, slice(None), BEFORE)
    return {"estimate": _estimates(draws, cohorts)} | _jackknives(draws, cohorts)


def over_bodies(draws: Sequence[Draw]) -> Figures:
    """Return the standard error over random choices of bodies where all start in quarter 13 and no clusters are named."""
    cohorts = weighed(draws, slice(None), BEFORE)
    labels = deal_labels(DONORS, [len(draws[0].treated)], PLACEBOS, SEED)
    spread = placebos(draws, [cohorts], labels).std(axis=1)
    return {"estimate": _estimates(draws, cohorts), "placebo se": spread}


def two_starts(draws: Sequence[Draw]) -> Figures:
    """Return placebos over blocks where the regions start in quarters 9 and 13."""
    early = weighed(draws, slice(0, REGION), EARLY)
    late = weighed(draws, slice(REGION, 2 * REGION), BEFORE)
    return _placed(_estimates(draws, early, late), placebos(draws, [early, late], over_blocks([1, 1])))


def _estimates(draws: Sequence[Draw], *cohorts: Sequence[CohortWeights]) -> Floats:
    own = zip(*cohorts, strict=True)
    return np.array([average_effect(each, one.donors) for each, one in zip(own, draws, strict=True)])


def _jackknives(draws: Sequence[Draw], cohorts: Sequence[CohortWeights]) -> Figures:
    """Return the standard errors with each body, and with each region and block, left out once."""
    treated = len(draws[0].treated)
    bodies, region = np.arange(treated + DONORS), np.repeat(np.arange(treated // REGION), REGION)
    groups = {"jackknife se": (bodies[:treated], bodies[treated:]), "jackknife se_blocks": (region, BLOCK)}
    pairs = list(zip(cohorts, draws, strict=True))
    return {
        name: np.array([jackknife_se([each], one.donors, donors, [own]) for each, one in pairs])
        for name, (own, donors) in groups.items()
        if np.unique(own).size > 1
    }


def _placed(estimates: Floats, effects: Floats) -> Figures:
    """Return estimates with the standard error and the rank that placebos over blocks give."""
    ranks = [rank_of(abs(own), np.abs(row)) for own, row in zip(estimates, effects, strict=True)]
    return {"estimate": estimates, "placebo se_blocks": effects.std(axis=1), "rank_blocks": np.array(ranks)}


def panel(one: Draw, starts: Sequence[int]) -> pd.DataFrame:
    """Return a programme as a table: body, block, quarter from 1, first treated quarter (0: never), cost."""
    cluster = np.concatenate([np.repeat(np.arange(len(starts)), REGION), BLOCK])
    first = np.concatenate([np.repeat(starts, REGION), np.zeros(DONORS, dtype=int)])
    return pd.DataFrame(
        {
            "body": np.repeat([f"b{i:02d}" for i in range(cluster.size)], QUARTERS),
            "block": np.repeat([f"k{code}" for code in cluster], QUARTERS),
            "quarter": np.tile(np.arange(1, QUARTERS + 1), cluster.size),
            "start": np.repeat(first, QUARTERS),
            "cost": one.outcome.ravel(),
        }
    )


def check() -> str:
    """Stop unless programmes solved together have the numbers of the package, one by one; return how close they are."""
    random, apart = np.random.default_rng(SEED), 0.0
    late, early = BEFORE + 1, EARLY + 1
    for starts, found_by in (
        ((late, late), (one_start, over_bodies)), ((early, late), (two_starts,)), ((late,), (one_region, over_bodies)),
    ):  # fmt: skip
        draws = [drawn(random, "B", len(starts)) for _ in range(CHECKED)]
        found = {name: numbers for by in found_by for name, numbers in by(draws).items()}
        for k, one in enumerate(draws):
            known = of_package(panel(one, starts))
            apart = max(apart, *(abs(float(numbers[k]) - known[name]) for name, numbers in found.items()))
    if apart > 1e-6:
        sys.exit(f"solving several programmes at once differs from the package by {apart}")
    return f"{3 * CHECKED} programmes as the package has them, figures at most {apart:.0e} noise levels apart"


def of_package(table: pd.DataFrame) -> dict[str, float]:
    """Return estimate, rank and all standard errors of a programme as the package gives them."""
    fit = fit_synthetic_did(table, outcome="cost", unit="body", period="quarter", cohort="start", cluster="block")
    known: dict[str, object] = {"estimate": fit.estimate}
    is_single = min(len(cohort.treated) for cohort in fit.cohorts) < 2
    for name in ("placebo",) if is_single else ("placebo", "jackknife"):
        numbers = fit.infer(name, Plan((), draws=PLACEBOS, seed=SEED))["ATT"]
        known |= {f"{name} {key}": value for key, value in numbers.items()}
    known |= {"rank_blocks": known["placebo rank_blocks"]}
    return {name: float(value) for name, value in known.items() if isinstance(value, int | float)}


def rejected(estimate: Floats, se: Floats, df: float = np.inf) -> float:
    """Return the share of draws in which a two-sided t test (normal for infinite df) has p below LEVEL."""
    t = -np.abs(estimate / se)
    return float((2 * (special.ndtr(t) if np.isinf(df) else special.stdtr(df, t)) < LEVEL).mean())


def shares(pairs: Sequence[Draw], alone: Sequence[Draw], some: int) -> dict[str, float]:
    """Return the column of a world from programmes with two regions and with one; the dear rows use the first ``some``."""
    same, apart, region = joined(one_start, pairs), joined(two_starts, pairs[:some]), joined(one_region, alone)
    both, eight = same["estimate"], joined(over_bodies, pairs[:some])
    helped = both + EFFECT / np.array([one.scale for one in pairs])
    few = same["jackknife se_blocks"]
    return {
        "one start: placebo over blocks": rejected(both, same["placebo se_blocks"]),
        "one start: jackknife over regions and blocks": rejected(both, few),
        "two starts: placebo over blocks": rejected(apart["estimate"], apart["placebo se_blocks"]),
        "no clusters named, eight bodies: placebo over bodies": rejected(eight["estimate"], eight["placebo se"]),
        "no clusters named, eight bodies: jackknife over bodies": rejected(both, same["jackknife se"]),
        "no clusters named, four bodies: jackknife over bodies": rejected(region["estimate"], region["jackknife se"]),
        "permutation p, one start: rank 1 of 16": float((same["rank_blocks"] == 1).mean()),
        "permutation p, two starts: rank 1 of 31": float((apart["rank_blocks"] == 1).mean()),
        "jackknife over regions and blocks, t with 1 df": rejected(both, few, 1),
        "at -10 %: placebo over blocks": rejected(helped, same["placebo se_blocks"]),
        "at -10 %: jackknife over regions and blocks, t with 1 df": rejected(helped, few, 1),
    }


def joined(find: Callable[[Sequence[Draw]], Figures], draws: Sequence[Draw]) -> Figures:
    """Return the figures of all draws, found some at a time."""
    parts = [find(draws[first : first + AT_ONCE]) for first in range(0, len(draws), AT_ONCE)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def main(many: int, some: int, worlds: str) -> None:
    """Print the table, world after world."""
    begin = time.process_time()
    print(check(), flush=True)
    table = {}
    for world in worlds:
        random = np.random.default_rng([SEED, ord(world)])
        pairs, alone = ([drawn(random, world, regions) for _ in range(many)] for regions in (2, 1))
        table[world] = shares(pairs, alone, some)
        print(f"{world}: {time.process_time() - begin:.0f} s of CPU", flush=True)
    for name in table[worlds[0]]:
        print(f"| {name} | " + " | ".join(f"{table[world][name]:.3f}" for world in worlds) + " |")
    print(
        f"{many} draws a world, {some} of two starts and of placebos over bodies ({PLACEBOS} each), seed {SEED}; ",
        end="",
    )
    errors = (np.sqrt(LEVEL * (1 - LEVEL) / count) for count in (many, some))
    print("Monte Carlo error at .05 {:.3f} and {:.3f}".format(*errors))


if __name__ == "__main__":
    arguments = dict(enumerate(sys.argv))
    main(int(arguments.get(1, 1_000)), int(arguments.get(2, 400)), arguments.get(3, "".join(NAMES)))
