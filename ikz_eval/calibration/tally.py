"""Drawing programmes in one world and counting what every inference makes of them.

Holds one chunk of draws from its own seed, and what is counted: rejections without an effect, intervals that hold the
truth, rejections with an effect, the estimate's error. Tests are statistics.py, dividing work among processes run.py,
the finished table table.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ikz_eval.calibration.dear import dear_counts
from ikz_eval.calibration.pooled import average_deviation, pooled_counts
from ikz_eval.calibration.prepared import PreparedField, PreparedStudy
from ikz_eval.calibration.statistics import Judged, Tested, body_p, judge, run_required, run_tests
from ikz_eval.calibration.worlds import NOISE, WORLDS, Floats, World, draw_errors, effect_pattern, unit_covariances
from ikz_eval.estimate.verdict import LARGEST_P
from ikz_eval.registry.calibration import POOLED

CHUNK = 100
"""Programmes drawn from one seed; results do not depend on who draws which chunk."""
EFFECT_IN_NOISE = 3.0
"""Size of the effect for ``power``, in noise scales of a body's quarterly cost per case."""
EFFECT_IN_ERRORS = 3.0
"""Size of the effect for ``power_estimate``, in standard deviations of the estimate in the world."""
COUNTS = (
    "draws", "tests", "rejected", "intervals", "covered", "power_tests", "power_rejected", "power_estimate_tests",
    "power_estimate_rejected", "bias_tests", "error_sum", "error_squares",
)  # fmt: skip
"""What is summed for every inference; the errors are estimate less truth where there is an effect [log points]."""

JOINT = -1
"""Stands for the design where all fields count jointly; an average over fields, the k-th, has k less."""
Key = tuple[int, str, str]
"""Design (by position, or joint), level and inference."""
Counts = dict[Key, Floats]


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of work: a world, a block of seeds, a position, and the number of programmes.

    Attributes
    ----------
    world : str
        Name of the world.
    seed, block, number : int
        Seed of the calibration, block of seeds (0, or 1 for those held out), position of the chunk.
    draws : int
        Programmes.
    is_dear : bool
        Whether the dear inferences are counted on these draws, too.
    """

    world: str
    seed: int
    block: int
    number: int
    draws: int
    is_dear: bool

    @property
    def generator(self) -> np.random.Generator:
        """Source of randomness of this chunk alone."""
        place = list(WORLDS).index(self.world)
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(self.block, place, self.number)))


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Outcomes of one field: errors and one unit of effect, at the levels of partnership, (D, n) and (n,), and body."""

    errors: Floats
    effect: Floats
    body_errors: Floats
    body_effect: Floats


def count_chunk(study: PreparedStudy, chunk: Chunk) -> Counts:
    """Draw one chunk of programmes and count.

    Errors without an effect are counted for every field; power and bias for the first field of each distinct design. An
    average over fields takes the same draws, with the effect in each of its fields.
    """
    world, seed = WORLDS[chunk.world], chunk.generator
    drawn = [draw_field(field, world, chunk.draws, seed) for field in study.fields]
    size = -EFFECT_IN_NOISE * NOISE
    counts: Counts = {}
    nulls, found = [], []
    smalls: dict[int, Tested] = {}
    for field, each in zip(study.fields, drawn, strict=True):
        null = run_tests(study, field, each.errors)
        off = each.effect - field.treated
        truth = run_tests(study, field, each.errors + size * off) if off.any() else null
        outcomes = each.errors + size * each.effect
        is_first = field.dealing not in smalls
        if is_first:
            least = -EFFECT_IN_ERRORS * estimate_deviation(field, world)
            smalls[field.dealing] = run_tests(study, field, each.errors + least * each.effect)
        found.append(run_tests(study, field, outcomes) if is_first else run_required(study, field, outcomes))
        nulls.append(null)
        _count_errors(counts, field, null, truth, is_first)
        _count_bodies(counts, study, field, world, each, size, is_first)
        if is_first:
            _count_power(counts, field, found[-1], smalls[field.dealing], outcomes, size)
    _count_joint(counts, study, nulls, found, smalls[study.fields[0].dealing])
    _count_averages(counts, study, drawn, world, size)
    if chunk.is_dear:
        for key, values in dear_counts(study.fields[0], drawn[0].errors, drawn[0].effect, size).items():
            _add(counts, (study.fields[0].dealing, "partnership", key), **values)
    return counts


