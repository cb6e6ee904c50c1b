"""From nothing to a release, and what changes it: the journeys a research assistant makes in the first week."""

import json
import shutil
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from ikz_eval.calibration.noise import latest_noise
from ikz_eval.registry import load_registry
from ikz_eval.settings import Place
from ikz_eval.warehouse import Warehouse
from tests.journeys.conftest import evaluate, ikz, tree

pytestmark = [pytest.mark.xdist_group("demonstration"), pytest.mark.timeout(900)]
LATEST = "2026-Q2"


def test_the_first_run_ends_with_the_path_of_the_release(demonstration_run):
    assert demonstration_run.last_line.endswith(f"demonstration/releases/{LATEST}.r1")
    release = demonstration_run.home / "releases" / f"{LATEST}.r1"
    files = set(tree(release))
    assert {
        "index.html", "index.en.html", "tables/T1.csv", "tables/T2.csv", "tables/T3.csv", "tables/T10.csv",
        "tables/RC.csv", "tables/PS.csv",
        "tables.xlsx", "manifest.json", "datapackage.json", "figures/lieferkalender.svg",
    } <= files  # fmt: skip
    assert sum(name.endswith(".ipynb") for name in files) >= 3
    for field in ("Vehicle registration", "Housing benefit", "Parental allowance", "Fines office"):
        assert field in demonstration_run.output


def test_every_file_says_that_it_is_invented(demonstration_run):
    release = demonstration_run.home / "releases" / f"{LATEST}.r1"
    for name, data in tree(release).items():
        if not name.endswith(".xlsx"):
            assert b"ERFUNDEN" in data or b"INVENTED" in data, name
    for sheet in openpyxl.load_workbook(release / "tables.xlsx").worksheets:
        assert any("ERFUNDEN" in str(cell) for row in sheet.iter_rows(values_only=True) for cell in row), sheet.title


def test_the_clear_saving_is_supported_and_no_other_saving_is(demonstration_run):
    verdict = Warehouse(Place("demonstration", demonstration_run.data).warehouse).read("verdict", LATEST)
    main = verdict[verdict["specification"] == "haupt"].set_index("field")
    assert bool(main.loc["fahrzeugzulassung", "is_zero_excluded"])
    assert main.loc["fahrzeugzulassung", "high_percent"] < 0
    supported = main[main["verdict"] == "supported"]
    assert supported.index[supported["direction"] == "saving"].tolist() == ["fahrzeugzulassung"]
    assert set(main.loc[["wohngeld", "elterngeld"], "verdict"]) == {"compatible"}
    page = (demonstration_run.home / "releases" / f"{LATEST}.r1" / "index.html").read_text(encoding="utf-8")
    assert "vereinbar mit" in page
    assert "<script" not in page


def test_the_noise_of_the_deliveries_is_that_of_the_invented_land(demonstration_run, demonstration):
    """What ``ikz power`` estimates from the warehouse against simulation.toml: 2.5 %, ICC .3, autocorrelation .5."""
    panel = Warehouse(Place("demonstration", demonstration_run.data).warehouse).read("panel")
    found = latest_noise(demonstration, panel, LATEST)
    assert found.quarter == LATEST
    assert latest_noise(demonstration, panel, "2026-Q1") is None, "later deliveries say nothing of an earlier design"
    assert found.scale == pytest.approx(0.025, rel=0.15)
    assert (found.icc, found.autocorrelation) == pytest.approx((0.3, 0.5), abs=0.1)


def test_running_again_makes_nothing_new(demonstration_run):
    before = tree(demonstration_run.home / "releases")
    again = evaluate(demonstration_run.data)
    assert again.last_line == demonstration_run.last_line
    assert tree(demonstration_run.home / "releases") == before


def test_the_real_study_says_that_it_cannot_say(tmp_path):
    run = evaluate(tmp_path, "rlp")
    release = tmp_path / "rlp" / "releases" / run.last_line.rsplit("/", 1)[1]
    page = (release / "index.html").read_text(encoding="utf-8")
    assert "INTERN – nicht zur Weitergabe" in page
    assert "nicht beurteilbar" in page
    assert "vereinbar mit" not in page.split("<main")[-1].split("</main")[0].replace("„vereinbar mit", "")
    assert "61,64" in page
    assert "2,90" in page
    calendar = Warehouse(Place("rlp", tmp_path).warehouse).read("delivery_calendar")
    bodies = load_registry("rlp").bodies
    participants = set(bodies.loc[bodies["is_participant"], "ags"])
    assert len(participants) == 11
    assert set(calendar.loc[calendar["ags"].isin(participants), "status"]) == {"missing"}


