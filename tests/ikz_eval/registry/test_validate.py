"""Every fault of a study is named with file, row, column, what was found and what is allowed."""

import re

import pytest

from ikz_eval.errors import StudyError
from ikz_eval.registry import load_registry
from ikz_eval.registry.validate import study_faults

CELL_FAULTS = [
    ("bodies.csv", "01002,", "1002,", 3, "ags", "'1002'", "text of the form"),
    ("bodies.csv", "nord,true", "nord,True", 2, "is_participant", "'True'", "true or false"),
    ("bodies.csv", "nord,true", "nord,1", 2, "is_participant", "'1'", "true or false"),
    ("bodies.csv", "Stadt West", " Stadt West", 3, "name", "' Stadt West'", "text without blanks before or after it"),
    ("bodies.csv", "Kreisfreie Stadt", "Stadt", 3, "kind", "'Stadt'", "one of Landkreis, Kreisfreie Stadt"),
    ("bodies.csv", "01002,Stadt", "01001,Stadt", 3, "ags", "'01001' again (first in row 2)", "each value once"),
    ("bodies.csv", "true,Verzeichnis", "true,", 2, "source", "an empty cell", "a value"),
    (
        "grants.csv",
        "387315.00",
        "387315",
        2,
        "amount_eur",
        "'387315'",
        "an amount in EUR with a decimal point and two decimals",
    ),
    (
        "grants.csv",
        "387315.00",
        '"387.315,00"',
        2,
        "amount_eur",
        "'387.315,00'",
        "an amount in EUR with a decimal point",
    ),
    ("agreements.csv", "2023-01-09", "09.01.2023", 2, "start", "'09.01.2023'", "a day of the calendar, YYYY-MM-DD"),
    ("agreements.csv", "2023-01-09", "2023-02-30", 2, "start", "'2023-02-30'", "a day of the calendar, YYYY-MM-DD"),
    ("agreements.csv", "2023-01-09", "20230109", 2, "start", "'20230109'", "text of the form"),
    (
        "reference/price_index.csv",
        "113.4667",
        '"113,4667"',
        2,
        "price_index",
        "'113,4667'",
        "a number with a decimal point",
    ),
    ("reference/price_index.csv", "113.4667", "0", 2, "price_index", "'0'", "more than 0"),
    ("reference/price_index.csv", "113.4667", "nan", 2, "price_index", "'nan'", "a number with a decimal point"),
    (
        "reference/vehicle_stock.csv",
        "157496",
        "157496.0",
        2,
        "vehicles",
        "'157496.0'",
        "an integer without leading zeros",
    ),
    (
        "reference/vehicle_stock.csv",
        "157496",
        "0157496",
        2,
        "vehicles",
        "'0157496'",
        "an integer without leading zeros",
    ),
    ("reference/vehicle_stock.csv", "157496", "١٥٧", 2, "vehicles", "'١٥٧'", "an integer without leading zeros"),
    ("bodies.csv", "01002,", "0100٢,", 3, "ags", "'0100٢'", "text of the form"),
    ("reference/employment.csv", "2019", "1989", 2, "year", "'1989'", "at least 1990"),
    ("reference/published_figure.csv", "61.64", '"61,64"', 2, "value", "'61,64'", "text of the form"),
]
REFERENCE_FAULTS = [
    ("bodies.csv", "rest,false", "fern,false", 4, "unit", "'fern'", "a unit of regions.csv"),
    ("bodies.csv", "rest,false", "nord,false", 4, "unit", "'nord'", "a unit of kind block of regions.csv"),
    ("bodies.csv", "nord,true", "rest,true", 2, "unit", "'rest'", "a unit of kind region of regions.csv"),
    (
        "bodies.csv",
        "01003,Landkreis",
        "X0003,Landkreis",
        4,
        "ags",
        "'X0003'",
        "five digits, because is_invented is false",
    ),
    (
        "agreements.csv",
        "nord_kfz,kfz,nord,01001",
        "nord_kfz,pkw,nord,01001",
        2,
        "field",
        "'pkw'",
        "a field of fields.csv",
    ),
    ("agreements.csv", "nord,01001", "nord,09999", 2, "ags", "'09999'", "a ags of bodies.csv"),
    (
        "agreements.csv",
        "kfz,nord,01001",
        "kfz,rest,01001",
        2,
        "unit",
        "'rest'",
        "'nord', the unit of 01001 in bodies.csv",
    ),
    (
        "agreements.csv",
        "2023-01-09,,",
        "2023-01-09,2022-01-01,",
        2,
        "start_earliest",
        "'2022-01-01' although start is known",
        "empty",
    ),
    (
        "agreements.csv",
        "2023-06-30",
        "2023-01-30",
        3,
        "start_latest",
        "'2023-01-30'",
        "2023-02-01 (start_earliest) or later",
    ),
    (
        "agreements.csv",
        "2023-01-09,,,,",
        "2023-01-09,,,2022-12-31,",
        2,
        "end",
        "'2022-12-31'",
        "2023-01-09 (the start) or later",
    ),
    (
        "agreements.csv",
        "2023-06-30,,,false",
        "2023-06-30,,,true",
        3,
        "is_host",
        "true, but 01001 hosts 'nord_kfz' already",
        "one host",
    ),
    (
        "agreements.csv",
        ",earlier,",
        ",conflicting,",
        4,
        "status",
        "conflicting, with no other row",
        "beside another row",
    ),
    (
        "agreements.csv",
        "nord,01002,,2023-02-01",
        "nord,01001,,2023-02-01",
        3,
        "status",
        "valid, as in row 2",
        "one valid row",
    ),
    ("grants.csv", "nord,387", "sued,387", 2, "unit", "'sued'", "a unit of regions.csv"),
    ("corrections.csv", "cost,", "kosten,", 2, "table", "'kosten'", "cost, caseload, staff, service_quality"),
    ("corrections.csv", ",material,", ",sach,", 2, "column", "'sach'", "personnel, material"),
    ("corrections.csv", "2023-Q2", "2023-Q5", 2, "quarter", "'2023-Q5'", "a quarter such as 2024-Q3"),
    ("robustness.csv", "01003,,,nord,K", "01009,,,nord,K", 2, "ags", "'01009'", "a ags of bodies.csv"),
    ("robustness.csv", ",,,nord,K", ",,,rest,K", 2, "unit", "'rest'", "a model region of regions.csv"),
    ("robustness.csv", ",kfz,2023-Q3", ",kfz,", 4, "check", "without_ikfz with field", "field, quarter"),
    ("robustness.csv", ",kfz,2023-Q3", ",post,2023-Q3", 4, "field", "'post'", "a field of fields.csv"),
    ("conflicts.csv", "jahr,Dorf,Beginn,2011", "ort,Dorf,Beginn,2011", 3, "topic", "'ort'", "at least two rows"),
    (
        "fields.csv",
        "Nutzende,false",
        "Nutzende,true",
        3,
        "field",
        "'software' without an outcome",
        "exactly one [[outcome]]",
    ),
    ("reference/population.csv", "01001,", "01009,", 2, "ags", "'01009'", "a ags of bodies.csv"),
    (
        "reference/vehicle_stock.csv",
        "01002,",
        "01003,",
        2,
        "district",
        "'01003'",
        "a district of reference/registration_district",
    ),
    ("reference/published_figure.csv", "Zentren,2", "Zentren,3", 3, "sequence", "'3'", "2: numbered from 1"),
]
PLAN_FAULTS = [
    ("study.toml", 'quarter = "2024-Q4"', 'quarter = "2024-4"', 12, "quarter", "'2024-4'", "a quarter such as 2024-Q3"),
    (
        "study.toml",
        "cutoff = 2025-02-28",
        'cutoff = "2025-02-28"',
        13,
        "cutoff",
        "'2025-02-28'",
        "a date such as 2026-08-31",
    ),
    ("study.toml", "cutoff = 2025-02-28", "cutoff = 2024-12-31", 13, "cutoff", "'2024-12-31'", "2025-01-01 or later"),
    ("study.toml", 'quarter = "2025-Q2"', 'quarter = "2024-Q3"', 17, "quarter", "'2024-Q3'", "a quarter after 2024-Q4"),
    ("study.toml", 'quarter = "2024-Q4"', 'quarter = "2020-Q4"', 12, "quarter", "'2020-Q4'", "a quarter after 2020-Q4"),
    ("study.toml", "due_days = 45", "due_days = 0", 6, "due_days", "0", "a number of days, at least 1"),
    ("study.toml", "is_invented = false", "is_invented = 0", 4, "is_invented", "0", "true or false"),
    (
        "study.toml",
        'field = "kfz"',
        'field = "software"',
        22,
        "field",
        "'software'",
        "a field with is_delivered true of fields.csv",
    ),
    ("study.toml", "log_real_gross_cost_per_case", "cost", 23, "name", "'cost'", "log_real_gross_cost_per_case"),
    (
        "study.toml",
        "is_primary = true",
        "is_primary = false",
        28,
        "is_primary",
        "0 primary specifications",
        "exactly one",
    ),
    (
        "study.toml",
        "is_primary = false",
        "is_primary = true",
        37,
        "is_primary",
        "2 primary specifications",
        "exactly one",
    ),
    ("study.toml", 'name = "zwei"', 'name = "haupt"', 36, "name", "'haupt' again", "each name once"),
    (
        "study.toml",
        "kfz = 2",
        "pkw = 2",
        32,
        "anticipation_quarters",
        "'pkw'",
        "default or a delivered field of fields.csv",
    ),
    (
        "study.toml",
        "kfz = 2",
        "kfz = -1",
        32,
        "anticipation_quarters.kfz",
        "-1",
        "a whole number of quarters, at least 0",
    ),
    (
        "study.toml",
        "{ default = 0 }",
        "{ kfz = 0 }",
        41,
        "anticipation_quarters",
        "no default",
        "a default for all fields",
    ),
    (
        "study.toml",
        'late_joiners = "own_start"',
        'late_joiners = "own"',
        30,
        "late_joiners",
        "'own'",
        "region_start or own_start",
    ),
    ("study.toml", 'value = "0.15"', "value = 0.15", 46, "value", "0.15", "a decimal number as text"),
    ("study.toml", 'reason = "zwei Monate"\n', "", 11, "reason", "no such key", "at least 3 characters"),
    (
        "study.toml",
        'title_en = "Small study"',
        'title_en = "Small study"\ntitel = "x"',
        4,
        "titel",
        "an unknown key",
        "title_de",
    ),
    (
        "study.toml",
        'price_base = "2022-Q4"',
        'price_base = "2022-Q3"',
        8,
        "price_base",
        "which series 'pay' lacks",
        "a quarter that every",
    ),
    ("study.toml", "[[threshold]]", "[[schwelle]]", 44, "schwelle", "an unknown section", "threshold"),
    ("study.toml", "due_days = 45", "due_days = ", 6, "", "Invalid value", "valid TOML"),
]


