"""Writes the panels that clubsandwich.R reads: the invented one, and Grunfeld as statsmodels ships it.

`python -m tests.reference.r.data FOLDER && Rscript tests/reference/r/clubsandwich.R FOLDER tests/reference/r/clubsandwich.json`
makes the stored run again. R's own data (mtcars, CO2) come the other way: their columns stand in the stored run.
"""

import sys
from pathlib import Path

import pandas as pd

from tests.reference.staggered import invented_panel


def panels() -> dict[str, pd.DataFrame]:
    """Return the panels by name: ``staggered`` with a treatment and a weight, ``grunfeld`` with 11 firms."""
    from statsmodels.datasets import grunfeld

    staggered = invented_panel()
    started = (staggered["cohort"] > 0) & (staggered["quarter"] >= staggered["cohort"])
    weight = 1 + staggered["body"].str[1:].astype(int) % 5 + staggered["quarter"] % 3
    firms = grunfeld.load_pandas().data
    return {
        "staggered": staggered.assign(treated=started.astype(int), weight=weight.astype(float)),
        "grunfeld": firms.assign(year=firms["year"].astype(int)),
    }


if __name__ == "__main__":
    for name, frame in panels().items():
        frame.to_csv(Path(sys.argv[1]) / f"{name}.csv", index=False, float_format="%.17g")
