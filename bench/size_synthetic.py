"""How often the synthetic methods mislead in the study's design: ranks, standard errors and bias under known truths.

``python -m bench.size_synthetic`` prints the table of docs/methods/synthetic_control.md (about four minutes on one
core). One region of four bodies starts in quarter 13 of 24; 25 bodies in six blocks are donors (the study's 36 bodies less
the other two model regions, which are no comparison). Worlds A to D are those of the plan of analysis, F a factor model.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.inference.estimator import Floats
from ikz_eval.inference.frank_wolfe import SimplexProblems, two_rounds
from ikz_eval.inference.synthetic_control import LEAST_DECREASE, RIDGE, DonorPool, fit_ratios, noise_level, rank_of
from ikz_eval.inference.synthetic_did import (
    CONTROL,
    average_effect,
    cohort_weights,
    deal_labels,
    period_problems,
    placebo_effects,
    unit_problems,
)

SIZES = (4, 4, 4, 4, 4, 4, 5)
REGION = np.repeat(np.arange(7), SIZES)
BLOCKS = REGION[REGION > 0] == np.arange(1, 7)[:, None]
QUARTERS, BEFORE = 24, 12
NOISE = 0.05
EFFECT = -0.10
PLACEBOS = 30
AT_ONCE = 50
CHECKED = 40
SEED = 20261127
WORLDS = {"A": (0.0, 0.0, 1.0), "B": (0.3, 0.0, 1.0), "C": (0.6, 0.8, 1.0), "D": (0.3, 0.0, 2.0), "F": (0.3, 0.0, 1.0)}
"""World -> share of variance by region, autocorrelation, volatility of the treated. F adds a trend that the region has more of."""


def errors(random: np.random.Generator, count: int, correlation: float) -> Floats:
    """Return autocorrelated paths of variance one, shape (count, QUARTERS)."""
    path = random.normal(size=(count, QUARTERS))
    for quarter in range(1, QUARTERS):
        path[:, quarter] = correlation * path[:, quarter - 1] + np.sqrt(1 - correlation**2) * path[:, quarter]
    return path


@dataclass(frozen=True, slots=True)
class Draw:
    """One invented programme without an effect.

    Attributes
    ----------
    outcome : ndarray
        Log cost per case in units of ``scale``, the region's four bodies first, shape (29, QUARTERS).
    scale : float
        Standard deviation of the donors' changes before the start [log points].
    """

    outcome: Floats
    scale: float

    @property
    def donors(self) -> Floats:
        """Outcomes of the 25 donors."""
        donors: Floats = self.outcome[REGION > 0]
        return donors

    @property
    def region(self) -> Floats:
        """Outcomes of the region's four bodies."""
        region: Floats = self.outcome[REGION == 0]
        return region


def drawn(random: np.random.Generator, world: str) -> Draw:
    """Return a programme of a world."""
    share, correlation, volatility = WORLDS[world]
    own, shared = errors(random, REGION.size, correlation), errors(random, len(SIZES), correlation)[REGION]
    noise = NOISE * (np.sqrt(1 - share) * own + np.sqrt(share) * shared)
    noise[REGION == 0] *= volatility
    outcome = 3 + random.normal(0, 0.2, (REGION.size, 1)) + random.normal(0, NOISE, (1, QUARTERS)) + noise
    if world == "F":
        load = random.uniform(0, 1, (REGION.size, 1))
        load[REGION == 0] = random.uniform(0.5, 1, (SIZES[0], 1))
        outcome += load * np.linspace(0, 0.3, QUARTERS)
    scale = noise_level(outcome[REGION > 0, :BEFORE])
    return Draw(outcome / scale, scale)


def stacked(parts: Sequence[SimplexProblems]) -> SimplexProblems:
    """Return problems of several draws as one, so that they are solved at once."""
    grams = [np.broadcast_to(part.gram, (len(part.linear), *part.gram.shape[-2:])) for part in parts]
    names = ("linear", "allowed", "ridge", "rows")
    return SimplexProblems(
        np.concatenate(grams), *(np.concatenate([getattr(part, name) for part in parts]) for name in names)
    )