def test_the_small_study_has_no_fault(study):
    assert study_faults(study) == []


@pytest.mark.parametrize(("file", "old", "new", "row", "column", "found", "allowed"), CELL_FAULTS + REFERENCE_FAULTS)
def test_a_fault_is_named_with_file_row_and_column(change, file, old, new, row, column, found, allowed):
    faults = study_faults(change(file, old, new))
    assert any(
        f.startswith(f"{file}, row {row}, column '{column}': found {found}; allowed: {allowed}")
        or (f.startswith(f"{file}, row {row}, column '{column}': found {found}") and allowed in f)
        for f in faults
    ), faults


@pytest.mark.parametrize(
    ("old", "new", "found", "allowed"),
    [
        (",01003,,,west", ",01002,,,west", "alternative_grouping: 01002, 01003", "every comparison body once"),
        ("planning_regions,01002,,,nordwest,Gesetz\n", "", "planning_regions: 01002", "every body once"),
    ],
)
def test_a_grouping_names_every_body_once(change, old, new, found, allowed):
    faults = study_faults(change("robustness.csv", old, new))
    assert faults == [f"robustness.csv, column 'ags': found {found}; allowed: {allowed}; remedy: add or remove rows"]


@pytest.mark.parametrize(("file", "old", "new", "row", "column", "found", "allowed"), CELL_FAULTS)
def test_a_faulty_cell_is_one_fault_and_no_cascade(change, file, old, new, row, column, found, allowed):
    assert len(study_faults(change(file, old, new))) == 1


