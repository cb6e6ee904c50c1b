"""``ikz check`` and ``ikz template`` as people call them."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from ikz_eval.cli import cli, main
from ikz_eval.delivery import DeliveryContent
from ikz_eval.delivery.layout import load_layout
from ikz_eval.delivery.template import filled_workbook
from ikz_eval.errors import DeliveryError


@pytest.fixture
def in_demonstration(monkeypatch, tmp_path):
    monkeypatch.setenv("IKZ_STUDY", "demonstration")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(cli, list(arguments))


def body_of(demonstration):
    return str(demonstration.bodies["ags"].iloc[0])


def test_template_then_check_of_the_empty_form_is_rejected(in_demonstration, demonstration):
    ags = body_of(demonstration)
    made = run("template", "--body", ags, "--quarter", "2025-Q4")
    assert (made.exit_code, made.output) == (0, f"Formular geschrieben: {ags}_2025-Q4.xlsx\n")
    checked = run("check", f"{ags}_2025-Q4.xlsx")
    assert checked.exit_code == 1
    assert checked.output.startswith(f"{ags}_2025-Q4.xlsx: zurückgewiesen\nK10 ")
    assert checked.output.endswith(" Fehler, 0 Rückfragen, 0 Hinweise\n")


def test_check_of_a_complete_form_is_accepted_in_both_languages_and_as_json(in_demonstration, demonstration):
    ags = body_of(demonstration)
    usual = {"personnel": "15000", "cases": "700", "staff_fte": "1", "total": "23400", "transition": "0", "grants": "0"}
    usual |= {"waiting_minutes": "15", "opening_hours_per_week": "20", "online_share_percent": "12"}
    values = {
        (column.table, field, column.item): "0"
        if column.item.startswith("partner_")
        else usual.get(column.item, "1680")
        for sheet in load_layout().sheets
        for field in demonstration.delivered_fields
        for column in sheet.columns
    }
    path = in_demonstration / "meldung.xlsx"
    path.write_bytes(filled_workbook(demonstration, DeliveryContent(ags, "2025-Q4", values)))
    german, english = run("check", str(path)), run("check", str(path), "--lang", "en")
    assert (german.exit_code, english.exit_code) == (0, 0)
    assert german.output.startswith("meldung.xlsx: angenommen – ") and "Keine Beanstandungen." in german.output
    assert english.output.startswith("meldung.xlsx: accepted – ") and "Nothing found." in english.output
    answer = json.loads(run("check", str(path), "--format", "json").output)
    assert (answer["status"], answer["ags"], answer["quarter"], answer["findings"]) == ("accepted", ags, "2025-Q4", [])


def test_findings_as_json_have_place_and_remedy(in_demonstration):
    (in_demonstration / "x.csv").write_text("hello", encoding="utf-8")
    result = run("check", "x.csv", "--format", "json", "--lang", "en")
    (finding,) = json.loads(result.output)["findings"]
    assert (result.exit_code, finding["rule"], finding["severity"], finding["row"]) == (1, "K03", "reject_file", None)
    assert finding["remedy"] == "Please enter the figures into the form you were sent and send that."


@pytest.mark.parametrize(
    ("body", "quarter", "message"),
    [("99999", "2025-Q4", "is no body of study demonstration"), (None, "1999-Q1", "is not collected in study")],
)
def test_template_refuses_what_the_study_does_not_know(in_demonstration, demonstration, body, quarter, message):
    result = run("template", "--body", body or body_of(demonstration), "--quarter", quarter)
    assert isinstance(result.exception, DeliveryError) and message in str(result.exception)


def test_the_form_exists_as_csv_and_asks_for_every_value(in_demonstration, demonstration):
    result = run("template", "--body", body_of(demonstration), "--quarter", "2025-Q4", "--format", "csv")
    assert result.exit_code == 0
    written = (in_demonstration / f"{body_of(demonstration)}_2025-Q4.csv").read_text(encoding="cp1252")
    assert "Personalkosten" in written and "Bußgeldstelle" in written
    checked = run("check", f"{body_of(demonstration)}_2025-Q4.csv")
    assert checked.exit_code == 1
    assert checked.output.count("gefunden: nichts") == 4 * (11 + 1 + 1 + 3), "four fields, sixteen values each"


def test_an_arrival_that_lies_ahead_is_refused(in_demonstration, monkeypatch):
    monkeypatch.setenv("IKZ_DATA", str(in_demonstration))
    result = run("ingest", "--received", "2999-01-01")
    assert isinstance(result.exception, DeliveryError) and "lies ahead" in str(result.exception)


def test_a_folder_without_rights_is_a_message_and_no_traceback(monkeypatch, capsys):
    def refuse() -> None:
        raise PermissionError(13, "Permission denied", "saved.tar")

    monkeypatch.setattr("ikz_eval.cli.cli", refuse)
    with pytest.raises(SystemExit, match="2"):
        main()
    assert capsys.readouterr().err == (
        "ikz: [Errno 13] Permission denied: 'saved.tar'; check free space and rights, then start again\n"
    )


def test_checking_a_file_loads_neither_dagster_nor_statsmodels():
    code = (
        "import sys, ikz_eval.cli.delivery, ikz_eval.delivery.judge, ikz_eval.registry\n"
        "print([name for name in ('dagster', 'statsmodels', 'deltalake', 'duckdb', 'altair') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
