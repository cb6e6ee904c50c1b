"""``ikz check``: the same answer at the sender's desk, at once, however the path was pasted."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from ikz_eval.cli import cli
from ikz_eval.cli.check import typed_path
from ikz_eval.delivery import DeliveryContent
from ikz_eval.delivery.compare import compare
from ikz_eval.delivery.expectation import Expected, expect
from ikz_eval.delivery.history import Known
from ikz_eval.delivery.judge import judge
from ikz_eval.delivery.layout import load_layout
from ikz_eval.delivery.prefilled import carried_history
from ikz_eval.delivery.reading import Contents, Sandbox, read_file
from ikz_eval.delivery.template import empty_workbook, filled_workbook
from ikz_eval.errors import DeliveryError
from tests.ikz_eval.delivery.builders import edit_workbook, make_registry

HEAVY = (
    "pandas",
    "numpy",
    "pandera",
    "dagster",
    "deltalake",
    "duckdb",
    "statsmodels",
    "scipy",
    "pyarrow",
    "openpyxl",
    "lxml",
)


@pytest.fixture
def in_demonstration(monkeypatch, tmp_path):
    monkeypatch.setenv("IKZ_STUDY", "demonstration")
    monkeypatch.setenv("IKZ_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def expected(demonstration) -> Expected:
    return expect(demonstration)


def values(expected: Expected, cost: str = "1234.56") -> dict[tuple[str, str, str], str]:
    plain = {"cost": cost, "caseload": "41", "staff": "0.08", "service_quality": "12.5"}
    return {
        (column.table, field, column.item): "0" if column.item.startswith("partner_") else plain[column.table]
        for sheet in load_layout().sheets
        for field in expected.fields
        for column in sheet.columns
        if column.table in plain
    }


def form(expected: Expected, **edits: object) -> bytes:
    ags = next(iter(expected.bodies))
    data = filled_workbook(expected, DeliveryContent(ags, "2025-Q4", values(expected)))

    def edit(book):
        for cell, value in edits.items():
            book["Kosten"][cell] = value

    return edit_workbook(data, edit) if edits else data


def run(*arguments: str):
    return CliRunner().invoke(cli, ["check", *arguments])


def test_checking_a_good_workbook_loads_nothing_heavy(in_demonstration, expected):
    (in_demonstration / "meldung.xlsx").write_bytes(form(expected))
    code = (
        "import sys\nfrom ikz_eval.cli import cli\n"
        "try:\n    cli(['check', 'meldung.xlsx'])\n"
        "except SystemExit as end:\n    print('code', end.code)\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("meldung.xlsx: angenommen – ")
    assert done.stdout.endswith("code 0\n[]\n"), done.stdout


@pytest.mark.parametrize(
    "written",
    ["{path}", '"{path}"', " {path} ", "'{path}'", "„{path}“", "file://{path}", "FILE:{path}"],
)
def test_a_pasted_path_is_understood(in_demonstration, expected, written):
    path = in_demonstration / "Meldung Öwenried (1).xlsx"
    path.write_bytes(form(expected))
    result = run(written.format(path=path))
    assert (result.exit_code, result.output.partition(":")[0]) == (0, "Meldung Öwenried (1).xlsx")


@pytest.mark.parametrize(
    ("written", "expected_path"),
    [
        ('"C:\\Users\\Amt\\Meldung Q3.xlsx"', "C:\\Users\\Amt\\Meldung Q3.xlsx"),
        ("file:///C:/Users/Amt/Meldung%20Q3.xlsx", "C:/Users/Amt/Meldung Q3.xlsx"),
        ("\\\\server\\freigabe\\Meldung.xlsx", "\\\\server\\freigabe\\Meldung.xlsx"),
        ('"\\\\?\\C:\\sehr lang\\x.xlsx"', "\\\\?\\C:\\sehr lang\\x.xlsx"),
    ],
)
def test_windows_paths_reach_the_system_as_they_are(written, expected_path):
    assert str(typed_path(written)) == expected_path


def test_a_windows_path_is_named_without_its_folders(in_demonstration, expected):
    path = in_demonstration / "C:\\Users\\Amt\\meldung.xlsx"  # a plain name on this system
    path.write_bytes(form(expected))
    assert run(path.name).output.startswith("meldung.xlsx: angenommen")


def test_a_missing_file_and_a_folder_are_explained(in_demonstration):
    for written, message in (("fehlt.xlsx", "there is no such file"), (".", "is a folder"), ("a\0b", "cannot be read")):
        result = run(written)
        assert isinstance(result.exception, DeliveryError) and message in str(result.exception)


def test_where_nothing_can_be_forked_the_verdict_is_the_same(expected):
    data = form(expected, B5="ca. 12 Tsd.")
    with Sandbox(use_fork=False) as plain, Sandbox() as limited:
        one, other = (judge(data, "a.xlsx", expected, sandbox=sandbox) for sandbox in (plain, limited))
    assert [(f.rule, f.place) for f in one.findings] == [(f.rule, f.place) for f in other.findings] != []


def test_the_answer_can_be_written_beside(in_demonstration, expected):
    (in_demonstration / "meldung.xlsx").write_bytes(form(expected, B5="ca. 12 Tsd."))
    result = run("meldung.xlsx", "--answer", "antwort")
    assert result.exit_code == 1 and result.output.count("Rückmeldung geschrieben: ") == 2
    page, book = (next((in_demonstration / "antwort").glob(ending)) for ending in ("*.html", "*.xlsx"))
    assert "Ihre Datei würde nicht angenommen." in page.read_text(encoding="utf-8")
    assert "noch nicht geliefert, nur geprüft" in page.read_text(encoding="utf-8")
    marked = load_workbook(book)
    assert "ca. 12 Tsd." in marked["Kosten"]["B5"].comment.text
    assert not list((in_demonstration / "antwort").glob("*.mail.txt")), "nobody is told about a trial"


def test_json_is_json_alone_also_with_an_answer(in_demonstration, expected):
    (in_demonstration / "meldung.xlsx").write_bytes(form(expected))
    result = run("meldung.xlsx", "--json", "--answer", "antwort")
    answer = json.loads(result.stdout)
    assert (answer["status"], answer["findings"], answer["is_compared"]) == ("accepted", [], False)
    assert "time" in answer["guards"] and "Rückmeldung geschrieben" in result.stderr


def test_without_earlier_values_it_says_what_was_not_compared(in_demonstration, expected):
    (in_demonstration / "meldung.xlsx").write_bytes(form(expected))
    assert "Nicht verglichen: Die Datei enthält kein Vorquartal" in run("meldung.xlsx").output


def earlier_of(expected: Expected) -> dict[str, dict[tuple[str, str, str], Decimal]]:
    plain = {item: Decimal(value) for item, value in values(expected).items()}
    return {"2025-Q3": plain, "2025-Q2": plain}


def fill(data: bytes, expected: Expected, cost: str) -> bytes:
    """Return a prefilled form as a clerk fills it in."""

    def edit(book):
        new = values(expected, cost)
        for sheet in load_layout().sheets:
            for row, field in enumerate(expected.fields, sheet.header_row + 1):
                for column in sheet.columns:
                    if column.table != "control":
                        book[sheet.name][f"{column.letter}{row}"] = float(new[column.table, field, column.item])

    return edit_workbook(data, edit)


def test_a_prefilled_form_is_compared_with_the_quarter_it_carries(in_demonstration, expected):
    ags = next(iter(expected.bodies))
    blank = empty_workbook(expected, ags, "2025-Q4", earlier_of(expected))
    same, thousandfold = (fill(blank, expected, cost) for cost in ("1234.56", "1234560"))
    with Sandbox() as sandbox:
        read = read_file(thousandfold, "a.xlsx", sandbox)
        assert isinstance(read, Contents)
        known = carried_history(read, expected, "2025-Q4")
        assert known == Known(own=earlier_of(expected)), "what is read back is what was written"
        judgement = judge(thousandfold, "a.xlsx", expected, sandbox=sandbox)
    at_ingest = [finding.rule for finding in compare(judgement, expected, known).findings]
    (in_demonstration / "a.xlsx").write_bytes(thousandfold)
    (in_demonstration / "b.xlsx").write_bytes(same)
    checked = json.loads(run("a.xlsx", "--json").output)
    assert checked["is_compared"] and [finding["rule"] for finding in checked["findings"]] == at_ingest
    assert "Nicht verglichen" not in run("b.xlsx").output


def test_values_typed_over_in_the_locked_sheet_do_no_harm(expected):
    ags = next(iter(expected.bodies))

    def spoil(book):
        book["Vorquartal"]["E5"], book["Vorquartal"]["E6"] = "viel", True
        book["Vorquartal"]["A7"], book["Vorquartal"]["F4"] = "Unfug", "gestern"

    data = edit_workbook(empty_workbook(expected, ags, "2025-Q4", earlier_of(expected)), spoil)
    with Sandbox() as sandbox:
        read = read_file(data, "a.xlsx", sandbox)
    assert isinstance(read, Contents)
    known = carried_history(read, expected, "2025-Q4")
    assert known is not None and list(known.own) == ["2025-Q3"]
    assert len(known.own["2025-Q3"]) == len(values(expected)) - 3


def test_no_sheet_no_history(expected):
    with Sandbox() as sandbox:
        read = read_file(filled_workbook(make_registry(), DeliveryContent("X0101", "2024-Q3", {})), "a.xlsx", sandbox)
    assert isinstance(read, Contents) and carried_history(read, expected, "2025-Q4") is None


def test_the_path_of_a_linux_subsystem_is_found(monkeypatch, tmp_path):
    assert typed_path("D:\\gibt es nicht\\a.xlsx") == Path("D:\\gibt es nicht\\a.xlsx")
