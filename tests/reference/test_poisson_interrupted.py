"""Segmented Poisson regression of one series: against a published case, statsmodels' own variances, and by hand."""

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import optimize

from ikz_eval.errors import EstimationError
from ikz_eval.estimate import fit_poisson_interrupted
from ikz_eval.estimate.inferring import Plan
from ikz_eval.estimate.series.segments import Segments
from tests.reference.staggered import reference_file

COLUMNS = {"outcome": "cases", "period": "t", "intervention": 13, "offset": "people"}


def invented(seed=5, periods=24):
    """Return counts with rate ratio .8 at period 13, trend 1 % a period, overdispersed."""
    draw = np.random.default_rng(seed)
    t = np.arange(1, periods + 1)
    people = 100_000 + 500.0 * t
    rate = 0.01 * np.exp(0.01 * t + np.log(0.8) * (t >= 13) + 0.05 * draw.normal(size=periods))
    return pd.DataFrame({"t": t, "people": people, "cases": draw.poisson(people * rate)})


def level(fit, name):
    return fit.infer(name, Plan((name,)))["level"]


def test_sicily_as_published():
    """Lopez Bernal and others (2017): 0.894 (0.864 to 0.925), with harmonics and dispersion 0.885 (0.839 to 0.933)."""
    case = json.loads(reference_file("expected.json").read_text())["cases"]["sicily"]
    known, tolerance, published = case["computed"], case["tol"]["rr"], case["published"]
    frame = pd.read_csv(reference_file("sicily.csv"))
    columns = {"outcome": "aces", "period": "time", "intervention": "37", "offset": "stdpop"}
    fit = fit_poisson_interrupted(frame, **columns)
    for name, stored in (("mle", "sicily_poisson"), ("quasi", "sicily_quasipoisson")):
        found = level(fit, name)
        assert found["rate_ratio"] == pytest.approx(known[stored]["rr"], abs=tolerance)
        assert (found["rate_ratio_low"], found["rate_ratio_high"]) == pytest.approx(known[stored]["ci"], abs=tolerance)
        assert (found["se"], found["p"]) == pytest.approx((known[stored]["se"], known[stored]["p"]), rel=1e-5)
    assert fit.dispersion == pytest.approx(known["sicily_quasipoisson"]["dispersion"], rel=1e-6)
    assert round(level(fit, "mle")["rate_ratio"], 3) == published["RR"]
    seasonal = fit_poisson_interrupted(frame, **columns, segments=Segments(harmonics=2, season_length=12))
    assert round(level(seasonal, "quasi")["rate_ratio"], 3) == published["RR_seasonal"]
    assert level(seasonal, "quasi")["se"] == pytest.approx(known["sicily_quasi_harmonic"]["se"], rel=1e-5)
    bent = fit_poisson_interrupted(frame, **columns, segments=Segments(slope=True, harmonics=2, season_length=12))
    slope = bent.infer("quasi", Plan(("quasi",)))["slope"]
    stored = known["sicily_quasi_harm_slope"]
    assert bent.to_frame().set_index("term").loc["slope", "estimate"] == pytest.approx(stored["coef"], rel=1e-6)
    assert (slope["se"], slope["p"]) == pytest.approx((stored["se"], stored["p"]), rel=1e-6)


def test_the_likelihood_is_maximal_by_hand():
    frame = invented()
    fit = fit_poisson_interrupted(frame, **COLUMNS)
    design = np.column_stack([np.ones(24), frame["t"] >= 13, frame["t"] - 1]).astype(float)
    counts, exposure = frame["cases"].to_numpy(float), frame["people"].to_numpy()

    def slope_of_likelihood(b):
        return design.T @ (counts - exposure * np.exp(design @ b))

    solved = optimize.root(slope_of_likelihood, np.array([-4.6, -0.2, 0.01]), tol=1e-12)
    found = fit.to_frame().set_index("term")
    assert (found.loc["level", "estimate"], found.loc["trend", "estimate"]) == pytest.approx(
        tuple(solved.x[1:]), abs=1e-7
    )
    assert found.loc["level", "rate_ratio"] == pytest.approx(np.exp(solved.x[1]), abs=1e-7)


