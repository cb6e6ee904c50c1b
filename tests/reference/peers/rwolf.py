"""Make the peer's numbers of test_romano_wolf.py: pyfixest 0.60.0 (with wildboottest) on the panel invented there.

Run in an environment of its own with pyfixest, wildboottest, numpy and pandas; the project depends on neither peer.
"""

import sys

import numpy as np
import pandas as pd
import pyfixest


def invented(seed: int = 11) -> pd.DataFrame:
    """Return 27 units in nine clusters, six periods, four outcomes; a copy of ``invented`` in the test."""
    draw = np.random.default_rng(seed)
    unit = np.repeat(np.arange(27), 6)
    cluster, t = unit // 3, np.tile(np.arange(6), 27)
    d = ((cluster < 4) & (t >= 3)).astype(float)
    shock, own = draw.normal(size=(4, 9, 6))[:, cluster, t], draw.normal(size=(4, unit.size))
    outcomes = 0.5 * shock + own + draw.normal(size=unit.size) + np.array([0.0, 0.3, 0.9, 1.2])[:, None] * d
    return pd.DataFrame({"unit": unit, "cluster": cluster, "t": t, "d": d} | {f"y{i}": outcomes[i] for i in range(4)})


if __name__ == "__main__":
    panel = invented()
    fits = [pyfixest.feols(f"y{i} ~ d | unit + t", panel, vcov={"CRV1": "cluster"}) for i in range(4)]
    # 999 draws are more than 2^9 sign vectors: all are enumerated, so the seed does not matter.
    for name, column in pyfixest.rwolf(fits, "d", reps=999, seed=3).items():
        sys.stdout.write(f"{name} {column['Estimate']!r} {column['t value']!r} {column['RW Pr(>|t|)']!r}\n")
    for fit in fits:
        sys.stdout.write(f"alone {fit.wildboottest(param='d', reps=999, seed=3)['Pr(>|t|)']!r}\n")
