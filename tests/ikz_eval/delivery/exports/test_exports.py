"""Exports of every style, invented: signs, numbers, marks, footnotes, subtotals; what is not clear is a fault."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from ikz_eval.cli.layout import layout as command
from ikz_eval.delivery.expectation import expect
from ikz_eval.delivery.exports import export_layouts, read_export
from ikz_eval.delivery.exports.draft import draft_layout
from ikz_eval.delivery.exports.fill import form_values
from ikz_eval.delivery.exports.layout import layout_of, load_export_layout
from ikz_eval.delivery.exports.numbers import export_number
from ikz_eval.delivery.exports.read import ExportReading
from ikz_eval.delivery.exports.totals import totals_of
from ikz_eval.delivery.ingest import ingest
from ikz_eval.delivery.judge import judge
from ikz_eval.delivery.reading import Contents
from ikz_eval.errors import DeliveryError
from ikz_eval.settings import Place
from ikz_eval.warehouse import Warehouse
from tests.ikz_eval.delivery.test_ingest import NOW, drop

SAP = """Profitcenter;Objektnr.;Bezeichnung;Kostenart;Kostenart Beschreibung;Ist 2015;Plan 2017
122;1.100.02.06.02;Zulassung;43110000;Gebühren;-9.267,50;-9.000,00
122;1.100.02.06.02;Zulassung;50110000;Bezüge Beamte;66.309,55;70.000,00
122;1.100.02.06.02;Zulassung;52410000;Strom und Heizung;1.000,00-;0,00
122;1.100.02.06.02;Zulassung;99110000;Statistik;5,00;0,00
;;;;;56.047,05;61.000,00
"""
QUARTERS = """Produkt;Konto;Kontobezeichnung;Ist Q3/2024;Ist Q4/2024
12201;50110000;Bezüge;10.000,00;11.000,50
12201;52550000;Wartung;1.234;99,9
12202;50110000;Bezüge;7,00;8,00
"""


def contents(text: str) -> Contents:
    return Contents("csv", text=text, encoding="cp1252")


def reading(text: str) -> ExportReading:
    read = read_export(contents(text), export_layouts())
    assert read is not None
    return read


@pytest.mark.parametrize(
    ("written", "decimal", "decimals", "value"),
    [
        ("1.234,56", ",", None, "1234.56"), ("9.267.280", ",", None, "9267280"), ("1234,5", ",", None, "1234.5"),
        ("-22.000,00", ",", None, "-22000.00"), ("22,00-", ",", None, "-22.00"), ("238462.84", ".", None, "238462.84"),
        ("61,6410", ",", 2, "61.64"), ("−5 €", ",", None, "-5"), ("1.23", ",", None, None), ("7.000.346.70", ",", None, None),
        ("siehe Anlage", ",", None, None), ("1,234.56", ",", None, None), ("1,234.56", ".", None, "1234.56"), ("", ",", None, None),
    ],
)  # fmt: skip
def test_a_number_is_read_strictly_by_its_layout(written, decimal, decimals, value):
    found = export_number(written, decimal, decimals)
    assert (None if found is None else str(found)) == value


def test_keys_stay_text_revenue_turns_positive_and_the_total_row_is_recomputed():
    read = reading(SAP)
    assert read.layout.name == "wesel_sap"
    sums = {(one.block, one.period): str(one.amount) for one in totals_of(read) if one.period == "2015"}
    assert {one.product for one in read.figures} == {"1.100.02.06.02"}
    assert sums == {
        ("fee_revenue", "2015"): "9267.50", ("personnel", "2015"): "66309.55", ("rooms", "2015"): "-1000.00",
        ("unassigned_expense", "2015"): "5.00",
    }  # fmt: skip
    assert read.unassigned == ["99110000 Statistik"]
    assert [(one.heading, one.difference) for one in read.controls] == [("Ist 2015", 0), ("Plan 2017", 0)]
    wrong = reading(SAP.replace("56.047,05", "7.234.047,05"))
    assert [(one.row, one.difference) for one in wrong.differing] == [(6, Decimal(7_178_000))]


def test_a_cell_that_is_no_number_is_a_fault_with_its_place():
    read = reading(SAP.replace("66.309,55", "siehe Anlage"))
    assert [(one.row, one.heading, one.found) for one in read.faults] == [(3, "Ist 2015", "siehe Anlage")]


def test_marks_footers_and_the_year_of_a_first_row_are_understood():
    text = (
        "Tabelle: 61111-0002\nVPI;;;;\nVPI;;;;;;;\nDeutschland;;;;;;;\n;;Index;;zum Vorjahr;;zum Vormonat;\n"
        ";;2020=100;2020=100;in (%);in (%);in (%);in (%)\n1991;Januar;60,5;e;.;;.;\n;Februar;60,8;e;.;;-;\n"
        ";Dezember;...;;...;;...;\n__________\n1;Januar;99,9;e;9;;9;\n"
    )
    figures = {(one.period, one.kind): (one.amount, one.mark) for one in reading(text).figures}
    assert figures["1991-Januar", "index"] == (Decimal("60.5"), None)
    assert figures["1991-Februar", "change_to_month_before"] == (Decimal(0), "zero")
    assert figures["1991-Dezember", "index"] == (None, "later")
    assert len(figures) == 9, "nothing below the line is read"


def own_layout(tmp_path: Path) -> Path:
    """Return the drafted layout of an export with quarters, its products mapped to fields by hand."""
    draft = draft_layout(contents(QUARTERS), "eigene.csv")
    assert draft is not None and draft.open_points == ("sign",), "no revenue shows the sign: a person decides"
    path = tmp_path / "eigene.toml"
    mapped = draft.toml + '\n[fields]\n12201 = "wohngeld"\n'
    path.write_text(mapped.replace('decimal = ","', 'decimal = ","\nags = "X0101"'), encoding="utf-8")
    return path


def test_a_draft_can_be_used_and_fills_the_form_with_quarters_never_with_parts_of_a_year(tmp_path):
    layout = load_export_layout(own_layout(tmp_path))
    read = read_export(contents(QUARTERS), [layout])
    assert read is not None and {one.period for one in read.figures} == {"2024-Q3", "2024-Q4"}
    fields = ["fahrzeugzulassung", "wohngeld"]
    assert form_values(read, "2024-Q4", fields) == {
        ("cost", "wohngeld", "material"): "99.9", ("cost", "wohngeld", "personnel"): "11000.50",
    }  # fmt: skip
    with pytest.raises(DeliveryError, match=r"it holds: 2024-Q3, 2024-Q4\. A year is never divided"):
        form_values(read, "2025-Q1", fields)
    with pytest.raises(DeliveryError, match="found wohngeld; allowed: elterngeld"):
        form_values(read, "2024-Q4", ["elterngeld"])
    with pytest.raises(DeliveryError, match="maps no product"):
        form_values(reading(SAP), "2024-Q4", fields)


def test_a_draft_finds_total_rows_and_the_sign_of_revenue():
    draft = draft_layout(contents(SAP), "sap.csv")
    assert draft is not None and draft.open_points == ()
    layout = layout_of(__import__("tomllib").loads(draft.toml), "drafted")
    read = read_export(contents(SAP), [layout])
    assert read is not None and layout.sign == "revenue_negative"
    assert [one.difference for one in read.controls] == [0, 0]
    assert draft_layout(contents("Sehr geehrte Damen und Herren\nanbei\n"), "brief.txt") is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sign": "upside_down"}, r"sign: found 'upside_down'; allowed: 'revenue_negative'"),
        ({"colour": "red"}, "unknown colour"),
        ({"columns": {"produkt": "Produkt"}}, "columns: found 'produkt'"),
        ({"recognise": []}, "neither recognise nor recognise_rows"),
        ({"value": [{"kind": "actual"}]}, "a \\[\\[value\\]\\] without column"),
    ],
)
def test_a_faulty_layout_says_what_to_mend(change, message):
    good = {
        "title": "x", "kind": "finance", "recognise": ["Produkt"], "encoding": "utf-8", "separator": ";", "decimal": ",",
        "header_rows": 1, "columns": {"product": "Produkt"},
    }  # fmt: skip
    layout_of(good, "mine")
    with pytest.raises(DeliveryError, match=message):
        layout_of(good | change, "mine")


def test_a_delivered_export_is_kept_as_evidence_and_never_counts(registry, tmp_path):
    judgement = judge(SAP.replace("56.047,05", "1,00").encode("cp1252"), "haushalt.csv", expect(registry))
    assert (judgement.status, judgement.layout, judgement.cells) == ("supporting", "wesel_sap", ())
    assert [(one.rule, one.severity) for one in judgement.findings] == [
        ("K70", "question"), ("K71", "question"), ("K73", "note"),
    ]  # fmt: skip
    assert judgement.findings[1].sentence() == (
        "K71 haushalt.csv, Zeile 6, Spalte Ist 2015: gefunden „1,00“; zulässig: die Summe der Teile, nachgerechnet "
        "56.047,05; der Unterschied beträgt −56.046,05. Bitte im Verfahren prüfen, ob Zeilen fehlen oder die Summe "
        "veraltet ist, und den Export neu ziehen."
    )
    at = Place("tiny", tmp_path)
    drop(at, "haushalt.csv", SAP.encode("cp1252"))
    warehouse = Warehouse(at.warehouse)
    report = ingest(at, registry, warehouse, now=NOW)
    assert report.taken["status"].tolist() == ["supporting"] and report.rejected == ()
    amounts = warehouse.read("export_amount")
    assert amounts["amount_cents"].sum() == 926_750 + 6_630_955 - 100_000 + 500 + 900_000 + 7_000_000
    assert warehouse.ledger.latest_values(None, "2015-Q1", "2025-Q4") == []
    page = next(at.outbox.glob("*.html")).read_text(encoding="utf-8")
    assert "als Beleg aufgenommen" in page


def test_the_commands_draft_read_and_say_when_a_sum_differs(tmp_path):
    path = tmp_path / "haushalt.csv"
    path.write_bytes(SAP.encode("cp1252"))
    runner = CliRunner()
    drafted = runner.invoke(command, ["draft", str(path), "-o", str(tmp_path / "neu.toml")])
    assert drafted.exit_code == 0 and "Der Entwurf ist vollständig" in drafted.output
    read = runner.invoke(command, ["read", str(path), "--layout", str(tmp_path / "neu.toml")])
    assert read.exit_code == 0 and "Kontrollsummen: 2 geprüft, 0 weichen ab" in read.output
    path.write_bytes(SAP.replace("61.000,00", "61.000,01").encode("cp1252"))
    wrong = runner.invoke(command, ["read", str(path)])
    assert wrong.exit_code == 1
    assert "! Zeile 6, Plan 2017: angegeben 61.000,01, nachgerechnet 61.000,00, Unterschied 0,01" in wrong.output
    assert "wesel_sap" in runner.invoke(command, ["list"]).output


def test_unknown_files_are_no_exports(registry):
    text = "Name;Wert\na;1\n"
    assert read_export(contents(text), export_layouts()) is None
    assert [one.rule for one in judge(text.encode(), "x.csv", expect(replace(registry))).findings] == ["K03"]
