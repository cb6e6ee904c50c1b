# %% [markdown]
# # 1 – Lieferungen: Was liegt vor?
#
# Dieses Notebook liest nur, was veröffentlicht ist: die Tabellen (`../tables`) und Abbildungen (`../figures`) dieser
# Auswertung. Es zeigt, wer bis zum Stichtag geliefert hat und was fehlt. Alles Weitere steht auf diesem Grund.

# %%
import pandas as pd

from ikz_eval.publish import figures
from ikz_eval.registry import load_registry

registry = load_registry()
completeness = pd.read_csv("../tables/T1.csv", dtype="str")

# %% [markdown]
# ## Summen
#
# *Verspätet* zählt als geliefert: Die Lieferung kam nach dem Fälligkeitstag, aber vor dem Stichtag. *Zurückgewiesen*
# heißt, dass nur fehlerhafte Dateien vorliegen; sie gehen in keine Zahl ein.

# %%
figures.table(completeness[completeness["ags"].isna()].drop(columns=["ags", "name", "unit"]), "T1", registry)

# %% [markdown]
# ## Kalender
#
# Jede Zeile ist eine Körperschaft, jede Spalte ein Quartal. Kreuz und Raute sind Lücken: Für dieses Quartal kann weder
# die Körperschaft noch ihre Region ausgewertet werden. Lücken werden nicht aufgefüllt.

# %%
figures.picture("../figures/lieferkalender.svg")

# %% [markdown]
# ## Wem fehlt etwas?

# %%
lacking = completeness[
    completeness["ags"].notna() & (completeness[["rejected", "missing"]].astype("float").sum(axis=1) > 0)
]
figures.table(lacking, "T1", registry)
