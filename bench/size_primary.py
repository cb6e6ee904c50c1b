"""How often the primary estimate's tests reject a true null in the study's design, in the plan's worlds A to D.

36 bodies, 24 quarters, regions of 4, 4 and 3 bodies starting in quarters 9, 13, 17, six comparison blocks; imputation with each
treated region weighing the same. An estimate and its CR2 or CR3 variance are linear maps of the outcome, so each is made once
and applied to all draws. `python -m bench.size_primary 2000 44` (draws, seed); its table stands in docs/methods/verdict.md.
"""

import sys

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from bench.wild_many import wild_p
from ikz_eval.estimate import ImputationFit, fit_imputation
from ikz_eval.inference import score_rows, sign_draws
from ikz_eval.inference.donald_lang import donald_lang, region_changes
from ikz_eval.inference.randomisation import assignments
from ikz_eval.inference.sandwich import adjusted_weights, satterthwaite
from ikz_eval.inference.stepdown import at_least
from ikz_eval.inference.wild_statistics import prepare

Floats = NDArray[np.float64]
BODIES = (4, 4, 3, 4, 4, 4, 4, 4, 5)
STARTS = (9, 13, 17, 0, 0, 0, 0, 0, 0)
QUARTERS = 24
WORLDS = {"A": (0.0, 0.0, 1.0), "B": (0.3, 0.0, 1.0), "C": (0.6, 0.8, 1.0), "D": (0.0, 0.0, 2.0)}
"""World -> share of variance by region, autocorrelation, how many times as volatile the treated regions are."""
ALPHA = 0.05


def noise(draw: np.random.Generator, name: str, draws: int) -> Floats:
    """Return unit-variance noise of a world, shape (draws, bodies * quarters), by body and quarter."""
    icc, correlation, factor = WORLDS[name]
    region = np.repeat(np.arange(9), BODIES)
    own = _series(draw, (draws, region.size), correlation)
    shared = _series(draw, (draws, 9), correlation)[:, region]
    volatile = np.where(np.array(STARTS)[region] > 0, factor, 1.0)[None, :, None]
    found: Floats = (volatile * (np.sqrt(1 - icc) * own + np.sqrt(icc) * shared)).reshape(draws, -1)
    return found


def _series(draw: np.random.Generator, shape: tuple[int, int], correlation: float) -> Floats:
    """Return stationary series of variance one, shape (*shape, quarters)."""
    steps = draw.normal(size=(*shape, QUARTERS))
    for t in range(1, QUARTERS if correlation else 0):
        steps[..., t] = correlation * steps[..., t - 1] + np.sqrt(1 - correlation**2) * steps[..., t]
    return steps


def panel(starts: tuple[int, ...] = STARTS) -> pd.DataFrame:
    """Return the panel without outcome, starts by region."""
    region = np.repeat(np.arange(9), BODIES)
    return pd.DataFrame(
        {
            "body": np.repeat(np.arange(region.size), QUARTERS),
            "region": np.repeat(region, QUARTERS),
            "quarter": np.tile(np.arange(QUARTERS), region.size),
            "cohort": np.repeat(np.array(starts)[region], QUARTERS),
            "y": 0.0,
        }
    )


def fitted(starts: tuple[int, ...]) -> ImputationFit:
    """Return the imputation under some starts; only its weights and working model are used."""
    frame = panel(starts)
    frame["y"] = np.random.default_rng(0).normal(size=len(frame))
    return fit_imputation(frame, outcome="y", unit="body", period="quarter", cohort="cohort", cluster="region")


def t_of(fit: ImputationFit, outcomes: Floats) -> Floats:
    """Return t with the CR2 denominator of each draw, shape (draws,)."""
    scores = outcomes @ score_rows(fit.model, fit.weights).T
    found: Floats = outcomes @ fit.weights / np.linalg.norm(scores, axis=1)
    return found


def by_t(t: Floats, df: float) -> float:
    """Return the share of draws whose two-sided p is below the level."""
    return float((2 * special.stdtr(df, -np.abs(t)) < ALPHA).mean())


def dealt_weights() -> list[tuple[Floats, Floats]]:
    """Return c and P under every dealing of the starts, the observed one first."""
    dealt, _ = assignments(list(STARTS))
    fits = (fitted(tuple(int(str(start)) for start in starts)) for starts in dealt)
    return [(fit.weights, score_rows(fit.model, fit.weights)) for fit in fits]


def randomisation(dealt: list[tuple[Floats, Floats]], outcomes: Floats) -> tuple[float, float]:
    """Return the rejections of randomisation over regions and blocks, by t and by coefficient."""
    b = np.abs(np.array([outcomes @ c for c, _ in dealt]))
    t = b / np.array([np.linalg.norm(outcomes @ scores.T, axis=1) for _, scores in dealt])
    p_t, p_b = (at_least(each, each[0]).mean(axis=0) for each in (t, b))
    return float((p_t < ALPHA).mean()), float((p_b < ALPHA).mean())


def donald_lang_size(outcomes: Floats) -> float:
    """Return the rejections of Donald-Lang on the means of regions."""
    region = np.repeat(np.arange(9), BODIES)
    means = np.array([outcomes.reshape(-1, region.size, QUARTERS)[:, region == r].mean(axis=1) for r in range(9)])
    first = np.array([start if start else np.inf for start in STARTS], dtype=np.float64)
    return float(np.mean([donald_lang(*region_changes(means[:, k], first)).p < ALPHA for k in range(len(outcomes))]))


def main(draws: int, seed: int) -> None:
    """Print a row for each test, a column for each world."""
    fit = fitted(STARTS)
    linear = fit.linear
    adjusted = {kind: adjusted_weights(linear, kind) for kind in ("cr2", "cr3")}
    df = {"cr2": float(satterthwaite(linear, "cr2")[0]), "cr3": linear.n_clusters - 1.0}
    prepared, (signs, _) = prepare(linear, "cr2")[0], sign_draws(linear.n_clusters)
    dealt = dealt_weights()
    table: dict[str, list[float]] = {}
    for name in WORLDS:
        outcomes = noise(np.random.default_rng([seed, ord(name)]), name, draws)
        rest = outcomes - (outcomes @ linear.basis) @ linear.basis.T
        found = {}
        for kind, parts in adjusted.items():
            scores = np.array([rest[:, rows] @ a[:, 0] for rows, a in zip(linear.members, parts, strict=True)])
            found[kind] = by_t(outcomes @ fit.weights / np.linalg.norm(scores, axis=0), df[kind])
        found["wild"] = float((wild_p(prepared, outcomes.T, signs) < ALPHA).mean())
        found["randomisation t"], found["randomisation coefficient"] = randomisation(dealt, outcomes)
        found["Donald-Lang"] = donald_lang_size(outcomes)
        for test, share in found.items():
            table.setdefault(test, []).append(share)
    print(f"| {draws} draws, seed {seed} | " + " | ".join(WORLDS) + " |")
    for test, shares in table.items():
        print(f"| {test} | " + " | ".join(f"{share:.3f}" for share in shares) + " |")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
