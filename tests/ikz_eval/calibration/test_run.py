"""The table is the same byte for byte whoever draws, its figures follow from the counts, and it judges as it says."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from ikz_eval.calibration import calibrate, calibration_table
from ikz_eval.calibration.collected import collect, store
from ikz_eval.calibration.table import table_text
from ikz_eval.calibration.tally import COUNTS, Chunk, count_chunk
from ikz_eval.cli import cli
from ikz_eval.errors import UsageError
from ikz_eval.registry import load_registry
from ikz_eval.registry.calibration import (
    average_sentences,
    design_hash,
    design_rows,
    field_rows,
    judge_calibration,
    keeps_size,
    pooled_rows,
    quarters_meant,
    sentences,
)
from schemas.registry import Calibration
from tests.ikz_eval.calibration.designs import small_study

HASH = "0" * 64


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return made(workers=1)


def made(**how: object) -> pd.DataFrame:
    counts = calibrate(small_study(), draws=6, seed=3, worlds=("A", "G"), **how)
    return calibration_table(small_study(), counts, design_hash=HASH, seed=3, draws=6)


@pytest.mark.slow
def test_one_worker_and_two_give_the_same_bytes(table):
    assert table_text(made(workers=2)) == table_text(table)


def test_a_dask_cluster_gives_the_same_bytes(table):
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, processes=False) as cluster:
        assert table_text(made(scheduler=cluster.scheduler_address)) == table_text(table)


@pytest.mark.slow
def test_dask_workers_in_processes_of_their_own_give_the_same_bytes(table):
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        assert len(cluster.scheduler.workers) == 2
        assert table_text(made(scheduler=cluster.scheduler_address)) == table_text(table)


def test_the_table_keeps_its_contract_and_can_be_read_back(table, tmp_path):
    Calibration.validate(table)
    store(tmp_path / "calibration.csv", table)
    again = pd.read_csv(io.BytesIO((tmp_path / "calibration.csv").read_bytes()))
    assert again["size"].to_numpy() == pytest.approx(table["size"].to_numpy(), nan_ok=True)
    assert set(table["seed_block"]) == {"main", "held_out"}
    both = table[(table["inference"] == "cr2") & (table["level"] == "partnership") & (table["world"] == "A")]
    assert both["bias"].nunique() == 2, "the held-out block has seeds of its own"


def test_figures_are_shares_of_what_was_counted(table):
    counts = count_chunk(small_study(), Chunk("A", 3, 0, 0, 6, True))
    sums = dict(zip(COUNTS, counts[0, "partnership", "cr2"], strict=True))
    row = table[(table["inference"] == "cr2") & (table["level"] == "partnership")].iloc[0]
    size = sums["rejected"] / sums["tests"]
    assert sums["tests"] == 12, "six programmes of two fields"
    assert row["size"] == pytest.approx(size, abs=5e-5)
    assert row["coverage"] == pytest.approx(1 - size, abs=5e-5)
    assert row["mc_error"] == pytest.approx(np.sqrt(size * (1 - size) / 12), abs=5e-7)
    assert row["power"] == pytest.approx(sums["power_rejected"] / 6, abs=5e-5)
    assert row["bias"] == pytest.approx(sums["error_sum"] / 6, abs=5e-7)


def test_the_average_over_fields_is_counted_from_the_same_draws(table):
    """Its own rows alone: without it, every other number is the same."""
    study = small_study()
    mine = table["inference"] == "cr2_pooled"
    assert set(table.loc[mine, "fields"]) == {"field1 field2"} and not table.loc[mine, "primary"].any()
    alone = replace(study, pooled=())
    counts = calibrate(alone, draws=6, seed=3, worlds=("A", "G"))
    without = calibration_table(alone, counts, design_hash=HASH, seed=3, draws=6)
    assert table_text(table[~mine].reset_index(drop=True)) == table_text(without)
    sums = dict(
        zip(COUNTS, count_chunk(study, Chunk("G", 3, 0, 0, 6, False))[-2, "partnership", "cr2_pooled"], strict=True)
    )
    row = table[mine & (table["world"] == "G") & (table["seed_block"] == "main")].iloc[0]
    assert sums["tests"] == sums["power_tests"] == sums["bias_tests"] == 6, "a programme is one average"
    assert row["coverage"] == pytest.approx(sums["covered"] / 6, abs=5e-5)
    assert row["power"] == pytest.approx(sums["power_rejected"] / 6, abs=5e-5)
    assert row["bias"] == pytest.approx(sums["error_sum"] / 6, abs=5e-7) and row["bias"] > 0.005, "the late joiner"


def test_a_late_joiner_dilutes_the_estimate_by_its_part(table):
    """World G: one body of three joins four quarters late; with an effect of -.15 the estimate falls short of it."""
    bias = table[(table["inference"] == "cr2") & (table["level"] == "partnership")].groupby("world")["bias"].mean()
    assert bias["G"] > bias["A"] + 0.005


def test_other_rows_of_the_collected_file_stay(table, tmp_path):
    path = tmp_path / "all.csv"
    collect(path, "zwei", table)
    collect(path, "eins", table.head(1))
    collect(path, "zwei", table.head(2))
    assert [line.split(",")[0] for line in path.read_text().splitlines()] == ["study", "eins", "zwei", "zwei"]


@pytest.mark.parametrize("wrong", [{"worlds": ("A", "Z")}, {"draws": 0}, {"workers": 0}])
def test_wrong_calls_are_refused(wrong):
    with pytest.raises(UsageError, match="allowed are worlds"):
        calibrate(small_study(), **({"draws": 1} | wrong))


def judged_table(cr2: float, randomisation: float, wild: float, verdict: float = 0.01) -> pd.DataFrame:
    sizes = {"cr2": cr2, "randomisation_t": randomisation, "wild": wild, "verdict": verdict}
    rows = [
        {
            "inference": name,
            "level": "partnership",
            "world": world,
            "size": size if world == "D" else 0.05 * (name != "verdict"),
        }
        for name, size in sizes.items()
        for world in "ABCDH"
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("sizes", "primary", "failed"),
    [
        ((0.06, 0.084, 0.092), "cr2", ("randomisation_t", "wild")),
        ((0.0701, 0.07, 0.092), "randomisation_t", ("cr2", "wild")),
        ((0.08, 0.08, 0.06), "wild", ("cr2", "randomisation_t")),
        ((0.08, 0.08, 0.08), None, ("cr2", "randomisation_t", "wild")),
    ],
)
def test_primary_is_the_first_that_keeps_its_size(sizes, primary, failed):
    judged = judge_calibration(judged_table(*sizes))
    assert (judged.primary, judged.failed) == (primary, failed)
    for lang in ("de", "en"):
        said = sentences(judged, lang)
        assert len(said) == 1 + len(failed) + 1
    assert ("none is published as primary" in sentences(judged, "en")[0]) == (primary is None)


@pytest.mark.parametrize(("size", "held"), [(0.07, True), (0.0701, False)])
def test_an_average_keeps_its_size_or_not_and_is_found_by_its_fields(size, held):
    table = judged_table(0.05, 0.05, 0.05).assign(fields="a b c")
    averages = judged_table(size, 0.05, 0.05).assign(fields="a b")
    averages = averages[averages["inference"] == "cr2"].assign(inference="cr2_pooled")
    both = pd.concat([table, averages], ignore_index=True)
    assert keeps_size(pooled_rows(both, "b a"), "cr2_pooled") is held
    (said,) = average_sentences(both, "en")
    assert said.startswith(
        "The average of 2 fields (exploratory) " + ("keeps its size" if held else "does not keep its size")
    )
    assert average_sentences(table) == () and len(average_sentences(both, "de")) == 1
    assert pooled_rows(both, "a b c").empty and not keeps_size(pooled_rows(both, "a b c"), "cr2_pooled")
    assert judge_calibration(both) == judge_calibration(table), "exploratory: never primary for a field"


def test_false_verdicts_are_judged_and_an_incomplete_table_is_not():
    assert judge_calibration(judged_table(0.05, 0.05, 0.05, 0.05)).is_verdict_held
    too_many = judge_calibration(judged_table(0.05, 0.05, 0.05, 0.051))
    assert not too_many.is_verdict_held and "does not keep its promise" in sentences(too_many, "en")[-1]
    table = judged_table(0.05, 0.05, 0.05)
    unknown = judge_calibration(table[table["world"] != "C"])
    assert unknown.primary is None
    assert sentences(unknown, "en") == (
        "The inference was not judged in all worlds A to D on this design; none is published as primary.",
    )
    assert judge_calibration(table.iloc[:0]).primary is None


def test_the_hash_follows_the_design_and_nothing_else():
    registry = load_registry("demonstration")
    before = design_hash(registry, "2026-Q2")
    assert before != design_hash(registry, "2026-Q1")
    moved = registry.agreements.assign(start=registry.agreements["start"].str.replace("2022-10", "2022-07"))
    assert before != design_hash(replace(registry, agreements=moved), "2026-Q2")
    reworded = registry.agreements.assign(source="anders belegt", legal_form="Zweckverband")
    assert before == design_hash(replace(registry, agreements=reworded), "2026-Q2")


def test_a_field_finds_its_rows(table):
    assert len(field_rows(table, "field1")) == len(table)
    assert field_rows(table, "field").empty


def of_quarters(registry, *quarters: str) -> pd.DataFrame:
    """Return a calibration of several quarters' designs, cut down to the columns that name them."""
    hashes = [design_hash(registry, quarter) for quarter in quarters]
    return pd.DataFrame({"quarter": quarters, "design_hash": hashes})


