"""Sun and Abraham: against a stored run, by hand, and by a regression with all dummies."""

import json

import numpy as np
import pandas as pd
import pytest

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.sun_abraham import fit_sun_abraham
from ikz_eval.inference.sandwich import cluster_robust
from tests.reference.staggered import reference_file

INVENTED = {"outcome": "log_cost", "unit": "body", "period": "quarter", "cohort": "cohort", "cluster": "region"}
MPDTA = {"outcome": "lemp", "unit": "countyreal", "period": "year", "cohort": "first_treat"}


def by_term(fit):
    return dict(zip(fit.linear.terms, fit.linear.estimates, strict=True))


def test_county_employment():
    expected = json.loads(reference_file("expected.json").read_text())["cases"]["mpdta"]["computed"]
    fit = fit_sun_abraham(pd.read_csv(reference_file("mpdta.csv")), **MPDTA)
    found = dict(zip(fit.linear.terms, cluster_robust(fit.linear, "cr1"), strict=True))
    for time, (effect, se) in expected["sun_abraham"].items():
        assert round(found[f"e={time}"].estimate, 6) == effect
        assert round(found[f"e={time}"].se, 6) == se
    assert round(found["ATT"].estimate, 2) == expected["sun_abraham_overall"]
    assert list(found) == ["e=-4", "e=-3", "e=-2", "e=0", "e=1", "e=2", "e=3", "ATT"]
    assert (fit.comparison, fit.reference, fit.n_obs, fit.dropped) == ("never", -1, 2500, {})


def test_every_cell_is_a_two_by_two_against_the_never_treated(staggered):
    """In a balanced panel without covariates each cell is a difference of changes since the reference."""
    fit = fit_sun_abraham(staggered, **INVENTED)
    wide = staggered.pivot(index="body", columns="quarter", values="log_cost")
    cohort = staggered.groupby("body")["cohort"].first()
    for cell in fit.cells.itertuples():
        group = int(cell.group)
        change = wide[group + cell.event_time] - wide[group - 1]
        assert cell.estimate == pytest.approx(change[cohort == group].mean() - change[cohort == 0].mean(), abs=1e-12)
    after = fit.cells[fit.cells["event_time"] >= 0]
    size = after["group"].map({"9": 4, "13": 4, "17": 3})
    assert by_term(fit)["ATT"] == pytest.approx(np.average(after["estimate"], weights=size), abs=1e-12)


def test_weights_covariates_and_gaps_by_brute_force(staggered):
    draw = np.random.default_rng(1)
    panel = staggered.assign(x=draw.normal(size=len(staggered)), w=draw.uniform(0.5, 2, len(staggered)))
    panel = panel.drop(index=[5, 100, 101, 300, 700]).reset_index(drop=True)
    fit = fit_sun_abraham(panel, **INVENTED, covariates=["x"], weights="w")
    event = (panel["quarter"] - panel["cohort"]).where(panel["cohort"] > 0)
    label = panel["cohort"].astype(str) + ":" + event.astype(str)
    cells = pd.get_dummies(label.where(event.notna() & (event != -1)), dtype=float)
    design = np.column_stack([cells, panel["x"], pd.get_dummies(panel["body"]), pd.get_dummies(panel["quarter"])])
    root = np.sqrt(panel["w"].to_numpy())
    solved = np.linalg.lstsq(design.astype(float) * root[:, None], panel["log_cost"] * root, rcond=None)[0]
    effect = pd.Series(solved[: cells.shape[1]], index=cells.columns)
    for time in (-3, 0, 5):
        names = [name for name in cells if name.endswith(f":{time}.0")]
        weights = [panel.loc[label == name, "w"].sum() for name in names]
        assert by_term(fit)[f"e={time}"] == pytest.approx(np.average(effect[names], weights=weights), abs=1e-10)


def test_last_treated_as_comparison(staggered):
    treated = staggered[staggered["cohort"] > 0]
    fit = fit_sun_abraham(treated, **INVENTED)
    assert fit.comparison == "last"
    assert fit.dropped == {"after_last_start": 11 * 7}
    wide = treated.pivot(index="body", columns="quarter", values="log_cost")
    cohort = treated.groupby("body")["cohort"].first()
    change = wide[12] - wide[8]
    cell = fit.cells.set_index("term").loc["ATT(9,12)", "estimate"]
    assert cell == pytest.approx(change[cohort == 9].mean() - change[cohort == 17].mean(), abs=1e-12)
    assert set(fit.cells["group"]) == {"9", "13"}


def test_last_treated_although_some_never_are(staggered):
    fit = fit_sun_abraham(staggered, **INVENTED, comparison="last")
    alone = fit_sun_abraham(staggered[staggered["cohort"] > 0], **INVENTED)
    assert fit.dropped == {"after_last_start": 11 * 7, "never_treated": 25 * 24}
    assert fit.linear.estimates == pytest.approx(alone.linear.estimates, abs=1e-12)


def test_anticipation_moves_the_reference(staggered):
    fit = fit_sun_abraham(staggered, **INVENTED, anticipation=2)
    assert fit.reference == -3
    assert fit.dropped == {"anticipation": 11 * 2}
    assert not {"e=-1", "e=-2", "e=-3"} & set(fit.linear.terms)


def test_treated_rows_say_the_same_as_starts(staggered):
    treated = (staggered["cohort"] > 0) & (staggered["quarter"] >= staggered["cohort"])
    roles = {name: column for name, column in INVENTED.items() if name != "cohort"}
    found = fit_sun_abraham(staggered.assign(treated=treated), **roles, treatment="treated")
    assert by_term(found) == pytest.approx(by_term(fit_sun_abraham(staggered, **INVENTED)), abs=1e-12)


def test_units_always_treated_are_dropped(staggered):
    late = staggered[(staggered["quarter"] >= 9)]
    fit = fit_sun_abraham(late, **INVENTED)
    assert fit.dropped == {"unit_without_untreated_rows": 4 * 15}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.assign(cohort=0), "no row is treated"),
        (lambda p: p.assign(cohort=9), "all units start in the same period"),
        (lambda p: p[p["quarter"] == 3], "single period"),
        (lambda p: p[(p["cohort"] != 9) | (p["quarter"] != 8)], "cohort 9 has no row in its reference period e=-1"),
        (lambda p: p[p["cohort"] > 0].assign(quarter=lambda q: q["quarter"] + 17), "first observed period on"),
    ],
)
def test_refusals(staggered, change, message):
    with pytest.raises(EstimationError, match=message):
        fit_sun_abraham(change(staggered), **INVENTED)


def test_comparison_must_exist(staggered):
    with pytest.raises(EstimationError, match="no unit is never treated"):
        fit_sun_abraham(staggered[staggered["cohort"] > 0], **INVENTED, comparison="never")
    with pytest.raises(EstimationError, match="comparison 'not_yet' is unknown"):
        fit_sun_abraham(staggered, **INVENTED, comparison="not_yet")
