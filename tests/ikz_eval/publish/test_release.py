"""A release appears whole or not at all, is the same everywhere, and gets a new number only when something changed."""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pandas as pd
import pytest

from ikz_eval.errors import ReleaseError
from ikz_eval.publish import fingerprint, manifest
from ikz_eval.publish.cells import cells_of
from ikz_eval.publish.mark import mark
from ikz_eval.publish.release import latest_release, make_release, summary
from ikz_eval.publish.versions import METHOD_VERSIONS, MethodVersion
from ikz_eval.settings import Place
from ikz_eval.warehouse import empty_table
from schemas import TABLE_SCHEMA_VERSION
from tests.ikz_eval.panel.small_study import make_prices
from tests.ikz_eval.publish import invented_cells
from tests.ikz_eval.publish.small_evaluation import QUARTER, make_cells, make_ledger, make_study, make_tables

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.xdist_group("release")


def draw(cells, registry, lang):
    words = f"<title>{mark(registry, lang)}</title>"
    return {"lieferkalender": f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">{words}</svg>'}


def execute(folder, registry):
    (folder / "notebooks").mkdir()
    (folder / "notebooks" / "one.html").write_text(f"<p>{mark(registry)}</p>", encoding="utf-8")


@cache
def usual():
    """Return the study as it stands with its tables and cells, for every release that changes none of them."""
    study = make_study()
    tables = make_tables(study)
    return study, tables, make_cells(study, tables)


def make(folder, study=None, ledger=None, tables=None, **parts):
    if study is ledger is tables is None:
        study, tables, cells = usual()
    else:
        study = study or make_study()
        tables = tables or make_tables(study, ledger)
        cells = make_cells(study, tables)
    work = {"draw": draw, "execute": execute} | parts
    return make_release(Place("klein", folder), study, study.evaluation(QUARTER), tables, cells, **work)


def content(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def names(folder):
    return sorted(path.name for path in (folder / "klein" / "releases").iterdir() if not path.name.endswith(".lock"))


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    """Return a folder with the first release of the usual study, to be copied."""
    folder = tmp_path_factory.mktemp("once")
    make(folder)
    return folder


@pytest.fixture
def first(made_once, tmp_path):
    """Return the path of that release in the folder of the test."""
    shutil.copytree(made_once, tmp_path, dirs_exist_ok=True)
    return tmp_path / "klein" / "releases" / "2022-Q2.r1"


def test_a_release_holds_everything_and_every_file_is_marked(tmp_path):
    study = make_study(is_invented=False)
    made = make(tmp_path, study)
    assert made.path == tmp_path / "klein" / "releases" / "2022-Q2.r1"
    assert (made.number, made.is_new) == (1, True)
    assert summary(made) == summary(made.path)
    files = content(made.path)
    assert {"index.html", "index.en.html", "tables.xlsx", "manifest.json", "datapackage.json"} <= set(files)
    assert {f"tables/{table}.csv" for table in ("T1", "T2", "T3", "T10")} <= set(files)
    for name, data in files.items():
        words = ZipFile(made.path / name).read("xl/sharedStrings.xml") if name.endswith(".xlsx") else data
        german, english = "INTERN – nicht zur Weitergabe".encode(), "INTERNAL – not to be passed on".encode()
        assert german in words or english in words, name


def test_the_same_input_gives_the_same_release_and_no_second_one(tmp_path, first):
    before = content(first)
    again = make(tmp_path)
    assert (again.path, again.number, again.is_new) == (first, 1, False)
    assert content(first) == before
    assert names(tmp_path) == ["2022-Q2.r1"]


def test_another_place_time_zone_and_locale_give_the_same_bytes(tmp_path, made_once):
    script = (
        "import sys; from pathlib import Path;"
        "from tests.ikz_eval.publish.test_release import make; make(Path(sys.argv[1]))"
    )
    trees = []
    for number, (zone, language) in enumerate((("Pacific/Auckland", "C"), ("America/New_York", "de_DE.UTF-8"))):
        folder = tmp_path / f"place {number}" / ("x" * (number + 1))
        settings = os.environ | {"TZ": zone, "LANG": language, "LC_ALL": "C", "PYTHONHASHSEED": str(number)}
        done = subprocess.run(
            [sys.executable, "-c", script, str(folder)],
            cwd=ROOT,
            env=settings,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        trees.append(content(folder / "klein" / "releases" / "2022-Q2.r1"))
    assert trees[0] == trees[1]
    assert trees[0] == content(made_once / "klein" / "releases" / "2022-Q2.r1")
    for name, data in trees[0].items():
        assert str(tmp_path).encode() not in data, name


def changed_delivery(study):
    ledger = make_ledger(skip=("X0103", "2022-Q2"))
    ledger.add("X0103", "2022-Q2", cases=21, staff_fte=0.25, personnel=105_00, partner_paid=210_00)
    return study, ledger


def changed_price(study):
    prices = {quarter: 100.0 for quarter in ("2021-Q1", "2021-Q2", "2021-Q3", "2021-Q4")}
    prices |= {"2022-Q1": 106.0, "2022-Q2": 106.0}
    return replace(study, price_index=make_prices(prices, prices)), None


def changed_source(study):
    return replace(study, bodies=study.bodies.assign(source="another source")), None


@pytest.mark.parametrize("change", [changed_delivery, changed_price, changed_source])
def test_a_changed_table_or_study_row_makes_a_second_release_and_the_first_stays(tmp_path, first, change):
    before = content(first)
    second = make(tmp_path, *change(make_study()))
    assert (second.path.name, second.is_new) == ("2022-Q2.r2", True)
    assert content(first) == before
    assert json.loads((second.path / "manifest.json").read_text())["number"] == 2


@pytest.mark.usefixtures("first")
def test_a_changed_method_version_makes_a_second_release(tmp_path, monkeypatch):
    monkeypatch.setitem(METHOD_VERSIONS, "cr2", MethodVersion(2, "test"))
    assert make(tmp_path).number == 2


@pytest.mark.usefixtures("first")
def test_a_commit_a_lock_and_rows_of_later_quarters_make_none(tmp_path, monkeypatch):
    monkeypatch.setattr(manifest, "code_version", lambda: {"commit": "f" * 40})
    monkeypatch.setattr(manifest, "contract_hash", lambda: "0")
    study = make_study(study_hash="1" * 64)
    later = pd.DataFrame(
        {"series": ["pay"], "quarter": ["2022-Q3"], "price_index": [120.0], "base": ["x"], "source": ["invented"]}
    )
    study = replace(study, price_index=pd.concat([study.price_index, later], ignore_index=True))
    assert make(tmp_path, study).is_new is False
    ledger = make_ledger()
    ledger.add("X0101", "2022-Q3")
    assert make(tmp_path, study, ledger).is_new is False


def test_the_time_of_ingesting_is_neither_published_nor_part_of_the_fingerprint(tmp_path, first):
    tables = make_tables(make_study())
    tables["delivery"] = tables["delivery"].assign(ingested_at=pd.Timestamp("2030-01-01T00:00:00Z"))
    assert make(tmp_path, tables=tables).is_new is False
    assert "ingested" not in (first / "manifest.json").read_text()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyError("x"), KeyboardInterrupt()])
def test_a_build_that_fails_leaves_nothing(tmp_path, error):
    def fail(folder, registry):
        raise error

    with pytest.raises((ReleaseError, KeyError, KeyboardInterrupt)):
        make(tmp_path, execute=fail)
    assert names(tmp_path) == []
    assert make(tmp_path).number == 1


def test_a_full_disk_is_said_in_plain_words(tmp_path):
    def fail(folder, registry):
        raise OSError(28, "No space left on device")

    with pytest.raises(ReleaseError, match=r"No space left on device.*nothing was published: make room"):
        make(tmp_path, execute=fail)


def test_the_leftover_of_a_killed_build_is_removed(tmp_path):
    left = tmp_path / "klein" / "releases" / ".building-2022-Q2"
    left.mkdir(parents=True)
    (left / "index.html").write_text("half")
    made = make(tmp_path)
    assert names(tmp_path) == ["2022-Q2.r1"]
    assert "half" not in {data.decode("utf-8", "ignore") for data in content(made.path).values()}


def test_two_at_once_give_one_release(tmp_path):
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: make(tmp_path), range(2)))
    assert sorted(each.is_new for each in made) == [False, True]
    assert names(tmp_path) == ["2022-Q2.r1"]


