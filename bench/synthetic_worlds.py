"""Invented programmes for the synthetic methods, and synthetic difference-in-differences on many of them at once.

Regions of four treated bodies and 25 donors in six blocks, 24 quarters; worlds A to D are those of the plan of analysis, F a
factor model. Solving several programmes at once gives what ikz_eval/inference/synthetic_did.py gives one by one, in a
fraction of the time. Used by bench/size_synthetic.py and bench/size_synthetic_did.py, which check that against the package.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.series_worlds import WORLDS, bodies_noise
from ikz_eval.inference.estimator import Floats
from ikz_eval.inference.frank_wolfe import SimplexProblems, two_rounds
from ikz_eval.inference.synthetic_control import LEAST_DECREASE, RIDGE, noise_level
from ikz_eval.inference.synthetic_did import CONTROL, CohortWeights, Labels, period_problems, unit_problems

NAMES = (*WORLDS, "F")
"""Worlds; F is B and a trend that bodies share in unequal parts, the treated in larger ones."""
REGION = 4
"""Bodies of a treated region."""
BLOCKS = np.repeat(np.arange(6), (4, 4, 4, 4, 4, 5)) == np.arange(6)[:, None]
"""Donors of each block, shape (6, 25)."""
QUARTERS, BEFORE = 24, 12
NOISE = 0.05


@dataclass(frozen=True, slots=True)
class Draw:
    """One invented programme without an effect.

    Attributes
    ----------
    outcome : ndarray
        Log cost per case in units of ``scale``, the treated bodies first, shape (bodies, QUARTERS).
    scale : float
        Standard deviation of the donors' changes before quarter BEFORE [log points].
    """

    outcome: Floats
    scale: float

    @property
    def treated(self) -> Floats:
        """Outcomes of the treated bodies, region by region."""
        treated: Floats = self.outcome[: -BLOCKS.shape[1]]
        return treated

    @property
    def donors(self) -> Floats:
        """Outcomes of the 25 donors."""
        donors: Floats = self.outcome[-BLOCKS.shape[1] :]
        return donors


def drawn(random: np.random.Generator, world: str, regions: int = 1) -> Draw:
    """Return a programme of a world with so many treated regions."""
    sizes = (REGION,) * regions + tuple(BLOCKS.sum(axis=1))
    bodies, treated = sum(sizes), REGION * regions
    noise = bodies_noise(random, "B" if world == "F" else world, sizes, regions, QUARTERS)
    outcome = 3 + random.normal(0, 0.2, (bodies, 1)) + random.normal(0, NOISE, (1, QUARTERS)) + noise
    if world == "F":
        load = random.uniform(0, 1, (bodies, 1))
        load[:treated] = random.uniform(0.5, 1, (treated, 1))
        outcome += load * np.linspace(0, 0.3, QUARTERS)
    scale = noise_level(outcome[treated:, :BEFORE])
    return Draw(outcome / scale, scale)


def solved(parts: Sequence[SimplexProblems], starts: Sequence[Floats] | None = None) -> list[Floats]:
    """Return the weights of each part; outcomes are in units of the noise level, so that all stop alike."""
    whole = _stacked(parts)
    found = two_rounds(whole, whole.equal() if starts is None else np.concatenate(starts), LEAST_DECREASE)
    return np.split(found, np.cumsum([len(part.linear) for part in parts])[:-1])


def _stacked(parts: Sequence[SimplexProblems]) -> SimplexProblems:
    grams = [np.broadcast_to(part.gram, (len(part.linear), *part.gram.shape[-2:])) for part in parts]
    names = ("linear", "allowed", "ridge", "rows")
    return SimplexProblems(
        np.concatenate(grams), *(np.concatenate([getattr(part, name) for part in parts]) for name in names)
    )


def weighed(draws: Sequence[Draw], bodies: slice, before: int) -> list[CohortWeights]:
    """Return, for each programme, the weights of the treated ``bodies`` that start after ``before`` quarters."""
    everyone = np.ones((1, BLOCKS.shape[1]), dtype=np.bool_)
    noise = [noise_level(one.donors[:, :before]) for one in draws]
    donors = [one.donors / each for one, each in zip(draws, noise, strict=True)]
    own = [one.treated[bodies] for one in draws]
    paths = [rows.mean(axis=0)[None] / each for rows, each in zip(own, noise, strict=True)]
    ridge = float((len(own[0]) * (QUARTERS - before)) ** 0.25)
    units = solved([unit_problems(x, path, everyone, before, ridge) for x, path in zip(donors, paths, strict=True)])
    periods = solved([period_problems(x, everyone, before, RIDGE) for x in donors])
    return [
        CohortWeights(before, omega[0], lam[0], ridge * each, each, rows)
        for omega, lam, each, rows in zip(units, periods, noise, own, strict=True)
    ]


def placebos(draws: Sequence[Draw], cohorts: Sequence[Sequence[CohortWeights]], labels: Labels) -> Floats:
    """Return the placebo effects of each programme, shape (draws, b); see ``placebo_effects`` of the package.

    Parameters
    ----------
    draws, cohorts
        Programmes, and for each cohort the weights in every one of them.
    labels : ndarray of int
        Position in ``cohorts`` that each donor takes, or ``CONTROL``, shape (b, 25).
    """
    total, cells = np.zeros((len(draws), len(labels))), np.zeros(len(labels))
    for code, cohort in enumerate(cohorts):
        weight = (labels == code).sum(axis=1) * (QUARTERS - cohort[0].before)
        total, cells = total + weight * _placebos_of(draws, cohort, labels, code), cells + weight
    effects: Floats = total / cells
    return effects


def _placebos_of(draws: Sequence[Draw], cohort: Sequence[CohortWeights], labels: Labels, code: int) -> Floats:
    """Return the effects of one cohort's placebos; each programme is in units of the cohort's noise while it is solved."""
    before, allowed = cohort[0].before, labels == CONTROL
    taken, many = (labels == code).astype(np.float64), (len(labels), 1)
    donors = [one.donors / each.noise for one, each in zip(draws, cohort, strict=True)]
    paths = [taken @ x / taken.sum(axis=1, keepdims=True) for x in donors]
    ridge = cohort[0].ridge / cohort[0].noise
    units = [unit_problems(x, path, allowed, before, ridge) for x, path in zip(donors, paths, strict=True)]
    begin = [each.normalised(np.tile(one.units, many)) for each, one in zip(units, cohort, strict=True)]
    omegas = solved(units, begin)
    lams = solved(
        [period_problems(x, allowed, before, RIDGE) for x in donors], [np.tile(one.periods, many) for one in cohort]
    )
    gaps = np.array([path - omega @ x for path, omega, x in zip(paths, omegas, donors, strict=True)])
    effect = gaps[:, :, before:].mean(axis=2) - (gaps[:, :, :before] * np.array(lams)).sum(axis=2)
    scaled: Floats = effect * np.array([one.noise for one in cohort])[:, None]
    return scaled
