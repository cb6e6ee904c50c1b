"""Real exports, read to the cent: against totals of another tool and against the files' own subtotals.

The files lie outside the project (public budgets of Wesel, Freiburg, Krefeld, Kalkofen, Sprendlingen-Gensingen; Destatis;
IT.NRW); without them the invented files of test_exports.py show every style.
"""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from ikz_eval.delivery.exports import export_layouts, read_export
from ikz_eval.delivery.exports.blocks import is_revenue
from ikz_eval.delivery.exports.read import ExportReading
from ikz_eval.delivery.exports.totals import totals_of
from ikz_eval.delivery.reading import Refusal, read_file
from ikz_eval.settings import ROOT

FOLDER = ROOT.parent / "shared" / "data" / "exports"
SQL = Path(__file__).with_name("independent_totals.sql")
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the folder of real exports lies outside the project")
Totals = dict[tuple[str, str, str, str], Decimal]
FILES = {
    "wesel_hhplan2017.csv": ("wesel_sap", 59_710),
    "freiburg_ergebnishaushalt_2017_2018.csv": ("freiburg_ergebnishaushalt", 2_904),
    "krefeld_havis_2019.csv": ("krefeld_havis", 4_854),
    "rlp_og_kalkofen_2017_2018.csv": ("rlp_haushalt", 298),
    "rlp_vg_sprendlingen_gensingen_2018.csv": ("rlp_haushalt", 716),
    "destatis_61111-0002_genesis.csv": ("genesis_verbraucherpreise", 1_224),
    "nrw_genesis_mini.csv": ("genesis_nrw_produktgruppen", 6),
    "wesel_kontenrahmen.csv": ("wesel_kontenrahmen", 0),
    "wesel_liste_produkte.csv": ("wesel_produkte", 0),
}


def reading(name: str) -> ExportReading:
    contents = read_file((FOLDER / name).read_bytes(), name)
    assert not isinstance(contents, Refusal)
    read = read_export(contents, export_layouts())
    assert read is not None
    return read


def independent(view: str, file: str) -> Totals:
    script = SQL.read_text(encoding="utf-8").replace(":folder", str(FOLDER)).replace(":file", file)
    with duckdb.connect() as connection:
        for statement in script.split(";\n\n"):
            if "CREATE MACRO" in statement or f"CREATE VIEW {view} " in statement:
                connection.execute(statement)
        rows = connection.execute(f"SELECT product, block, period, kind, amount FROM {view}").fetchall()
    return {tuple(row[:4]): row[4] for row in rows}


@pytest.mark.parametrize("name", FILES)
def test_every_export_is_known_and_read_without_a_fault(name):
    read = reading(name)
    assert (read.layout.name, len(read.figures), read.faults) == (*FILES[name], [])


@pytest.mark.parametrize(
    "name", ["wesel_hhplan2017.csv", "freiburg_ergebnishaushalt_2017_2018.csv", "krefeld_havis_2019.csv"]
)
def test_totals_per_product_and_block_are_those_of_another_tool_to_the_cent(name):
    ours = {(one.product, one.block, one.period, one.kind): one.amount for one in totals_of(reading(name))}
    other = independent(FILES[name][0], name)
    assert set(ours) == set(other) and len(ours) > 150
    assert {key: ours[key] - other[key] for key in ours if ours[key] != other[key]} == {}


@pytest.mark.parametrize("name", ["rlp_og_kalkofen_2017_2018.csv", "rlp_vg_sprendlingen_gensingen_2018.csv"])
def test_budgets_with_names_only_agree_per_product_and_direction(name):
    ours: dict[tuple[str, str, str, str], Decimal] = defaultdict(Decimal)
    for figure in reading(name).figures:
        assert figure.amount is not None
        side = "revenue" if is_revenue(figure.block) else "expense"
        ours[figure.product, side, figure.period, figure.kind] += figure.amount
    assert dict(ours) == independent("rlp_haushalt", name)


def test_the_total_row_of_wesel_is_its_lines_in_every_column():
    read = reading("wesel_hhplan2017.csv")
    assert [(one.heading, str(one.stated)) for one in read.controls][:2] == [
        ("Ist 2015", "29245991.25"), ("Ist 2016", "21893042.72"),
    ]  # fmt: skip
    assert len(read.controls) == 10 and read.differing == []


def test_one_balance_of_freiburg_is_313_eur_off_and_all_others_agree():
    read = reading("freiburg_ergebnishaushalt_2017_2018.csv")
    assert len(read.controls) == 1452
    assert [(one.row, one.heading[:6], one.difference) for one in read.differing] == [(64, "Ansatz", Decimal(313))]


def test_a_table_cut_from_a_larger_one_does_not_add_up_and_says_so():
    read = reading("nrw_genesis_mini.csv")
    assert [(one.row, one.stated, one.recomputed) for one in read.differing] == [
        (15, Decimal(70_535_060), Decimal(31_203_742))
    ]


def test_official_prices_keep_their_marks_and_periods():
    read = reading("destatis_61111-0002_genesis.csv")
    index = {figure.period: figure for figure in read.figures if figure.kind == "index"}
    assert (index["2024-Oktober"].amount, index["2024-Oktober"].unit) == (Decimal("120.2"), "2020=100")
    assert (index["2024-November"].amount, index["2024-November"].mark) == (None, "later")
    changes = {figure.period: figure for figure in read.figures if figure.kind == "change_to_month_before"}
    assert (changes["1991-März"].amount, changes["1991-März"].mark) == (Decimal(0), "zero")
    assert changes["1991-Januar"].mark == "not_available"


def test_key_lists_are_read_as_codes():
    assert reading("wesel_kontenrahmen.csv").codes["57"] == "Bilanzielle Abschreibungen"
    assert reading("wesel_liste_produkte.csv").codes["1001"] == "Bau- und Grundstücksordnung"
