"""The real study: counts the programme gives, unknown dates unknown, figures as their sources print them."""

from decimal import Decimal

import pandas as pd
import pytest

from ikz_eval.registry import load_registry
from ikz_eval.registry.validate import study_faults
from ikz_eval.settings import ROOT
from schemas.registry import DocumentedConflict


@pytest.fixture(scope="module")
def rlp():
    return load_registry("rlp")


def rows(registry, agreement):
    return registry.agreements[registry.agreements["agreement"] == agreement].set_index("ags")


def test_the_study_has_no_fault():
    assert study_faults(ROOT / "studies" / "rlp") == []


def test_24_districts_and_12_cities_of_which_6_and_5_take_part(rlp):
    assert rlp.bodies["kind"].value_counts().to_dict() == {"Landkreis": 24, "Kreisfreie Stadt": 12}
    participants = rlp.bodies[rlp.bodies["is_participant"]]
    assert participants["kind"].value_counts().to_dict() == {"Landkreis": 6, "Kreisfreie Stadt": 5}
    assert participants.groupby("unit")["ags"].agg(sorted).to_dict() == {
        "emh": ["07135", "07231", "07232", "07233"],
        "swp": ["07317", "07320", "07340"],
        "vp": ["07311", "07314", "07318", "07338"],
    }


def test_comparison_blocks_are_the_planning_regions_less_the_participants(rlp):
    others = rlp.bodies[~rlp.bodies["is_participant"]]
    assert others["unit"].value_counts().to_dict() == {
        "mittelrhein_westerwald": 8,
        "rheinhessen_nahe": 6,
        "rhein_neckar": 5,
        "westpfalz": 4,
        "trier": 2,
    }
    assert rlp.bodies.set_index("ags").loc["07319", ["name", "unit"]].tolist() == ["Stadt Worms", "rheinhessen_nahe"]


def test_joint_vehicle_registration_began_on_9_january_2023_in_three_districts(rlp):
    starts = rows(rlp, "emh_kfz_zulassung")["start"]
    assert starts.dropna().to_dict() == dict.fromkeys(["07135", "07231", "07233"], "2023-01-09")
    later = rows(rlp, "emh_kfz_zulassung").loc["07232"]
    assert pd.isna(later["start"])
    assert later["start_earliest"] == "2023-01-10"
    assert pd.isna(later["start_latest"])


def test_only_one_start_is_known_to_the_day(rlp):
    known = rlp.agreements.dropna(subset="start")
    assert set(known["agreement"]) == {"emh_kfz_zulassung"}


def test_bafoeg_is_hosted_by_the_district_from_some_day_of_summer_2023(rlp):
    bafoeg = rows(rlp, "swp_bafoeg")
    assert bafoeg["is_host"].to_dict() == {"07317": False, "07320": False, "07340": True}
    assert set(bafoeg["start_earliest"]) == {"2023-06-01"}
    assert set(bafoeg["start_latest"]) == {"2023-09-22"}


def test_registration_in_vorderpfalz_is_planned_and_the_agreement_of_2004_is_earlier(rlp):
    assert set(rows(rlp, "vp_kfz_zulassung")["status"]) == {"planned"}
    earlier = rows(rlp, "swp_vereinbarung_2004")
    assert earlier["status"].to_dict() == dict.fromkeys(["07317", "07320", "07340"], "earlier")
    assert earlier["unit"].isna().all()


def test_no_delivered_field_has_a_known_start_in_more_than_one_region(rlp):
    valid = rlp.agreements[(rlp.agreements["status"] == "valid") & rlp.agreements["field"].isin(rlp.delivered_fields)]
    assert valid.groupby("field")["unit"].nunique().max() == 1
    assert set(rlp.delivered_fields) == set(valid["field"])


def test_grants_that_disagree_stand_side_by_side(rlp):
    grants = rlp.grants[["unit", "amount_cents", "is_approximate", "status"]].to_numpy().tolist()
    assert grants == [
        ["emh", 67_300_000, False, "conflicting"],
        ["emh", 72_000_000, True, "conflicting"],
        ["emh", 38_731_500, False, "valid"],
        ["swp", 66_700_000, True, "valid"],
    ]


def test_sources_that_disagree_elsewhere_are_carried_as_conflicts(rlp):
    DocumentedConflict.validate(rlp.conflicts)
    years = rlp.conflicts[rlp.conflicts["topic"] == "herxheim_offenbach_jahr"]["statement"]
    assert sorted(years) == ["2010", "2011"]


def test_35_registration_districts_cover_36_bodies(rlp):
    districts = rlp.registration_district
    assert (districts["district"].nunique(), len(districts)) == (35, 36)
    assert districts.loc[districts["district"] == "07211", "ags"].tolist() == ["07211", "07235"]
    assert set(rlp.vehicle_stock["district"]) == set(districts["district"])


def test_vehicle_stock_as_the_kba_prints_it(rlp):
    stock = rlp.vehicle_stock.set_index(["district", "reference_date", "vehicle_kind"])["vehicles"]
    assert stock[("07211", "2023-01-01", "cars")] == 157_496
    assert stock[("07135", "2023-01-01", "all_vehicles")] == 56_953
    assert stock.groupby(level=["vehicle_kind", "reference_date"]).size().to_dict() == {
        ("all_vehicles", "2023-01-01"): 35
    } | {("cars", f"{year}-01-01"): 35 for year in range(2020, 2026)}


def test_prices_are_means_of_whole_quarters_and_end_where_the_source_ends(rlp):
    index = rlp.price_index.set_index(["series", "quarter"])["price_index"]
    assert index["consumer"].index[[0, -1]].tolist() == ["2015-Q1", "2024-Q3"]  # October 2024 alone is no quarter
    assert index["pay"].index[[0, -1]].tolist() == ["2020-Q1", "2023-Q1"]
    assert index[("consumer", "2024-Q3")] == pytest.approx((119.8 + 119.7 + 119.7) / 3, abs=5e-5)
    assert index[("pay", "2021-Q2")] == 101.8
    assert rlp.price_base == "2022-Q4"


def test_population_keeps_the_precision_and_concept_of_its_source(rlp):
    cochem = rlp.population[rlp.population["ags"] == "07135"].set_index(["concept", "reference_date"])["inhabitants"]
    assert cochem[("Zensus 2022", "2022-05-15")] == 61_536
    assert cochem[("Fortschreibung", "2018-12-31")] == 61_587
    assert cochem[("Fortschreibung, auf 100 gerundet", "2018-12-31")] == 61_600
    assert rlp.population.groupby("concept")["ags"].nunique().to_dict() == {
        "Fortschreibung": 36,
        "Fortschreibung, auf 100 gerundet": 36,
        "Zensus 2022": 36,
    }


def test_employment_is_there_for_every_body_from_2010_to_2019(rlp):
    assert len(rlp.employment) == 36 * 10
    koblenz = rlp.employment.set_index(["ags", "year"])["employees_thousand"]
    assert koblenz[("07111", 2019)] == 75.5


def test_the_saving_threshold_is_a_sourced_comparison(rlp):
    threshold = rlp.thresholds["saving_share"]
    assert threshold.value == Decimal("0.15")
    assert "keine Schwelle gefunden" in threshold.reason
    assert "Bayern" in threshold.source


def test_every_row_has_its_source(rlp):
    for name in ("bodies", "regions", "fields", "agreements", "grants", "population", "vehicle_stock"):
        assert (getattr(rlp, name)["source"].str.len() >= 3).all()
