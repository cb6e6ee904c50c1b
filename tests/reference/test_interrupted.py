"""Segmented regression of one series: against stored and textbook runs, by hand, and what it refuses."""

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from ikz_eval.errors import EstimationError, UsageError
from ikz_eval.estimate import fit_interrupted
from ikz_eval.estimate.inferring import Plan
from ikz_eval.estimate.series.segments import Segments
from tests.reference.staggered import reference_file

NILE = {"outcome": "volume", "period": "year", "intervention": "1899"}


def by_term(fit):
    return dict(zip(fit.to_frame()["term"], fit.to_frame()["estimate"], strict=True))


def inferred(fit, name, term="level", confidence=0.95):
    return fit.infer(name, Plan((name,), confidence=confidence))[term]


def invented(seed=3, periods=24, start=13, **change):
    """Return quarters with level 5, trend .1, jump -.7, change of slope .2, and noise."""
    draw = np.random.default_rng(seed)
    t = np.arange(1, periods + 1)
    truth = 5 + 0.1 * t - 0.7 * (t >= start) + 0.2 * np.where(t >= start, t - start, 0)
    frame = pd.DataFrame({"t": t, "y": truth + change.get("noise", 0.3) * draw.normal(size=periods)})
    return frame


@pytest.fixture
def nile():
    return sm.datasets.nile.load_pandas().data


def test_the_nile_of_statsmodels_before_and_after_1899(nile):
    """Level shift -247.78 (28.435; Newey-West with 4 lags and small-sample factor 31.658), computed independently."""
    fit = fit_interrupted(nile, **NILE, segments=Segments(trend=False))
    assert by_term(fit) == {"level": pytest.approx(-247.77777777777777, abs=1e-9)}
    assert inferred(fit, "classical")["se"] == pytest.approx(28.435201692212228, rel=1e-9)
    hac = inferred(fit, "hac")
    assert hac["se"] == pytest.approx(31.657623867701517, rel=1e-9)
    assert (hac["lags"], hac["df"], hac["lag_rule"]) == (4, 98, "newey_west_1994: floor(4 (T/100)^(2/9))")
    assert (hac["low"] + hac["high"]) / 2 == pytest.approx(-247.7777777, abs=1e-6)


def test_the_nile_of_the_reference_folder(nile):
    expected = json.loads(reference_file("expected.json").read_text())["cases"]["nile"]["computed"]
    fit = fit_interrupted(pd.read_csv(reference_file("nile.csv")), **NILE)
    (point, classical), (_, hac) = expected["break1899_ols"], expected["break1899_hac4_correction"]
    assert by_term(fit)["before_after"] == pytest.approx(point, abs=1e-9)
    assert inferred(fit, "classical", "before_after")["se"] == pytest.approx(classical, rel=1e-9)
    assert inferred(fit, "hac", "before_after")["se"] == pytest.approx(hac, rel=1e-9)


def test_sicily_in_logs_with_harmonics_and_twelve_lags():
    expected = json.loads(reference_file("expected.json").read_text())["cases"]["sicily"]["computed"]
    frame = pd.read_csv(reference_file("sicily.csv")).assign(log_rate=lambda x: np.log(x["aces"] / x["stdpop"]))
    segments = Segments(harmonics=2, season_length=12)
    fit = fit_interrupted(frame, outcome="log_rate", period="time", intervention=37, segments=segments, lags=12)
    known, found = expected["sicily_ols_log_hac12"], inferred(fit, "hac")
    assert by_term(fit)["level"] == pytest.approx(known["coef"], abs=1e-9)
    assert (found["se"], found["p"]) == pytest.approx((known["se"], known["p"]), rel=1e-6)
    assert (found["low"], found["high"]) == pytest.approx(known["ci"], rel=1e-6)
    assert (found["lags"], found["lag_rule"]) == (12, "as asked")


def test_without_noise_every_part_is_recovered():
    frame = invented(noise=1e-9)
    fit = fit_interrupted(frame, outcome="y", period="t", intervention=13, segments=Segments(slope=True))
    found = by_term(fit)
    assert (found["level"], found["slope"], found["trend"]) == pytest.approx((-0.7, 0.2, 0.1), abs=1e-7)