def test_every_variance_is_that_of_statsmodels():
    frame = invented()
    fit = fit_poisson_interrupted(frame, **COLUMNS)
    design = np.column_stack([np.ones(24), frame["t"] >= 13, frame["t"]]).astype(float)
    model = sm.GLM(frame["cases"], design, family=sm.families.Poisson(), offset=np.log(frame["people"]))
    robust = {"maxlags": 2, "use_correction": True}
    for name, known in (
        ("mle", model.fit()),
        ("quasi", model.fit(scale="X2")),
        ("hac", model.fit(cov_type="HAC", cov_kwds=robust)),
    ):
        assert level(fit, name)["se"] == pytest.approx(known.bse.iloc[1], rel=1e-6), name
    assert level(fit, "hac")["lags"] == 2


def test_a_missing_period_keeps_its_place_in_the_lags():
    frame = invented().drop(index=[6, 7, 18])
    fit = fit_poisson_interrupted(frame, **COLUMNS, lags=3)
    t = frame["t"].to_numpy(float)
    design = np.column_stack([np.ones(t.size), t >= 13, t]).astype(float)
    known = sm.GLM(frame["cases"], design, family=sm.families.Poisson(), offset=np.log(frame["people"])).fit()
    scores = design * (frame["cases"] - known.fittedvalues).to_numpy()[:, None]
    weight = np.clip(1 - np.abs(t[:, None] - t[None, :]) / 4, 0, None)
    bread = np.asarray(known.cov_params())
    covariance = bread @ (scores.T @ weight @ scores) @ bread * (21 / 18)
    assert level(fit, "hac")["se"] == pytest.approx(np.sqrt(covariance[1, 1]), rel=1e-6)


def test_an_exposure_of_one_is_none():
    frame = invented().assign(one=1.0)
    with_one = fit_poisson_interrupted(frame, **(COLUMNS | {"offset": "one"}))
    without = fit_poisson_interrupted(frame, **(COLUMNS | {"offset": None}))
    assert level(with_one, "quasi") == level(without, "quasi")


def test_what_it_says_is_in_per_cent():
    fit = fit_poisson_interrupted(invented(), **COLUMNS)
    found = level(fit, "quasi")
    assert fit.describe("de")[0].startswith(
        f"Ab 13 ändert sich die Rate um −{100 * (1 - found['rate_ratio']):.1f} %".replace(".", ",")
    )
    assert any("overdispersion" in sentence for sentence in fit.describe("en"))
    assert any("only 24 periods" in sentence for sentence in fit.describe("en"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.assign(cases=f["cases"] - 2_000), "allowed are counts"),
        (lambda f: f.assign(cases=f["cases"] + 0.5), "allowed are counts"),
        (lambda f: f.assign(people=f["people"].where(f["t"] != 4, 0)), "'people' holds the exposure 0"),
        (lambda f: f.assign(cases=f["cases"].where(f["t"] < 13, 0)), "zero in every period after the intervention"),
        (lambda f: f.assign(people="many"), "'people' holds words in"),
    ],
)
def test_refusals(change, message):
    with pytest.raises(EstimationError, match=message):
        fit_poisson_interrupted(change(invented()), **COLUMNS)


def test_counts_that_only_zeros_explain_are_refused():
    """A covariate that marks periods of zero counts drives its coefficient to minus infinity."""
    frame = invented().assign(closed=lambda f: (f["t"] == 5).astype(float))
    frame.loc[frame["t"] == 5, "cases"] = 0
    with pytest.raises(EstimationError, match="found no maximum"):
        fit_poisson_interrupted(frame, **COLUMNS, covariates=["closed"])


def test_a_row_without_exposure_is_counted():
    frame = invented()
    frame.loc[3, "people"] = np.nan
    assert fit_poisson_interrupted(frame, **COLUMNS).dropped == {"offset_missing": 1}
