"""Cost of the invented Land: what arises, who bears it, what it would have been without cooperation.

Holds the cost cubes in whole EUR cents, axes (field, body, quarter, cost block). Unit cost follows a log model; from
there on every amount is an integer, so that payments mirror each other to the cent. Cases and staff are service.py.
"""

from dataclasses import dataclass

import numpy as np

from ikz_eval.simulation.land import Floats, Ints, Joint, Land
from ikz_eval.simulation.noise import draw_noise, stream
from ikz_eval.simulation.truth import Truth
from schemas.vocabulary import COST_BLOCKS, RUNNING_COST_BLOCKS

RUNNING = slice(0, len(RUNNING_COST_BLOCKS))
TRANSITION = COST_BLOCKS.index("transition")
PAID = COST_BLOCKS.index("partner_paid")
RECEIVED = COST_BLOCKS.index("partner_received")
FEES = COST_BLOCKS.index("fee_revenue")
GRANTS = COST_BLOCKS.index("grants")


@dataclass(frozen=True, slots=True)
class CostCubes:
    """Cost with and without cooperation.

    Attributes
    ----------
    actual_cents, counterfactual_cents : numpy.ndarray
        Amounts at current prices [EUR cents], shape (F, B, Q, len(COST_BLOCKS)).
    """

    actual_cents: Ints
    counterfactual_cents: Ints


def draw_cost(seed: int, truth: Truth, land: Land, cases: Ints) -> CostCubes:
    """Draw the cost of all bodies, with the programme and without it.

    Parameters
    ----------
    seed : int
        Seed of the programme.
    truth : Truth
        Parameters.
    land : Land
        The study as arrays.
    cases : numpy.ndarray
        Cases, shape (F, B, Q).
    """
    real_running = cases.astype(np.float64) * np.exp(_log_unit_cost(seed, truth, land))
    shares = _block_shares(seed, truth, land)
    effect = np.array([item.effect_log for item in truth.fields])[:, None, None] * land.is_cooperating
    without = _book(real_running, shares, land)
    actual = _book(real_running * np.exp(effect), shares, land)
    fees = np.array([item.fee_per_case_eur for item in truth.fields])[:, None, None]
    for cube in (without, actual):
        cube[..., FEES] = _cents(cases * fees)
    actual[..., TRANSITION] = _transition(truth, land, real_running)
    for joint in land.joints:
        _operate_jointly(actual, joint, land, truth)
        _pay_grant(actual, joint, land, truth)
    return CostCubes(actual, without)


def _cents(amount_eur: Floats) -> Ints:
    return np.rint(amount_eur * 100).astype(np.int64)


def _log_unit_cost(seed: int, truth: Truth, land: Land) -> Floats:
    """Draw log real running cost per case without cooperation, shape (F, B, Q)."""
    n_fields, n_bodies, n_quarters = land.shape
    field_level = np.log([item.cost_per_case_eur for item in truth.fields])
    body_level = truth.level.size_elasticity * np.log(land.inhabitants / 100_000)
    body_level = body_level + truth.level.body_sd_log * stream(seed, "level").standard_normal((n_fields, n_bodies))
    log_unit_cost: Floats = (
        field_level[:, None, None]
        + body_level[:, :, None]
        + _common(seed, truth, land)[:, None, :]
        + draw_noise(seed, truth.noise, land.unit_of_body, (n_fields, n_bodies, n_quarters))
    )
    return log_unit_cost


def _common(seed: int, truth: Truth, land: Land) -> Floats:
    """Return what hits all bodies alike: season, trend, shocks of a quarter, reforms; shape (F, Q)."""
    n_fields, _, n_quarters = land.shape
    season_of = [int(quarter[-1]) - 1 for quarter in land.quarters]
    common: Floats = np.array([item.season_cost for item in truth.fields])[:, season_of]
    common = common + truth.common.trend_log_per_quarter * np.arange(n_quarters)
    common += truth.common.shock_sd_log * stream(seed, "common").standard_normal((n_fields, n_quarters))
    for shock in truth.shocks:
        hit = [shock.first_quarter <= quarter <= shock.last_quarter for quarter in land.quarters]
        common[land.fields.index(shock.field), hit] += shock.effect_log
    return common


def _block_shares(seed: int, truth: Truth, land: Land) -> Floats:
    """How each body's running cost splits into blocks, lasting; shape (F, B, running blocks)."""
    base = np.array([item.block_shares for item in truth.fields])[:, None, :]
    spread = stream(seed, "shares").standard_normal((len(land.fields), len(land.bodies), base.shape[-1]))
    shares = base * np.exp(truth.level.share_sd_log * spread)
    normalised: Floats = shares / shares.sum(axis=-1, keepdims=True)
    return normalised


def _book(real_running: Floats, shares: Floats, land: Land) -> Ints:
    """Split real running cost into blocks at current prices."""
    cube = np.zeros((*land.shape, len(COST_BLOCKS)), dtype=np.int64)
    cube[..., RUNNING] = _cents(real_running[..., None] * shares[:, :, None, :] * land.price_ratio[:, RUNNING])
    return cube


def _transition(truth: Truth, land: Land, real_running: Floats) -> Ints:
    """One-off cost of the participants, in the quarters around their own start."""
    cost = np.zeros(land.shape)
    for field, body in np.argwhere(land.own_start < len(land.quarters)):
        start = land.own_start[field, body]
        volume = truth.transition.running_share * real_running[field, body, start]
        for offset, share in enumerate(truth.transition.by_quarter, start=-1):
            if 0 <= start + offset < len(land.quarters):
                cost[field, body, start + offset] = share * volume
    return _cents(cost * land.price_ratio[:, TRANSITION])


def _operate_jointly(cube: Ints, joint: Joint, land: Land, truth: Truth) -> None:
    """Move part of the guests' cost to the host and pay it back, in place; both sides book the same cents.

    The host books exactly what its guests hand over, block by block: the gross cost of the partnership stays the same
    to the cent, and so does its net cost.
    """
    item = truth.fields[joint.field]
    for guest in joint.members:
        if guest == joint.host:
            continue
        joined = slice(int(land.own_start[joint.field, guest]), None)
        moved = np.rint(item.moved_share * cube[joint.field, guest, joined, RUNNING]).astype(np.int64)
        paid = np.rint(item.cost_cover * moved.sum(axis=-1)).astype(np.int64)
        cube[joint.field, guest, joined, RUNNING] -= moved
        cube[joint.field, joint.host, joined, RUNNING] += moved
        cube[joint.field, guest, joined, PAID] += paid
        cube[joint.field, joint.host, joined, RECEIVED] += paid


def _pay_grant(cube: Ints, joint: Joint, land: Land, truth: Truth) -> None:
    """Pay the region's grant to the host of each field, in place; the parts add up to the grant to the cent."""
    joints = [other for other in land.joints if other.unit == joint.unit]
    parts = _split(int(land.grant_cents[joint.unit]), len(joints))
    for offset, amount in enumerate(_split(parts[joints.index(joint)], truth.grants.quarters)):
        if joint.start + offset < len(land.quarters):
            cube[joint.field, joint.host, joint.start + offset, GRANTS] = amount


def _split(total: int, parts: int) -> list[int]:
    """Split whole cents into nearly equal parts that add up."""
    return [total * (part + 1) // parts - total * part // parts for part in range(parts)]