def test_statsmodels_gives_the_same_variance_where_no_period_is_missing():
    frame = invented()
    fit = fit_interrupted(frame, outcome="y", period="t", intervention=13, segments=Segments(slope=True))
    on = (frame["t"] >= 13).to_numpy(float)
    design = np.column_stack([np.ones(24), on, on * (frame["t"] - 13), frame["t"]])
    known = sm.OLS(frame["y"], design).fit(cov_type="HAC", cov_kwds={"maxlags": 2, "use_correction": True}, use_t=True)
    for place, term in ((1, "level"), (2, "slope"), (3, "trend")):
        found = inferred(fit, "hac", term)
        assert found["lags"] == 2
        assert found["se"] == pytest.approx(known.bse.iloc[place], rel=1e-9)
        assert found["p"] == pytest.approx(known.pvalues.iloc[place], rel=1e-9)
        assert (found["low"], found["high"]) == pytest.approx(tuple(known.conf_int().iloc[place]), rel=1e-9)


def test_lags_count_periods_and_not_rows_where_some_are_missing():
    """By hand: sum over pairs of rows of w(distance in periods) x_i e_i x_j' e_j, Bartlett w, times n/(n-k)."""
    frame = invented().drop(index=[4, 5, 17])
    fit = fit_interrupted(frame, outcome="y", period="t", intervention=13, lags=3)
    t, y = frame["t"].to_numpy(float), frame["y"].to_numpy()
    design = np.column_stack([np.ones(t.size), t >= 13, t])
    bread = np.linalg.inv(design.T @ design)
    scores = design * (y - design @ (bread @ design.T @ y))[:, None]
    weight = np.clip(1 - np.abs(t[:, None] - t[None, :]) / 4, 0, None)
    covariance = bread @ (scores.T @ weight @ scores) @ bread * (21 / 18)
    assert inferred(fit, "hac")["se"] == pytest.approx(np.sqrt(covariance[1, 1]), rel=1e-10)
    assert (fit.series.n_missing, fit.n_obs, fit.series.n_periods) == (3, 21, 24)
    assert "3 periods in between are missing; they are not filled in." in fit.describe("en")


def test_a_covariate_that_is_the_trend_is_not_entered_twice():
    frame = invented().assign(line=lambda x: 100 + 2 * x["t"])
    own = fit_interrupted(frame, outcome="y", period="t", intervention=13)
    named = fit_interrupted(frame, outcome="y", period="t", intervention=13, covariates=["line"])
    assert by_term(named)["level"] == pytest.approx(by_term(own)["level"], abs=1e-10)
    assert by_term(named)["line"] == pytest.approx(by_term(own)["trend"] / 2, abs=1e-10)
    with pytest.raises(EstimationError, match="'line' is a combination of const, level, trend"):
        fit_interrupted(
            frame, outcome="y", period="t", intervention=13, covariates=["line"], segments=Segments(trend=True)
        )


def test_quarters_as_text_season_and_order_of_rows():
    frame = invented(periods=24)
    quarters = [f"{2018 + i // 4}-Q{i % 4 + 1}" for i in range(24)]
    season = np.tile([0.4, -0.1, 0.3, -0.6], 6)
    frame = frame.assign(quarter=quarters, y=frame["y"] + season).sample(frac=1, random_state=1)
    segments = Segments(harmonics=2)
    fit = fit_interrupted(frame, outcome="y", period="quarter", intervention="2021-Q1", segments=segments)
    dummies = pd.get_dummies(frame["quarter"].str[-1], dtype=float).to_numpy()
    design = np.column_stack([dummies, frame["t"] >= 13, frame["t"]]).astype(float)
    known = np.linalg.lstsq(design, frame["y"].to_numpy(), rcond=None)[0]
    assert by_term(fit)["level"] == pytest.approx(known[4], abs=1e-10)
    assert "2021-Q1" in fit.describe("de")[0]


def test_rows_are_dropped_with_their_reason():
    frame = invented().assign(x=np.random.default_rng(1).normal(size=24))
    frame.loc[2, "y"] = np.nan
    frame.loc[20, "x"] = np.nan
    fit = fit_interrupted(frame, outcome="y", period="t", intervention=13, covariates=["x"])
    assert fit.dropped == {"covariate_missing": 1, "outcome_missing": 1}
    assert fit.n_obs == 22