def draw_field(
    field: PreparedField, world: World, draws: int, seed: np.random.Generator, noise: float = NOISE
) -> Drawn:
    """Draw the errors of a field in a world."""
    layout = field.layout
    errors = draw_errors(world, layout.bodies, layout.n_periods, draws=draws, seed=seed, noise=noise)
    pattern = effect_pattern(world, layout.bodies, layout.n_periods)
    shares = layout.bodies.shares(world)
    by_unit = np.einsum("ub,dbt->dut", shares, errors)
    return Drawn(
        by_unit[:, field.unit, field.period],
        (shares @ pattern)[field.unit, field.period],
        errors[:, field.body, field.body_period],
        pattern[field.body, field.body_period],
    )


def estimate_deviation(field: PreparedField, world: World, noise: float = NOISE) -> float:
    """Return the standard deviation of the primary estimate in a world [log points], from its covariances."""
    layout = field.layout
    table = np.zeros((layout.bodies.n_units, layout.n_periods))
    table[field.unit, field.period] = field.partnership.weights
    covariances = unit_covariances(world, layout.bodies, layout.n_periods, noise=noise)
    return float(np.sqrt(np.einsum("ut,uts,us->", table, covariances, table)))


def combine(parts: Sequence[Counts]) -> Counts:
    """Add the counts of chunks, in their order."""
    total: Counts = {}
    for part in parts:
        for key, values in part.items():
            total[key] = total[key] + values if key in total else values
    return total


def _add(counts: Counts, key: Key, **values: float) -> None:
    line = np.array([float(values.get(name, 0.0)) for name in COUNTS])
    counts[key] = counts[key] + line if key in counts else line


def _rejections(p: Floats) -> int:
    return int((p < LARGEST_P).sum())


HAS_INTERVAL = ("cr1", "cr1_full", "cr2", "cr3", "wild", "wild_cr1", "donald_lang", "event_path_first_year")
"""Inferences with an interval: the effects that the test does not reject."""


def _count_errors(counts: Counts, field: PreparedField, null: Tested, truth: Tested, is_first: bool) -> None:
    """Count what is rejected without an effect, and intervals that hold the true one."""
    draws = null.estimate.size
    for name, p in null.p.items():
        has_interval = name in HAS_INTERVAL
        _add(
            counts,
            (field.dealing, "partnership", name),
            draws=draws if is_first else 0,
            tests=draws,
            rejected=_rejections(p),
            intervals=draws if has_interval else 0,
            covered=draws - _rejections(truth.p[name]) if has_interval else 0,
        )


def _count_power(
    counts: Counts, field: PreparedField, found: Tested, small: Tested, outcomes: Floats, size: float
) -> None:
    """Count what is rejected with an effect, and the error of the estimate."""
    draws = found.estimate.size
    for name, p in found.p.items():
        _add(
            counts,
            (field.dealing, "partnership", name),
            power_tests=draws,
            power_rejected=_rejections(p),
            power_estimate_tests=draws,
            power_estimate_rejected=_rejections(small.p[name]),
            **(_errors(found.estimate - size) if name != "event_path_first_year" else {}),
        )
    if field.group_time is not None:
        errors = _errors(outcomes @ field.group_time - size)
        _add(counts, (field.dealing, "partnership", "group_time"), draws=draws, **errors)


