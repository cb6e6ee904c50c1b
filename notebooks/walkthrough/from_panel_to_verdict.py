# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # From a panel to a verdict
#
# An analyst's walk through the methods, on an **invented** panel: 36 bodies in three model regions and six comparison blocks,
# 24 quarters, starts in quarters 9, 13 and 17, a true effect of -8 log points. Open it with `make lab`.

# %%
import numpy as np
import pandas as pd

from ikz_eval.estimate import Request, answer, decompose, fit_event_path, fit_imputation
from ikz_eval.inference import cluster_leverage, equivalence

# %%
draw = np.random.default_rng(3)
sizes, starts, quarters = (4, 4, 3, 4, 4, 4, 4, 4, 5), (9, 13, 17, 0, 0, 0, 0, 0, 0), 24
region = np.repeat(np.arange(9), sizes)
shared = draw.normal(0, 0.05 * np.sqrt(0.3), (9, quarters))[region]
noise = shared + draw.normal(0, 0.05 * np.sqrt(0.7), shared.shape)
begun = (np.array(starts)[region][:, None] > 0) & (np.arange(quarters) >= np.array(starts)[region][:, None])
panel = pd.DataFrame(
    {
        "body": np.repeat([f"b{i:02d}" for i in range(region.size)], quarters),
        "region": np.repeat([f"r{r}" for r in region], quarters),
        "quarter": np.tile(np.arange(quarters), region.size),
        "start": np.repeat(np.array(starts)[region], quarters),
        "log_cost": (3 + draw.normal(0, 0.2, region.size)[:, None] - 0.08 * begun + noise).ravel(),
    }
)
columns = {"outcome": "log_cost", "unit": "body", "period": "quarter", "cohort": "start", "cluster": "region"}

# %% [markdown]
# ## 1. The primary estimate
# Imputation, each treated region weighted equally; uncertainty by region, three ways.

# %%
primary = answer(
    panel, Request("imputation", **columns, average="clusters", inference=("cr2", "wild", "randomisation"))
)
print(primary.summary())
primary.plot()

# %% [markdown]
# ## 2. What carries it
# The share of each region in the leverage, and how many clusters that amounts to.

# %%
fit = fit_imputation(panel, **columns, average="clusters")
print(fit.leverage_shares)
cluster_leverage(fit.linear)

# %% [markdown]
# ## 3. Its course over time
# Bins of four quarters; the bin before the start is the reference.

# %%
path = fit_event_path(panel, **columns, bin_length=4)
path.plot()

# %% [markdown]
# ## 4. What other methods say
# Points beside the primary estimate. Two-way fixed effects compare late starters with early ones as well.

# %%
others = {name: answer(panel, Request(name, **columns)) for name in ("twoway", "group_time", "sun_abraham")}
print({name: round(found.estimates[-1 if name == "sun_abraham" else 0].estimate, 4) for name, found in others.items()})
decompose(panel, **columns).by_kind()

# %% [markdown]
# ## 5. Is it large enough to matter, and what may be said?
# Two one-sided tests against a margin of 2 log points, then the verdict in words.

# %%
cr2 = primary.estimates[0].inference["cr2"]
print(equivalence(primary.estimates[0].estimate, cr2["se"], cr2["df"], lower=-0.02, upper=0.02))
print(primary.verdict.code, primary.verdict.direction, primary.verdict.words["de"])

# %% [markdown]
# ## 6. What is refused
# One region alone: the estimate stays, every p value and interval is withheld.

# %%
alone = answer(panel[~panel["region"].isin(["r1", "r2"])], Request("imputation", **columns, average="clusters"))
print(alone.verdict.code, alone.verdict.words["de"], alone.design.withheld)
