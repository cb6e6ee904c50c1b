"""Make the peers' numbers of test_stacked.py: diff-diff 3.13.0 and pyfixest 0.60.0 on log homicides (package causaldata).

Run in an environment of its own with both peers and causaldata; the project depends on neither peer.
"""

import sys

import numpy as np
import pandas as pd
import pyfixest
from causaldata import castle
from diff_diff import StackedDiD

PRE, POST = 3, 2


def castle_panel() -> pd.DataFrame:
    """Return state, year, log homicides and the first year of the law (0: never)."""
    panel = castle.load_pandas().data[["sid", "year", "homicide", "post"]].assign(y=lambda x: np.log(x["homicide"]))
    first = panel[panel["post"] > 0].groupby("sid")["year"].min()
    return panel.assign(first=panel["sid"].map(first).fillna(0).astype(int))


def stacks(panel: pd.DataFrame) -> pd.DataFrame:
    """Return the stack built by hand, with the weights of Wing, Freedman and Hollingsworth."""
    parts = []
    for start in sorted(set(panel["first"]) - {0}):
        if start - PRE >= panel["year"].min() and start + POST <= panel["year"].max():
            near = panel["year"].between(start - PRE, start + POST)
            clean = (panel["first"] == start) | (panel["first"] == 0) | (panel["first"] > start + POST)
            part = panel[near & clean]
            parts.append(part.assign(start=start, e=part["year"] - start, treat=(part["first"] == start).astype(int)))
    whole = pd.concat(parts)
    units = whole.groupby(["start", "treat"])["sid"].nunique().unstack()
    weight = (units[1] / units[1].sum()) / (units[0] / units[0].sum())
    whole["weight"] = np.where(whole["treat"] == 1, 1.0, whole["start"].map(weight))
    whole["us"] = whole["sid"].astype(str) + "_" + whole["start"].astype(str)
    return whole.assign(es=whole["e"].astype(str) + "_" + whole["start"].astype(str))


if __name__ == "__main__":
    panel = castle_panel()
    fit = StackedDiD(kappa_pre=PRE, kappa_post=POST).fit(
        panel, outcome="y", unit="sid", time="year", first_treat="first", aggregate="event_study"
    )
    sys.stdout.write(f"diff-diff ATT {fit.overall_att!r} {fit.overall_se!r}\n")
    for weights in ("weight", None):
        named = {} if weights is None else {"weights": weights}
        fit = pyfixest.feols("y ~ i(e, treat, ref=-1) | us + es", stacks(panel), vcov={"CRV1": "sid"}, **named)
        for term, row in fit.tidy().iterrows():
            sys.stdout.write(f"pyfixest {weights} {term} {row['Estimate']!r} {row['Std. Error']!r}\n")
