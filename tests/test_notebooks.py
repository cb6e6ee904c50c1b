"""Notebooks: sources stay sources; executed ones are the same bytes everywhere, marked, self-contained, and never half."""

import ast
import json
import re
import subprocess
from pathlib import Path

import jupytext
import pytest

from ikz_eval.errors import ReleaseError
from ikz_eval.publish.notebooks import SOURCES, execute
from tests.chromium import open_browser
from tests.ikz_eval.publish.invented_cells import FIELD, make_cells, make_empty_cells, make_folder

NOTEBOOKS = sorted(SOURCES.glob("*.py"))
ROOT = SOURCES.parent
pytestmark = pytest.mark.xdist_group("notebooks")
ALLOWED = {"pandas", "ikz_eval.registry", "ikz_eval.publish", "ikz_eval.warehouse"}


@pytest.fixture(scope="module")
def release(tmp_path_factory, demonstration) -> Path:
    folder = make_folder(tmp_path_factory.mktemp("release") / "r1", make_cells(demonstration), demonstration)
    execute(folder, demonstration)
    return folder


@pytest.mark.parametrize("source", NOTEBOOKS, ids=lambda source: source.stem)
def test_sources_define_no_function_and_import_little(source):
    notebook = jupytext.read(source, fmt="py:percent")
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    tree = ast.parse(code)
    assert not [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda)
    ]
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert modules <= ALLOWED
    published = [
        node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "ikz_eval.publish"
    ]
    assert [alias.name for node in published for alias in node.names] == ["figures"]


def test_no_notebook_with_outputs_is_in_git():
    listed = subprocess.run(["git", "ls-files", "-z", "*.ipynb"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert listed.stdout == ""
    assert [source.stem for source in NOTEBOOKS] == ["01_deliveries", "02_panel", "03_estimates", "04_verdict"]


def test_every_notebook_is_executed_and_marked(release):
    for source in NOTEBOOKS:
        notebook = json.loads((release / "notebooks" / f"{source.stem}.ipynb").read_text(encoding="utf-8"))
        assert "ERFUNDENE ZAHLEN" in "".join(notebook["cells"][0]["source"])
        assert all(cell["execution_count"] for cell in notebook["cells"] if cell["cell_type"] == "code")
        page = (release / "notebooks" / f"{source.stem}.html").read_text(encoding="utf-8")
        assert '<div class="banner" role="note">ERFUNDENE ZAHLEN' in page


def test_pages_need_no_script_and_no_outside_address(release):
    for page in sorted((release / "notebooks").glob("*.html")):
        content = page.read_text(encoding="utf-8")
        assert "<script" not in content
        assert set(re.findall(r"https?://[^\"'<> ]+", content)) <= {
            "http://www.w3.org/2000/svg",
            "http://www.w3.org/1999/xlink",
        }


def test_pages_show_the_released_numbers(release):
    panel = (release / "notebooks" / "02_panel.html").read_text(encoding="utf-8")
    assert "<td>1.234,50</td>" in panel and "<td>−10,0</td>" in panel
    assert f'aria-labelledby="fallkosten_{FIELD}-title' in panel
    estimates = (release / "notebooks" / "03_estimates.html").read_text(encoding="utf-8")
    assert "<td>−11,3</td>" in estimates and "<td>vereinbar mit</td>" in estimates
    deliveries = (release / "notebooks" / "01_deliveries.html").read_text(encoding="utf-8")
    assert "<td>X0101</td>" in deliveries and "<td>X0102</td>" not in deliveries


PRINTED_WIDTH = round((29.7 - 2 * 1.2) / 2.54 * 96)
"""Room for a table on a landscape A4 page [CSS pixels]."""


@pytest.mark.browser
def test_printed_tables_are_not_cut_off(release):
    """Every table and picture ends inside the paper; on the screen a wide one scrolls instead."""
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": PRINTED_WIDTH, "height": 700})
        page.emulate_media(media="print")
        for source in NOTEBOOKS:
            page.goto((release / "notebooks" / f"{source.stem}.html").as_uri())
            ends = page.locator("table, .output svg").evaluate_all(
                "parts => parts.map(part => part.getBoundingClientRect().right)"
            )
            assert ends and max(ends) <= PRINTED_WIDTH + 1, source.stem
            assert page.locator("details").first.is_hidden(), "code is not printed"


def test_no_trace_of_the_machine(release):
    for file in sorted((release / "notebooks").iterdir()):
        content = file.read_text(encoding="utf-8")
        assert str(release) not in content and str(ROOT) not in content
        assert not re.search(r"iopub|started|3\.11\.\d", content)
    assert sorted(file.suffix for file in (release / "notebooks").iterdir()) == [".html"] * 4 + [".ipynb"] * 4


def test_another_folder_time_zone_and_locale_give_the_same_bytes(release, demonstration, tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("IKZ_STUDY", "rlp")
    other = make_folder(tmp_path / "elsewhere", make_cells(demonstration), demonstration)
    execute(other, demonstration)
    for file in sorted((release / "notebooks").iterdir()):
        assert (other / "notebooks" / file.name).read_bytes() == file.read_bytes(), file.name


def test_a_study_without_deliveries_says_so(rlp, tmp_path):
    folder = make_folder(tmp_path / "r1", make_empty_cells(), rlp)
    execute(folder, rlp)
    estimates = (folder / "notebooks" / "03_estimates.html").read_text(encoding="utf-8")
    assert "Keine Werte: dazu ist noch nichts geliefert." in estimates
    assert "Die Abbildung ereignispfad_kfz_zulassung gibt es in dieser Auswertung nicht" in estimates
    assert "INTERN – nicht zur Weitergabe" in estimates


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "# %%\nvalue = 1\n\n# %%\npd_missing = {}['T7']\n",
            r"05_own\.py, cell 2 \('pd_missing = .*KeyError: 'T7'; correct the notebook",
        ),
        (
            "# %%\nimport warnings\nwarnings.warn('old way')\n",
            r"05_own\.py, cell 1: writes to standard error: .*correct the cell",
        ),
    ],
    ids=["error", "warning"],
)
def test_a_faulty_notebook_stops_the_release(demonstration, tmp_path, code, said):
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "05_own.py").write_text(code, encoding="utf-8")
    with pytest.raises(ReleaseError, match=said):
        execute(tmp_path / "release", demonstration, sources=sources)
    assert list((tmp_path / "release" / "notebooks").iterdir()) == []
