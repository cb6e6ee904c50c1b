"""The partnerships of a field with other members: who belongs to which unit, summed anew from single bodies.

Holds the rows that table ``partnership`` would have if a body were left out, belonged to another block, or had joined at
another start; with nothing changed they are that table's. What is changed and why is robustness_records.py and
missing_deliveries.py; which rows are used design.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from ikz_eval.quarters import quarter_of_date, quarter_start

NOT_MEMBERS = ("unknown_start", "not_taking_part", "earlier_cooperation", "other_cooperation")
"""Exclusions of table ``panel`` that hold for a body in every quarter: it is no member of its unit."""
OF_THE_UNIT = ("after_end",)
"""Exclusions of table ``partnership`` that belong to a quarter of a unit, whoever its members are."""


@dataclass(frozen=True, slots=True, eq=False)
class Bodies:
    """The bodies of a field.

    Attributes
    ----------
    rows : pd.DataFrame
        One row per body and quarter delivered: ``ags``, ``quarter``, ``cost`` [EUR cents, real gross running cost; nan without
        index], ``cases``. Bodies that are no members included.
    members : dict of str to str
        AGS of each member -> its region or block, members without any delivery included.
    units : pd.DataFrame
        What table ``partnership`` says of each unit and quarter of the field beside the sums.
    """

    rows: pd.DataFrame
    members: dict[str, str]
    units: pd.DataFrame

    @property
    def quarters(self) -> list[str]:
        """All quarters of the field, in order."""
        return sorted(self.units["quarter"].unique())


def read_bodies(panel: pd.DataFrame, partnership: pd.DataFrame, field: str) -> Bodies:
    """Return the bodies of a field from tables ``panel`` and ``partnership``."""
    mine, units = panel[panel["field"] == field], partnership[partnership["field"] == field]
    inside = mine[~mine["exclusion"].isin(NOT_MEMBERS)].drop_duplicates("ags")
    members = {str(ags): str(unit) for ags, unit in zip(inside["ags"], inside["unit"], strict=True)}
    lacking = units[units["missing_members"].notna() & ~units["exclusion"].isin(NOT_MEMBERS)]
    for unit, names in zip(lacking["unit"], lacking["missing_members"], strict=True):
        members |= dict.fromkeys(names.split(","), unit)
    rows = pd.DataFrame(
        {
            "ags": mine["ags"].astype("str"),
            "quarter": mine["quarter"].astype("str"),
            "cost": mine["real_gross_cost_cents"].to_numpy(dtype=np.float64, na_value=np.nan),
            "cases": mine["cases"].to_numpy(dtype=np.float64, na_value=np.nan),
        }
    )
    columns = ["unit", "unit_kind", "quarter", "cohort", "is_partial", "exclusion"]
    return Bodies(rows.reset_index(drop=True), dict(sorted(members.items())), units[columns].reset_index(drop=True))


def regrouped(
    bodies: Bodies, field: str, members: Mapping[str, str], starts: Mapping[str, date] | None = None
) -> pd.DataFrame:
    """Return the partnerships of a field with these members.

    Parameters
    ----------
    bodies : Bodies
        From :func:`read_bodies`.
    field : str
        The field.
    members : mapping of str to str
        AGS -> unit. A unit that table ``partnership`` does not know is a comparison block.
    starts : mapping of str to date, optional
        First day of joint operation of regions that are to start another day than in the table.

    Returns
    -------
    pd.DataFrame
        The columns of ``partnership`` that design.py reads, by unit and quarter; sums are missing where a member's are.
    """
    of_member = bodies.rows.assign(unit=bodies.rows["ags"].map(dict(members))).dropna(subset=["unit"])
    sums = of_member.groupby(["unit", "quarter"])[["cost", "cases"]].agg(["sum", "count"])
    size = pd.Series(list(members.values())).value_counts()
    index = pd.MultiIndex.from_product([sorted(size.index), bodies.quarters], names=["unit", "quarter"])
    sums = sums.reindex(index)
    wanted = size.reindex(index.get_level_values("unit")).to_numpy()
    cost, cases = (sums[name]["sum"].where(sums[name]["count"].to_numpy() == wanted) for name in ("cost", "cases"))
    found = pd.DataFrame(
        {
            "members": wanted,
            "members_delivered": sums["cases"]["count"].fillna(0).to_numpy(dtype=np.int64),
            "real_gross_cost_cents": cost.to_numpy(),
            "cases": cases.to_numpy(),
        },
        index=index,
    ).reset_index()
    rows = found.merge(bodies.units, on=["unit", "quarter"], how="left", validate="one_to_one")
    rows["unit_kind"] = rows["unit_kind"].fillna("block")
    rows["is_partial"] = rows["is_partial"].eq(True)
    rows["exclusion"] = rows["exclusion"].where(rows["exclusion"].isin(OF_THE_UNIT), None)
    return _restarted(rows.assign(field=field), starts or {})


def _restarted(rows: pd.DataFrame, starts: Mapping[str, date]) -> pd.DataFrame:
    """Move the start of regions, and with it the quarter that is partly treated."""
    cohort, is_partial = rows["cohort"].astype(object), rows["is_partial"].copy()
    for unit, day in starts.items():
        mine, quarter = rows["unit"] == unit, quarter_of_date(day)
        cohort[mine] = quarter
        is_partial[mine] = (rows.loc[mine, "quarter"] == quarter) & (day > quarter_start(quarter))
    return rows.assign(cohort=cohort.astype("str"), is_partial=is_partial)
