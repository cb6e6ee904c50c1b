"""Required tests without a p value: leaving regions out, and the event path in bins of four quarters.

Holds what each of them looks at, as weights on the outcomes, so that data and simulated noise are checked alike. Docs:
docs/methods/verdict.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.event_study import EventPathFit
from ikz_eval.estimate.observations import Floats
from ikz_eval.estimate.reassignment import PathPanel, weights_under

BIN = 4
"""Quarters in a bin of the event path that is judged."""


@dataclass(frozen=True, slots=True, eq=False)
class SignChecks:
    """What is looked at, each linear in the outcomes of a panel's n rows.

    Attributes
    ----------
    left_out : ndarray or None
        The estimate without each treated region, shape (regions, n); None when one cannot be made.
    bins : ndarray or None
        The event path, shape (bins, n); None without one.
    times : ndarray
        First quarter of each bin, counted from the start, in order.
    """

    left_out: Floats | None
    bins: Floats | None
    times: Floats

    def all_hold(self, outcome: Floats) -> bool:
        """Return whether every one that can be carried out confirms a positive effect."""
        return all(self.hold(outcome, 1.0).values())

    def hold(self, outcome: Floats, estimate: float) -> dict[str, bool]:
        """Return whether each test holds for an outcome; one that cannot be carried out is absent.

        Parameters
        ----------
        outcome : ndarray
            Shape (n,).
        estimate : float
            The whole effect; its sign is the one to be confirmed.
        """
        sign = np.sign(estimate)
        found = {}
        if self.left_out is not None:
            found["leave_one_region_out"] = bool((sign * (self.left_out @ outcome) > 0).all())
        if self.bins is not None and (self.times == 0).any():
            path = sign * (self.bins @ outcome)
            found["event_path_bins"] = bool((path[self.times >= 0] > 0).all())
            before = path[self.times < 0]
            if before.size > 1:
                largest = float(np.abs(np.diff(before)).max())
                found["relative_magnitude"] = bool(path[self.times == 0][0] > largest)
        return found


def sign_checks(panel: PathPanel, paths: Mapping[int, EventPathFit]) -> SignChecks:
    """Prepare the checks of a field at the partnership level.

    Parameters
    ----------
    panel : PathPanel
        Its rows; those of the frame the paths were fitted to come first.
    paths : mapping of int to EventPathFit
        Event paths by length of their bins.
    """
    path = paths.get(BIN)
    if path is None:
        return SignChecks(_without_each(panel), None, np.empty(0))
    bins = np.zeros((len(path.points), panel.outcome.size))
    estimated = np.flatnonzero([not point.is_reference for point in path.points])
    # The reference is zero by construction and stays so.
    bins[np.ix_(estimated, path.observations.rows)] = path.weights[:, estimated].T
    return SignChecks(_without_each(panel), bins, np.array([float(point.event_time) for point in path.points]))


def _without_each(panel: PathPanel) -> Floats | None:
    treated = np.unique(panel.unit[weights_under(panel, panel.paths).treated])
    try:
        return np.array([weights_under(panel, panel.paths, without=[int(code)]).c for code in treated])
    except EstimationError:
        return None