def _count_bodies(
    counts: Counts, study: PreparedStudy, field: PreparedField, world: World, drawn: Drawn, size: float, is_first: bool
) -> None:
    """Count the tests that cluster bodies by region; of them only the CR2 interval is published."""
    errors, effect = drawn.body_errors, drawn.body_effect
    off = size * (effect - field.body_treated)
    _, null = body_p(study, field, errors)
    truth = body_p(study, field, errors + off)[1] if off.any() else null
    draws = len(errors)
    for name, p in null.items():
        _add(
            counts,
            (field.dealing, "body", name),
            draws=draws if is_first else 0,
            tests=draws,
            rejected=_rejections(p),
            intervals=draws,
            covered=draws - _rejections(truth[name]),
        )
    if not is_first:
        return
    least = -EFFECT_IN_ERRORS * estimate_deviation(field, world)
    (estimate, found), (_, small) = (body_p(study, field, errors + each * effect) for each in (size, least))
    for name, p in found.items():
        _add(
            counts,
            (field.dealing, "body", name),
            power_tests=draws,
            power_rejected=_rejections(p),
            power_estimate_tests=draws,
            power_estimate_rejected=_rejections(small[name]),
            **_errors(estimate - size),
        )


def _count_joint(counts: Counts, study: PreparedStudy, null: list[Tested], found: list[Tested], small: Tested) -> None:
    """Count adjusted tests and verdicts: errors in any field of a null programme, power of one field with an effect."""
    everything = judge(study.fields, null)
    one = judge(study.fields, [found[0], *null[1:]])
    little = judge(study.fields, [small, *null[1:]])
    every = judge(study.fields, found)
    draws = null[0].estimate.size
    for name in everything.p:
        _add(
            counts,
            (JOINT, "partnership", f"{name}_adjusted"),
            draws=draws,
            tests=draws,
            rejected=_any_rejected(everything.p[name]),
            power_tests=draws,
            power_rejected=_rejections(one.p[name][:, 0]),
            power_estimate_tests=draws,
            power_estimate_rejected=_rejections(little.p[name][:, 0]),
        )
    _add_verdict(counts, "verdict", everything, one, little)
    _add(
        counts,
        (JOINT, "partnership", "verdict_every_field"),
        draws=draws,
        power_tests=every.supported.size,
        power_rejected=int(every.supported.sum()),
    )
    single = study.fields[:1]
    _add_verdict(counts, "verdict_one_field", judge(single, null[:1]), judge(single, found[:1]), judge(single, [small]))


def _add_verdict(counts: Counts, name: str, null: Judged, one: Judged, little: Judged) -> None:
    draws = len(null.supported)
    _add(
        counts,
        (JOINT, "partnership", name),
        draws=draws,
        tests=draws,
        rejected=int(null.supported.any(axis=1).sum()),
        power_tests=draws,
        power_rejected=int(one.supported[:, 0].sum()),
        power_estimate_tests=draws,
        power_estimate_rejected=int(little.supported[:, 0].sum()),
    )


def _count_averages(counts: Counts, study: PreparedStudy, drawn: Sequence[Drawn], world: World, size: float) -> None:
    """Count the averages over fields, the effect in each of their fields."""
    for place, pooled in enumerate(study.pooled, start=1):
        fields, mine = [study.fields[at] for at in pooled.positions], [drawn[at] for at in pooled.positions]
        least = -EFFECT_IN_ERRORS * average_deviation([estimate_deviation(field, world) for field in fields])
        errors, effects = [each.errors for each in mine], [each.effect for each in mine]
        values = pooled_counts(pooled, errors, effects, [field.treated for field in fields], (size, least))
        _add(counts, (JOINT - place, "partnership", POOLED), **values)


def _any_rejected(p: Floats) -> int:
    return int((p < LARGEST_P).any(axis=1).sum())


def _errors(errors: Floats) -> dict[str, float]:
    return {
        "bias_tests": errors.size,
        "error_sum": float(errors.sum()),
        "error_squares": float(np.square(errors).sum()),
    }
