"""The warehouse as IO manager: partition = evaluation quarter; a broken contract is told in plain words."""

import dagster as dg
import pytest

from assets.partitions import EVALUATIONS
from assets.storage import WarehouseIO, in_plain_words
from ikz_eval.errors import PanelError
from ikz_eval.warehouse import Warehouse, typed


def verdict(quarter: str, field: str, verdict: str = "compatible"):
    row = {
        "evaluation_quarter": quarter, "specification": "haupt", "field": field, "verdict": verdict,
        "direction": "none", "reasons": None, "effect_percent": -1.0, "low_percent": -5.0, "high_percent": 3.0,
        "is_zero_excluded": False,
        **dict.fromkeys((
            "p_cr2", "p_cr2_adjusted", "p_wild", "p_wild_adjusted", "p_randomisation_t", "p_randomisation_t_adjusted",
            "p_randomisation_coefficient"), 0.5),
    }  # fmt: skip
    return typed("verdict", [row])


def written(table: str, quarter: str, frame):
    context = dg.build_output_context(
        asset_key=dg.AssetKey(table), partition_key=quarter, asset_partitions_def=EVALUATIONS
    )
    WarehouseIO().handle_output(context, frame)
    return context


def test_a_partition_is_written_and_the_other_quarter_stays(at):
    written("verdict", "2025-Q4", verdict("2025-Q4", "wohngeld"))
    written("verdict", "2026-Q1", verdict("2026-Q1", "wohngeld"))
    written("verdict", "2026-Q1", verdict("2026-Q1", "elterngeld"))
    stored = Warehouse(at.warehouse).read("verdict")
    assert stored[["evaluation_quarter", "field"]].values.tolist() == [
        ["2025-Q4", "wohngeld"],
        ["2026-Q1", "elterngeld"],
    ]


def test_the_catalogue_gets_rows_and_columns_with_their_units(at):
    context = written("verdict", "2026-Q1", verdict("2026-Q1", "wohngeld"))
    metadata = context.get_logged_metadata()
    schema = metadata["dagster/column_schema"]
    schema = getattr(schema, "schema", schema)
    effect = next(column for column in schema.columns if column.name == "effect_percent")
    assert metadata["dagster/row_count"].value == 1
    assert effect.description == "Primary estimate [%]; empty when there is none"
    assert effect.constraints.nullable is True
    assert schema.constraints.other == ["one row per evaluation_quarter, specification, field"]


def test_a_broken_contract_is_not_written_and_says_what_is_wrong(at):
    with pytest.raises(dg.Failure) as failed:
        written("verdict", "2026-Q1", verdict("2026-Q1", "wohngeld", verdict="proven"))
    assert failed.value.description.startswith(
        "table 'verdict': table 'verdict' breaks its contract and was not written"
    )
    assert "found 'proven', allowed isin" in failed.value.description
    assert not Warehouse(at.warehouse).exists("verdict")


def test_an_error_of_ours_becomes_a_failure_with_cause_and_no_retry():
    @in_plain_words
    def build_panel():
        raise PanelError("no price index for 2027-Q1; add it to price_index.csv")

    with pytest.raises(dg.Failure) as failed:
        build_panel()
    assert failed.value.description == "build panel: no price index for 2027-Q1; add it to price_index.csv"
    assert failed.value.allow_retries is False


def test_an_error_that_is_not_ours_passes_as_it_is():
    @in_plain_words
    def build_panel():
        yield 1
        raise ZeroDivisionError("a fault of the program")

    with pytest.raises(ZeroDivisionError):
        list(build_panel())