@pytest.fixture
def own_copy(demonstration_run, tmp_path):
    """Return a copy of the evaluated demonstration that a test may change."""
    shutil.copytree(demonstration_run.data, tmp_path / "data")
    return tmp_path / "data"


TEN_FAULTS = {
    "Kosten": {"B5": "ca. 12 Tsd.", "C5": "1.23", "D6": None, "E6": "zwölf", "F7": "1,2,3"},
    "Fälle": {"B5": "12,5", "B6": "-3"},
    "Personal": {"B7": "viele"},
    "Servicequalität": {"D5": "120", "B8": "n/a"},
}


def planted(data: bytes, folder: Path) -> tuple[Path, Path]:
    """Return a good workbook, and the same with ten faults, as paths."""
    good, bad = folder / "gut.xlsx", folder / "zehn_fehler.xlsx"
    good.write_bytes(data)
    book = openpyxl.load_workbook(good)
    for sheet, cells in TEN_FAULTS.items():
        for address, value in cells.items():
            book[sheet][address].value = value
    book.save(bad)
    return good, bad


def test_ten_faults_ten_findings_then_version_two_changes_the_open_quarter_only(own_copy, tmp_path):
    place = Place("demonstration", own_copy)
    delivery = Warehouse(place.warehouse).read("delivery")
    workbook = delivery[delivery["stored_as"].str.endswith(".xlsx") & (delivery["quarter"] == LATEST)].iloc[0]
    good, bad = planted((place.ledger / "files" / workbook["stored_as"]).read_bytes(), tmp_path)
    answer = ikz(own_copy, "check", str(bad), "--format", "json")
    findings = [f for f in json.loads(answer.stdout)["findings"] if f["severity"].startswith("reject")]
    assert answer.returncode == 1
    assert len(findings) == 10, answer.stdout
    for finding in findings:
        assert all(
            finding[part] for part in ("sheet", "row", "column", "found", "allowed", "remedy") if part != "found"
        )

    shutil.copy(bad, place.inbox / "zehn_fehler.xlsx")
    evaluate(own_copy, "demonstration", "--quarter", "2026-Q3")
    before = Warehouse(place.warehouse).read("estimate", "2026-Q3")
    book = openpyxl.load_workbook(good)
    sheet = book["Kosten"]
    sheet["B5"].value = round(sheet["B5"].value * 1.5, 2)
    book.save(place.inbox / f"{workbook['ags']}_{LATEST}_berichtigt.xlsx")
    evaluate(own_copy, "demonstration", "--quarter", "2026-Q3")
    ledger = Warehouse(place.warehouse).read("delivery")
    corrected = ledger[ledger["file_name"].str.endswith("_berichtigt.xlsx")].iloc[0]
    faulty = ledger[ledger["file_name"] == "zehn_fehler.xlsx"].iloc[0]
    assert (faulty["status"], faulty["version"]) == ("rejected", workbook["version"] + 1)
    assert (corrected["status"], corrected["version"]) == ("accepted", workbook["version"] + 2)
    answer = (place.outbox / f"{workbook['ags']}_{LATEST}_{faulty['delivery_id']}.html").read_text(encoding="utf-8")
    assert "ca. 12 Tsd." in answer
    assert "Zeile 5" in answer
    after = Warehouse(place.warehouse).read("estimate", "2026-Q3")
    assert not before["estimate_log"].equals(after["estimate_log"])
    assert {p.name for p in place.releases.iterdir() if not p.name.startswith(".")} >= {
        f"{LATEST}.r1", "2026-Q3.r1", "2026-Q3.r2",
    }  # fmt: skip
    evaluate(own_copy)
    assert not (place.releases / f"{LATEST}.r2").exists(), "a delivery after the cut-off changes no closed quarter"


@pytest.mark.slow
def test_an_earlier_release_built_elsewhere_has_the_same_bytes(demonstration_run, tmp_path):
    elsewhere = evaluate(tmp_path / "other place", TZ="Pacific/Kiritimati", LC_ALL="C", LANG="C")
    name = f"{LATEST}.r1"
    first, second = (tree(run.home / "releases" / name) for run in (demonstration_run, elsewhere))
    assert first.keys() == second.keys()
    assert [key for key in first if first[key] != second[key]] == []


def test_tables_of_the_release_can_be_read_by_machines(demonstration_run):
    table = pd.read_csv(demonstration_run.home / "releases" / f"{LATEST}.r1" / "tables" / "T10.csv", dtype=str)
    row = table[(table["field"] == "fahrzeugzulassung") & (table["method"] == "imputation")].iloc[0]
    assert -16 < float(row["effect_percent"]) < -7
