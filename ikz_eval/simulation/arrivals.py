"""When each delivery of the invented Land arrives: on time, late, never, or twice because the first was wrong.

Holds the plan of arrivals in UTC. Which value of a first version is wrong stands in programme.py. Due days come from
the study, shares from simulation.toml.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ikz_eval.quarters import quarter_shift, quarter_start
from ikz_eval.registry import Registry
from ikz_eval.simulation.land import NEVER, Ints, Land
from ikz_eval.simulation.noise import stream
from ikz_eval.simulation.truth import Truth

EARLIEST_DAY = 10
"""Days after the end of a quarter before which nobody delivers."""
CUTOFF_DAYS = 62
"""Days after the end of a quarter by which the two months to its cut-off are over, in every quarter."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """One entry per delivery, in order of body, quarter and version.

    Attributes
    ----------
    body, quarter, version : numpy.ndarray
        Indices of body and quarter, and the version from 1; shape (D,).
    received_at : tuple of datetime
        Moment of arrival, UTC; length D.
    is_wrong : numpy.ndarray
        Whether the delivery is a first version that a later one corrects; shape (D,).
    """

    body: Ints
    quarter: Ints
    version: Ints
    received_at: tuple[datetime, ...]
    is_wrong: NDArray[np.bool_]


def plan_arrivals(seed: int, truth: Truth, land: Land, registry: Registry) -> Arrivals:
    """Plan the arrival of every delivery of the study's quarters."""
    kind = _kinds(seed, truth, land, registry)
    generator = stream(seed, "arrival")
    rows: list[tuple[int, int, int, datetime, bool]] = []
    for body, quarter in np.ndindex(kind.shape):
        # One draw of each for every body and quarter: a gap here moves no arrival there.
        punctual, delay, correction, minute = generator.random(4)
        fate = str(kind[body, quarter])
        if fate == "missing":
            continue
        days = _day(fate, punctual, delay, registry.due_days)
        moment = _moment(land.quarters[quarter], days, minute)
        is_wrong = fate == "corrected"
        rows.append((body, quarter, 1, moment, is_wrong))
        if is_wrong:
            rows.append((body, quarter, 2, moment + timedelta(days=12 + int(60 * correction)), False))
    bodies, quarters, versions, moments, wrong = zip(*rows, strict=True)
    return Arrivals(np.array(bodies), np.array(quarters), np.array(versions), tuple(moments), np.array(wrong))


def _day(kind: str, punctual: float, delay: float, due_days: int) -> int:
    """Day of arrival, counted from the last day of the quarter."""
    if kind == "late":
        return due_days + 1 + int(delay * (CUTOFF_DAYS - 5 - due_days))
    if kind == "after_cutoff":
        return CUTOFF_DAYS + 1 + int(40 * delay)
    return EARLIEST_DAY + int(punctual * (due_days - EARLIEST_DAY))


def _moment(quarter: str, days: int, minute: float) -> datetime:
    """Moment in office hours, ``days`` after the last day of ``quarter``."""
    last_day = quarter_start(quarter_shift(quarter, 1)) - timedelta(days=1)
    return datetime.combine(last_day + timedelta(days=days), time(7), UTC) + timedelta(minutes=int(minute * 480))


def _kinds(seed: int, truth: Truth, land: Land, registry: Registry) -> NDArray[np.str_]:
    """Decide what happens to each delivery, shape (B, Q): on_time, late, after_cutoff, missing or corrected."""
    gaps, generator = truth.deliveries, stream(seed, "gaps")
    closed = _closed_quarters(registry, land)
    cells = [(body, quarter) for body in range(len(land.bodies)) for quarter in range(closed)]
    total, order = len(cells), generator.permutation(len(cells))
    kind = np.full((len(land.bodies), len(land.quarters)), "on_time", dtype="<U12")
    free = [cells[position] for position in order]
    open_to_gaps = [cell for cell in free if not _is_protected(land, *cell)]
    missing = round(gaps.missing_share * total)
    after_cutoff = round(gaps.late_share * gaps.after_cutoff_share * total)
    _mark(kind, open_to_gaps[:missing], "missing")
    _mark(kind, open_to_gaps[missing : missing + after_cutoff], "after_cutoff")
    free = [cell for cell in free if kind[cell] == "on_time"]
    late = round(gaps.late_share * total) - after_cutoff
    _mark(kind, free[:late], "late")
    _mark(kind, free[late : late + round(gaps.corrected_share * total)], "corrected")
    _mark(
        kind,
        [(land.bodies.index(ags), q) for ags in gaps.open_missing for q in range(closed, len(land.quarters))],
        "missing",
    )
    return kind


def _mark(kind: NDArray[np.str_], cells: list[tuple[int, int]], word: str) -> None:
    for cell in cells:
        kind[cell] = word


def _closed_quarters(registry: Registry, land: Land) -> int:
    """Return how many quarters have a cut-off about two months after their end; the rest stays open."""

    def is_open(quarter: str, cutoff: datetime) -> bool:
        return cutoff.date() - quarter_start(quarter_shift(quarter, 1)) > timedelta(days=365)

    still_open = [item.quarter for item in registry.evaluations if is_open(item.quarter, item.cutoff)]
    return len([quarter for quarter in land.quarters if quarter not in still_open])


def _is_protected(land: Land, body: int, quarter: int) -> bool:
    """Whether a gap here would cost a model region one of the quarters next to its start."""
    starts = land.own_start[:, land.unit_of_body == land.unit_of_body[body]]
    return bool((np.abs(starts[starts < NEVER] - quarter) <= 1).any())


def arrival_table(arrivals: Arrivals, file_names: list[str]) -> pd.DataFrame:
    """Return the planted arrival times as the inbox carries them: file_name, received_at (ISO, UTC)."""
    moments = [moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in arrivals.received_at]
    return pd.DataFrame({"file_name": file_names, "received_at": moments})