def solved(parts: Sequence[SimplexProblems], starts: Sequence[Floats] | None = None) -> list[Floats]:
    """Return the weights of each part; outcomes are in units of the noise level, so that all stop alike."""
    whole = stacked(parts)
    found = two_rounds(whole, whole.equal() if starts is None else np.concatenate(starts), LEAST_DECREASE)
    return np.split(found, np.cumsum([len(part.linear) for part in parts])[:-1])


def control(one: Draw, *, exact: bool = True) -> dict[str, float]:
    """Return effect and ranks of a synthetic control, without and with ``EFFECT``.

    The exact optimum of each problem stands for the early-stopping search, which takes a hundred times as long;
    :func:`check` says how often the ranks agree.
    """
    count = BLOCKS.shape[1]
    allowed = np.vstack([np.ones((1, count), dtype=bool), ~np.eye(count, dtype=bool), ~BLOCKS])
    pool, means = DonorPool(one.donors, BEFORE), BLOCKS @ one.donors / BLOCKS.sum(axis=1, keepdims=True)
    paths = np.vstack([one.region.mean(axis=0), one.donors, means])
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
    everyone = np.ones((1, BLOCKS.shape[1]), dtype=bool)
    labels = np.vstack([deal_labels(BLOCKS.shape[1], [4], PLACEBOS, seed), np.where(BLOCKS, 0, CONTROL)])
    ridge = float((4 * (QUARTERS - BEFORE)) ** 0.25)
    taken, allowed = (labels == 0).astype(float), labels == CONTROL
    means = [taken @ one.donors / taken.sum(axis=1, keepdims=True) for one in draws]
    own = [one.region.mean(axis=0) for one in draws]
    omega = solved([unit_problems(d.donors, o[None], everyone, BEFORE, ridge) for d, o in zip(draws, own, strict=True)])
    lam = solved([period_problems(one.donors, everyone, BEFORE, RIDGE) for one in draws])
    units = [unit_problems(d.donors, mean, allowed, BEFORE, ridge) for d, mean in zip(draws, means, strict=True)]
    periods = [period_problems(one.donors, allowed, BEFORE, RIDGE) for one in draws]
    many = (len(labels), 1)
    omegas = solved(units, [unit.normalised(np.tile(w, many)) for unit, w in zip(units, omega, strict=True)])
    lams = solved(periods, [np.tile(w, many) for w in lam])
    found = []
    for i, one in enumerate(draws):
        estimate = float(effects(own[i][None] - omega[i] @ one.donors, lam[i])[0])
        placebo = effects(means[i] - omegas[i] @ one.donors, lams[i])
        plain = own[i] - one.donors.mean(axis=0)
        found.append(
            {"sdid": estimate * one.scale, "did": float(plain[BEFORE:].mean() - plain[:BEFORE].mean()) * one.scale,
             "se": float(placebo[:PLACEBOS].std()) * one.scale, "se_blocks": float(placebo[PLACEBOS:].std()) * one.scale,
             "rank_did": rank_of(abs(estimate), np.abs(placebo[PLACEBOS:]))}
        )  # fmt: skip
    return found


def effects(gap: Floats, periods: Floats) -> Floats:
    """Return mean gaps after the start less weighted ones before."""
    difference: Floats = gap[:, BEFORE:].mean(axis=1) - (gap[:, :BEFORE] * periods).sum(axis=1)
    return difference


def check(seed: int) -> str:
    """Return how search and exact optimum agree; stop unless solving several draws at once gives what the package gives."""
    random = np.random.default_rng(seed)
    draws = [drawn(random, "B") for _ in range(CHECKED)]
    cohort = cohort_weights(draws[1].donors, draws[1].region, BEFORE)
    labels = deal_labels(BLOCKS.shape[1], [4], PLACEBOS, seed)
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
    worlds = sys.argv[3] if len(sys.argv) > 3 else "".join(WORLDS)
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
