"""Group-time effects: by hand on an invented panel, and against R's did on mpdta."""

import json

import numpy as np
import pandas as pd
import pytest

from ikz_eval.errors import EstimationError
from ikz_eval.estimate import fit_group_time
from tests.reference.staggered import reference_file

COLUMNS = {"outcome": "log_cost", "unit": "body", "period": "quarter", "cohort": "cohort", "cluster": "region"}
MPDTA = {"outcome": "lemp", "unit": "countyreal", "period": "year", "cohort": "first_treat"}
DID_README = {"dynamic": (-0.0772, 5e-5), "group": (-0.031, 5e-4), "ATT(2004,2006)": (-0.1373, 5e-5)}
"""R did 2.5.1, README: overall effects and a cell as printed, with half a unit of the last digit."""


def two_by_two(panel, group, period, base, others):
    """Change of a group's mean less the change of the others' mean."""
    wide = panel.pivot(index="body", columns="quarter", values="log_cost")
    cohort = panel.groupby("body")["cohort"].first()
    change = wide[period] - wide[base]
    return change[cohort == group].mean() - change[cohort.isin(others)].mean()


def test_every_cell_is_a_two_by_two_difference(staggered):
    cells = fit_group_time(staggered, **COLUMNS).to_frame()
    assert len(cells) == 3 * 23
    for cell in cells.itertuples():
        base = cell.group - 1 if cell.period >= cell.group else cell.period - 1
        assert cell.base == base
        assert cell.estimate == pytest.approx(two_by_two(staggered, cell.group, cell.period, base, [0]), abs=1e-12)


def test_not_yet_treated_are_compared_too(staggered):
    cells = fit_group_time(staggered, **COLUMNS, comparison="not_yet").to_frame().set_index("term")["estimate"]
    assert cells["ATT(9,11)"] == pytest.approx(two_by_two(staggered, 9, 11, 8, [0, 13, 17]), abs=1e-12)
    assert cells["ATT(9,14)"] == pytest.approx(two_by_two(staggered, 9, 14, 8, [0, 17]), abs=1e-12)
    assert cells["ATT(9,20)"] == pytest.approx(two_by_two(staggered, 9, 20, 8, [0]), abs=1e-12)


def test_aggregations_by_hand(staggered):
    fit = fit_group_time(staggered, **COLUMNS)
    cells = fit.to_frame()
    after = cells[cells["period"] >= cells["group"]]
    size = after["group"].map({9: 4, 13: 4, 17: 3})
    assert fit.aggregate("simple").estimate == pytest.approx(np.average(after["estimate"], weights=size))
    by_group = after.groupby("group")["estimate"].mean()
    assert fit.aggregate("group").estimate == pytest.approx(np.average(by_group, weights=[4, 4, 3]))
    by_time = after.groupby(after["period"] - after["group"])[["estimate", "group"]]
    dynamic = [np.average(own["estimate"], weights=own["group"].map({9: 4, 13: 4, 17: 3})) for _, own in by_time]
    assert fit.aggregate("dynamic").estimate == pytest.approx(np.mean(dynamic))
    assert [part.term for part in fit.terms("group")] == ["g=9", "g=13", "g=17"]


def test_by_cluster_each_region_weighs_the_same(staggered):
    fit = fit_group_time(staggered, **COLUMNS, average="clusters")
    cells = fit.to_frame()
    after = cells[cells["period"] >= cells["group"]]
    assert fit.aggregate("group").estimate == pytest.approx(after.groupby("group")["estimate"].mean().mean())


def test_base_lies_before_the_anticipation(staggered):
    fit = fit_group_time(staggered, **COLUMNS, anticipation=2)
    cells = fit.to_frame().set_index("term")
    assert cells.loc["ATT(13,15)", "base"] == 10
    assert cells.loc["ATT(13,15)", "estimate"] == pytest.approx(two_by_two(staggered, 13, 15, 10, [0]), abs=1e-12)


def test_a_base_quarter_that_was_not_delivered_moves_back(staggered):
    without = staggered[~((staggered["cohort"] == 13) & (staggered["quarter"] == 12))]
    cells = fit_group_time(without, **COLUMNS).to_frame().set_index("term")
    assert cells.loc["ATT(13,15)", "base"] == 11
    assert cells.loc["ATT(13,15)", "estimate"] == pytest.approx(two_by_two(staggered, 13, 15, 11, [0]), abs=1e-12)


def test_units_without_a_base_are_counted(staggered):
    always = staggered.assign(cohort=staggered["cohort"].replace(9, 1))
    always = always[(always["cohort"] != 1) | (always["quarter"] > 0)]
    assert fit_group_time(always, **COLUMNS).observations.dropped == {"unit_without_untreated_rows": 4 * 23}


def test_what_cannot_be_compared_is_refused(staggered):
    with pytest.raises(EstimationError, match=r"groups \[9, 13, 17\] have no base or no comparison unit"):
        fit_group_time(staggered[staggered["cohort"] > 0], **COLUMNS)
    with pytest.raises(EstimationError, match="comparison 'always', average 'observations'; allowed: never, not_yet"):
        fit_group_time(staggered, **COLUMNS, comparison="always")
    with pytest.raises(EstimationError, match="aggregation 'mean' is unknown"):
        fit_group_time(staggered, **COLUMNS).aggregate("mean")


def test_mpdta_agrees_with_r_did():
    """Points to 1e-6, standard errors by unit to 1e-4 (csdid, differences, moderndid and diff-diff agree to 1e-6)."""
    computed = json.loads(reference_file("expected.json").read_text())["cases"]["mpdta"]["computed"]
    expected = computed["cs_nevertreated_analytic"]
    panel = pd.read_csv(reference_file("mpdta.csv"))
    fit = fit_group_time(panel, **MPDTA)
    for cell in fit.to_frame().itertuples():
        point, se = expected["gt"][f"{cell.group},{cell.period}"]
        assert (cell.estimate, cell.se_unit) == (pytest.approx(point, abs=1e-6), pytest.approx(se, abs=1e-4))
    for kind in ("simple", "dynamic", "group", "calendar"):
        overall = fit.aggregate(kind)
        assert overall.estimate == pytest.approx(expected[kind][0], abs=1e-6)
        assert overall.se_unit == pytest.approx(expected[kind][1], abs=1e-4)
        for part in fit.terms(kind) if kind != "simple" else []:
            point, se = expected[f"{kind}_e"][part.term.partition("=")[2]]
            assert (part.estimate, part.se_unit) == (pytest.approx(point, abs=1e-6), pytest.approx(se, abs=1e-4))
    not_yet = fit_group_time(panel, **MPDTA, comparison="not_yet").aggregate("simple")
    assert not_yet.estimate == pytest.approx(computed["cs_notyettreated_simple"][0], abs=1e-6)
    assert not_yet.se_unit == pytest.approx(computed["cs_notyettreated_simple"][1], abs=1e-4)


def test_mpdta_agrees_with_the_printed_figures():
    fit = fit_group_time(pd.read_csv(reference_file("mpdta.csv")), **MPDTA)
    cells = fit.to_frame().set_index("term")["estimate"]
    found = {"dynamic": fit.aggregate("dynamic").estimate, "group": fit.aggregate("group").estimate}
    found["ATT(2004,2006)"] = cells["ATT(2004,2006)"]
    for name, (printed, tolerance) in DID_README.items():
        assert found[name] == pytest.approx(printed, abs=tolerance)
