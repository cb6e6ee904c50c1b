"""How often the p values of the elasticity of cost reject the true one at 5 %, in the four error worlds.

``python -m bench.size_cost_function 10000`` prints the table that stands in docs/methods/cost_function.md: 36 bodies in three model
regions and six blocks (nine clusters), 24 quarters, the first three regions the volatile ones of world D. Sizes are drawn
once; in every draw each body's log cost has a lasting difference of its own, partly shared by its region, and quarterly noise.
The estimate is linear in log cost, so what the true elasticity adds cancels in the test of it: the noise alone is tested
against zero, by the weights of the fit.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from bench.series_worlds import DEVIATION, WORLDS, Floats, bodies_noise
from bench.wild_many import wild_p
from ikz_eval.estimate import fit_cost_function
from ikz_eval.inference.attainable import DRAWS
from ikz_eval.inference.bootstrap_weights import sign_draws
from ikz_eval.inference.estimator import LinearEstimates
from ikz_eval.inference.sandwich import adjusted_weights, satterthwaite, small_sample_factor
from ikz_eval.inference.stepdown import TIES
from ikz_eval.inference.wild_bootstrap import wild_bootstrap
from ikz_eval.inference.wild_statistics import prepare

SEED = 20_261_127
LEVEL = 0.05
BODIES = (4, 4, 3, 4, 4, 4, 4, 4, 5)
QUARTERS = 24
DESIGNS: dict[str, dict[str, Any]] = {
    "log-log, between bodies": {},
    "translog, between bodies": {"form": "translog"},
    "log-log, body effects": {"absorb": ["body"]},
}
KINDS = {"region": ("cr2", "cr3", "cr1", "cr1_full", "cr0"), "body": ("cr2", "classical")}
"""Variances whose size is counted, by clusters; the textbook one knows no clusters."""
WILD = {"region": ("11", "31", "13", "33"), "body": ("11",)}
DRAWN_SIGNS, BODY_DRAWS = 999, 2_000
"""With 36 bodies signs are drawn: so many of them, on so many outcomes."""
CHECKED = 3
"""Outcomes a row whose p is compared with that of the package."""


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
    basis = linear.basis
    if kind == "classical":
        squares = (outcomes**2).sum(axis=0) - ((basis.T @ outcomes) ** 2).sum(axis=0)
        errors = np.sqrt(squares / degrees(linear, kind) * (linear.weights[:, 0] ** 2).sum())
    else:
        scores = []
        for rows, a in zip(linear.members, adjusted_weights(linear, kind), strict=True):
            scores.append(a[:, 0] @ outcomes[rows] - (a[:, 0] @ basis[rows]) @ (basis.T @ outcomes))
        errors = np.sqrt(small_sample_factor(linear, kind) * (np.array(scores) ** 2).sum(axis=0))
    t = (linear.weights[:, 0] @ outcomes) / errors
    return float((2 * special.stdtr(degrees(linear, kind), -np.abs(t)) < LEVEL).mean())


def degrees(linear: LinearEstimates, kind: str) -> float:
    """Return the degrees of freedom of the t test."""
    if kind == "classical":
        return float(linear.n_obs - linear.parameters_full)
    return float(satterthwaite(linear, "cr2")[0]) if kind == "cr2" else linear.n_clusters - 1.0


def wild_rejected(linear: LinearEstimates, kind: str, outcomes: Floats) -> float:
    """Return the same share for the wild bootstrap: all signs of regions; drawn ones, and fewer outcomes, for bodies."""
    is_listed = 2**linear.n_clusters <= DRAWS
    signs, _ = sign_draws(linear.n_clusters, draws=DRAWS if is_listed else DRAWN_SIGNS)
    used = outcomes if is_listed else outcomes[:, :BODY_DRAWS]
    prepared = prepare(linear, "cr3" if kind[1] == "3" else "cr1", kind[0])[0]
    found = wild_p(prepared, used, signs)
    for k in range(CHECKED):
        known = wild_bootstrap(
            replace(linear, outcome=used[:, k]), kind=kind, draws=DRAWS if is_listed else DRAWN_SIGNS
        )
        if abs(known[0].p - found[k]) > TIES:
            sys.exit(f"wild bootstrap {kind} of many outcomes at once has p {found[k]}, the package {known[0].p}")
    return float((found < LEVEL).mean())


def fits(frame: pd.DataFrame) -> Iterator[tuple[str, str, LinearEstimates]]:
    """Yield name of the model, clusters, and its estimates, the elasticity first."""
    for design, options in DESIGNS.items():
        for cluster in ("region", "body"):
            fit = fit_cost_function(frame, outcome="cost", output="cases", period="quarter", cluster=cluster, **options)
            yield design, cluster, fit.linear


def main(draws: int) -> None:
    """Print the table."""
    outcomes = {
        world: np.array([noise(generator, world) for _ in range(draws)]).T
        for world in WORLDS
        for generator in (np.random.default_rng([SEED, ord(world)]),)
    }
    print(f"{draws} draws, seed {SEED}, Monte Carlo error at .05 {np.sqrt(LEVEL * (1 - LEVEL) / draws):.4f}; ", end="")
    print(
        f"wild by body {min(draws, BODY_DRAWS)} draws, {DRAWN_SIGNS} signs; {CHECKED} a row as the package has them\n"
    )
    print("| model | inference | df | " + " | ".join(WORLDS) + " |\n|---|---|---|" + "---|" * len(WORLDS))
    for design, cluster, linear in fits(panel()):
        for kind in KINDS[cluster]:
            shares = [rejected(linear, kind, outcomes[world]) for world in WORLDS]
            by = "" if kind == "classical" else f" by {cluster}"
            print(f"| {design} | {kind}{by} | {degrees(linear, kind):.1f} | {_cells(shares)} |", flush=True)
        for kind in WILD[cluster]:
            shares = [wild_rejected(linear, kind, outcomes[world]) for world in WORLDS]
            print(f"| {design} | wild {kind} by {cluster} | | {_cells(shares)} |", flush=True)


def _cells(shares: list[float]) -> str:
    return " | ".join(f"{one:.3f}" for one in shares)


if __name__ == "__main__":
    main(int(sys.argv[1]))
