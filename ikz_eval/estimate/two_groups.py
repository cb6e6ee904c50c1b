"""Who is in the treated group and when is after: the two questions of a two-by-two.

Holds the reading of a cohort or a treatment column into group and time of each row, and the refusal of staggered or
ending treatments. The estimate is two_by_two.py's part.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.observations import Flags, Floats, Ints, whole_numbers
from ikz_eval.estimate.treatment_start import binary


@dataclass(frozen=True, slots=True)
class TwoGroups:
    """Group and time of each row of a panel, shape (rows,) each; where the group is not known the row cannot be used."""

    is_treated: Flags
    is_after: Flags
    is_known: Flags


def groups_by_cohort(panel: pd.DataFrame, *, period: str, cohort: str, within: str | None) -> TwoGroups:
    """Return groups from first treated periods; a start after the last period counts as not treated.

    Raises
    ------
    EstimationError
        If there is not exactly one start between the first and the last period, or the cohort changes within a unit.
    """
    periods, start = whole_numbers(panel[period], period), whole_numbers(panel[cohort], cohort).copy()
    start[~(start > 0)] = np.inf
    first, last = _range(periods)
    start[start > last] = np.inf
    starts = np.unique(start[np.isfinite(start)])
    if starts.size == 0:
        raise EstimationError(f"no row is treated: '{cohort}' has no start up to the last period")
    if starts[0] <= first:
        raise EstimationError("some units are treated from the first period on; nothing is observed before their start")
    if starts.size > 1:
        raise EstimationError(
            f"'{cohort}' has {starts.size} starts; a two-by-two has one (imputation and group_time take several)"
        )
    if within is not None:
        _require_constant(panel[within], start, cohort)
    if np.isfinite(start).all():
        raise EstimationError(f"every row belongs to the treated group: '{cohort}' leaves no comparison")
    return TwoGroups(np.isfinite(start), periods >= starts[0], np.isfinite(periods))


def groups_by_treatment(
    panel: pd.DataFrame, *, period: str, treatment: str, within: str | None, rows: Ints
) -> TwoGroups:
    """Return groups from a column of 0 and 1.

    With a 1 in the first period the column marks the group, and there may be two periods only. Otherwise it says "treated
    in this period", and the group is whoever shares a unit (or cluster) with a treated row.

    Parameters
    ----------
    panel : pd.DataFrame
        The panel.
    period, treatment : str
        Column names.
    within : str or None
        Column of units or clusters that are treated as a whole.
    rows : ndarray of int
        Rows with all values; periods of others do not count.

    Raises
    ------
    EstimationError
        If the column is not 0 or 1, nothing or everything is treated, starts differ, or the treatment ends again.
    """
    known = panel[treatment].notna().to_numpy()
    treated = np.zeros(len(panel), dtype=bool)
    treated[known] = binary(panel.loc[known], treatment) == 1
    periods = whole_numbers(panel[period], period)
    first, _ = _range(periods[rows])
    if not treated.any():
        raise EstimationError(f"no row is treated: '{treatment}' is 0 throughout")
    if treated[known].all():
        raise EstimationError(f"every row is treated: '{treatment}' is 1 throughout")
    if treated[rows][periods[rows] == first].any():
        return _marked(panel, treated, periods, known, treatment, within, rows)
    return _by_unit(panel, treated, periods, known, treatment, within)


def _marked(
    panel: pd.DataFrame, treated: Flags, periods: Floats, known: Flags, name: str, within: str | None, rows: Ints
) -> TwoGroups:
    times = np.unique(periods[rows])
    if times.size > 2:
        raise EstimationError(
            f"'{name}' is 1 in the first of {times.size} periods: if it marks the group, the start is not known (give a "
            "cohort); if it marks treated rows, some are treated from the first period on"
        )
    if within is not None:
        changed = pd.Series(treated[known]).groupby(panel.loc[known, within].to_numpy()).nunique() > 1
        if changed.any():
            raise EstimationError(
                f"'{name}' is 1 in the first period and changes within '{within}' {changed.idxmax()}: allowed is the group "
                "(constant) or treated rows (none in the first period)"
            )
    return TwoGroups(treated, periods == times[1], known & np.isfinite(periods))


def _by_unit(
    panel: pd.DataFrame, treated: Flags, periods: Floats, known: Flags, name: str, within: str | None
) -> TwoGroups:
    if within is None:
        raise EstimationError(
            f"'{name}' is 0 throughout the first period, so it does not tell the treated group there: give the group as "
            "treatment (1 in both periods), a cohort, or a unit or cluster that is treated as a whole"
        )
    start = float(periods[treated].min())
    label = panel[within]
    group = label.isin(label[treated]).to_numpy()
    after = periods >= start
    differs = known & (treated != (group & after))
    if differs.any():
        where = panel.loc[differs].iloc[0]
        raise EstimationError(
            f"'{name}' differs from one common start in '{within}' {where[within]}; a two-by-two has one start and no end "
            "(imputation and group_time take several starts)"
        )
    seen_after = label.isin(label[after & known]).to_numpy()
    return TwoGroups(group, after, known & seen_after & np.isfinite(periods))


def _range(periods: Floats) -> tuple[float, float]:
    finite = periods[np.isfinite(periods)]
    if finite.size == 0 or finite.min() == finite.max():
        raise EstimationError("the panel has a single period; one before and one after the start are needed")
    return float(finite.min()), float(finite.max())


def _require_constant(label: pd.Series, start: Floats, name: str) -> None:
    changed = pd.Series(start).groupby(label.to_numpy()).nunique() > 1
    if changed.any():
        raise EstimationError(f"'{name}' changes within unit '{changed.idxmax()}'; allowed is one value a unit")
