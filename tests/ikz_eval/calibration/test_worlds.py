"""Every world has the ICC, autocorrelation and scale it states, and the covariance that is computed from them."""

import numpy as np
import pytest

from ikz_eval.calibration.worlds import (
    NOISE,
    WORLDS,
    Bodies,
    draw_errors,
    effect_pattern,
    late_delays,
    unit_covariances,
    world_of,
)
from ikz_eval.errors import UsageError

QUARTERS, DRAWS = 10, 3_000
BODIES = Bodies(
    unit=np.array([0, 0, 0, 1, 1, 2, 2, 2, 2]),
    start=np.array([4.0, np.inf, 6.0]),
    delay=np.zeros(9, dtype=np.intp),
    inhabitants=np.array([50.0, 100.0, 200.0, 80.0, 80.0, 40.0, 60.0, 100.0, 90.0]),
)


def drawn(name: str) -> np.ndarray:
    return draw_errors(WORLDS[name], BODIES, QUARTERS, draws=DRAWS, seed=np.random.default_rng(7))


@pytest.mark.parametrize("name", ["A", "B", "C", "G"])
def test_variance_icc_and_autocorrelation_are_as_stated(name):
    """Within four Monte Carlo standard errors, about .01 for a correlation over 3,000 draws and ten quarters."""
    world, errors = WORLDS[name], drawn(name)
    assert errors.std() == pytest.approx(NOISE, rel=0.03)
    same_region = np.corrcoef(errors[:, 0].ravel(), errors[:, 1].ravel())[0, 1]
    apart = np.corrcoef(errors[:, 0].ravel(), errors[:, 3].ravel())[0, 1]
    next_quarter = np.corrcoef(errors[:, :, :-1].ravel(), errors[:, :, 1:].ravel())[0, 1]
    assert same_region == pytest.approx(world.icc, abs=0.04)
    assert apart == pytest.approx(0.0, abs=0.04)
    assert next_quarter == pytest.approx(world.autocorrelation, abs=0.02)


def test_treated_regions_are_twice_as_volatile_in_d():
    errors = drawn("D")
    assert errors[:, BODIES.unit != 1].std() == pytest.approx(2 * NOISE, rel=0.02)
    assert errors[:, BODIES.unit == 1].std() == pytest.approx(NOISE, rel=0.02)


def test_the_random_walk_has_its_share_of_the_variance_on_average_and_grows():
    errors = drawn("E")
    shared = np.array([np.cov(errors[:, 0, t], errors[:, 1, t])[0, 1] for t in range(QUARTERS)]) / NOISE**2
    assert shared.mean() == pytest.approx(WORLDS["E"].icc, abs=0.03)
    assert shared[-1] == pytest.approx(QUARTERS * shared[0], rel=0.35)


def test_the_effects_of_world_f_differ_between_regions_and_average_to_zero():
    errors = drawn("F")
    after = errors[:, :, 6:].mean(axis=2) - errors[:, :, :4].mean(axis=2)
    first, third = after[:, :3].mean(axis=1), after[:, 5:].mean(axis=1)
    assert np.corrcoef(first, third)[0, 1] < -0.2, "what one region has more, the other has less"
    assert (first + third).mean() / 2 == pytest.approx(0.0, abs=0.002)
    between = -((WORLDS["F"].spread * NOISE) ** 2) / 2
    assert np.cov(first, third)[0, 1] == pytest.approx(between, rel=0.2), "two regions, centred on their mean"


def test_bodies_of_world_h_are_noisier_the_smaller_they_are():
    world, errors = WORLDS["H"], drawn("H")
    spread = errors.std(axis=(0, 2))
    assert spread[0] > spread[1] > spread[2]
    assert (errors**2).mean() == pytest.approx(NOISE**2, rel=0.03)
    assert BODIES.shares(world)[0, :3] == pytest.approx(np.array([50, 100, 200]) / 350)


@pytest.mark.parametrize("name", [name for name in WORLDS if name != "F"])
def test_the_covariance_of_a_partnership_is_that_of_its_draws(name):
    world = WORLDS[name]
    means = np.einsum("ub,dbt->dut", BODIES.shares(world), drawn(name))
    stated = unit_covariances(world, BODIES, QUARTERS)
    for unit in range(3):
        found = np.cov(means[:, unit].T)
        scale = np.abs(np.diag(stated[unit])).max()
        assert np.abs(found - stated[unit]).max() < 0.12 * scale
        assert np.trace(found) == pytest.approx(np.trace(stated[unit]), rel=0.06)


def test_a_late_joiner_brings_its_part_later_and_the_study_knows_best():
    assert late_delays(BODIES).tolist() == [0, 0, 4, 0, 0, 0, 0, 0, 0]
    pattern = effect_pattern(WORLDS["G"], BODIES, QUARTERS)
    assert pattern[0].sum() == 6 and pattern[2].sum() == 2 and pattern[3].sum() == 0
    known = Bodies(BODIES.unit, BODIES.start, np.array([0, 2, 0, 0, 0, 0, 0, 0, 0]), BODIES.inhabitants)
    assert late_delays(known).tolist() == known.delay.tolist()


@pytest.mark.parametrize(("icc", "autocorrelation"), [(1.0, 0.0), (-0.1, 0.0), (0.3, 1.0)])
def test_numbers_outside_their_range_are_refused(icc, autocorrelation):
    with pytest.raises(UsageError, match="allowed is from 0 to below 1"):
        world_of(icc, autocorrelation)
