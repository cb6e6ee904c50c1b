"""Two-way fixed effects: against a stored run and printed tables."""

import json

import causaldata
import pandas as pd
import pytest

from ikz_eval.estimate.twoway import fit_twoway
from ikz_eval.inference.sandwich import cluster_robust
from tests.reference.staggered import reference_file


def expected(case):
    return json.loads(reference_file("expected.json").read_text())["cases"][case]["computed"]


def test_county_employment():
    table = pd.read_csv(reference_file("mpdta.csv"))
    fit = fit_twoway(table, outcome="lemp", unit="countyreal", period="year", cohort="first_treat")
    found = cluster_robust(fit.linear, "cr1")[0]
    assert [round(found.estimate, 6), round(found.se, 6)] == expected("mpdta")["twfe"]
    assert (fit.n_obs, fit.n_units, found.df) == (2500, 500, 499)


def test_proposition_99():
    table = pd.read_csv(reference_file("prop99.csv"))
    fit = fit_twoway(table, outcome="PacksPerCapita", unit="State", period="Year", treatment="treated")
    assert fit.linear.estimates[0] == pytest.approx(expected("prop99")["did"], abs=1e-6)


def test_organ_donation_as_printed():
    """Huntington-Klein, The Effect, chapter 18: -.022 (.006), clustered by state as fixest does."""
    table = causaldata.organ_donations.load_pandas().data
    table["treated"] = (table["State"] == "California") & (table["Quarter_Num"] >= 4)
    fit = fit_twoway(table, outcome="Rate", unit="State", period="Quarter_Num", treatment="treated")
    found = cluster_robust(fit.linear, "cr1")[0]
    assert (found.estimate, found.se) == pytest.approx((-0.022, 0.006), abs=5e-4)
    assert fit.linear.parameters == 1 + 6


def test_castle_doctrine_by_treated_rows():
    """The same by treated rows and by start; 50 states, 2000 to 2010."""
    table = causaldata.castle.load_pandas().data
    roles = {"outcome": "l_homicide", "unit": "sid", "period": "year", "weights": "popwt"}
    by_row = fit_twoway(table, treatment="post", **roles)
    start = table[table["post"] == 1].groupby("sid")["year"].min()
    by_start = fit_twoway(table.assign(start=table["sid"].map(start)), cohort="start", **roles)
    assert by_row.linear.estimates == pytest.approx(by_start.linear.estimates, rel=1e-12)
    assert (by_row.n_obs, by_row.n_units) == (550, 50)
