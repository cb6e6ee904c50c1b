"""A backup brings everything back, refuses to overwrite, and notices damage."""

from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from ikz_eval.errors import WarehouseError
from ikz_eval.settings import Place
from ikz_eval.warehouse import Warehouse, typed
from ikz_eval.warehouse.backup import backup, restore
from ikz_eval.warehouse.lock import ledger_lock

ROW = {"ags": "X0101", "field": "wohngeld", "quarter": "2024-Q1", "cases": 3, "delivery_id": "0123456789ab"}


@pytest.fixture
def filled(tmp_path):
    place = Place("demonstration", tmp_path / "here")
    warehouse = Warehouse(place.warehouse)
    for quarter in ("2024-Q1", "2024-Q2"):
        warehouse.append("caseload", typed("caseload", [{**ROW, "quarter": quarter}]))
    (place.ledger / "files").mkdir(parents=True)
    (place.ledger / "files" / "abc.xlsx").write_bytes(b"as it arrived")
    (place.releases / "2024-Q1.r1").mkdir(parents=True)
    (place.releases / "2024-Q1.r1" / "index.html").write_text("Ergebnis")
    return place


def test_what_was_saved_comes_back(filled, tmp_path):
    count = backup(filled, tmp_path / "saved.tar")
    elsewhere = Place("demonstration", tmp_path / "elsewhere")
    assert restore(elsewhere, tmp_path / "saved.tar") == count
    pd.testing.assert_frame_equal(
        Warehouse(elsewhere.warehouse).read("caseload"), Warehouse(filled.warehouse).read("caseload")
    )
    assert (elsewhere.ledger / "files" / "abc.xlsx").read_bytes() == b"as it arrived"
    assert (elsewhere.releases / "2024-Q1.r1" / "index.html").read_text() == "Ergebnis"


def test_nothing_is_overwritten(filled, tmp_path):
    backup(filled, tmp_path / "saved.tar")
    with pytest.raises(WarehouseError, match="exists already"):
        backup(filled, tmp_path / "saved.tar")
    with pytest.raises(WarehouseError, match="holds data already"):
        restore(filled, tmp_path / "saved.tar")


def test_damage_and_the_wrong_study_are_noticed(filled, tmp_path):
    backup(filled, tmp_path / "saved.tar")
    with pytest.raises(WarehouseError, match="backup of study 'demonstration', not of 'rlp'"):
        restore(Place("rlp", tmp_path / "other"), tmp_path / "saved.tar")
    data = (tmp_path / "saved.tar").read_bytes().replace(b"as it arrived", b"as it Arrived")
    (tmp_path / "damaged.tar").write_bytes(data)
    elsewhere = Place("demonstration", tmp_path / "elsewhere")
    with pytest.raises(WarehouseError, match=r"damaged: ledger/files/abc\.xlsx"):
        restore(elsewhere, tmp_path / "damaged.tar")
    assert not elsewhere.home.exists()


@pytest.mark.parametrize("content", [b"", b"no tar at all", b"\x00" * 10240], ids=["empty", "other", "zeros"])
def test_a_file_that_is_no_backup_is_refused_and_leaves_nothing(tmp_path, content):
    source, elsewhere = tmp_path / "saved.tar", Place("demonstration", tmp_path / "elsewhere")
    source.write_bytes(content)
    with pytest.raises(WarehouseError, match=r"saved\.tar is no .*backup"):
        restore(elsewhere, source)
    assert list(elsewhere.data.iterdir()) == []


def test_a_backup_waits_for_an_ingestion_that_runs(filled, tmp_path):
    with ThreadPoolExecutor(1) as pool:
        with ledger_lock(filled):
            waiting = pool.submit(backup, filled, tmp_path / "saved.tar")
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
            filled.inbox.mkdir()
            (filled.inbox / "late.csv").write_bytes(b"arrived meanwhile")
        count = waiting.result(timeout=30)
    elsewhere = Place("demonstration", tmp_path / "elsewhere")
    assert restore(elsewhere, tmp_path / "saved.tar") == count
    assert (elsewhere.inbox / "late.csv").read_bytes() == b"arrived meanwhile"
