# %% [markdown]
# # 2 – Kosten je Fall: vorher und nachher
#
# Reale laufende Kosten je Fall: Personalkosten mit dem Tarifindex, alles andere mit dem Verbraucherpreisindex auf einen
# Preisstand gebracht. **Brutto** zählt die Partnerschaft als Ganzes, vor Zahlungen zwischen den Partnern; **netto**
# zählt die einzelne Körperschaft danach. Was die eine spart und die andere zahlt, ist verschoben, nicht gespart.
#
# Ein Vergleich von vorher und nachher ist beschreibend: Tarif, Preise, Fallzahlen und Gesetze ändern sich auch ohne
# Zusammenarbeit. Die Wirkung steht in Notebook 3.

# %%
import pandas as pd

from ikz_eval.publish import figures
from ikz_eval.registry import load_registry

registry = load_registry()
per_case = pd.read_csv("../tables/T3.csv", dtype="str")
by_block = pd.read_csv("../tables/T2.csv", dtype="str")
figures.lacking("../tables/F3.csv")

# %% [markdown]
# ## Verlauf
#
# Modellregionen farbig, Vergleichsblöcke grau. Zum Beginn der Zusammenarbeit steht ein senkrechter Strich.

# %%
for field in registry.delivered_fields:
    display(figures.picture(f"../figures/fallkosten_{field}.svg"))

# %% [markdown]
# ## Region gesamt (brutto)

# %%
columns = [
    "field",
    "unit",
    "quarters_before",
    "quarters_after",
    "real_cost_per_case_before_eur",
    "real_cost_per_case_after_eur",
    "change_percent",
]
figures.table(per_case.loc[per_case["level"] == "partnership", columns], "T3", registry)

# %% [markdown]
# ## Einzelne Körperschaften (netto)
#
# Fällt die eine und steigt die andere, während die Region gleich bleibt, hat sich nur verschoben, wer zahlt.

# %%
figures.table(per_case.loc[per_case["level"] == "body", columns], "T3", registry)

# %% [markdown]
# ## Welcher Kostenblock hat sich verändert?
#
# Mittel je Quartal aller Mitglieder einer Region, real; Blöcke ohne Wert vorher oder nachher stehen in `tables/T2.csv`.

# %%
columns = ["field", "unit", "cost_block", "real_before_eur", "real_after_eur", "real_change_percent"]
changed = by_block.loc[by_block["real_change_percent"].notna(), columns]
for field in registry.delivered_fields:
    display(figures.table(changed[changed["field"] == field], "T2", registry))