@pytest.mark.parametrize(("file", "old", "new", "row", "column", "found", "allowed"), PLAN_FAULTS)
def test_a_fault_of_the_plan_is_named_with_line_and_key(change, file, old, new, row, column, found, allowed):
    faults = study_faults(change(file, old, new))
    place = f"study.toml, row {row}" + (f", column '{column}'" if column else "")
    matching = [f for f in faults if f.startswith(place) and found in f and allowed in f]
    assert matching, faults
    assert re.search(r"; remedy: .{3,}", matching[0])


def test_several_faults_are_listed_together_in_the_order_of_files(change):
    change("bodies.csv", "nord,true", "nord,yes")
    change("fields.csv", "Vorgang,true", "Vorgang,ja")
    folder = change("study.toml", "due_days = 45", "due_days = -3")
    with pytest.raises(StudyError) as caught:
        load_registry(folder)
    message = str(caught.value)
    assert message.splitlines()[0] == "study 'klein' has 3 fault(s):"
    places = ["study.toml, row 6", "bodies.csv, row 2", "fields.csv, row 2"]
    positions = [message.index(place) for place in places]
    assert positions == sorted(positions)


def test_a_missing_file_names_the_header_to_write(study):
    (study / "grants.csv").unlink()
    assert study_faults(study) == [
        "grants.csv: found no such file; allowed: a CSV file (UTF-8, comma); "
        "remedy: add it with the header unit,amount_eur,is_approximate,period,status,source"
    ]


