"""Structural model of one series: the Nile as published, and the likelihood by brute force."""

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import optimize

from ikz_eval.errors import EstimationError, UsageError
from ikz_eval.estimate import fit_structural
from ikz_eval.estimate.inferring import Plan
from ikz_eval.estimate.series.segments import Segments
from tests.reference.staggered import reference_file

NILE = {"outcome": "volume", "period": "year"}


def invented(seed=8, periods=30):
    """Return a wandering level with a jump of -2 in period 16."""
    draw = np.random.default_rng(seed)
    t = np.arange(1, periods + 1)
    level = 20 + 0.5 * draw.normal(size=periods).cumsum() - 2 * (t >= 16)
    return pd.DataFrame({"t": t, "y": level + 0.7 * draw.normal(size=periods)})


def by_term(fit):
    return dict(zip(fit.to_frame()["term"], fit.to_frame()["estimate"], strict=True))


@pytest.fixture
def nile():
    return sm.datasets.nile.load_pandas().data


def test_the_nile_as_published(nile):
    """Durbin and Koopman (2012), 2.10.3: irregular 15098.5, level 1469.1; log likelihood -633.4645636 (exact diffuse)."""
    found = by_term(fit_structural(nile, **NILE))
    assert (found["irregular_variance"], found["level_variance"]) == pytest.approx((15098.5, 1469.1), rel=1e-3)
    assert found["irregular_variance"] == pytest.approx(15098.52, abs=0.1)
    assert found["llf"] == pytest.approx(-633.4645636, abs=1e-6)


def test_the_nile_with_a_break_in_1899(nile):
    fit = fit_structural(nile, **NILE, intervention="1899")
    assert by_term(fit)["level"] == pytest.approx(-247.772, abs=0.01)
    assert fit.infer("mle", Plan(("mle",)))["level"]["se"] == pytest.approx(28.777, abs=0.01)
    assert fit.variances["level_variance"] < 1e-3
    assert fit.describe("en")[0] == "From 1899 on the level changes by −248 (95 % interval −304 to −191)."


def test_the_nile_of_the_reference_folder():
    case = json.loads(reference_file("expected.json").read_text())["cases"]["nile"]
    frame, tolerance = pd.read_csv(reference_file("nile.csv")), case["tol"]
    found = by_term(fit_structural(frame, **NILE))
    variances = [found["irregular_variance"], found["level_variance"]]
    assert variances == pytest.approx(case["computed"]["nm"], rel=tolerance["var_rel"])
    assert found["llf"] == pytest.approx(case["computed"]["llf_exact_diffuse"], abs=tolerance["llf"])


def differences_by_hand(frame):
    """Return variances, jump and diffuse log likelihood from the normal density of the differences of the series."""
    change = np.diff(frame["y"].to_numpy())
    jump = np.diff((frame["t"] >= 16).to_numpy(float))
    n = change.size
    noise = 2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)

    def minus_likelihood(logs, want=False):
        covariance = np.exp(logs[0]) * noise + np.exp(logs[1]) * np.eye(n)
        inverse = np.linalg.inv(covariance)
        beta = jump @ inverse @ change / (jump @ inverse @ jump)
        rest = change - beta * jump
        height = -0.5 * ((n + 1) * np.log(2 * np.pi) + np.linalg.slogdet(covariance)[1] + rest @ inverse @ rest)
        return (np.exp(logs[0]), np.exp(logs[1]), beta, height) if want else -height

    starts = [np.log([a, b]) for a in (0.1, 1.0) for b in (0.01, 0.1, 1.0)]
    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000, "maxfev": 4000}
    solved = [optimize.minimize(minus_likelihood, s, method="Nelder-Mead", options=options) for s in starts]
    return minus_likelihood(min(solved, key=lambda one: one.fun).x, want=True)


@pytest.mark.parametrize(("seed", "periods"), [(8, 30), (5, 24)])
def test_the_optimum_is_the_one_found_by_brute_force(seed, periods):
    """Seed 5 has two tops, the higher where the level does not wander."""
    frame = invented(seed, periods)
    noise, level, jump, height = differences_by_hand(frame)
    found = by_term(fit_structural(frame, outcome="y", period="t", intervention=16))
    assert found["llf"] == pytest.approx(height, abs=1e-6)
    assert found["level"] == pytest.approx(jump, abs=1e-3)
    assert found["irregular_variance"] == pytest.approx(noise, rel=2e-3, abs=1e-4)
    assert found["level_variance"] == pytest.approx(level, rel=2e-3, abs=1e-4)


