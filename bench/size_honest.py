"""How often honest sets miss the truth: in a normal model with a violation at the bound, and in the four error worlds.

``python -m bench.size_honest normal|worlds|coefficients`` prints a table in Markdown; it stands in docs/methods/honest.md. Draws and
seeds are constants below. The everyday tests hold a small version.
"""

import sys
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ikz_eval.estimate.event_study import fit_event_path
from ikz_eval.estimate.sun_abraham import fit_sun_abraham
from ikz_eval.inference.estimator import LinearEstimates
from ikz_eval.inference.honest.conditional import Levels
from ikz_eval.inference.honest.relative_magnitudes import contains_zero
from ikz_eval.inference.honest.smoothness import frontier
from ikz_eval.inference.honest.study import event_study
from ikz_eval.inference.sandwich import adjusted_weights, small_sample_factor

Floats = NDArray[np.float64]
SEED = 2_023
DRAWS_SMOOTHNESS, DRAWS_RELATIVE, DRAWS_WORLD = 4_000, 2_000, 2_000
LEVELS = Levels(0.05, 0.005)
WORLDS = {"A": (0.0, 0.0, 1.0), "B": (0.3, 0.0, 1.0), "C": (0.6, 0.8, 1.0), "D": (0.3, 0.0, 2.0)}
"""World -> share of variance by region, autocorrelation of the regions' part, volatility of the treated."""
STARTS = (9, 13, 17, 0, 0, 0, 0, 0, 0)
BODIES = (4, 4, 3, 4, 4, 4, 4, 4, 5)
QUARTERS = 24
PLACEBO = (12, 12, 12, 0, 0, 0, 0, 0, 0)
"""One start for all: two bins of four quarters before the reference, three from the start on."""


def main() -> None:
    """Print the table asked for."""
    rows = {"normal": normal_rows, "worlds": world_rows, "coefficients": coefficient_rows}[sys.argv[1]]()
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)


def normal_rows() -> Iterator[tuple[str, ...]]:
    """Yield the coverage of both restrictions when the violation is exactly at the bound; the covariance is known."""
    n_pre, n_post = 4, 3
    at = np.arange(n_pre + n_post)
    covariance = 0.04 * (0.6 ** np.abs(at[:, None] - at) + 0.4)
    root = np.linalg.cholesky(covariance)
    times = np.array([-4.0, -3, -2, -1, 1, 2, 3])
    draw = np.random.default_rng(SEED)
    for m in (0.0, 0.1, 0.5):
        turned = np.where(times > 0, m * times * (times + 1) / 2, 0.0)
        violation = 0.3 * times + turned
        inside = []
        for _ in range(DRAWS_SMOOTHNESS):
            noisy = violation + root @ draw.standard_normal(times.size)
            low, high = frontier(event_study(noisy, covariance, n_pre, n_post)).interval(m, 0.05)
            inside.append(low <= 0 <= high)
        yield "smoothness", f"{m}", "slope .3, turns of M from the start on", *_share(inside)
    for m, step in ((0.5, 0.2), (1.0, 0.2), (1.0, 1.0), (2.0, 1.0)):
        violation = np.array([0.0, 0, 0, -step, m * step, 2 * m * step, 3 * m * step])
        inside = []
        for _ in range(DRAWS_RELATIVE):
            noisy = violation + root @ draw.standard_normal(times.size)
            inside.append(contains_zero(event_study(noisy, covariance, n_pre, n_post), m, LEVELS))
        yield "relative magnitudes", f"{m}", f"one step of {step} before, M times it from the start on", *_share(inside)


def world_rows() -> Iterator[tuple[str, ...]]:
    """Yield how often an effect of zero is outside under parallel trends, by world, clusters and covariance."""
    for name, starts, level in (
        ("regions", PLACEBO, "region"),
        ("bodies", PLACEBO, "body"),
        ("bodies", STARTS, "body"),
    ):
        linear = _path(starts, level)
        keep = [i for i, term in enumerate(linear.terms) if -13 < int(term[2:]) < 8]
        terms = [linear.terms[i] for i in keep]
        n_pre = sum(term.startswith("e=-") for term in terms)
        label = f"{linear.n_clusters} {name}, starts {', '.join(map(str, sorted({*starts} - {0})))}"
        for kind in ("cr1", "cr2"):
            scores = _scores(linear, kind, keep)
            for world in WORLDS:
                found = np.array(list(_outside(linear, scores, keep, n_pre, world, kind)))
                shares = [f"{share:.3f}" for share in found.mean(axis=0)]
                yield label, f"{n_pre} + {len(keep) - n_pre}", kind, world, *shares


