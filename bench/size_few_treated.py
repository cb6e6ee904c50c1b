"""Size of the tests for few treated clusters, of stacked difference-in-differences and of Romano-Wolf, in five worlds.

``python -m bench.size_few_treated [TABLE ...]`` prints the tables that stand in docs/methods. Every estimate is linear in the outcomes,
so designs are prepared once and thousands of outcomes follow. Nothing here is a test; slow tests repeat single cells.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from bench.wild_many import wild_p
from ikz_eval.estimate import fit_imputation, fit_stacked
from ikz_eval.inference import LinearEstimates, RowDesign, sign_draws, step_down
from ikz_eval.inference.ferman_pinto import cluster_sizes, rescaled
from ikz_eval.inference.few_treated import Exchange, combinations, exchange_of, summed
from ikz_eval.inference.sandwich import adjusted_weights, satterthwaite
from ikz_eval.inference.stepdown import at_least
from ikz_eval.inference.wild_statistics import Prepared, prepare

Floats = NDArray[np.float64]

BODIES = (4, 4, 3, 4, 4, 4, 4, 4, 5)
REGION = np.repeat(np.arange(9), BODIES)
STARTS = np.array((9, 13, 17, 0, 0, 0, 0, 0, 0))
QUARTERS = 24
WORLDS = {"A": (0.0, 0.0, 1.0), "B": (0.3, 0.0, 1.0), "C": (0.6, 0.8, 1.0), "D": (0.3, 0.0, 2.0), "E": (0.0, 0.0, 1.0)}
"""World -> share of the variance by region, autocorrelation, standard deviation of the treated over that of others. In E the
variance of a body is that of A over its size, and treated bodies are three times as large."""
SIZES = np.where(REGION < 3, 3.0, 1.0) * np.tile([0.5, 1.0, 1.5, 2.0], 9)
DRAWS, BOOTSTRAPS, ERRORS, SEED = 2_000, 1_000, 999, 20261127
LEVEL = 0.05


def world(name: str, draws: int, seed: int = SEED) -> Floats:
    """Return noise of bodies and quarters without any effect, shape (36 * 24, draws), body by body."""
    icc, rho, treated = WORLDS[name]
    draw = np.random.default_rng(seed)
    own, shared = (_series(draw, units, rho, draws) for units in (REGION.size, 9))
    noise = 0.05 * (np.sqrt(1 - icc) * own + np.sqrt(icc) * shared[REGION])
    noise[STARTS[REGION] > 0] *= treated
    if name == "E":
        noise /= np.sqrt(SIZES)[:, None, None]
    flat: Floats = noise.reshape(-1, draws)
    return flat


def _series(draw: np.random.Generator, units: int, rho: float, draws: int) -> Floats:
    """Return series of variance one with autocorrelation rho, shape (units, quarters, draws)."""
    steps = draw.normal(size=(units, QUARTERS, draws))
    for time in range(1, QUARTERS):
        steps[:, time] = rho * steps[:, time - 1] + np.sqrt(1 - rho**2) * steps[:, time]
    return steps


def panel(outcome: Floats | None = None) -> pd.DataFrame:
    """Return body, region, quarter, cohort, cases and an outcome (numbers drawn once when left out)."""
    values = world("A", 1)[:, 0] if outcome is None else outcome
    return pd.DataFrame(
        {
            "body": np.repeat(np.arange(REGION.size), QUARTERS), "region": np.repeat(REGION, QUARTERS),
            "quarter": np.tile(np.arange(QUARTERS), REGION.size), "cohort": np.repeat(STARTS[REGION], QUARTERS),
            "cases": np.repeat(SIZES, QUARTERS), "y": values,
        }
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Design:
    """An estimate prepared for any outcome: its linear form, its rows and their positions among all."""

    linear: LinearEstimates
    rows: RowDesign
    kept: NDArray[np.intp]
    size: Floats

    def residuals(self, noise: Floats) -> Floats:
        """Return residuals of the working model for each column of noise."""
        basis, own = self.linear.basis, noise[self.kept]
        rest: Floats = own - basis @ (basis.T @ own)
        return rest


def imputation(cluster: str, treated: int, size: str) -> Design:
    """Return the imputation estimate with the first treated regions and all six blocks."""
    table = panel()
    kept = np.flatnonzero((table["region"] < treated) | (table["region"] > 2))
    fit = fit_imputation(
        table.iloc[kept], outcome="y", unit="body", period="quarter", cohort="cohort", cluster=cluster,
        average="clusters" if cluster == "region" else "observations",
    )  # fmt: skip
    sizes = table["cases"].to_numpy()[kept] if size == "cases" else np.ones(kept.size)
    return Design(fit.linear, fit.row_design, kept.astype(np.intp), sizes)


def rejects_few(design: Design, noise: Floats, test: str) -> float:
    """Return how often Conley-Taber or Ferman-Pinto rejects no effect."""
    exchange = exchange_of(design.linear, design.rows, 0, all_draw=test == "ferman_pinto")
    errors = _errors(design, exchange, design.residuals(noise), test)
    picks, _ = combinations(exchange.donors.size, len(errors), draws=ERRORS, seed=SEED)
    drawn = np.abs(summed(errors, picks))
    observed = np.abs(design.linear.weights[:, 0] @ noise[design.kept])
    p = (1 + at_least(drawn, observed).sum(axis=0)) / (1 + len(picks))
    return float((p < LEVEL).mean())


def _errors(design: Design, exchange: Exchange, residuals: Floats, test: str) -> Floats:
    errors = exchange.errors(residuals)
    if test == "conley_taber":
        return errors[exchange.treated]
    return rescaled(exchange, errors, cluster_sizes(design.linear, design.rows, design.size), "ATT")


def few_treated_lines(test: str) -> Iterator[str]:
    """Return the table of Conley-Taber or Ferman-Pinto."""
    yield "| clusters | treated regions | " + " | ".join(WORLDS) + " |"
    yield "|---|---|" + "---|" * len(WORLDS)
    for cluster in ("region", "body"):
        for treated in (1, 3):
            design = imputation(cluster, treated, "cases")
            shares = [_cell(rejects_few(design, world(name, DRAWS), test), DRAWS) for name in WORLDS]
            yield f"| {cluster} | {treated} | " + " | ".join(shares) + " |"


def many_lines() -> Iterator[str]:
    """Return the table over the number of comparison clusters: independent errors, all clusters alike (world A)."""
    numbers = (6, 12, 25, 50, 100)
    yield "| test | treated clusters | " + " | ".join(f"{n} comparison" for n in numbers) + " |"
    yield "|---|---|" + "---|" * len(numbers)
    for test in ("conley_taber", "ferman_pinto"):
        for treated in (1, 3):
            shares = [_cell(rejects_few(*_independent(treated, n), test), DRAWS) for n in numbers]
            yield f"| {test} | {treated} | " + " | ".join(shares) + " |"


def _independent(treated: int, comparison: int) -> tuple[Design, Floats]:
    """Return the design of independent clusters of one unit, starts in quarter 9, and its noise."""
    units = treated + comparison
    noise = _series(np.random.default_rng(SEED), units, 0.0, DRAWS).reshape(units * QUARTERS, DRAWS)
    table = pd.DataFrame(
        {
            "body": np.repeat(np.arange(units), QUARTERS), "quarter": np.tile(np.arange(QUARTERS), units),
            "cohort": np.repeat(np.where(np.arange(units) < treated, 9, 0), QUARTERS), "y": noise[:, 0],
        }
    )  # fmt: skip
    fit = fit_imputation(table, outcome="y", unit="body", period="quarter", cohort="cohort")
    design = Design(fit.linear, fit.row_design, np.arange(len(table), dtype=np.intp), np.ones(len(table)))
    return design, noise


def stacked_lines() -> Iterator[str]:
    """Return the table of stacked difference-in-differences with CR2 and wild bootstrap by region."""
    # Two outcomes, one and the position, tell root weight and position of each stacked row.
    ones: Floats = np.ones(REGION.size * QUARTERS)
    root, where = stacked(ones), stacked(np.cumsum(ones))
    kept = np.rint(where.outcome / root.outcome - 1).astype(np.intp)
    term = where.terms.index("ATT")
    prepared, signs = prepare(where, "cr1")[term], sign_draws(9)[0]
    yield "| inference by region | " + " | ".join(WORLDS) + " |"
    yield "|---|" + "---|" * len(WORLDS)
    shares: dict[str, list[str]] = {"CR2": [], "wild 11": []}
    for name in WORLDS:
        noise = root.outcome[:, None] * world(name, DRAWS)[kept]
        shares["CR2"].append(_cell(cr2(where, term, noise), DRAWS))
        p = wild_p(prepared, noise[:, :BOOTSTRAPS], signs)
        shares["wild 11"].append(_cell(float((p < LEVEL).mean()), BOOTSTRAPS))
    for kind, found in shares.items():
        yield f"| {kind} | " + " | ".join(found) + " |"


def stacked(outcome: Floats) -> LinearEstimates:
    """Return the stacked estimate of an outcome, in the space of rows times the root of their weight."""
    return fit_stacked(
        panel(outcome), outcome="y", unit="body", period="quarter", cohort="cohort", cluster="region", pre=8, post=6
    ).linear


def cr2(linear: LinearEstimates, term: int, noise: Floats) -> float:
    """Return how often CR2 with Satterthwaite degrees of freedom rejects."""
    rest = noise - linear.basis @ (linear.basis.T @ noise)
    parts = [a[:, term] @ rest[rows] for a, rows in zip(adjusted_weights(linear, "cr2"), linear.members, strict=True)]
    t = (linear.weights[:, term] @ noise) / np.sqrt((np.array(parts) ** 2).sum(axis=0))
    return float((2 * special.stdtr(satterthwaite(linear, "cr2")[term], -np.abs(t)) < LEVEL).mean())


def romano_wolf_lines(draws: int = BOOTSTRAPS) -> Iterator[str]:
    """Return the table of Romano-Wolf: four outcomes that share half of their variance, none or one with an effect."""
    design = imputation("region", 3, "cases")
    prepared, signs = prepare(design.linear, "cr2")[0], sign_draws(9)[0]
    yield "| outcomes with an effect | p values | " + " | ".join(WORLDS) + " |"
    yield "|---|---|" + "---|" * len(WORLDS)
    treated = design.rows.is_treated.astype(np.float64)[:, None]
    for false_nulls in (0, 1):
        shares: dict[str, list[str]] = {"each alone": [], "Romano-Wolf": []}
        for name in WORLDS:
            common = world(name, draws, SEED + 9)
            noise = [np.sqrt(0.5) * (common + world(name, draws, SEED + k)) for k in range(4)]
            noise[:false_nulls] = [each + 0.2 * treated for each in noise[:false_nulls]]
            alone, adjusted = familywise(prepared, noise, signs, false_nulls)
            shares["each alone"].append(_cell(alone, draws))
            shares["Romano-Wolf"].append(_cell(adjusted, draws))
        for kind, found in shares.items():
            yield f"| {false_nulls} | {kind} | " + " | ".join(found) + " |"


def familywise(prepared: Prepared, noise: list[Floats], signs: Floats, false_nulls: int) -> tuple[float, float]:
    """Return how often at least one true null is rejected, by unadjusted and by adjusted p."""
    found = np.zeros(2)
    draws = noise[0].shape[1]
    for column in range(draws):
        each = [prepared.statistics(outcome[:, column], signs) for outcome in noise]
        t, drawn = np.array([one.t(0.0) for one in each]), np.column_stack([one.t_draws(0.0) for one in each])
        alone, adjusted = at_least(drawn, t).mean(axis=0), step_down(t, drawn)
        found += [(alone[false_nulls:] < LEVEL).any(), (adjusted[false_nulls:] < LEVEL).any()]
    return float(found[0] / draws), float(found[1] / draws)


def _cell(share: float, draws: int) -> str:
    return f"{share:.3f} ({np.sqrt(share * (1 - share) / draws):.3f})"


TABLES: dict[str, Callable[[], Iterator[str]]] = {
    "conley_taber": lambda: few_treated_lines("conley_taber"),
    "ferman_pinto": lambda: few_treated_lines("ferman_pinto"),
    "number of comparison clusters": many_lines,
    "stacked": stacked_lines,
    "romano_wolf": romano_wolf_lines,
}


if __name__ == "__main__":
    for title, lines in TABLES.items():
        if len(sys.argv) > 1 and title not in sys.argv[1:]:
            continue
        print(
            f"\n{title} (seed {SEED}; {DRAWS} draws, {BOOTSTRAPS} of bootstraps; in brackets the Monte Carlo error)\n"
        )
        print("\n".join(lines()), flush=True)
