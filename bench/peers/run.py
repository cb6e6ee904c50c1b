"""The peers' side of the speed table. Runs inside bench/.peers (``make bench-peers``), never in the project's environment.

Called by bench/speed.py as ``python bench/peers/run.py TASK FOLDER REPEATS``; reads arrays, answers with one line of JSON.
"""

import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from bench.measure import measured, told

warnings.simplefilter("ignore")
DRAWS = 9_999
FORMULA = "outcome ~ treated | unit + period"
BY_UNIT = {"CRV1": "unit"}


def read(folder):
    return pd.DataFrame({path.stem: np.load(path) for path in sorted(Path(folder).glob("*.npy"))})


def small(panel, units=20):
    """Return the first units: what warms a peer up."""
    return panel[panel["unit"] < units].reset_index(drop=True)


def feols(panel, repeats):
    import pyfixest as pf

    pf.feols(FORMULA, small(panel), vcov=BY_UNIT)
    cost, fit = measured(lambda: pf.feols(FORMULA, panel, vcov=BY_UNIT), repeats)
    return {**cost, "estimate": float(fit.coef().iloc[0]), "se": float(fit.se().iloc[0])}


def wild(panel, repeats):
    import pyfixest as pf

    def tested(fit, seed):
        return fit.wildboottest(param="treated", reps=DRAWS, seed=seed)

    tested(pf.feols(FORMULA, small(panel), vcov=BY_UNIT), 1)
    fit = pf.feols(FORMULA, panel, vcov=BY_UNIT)
    cost, found = measured(lambda: tested(fit, 2), repeats)
    return {**cost, "estimate": float(fit.coef().iloc[0]), "p": float(found["Pr(>|t|)"])}


def wild_bare(panel, repeats):
    """Run wildboottest on the treatment and outcome less their effects: with dummies it would not fit into memory."""
    import pyfixest as pf
    from wildboottest.wildboottest import WildboottestCL

    left = [pf.feols(f"{name} ~ 1 | unit + period", panel) for name in ("treated", "outcome")]
    x, y = (np.asarray(each._u_hat, dtype=float).ravel() for each in left)

    def tested():
        boot = WildboottestCL(x[:, None], y, panel["unit"].to_numpy(), np.array([1.0]), DRAWS, seed=1, parallel=False)
        boot.get_scores(bootstrap_type="11", impose_null=True, adj=True, cluster_adj=True)
        boot.get_weights(weights_type="rademacher")
        boot.get_numer()
        boot.get_denom()
        boot.get_tboot()
        boot.get_vcov()
        boot.get_tstat()
        boot.get_pvalue()
        return boot

    cost, boot = measured(tested, repeats)
    return {**cost, "estimate": float(boot.beta_hat[0]), "p": float(boot.pvalue)}


def randomisation(panel, repeats):
    """Time ritest for a few draws, and fit given assignments one by one for comparison."""
    import pyfixest as pf

    draws = 60
    fit = pf.feols(FORMULA, panel, vcov=BY_UNIT)

    def tested(reps=draws):
        return fit.ritest("treated", reps=reps, type="randomization-t", rng=np.random.default_rng(1))

    tested(5)
    cost, _ = measured(tested, repeats)
    dealt, known = np.load(panel.attrs["dealt"]), []
    treated = panel["period"].to_numpy() >= (panel["period"].max() + 1) // 2
    for row in dealt:
        again = panel.assign(treated=(row[panel["unit"].to_numpy()] * treated).astype(float))
        known.append(float(pf.feols(FORMULA, again, vcov=BY_UNIT).tstat().iloc[0]))
    return {**cost, "draws": draws, "t": known}


def group_time(panel, repeats):
    from diff_diff import CallawaySantAnna

    columns = {"outcome": "outcome", "unit": "unit", "time": "period", "first_treat": "cohort"}

    def fitted(table, draws=999):
        return CallawaySantAnna(n_bootstrap=draws, seed=1, base_period="varying").fit(table, **columns, aggregate="all")

    fitted(small(panel, 300), 99)
    cost, found = measured(lambda: fitted(panel), repeats)
    cells = {f"ATT({int(g)},{int(t)})": float(cell["effect"]) for (g, t), cell in found.group_time_effects.items()}
    return {**cost, "estimate": float(found.overall_att), "se": float(found.overall_se), "cells": cells}


TASKS = {
    "feols": feols,
    "wild": wild,
    "wild_bare": wild_bare,
    "randomisation": randomisation,
    "group_time": group_time,
}


def main():
    task, folder, repeats = sys.argv[1:]
    panel = read(folder)
    panel.attrs["dealt"] = str(Path(folder) / "given" / "dealt.npy")
    found = TASKS[task](panel, int(repeats))
    told({**found, "versions": {name: version(name) for name in ("pyfixest", "wildboottest", "diff-diff", "numpy")}})


if __name__ == "__main__":
    main()
