"""What a planned study could find: power of the verdict, and the least effects it would call supported.

Holds the designs that are compared (as planned, one more region, four more quarters, ...) and the simulation of each. The
noise comes from noise.py or is assumed; words and figure are power_report.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import mean

import numpy as np

from ikz_eval.calibration.layout import FieldLayout, PlannedRegion, planned_layout
from ikz_eval.calibration.noise import Noise
from ikz_eval.calibration.prepared import PreparedStudy, prepare_study
from ikz_eval.calibration.statistics import Tested, judge, run_required
from ikz_eval.calibration.tally import draw_field, estimate_deviation
from ikz_eval.calibration.worlds import Floats, World, world_of
from ikz_eval.inference import minimum_detectable
from ikz_eval.inference.detectable import saving_percent
from ikz_eval.quarters import quarter_index, quarter_range, quarter_shift

EFFECTS = (-5.0, -10.0, -20.0)
"""Effects whose power is shown [%]."""
CURVE = (-2.5, -5.0, -7.5, -10.0, -12.5, -15.0, -20.0)
"""Effects of the figure [%]."""
POWER = 0.8
DRAWS = 400
SEED = 20_261_127
MOST_DEALINGS = 1_000
"""Of more dealings of start paths an even selection is used, as for the least supported effect of a release."""
_DOUBLINGS, _HALVINGS = 5, 9
_MORE_QUARTERS, _MORE_BLOCKS = 4, 2


@dataclass(frozen=True, slots=True)
class PlannedStudy:
    """A design to be judged.

    Attributes
    ----------
    name : str
        Key of its words in texts/calibration: ``base``, ``one_region``, ...
    regions : tuple of PlannedRegion
        Regions and blocks.
    quarters : tuple of str
        Observed quarters.
    fields : int
        Fields tested together.
    """

    name: str
    regions: tuple[PlannedRegion, ...]
    quarters: tuple[str, ...]
    fields: int

    @property
    def treated(self) -> list[PlannedRegion]:
        """Regions that cooperate."""
        return [region for region in self.regions if region.start is not None]

    @property
    def blocks(self) -> list[PlannedRegion]:
        """Comparison blocks."""
        return [region for region in self.regions if region.start is None]


@dataclass(frozen=True, slots=True)
class Power:
    """What a design could find.

    Attributes
    ----------
    study : PlannedStudy
        The design.
    power : dict of float to float
        Share of programmes in which an effect [%] on one field is supported; empty when not assessable.
    cr2_percent : float or None
        Least saving that CR2 alone finds with 80 % power [%].
    supported_one_percent, supported_percent : float or None
        Least saving that is supported with 80 % power [%]: one field alone, all fields together; infinite when none is.
    reasons : tuple of str
        Why the design is not assessable.
    """

    study: PlannedStudy
    power: dict[float, float]
    cr2_percent: float | None
    supported_one_percent: float | None
    supported_percent: float | None
    reasons: tuple[str, ...] = ()


def alternatives(base: PlannedStudy) -> list[PlannedStudy]:
    """Return the design, and what could be added to it.

    The further region starts with the last one and has as many bodies as the others have on average; further blocks have
    the blocks' average.
    """
    treated, blocks = base.treated, base.blocks
    last = max(region.start for region in treated if region.start is not None)
    region = PlannedRegion("weitere Region", max(1, round(mean(each.bodies for each in treated))), last)
    size = max(1, round(mean(each.bodies for each in blocks)))
    more = [PlannedRegion(f"weiterer Block {number + 1}", size) for number in range(_MORE_BLOCKS)]
    first, end = base.quarters[0], base.quarters[-1]
    return [
        base,
        replace(base, name="one_region", regions=(*base.regions, region)),
        replace(base, name="four_quarters", quarters=tuple(quarter_range(first, quarter_shift(end, _MORE_QUARTERS)))),
        replace(base, name="longer_base", quarters=tuple(quarter_range(quarter_shift(first, -_MORE_QUARTERS), end))),
        replace(base, name="more_blocks", regions=(*base.regions, *more)),
    ]


def plan_of(field: FieldLayout, fields: int) -> PlannedStudy:
    """Return the design of a registered field as a planned one: all bodies deliver, late joiners count from the start."""
    bodies = field.bodies
    quarters = quarter_range_from(field.first, field.n_periods)
    regions = []
    for code, name in enumerate(field.units):
        start = bodies.start[code]
        members = bodies.unit == code
        began = quarters[int(start)] if np.isfinite(start) else None
        regions.append(PlannedRegion(name, int(members.sum()), began, tuple(bodies.inhabitants[members].tolist())))
    return PlannedStudy("base", tuple(regions), tuple(quarters), fields)


def quarter_range_from(first: int, number: int) -> list[str]:
    """Return ``number`` quarters from the one with index ``first``."""
    start = quarter_shift("2000-Q1", first - quarter_index("2000-Q1"))
    return quarter_range(start, quarter_shift(start, number - 1))


def power_of(
    study: PlannedStudy, noise: Noise, *, effects: Sequence[float] = EFFECTS, draws: int = DRAWS, seed: int = SEED
) -> Power:
    """Simulate what a design could find.

    Parameters
    ----------
    study : PlannedStudy
        The design.
    noise : Noise
        How errors arise.
    effects : sequence of float
        Effects on one field whose power is wanted [%]; the other fields have none.
    draws, seed : int
        Programmes, the same for all effects, and their seed.
    """
    layout = planned_layout(study.name, study.regions, study.quarters, fields=study.fields)
    if not layout.fields:
        return Power(study, {}, None, None, None, next(iter(layout.reasons.values())))
    prepared = prepare_study(layout, most_dealings=MOST_DEALINGS)
    simulated = _Simulated.of(prepared, world_of(noise.icc, noise.autocorrelation), noise.scale, draws, seed)
    deviation = estimate_deviation(prepared.fields[0], simulated.world, noise.scale)
    alone = minimum_detectable(deviation, prepared.fields[0].partnership.sandwiches["cr2"].df, power=POWER)
    return Power(
        study,
        {effect: simulated.share(float(np.log1p(effect / 100)), study.fields) for effect in effects},
        saving_percent(alone),
        _percent(simulated.least(alone, 1)),
        _percent(simulated.least(alone, study.fields)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Simulated:
    """Drawn programmes of a design: errors of the first field, and the tests of the others, which have no effect."""

    study: PreparedStudy
    world: World
    errors: Floats
    effect: Floats
    others: list[Tested]

    @classmethod
    def of(cls, study: PreparedStudy, world: World, noise: float, draws: int, seed: int) -> "_Simulated":
        generator = np.random.default_rng(seed)
        drawn = [draw_field(field, world, draws, generator, noise) for field in study.fields]
        pairs = list(zip(study.fields, drawn, strict=True))[1:]
        others = [run_required(study, field, each.errors) for field, each in pairs]
        return cls(study, world, drawn[0].errors, drawn[0].effect, others)

    def share(self, size: float, fields: int) -> float:
        """Return the share of programmes in which an effect [log points] of the first field is supported."""
        tested = run_required(self.study, self.study.fields[0], self.errors + size * self.effect)
        judged = judge(self.study.fields[:fields], [tested, *self.others[: fields - 1]])
        right = np.sign(tested.estimate) == np.sign(size)
        return float((judged.supported[:, 0] & right).mean())

    def least(self, start: float, fields: int) -> float:
        """Return the least saving supported with 80 % power [log points], by halving; infinite when none is."""
        low, high = 0.0, start
        for _ in range(_DOUBLINGS):
            if self.share(-high, fields) >= POWER:
                break
            low, high = high, 2 * high
        else:
            return float("inf")
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (low, middle) if self.share(-middle, fields) >= POWER else (middle, high)
        return high


def _percent(log_points: float) -> float:
    return saving_percent(log_points) if np.isfinite(log_points) else float("inf")
