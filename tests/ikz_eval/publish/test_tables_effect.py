"""T1, T10, the design card and F2: order, verdicts where they belong, reasons for what is withheld."""

from dataclasses import replace

import pandas as pd

from ikz_eval.publish.tables import notes, wide
from ikz_eval.warehouse import empty_table, typed
from tests.ikz_eval.panel.small_study import FIELD
from tests.ikz_eval.publish.small_evaluation import (
    KEY,
    NOT_ASSESSABLE,
    make_cells,
    make_ledger,
    make_study,
    make_tables,
    path_row,
)


def small(**changes):
    study = make_study()
    return make_cells(study, make_tables(study, **changes))


def test_the_verdict_stands_on_the_primary_row_only():
    table = wide(small(), "T10")
    assert list(table["method"]) == ["imputation", "group_time"]
    assert list(table["verdict"].fillna("")) == ["compatible", ""]
    assert list(table.loc[0, ["effect_percent", "low_percent", "high_percent"]]) == ["-11.3", "-14.1", "-8.3"]
    assert table.loc[0, "effect_eur_per_case"] == "-1.01"


def test_a_withheld_interval_says_why():
    assert notes(small(), "T10").loc[1, "low_percent"] == "withheld.reported_point"


def test_a_field_without_estimate_has_a_row_with_its_verdict():
    study = make_study()
    tables = make_tables(study, **NOT_ASSESSABLE)
    tables["estimate"] = empty_table("estimate")
    cells = make_cells(study, tables)
    row = wide(cells, "T10").iloc[0]
    assert notes(cells, "T10").loc[0, "effect_percent"] == "no_estimate"
    assert (row["field"], row["verdict"], row["outcome"]) == (FIELD, "not_assessable", "log_real_gross_cost_per_case")
    assert row["reasons"] == "no_deliveries,fewer_than_2_regions"
    assert row[["effect_percent", "low_percent"]].isna().all()


def test_the_design_card_shows_what_the_design_allows():
    card = wide(small(), "DC").iloc[0]
    assert card["leverage_share_max_percent"] == "38.8"
    assert card["attainable_p_wild"] == "0.0039"
    assert (card["mde_cr2_percent"], card["missing_tests"]) == ("6.3", "wild_bootstrap,randomisation_t")
    assert card["mde_supported_percent"] != card["mde_supported_percent"]


def test_the_event_path_is_in_percent():
    path = wide(small(), "F2").set_index("event_time")
    assert path.loc["0", "estimate_percent"] == "-9.52"
    assert path.loc["-1", "is_reference"] == "true"


def test_a_value_of_the_path_without_interval_says_why():
    study = make_study()
    tables = make_tables(study)
    tables["event_path"] = typed(
        "event_path",
        [
            path_row(-1, 0.0, True) | {"n_regions": 3},
            path_row(0, -0.1, False) | {"n_regions": 3, "low_percent": -18.13, "high_percent": 0.0},
            path_row(1, -0.1, False) | {"n_regions": 2},
            path_row(2, -0.1, False) | {"n_regions": 1},
        ],
    )
    cells = make_cells(study, tables)
    why = notes(cells, "F2")
    assert why["low_percent"].fillna("").tolist() == ["reference", "", "no_interval", "withheld.one_region"]
    assert why["high_percent"].equals(why["low_percent"])
    assert wide(cells, "F2")["treated_regions"].tolist() == ["3", "3", "2", "1"]
    assert wide(cells, "F2").loc[1, "low_percent"] == "-18.13"


def test_completeness_counts_every_due_delivery_and_adds_up():
    study = make_study()
    table = wide(make_cells(study, make_tables(study, make_ledger(skip=("X0102", "2021-Q2")))), "T1")
    counted = table.set_index(["group", "ags"])[["due", "on_time", "late", "rejected", "missing"]].astype(int)
    assert list(counted.loc[("participant", "X0102")]) == [6, 5, 0, 0, 1]
    totals = table[table["ags"].isna()].set_index("group")[["due", "missing"]].astype(int)
    assert totals.loc["participant"].tolist() == [18, 1]
    assert totals.loc["comparison"].tolist() == [18, 0]
    assert totals.loc["all"].tolist() == [36, 1]
    assert table.iloc[-1]["group"] == "all"


def test_rows_of_other_evaluation_quarters_are_left_out():
    study = make_study()
    tables = make_tables(study)
    other = tables["verdict"].assign(evaluation_quarter="2022-Q1", verdict="supported")
    tables["verdict"] = other
    assert wide(make_cells(study, tables), "DC")["verdict"].isna().all()


def test_the_order_is_the_study_order_whatever_the_order_of_rows():
    study = make_study()
    tables = make_tables(study)
    turned = {name: frame.iloc[::-1].reset_index(drop=True) for name, frame in tables.items()}
    assert make_cells(study, turned).equals(make_cells(study, tables))


def test_only_the_primary_specification_has_a_design_card():
    study = make_study()
    second = replace(study.primary, name="other", is_primary=False)
    study = replace(study, specifications=(study.primary, second))
    tables = make_tables(study)
    more = tables["design_card"].assign(specification="other")
    tables["design_card"] = pd.concat([tables["design_card"], more], ignore_index=True)
    assert list(wide(make_cells(study, tables), "DC")["specification"]) == [KEY["specification"]]