def test_the_unit_of_the_outcome_only_scales():
    frame = invented()
    one = fit_structural(frame, outcome="y", period="t", intervention=16)
    large = fit_structural(frame.assign(y=1e6 * frame["y"]), outcome="y", period="t", intervention=16)
    assert large.coefficients["level"] == pytest.approx(1e6 * one.coefficients["level"], rel=1e-6)
    assert large.errors["level"] == pytest.approx(1e6 * one.errors["level"], rel=1e-4)
    assert large.variances["level_variance"] == pytest.approx(1e12 * one.variances["level_variance"], rel=1e-5, abs=1.0)


def test_missing_periods_are_left_to_the_filter():
    frame = invented()
    gaps = frame.drop(index=[3, 4, 22])
    masked = frame.assign(y=frame["y"].where(~frame.index.isin([3, 4, 22])))
    fit = fit_structural(gaps, outcome="y", period="t", intervention=16)
    empty = fit_structural(masked, outcome="y", period="t", intervention=16)
    assert (fit.n_obs, fit.series.n_missing, fit.dropped) == (27, 3, {})
    assert empty.dropped == {"outcome_missing": 3}
    assert by_term(fit) == by_term(empty)
    with pytest.raises(EstimationError, match="covariates x are unknown in them"):
        fit_structural(gaps.assign(x=gaps["y"] ** 2), outcome="y", period="t", intervention=16, covariates=["x"])


def test_a_wandering_season_and_a_trend():
    frame = invented(periods=40)
    frame = frame.assign(y=frame["y"] + np.tile([1.0, -0.5, 0.5, -1.0], 10))
    plain = fit_structural(frame, outcome="y", period="t", intervention=16)
    season = fit_structural(frame, outcome="y", period="t", intervention=16, segments=Segments(season_length=4))
    fixed = fit_structural(
        frame, outcome="y", period="t", intervention=16, segments=Segments(harmonics=2, season_length=4)
    )
    assert set(season.variances) == {"irregular_variance", "level_variance", "seasonal_variance"}
    assert season.variances["irregular_variance"] < plain.variances["irregular_variance"] / 2
    assert list(fixed.coefficients) == ["level"]
    assert fixed.coefficients["level"] == pytest.approx(season.coefficients["level"], abs=0.5)
    bent = fit_structural(frame, outcome="y", period="t", intervention=16, segments=Segments(trend=True, slope=True))
    assert list(bent.coefficients) == ["level", "slope", "trend"]


@pytest.mark.parametrize(
    ("options", "change", "message"),
    [
        ({}, lambda f: f.assign(y=1.0), "the same in every period"),
        ({}, lambda f: f.head(3), "3 periods for 1 states and 0 regressors; at least 4 are needed"),
        ({"intervention": 2}, lambda f: f, "at least 4 before and 2 after"),
        ({"segments": Segments(slope=True)}, lambda f: f, "cannot be had with --no-trend"),
        (
            {"segments": Segments(season_length=28)},
            lambda f: f,
            "30 periods for 28 states and 0 regressors; at least 31",
        ),
    ],
)
def test_refusals(options, change, message):
    with pytest.raises((EstimationError, UsageError), match=message):
        fit_structural(change(invented()), outcome="y", period="t", **options)


def test_without_an_intervention_no_jump_is_spoken_of(nile):
    said = fit_structural(nile, **NILE).describe("de")
    assert said[0] == "Ohne Eingriff geschätzt: nur die Schwankungen der Reihe."
    assert not any("Vergleichsgruppe" in sentence for sentence in said)


def test_the_plot_shows_the_jump_and_not_the_variances(nile):
    shown = fit_structural(nile, **NILE, intervention="1899").plot().spec["layer"][1]["data"]["values"]
    assert [row["term"] for row in shown] == ["level"]
    assert shown[0]["low"] < shown[0]["estimate"] < shown[0]["high"]
    alone = fit_structural(nile, **NILE).plot().spec["layer"][1]["data"]["values"]
    assert [row["term"] for row in alone] == ["irregular_variance", "level_variance"]
