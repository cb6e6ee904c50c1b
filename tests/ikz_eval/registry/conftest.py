"""The smallest valid study with every kind of file; tests change one part of a copy."""

from pathlib import Path

import pytest

FILES = {
    "bodies.csv": """\
ags,name,kind,unit,is_participant,source
01001,Landkreis Ost,Landkreis,nord,true,Verzeichnis
01002,Stadt West,Kreisfreie Stadt,nord,true,Verzeichnis
01003,Landkreis Fern,Landkreis,rest,false,Verzeichnis
""",
    "regions.csv": """\
unit,name,kind,source
nord,Nord,region,Verzeichnis
rest,Rest,block,Verzeichnis
""",
    "fields.csv": """\
field,name_de,name_en,case_unit_de,is_delivered,source
kfz,Kfz-Zulassung,Vehicle registration,Vorgang,true,Vertrag
software,Software,Software,Nutzende,false,Vertrag
""",
    "agreements.csv": """\
agreement,field,unit,ags,start,start_earliest,start_latest,end,legal_form,is_host,allocation_key,status,source
nord_kfz,kfz,nord,01001,2023-01-09,,,,Zweckvereinbarung,true,Fälle,valid,Vertrag
nord_kfz,kfz,nord,01002,,2023-02-01,2023-06-30,,,false,,valid,Vertrag
alt,kfz,,01003,,2004-01-01,2004-12-31,,,false,,earlier,Presse
""",
    "grants.csv": """\
unit,amount_eur,is_approximate,period,status,source
nord,387315.00,false,2025-2026,valid,Bescheid
nord,673000.00,true,,conflicting,Presse
""",
    "corrections.csv": """\
table,ags,field,quarter,column,old_value,new_value,reason,reported_to,status
cost,01001,kfz,2023-Q2,material,12.00,21.00,Zahlendreher,Kämmerei,settled
""",
    "robustness.csv": """\
check,ags,field,quarter,unit,source
without_neighbours,01003,,,nord,Karte
without_other_cooperation,01003,,,,Presse
without_ikfz,,kfz,2023-Q3,,Gesetz
alternative_grouping,01003,,,west,Verzeichnis
planning_regions,01001,,,nordwest,Gesetz
planning_regions,01002,,,nordwest,Gesetz
planning_regions,01003,,,nordwest,Gesetz
""",
    "conflicts.csv": """\
topic,subject,question,statement,source
jahr,Dorf,Beginn,2010,Presse
jahr,Dorf,Beginn,2011,Bericht
""",
    "reference/price_index.csv": """\
series,quarter,price_index,base,source
consumer,2022-Q4,113.4667,2020 = 100,Amt für Statistik
pay,2022-Q4,103.2,2020 = 100,Amt für Statistik
""",
    "reference/population.csv": """\
ags,reference_date,inhabitants,concept,source
01001,2022-05-15,61536,Zensus 2022,Amt für Statistik
""",
    "reference/registration_district.csv": """\
district,ags,source
01001,01001,Amt
01002,01002,Amt
01002,01003,Amt
""",
    "reference/vehicle_stock.csv": """\
district,reference_date,vehicle_kind,vehicles,source
01002,2023-01-01,cars,157496,Amt
""",
    "reference/employment.csv": """\
ags,year,employees_thousand,source
01001,2019,20.5,Amt
""",
    "reference/published_figure.csv": """\
case,sequence,moment,carrier,measure,value,definition,is_joint,note_de,source
Zentren,1,same,Städte,eur_per_case,61.64,ausgaben,false,,Rechnungshof
Zentren,2,same,gemeinsam,eur_per_case,49.64,ausgaben,true,,Rechnungshof
""",
    "study.toml": """\
[study]
title_de = "Kleine Studie"
title_en = "Small study"
is_invented = false
first_quarter = "2021-Q1"
due_days = 45
due_days_reason = "sechs Wochen"
price_base = "2022-Q4"
price_base_reason = "letztes Quartal vor dem Beginn"

[[evaluation]]
quarter = "2024-Q4"
cutoff = 2025-02-28
reason = "zwei Monate"

[[evaluation]]
quarter = "2025-Q2"
cutoff = 2025-08-31
reason = "zwei Monate"

[[outcome]]
field = "kfz"
name = "log_real_gross_cost_per_case"
reason = "brutto der Partnerschaft"

[[specification]]
name = "zwei"
is_primary = false
method = "imputation"
late_joiners = "own_start"
average = "regions"
anticipation_quarters = { default = 0, kfz = 2 }
reason = "Vorwegnahme"

[[specification]]
name = "haupt"
is_primary = true
method = "imputation"
late_joiners = "region_start"
average = "regions"
anticipation_quarters = { default = 0 }
reason = "Region zugewiesen"

[[threshold]]
name = "saving_share"
value = "0.15"
unit = "Anteil"
reason = "Vergleich"
source = "Bayern"
""",
}


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Write a valid study into a folder of its own."""
    folder = tmp_path / "klein"
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="")
    return folder


@pytest.fixture
def change(study: Path):
    """Return a function that replaces one piece of text in one file of the study."""

    def replace(file: str, old: str, new: str) -> Path:
        path = study / file
        content = path.read_text(encoding="utf-8")
        assert content.count(old) >= 1, f"{file} has no '{old}'"
        path.write_text(content.replace(old, new, 1), encoding="utf-8", newline="")
        return study

    return replace