def test_a_file_without_mark_is_never_published(tmp_path):
    def bare(folder, registry):
        (folder / "notebooks").mkdir()
        (folder / "notebooks" / "bare.html").write_text("<p>no mark</p>")

    with pytest.raises(ReleaseError, match=r"notebooks/bare.html does not carry the mark 'ERFUNDENE ZAHLEN"):
        make(tmp_path, execute=bare)
    assert names(tmp_path) == []


def test_real_and_invented_deliveries_are_never_mixed(tmp_path):
    tables = make_tables(make_study())
    tables["delivery"].loc[0, "is_invented"] = False
    with pytest.raises(ReleaseError, match="is real, study 'klein' is invented; the two are never mixed"):
        make(tmp_path, tables=tables)


def test_the_manifest_tells_from_what_the_release_was_made(first):
    told = json.loads((first / "manifest.json").read_text(encoding="utf-8"))
    assert len(told["deliveries"]) == 36
    assert set(told["deliveries"][0]) == {"delivery_id", "sha256", "ags", "quarter", "received_at"}
    assert told["lock_hash"] == sha256((ROOT / "requirements.lock").read_bytes()).hexdigest()
    assert set(told["files"]) == set(content(first)) - {"manifest.json"}
    assert all(sha256((first / name).read_bytes()).hexdigest() == value for name, value in told["files"].items())
    assert told["method_versions"]["cr2"]["version"] == METHOD_VERSIONS["cr2"].version
    assert told["contract"]["version"] == TABLE_SCHEMA_VERSION
    assert summary(first) == [told["results"]["de"][0]["sentence"]]
    assert summary(first, "en")[0].startswith("Housing benefit: compatible with")


