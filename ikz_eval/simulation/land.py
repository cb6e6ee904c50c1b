"""The invented Land as arrays: bodies, fields, quarters, starts, hosts, prices.

Holds the translation from the Registry to the index arrays that the modules beside it compute with. Nothing is drawn
here. Axes are always (field, body, quarter), in the order of fields.csv, bodies.csv and time.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ikz_eval.errors import StudyError
from ikz_eval.quarters import quarter_of_date, quarter_range, quarter_start
from ikz_eval.registry import Registry
from schemas.vocabulary import COST_BLOCKS, PRICE_SERIES_OF_BLOCK

NEVER = 10_000
"""Quarter index of a start that never comes."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Joint:
    """One joint operation: the cooperating bodies of one region in one field.

    Attributes
    ----------
    field : int
        Index of the field.
    unit : int
        Index of the region.
    host : int
        Index of the body that hosts the joint office.
    members : tuple of int
        Indices of all bodies that take part, the host included.
    start : int
        Quarter index of the first start.
    """

    field: int
    unit: int
    host: int
    members: tuple[int, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Land:
    """The study as arrays.

    Attributes
    ----------
    fields, bodies, quarters, units : tuple of str
        Keys, in the order of the axes; F, B, Q and U of them.
    inhabitants : numpy.ndarray
        Persons, shape (B,).
    unit_of_body : numpy.ndarray
        Index of each body's region or block, shape (B,).
    own_start : numpy.ndarray
        Quarter index of each body's own start, ``NEVER`` without one, shape (F, B).
    joints : tuple of Joint
        Every joint operation.
    price_ratio : numpy.ndarray
        Price level relative to the base by quarter and cost block, shape (Q, len(COST_BLOCKS)).
    grant_cents : numpy.ndarray
        Grant of each region [EUR cents], shape (U,).
    """

    fields: tuple[str, ...]
    bodies: tuple[str, ...]
    quarters: tuple[str, ...]
    units: tuple[str, ...]
    inhabitants: Floats
    unit_of_body: Ints
    own_start: Ints
    joints: tuple[Joint, ...]
    price_ratio: Floats
    grant_cents: Ints

    @property
    def shape(self) -> tuple[int, int, int]:
        """Lengths of the axes (field, body, quarter)."""
        return len(self.fields), len(self.bodies), len(self.quarters)

    @property
    def is_cooperating(self) -> NDArray[np.bool_]:
        """Whether a body cooperates in a field and quarter, shape (F, B, Q)."""
        return np.arange(len(self.quarters))[None, None, :] >= self.own_start[:, :, None]


def build_land(registry: Registry) -> Land:
    """Translate an invented study into arrays.

    Raises
    ------
    StudyError
        If inhabitants or a price are missing, a start lies inside a quarter, or a joint operation has no single host.
    """
    quarters = study_quarters(registry)
    bodies, units = tuple(registry.bodies["ags"]), tuple(registry.regions["unit"])
    own_start, joints = _starts(registry, bodies, units, quarters)
    valid = registry.grants[registry.grants["status"] == "valid"]
    return Land(
        fields=tuple(registry.delivered_fields),
        bodies=bodies,
        quarters=quarters,
        units=units,
        inhabitants=_inhabitants(registry, bodies),
        unit_of_body=np.array([units.index(unit) for unit in registry.bodies["unit"]], dtype=np.int64),
        own_start=own_start,
        joints=joints,
        price_ratio=_price_ratio(registry, quarters),
        grant_cents=np.array(
            [valid.loc[valid["unit"] == unit, "amount_cents"].sum() for unit in units], dtype=np.int64
        ),
    )


def study_quarters(registry: Registry) -> tuple[str, ...]:
    """Return all quarters the bodies deliver, the open one included."""
    return tuple(quarter_range(registry.first_quarter, registry.evaluations[-1].quarter))


def _inhabitants(registry: Registry, bodies: tuple[str, ...]) -> Floats:
    latest = registry.population.sort_values("reference_date").groupby("ags")["inhabitants"].last()
    missing = [ags for ags in bodies if ags not in latest.index]
    if missing:
        raise StudyError(f"studies/{registry.study}/reference/population.csv: no inhabitants of {', '.join(missing)}")
    return latest.loc[list(bodies)].to_numpy(dtype=np.float64)


def _price_ratio(registry: Registry, quarters: tuple[str, ...]) -> Floats:
    index = registry.price_index.pivot(index="quarter", columns="series", values="price_index")
    wanted = index.reindex([*quarters, registry.price_base])
    if wanted.isna().any(axis=None):
        gaps = ", ".join(wanted.index[wanted.isna().any(axis=1)])
        raise StudyError(
            f"studies/{registry.study}/reference/price_index.csv: no price in {gaps}; the simulation needs both"
        )
    columns = [PRICE_SERIES_OF_BLOCK[block] for block in COST_BLOCKS]
    ratio = wanted.iloc[:-1] / wanted.iloc[-1]
    return ratio[columns].to_numpy(dtype=np.float64)


def _starts(
    registry: Registry, bodies: tuple[str, ...], units: tuple[str, ...], quarters: tuple[str, ...]
) -> tuple[Ints, tuple[Joint, ...]]:
    fields = registry.delivered_fields
    rows = registry.agreements
    rows = rows[(rows["status"] == "valid") & rows["field"].isin(fields) & rows["start"].notna() & rows["unit"].notna()]
    own_start = np.full((len(fields), len(bodies)), NEVER, dtype=np.int64)
    joints = []
    for (field, unit), group in rows.groupby(["field", "unit"], sort=False):
        index = fields.index(str(field))
        members = tuple(bodies.index(ags) for ags in group["ags"])
        starts = [_start_index(registry, start, quarters) for start in group["start"]]
        own_start[index, list(members)] = starts
        hosts = [member for member, is_host in zip(members, group["is_host"], strict=True) if is_host]
        if len(hosts) != 1 or own_start[index, hosts[0]] != min(starts):
            raise StudyError(
                f"studies/{registry.study}/agreements.csv: {field} in {unit} needs one host that is there from the start"
            )
        joints.append(Joint(index, units.index(str(unit)), hosts[0], members, min(starts)))
    return own_start, tuple(joints)


def _start_index(registry: Registry, start: str, quarters: tuple[str, ...]) -> int:
    day = pd.Timestamp(start).date() if not isinstance(start, date) else start
    quarter = quarter_of_date(day)
    if day != quarter_start(quarter) or quarter not in quarters:
        raise StudyError(
            f"studies/{registry.study}/agreements.csv: start {start} cannot be simulated; allowed is the first day of a "
            f"quarter from {quarters[0]} to {quarters[-1]}"
        )
    return quarters.index(quarter)