def test_a_quarter_has_the_rows_of_its_own_design_and_no_others():
    registry = load_registry("demonstration")
    table = of_quarters(registry, "2025-Q4", "2026-Q1")
    assert design_rows(registry, table, "2026-Q1")["quarter"].tolist() == ["2026-Q1"]
    assert design_rows(registry, table, "2026-Q2").empty
    stale = table.assign(design_hash=table["design_hash"].iloc[::-1].to_numpy())
    assert design_rows(registry, stale, "2026-Q1").empty, "made for another design of this quarter"
    assert design_rows(registry, pd.DataFrame(), "2026-Q1").empty


def test_all_means_the_closed_quarters_that_lack_a_design():
    registry = load_registry("demonstration")
    table = of_quarters(registry, "2024-Q4", "2025-Q2", "2026-Q1")
    now = datetime(2026, 9, 1, tzinfo=UTC)
    assert quarters_meant(registry, table, "all", now) == ["2025-Q1", "2025-Q3", "2025-Q4", "2026-Q2"]
    assert quarters_meant(registry, table, "all", datetime(2025, 3, 1, tzinfo=UTC)) == []
    assert quarters_meant(registry, table, "2026-Q1", now) == ["2026-Q1"], "one that is named is made again"
    assert quarters_meant(registry, table, None, now) == ["2026-Q2"]


