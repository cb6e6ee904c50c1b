"""Checks of the robustness card that rest on records: each against a refit of sums made by hand."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from ikz_eval.estimate import evaluate_field, fit_imputation
from ikz_eval.estimate.missing_deliveries import missing_bounds
from ikz_eval.estimate.regrouped import read_bodies, regrouped
from ikz_eval.estimate.robustness_records import Case, merged_units, record_checks, unknown_starts
from ikz_eval.warehouse import typed
from tests.ikz_eval.estimate.invented import (
    BODIES,
    FIELD,
    LAST,
    MAIN,
    STARTS,
    make_panel,
    make_partnership,
    make_registry,
)

PANEL = make_panel(seed=11)
UNIT_OF = {ags: unit for unit, bodies in BODIES.items() for ags in bodies}
COLUMNS = ("check", "ags", "field", "quarter", "unit")


def case_of(records=(), panel=PANEL, partnership=None, registry=None):
    """Return a case with records given as tuples of check, ags, field, quarter, unit."""
    table = pd.DataFrame([(*row, "invented") for row in records], columns=[*COLUMNS, "source"], dtype="str")
    registry = replace(registry or make_registry(), robustness=table)
    partnership = make_partnership(panel) if partnership is None else partnership
    found = evaluate_field(registry, MAIN, FIELD, LAST, panel, partnership)
    return Case(registry, found, LAST, read_bodies(panel, partnership, FIELD))


def checked(records, name, **parts):
    return next(each for each in record_checks(case_of(records, **parts)) if each.name == name)


def by_hand(panel, unit_of, starts=STARTS, gone=()):
    """Return the fit on sums made here: log of summed cost over summed cases, a unit and quarter each."""
    rows = panel.assign(unit=panel["ags"].map(unit_of)).dropna(subset=["unit"])
    rows = rows.groupby(["unit", "quarter"])[["real_gross_cost_cents", "cases"]].sum().astype(float).reset_index()
    rows["y"] = np.log(rows["real_gross_cost_cents"] / rows["cases"])
    rows["cohort"] = rows["unit"].map(starts).astype(object).where(rows["unit"].isin(starts), None)
    rows = rows[[pair not in gone for pair in zip(rows["unit"], rows["quarter"], strict=True)]]
    return fit_imputation(rows, outcome="y", unit="unit", period="quarter", cohort="cohort")


def same(check, fit):
    assert check.withheld is None
    expected = (fit.estimate, fit.inference.low, fit.inference.high, fit.inference.p)
    assert (check.estimate, check.low, check.high, check.p) == pytest.approx(expected, abs=1e-12)
    assert check.n_units == fit.n_units


def test_with_nothing_changed_the_partnerships_are_those_of_the_table():
    partnership = make_partnership(PANEL)
    bodies = read_bodies(PANEL, partnership, FIELD)
    again = regrouped(bodies, FIELD, bodies.members).set_index(["unit", "quarter"])
    table = partnership.set_index(["unit", "quarter"]).loc[again.index]
    for column in ("real_gross_cost_cents", "cases", "members", "members_delivered"):
        assert (again[column] == table[column]).all()
    pd.testing.assert_series_equal(again["cohort"], table["cohort"], check_dtype=False)
    rows, _ = case_of().rows(bodies.members)
    pd.testing.assert_frame_equal(rows, case_of().found.partnership.frame.rows)


def test_neighbours_are_left_out_of_their_blocks_and_a_block_of_neighbours_whole():
    gone = [BODIES["block1"][0], *BODIES["block2"]]
    found = checked([("without_neighbours", ags, None, None, "alpha") for ags in gone], "without_neighbours")
    same(found, by_hand(PANEL, {ags: unit for ags, unit in UNIT_OF.items() if ags not in gone}))
    assert found.n_units == 6


def test_other_cooperation_counts_in_its_field_or_in_any():
    one, two = BODIES["block3"]
    records = [
        ("without_other_cooperation", one, None, None, None),
        ("without_other_cooperation", two, "another", None, None),
    ]
    kept = {ags: unit for ags, unit in UNIT_OF.items() if ags != one}
    same(checked(records, "without_other_cooperation"), by_hand(PANEL, kept))
    assert checked(records[1:], "without_other_cooperation").withheld == "not_concerned"


def test_quarters_of_a_reform_are_left_out_for_everyone():
    quarters = ("2021-Q4", "2022-Q1")
    records = [("without_ikfz", None, FIELD, quarter, None) for quarter in quarters]
    same(checked(records, "without_ikfz"), by_hand(PANEL[~PANEL["quarter"].isin(quarters)], UNIT_OF))
    elsewhere = [("without_ikfz", None, "another", quarter, None) for quarter in quarters]
    assert checked(elsewhere, "without_ikfz").withheld == "not_concerned"


def test_other_blocks_are_summed_anew():
    block = {ags: "east" if ags.endswith("1") else "west" for unit in BODIES if "block" in unit for ags in BODIES[unit]}
    found = checked([("alternative_grouping", a, None, None, b) for a, b in block.items()], "alternative_grouping")
    same(found, by_hand(PANEL, UNIT_OF | block))
    assert found.n_units == 5


def test_planning_regions_change_the_clusters_and_never_the_estimate():
    region = {"alpha": "A", "block1": "A", "beta": "B", "block2": "B", "gamma": "C", "block3": "C", "block4": "D"}
    records = [("planning_regions", ags, None, None, region[unit]) for ags, unit in UNIT_OF.items()]
    found = checked(records, "planning_regions")
    rows = make_partnership(PANEL)
    rows = rows.assign(y=np.log(rows["real_gross_cost_per_case_eur"]), group=rows["unit"].map(region))
    fit = fit_imputation(rows, outcome="y", unit="unit", period="quarter", cohort="cohort", cluster="group")
    assert found.estimate == pytest.approx(by_hand(PANEL, UNIT_OF).estimate, abs=1e-12)
    assert (found.low, found.p) == pytest.approx((fit.inference.low, fit.inference.p), abs=1e-12)
    assert (found.n_units, found.withheld) == (4, None)


def test_a_region_across_two_planning_regions_joins_them():
    unit_of = {"1": "emh", "2": "emh", "3": "west", "4": "east", "5": "far"}
    region_of = {"1": "W", "2": "E", "3": "W", "4": "E", "5": "F"}
    assert merged_units(unit_of, region_of) == {"emh": "E+W", "west": "E+W", "east": "E+W", "far": "F"}


def test_all_treated_in_one_planning_region_is_a_point():
    records = [("planning_regions", ags, None, None, "B" if "block" in unit else "A") for ags, unit in UNIT_OF.items()]
    found = checked(records, "planning_regions")
    assert found.withheld == "too_few_regions" and np.isnan(found.p)


def test_without_records_every_check_says_so():
    found = list(record_checks(case_of()))
    assert [each.withheld for each in found] == ["not_recorded"] * 5
    assert all(np.isnan(each.estimate) for each in found)


GAPS = [("alpha", 0, "2020-Q2"), ("alpha", 1, "2022-Q3"), ("block1", 0, "2023-Q1"), ("block2", 1, "2020-Q4")]


def test_bounds_for_missing_deliveries_are_those_of_every_filling():
    gone = {(BODIES[unit][which], quarter) for unit, which, quarter in GAPS}
    kept = PANEL[[pair not in gone for pair in zip(PANEL["ags"], PANEL["quarter"], strict=True)]]
    low, high = missing_bounds(case_of(panel=kept))
    price = (kept["real_gross_cost_cents"].astype(float) / kept["cases"]).groupby(kept["quarter"]).agg(["min", "max"])
    estimates = []
    for ends in product(("min", "max"), repeat=len(gone)):
        filled = PANEL.astype({"real_gross_cost_cents": float}).set_index(["ags", "quarter"])
        for (ags, quarter), end in zip(sorted(gone), ends, strict=True):
            filled.loc[(ags, quarter), "real_gross_cost_cents"] = 1000 * price.loc[quarter, end]
        estimates.append(by_hand(filled.reset_index(), UNIT_OF).estimate)
    assert (low.estimate, high.estimate) == pytest.approx((min(estimates), max(estimates)), abs=1e-12)
    assert low.estimate < high.estimate
    assert (low.withheld, high.withheld, low.n_units) == ("bound", "bound", 7)


def test_without_a_gap_both_bounds_are_the_estimate():
    case = case_of()
    whole = case.found.partnership.imputation.estimate
    assert [each.estimate for each in missing_bounds(case)] == pytest.approx([whole, whole], abs=1e-12)


def unknown(earliest, latest):
    """Return panel, partnership and study in which no source gives the start of region gamma."""
    registry = make_registry()
    agreements = registry.agreements.copy()
    mine = agreements["unit"] == "gamma"
    agreements.loc[mine, ["start", "start_earliest", "start_latest"]] = [None, earliest, latest]
    panel, partnership = PANEL.copy(), make_partnership(PANEL)
    for table in (panel, partnership):
        table.loc[table["unit"] == "gamma", ["cohort", "exclusion"]] = [None, "unknown_start"]
    return {
        "panel": panel,
        "partnership": partnership,
        "registry": replace(registry, agreements=typed("agreement", agreements)),
    }


def test_an_unknown_start_has_the_bounds_that_sources_give():
    earliest, latest = unknown_starts(case_of(**unknown("2022-07-01", "2022-11-15")))
    same(earliest, by_hand(PANEL, UNIT_OF))
    # The latest possible start lies inside a quarter: neither base nor effect.
    same(latest, by_hand(PANEL, UNIT_OF, STARTS | {"gamma": "2022-Q4"}, gone={("gamma", "2022-Q4")}))
    assert [earliest.part, latest.part] == ["earliest", "latest"]


def test_a_bound_that_no_source_gives_is_not_invented():
    earliest, latest = unknown_starts(case_of(**unknown("2022-07-01", None)))
    assert (earliest.withheld, latest.withheld) == (None, "not_recorded")
    assert [each.withheld for each in unknown_starts(case_of())] == ["not_concerned"]
