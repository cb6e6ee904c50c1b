"""Cost function: Nerlove's electricity firms, invented costs of known elasticity, brute force, and what it refuses.

nerlove.csv holds cost (million USD), output (million kWh) and the prices of labor, capital and fuel of 145 firms in 1955:
Nerlove (1963), as corrected by Christensen and Greene (1976) and printed in Greene, *Econometric Analysis*, table F14.2.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from ikz_eval.errors import EstimationError
from ikz_eval.estimate import Request, answer, fit_cost_function
from ikz_eval.inference.sandwich import cluster_robust
from tests.reference.staggered import BODIES

NERLOVE = {"outcome": "cost", "output": "output", "prices": ["fuel", "labor", "capital"]}
AER = {
    "elasticity": (0.720667, 0.017435),
    "price(labor)": (0.593972, 0.204632),
    "price(capital)": (-0.008471, 0.190842),
}
"""Estimate and standard error printed by R's AER 1.2-16 (help page of Electricity1955; Greene 2003, example 7.3)."""


@pytest.fixture(scope="module")
def nerlove():
    return pd.read_csv(Path(__file__).parent / "nerlove.csv")


def by_term(fit):
    return dict(zip(fit.linear.terms, fit.linear.estimates, strict=True))


def invented(seed=4, noise=0.0, curvature=0.0, prices=True):
    """Return 36 bodies in 9 regions, 8 quarters; elasticity .8 + curvature (log output - 7), homogeneous in two prices."""
    draw = np.random.default_rng(seed)
    region = np.repeat(np.arange(9), BODIES)
    body, quarter = np.divmod(np.arange(36 * 8), 8)
    cases = np.exp(draw.normal(7, 0.8, 36))[body] * np.exp(0.1 * draw.normal(size=36 * 8))
    wage, rent = np.exp(draw.normal(3, 0.1, (2, 36 * 8)))
    size = np.log(cases) - 7
    shares = (0.7 * np.log(wage) + 0.3 * np.log(rent)) if prices else 0.0
    shocks = draw.normal(0, 0.7, 9)[region][body] + draw.normal(size=36 * 8)
    log_cost = 2 + 0.8 * size + 0.5 * curvature * size**2 + shares + 0.01 * quarter + noise * shocks
    return pd.DataFrame(
        {"body": body, "region": region[body], "quarter": quarter, "cases": cases, "wage": wage, "rent": rent,
         "cost": np.exp(log_cost)}
    )  # fmt: skip


def test_nerlove_as_printed(nerlove):
    fit = fit_cost_function(nerlove, **NERLOVE)
    table = fit.to_frame().set_index("term")
    for term, (estimate, se) in AER.items():
        assert round(table.loc[term, "estimate"], 6) == estimate
        assert round(table.loc[term, "se_classical"], 6) == se
    assert table.loc["elasticity", "scale_economies"] == pytest.approx(1 / 0.720667, abs=1e-5)
    assert table["df_classical"].unique() == [141]
    assert np.sqrt(fit.fit.variance) == pytest.approx(0.3917, abs=5e-5)


def test_whatever_price_is_the_first_the_elasticity_is_the_same(nerlove):
    """Homogeneity of degree one: dividing by any price gives the same function, and the price coefficients add to one."""
    by_fuel, by_labor = (
        fit_cost_function(nerlove, **(NERLOVE | {"prices": prices}), form=form, at=[500])
        for form in ("translog",)
        for prices in (["fuel", "labor", "capital"], ["labor", "capital", "fuel"])
    )
    assert by_term(by_fuel)["elasticity(500)"] == pytest.approx(by_term(by_labor)["elasticity(500)"], abs=1e-10)
    assert by_term(by_fuel)["price(labor)"] == pytest.approx(
        1 - by_term(by_labor)["price(capital)"] - by_term(by_labor)["price(fuel)"], abs=1e-9
    )
    dearer = nerlove.assign(**{name: 2 * nerlove[name] for name in ("cost", "fuel", "labor", "capital")})
    assert by_term(fit_cost_function(dearer, **NERLOVE)) == pytest.approx(
        by_term(fit_cost_function(nerlove, **NERLOVE))
    )