def test_a_quarter_replaces_its_own_rows_only_and_the_order_stays(table, tmp_path):
    path, all_of = tmp_path / "calibration.csv", tmp_path / "all.csv"
    later = table.assign(quarter="2024-Q1", design_hash="1" * 64)
    for each in (later, table):
        store(path, each)
        for study in ("b", "a"):
            collect(all_of, study, each)
    both = path.read_bytes(), all_of.read_bytes()
    Calibration.validate(pd.read_csv(path, dtype={"design_hash": "str", "fields": "str"}))
    assert pd.read_csv(path)["quarter"].tolist() == ["2023-Q4"] * len(table) + ["2024-Q1"] * len(table)
    store(path, table)
    collect(all_of, "a", later)
    assert (path.read_bytes(), all_of.read_bytes()) == both, "the same input gives the same bytes"
    store(path, table.iloc[:3].assign(draws=9))
    shorter = pd.read_csv(path)
    assert shorter["draws"].tolist() == [9] * 3 + [6] * len(table), "the number of rows may change"
    assert path.read_text(encoding="utf-8").endswith(table_text(later).split("\n", 1)[1])
    collect(all_of, "a", table.iloc[:3])
    counts = pd.read_csv(all_of).groupby(["study", "quarter"]).size().to_dict()
    n = len(table)
    assert counts == {("a", "2023-Q4"): 3, ("a", "2024-Q1"): n, ("b", "2023-Q4"): n, ("b", "2024-Q1"): n}


def test_the_command_says_when_there_is_nothing_to_calibrate(tmp_path):
    path = tmp_path / "calibration.csv"
    asked = ["calibrate", "--study", "rlp", "--quarter", "2026-Q2", "--output", str(path), "--collected", str(path)]
    done = CliRunner().invoke(cli, asked, catch_exceptions=False)
    assert (
        "kfz_zulassung: not assessable on this design, because the start of the cooperation is not known" in done.output
    )
    assert "no field can be assessed" in done.output
    assert not path.exists()


@pytest.mark.slow
def test_the_command_writes_both_files_and_what_they_allow(tmp_path):
    own, all_of = tmp_path / "calibration.csv", tmp_path / "all.csv"
    asked = [
        "calibrate",
        "--study",
        "demonstration",
        "--quarter",
        "2026-Q2",
        "--draws",
        "2",
        "--worlds",
        "AB",
        "--workers",
        "1",
    ]
    done = CliRunner().invoke(cli, [*asked, "--output", str(own), "--collected", str(all_of)], catch_exceptions=False)
    assert "none is published as primary" in done.output, "two worlds of four are not enough"
    registry = load_registry("demonstration")
    table = pd.read_csv(own)
    assert set(table["design_hash"]) == {design_hash(registry, "2026-Q2")}
    assert set(table["world"]) == {"A", "B"} and not table["primary"].any()
    lines = all_of.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("study,quarter,") and len(lines) == len(table) + 1


def test_the_committed_calibration_is_that_of_the_demonstrations_design():
    """A study that ships a calibration ships the one of its own design, made with the draws the plan asks for."""
    registry = load_registry("demonstration")
    table = design_rows(registry, registry.calibration, "2026-Q2")
    assert not table.empty
    usual = table[~table["inference"].isin(["wild_interval", "imputation_conservative", "group_time_influence"])]
    assert (usual["draws"] == 4_000).all() and (table["draws"] >= 400).all()
    assert set(table["world"]) == set("ABCDEFGH")
    judged = judge_calibration(table)
    marked = table[table["primary"]]
    assert set(marked["inference"]) == ({judged.primary} if judged.primary else set())
    (average,) = registry.pooled
    of_average = pooled_rows(table, " ".join(average.fields))
    assert len(of_average) == 16 and keeps_size(of_average, "cr2_pooled")
