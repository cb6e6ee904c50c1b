"""An invented programme drawn from a seed, as the frames a stage would see.

Holds ``simulate``, which puts cost, cases, staff, service and arrivals together, and the frozen result. What is drawn
stands in the modules beside this one, frames in frames.py, files in files.py.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.registry import Registry
from ikz_eval.simulation.arrivals import Arrivals, plan_arrivals
from ikz_eval.simulation.cost import draw_cost
from ikz_eval.simulation.frames import (
    caseload_frame,
    cost_frame,
    delivery_frame,
    fingerprints,
    service_frame,
    staff_frame,
)
from ikz_eval.simulation.land import Ints, Land, build_land
from ikz_eval.simulation.noise import stream
from ikz_eval.simulation.service import draw_cases, draw_service, draw_staff
from ikz_eval.simulation.truth import Truth, load_truth
from schemas.vocabulary import ONE_OFF_BLOCKS, RUNNING_COST_BLOCKS

COST = RUNNING_COST_BLOCKS + ONE_OFF_BLOCKS
"""Blocks that the form's total sums; the first of the vocabulary."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What stands in the deliveries, one entry per delivery along the first axis.

    Attributes
    ----------
    cost_cents : numpy.ndarray
        Amounts [EUR cents], shape (D, F, len(COST_BLOCKS)); wrong first versions carry their wrong value.
    total_cents : numpy.ndarray
        Sum of the cost blocks as the body's own software gives it, right also where one block is wrong; shape (D, F).
    cases : numpy.ndarray
        Shape (D, F).
    staff_hundredths : numpy.ndarray
        Posts [hundredths of full-time equivalents], shape (D, F).
    service_tenths : numpy.ndarray
        Service indicators [tenths of their unit], shape (D, F, 3).
    """

    cost_cents: Ints
    total_cents: Ints
    cases: Ints
    staff_hundredths: Ints
    service_tenths: Ints


@dataclass(frozen=True, slots=True)
class SimulatedProgramme:
    """One draw of an invented programme.

    Attributes
    ----------
    seed : int
        Seed it was drawn from.
    land : Land
        The study as arrays.
    arrivals : Arrivals
        Planned deliveries.
    delivered : Delivered
        Their content as arrays.
    cost, caseload, staff, service_quality, delivery : pd.DataFrame
        What was delivered, all versions, by the contracts of the same name.
    actual_cost, counterfactual_cost : pd.DataFrame
        Cost with and without cooperation, contract ``cost``: every body and quarter exactly once, without gaps and
        wrong values, whether it was delivered or not.
    """

    seed: int
    land: Land
    arrivals: Arrivals
    delivered: Delivered
    cost: pd.DataFrame
    caseload: pd.DataFrame
    staff: pd.DataFrame
    service_quality: pd.DataFrame
    delivery: pd.DataFrame
    actual_cost: pd.DataFrame
    counterfactual_cost: pd.DataFrame


def simulate(registry: Registry, seed: int, truth: Truth | None = None) -> SimulatedProgramme:
    """Draw an invented programme; the same seed gives the same programme.

    Parameters
    ----------
    registry : Registry
        An invented study.
    seed : int
        Seed, zero or positive.
    truth : Truth, optional
        Parameters; those of the study's simulation.toml when left out.

    Raises
    ------
    StudyError
        If the study is not invented or cannot be simulated.
    """
    truth = truth or load_truth(registry)
    land = build_land(registry)
    cases = draw_cases(seed, truth, land)
    cubes = draw_cost(seed, truth, land, cases)
    staff = draw_staff(seed, truth, land, cubes.actual_cents)
    arrivals = plan_arrivals(seed, truth, land, registry)
    cost_cents = _pick(cubes.actual_cents, arrivals)
    delivered = Delivered(
        cost_cents=_with_wrong_values(seed, arrivals, cost_cents),
        total_cents=cost_cents[..., : len(COST)].sum(axis=-1),
        cases=_pick(cases, arrivals),
        staff_hundredths=_pick(staff, arrivals),
        service_tenths=_pick(draw_service(seed, truth, land), arrivals),
    )
    delivery = delivery_frame(seed, land, arrivals)
    ids = delivery["delivery_id"]
    return SimulatedProgramme(
        seed=seed,
        land=land,
        arrivals=arrivals,
        delivered=delivered,
        cost=cost_frame(land, arrivals.body, arrivals.quarter, ids, delivered.cost_cents),
        caseload=caseload_frame(land, arrivals, ids, delivered.cases),
        staff=staff_frame(land, arrivals, ids, delivered.staff_hundredths),
        service_quality=service_frame(land, arrivals, ids, delivered.service_tenths),
        delivery=delivery,
        actual_cost=_complete(seed, land, cubes.actual_cents),
        counterfactual_cost=_complete(seed, land, cubes.counterfactual_cents),
    )


def _pick(cube: Ints, arrivals: Arrivals) -> Ints:
    """Return the values of each delivery: (F, B, Q, ...) to (D, F, ...)."""
    return np.moveaxis(cube[:, arrivals.body, arrivals.quarter], 1, 0)


def _with_wrong_values(seed: int, arrivals: Arrivals, cost_cents: Ints) -> Ints:
    """Swap two digits of one personnel amount in each first version that is corrected later."""
    generator, wrong = stream(seed, "wrong"), cost_cents.copy()
    for delivery in np.flatnonzero(arrivals.is_wrong):
        field = int(generator.integers(cost_cents.shape[1]))
        wrong[delivery, field, 0] = swap_digits(int(cost_cents[delivery, field, 0]))
    return wrong


def swap_digits(cents: int) -> int:
    """Return an amount with its second digit swapped with the next one that differs, as a typing error would."""
    digits = list(str(cents))
    for other in range(2, len(digits)):
        if digits[other] != digits[1]:
            digits[1], digits[other] = digits[other], digits[1]
            return int("".join(digits))
    return cents + 100


def _complete(seed: int, land: Land, cube: Ints) -> pd.DataFrame:
    """Return a cost cube as a frame of all bodies and quarters, with ids of deliveries that exist only here."""
    _, n_bodies, n_quarters = land.shape
    body, quarter = (axis.ravel() for axis in np.indices((n_bodies, n_quarters)))
    ids = pd.Series(
        [print_[:12] for print_ in fingerprints(seed, land, body, quarter, np.zeros_like(body))], dtype="str"
    )
    return cost_frame(land, body, quarter, ids, np.moveaxis(cube[:, body, quarter], 1, 0))
