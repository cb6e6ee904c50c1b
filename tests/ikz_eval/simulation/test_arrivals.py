"""Late, missing and corrected deliveries are planted in the promised shares, and spare what the design needs."""

import pandas as pd
import pytest

from ikz_eval.quarters import quarter_shift, quarter_start
from ikz_eval.simulation import simulate

CELLS = 36 * 24


@pytest.fixture(scope="module")
def plan(demonstration) -> pd.DataFrame:
    """Return all deliveries of closed quarters of ten seeds, with the days from the quarter's end to arrival."""
    frames = [simulate(demonstration, seed).delivery.assign(seed=seed) for seed in range(10)]
    table = pd.concat(frames, ignore_index=True)
    ends = pd.to_datetime(table["quarter"].map(lambda q: str(quarter_start(quarter_shift(q, 1)))), utc=True)
    return table.assign(days=(table["received_at"] - ends).dt.days + 1)


@pytest.fixture(scope="module")
def first(plan) -> pd.DataFrame:
    return plan[(plan["version"] == 1) & (plan["quarter"] < "2026-Q3")]


def test_one_and_a_half_percent_are_missing(first):
    assert (CELLS - first.groupby("seed").size()).unique().tolist() == [13]


def test_five_percent_are_late_and_some_of_them_miss_the_cutoff(first):
    assert (first["days"] > 45).groupby(first["seed"]).sum().unique().tolist() == [43]
    assert (first["days"] > 62).groupby(first["seed"]).sum().unique().tolist() == [13]


def test_two_percent_are_corrected_by_a_later_version(plan):
    closed = plan[plan["quarter"] < "2026-Q3"]
    assert (closed["version"] == 2).groupby(closed["seed"]).sum().unique().tolist() == [17]


def test_late_ones_that_count_arrive_before_their_cutoff(first, demonstration):
    cutoffs = {item.quarter: item.cutoff for item in demonstration.evaluations}
    late = first[(first["days"].between(46, 62)) & first["quarter"].isin(cutoffs)]
    assert len(late) > 50
    assert (late["received_at"] <= late["quarter"].map(cutoffs)).all()


def test_those_after_the_cutoff_arrive_after_it(first, demonstration):
    cutoffs = {item.quarter: item.cutoff for item in demonstration.evaluations}
    very_late = first[(first["days"] > 62) & first["quarter"].isin(cutoffs)]
    assert len(very_late) > 20
    assert (very_late["received_at"] > very_late["quarter"].map(cutoffs)).all()


def test_no_region_lacks_a_quarter_next_to_its_start(first):
    around = first[first["ags"].str.startswith("X03") & first["quarter"].isin(["2024-Q3", "2024-Q4", "2025-Q1"])]
    assert len(around) == 10 * 3 * 3


def test_open_quarter_has_some_bodies_and_waits_for_others(plan):
    opened = plan[(plan["quarter"] == "2026-Q3") & (plan["seed"] == 0)]
    assert len(opened) == 32
    assert not {"X0204", "X1104", "X1304", "X1504"} & set(opened["ags"])
    assert opened["received_at"].between("2026-10-10", "2026-11-15").all()


def test_delivery_ids_of_different_seeds_differ(plan):
    assert not plan["delivery_id"].duplicated().any()
