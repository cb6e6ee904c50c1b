"""RG and RS say what the study's files say: unknown stays unknown, and series end where they end."""

from ikz_eval.publish.cells import cells_of, notes, wide
from ikz_eval.publish.tables_registry import agreements, reference_series


def test_starts_are_shown_as_known_and_the_unknown_as_unknown(rlp):
    cells = cells_of("2026-Q2", "RG", agreements(rlp, "2026-Q2"))
    table = wide(cells, "RG").join(notes(cells, "RG").add_suffix("/note"))
    kfz = table[(table["field"] == "kfz_zulassung") & (table["unit"] == "emh")].set_index("ags")
    assert kfz.loc["07135", "start"] == "2023-01-09"
    assert (kfz.loc["07232", "start/note"], kfz.loc["07232", "start_earliest"]) == ("start_unknown", "2023-01-10")
    planned = table[(table["field"] == "kfz_zulassung") & (table["unit"] == "vp")]
    assert set(planned["agreement_status"]) == {"planned"}
    assert len(table) == len(rlp.agreements)


def test_a_start_after_the_evaluation_quarter_is_not_shown_yet(demonstration):
    shown = [{row["unit"] for row in agreements(demonstration, quarter)} for quarter in ("2023-Q1", "2023-Q4")]
    assert [len(units) for units in shown] == [1, 2]


def test_series_end_where_they_end(rlp):
    series = wide(cells_of("2026-Q2", "RS", reference_series(rlp, "2026-Q2")), "RS").groupby("series")["last"].max()
    assert series["price_pay"] == "2023-Q1"
    assert series["price_consumer"] == "2024-Q3", "the fourth quarter has one month only"