def test_translog_by_brute_force(nerlove):
    fit = fit_cost_function(nerlove, **NERLOVE, form="translog", at=[10, 1000])
    logs = np.log(nerlove)
    frame = pd.DataFrame(
        {"c": logs["cost"] - logs["fuel"], "q": logs["output"], "l": logs["labor"] - logs["fuel"],
         "k": logs["capital"] - logs["fuel"]}
    )  # fmt: skip
    means = frame[["q", "l", "k"]].mean()
    known = smf.ols("c ~ q + l + k + I(q**2) + I(l**2) + I(k**2) + q:l + q:k + l:k", frame).fit().params
    for size, term in ((10, "elasticity(10)"), (1000, "elasticity(1000)"), (np.exp(means["q"]), "elasticity")):
        expected = (
            known["q"] + 2 * known["I(q ** 2)"] * np.log(size) + known["q:l"] * means["l"] + known["q:k"] * means["k"]
        )
        assert by_term(fit)[term] == pytest.approx(expected, abs=1e-9)
    assert by_term(fit)["curvature"] == pytest.approx(2 * known["I(q ** 2)"], abs=1e-9)
    table = fit.to_frame().set_index("term")
    assert table.loc["elasticity(10)", "scale_economies"] == pytest.approx(1 / by_term(fit)["elasticity(10)"])
    assert np.isnan(table.loc["curvature", "scale_economies"])


def test_a_known_elasticity_is_recovered_without_noise():
    columns = {"outcome": "cost", "output": "cases", "prices": ["wage", "rent"], "period": "quarter"}
    plain = by_term(fit_cost_function(invented(), **columns, at=[900]))
    assert (plain["elasticity"], plain["elasticity(900)"], plain["price(rent)"]) == pytest.approx(
        (0.8, 0.8, 0.3), abs=1e-10
    )
    bent = by_term(fit_cost_function(invented(curvature=0.1), **columns, form="translog", at=[900, 2000]))
    for size in (900, 2000):
        assert bent[f"elasticity({size})"] == pytest.approx(0.8 + 0.1 * (np.log(size) - 7), abs=1e-10)
    assert bent["curvature"] == pytest.approx(0.1, abs=1e-10)
    assert bent["output x price(rent)"] == pytest.approx(0, abs=1e-9)


def test_periods_units_and_covariates_by_brute_force():
    draw = np.random.default_rng(2)
    frame = invented(noise=0.05, prices=False).assign(rural=draw.normal(size=288))
    within = fit_cost_function(
        frame, outcome="cost", output="cases", period="quarter", absorb=["body"], covariates=["rural"], cluster="region"
    )
    known = smf.ols("np.log(cost) ~ np.log(cases) + rural + C(body) + C(quarter)", frame).fit().params
    assert by_term(within)["elasticity"] == pytest.approx(known["np.log(cases)"], abs=1e-10)
    assert by_term(within)["rural"] == pytest.approx(known["rural"], abs=1e-10)
    between = fit_cost_function(frame, outcome="cost", output="cases", unit="body", period="quarter")
    known = smf.ols("np.log(cost) ~ np.log(cases) + C(quarter)", frame).fit().params
    assert by_term(between)["elasticity"] == pytest.approx(known["np.log(cases)"], abs=1e-10)
    assert (between.n_units, between.linear.n_clusters, within.linear.n_clusters) == (36, 36, 9)


