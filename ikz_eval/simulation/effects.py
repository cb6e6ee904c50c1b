"""The effect that is true in a simulated programme, as the estimators define it.

Holds the exact estimand of the primary analysis, computed from cost with and without cooperation: same noise, same
cases, nothing estimated. Estimating is ikz_eval/estimate, which never sees this.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ikz_eval.errors import EstimationError
from ikz_eval.registry import EvaluationQuarter, Registry
from ikz_eval.simulation.land import Floats, Joint, Land
from ikz_eval.simulation.programme import SimulatedProgramme
from schemas.vocabulary import RUNNING_COST_BLOCKS


def true_effects(programme: SimulatedProgramme, registry: Registry, evaluation: EvaluationQuarter) -> dict[str, float]:
    """Return the true effect of each field on log real gross cost per case of the partnership.

    For every region and quarter from the region's first start to the evaluation quarter: log real running cost of all
    bodies of the region with cooperation, minus the same without. Cases are the same in both and cancel. Averaged over
    the quarters in which every body of the region had delivered by the cut-off, then over the regions, each the same.
    A late joiner counts as a member throughout, so its region's effect is smaller while it is missing.

    Parameters
    ----------
    programme : SimulatedProgramme
        A draw.
    registry : Registry
        Its study.
    evaluation : EvaluationQuarter
        Last quarter evaluated and its cut-off.

    Returns
    -------
    dict of str to float
        Effect by field [log points].

    Raises
    ------
    EstimationError
        If no region of a field has a complete quarter since its start.
    """
    land = programme.land
    gap = np.log(_real_by_unit(programme.actual_cost, land)) - np.log(
        _real_by_unit(programme.counterfactual_cost, land)
    )
    usable = _complete_quarters(programme, evaluation)
    effects = {}
    for index, field in enumerate(land.fields):
        joints = [joint for joint in land.joints if joint.field == index]
        means = [_mean_since_start(gap, usable, joint) for joint in joints]
        known = [mean for mean in means if not np.isnan(mean)]
        if not known:
            raise EstimationError(f"{field}: no region has a complete quarter since its start by {evaluation.quarter}")
        effects[field] = float(np.mean(known))
    return effects


def _mean_since_start(gap: Floats, usable: NDArray[np.bool_], joint: Joint) -> float:
    quarters = np.arange(gap.shape[-1])
    chosen = usable[joint.unit] & (quarters >= joint.start)
    return float(gap[joint.field, joint.unit, chosen].mean()) if chosen.any() else float("nan")


def _real_by_unit(cost: pd.DataFrame, land: Land) -> Floats:
    """Real gross running cost of each region or block at prices of the base, shape (F, U, Q)."""
    blocks = len(RUNNING_COST_BLOCKS)
    # Frames of complete programmes are laid out body, quarter, field, block (frames.cost_frame).
    n_fields, n_bodies, n_quarters = land.shape
    cube = cost["amount_cents"].to_numpy().reshape(n_bodies, n_quarters, n_fields, -1)[..., :blocks]
    real = (cube / land.price_ratio[None, :, None, :blocks]).sum(axis=-1)
    by_unit = np.zeros((len(land.units), n_quarters, n_fields))
    np.add.at(by_unit, land.unit_of_body, real)
    return np.moveaxis(by_unit, -1, 0)


def _complete_quarters(programme: SimulatedProgramme, evaluation: EvaluationQuarter) -> NDArray[np.bool_]:
    """Whether all bodies of a unit had delivered a quarter by the cut-off, shape (U, Q)."""
    land, arrivals = programme.land, programme.arrivals
    in_time = np.array([moment <= evaluation.cutoff for moment in arrivals.received_at])
    has_delivered = np.zeros((len(land.bodies), len(land.quarters)), dtype=bool)
    has_delivered[arrivals.body[in_time], arrivals.quarter[in_time]] = True
    complete = np.ones((len(land.units), len(land.quarters)), dtype=bool)
    np.logical_and.at(complete, land.unit_of_body, has_delivered)
    return complete & (np.array(land.quarters) <= evaluation.quarter)
