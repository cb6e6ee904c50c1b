"""Honest bounds at the door: which fits give them, when they are confidence sets, and why not otherwise."""

import numpy as np
import pandas as pd
import pytest

from ikz_eval.errors import EstimationError
from ikz_eval.estimate import Request, answer, fit_event_path, fit_group_time, fit_sun_abraham
from ikz_eval.estimate.event_coefficients import event_coefficients
from ikz_eval.estimate.honest_terms import pretrend_power_of
from ikz_eval.estimate.sign_checks import SignChecks
from ikz_eval.inference.covariance import cluster_covariance
from ikz_eval.inference.honest import honest_bounds
from ikz_eval.inference.sandwich import KINDS, cluster_robust
from ikz_eval.texts import text
from tests.reference.staggered import invented_panel

COLUMNS = {"outcome": "log_cost", "unit": "body", "period": "quarter", "cohort": "cohort"}


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    return invented_panel(icc=0.0)


@pytest.fixture(scope="module")
def one_start() -> pd.DataFrame:
    """All treated regions start in quarter 5 of ten: three coefficients before, five after."""
    frame = invented_panel(icc=0.0)
    frame["cohort"] = frame["cohort"].where(frame["cohort"] == 0, 13)
    return frame[frame["quarter"].between(9, 17)].reset_index(drop=True)


def honest(frame: pd.DataFrame, method: str, **options) -> dict[str, dict]:
    request = Request(method=method, **COLUMNS, inference=("honest",), **options)
    found = answer(frame, request).to_dict()["estimates"]
    return {one["term"]: one["inference"]["honest"] for one in found if one["inference"]["honest"] is not None}


@pytest.mark.parametrize(
    ("method", "options"), [("sun_abraham", {}), ("event_path", {}), ("group_time", {"aggregate": "dynamic"})]
)
def test_three_event_studies_of_one_start_bound_alike(one_start, method, options):
    """With one start all three have the same coefficients; group_time's changes before are put together to them."""
    found = honest(one_start, method, cluster="body", honest_m=(1.0,), honest_smoothness=(0.01,), **options)
    assert {"e=0", "e=1", "e=4"} <= set(found)
    fit = fit_sun_abraham(one_start, **COLUMNS)
    points = fit.linear.estimates[:-1]
    first = found["e=0"]
    assert [(b["restriction"], b["m"], b["kind"]) for b in first["bounds"]] == [
        ("relative_magnitudes", 1.0, "confidence"),
        ("smoothness", 0.01, "confidence"),
    ]
    assert (first["n_clusters"], first["n_coefficients"], first["reason"]) == (36, 8, None)
    assert first["caution"] is None and first["covariance"] == ("influence" if method == "group_time" else "cr1")
    study = event_coefficients({"sun_abraham": fit_sun_abraham, "event_path": fit_event_path,
                                "group_time": fit_group_time}[method](one_start, **COLUMNS, **options))  # fmt: skip
    assert study.estimates == pytest.approx(points, abs=1e-12)
    assert (study.n_pre, study.n_post, study.gap) == (3, 5, 0)
    bound = honest_bounds(study.estimates, study.covariance, 3, 5, m=[1.0]).bounds[0]
    assert (first["bounds"][0]["low"], first["bounds"][0]["high"]) == pytest.approx((bound.low, bound.high))


def test_the_average_effect_is_bounded_as_a_combination_of_the_others(one_start):
    study = event_coefficients(fit_sun_abraham(one_start, **COLUMNS))
    assert study.effects["ATT"] == pytest.approx(np.full(5, 0.2))
    dynamic = event_coefficients(fit_group_time(one_start, **COLUMNS, aggregate="dynamic"))
    assert dynamic.effects["ATT"] == pytest.approx(np.full(5, 0.2))


def test_influence_covariance_is_that_of_the_standard_errors(one_start):
    fit = fit_group_time(one_start, **COLUMNS, aggregate="dynamic")
    study = event_coefficients(fit)
    errors = {part.term: part.se_cluster for part in fit.estimates}
    assert np.sqrt(np.diag(study.covariance))[3:] == pytest.approx([errors[f"e={k}"] for k in range(5)])
    assert np.sqrt(study.covariance[2, 2]) == pytest.approx(errors["e=-1"])


def test_coefficients_before_are_those_of_a_universal_base(panel):
    """With several starts each group's changes are summed first: Sun and Abraham's coefficients in a balanced panel."""
    dynamic = event_coefficients(fit_group_time(panel, **COLUMNS, aggregate="dynamic"))
    assert dynamic.estimates == pytest.approx(
        event_coefficients(fit_sun_abraham(panel, **COLUMNS)).estimates, abs=1e-12
    )


@pytest.mark.parametrize("kind", KINDS)
def test_covariance_has_the_variances_of_the_sandwich_on_its_diagonal(one_start, kind):
    linear = fit_event_path(one_start, **COLUMNS).linear
    errors = [one.se for one in cluster_robust(linear, kind)]
    assert np.sqrt(np.diag(cluster_covariance(linear, kind))) == pytest.approx(errors)


