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
MPDTA_CELLS = [f"ATT({g},{t})" for g, first in ((2004, 2004), (2006, 2004), (2007, 2004)) for t in range(first, 2008)]
DID_LPOP = {
    "never": (
        [-0.0145, -0.0764, -0.1404, -0.1069, -0.0005, -0.0062, 0.0010, -0.0413, 0.0267, -0.0046, -0.0284, -0.0288],
        [0.0233, 0.0297, 0.0348, 0.0340, 0.0236, 0.0184, 0.0194, 0.0189, 0.0145, 0.0163, 0.0191, 0.0166],
    ),
    "not_yet": (
        [-0.0212, -0.0816, -0.1382, -0.1069, -0.0075, -0.0046, 0.0087, -0.0413, 0.0269, -0.0042, -0.0284, -0.0288],
        [0.0225, 0.0296, 0.0382, 0.0353, 0.0236, 0.0193, 0.0171, 0.0195, 0.0136, 0.0158, 0.0185, 0.0167],
    ),
}  # fmt: skip
"""R did, manual of att_gt, example with xformla = ~lpop (doubly robust): points and bootstrap errors as printed."""
SINGLE_PRECISION = 1e-7
"""The package holds log homicides in single precision; the peers read them as decimal text."""
CASTLE = {
    ((), None, "never", "dr"): (0.01940281618499536, 0.03838864604782947, 0.059054180235862085, 0.03432936781813203, 0.011527828643377149, 0.039618385615127476, 0.05899311179289548, 0.029138993995948756),
    ((), "popwt", "not_yet", "dr"): (0.07503593980198481, 0.05156657019314091, 0.1047229448634345, 0.04356021976506401, 0.05996659565193355, 0.04392403578650982, 0.10480604233142163, 0.03951150769554693),
    (("poverty",), None, "never", "dr"): (-0.02961836681517411, 0.06654458453648922, 0.021450717355471723, 0.05877887303457527, -0.03053493769453586, 0.06188012959981299, 0.01763428186181345, 0.051774883997680814),
    (("poverty",), None, "never", "ipw"): (-0.033620060073937474, 0.07314480203460927, 0.01849223209527768, 0.06439243361360958, -0.03374167090676631, 0.06758477269812407, 0.014214964357126214, 0.05718952338460188),
    (("poverty",), "popwt", "never", "reg"): (0.07227160978440181, 0.058612820102534345, 0.10552726347481707, 0.05183566620034566, 0.05731389215094945, 0.05182799668538901, 0.10544926483278831, 0.044408560486800565),
    (("poverty",), "popwt", "not_yet", "dr"): (0.07089366116158008, 0.06002341409313456, 0.10135380692172266, 0.05125114406870897, 0.06224498930225095, 0.051959559355049215, 0.10141720381117161, 0.046682317087888864),
}  # fmt: skip
"""Covariates, weights, comparison, adjustment -> point and error by state of simple, dynamic, group, calendar: csdid 0.4.3."""


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
    with pytest.raises(EstimationError, match="comparison 'always' is unknown; allowed: never, not_yet"):
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


@pytest.mark.parametrize("comparison", DID_LPOP)
def test_mpdta_with_a_covariate_agrees_with_the_manual_of_r_did(comparison):
    """Points to the printed digits, errors to the noise of its bootstrap (10 %, as the reference file says)."""
    panel = pd.read_csv(reference_file("mpdta.csv"))
    cells = fit_group_time(panel, **MPDTA, covariates=["lpop"], comparison=comparison).to_frame()
    points, errors = DID_LPOP[comparison]
    assert cells["term"].tolist() == MPDTA_CELLS
    assert cells["estimate"].tolist() == pytest.approx(points, abs=5.1e-5)
    assert cells["se_unit"].tolist() == pytest.approx(errors, rel=0.12)


@pytest.fixture(scope="module")
def castle():
    """Return the panel of Cheng and Hoekstra (2013), 50 states, 2000 to 2010, from the package causaldata."""
    from causaldata import castle

    panel = castle.load_pandas().data
    first = panel[panel["post"] > 0].groupby("sid")["year"].min()
    return panel.assign(cohort=panel["sid"].map(first).fillna(0).astype(int))


@pytest.mark.parametrize("case", CASTLE, ids=str)
def test_castle_agrees_with_a_peer(castle, case):
    covariates, weights, comparison, adjustment = case
    fit = fit_group_time(
        castle, outcome="l_homicide", unit="sid", period="year", cohort="cohort",
        covariates=covariates, weights=weights, comparison=comparison, adjustment=adjustment,
    )  # fmt: skip
    found = [fit.aggregate(kind) for kind in ("simple", "dynamic", "group", "calendar")]
    assert [x for each in found for x in (each.estimate, each.se_unit)] == pytest.approx(
        CASTLE[case], abs=SINGLE_PRECISION
    )


def test_organ_donations_are_a_two_by_two():
    """Kessler and Roth (2014): California against 26 states, base 2011-Q2; each quarter by hand."""
    from causaldata import organ_donations

    panel = organ_donations.load_pandas().data
    panel["cohort"] = np.where(panel["State"] == "California", 4, 0)
    fit = fit_group_time(panel, outcome="Rate", unit="State", period="Quarter_Num", cohort="cohort", aggregate="simple")
    wide = panel.pivot(index="State", columns="Quarter_Num", values="Rate")
    change = wide[[4, 5, 6]].mean(axis=1) - wide[3]
    by_hand = change["California"] - change.drop("California").mean()
    assert fit.to_frame()["estimate"].tolist() == pytest.approx([by_hand], abs=1e-12)
    assert fit.linear.estimates == pytest.approx([by_hand], abs=1e-12)
