"""How often the synthetic methods mislead in the study's design: ranks, standard errors and bias under known truths.

``python -m bench.size_synthetic`` prints the table of docs/methods/synthetic_control.md (about four minutes on one
core). One region of four bodies starts in quarter 13 of 24; 25 bodies in six blocks are donors (the study's 36 bodies less
the other two model regions, which are no comparison). Worlds A to D are those of the plan of analysis, F a factor model.
"""

import sys
import time
from collections.abc import Sequence

import numpy as np
import pandas as pd

from bench.synthetic_worlds import BEFORE, BLOCKS, NAMES, REGION, Draw, drawn, placebos, weighed
from ikz_eval.inference.synthetic_control import DonorPool, fit_ratios, rank_of
from ikz_eval.inference.synthetic_did import CONTROL, average_effect, cohort_weights, deal_labels, placebo_effects

EFFECT = -0.10
PLACEBOS = 30
AT_ONCE = 50
CHECKED = 40
SEED = 20261127


def control(one: Draw, *, exact: bool = True) -> dict[str, float]:
    """Return effect and ranks of a synthetic control, without and with ``EFFECT``.

    The exact optimum of each problem stands for the early-stopping search, which takes a hundred times as long;
    :func:`check` says how often the ranks agree.
    """
    count = BLOCKS.shape[1]
    allowed = np.vstack([np.ones((1, count), dtype=bool), ~np.eye(count, dtype=bool), ~BLOCKS])
    pool, means = DonorPool(one.donors, BEFORE), BLOCKS @ one.donors / BLOCKS.sum(axis=1, keepdims=True)
    paths = np.vstack([one.treated.mean(axis=0), one.donors, means])
    if exact:
        chosen = np.zeros(allowed.shape)
        for weights, path, mask in zip(chosen, paths, allowed, strict=True):
            weights[mask] = DonorPool(one.donors[mask], BEFORE).best_weights(path)
    else:
        chosen = pool.weights(paths, allowed)
    gaps = pool.gaps(paths, chosen)
    ratios, estimate = fit_ratios(gaps, BEFORE, 1.0), float(gaps[0, BEFORE:].mean())
    gaps[0, BEFORE:] += EFFECT / one.scale
    helped = fit_ratios(gaps[:1], BEFORE, 1.0)[0]
    bodies, blocks = ratios[1 : 1 + count], ratios[1 + count :]
    return {
        "sc": estimate * one.scale, "rank": rank_of(ratios[0], bodies), "rank_blocks": rank_of(ratios[0], blocks),
        "helped": rank_of(helped, bodies), "helped_blocks": rank_of(helped, blocks),
    }  # fmt: skip


def did(draws: Sequence[Draw], seed: int) -> list[dict[str, float]]:
    """Return effect, standard errors over bodies and blocks, and rank over blocks of synthetic difference-in-differences."""
    blocks = np.where(BLOCKS, 0, CONTROL)
    labels = np.vstack([deal_labels(BLOCKS.shape[1], [REGION], PLACEBOS, seed), blocks])
    cohorts = weighed(draws, slice(None), BEFORE)
    found = []
    for one, cohort, placebo in zip(draws, cohorts, placebos(draws, [cohorts], labels), strict=True):
        estimate = average_effect([cohort], one.donors)
        plain = one.treated.mean(axis=0) - one.donors.mean(axis=0)
        found.append(
            {"sdid": estimate * one.scale, "did": float(plain[BEFORE:].mean() - plain[:BEFORE].mean()) * one.scale,
             "se": float(placebo[:PLACEBOS].std()) * one.scale, "se_blocks": float(placebo[PLACEBOS:].std()) * one.scale,
             "rank_did": rank_of(abs(estimate), np.abs(placebo[PLACEBOS:]))}
        )  # fmt: skip
    return found


def check(seed: int) -> str:
    """Return how search and exact optimum agree; stop unless solving several draws at once gives what the package gives."""
    random = np.random.default_rng(seed)
    draws = [drawn(random, "B") for _ in range(CHECKED)]
    cohort = cohort_weights(draws[1].donors, draws[1].treated, BEFORE)
    labels = deal_labels(BLOCKS.shape[1], [REGION], PLACEBOS, seed)
    spread = float(placebo_effects([cohort], draws[1].donors, labels).std())
    again = did(draws[:2], seed)[1]
    known, found = [average_effect([cohort], draws[1].donors), spread], [again["sdid"], again["se"]]
    if not np.allclose(known, np.array(found) / draws[1].scale, rtol=0, atol=1e-6):
        sys.exit(f"solving several draws at once differs: {found} instead of {known}")
    pairs = [(control(one), control(one, exact=False)) for one in draws]
    same = {name: sum(a[name] == b[name] for a, b in pairs) for name in ("rank", "rank_blocks")}
    apart = max(abs(a["sc"] - b["sc"]) for a, b in pairs)
    return f"search and exact optimum in {CHECKED} draws of B: same ranks {same}, effects at most {apart:.4f} apart"


def summary(table: pd.DataFrame, compared: pd.DataFrame) -> dict[str, float]:
    """Return the column of a world: synthetic controls, and the draws that synthetic difference-in-differences saw too."""
    z, off = 1.959964, compared["sdid"].abs()
    names = ("did", "sc", "sdid")
    return {
        "SC rank 1 of 26 bodies": (table["rank"] == 1).mean(),
        "SC rank 1 or 2 of 26 bodies": (table["rank"] <= 2).mean(),
        "SC rank 1 of 7 blocks": (table["rank_blocks"] == 1).mean(),
        "SC rank 1 of 26 bodies at -10 %": (table["helped"] == 1).mean(),
        "SC rank 1 of 7 blocks at -10 %": (table["helped_blocks"] == 1).mean(),
        "SDID beyond 1.96 se over bodies": (off > z * compared["se"]).mean(),
        "SDID beyond 1.96 se over blocks": (off > z * compared["se_blocks"]).mean(),
        "SDID rank 1 of 7 blocks": (compared["rank_did"] == 1).mean(),
        **{f"bias {name}": compared[name].mean() for name in names},
        **{f"sd {name}": compared[name].std() for name in names},
    }


def main() -> None:
    """Print the table, world after world: ``[draws of SC] [draws of SDID] [worlds]``."""
    many, some = (int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) > 2 else (1_000, 400)
    worlds = sys.argv[3] if len(sys.argv) > 3 else "".join(NAMES)
    begin = time.process_time()
    for world in worlds:
        random = np.random.default_rng([SEED, ord(world)])
        draws = [drawn(random, world) for _ in range(many)]
        table = pd.DataFrame([control(one) for one in draws])
        found = [did(draws[first : min(first + AT_ONCE, some)], SEED + first) for first in range(0, some, AT_ONCE)]
        compared = pd.DataFrame([one for part in found for one in part]).join(table)
        column = pd.DataFrame({world: summary(table, compared)})
        print(column.to_string(float_format=lambda value: f"{value:.4f}"), flush=True)
    print(check(SEED))
    print(f"{many} draws a world for SC, {some} for SDID ({PLACEBOS} placebos each), seed {SEED}; ", end="")
    print(f"{time.process_time() - begin:.0f} s of CPU")


if __name__ == "__main__":
    main()