def test_more_coefficients_than_clusters_give_the_bounds_of_the_points_and_the_reason(panel):
    found = honest(panel, "event_path", cluster="region", bin_length=2)["e=0"]
    assert {b["kind"] for b in found["bounds"]} == {"point_identified"}
    values = {"clusters": 9, "coefficients": found["n_coefficients"]}
    assert found["reason"] == text("honest.reason.few_clusters", "en", **values)
    assert found["reason_de"] == text("honest.reason.few_clusters", "de", **values)
    assert found["pretrend_slope_50"] is None


def test_a_singular_covariance_gives_the_bounds_of_the_points(panel):
    """34 bodies in four groups with effects of their own have 30 free deviations, for 31 coefficients."""
    fewer = panel[~panel["body"].isin(["b30", "b31"])]
    found = honest(fewer, "sun_abraham")["e=0"]
    assert found["reason"] == text("honest.reason.singular", "en", clusters=34, coefficients=31)
    assert {b["kind"] for b in found["bounds"]} == {"point_identified"}


def test_nine_regions_and_eight_bins_give_a_confidence_set(panel):
    found = honest(panel, "event_path", cluster="region", bin_length=4)["e=0"]
    assert (found["n_clusters"], found["n_coefficients"], found["reason"]) == (9, 8, None)
    assert {b["kind"] for b in found["bounds"]} == {"confidence"}
    caution = text("honest.caution.barely_more", "en", clusters=9, coefficients=8)
    assert found["caution"] == caution
    request = Request(method="event_path", **COLUMNS, inference=("honest",), cluster="region", bin_length=4)
    shown = answer(panel, request).summary()
    assert shown.count(caution) == 1 and "Gruppen" not in shown, "said once, below the table, in one language"


@pytest.mark.parametrize(("method", "options"), [("sun_abraham", {}), ("group_time", {"aggregate": "dynamic"})])
def test_a_region_alone_in_its_start_gives_no_confidence_set(panel, method, options):
    """Its own variation sums to zero; the variance would leave the treated out (domain, section 6)."""
    found = honest(panel, method, cluster="region", **options)["e=0"]
    assert {b["kind"] for b in found["bounds"]} == {"point_identified"}
    assert "r0, r1, r2" in found["reason"]


def test_one_treated_cluster_gives_no_confidence_set(one_start):
    alone = one_start[~one_start["region"].isin(["r1", "r2"])]
    for cluster in ("region", "body"):
        found = honest(alone, "event_path", cluster=cluster)["e=0"]
        is_alone = cluster == "region"
        assert (found["reason"] == text("honest.reason.one_treated_cluster", "en")) is is_alone
        assert ({b["kind"] for b in found["bounds"]} == {"point_identified"}) is is_alone


@pytest.mark.parametrize("seed", range(6))
def test_first_bin_is_bounded_as_the_required_test_of_the_verdict_has_it(seed):
    """Point-identified bound at relative magnitude 1 excludes zero exactly when sign_checks says so."""
    frame = invented_panel(seed=seed, effect=-0.02)
    fit = fit_event_path(frame, **COLUMNS, cluster="region", bin_length=4)
    estimated = np.array([not point.is_reference for point in fit.points])
    times = np.array([float(point.event_time) for point in fit.points])
    study = event_coefficients(fit)
    value = study.estimates[study.n_pre]
    held = SignChecks(None, (fit.weights * estimated).T, times).hold(fit.observations.outcome, value)
    bound = honest_bounds(study.estimates, None, study.n_pre, study.n_post, m=[1.0]).bounds[0]
    assert (bound.low > 0 or bound.high < 0) == held["relative_magnitude"]
    assert honest(frame, "event_path", cluster="region", bin_length=2)["e=0"]["bounds"][1]["m"] == 1.0


def test_anticipated_periods_are_a_gap(panel):
    for fit in (
        fit_sun_abraham(panel, **COLUMNS, anticipation=2),
        fit_group_time(panel, **COLUMNS, anticipation=2, aggregate="dynamic"),
        fit_event_path(panel, **COLUMNS, anticipation=2),
    ):
        assert event_coefficients(fit).gap == 2
    assert event_coefficients(fit_event_path(panel, **COLUMNS, anticipation=2, bin_length=4)).gap == 1


def test_a_fit_without_coefficients_before_the_start_is_refused(one_start):
    for options in ({"method": "imputation", "aggregate": "dynamic"}, {"method": "twoway"}):
        with pytest.raises(EstimationError, match="needs an event study"):
            answer(one_start, Request(**COLUMNS, **options, inference=("honest",)))


def test_shown_as_a_row_for_each_bound(one_start):
    found = answer(one_start, Request(method="event_path", **COLUMNS, inference=("cr2", "honest"), honest_m=(0.5, 1.0)))
    frame = found.to_frame()
    rows = frame[(frame["term"] == "e=0") & (frame["inference"] == "honest")]
    assert rows["m"].tolist()[:2] == [0.5, 1.0] and len(rows) == 7
    assert "relative_magnitudes" in found.summary()


def test_pretrend_power_on_a_fit(one_start):
    fit = fit_event_path(one_start, **COLUMNS)
    found = pretrend_power_of(fit)
    again = pretrend_power_of(fit, trend=found.slopes[0.8] * np.array([-3.0, -2, -1, 1, 2, 3, 4, 5]))
    assert again.power == pytest.approx(0.8, abs=1e-6)
    assert honest(one_start, "event_path")["e=0"]["pretrend_slope_80"] == pytest.approx(found.slopes[0.8])