def coefficient_rows() -> Iterator[tuple[str, ...]]:
    """Yield the same in world A for 36 bodies and shorter bins: more coefficients for the same clusters."""
    for bin_length in (4, 2, 1):
        linear = _path(PLACEBO, "body", bin_length)
        keep = list(range(len(linear.terms)))
        n_pre = sum(term.startswith("e=-") for term in linear.terms)
        scores = _scores(linear, "cr1", keep)
        found = np.array(list(_outside(linear, scores, keep, n_pre, "A", "cr1")))
        shares = [f"{share:.3f}" for share in found.mean(axis=0)]
        yield f"{linear.n_clusters} bodies, bins of {bin_length}", f"{n_pre} + {len(keep) - n_pre}", *shares
    linear = _cohorts()
    keep = [i for i, term in enumerate(linear.terms) if term != "ATT"]
    n_pre = sum(term.startswith("e=-") for term in linear.terms)
    found = np.array(list(_outside(linear, _scores(linear, "cr1", keep), keep, n_pre, "A", "cr1", draws=400)))
    shares = [f"{share:.3f}" for share in found.mean(axis=0)]
    yield "36 bodies, sun_abraham, starts 9, 13, 17", f"{n_pre} + {len(keep) - n_pre}", *shares


def _outside(
    linear: LinearEstimates,
    scores: Callable[[Floats], Floats],
    keep: list[int],
    n_pre: int,
    world: str,
    kind: str,
    draws: int = DRAWS_WORLD,
) -> Iterator[tuple[bool, ...]]:
    draw = np.random.default_rng(SEED)
    factor = small_sample_factor(linear, kind)
    for _ in range(draws):
        noise = _noise(draw, *WORLDS[world]).ravel()
        points = linear.weights[:, keep].T @ noise
        parts = scores(noise)
        covariance = factor * parts.T @ parts
        study = event_study(points, covariance, n_pre, len(keep) - n_pre)
        reach = 1.959964 * study.standard_error
        low, high = frontier(study).interval(0.0, 0.05)
        relative = [not contains_zero(study, m, LEVELS) for m in (0.0, 0.5, 1.0)]
        yield abs(study.estimate) > reach, low > 0 or high < 0, *relative


def _path(starts: tuple[int, ...], cluster: str, bin_length: int = 4) -> LinearEstimates:
    return fit_event_path(
        _panel(starts),
        outcome="y",
        unit="body",
        period="quarter",
        cohort="cohort",
        cluster=cluster,
        bin_length=bin_length,
    ).linear


def _cohorts() -> LinearEstimates:
    return fit_sun_abraham(_panel(STARTS), outcome="y", unit="body", period="quarter", cohort="cohort").linear


def _panel(starts: tuple[int, ...]) -> pd.DataFrame:
    region = np.repeat(np.arange(9), BODIES)
    quarter = np.arange(QUARTERS)
    shape = (region.size, QUARTERS)
    return pd.DataFrame(
        {
            "body": np.repeat(np.arange(region.size), QUARTERS),
            "region": np.repeat(region, QUARTERS),
            "quarter": np.broadcast_to(quarter, shape).ravel(),
            "cohort": np.repeat(np.array(starts)[region], QUARTERS),
            "y": np.random.default_rng(1).normal(size=shape).ravel(),
        }
    )


def _scores(linear: LinearEstimates, kind: str, keep: list[int]) -> Callable[[Floats], Floats]:
    """Return a function from noise to each cluster's part of the error of each estimate."""
    basis = linear.basis
    adjusted = [a[:, keep] for a in adjusted_weights(linear, kind)]
    members = linear.members

    def scores(noise: Floats) -> Floats:
        rest = noise - basis @ (basis.T @ noise)
        return np.array([rest[rows] @ a for rows, a in zip(members, adjusted, strict=True)])

    return scores


def _noise(draw: np.random.Generator, icc: float, memory: float, treated: float) -> Floats:
    """Return noise of all bodies and quarters, standard deviation .05."""
    region = np.repeat(np.arange(9), BODIES)
    shared = draw.normal(size=(9, QUARTERS))
    for at in range(1, QUARTERS):
        shared[:, at] = memory * shared[:, at - 1] + np.sqrt(1 - memory**2) * shared[:, at]
    own = draw.normal(size=(region.size, QUARTERS))
    scale = np.where(region < 3, treated, 1.0)[:, None]
    noise: Floats = 0.05 * scale * (np.sqrt(1 - icc) * own + np.sqrt(icc) * shared[region])
    return noise


def _share(inside: list[bool]) -> tuple[str, str, str]:
    share = float(np.mean(inside))
    return f"{share:.3f}", f"{np.sqrt(share * (1 - share) / len(inside)):.3f}", str(len(inside))


if __name__ == "__main__":
    main()
