"""Runs the peers of the synthetic methods and prints the numbers stored in tests/reference/synthetic_peers.py.

Not a test, and no dependency of the project: ``python -m tests.reference.peers.synthetic [prop99.csv]`` in an environment
with ``synthdid-py==0.1.0`` prints its figures; the same with ``pysyncon==1.7.0`` and ``diff-diff==3.13.0`` prints theirs.
"""

import json
import sys
from importlib.util import find_spec

import numpy as np
import pandas as pd

from tests.reference.factor_panels import one_region, two_regions


def wide(panel: pd.DataFrame, unit: str, period: str, outcome: str, treated: pd.Series) -> tuple[np.ndarray, int, int]:
    """Return outcomes with controls first, the number of controls and of periods before the start."""
    table = panel.pivot(index=unit, columns=period, values=outcome)
    on = panel.assign(on=treated.astype(int)).pivot(index=unit, columns=period, values="on")
    ever = on.max(axis=1) > 0
    ordered = pd.concat([table[~ever], table[ever]])
    return ordered.to_numpy(), int((~ever).sum()), int((on.max(axis=0) == 0).sum())


def synthdid(name: str, outcome: np.ndarray, controls: int, before: int) -> dict:
    """Return the figures of synthdid-py."""
    import synthdid as peer

    did, control = peer.synthdid_estimate(outcome, controls, before), peer.sc_estimate(outcome, controls, before)
    found = {"sdid": float(did), "sc": float(control)}
    found["placebo_200"] = float(peer.synthdid_se(did, method="placebo", replications=200, random_state=1))
    if len(outcome) - controls > 1:
        found["jackknife"] = float(peer.synthdid_se(did, method="jackknife"))
    return {f"synthdid {name}": found}


def staggered(panel: pd.DataFrame) -> dict:
    """Return the average over starts of synthdid-py."""
    from synthdid.staggered import staggered_synthdid_estimate

    on = ((panel["start"] > 0) & (panel["period"] >= panel["start"])).astype(int)
    found = staggered_synthdid_estimate(panel.assign(on=on)[["body", "period", "cost", "on"]])
    return {"synthdid two_regions": float(found.att)}


def optimum(name: str, outcome: np.ndarray, controls: int, before: int) -> dict:
    """Return the effect with the weights of pysyncon's quadratic programme, outcomes only."""
    from pysyncon import Synth

    donors, path = outcome[:controls].T, outcome[controls:].mean(axis=0)
    weights, _ = Synth.w_optimize(np.eye(before), donors[:before], path[:before])
    gap = path - donors @ weights
    fit = float(np.sqrt((gap[:before] ** 2).mean()))
    return {f"pysyncon {name}": {"sc": float(gap[before:].mean()), "rmspe_before": fit}}


def diff_diff(name: str, panel: pd.DataFrame, columns: dict[str, str], after: list[int]) -> dict:
    """Return the effect of diff-diff."""
    from diff_diff import SyntheticDiD

    fit = SyntheticDiD(variance_method="placebo", n_bootstrap=200, seed=1).fit(panel, **columns, post_periods=after)
    return {f"diff-diff {name}": {"sdid": float(fit.att), "placebo_200": float(fit.se)}}


def main() -> None:
    """Print what the peers at hand give."""
    region, cases = one_region(), []
    on = (region["start"] > 0) & (region["period"] >= region["start"])
    cases.append(("one_region", region, ("body", "period", "cost"), on))
    if len(sys.argv) > 1:
        smoking = pd.read_csv(sys.argv[1])
        cases.append(("prop99", smoking, ("State", "Year", "PacksPerCapita"), smoking["treated"]))
    found: dict = {}
    for name, panel, (unit, period, outcome), treated in cases:
        arrays = wide(panel, unit, period, outcome, treated)
        if find_spec("synthdid"):
            found |= synthdid(name, *arrays)
        if find_spec("pysyncon"):
            found |= optimum(name, *arrays)
        if find_spec("diff_diff"):
            ever = treated.astype(int).groupby(panel[unit]).transform("max")
            after = sorted(panel.loc[treated.astype(bool), period].unique())
            columns = {"outcome": outcome, "treatment": "ever", "unit": unit, "time": period}
            found |= diff_diff(name, panel.assign(ever=ever), columns, after)
    if find_spec("synthdid"):
        found |= staggered(two_regions())
    print(json.dumps(found, indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
