"""Looks for power in a covariate: one that knows of the errors, one that knows nothing, one that cooperation moves.

``python -m bench.gains_covariates`` prints the table and writes bench/gains_covariates.csv; docs/methods/calibration.md shows it,
decision 0018 says what followed. Design, errors, seeds and effect are those of gains.py; a design has one covariate, and the
figures are over many designs, so that no lucky one decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from bench.gains import DRAWS, EFFECT, SEED, as_it_is, figures, write
from ikz_eval.calibration import PreparedStudy
from ikz_eval.calibration.covariates import with_covariate
from ikz_eval.calibration.statistics import Tested, run_required
from ikz_eval.calibration.tally import draw_field, estimate_deviation
from ikz_eval.calibration.worlds import WORLDS, Floats, World

COVARIATES = 20
"""Covariates drawn; each meets its share of the programmes."""
THROUGH = 0.5
"""Part of the effect that runs through a covariate which cooperation moves."""
PATH = Path(__file__).parent / "gains_covariates.csv"


@dataclass(frozen=True, slots=True)
class Option:
    """A covariate: its name, the share of the variance of bodies' own errors it explains, whether cooperation moves it."""

    name: str
    explained: float
    is_moved: bool = False


OPTIONS = (
    Option("explains 30 % of the own errors", 0.3),
    Option("explains 60 % of the own errors", 0.6),
    Option("explains nothing", 0.0),
    Option("explains 30 %, moved by cooperation", 0.3, is_moved=True),
)


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A world: own and common part of the errors, shape (D, n), covariates, shape (COVARIATES, n), and the effect's size."""

    world: World
    own: Floats
    common: Floats
    covariates: Floats
    size: float

    def outcomes(self, explained: float) -> Iterator[Floats]:
        """Yield the errors of the programmes of each covariate, which is part of their own errors."""
        icc, share = self.world.icc, len(self.own) // COVARIATES
        for number, covariate in enumerate(self.covariates):
            these = slice(number * share, (number + 1) * share)
            own = np.sqrt(explained) * covariate + np.sqrt(1 - explained) * self.own[these]
            yield np.sqrt(1 - icc) * own + np.sqrt(icc) * self.common[these]


def measure() -> list[dict[str, str]]:
    """Return a row for each covariate and world."""
    base = as_it_is()
    effect = base.fields[0].treated.astype(np.float64)
    rows = []
    for name in "ABCD":
        drawn = _drawn(base, WORLDS[name])
        given = [with_covariate(base, covariate) for covariate in drawn.covariates]
        even = f"{100 * _break_even(base, drawn.world, given):.1f}"
        for option in OPTIONS:
            studies = _moved(base, drawn, option, effect) if option.is_moved else given
            outcomes = list(drawn.outcomes(option.explained))
            null = _tested(studies, outcomes)
            found = _tested(studies, [each + drawn.size * effect for each in outcomes])
            rows.append(
                {"covariate": option.name, "world": name, "covariates": str(COVARIATES), "draws": str(DRAWS)}
                | figures(studies[0], null, found, drawn.size)
                | {"found_percent": f"{100 * np.expm1(found.estimate.mean()):.1f}", "break_even_percent": even}
            )
    return rows


def _drawn(study: PreparedStudy, world: World) -> Drawn:
    """Draw the errors of gains.py, own and common part apart, and covariates that move like the own part."""
    field, (alone, together) = study.fields[0], _parts(world)
    own, common = (draw_field(field, part, DRAWS, np.random.default_rng(SEED)).errors for part in (alone, together))
    covariates = draw_field(field, alone, COVARIATES, np.random.default_rng([SEED, 1])).errors
    return Drawn(world, own, common, covariates, -EFFECT * estimate_deviation(field, world))


def _parts(world: World) -> tuple[World, World]:
    return replace(world, icc=0.0), replace(world, icc=1.0)


def _moved(study: PreparedStudy, drawn: Drawn, option: Option, effect: Floats) -> list[PreparedStudy]:
    """Return the studies in which cooperation has moved the covariate by what brings its part of the effect."""
    slope = np.sqrt((1 - drawn.world.icc) * option.explained)
    moved = THROUGH * drawn.size / slope * effect
    return [with_covariate(study, covariate + moved) for covariate in drawn.covariates]


def _tested(studies: list[PreparedStudy], outcomes: list[Floats]) -> Tested:
    """Carry out the required tests of each study on its programmes, and put them in one row."""
    parts = [run_required(study, study.fields[0], each) for study, each in zip(studies, outcomes, strict=True)]
    return Tested(**{field.name: _joined([getattr(part, field.name) for part in parts]) for field in fields(Tested)})


def _joined(values: list[Any]) -> Any:
    """Join arrays, or arrays by name, along the draws."""
    if isinstance(values[0], dict):
        return {key: _joined([value[key] for value in values]) for key in values[0]}
    return np.concatenate(values)


def _break_even(study: PreparedStudy, world: World, given: list[PreparedStudy]) -> float:
    """Return the share of the own errors' variance that a covariate must explain for the estimate to be as precise as without.

    Exact, from the world's covariances: given a covariate that explains a share s, the variance is (1 - s) times that of the own
    part plus that of the common part, averaged over the covariates.
    """
    field = study.fields[0]
    own, common = (
        share * np.mean([estimate_deviation(each.fields[0], part) ** 2 for each in given])
        for share, part in zip((1 - world.icc, world.icc), _parts(world), strict=True)
    )
    return float(1 - (estimate_deviation(field, world) ** 2 - common) / own)


def main() -> None:
    """Measure, print and write."""
    with threadpool_limits(limits=1):
        write(PATH, measure())


if __name__ == "__main__":
    main()
