"""Cases, staff and service of the invented Land.

Holds what a body delivers beside cost. Values with decimals are kept as whole hundredths or tenths, so that the text
in a file and the number in a frame are the same. Cost is cost.py.
"""

import numpy as np

from ikz_eval.simulation.land import Floats, Ints, Land
from ikz_eval.simulation.noise import stream
from ikz_eval.simulation.truth import Truth
from schemas.vocabulary import COST_BLOCKS

PERSONNEL = COST_BLOCKS.index("personnel")


def draw_cases(seed: int, truth: Truth, land: Land) -> Ints:
    """Draw cases by field, body and quarter: Poisson around inhabitants, rate and season; shape (F, B, Q)."""
    season_of = [int(quarter[-1]) - 1 for quarter in land.quarters]
    season = np.array([item.season_cases for item in truth.fields])[:, season_of]
    rate = np.array([item.cases_per_1000 for item in truth.fields])[:, None] * np.exp(season)
    expected = rate[:, None, :] * land.inhabitants[None, :, None] / 1000
    cases: Ints = stream(seed, "cases").poisson(expected).astype(np.int64)
    return cases


def draw_staff(seed: int, truth: Truth, land: Land, actual_cents: Ints) -> Ints:
    """Derive posts from personnel cost, where it arises; hundredths of full-time equivalents, shape (F, B, Q)."""
    pay = truth.staff.pay_per_post_eur * land.price_ratio[:, PERSONNEL]
    own = np.exp(truth.level.pay_sd_log * stream(seed, "pay").standard_normal(len(land.bodies)))
    posts = actual_cents[..., PERSONNEL] / 100 / (own[None, :, None] * pay[None, None, :])
    return np.rint(posts * 100).astype(np.int64)


def draw_service(seed: int, truth: Truth, land: Land) -> Ints:
    """Draw waiting minutes, opening hours, online share in tenths; shape (F, B, Q, 3), in the order of the vocabulary."""
    generator = stream(seed, "service")
    n_fields, n_bodies, n_quarters = land.shape
    body = generator.standard_normal((n_fields, n_bodies, 1, 3))
    quarter = generator.standard_normal((n_fields, n_bodies, n_quarters, 3))
    joint = land.is_cooperating
    waiting = _by_field(truth, "waiting_minutes") * np.exp(
        0.15 * body[..., 0] + 0.06 * quarter[..., 0] + _by_field(truth, "waiting_effect_log") * joint
    )
    # Hours are set by decision, not by chance: they differ between bodies in half hours and stay.
    opening = _by_field(truth, "opening_hours") + np.rint(4 * body[..., 1]) / 2
    opening = opening + _by_field(truth, "opening_effect_hours") * joint
    rise = _by_field(truth, "online_rise_percent") * np.arange(n_quarters)
    online = _by_field(truth, "online_percent") * np.exp(0.2 * body[..., 2]) + rise + 0.5 * quarter[..., 2]
    service = np.stack([waiting, opening, np.clip(online, 0, 100)], axis=-1)
    tenths: Ints = np.rint(np.maximum(service, 0) * 10).astype(np.int64)
    return tenths


def _by_field(truth: Truth, name: str) -> Floats:
    return np.array([getattr(item, name) for item in truth.fields], dtype=np.float64)[:, None, None]