def test_the_interval_at_a_size_is_exact():
    """An elasticity at a size is a combination of coefficients: CR2 of it is CR2 with log output centred there."""
    frame = invented(noise=0.05)
    columns = {
        "outcome": "cost",
        "output": "cases",
        "prices": ["wage", "rent"],
        "cluster": "region",
        "form": "translog",
    }
    fit = fit_cost_function(frame, **columns, at=[1500])
    found = dict(zip(fit.linear.terms, cluster_robust(fit.linear, "cr2"), strict=True))["elasticity(1500)"]
    logs = np.log(frame[["cost", "cases", "wage", "rent"]])
    size, rent = logs["cases"] - np.log(1500), logs["rent"] - logs["wage"]
    rent = rent - rent.mean()
    moved = frame.assign(
        y=logs["cost"] - logs["wage"], size=size, rent=rent, bend=size**2, both=size * rent, rents=rent**2
    )
    request = Request(
        method="regression", outcome="y", regressors=("size", "rent", "bend", "both", "rents"), cluster="region",
        inference=("cr2",),
    )  # fmt: skip
    known = answer(moved, request).estimates[0].inference["cr2"]
    assert (found.se, found.df, found.low, found.high) == pytest.approx(
        tuple(known[key] for key in ("se", "df", "low", "high")), rel=1e-7
    )


def test_the_door_infers_by_region():
    request = Request(
        method="cost_function", outcome="cost", output="cases", prices=("wage", "rent"), unit="body", period="quarter",
        cluster="region", at=(900.0,), inference=("cr2", "wild"),
    )  # fmt: skip
    answered = answer(invented(noise=0.05), request)
    first = {one.term: one.inference for one in answered.estimates}["elasticity(900)"]
    assert first["cr2"]["low"] < 0.8 < first["cr2"]["high"]
    assert first["wild"]["draws"] == 512
    assert (answered.verdict, answered.n_units) == (None, 36)


def test_rows_without_a_logarithm_are_counted():
    frame = invented(noise=0.05)
    frame.loc[0, "cost"] = 0.0
    frame.loc[1, "cost"] = -5.0
    frame.loc[2, "cases"] = 0.0
    frame.loc[3, "wage"] = 0.0
    frame.loc[4, "cases"] = np.nan
    fit = fit_cost_function(frame, outcome="cost", output="cases", prices=["wage", "rent"])
    assert fit.dropped == {
        "cost_not_positive": 2,
        "output_missing": 1,
        "output_not_positive": 1,
        "price_not_positive": 1,
    }
    assert fit.n_obs == 283


@pytest.mark.parametrize(
    ("options", "change", "message"),
    [
        ({"at": [1e7]}, lambda f: f, "size 1e.07 lies outside the outputs observed"),
        ({"at": [0]}, lambda f: f, "size 0 lies outside"),
        ({}, lambda f: f.assign(cost=-1.0), "dropped: {'cost_not_positive': 288}"),
        ({}, lambda f: f.assign(cases=100.0), "'elasticity' does not vary"),
        ({"prices": ["wage", "rent"]}, lambda f: f.assign(rent=3 * f["wage"]), "'price.rent.' does not vary"),
        ({"absorb": ["body"]}, lambda f: f.assign(cases=f["body"] + 1.0), "'elasticity' does not vary"),
        ({"form": "cubic"}, lambda f: f, "form 'cubic' is unknown; allowed: loglog, translog"),
        ({"prices": ["cases"]}, lambda f: f, "'cases' is named twice"),
        ({"output": "nowhere"}, lambda f: f, "the panel has no column for output 'nowhere'"),
    ],
)
def test_refusals(options, change, message):
    columns = {"outcome": "cost", "output": "cases"} | options
    with pytest.raises(EstimationError, match=message):
        fit_cost_function(change(invented(noise=0.05)), **columns)


@pytest.mark.slow
def test_cr2_by_region_holds_the_known_elasticity():
    """At least 95 % less three Monte Carlo errors; with nine regions that differ in size CR2 errs to the safe side."""
    held = 0
    for seed in range(600):
        fit = fit_cost_function(
            invented(seed, noise=0.05), outcome="cost", output="cases", prices=["wage", "rent"], cluster="region"
        )
        found = cluster_robust(fit.linear, "cr2")[0]
        held += found.low <= 0.8 <= found.high
    assert held / 600 > 0.95 - 3 * np.sqrt(0.05 * 0.95 / 600)
