"""The noise has the size, the shared part and the memory that simulation.toml promises."""

import numpy as np
import pytest

from ikz_eval.simulation.land import Floats, build_land
from ikz_eval.simulation.noise import draw_autoregressive, draw_noise, stream
from ikz_eval.simulation.truth import load_truth

SEEDS = range(150)


@pytest.fixture(scope="module")
def noise(demonstration) -> Floats:
    """Noise of 150 seeds, shape (S, F, B, Q)."""
    land, truth = build_land(demonstration), load_truth(demonstration)
    return np.stack([draw_noise(seed, truth.noise, land.unit_of_body, land.shape) for seed in SEEDS])


@pytest.fixture(scope="module")
def units(demonstration) -> np.ndarray:
    return build_land(demonstration).unit_of_body


def test_standard_deviation_of_a_body_in_a_quarter_is_two_and_a_half_percent(noise):
    assert noise.mean() == pytest.approx(0, abs=0.0003)
    assert noise.std() == pytest.approx(0.025, rel=0.01)


def test_first_and_last_quarter_vary_alike_because_the_series_are_stationary(noise):
    assert noise[..., 0].std() == pytest.approx(0.025, rel=0.03)
    assert noise[..., -1].std() == pytest.approx(0.025, rel=0.03)


def test_bodies_of_a_unit_share_thirty_percent_of_the_variance(noise, units):
    pairs = [(a, b) for a in range(len(units)) for b in range(a) if units[a] == units[b]]
    shared = np.mean([(noise[:, :, a] * noise[:, :, b]).mean() for a, b in pairs]) / noise.var()
    assert shared == pytest.approx(0.30, abs=0.02)


def test_bodies_of_different_units_share_nothing(noise, units):
    pairs = [(a, b) for a in range(len(units)) for b in range(a) if units[a] != units[b]]
    assert np.mean([(noise[:, :, a] * noise[:, :, b]).mean() for a, b in pairs]) / noise.var() == pytest.approx(
        0, abs=0.01
    )


def test_shared_and_own_part_remember_half_of_the_last_quarter(noise, units):
    def memory(series: np.ndarray) -> float:
        return float((series[..., 1:] * series[..., :-1]).mean() / (series**2).mean())

    own = noise[:, :, units == 0][:, :, :1] - noise[:, :, units == 0][:, :, 1:2]
    assert memory(noise) == pytest.approx(0.5, abs=0.02)
    assert memory(own) == pytest.approx(0.5, abs=0.03)


def test_fields_are_independent(noise):
    assert (noise[:, 0] * noise[:, 1]).mean() / noise.var() == pytest.approx(0, abs=0.01)


def test_streams_of_different_purposes_differ_and_repeat():
    assert stream(7, "cases").random() != stream(7, "pay").random()
    assert stream(7, "cases").random() == stream(7, "cases").random()


def test_autoregression_without_memory_is_white():
    series = draw_autoregressive(stream(1, "common"), (400, 50), 0.0)
    assert (series[:, 1:] * series[:, :-1]).mean() == pytest.approx(0, abs=0.02)
