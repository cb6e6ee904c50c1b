"""Imputation with weights, covariates and terms: against refits and pseudo-inverses, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from ikz_eval.errors import EstimationError
from ikz_eval.estimate import fit_event_path
from ikz_eval.estimate.imputation import fit_imputation
from ikz_eval.inference import infer_each, working_model
from tests.ikz_eval.estimate.test_group_time_cells import make_panel

COLUMNS = {"outcome": "y", "unit": "unit", "period": "period", "cohort": "cohort"}


@pytest.fixture(scope="module")
def panel():
    """Return the panel of the group-time tests with a covariate that changes over time."""
    made = make_panel(units=40)
    return made.assign(v=np.random.default_rng(3).normal(size=len(made)))


def imputed(panel, covariates, weight):
    """Return the effect of each treated row by a pseudo-inverse over dummies of the untreated rows."""
    treated = ((panel["cohort"] > 0) & (panel["period"] >= panel["cohort"])).to_numpy()
    columns = np.column_stack(
        [pd.get_dummies(panel["unit"]), pd.get_dummies(panel["period"]), panel[list(covariates)]]
    ).astype(float)
    root = np.sqrt(weight)[:, None]
    beta = np.linalg.pinv((root * columns)[~treated]) @ (root[:, 0] * panel["y"].to_numpy())[~treated]
    return treated, panel["y"].to_numpy() - columns @ beta


@pytest.mark.parametrize("covariates", [(), ("v",), ("v", "x")])
@pytest.mark.parametrize("weights", [None, "w"])
def test_effects_are_those_of_a_regression_on_untreated_rows(panel, covariates, weights):
    varying = panel.assign(x=panel["x"] * panel["period"])
    weight = np.ones(len(panel)) if weights is None else panel[weights].to_numpy(float)
    treated, effects = imputed(varying, covariates, weight)
    fit = fit_imputation(varying, **COLUMNS, covariates=covariates, weights=weights, average="observations")
    assert fit.effects["effect"].to_numpy() == pytest.approx(effects[treated], abs=1e-9)
    assert fit.estimate == pytest.approx(np.average(effects[treated], weights=weight[treated]), abs=1e-10)


@pytest.mark.parametrize("average", ["observations", "clusters"])
def test_whole_weights_count_as_copies_of_units(panel, average):
    options = {"covariates": ["v"], "average": average, "cluster": "block", "aggregate": "dynamic"}
    weighted = fit_imputation(panel, **COLUMNS, **options, weights="w").to_frame()
    copies = pd.concat([panel[panel["w"] > k].assign(unit=lambda p, k=k: p["unit"] + f"_{k}") for k in range(3)])
    copied = fit_imputation(copies, **COLUMNS, **options).to_frame()
    assert weighted["estimate"].tolist() == pytest.approx(copied["estimate"].tolist(), abs=1e-9)


@pytest.mark.parametrize("aggregate", ["simple", "dynamic", "group", "calendar", "none"])
@pytest.mark.parametrize("average", ["observations", "clusters"])
def test_terms_average_the_effects_of_their_rows(panel, aggregate, average):
    fit = fit_imputation(panel, **COLUMNS, cluster="block", average=average, aggregate=aggregate)
    start = panel.groupby("unit")["cohort"].first()
    effects = fit.effects.assign(cohort=lambda e: e["unit"].map(start))
    keys = {
        "simple": effects["cohort"] * 0,
        "dynamic": "e=" + (effects["period"] - effects["cohort"]).astype(str),
        "group": "g=" + effects["cohort"].astype(str),
        "calendar": "t=" + effects["period"].astype(str),
        "none": "ATT(" + effects["cohort"].astype(str) + "," + effects["period"].astype(str) + ")",
    }
    found = fit.to_frame().set_index("term")["estimate"]
    for term, own in effects.groupby(keys[aggregate]):
        means = own.groupby("cluster")["effect"].mean()
        expected = own["effect"].mean() if average == "observations" else means.mean()
        assert found["ATT" if aggregate == "simple" else term] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("weights", [None, "w"])
def test_terms_are_linear_in_the_outcomes(panel, weights):
    options = {"covariates": ["v"], "weights": weights, "cluster": "block", "aggregate": "calendar"}
    fit = fit_imputation(panel, **COLUMNS, **options)
    linear, root = fit.linear, np.sqrt(fit.observations.weight)
    other = panel.assign(y=np.random.default_rng(8).normal(size=len(panel)))
    again = linear.weights.T @ (root * other["y"].to_numpy()[fit.observations.rows])
    assert again == pytest.approx(
        fit_imputation(other, **COLUMNS, **options).to_frame()["estimate"].tolist(), abs=1e-10
    )
    assert np.abs(linear.weights.T @ linear.restricted).max() < 1e-10, "effects and covariates drop out"
    assert linear.weights.T @ (linear.design[:, -1]) == pytest.approx(np.ones(len(linear.terms)), abs=1e-10)
    assert linear.parameters == 1 + 1 + panel["period"].nunique(), "effect, covariate, periods; units are nested"
    inferred = infer_each(working_model(linear.design, linear.cluster), linear.weights, linear.outcome)
    assert [each.se for each in inferred] == pytest.approx(fit.to_frame()["se"].tolist(), rel=1e-9)
    assert fit.inference.se == pytest.approx(inferred[0].se, rel=1e-9)


def test_conservative_errors_by_definition(panel):
    """Effects less the mean of their cohort and period (rows weigh the same), times c, summed by block."""
    fit = fit_imputation(panel, **COLUMNS, cluster="block", average="observations")
    frame = panel.iloc[fit.observations.rows].assign(e=fit.observations.outcome - fit.counterfactual, c=fit.weights)
    treated = (frame["cohort"] > 0) & (frame["period"] >= frame["cohort"])
    mean = frame[treated].groupby(["cohort", "period"])["e"].transform("mean")
    frame.loc[treated, "e"] -= mean
    by_block = (frame["c"] * frame["e"]).groupby(frame["block"]).sum()
    assert fit.conservative_errors == pytest.approx([np.sqrt((by_block**2).sum())], abs=1e-12)


def test_counts_are_those_of_the_rows_used(panel):
    fit = fit_imputation(panel.assign(v=panel["v"].where(panel.index != 4)), **COLUMNS, covariates=["v"])
    assert fit.dropped == {"covariate_missing": 1}
    assert (fit.n_obs, fit.n_units) == (len(panel) - 1, 40)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"covariates": ["z"]}, "covariate 'z' does not vary beyond unit and period effects"),
        ({"covariates": ["v", "v2"]}, "covariate 'v2' does not vary beyond"),
        ({"aggregate": "mean"}, "aggregate 'mean' is unknown; allowed: simple, dynamic"),
        ({"average": "regions"}, "average 'regions' is unknown"),
    ],
)
def test_what_is_not_identified_is_refused(panel, options, message):
    with pytest.raises(EstimationError, match=message):
        fit_imputation(panel.assign(v2=-3 * panel["v"]), **COLUMNS, **options)


def test_event_paths_are_linear_in_the_outcomes(panel):
    fit = fit_event_path(panel, **COLUMNS, cluster="block")
    linear, points = fit.linear, [point for point in fit.points if not point.is_reference]
    assert linear.terms == tuple(f"e={point.event_time}" for point in points)
    assert linear.estimates == pytest.approx([point.estimate for point in points], abs=1e-12)
    inferred = infer_each(working_model(linear.design, linear.cluster), linear.weights, linear.outcome)
    assert [each.se for each in inferred] == pytest.approx([point.inference.se for point in points], rel=1e-9)
    assert np.abs((linear.weights.T @ linear.design)[:, :-1]).max() < 1e-10
    assert (fit.n_obs, fit.n_units, fit.dropped) == (len(panel), 40, {})