def test_what_it_says_in_both_languages(nile):
    fit = fit_interrupted(nile, **NILE)
    german, english = fit.describe("de"), fit.describe("en")
    assert len(german) == len(english) == 6
    assert german[0] == "Ab 1899 ändert sich das Niveau um −284 (95-%-Bereich −380 bis −187)."
    assert english[1].endswith("it would be −248 (−311 to −185).")
    assert german[-1] == "Keine Vergleichsgruppe: alles, was zur selben Zeit geschah, steckt in dieser Zahl."
    assert not any("50" in sentence for sentence in english)
    short = fit_interrupted(nile.head(40), **NILE)
    assert any("only 40 periods" in sentence for sentence in short.describe("en"))
    wandering = nile.assign(volume=np.random.default_rng(1).normal(size=100).cumsum())
    assert any("hang together" in sentence for sentence in fit_interrupted(wandering, **NILE).describe("en"))


@pytest.mark.parametrize(
    ("options", "change", "message"),
    [
        (
            {"intervention": 3},
            lambda f: f,
            "2 usable periods before it and 22 from it on; at least 4 before and 2 after",
        ),
        ({"intervention": 24}, lambda f: f, "23 usable periods before it and 1 from it on"),
        ({"intervention": 90}, lambda f: f, "'t' runs from 1 to 24"),
        ({}, lambda f: pd.concat([f, f.head(1)]), "'t' holds 1 more than once; allowed is one row a period"),
        ({"unit": "u"}, lambda f: f.assign(u=f["t"] % 2), "holds 2 units .1, 0.; allowed is one series"),
        ({}, lambda f: f.assign(t=f["t"] + 0.5), "holds the period 1.5; allowed are whole numbers"),
        ({}, lambda f: f.assign(t=f["t"].astype(str) + ". Quartal"), "'t': '1. Quartal' is not a quarter"),
        ({}, lambda f: f.assign(t=f["t"].where(f["t"] > 1)), "'t' is empty in 1 rows"),
        ({}, lambda f: f.assign(y=2.0), "fits the series exactly"),
        ({"covariates": ["x"]}, lambda f: f.assign(x=1.0), "'x' is a combination of const"),
        ({"outcome": "nowhere"}, lambda f: f, "the panel has no column 'nowhere'"),
    ],
)
def test_refusals(options, change, message):
    columns = {"outcome": "y", "period": "t", "intervention": 13} | options
    frame = change(invented())
    with pytest.raises((EstimationError, UsageError), match=message):
        fit_interrupted(frame, **columns)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"intervention": "2024-Q3"}, "allowed is a whole number"),
        ({"segments": Segments(trend=False, slope=True)}, "cannot be had with --no-trend"),
        ({"segments": Segments(harmonics=2)}, "needs --season-length"),
        ({"segments": Segments(harmonics=3, season_length=4)}, "allowed are at most 2"),
        ({"segments": Segments(season_length=4)}, "changes nothing without --harmonics"),
        ({"lags": 24}, "allowed are fewer lags than periods"),
    ],
)
def test_wrong_usage(options, message):
    columns = {"outcome": "y", "period": "t", "intervention": 13} | options
    with pytest.raises(UsageError, match=message):
        fit_interrupted(invented(), **columns)


@pytest.mark.slow
def test_intervals_hold_the_truth_where_quarters_are_independent():
    """Within three Monte Carlo errors of 95 % for independent errors; Newey-West is known to fall short in 24 quarters."""
    held = {"classical": 0, "hac": 0}
    for seed in range(800):
        fit = fit_interrupted(invented(seed), outcome="y", period="t", intervention=13, segments=Segments(slope=True))
        for name in held:
            found = inferred(fit, name)
            held[name] += found["low"] <= -0.7 <= found["high"]
    assert held["classical"] / 800 == pytest.approx(0.95, abs=3 * np.sqrt(0.05 * 0.95 / 800))
    assert 0.80 < held["hac"] / 800 < 0.95
