"""A backup brings everything back, refuses to overwrite, and notices damage."""

import pandas as pd
import pytest

from ikz_eval.errors import WarehouseError
from ikz_eval.settings import Place
from ikz_eval.warehouse import Warehouse, typed
from ikz_eval.warehouse.backup import backup, restore

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
