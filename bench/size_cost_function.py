"""How often the p values of the elasticity of cost reject the true one at 5 %, in the four error worlds.

``python -m bench.size_cost_function 2000`` prints the table that stands in docs/methods/cost_function.md: 36 bodies in three model
regions and six blocks (nine clusters), 24 quarters, the first three regions the volatile ones of world D. The elasticity
is .8; cost less .8 times output is regressed, so that the null of no elasticity left is true. In every draw the bodies'
sizes are drawn anew, and each body's cost has a lasting difference of its own, partly shared by its region.
"""

import sys
from typing import Any

import numpy as np
import pandas as pd

from bench.series_worlds import DEVIATION, WORLDS, bodies_noise
from ikz_eval.estimate import fit_cost_function
from ikz_eval.inference.classical import classical
from ikz_eval.inference.sandwich import cluster_robust
from ikz_eval.inference.wild_bootstrap import wild_bootstrap

SEED = 20_261_127
BODIES = (4, 4, 3, 4, 4, 4, 4, 4, 5)
QUARTERS = 24
ELASTICITY = 0.8
WILD_DRAWS = 512
"""All signs of nine clusters."""
DESIGNS: dict[str, dict[str, Any]] = {
    "log-log, between bodies": {},
    "translog, between bodies": {"form": "translog"},
    "log-log, body effects": {"absorb": ["body"]},
}


def panel(draw: np.random.Generator, world: str) -> pd.DataFrame:
    """Return body, region, quarter, cases and unit cost at the true elasticity, shape (36 x 24 rows)."""
    share = WORLDS[world][0]
    region = np.repeat(np.arange(len(BODIES)), BODIES)
    size = 7 + 0.6 * draw.normal(size=region.size) + 0.4 * draw.normal(size=len(BODIES))[region]
    lasting = np.sqrt(1 - share) * draw.normal(size=region.size)
    lasting = lasting + np.sqrt(share) * draw.normal(size=len(BODIES))[region]
    lasting = lasting * np.where(region < 3, WORLDS[world][2], 1.0)
    log_cases = size[:, None] + 0.1 * draw.normal(size=(region.size, QUARTERS))
    noise = bodies_noise(draw, world, BODIES, 3, QUARTERS) + DEVIATION * lasting[:, None]
    log_cost = 2 + ELASTICITY * log_cases + noise
    return pd.DataFrame(
        {
            "body": np.repeat(np.arange(region.size), QUARTERS),
            "region": np.repeat(region, QUARTERS),
            "quarter": np.tile(np.arange(QUARTERS), region.size),
            "cases": np.exp(log_cases).ravel(),
            "cost_less_known": np.exp(log_cost - ELASTICITY * log_cases).ravel(),
        }
    )


def rejections(frame: pd.DataFrame, options: dict[str, Any]) -> dict[str, bool]:
    """Return whether each inference rejects the true elasticity."""
    found = {}
    for name, cluster in (("region", "region"), ("body", "body")):
        fit = fit_cost_function(
            frame, outcome="cost_less_known", output="cases", period="quarter", cluster=cluster, **options
        )
        linear = fit.linear
        for kind in ("cr1", "cr2", "cr3") if name == "region" else ("cr2",):
            found[f"{kind} by {name}"] = cluster_robust(linear, kind)[0].p < 0.05
        if name == "region" and not options:
            # The dear one for the plain form alone.
            found["wild by region"] = wild_bootstrap(linear, draws=WILD_DRAWS, seed=1)[0].p < 0.05
            found["classical"] = classical(linear)[0].p < 0.05
    return found


def main(draws: int, worlds: str) -> None:
    """Print the table; a world's draws are the same whatever other worlds are asked for."""
    shares: dict[tuple[str, str], dict[str, float]] = {}
    for world in worlds:
        draw = np.random.default_rng([SEED, ord(world)])
        for _ in range(draws):
            frame = panel(draw, world)
            for design, options in DESIGNS.items():
                for name, is_rejected in rejections(frame, options).items():
                    row = shares.setdefault((design, name), dict.fromkeys(worlds, 0.0))
                    row[world] += is_rejected / draws
    print(f"{draws} draws, seed {SEED}, Monte Carlo error at .05 {np.sqrt(0.05 * 0.95 / draws):.4f}\n")
    print("| model | inference | " + " | ".join(worlds) + " |\n|---|---|" + "---|" * len(worlds))
    for (design, name), row in shares.items():
        print(f"| {design} | {name} | " + " | ".join(f"{row[world]:.3f}" for world in worlds) + " |")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "".join(WORLDS))
