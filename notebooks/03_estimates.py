# %% [markdown]
# # 3 – Schätzung: Was hat die Zusammenarbeit verändert?
#
# Verglichen wird mit dem Verlauf, der ohne Zusammenarbeit zu erwarten war. Diesen Verlauf schätzt die **Imputation** aus
# den Quartalen vor dem Beginn und aus den Vergleichsblöcken; jede Modellregion zählt gleich. Das 95-%-Intervall
# beruht auf Standardfehlern nach Region (CR2), denn Körperschaften einer Region teilen Projektbüro, Software und Zufall.
#
# Ein Minus heißt billiger als erwartet, ein Plus teurer.

# %%
import pandas as pd

from ikz_eval.publish import figures
from ikz_eval.registry import load_registry

registry = load_registry()
effects = pd.read_csv("../tables/T10.csv", dtype="str")
figures.lacking("../tables/F3.csv")

# %% [markdown]
# ## Die vorab festgelegte Hauptzeile je Feld
#
# Nur diese Zeile trägt ein Urteil. *Kleinste nachweisbare Wirkung*: Was kleiner ist, würde der Vergleich meist übersehen.

# %%
columns = [
    "field",
    "effect_percent",
    "low_percent",
    "high_percent",
    "effect_eur_per_case",
    "mde_cr2_percent",
    "verdict",
    "reasons",
]
figures.table(effects.loc[effects["is_primary"] == "true", columns], "T10", registry)

# %% [markdown]
# ## Alle Felder auf einen Blick
#
# Eine Zeile je Feld. Legt die Studie vorab einen Durchschnitt der Felder fest, steht er abgesetzt darunter: explorativ und
# ohne Urteil.

# %%
figures.picture("../figures/wirkungen.svg")

# %% [markdown]
# ## Ereignispfad
#
# Vor dem Beginn sollten die Punkte um null liegen: Sonst liefen Region und Vergleich schon vorher auseinander, und der
# Vergleich trägt nicht. Nach dem Beginn zeigt der Pfad, ob die Wirkung sofort da ist, wächst oder vergeht.

# %%
for field in registry.delivered_fields:
    display(figures.picture(f"../figures/ereignispfad_{field}.svg"))

# %% [markdown]
# ## Andere Verfahren und Ebenen zur Einordnung
#
# Diese Zeilen dürfen die Hauptzeile stützen oder fraglich machen; für sich allein belegen sie nichts. Anteile einzelner
# Regionen und Körperschaften stehen in `tables/T10.csv`.
#
# In den Zeilen der Körperschaften kann auch eine bloße Verschiebung zwischen Partnern als Minus erscheinen: Das ist keine
# Ersparnis. Für die ganze Region steht allein die Hauptzeile.

# %%
columns = ["field", "specification", "level", "method", "effect_percent", "low_percent", "high_percent"]
beside = (effects["is_primary"] == "false") & (effects["term"] == "ATT")
figures.table(effects.loc[beside, columns], "T10", registry)

# %% [markdown]
# ## Was geschieht, wenn man eines ändert
#
# Die Prüfkarte der Robustheit: dieselbe Schätzung unter jeder Spezifikation, ohne je eine Region oder Körperschaft, mit den
# Fällen als Zielgröße, nach Fällen gewichtet, mit einem einfacheren Verfahren. Nichts davon ist ein Urteil.

# %%
robustness = pd.read_csv("../tables/RC.csv", dtype="str")
figures.table(robustness[robustness["effect_percent"].notna()], "RC", registry)

# %% [markdown]
# ## Scheinbeginne
#
# In Vergleichsblöcken hat nichts begonnen. Was das Verfahren dort trotzdem findet, ist Zufall.

# %%
figures.table(pd.read_csv("../tables/PS.csv", dtype="str"), "PS", registry)

# %% [markdown]
# ## Was sich von einer einzelnen Region sagen lässt
#
# Beschreibend, ohne Urteil: vorher und nachher, eine Nachbildung aus Vergleichsstellen mit ihrem Rang unter Scheinversuchen, ein
# Knick in der eigenen Reihe. Rang 1 heißt: in keinem Vergleichsblock war der Abstand nach dem Beginn im Verhältnis so groß.

# %%
figures.table(pd.read_csv("../tables/BE.csv", dtype="str"), "BE", registry)

# %% [markdown]
# ## Andere Annahmen: wenige Behandelte, ehrliche Grenzen, weitere Zielgrößen
#
# *Ehrliche Grenzen*: Wie weit könnte die Wirkung des ersten Jahres reichen, wenn Region und Vergleich ohne Zusammenarbeit bis zu
# M-mal so stark auseinandergelaufen wären wie vorher? Weitere Zielgrößen waren nicht vorab festgelegt; ihre p-Werte sind über alle
# Felder gemeinsam angepasst und belegen nichts.

# %%
figures.table(pd.read_csv("../tables/WI.csv", dtype="str"), "WI", registry)

# %% [markdown]
# ## Durchschnitt der Felder (explorativ)
#
# Durchschnitt der Felder, sagt nichts über ein einzelnes Feld; ein teurer gewordenes Feld kann sich darin verbergen. In allen
# Feldern arbeiten dieselben Regionen, deshalb zählt der Standardfehler nach Region, was sie gemeinsam haben. *p-Wert* und
# *Intervall* stehen nur, wo die Fehlerquote auf dem Aufbau dieser Studie höchstens 7 % beträgt.

# %%
figures.table(pd.read_csv("../tables/DF.csv", dtype="str"), "DF", registry)

# %% [markdown]
# ## Größenvorteile
#
# Um wie viel Prozent steigen die Kosten mit einem Prozent mehr Fällen? Unter 1 sind größere Stellen je Fall billiger. Ein
# Zusammenhang zwischen Stellen, keine Zusage für Zusammenschlüsse.

# %%
figures.table(pd.read_csv("../tables/SK.csv", dtype="str"), "SK", registry)

# %% [markdown]
# ## Wie gut die Tests auf diesem Aufbau sind, und was sie finden könnten
#
# Vor jedem Ergebnis liefen die Tests auf erfundenen Programmen mit den Regionen, Körperschaften und Quartalen dieser Studie. Die
# *Trefferquote* sagt, wie oft eine Ersparnis dieser Größe „belegt“ hieße: Was der Aufbau nicht finden kann, fehlt nicht.

# %%
figures.table(pd.read_csv("../tables/CA.csv", dtype="str"), "CA", registry)

# %%
display(figures.picture("../figures/aussagekraft.svg"))
figures.table(pd.read_csv("../tables/PW.csv", dtype="str"), "PW", registry)