def test_a_damaged_manifest_is_an_error_and_not_a_reason_to_publish_again(tmp_path, first):
    (first / "manifest.json").write_text("{")
    with pytest.raises(ReleaseError, match=r"2022-Q2.r1: manifest.json cannot be read .* restore the folder"):
        make(tmp_path)


def test_the_tenth_release_is_newer_than_the_ninth(tmp_path):
    place = Place("klein", tmp_path)
    assert latest_release(place, QUARTER) is None
    for number in (9, 10):
        (place.releases / f"2022-Q2.r{number}").mkdir(parents=True)
    (place.releases / "2022-Q1.r11").mkdir()
    found = latest_release(place, QUARTER)
    assert found is not None
    assert found.name == "2022-Q2.r10"


def test_the_data_package_describes_every_column_of_every_file(first):
    package = json.loads((first / "datapackage.json").read_text(encoding="utf-8"))
    assert package["description"].startswith("ERFUNDENE ZAHLEN")
    for resource in package["resources"]:
        data = (first / resource["path"]).read_bytes()
        header = data.decode().splitlines()[0].split(",")
        assert [field["name"] for field in resource["schema"]["fields"]] == header
        assert all(field["description"] for field in resource["schema"]["fields"])
        assert (resource["bytes"], resource["hash"]) == (len(data), f"sha256:{sha256(data).hexdigest()}")
    fields = {field["name"]: field for field in package["resources"][1]["schema"]["fields"]}
    assert fields["real_after_eur"]["unit"] == "EUR je Quartal"
    assert fields["real_after_eur"]["type"] == "number"


def test_the_hash_of_a_table_ignores_row_order_and_the_last_bits_of_floats():
    frame = pd.DataFrame({"a": [0.1 + 0.2, 1.0], "b": ["x", None]})
    same = pd.DataFrame({"a": [1.0, 0.3], "b": [None, "x"]})
    assert fingerprint.frame_hash(frame) == fingerprint.frame_hash(same)
    assert fingerprint.frame_hash(frame) != fingerprint.frame_hash(frame.assign(a=[0.3001, 1.0]))


@pytest.mark.slow
def test_a_release_with_figures_and_notebooks_is_the_same_twice(tmp_path, demonstration):
    rows = invented_cells.make_cells(demonstration)
    cards = [invented_cells.design_row() | {"field": field} for field in demonstration.delivered_fields]
    cells = pd.concat([rows[rows["table"] != "DC"], cells_of(invented_cells.EVALUATION, "DC", cards)])
    tables = {name: empty_table(name) for name in ("delivery", *fingerprint.USED_TABLES)}
    evaluation = demonstration.evaluation(invented_cells.EVALUATION)
    trees = [
        content(make_release(Place("demonstration", tmp_path / folder), demonstration, evaluation, tables, cells).path)
        for folder in ("a", "b/c")
    ]
    assert trees[0] == trees[1]
    assert any(name.endswith(".ipynb") for name in trees[0])
    for name, data in trees[0].items():
        assert str(tmp_path).encode() not in data, name
