# %% [markdown]
# # 4 – Was das Urteil heißt
#
# Drei Urteile gibt es. **Belegt**: Alle vorgeschriebenen Prüfungen stimmen überein. **Vereinbar mit x bis y**: Die
# Daten passen zu jeder Wirkung in diesem Bereich; das ist oft die ehrliche Antwort. **Nicht beurteilbar**: Mit den
# vorliegenden Regionen und Quartalen könnte der Vergleich auch eine große Wirkung nicht von Zufall unterscheiden. Es
# heißt nicht, dass es keine Wirkung gibt.

# %%
import pandas as pd

from ikz_eval.publish import figures
from ikz_eval.registry import load_registry

registry = load_registry()
design = pd.read_csv("../tables/DC.csv", dtype="str")
published = pd.read_csv("../tables/PF.csv", dtype="str")
figures.lacking("../tables/F3.csv")

# %% [markdown]
# ## Urteil je Feld

# %%
figures.table(
    design[["field", "verdict", "low_percent", "high_percent", "is_zero_excluded", "reasons"]], "DC", registry
)

# %% [markdown]
# ## Was der Vergleich überhaupt hergibt
#
# Diese Angaben hängen nicht vom Ergebnis ab: Zahl der Regionen und Vergleichsblöcke, Quartale vor und nach dem Beginn, das
# größte Gewicht einer einzelnen Region, der kleinste erreichbare p-Wert.

# %%
columns = [
    "field",
    "treated_regions",
    "comparison_blocks",
    "quarters_before",
    "quarters_after",
    "leverage_share_max_percent",
    "attainable_p_wild",
    "attainable_p_randomisation",
    "mde_cr2_percent",
    "missing_tests",
]
figures.table(design[columns], "DC", registry)

# %% [markdown]
# ## Die p-Werte der vorgesehenen Prüfungen
#
# Angepasst heißt: über alle Felder zugleich geprüft. „Belegt“ verlangt die drei angepassten unter 0,05 und außerdem: kein anderes
# Vorzeichen ohne eine der Regionen, dasselbe Vorzeichen in jedem Jahr nach dem Beginn, und ein erstes Jahr, das größer ist als
# jede Abweichung von Jahr zu Jahr vor dem Beginn. Welche Prüfung nicht gehalten hat, steht oben bei den Gründen.

# %%
figures.table(
    design[["field", "p_cr2_adjusted", "p_wild_adjusted", "p_randomisation_t_adjusted", "mde_supported_percent"]],
    "DC",
    registry,
)

# %% [markdown]
# ## Veröffentlichte Fälle
#
# Zahlen anderer oder früherer Zusammenarbeit, wie sie gedruckt vorliegen. Die Unterschiede sind nicht bereinigt und sagen
# nichts über Ursachen; was nicht vergleichbar ist, wird nicht verrechnet.

# %%
figures.table(published, "PF", registry)
