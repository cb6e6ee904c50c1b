"""Our side of the speed table, in a process of its own: ``python -m bench.ours TASK FOLDER REPEATS``.

Every task calls what users call. Reads arrays, answers with one line of JSON.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.measure import measured, told
from ikz_eval.estimate import fit_group_time, fit_twoway
from ikz_eval.estimate.regression import fit_regression
from ikz_eval.inference import cluster_robust, randomise_twoway, wild_bootstrap
from ikz_eval.inference.dealt_twoway import prepare_dealing

Found = dict[str, Any]
DRAWS = 9_999
_PANEL: dict[str, Any] = {"outcome": "outcome", "unit": "unit", "period": "period"}


def read(folder: Path) -> pd.DataFrame:
    """Return the arrays of a folder as a table."""
    return pd.DataFrame({path.stem: np.load(path) for path in sorted(folder.glob("*.npy"))})


def small(panel: pd.DataFrame, units: int = 20) -> pd.DataFrame:
    """Return the first units: what warms us up."""
    return panel[panel["unit"] < units].reset_index(drop=True)


def regression(panel: pd.DataFrame, repeats: int) -> Found:
    """Two-way fixed effects as a regression with two absorbed columns, clustered errors."""

    def fitted(table: pd.DataFrame) -> Any:
        fit = fit_regression(
            table, outcome="outcome", regressors=["treated"], absorb=["unit", "period"], cluster="unit"
        )
        return cluster_robust(fit.linear, "cr1")[0]

    fitted(small(panel))
    cost, found = measured(lambda: fitted(panel), repeats)
    return {**cost, "estimate": found.estimate, "se": found.se}


def twoway(panel: pd.DataFrame, repeats: int) -> Found:
    """Two-way fixed effects as a method for panels: unit and period are checked to be one row each."""

    def fitted(table: pd.DataFrame) -> Any:
        return cluster_robust(fit_twoway(table, **_PANEL, treatment="treated").linear, "cr1")[0]

    fitted(small(panel))
    cost, found = measured(lambda: fitted(panel), repeats)
    return {**cost, "estimate": found.estimate, "se": found.se}


def wild(panel: pd.DataFrame, repeats: int) -> Found:
    """Wild bootstrap of a fit, 9,999 draws."""
    linear = fit_twoway(panel, **_PANEL, treatment="treated").linear
    wild_bootstrap(linear, draws=500)
    cost, found = measured(lambda: wild_bootstrap(linear, draws=DRAWS, seed=2)[0], repeats)
    return {**cost, "estimate": float(linear.estimates[0]), "p": found.p}


def wild_whole(panel: pd.DataFrame, repeats: int) -> Found:
    """From the table to the bootstrap p, 9,999 draws."""

    def done(table: pd.DataFrame) -> Any:
        linear = fit_twoway(table, **_PANEL, treatment="treated").linear
        return linear.estimates[0], wild_bootstrap(linear, draws=DRAWS, seed=2)[0]

    done(small(panel))
    cost, (estimate, found) = measured(lambda: done(panel), repeats)
    return {**cost, "estimate": float(estimate), "p": found.p}


def dealing(panel: pd.DataFrame) -> tuple[Any, ...]:
    """Return what randomisation takes: columns, the two paths by period, the path of each unit."""
    columns = [panel[name].to_numpy() for name in ("outcome", "unit", "period")]
    n_periods = int(columns[2].max()) + 1
    treated = np.array([np.zeros(n_periods), np.arange(n_periods) >= n_periods // 2])
    return (*columns, columns[1], treated, np.arange(int(columns[1].max()) + 1) % 2)


def randomisation(panel: pd.DataFrame, repeats: int) -> Found:
    """Randomisation with t, 9,999 permutations, units as clusters."""
    given = dealing(panel)
    randomise_twoway(*given, draws=99)
    cost, found = measured(lambda: randomise_twoway(*given, draws=DRAWS, seed=1), repeats)
    dealt = np.load(panel.attrs["dealt"])
    known = prepare_dealing(*given[:5]).statistics(dealt)[1]
    return {**cost, "draws": DRAWS, "p": found.results()[0].p_t, "t": known.tolist()}


def group_time(panel: pd.DataFrame, repeats: int) -> Found:
    """Callaway and Sant'Anna: all cells, all aggregates, 999 multiplier draws for the dynamic aggregate and its parts."""

    def fitted(table: pd.DataFrame, draws: int = 999) -> Any:
        fit = fit_group_time(table, **_PANEL, cohort="cohort", aggregate="dynamic")
        fit.multiplier(draws=draws)
        for kind in ("group", "calendar"):
            fit.terms(kind)
        return fit, fit.aggregate("simple")

    fitted(small(panel, 300), 99)
    cost, (fit, simple) = measured(lambda: fitted(panel), repeats)
    cells = {cell.term: cell.estimate for cell in fit.cells}
    return {**cost, "estimate": simple.estimate, "se": simple.se_unit, "cells": cells}


TASKS: dict[str, Callable[[pd.DataFrame, int], Found]] = {
    each.__name__: each for each in (regression, twoway, wild, wild_whole, randomisation, group_time)
}


def main() -> None:
    """Answer one task."""
    task, folder, repeats = sys.argv[1:]
    panel = read(Path(folder))
    panel.attrs["dealt"] = str(Path(folder) / "given" / "dealt.npy")
    told(TASKS[task](panel, int(repeats)))


if __name__ == "__main__":
    main()