def test_a_missing_plan_is_named(study):
    (study / "study.toml").unlink()
    assert any(fault.startswith("study.toml: found no such file") for fault in study_faults(study))


def test_a_misspelt_file_is_not_overlooked(study):
    (study / "correction.csv").write_text("table\n")
    assert [f for f in study_faults(study) if f.startswith("correction.csv: found an unknown file")]


def test_another_header_is_a_fault_of_row_1(change):
    (fault,) = study_faults(change("grants.csv", "amount_eur", "amount"))
    assert fault.startswith("grants.csv, row 1, column 'amount': found the header 'unit,amount,")


def test_a_row_with_a_comma_too_many_is_named(change):
    (fault,) = study_faults(change("bodies.csv", "Stadt West", "Stadt, West"))
    assert fault.startswith("bodies.csv, row 3: found 7 columns; allowed: 6 columns")


def test_rows_after_a_text_of_two_lines_keep_their_line(change):
    change("grants.csv", "Bescheid", '"Bescheid\nvom Mai"')
    (fault,) = study_faults(change("grants.csv", "673000.00", "673000"))
    assert fault.startswith("grants.csv, row 4, column 'amount_eur'")


def test_a_file_in_another_encoding_is_named_with_its_line(study):
    path = study / "agreements.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("cp1252"))
    assert study_faults(study)[0].startswith("agreements.csv, row 2: found byte 0xe4; allowed: UTF-8")


def test_a_byte_order_mark_is_named(study):
    path = study / "regions.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert any(f.startswith("regions.csv, row 1: found a byte order mark") for f in study_faults(study))


def test_a_region_without_bodies_is_named(study):
    with (study / "regions.csv").open("a") as file:
        file.write("leer,Leer,block,Verzeichnis\n")
    (fault,) = study_faults(study)
    assert fault.startswith("regions.csv, row 4, column 'unit': found 'leer'")
