"""How often the p values of the elasticity of cost reject the true one at 5 %, in the four error worlds.

``python -m bench.size_cost_function 10000`` prints the table that stands in docs/methods/cost_function.md: 36 bodies in three model
regions and six blocks (nine clusters), 24 quarters, the first three regions the volatile ones of world D. Sizes are drawn
once; in every draw each body's log cost has a lasting difference of its own, partly shared by its region, and quarterly noise.
The estimate is linear in log cost, so what the true elasticity adds cancels in the test of it: the noise alone is tested
against zero, by the weights of the fit.
"""

import sys
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from bench.series_worlds import DEVIATION, WORLDS, Floats, bodies_noise
from ikz_eval.estimate import fit_cost_function
from ikz_eval.inference.estimator import LinearEstimates
from ikz_eval.inference.sandwich import adjusted_weights, satterthwaite, small_sample_factor

SEED = 20_261_127
BODIES = (4, 4, 3, 4, 4, 4, 4, 4, 5)
QUARTERS = 24
DESIGNS: dict[str, dict[str, Any]] = {
    "log-log, between bodies": {},
    "translog, between bodies": {"form": "translog"},
    "log-log, body effects": {"absorb": ["body"]},
}


def panel() -> pd.DataFrame:
    """Return body, region, quarter, cases and a cost without noise, 36 x 24 rows."""
    draw = np.random.default_rng(SEED)
    region = np.repeat(np.arange(len(BODIES)), BODIES)
    size = 7 + 0.6 * draw.normal(size=region.size) + 0.4 * draw.normal(size=len(BODIES))[region]
    log_cases = size[:, None] + 0.1 * draw.normal(size=(region.size, QUARTERS))
    return pd.DataFrame(
        {
            "body": np.repeat(np.arange(region.size), QUARTERS),
            "region": np.repeat(region, QUARTERS),
            "quarter": np.tile(np.arange(QUARTERS), region.size),
            "cases": np.exp(log_cases).ravel(),
            "cost": np.exp(2 + 0.8 * log_cases + DEVIATION * draw.normal(size=log_cases.shape)).ravel(),
        }
    )


def noise(draw: np.random.Generator, world: str) -> Floats:
    """Return one draw of log cost less what output explains, in the rows' order, shape (864,)."""
    share, _, volatility = WORLDS[world]
    region = np.repeat(np.arange(len(BODIES)), BODIES)
    lasting = np.sqrt(1 - share) * draw.normal(size=region.size)
    lasting = lasting + np.sqrt(share) * draw.normal(size=len(BODIES))[region]
    lasting = lasting * np.where(region < 3, volatility, 1.0)
    drawn: Floats = (bodies_noise(draw, world, BODIES, 3, QUARTERS) + DEVIATION * lasting[:, None]).ravel()
    return drawn


def rejected(linear: LinearEstimates, kind: str, outcomes: Floats) -> float:
    """Return the share of outcomes, shape (n, draws), in which the first estimate's p is below .05."""
    basis, scores = linear.basis, []
    for rows, a in zip(linear.members, adjusted_weights(linear, kind), strict=True):
        scores.append(a[:, 0] @ outcomes[rows] - (a[:, 0] @ basis[rows]) @ (basis.T @ outcomes))
    errors = np.sqrt(small_sample_factor(linear, kind) * (np.array(scores) ** 2).sum(axis=0))
    df = satterthwaite(linear, kind)[0] if kind == "cr2" else linear.n_clusters - 1.0
    t = (linear.weights[:, 0] @ outcomes) / errors
    return float((2 * special.stdtr(df, -np.abs(t)) < 0.05).mean())


def main(draws: int) -> None:
    """Print the table."""
    frame = panel()
    outcomes = {
        world: np.array([noise(generator, world) for _ in range(draws)]).T
        for world in WORLDS
        for generator in (np.random.default_rng([SEED, ord(world)]),)
    }
    print(f"{draws} draws, seed {SEED}, Monte Carlo error at .05 {np.sqrt(0.05 * 0.95 / draws):.4f}\n")
    print("| model | inference | df | " + " | ".join(WORLDS) + " |\n|---|---|---|" + "---|" * len(WORLDS))
    for design, options in DESIGNS.items():
        for kind, cluster in (("cr2", "region"), ("cr3", "region"), ("cr1", "region"), ("cr2", "body")):
            fit = fit_cost_function(frame, outcome="cost", output="cases", period="quarter", cluster=cluster, **options)
            shares = [rejected(fit.linear, kind, outcomes[world]) for world in WORLDS]
            df = satterthwaite(fit.linear, "cr2")[0] if kind == "cr2" else fit.linear.n_clusters - 1.0
            print(f"| {design} | {kind} by {cluster} | {df:.1f} | " + " | ".join(f"{one:.3f}" for one in shares) + " |")


if __name__ == "__main__":
    main(int(sys.argv[1]))
