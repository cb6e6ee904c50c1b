"""Cluster-robust variances, wild bootstrap and randomisation against other programs and the plan of analysis.

Grunfeld comes with statsmodels; its figures are R's clubSandwich, exact enumeration written for the plan, and the Python
package wildboottest. The study-like panel's figures are brute force with full hat matrices.
"""

import json

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from ikz_eval.estimate import fit_imputation
from ikz_eval.estimate.twoway_design import two_way_columns
from ikz_eval.inference import (
    LinearEstimates,
    cluster_leverage,
    cluster_robust,
    infer,
    randomise,
    satterthwaite,
    score_rows,
    wild_bootstrap,
)
from ikz_eval.inference.bootstrap_weights import sign_draws
from ikz_eval.inference.wild_statistics import prepare
from tests.reference.staggered import BODIES, STARTS, invented_panel, reference_file, world

COLUMNS = {"outcome": "log_cost", "unit": "body", "period": "quarter", "cohort": "cohort", "cluster": "region"}
REGRESSORS = ("value", "capital")

CLUBSANDWICH = {
    ("fe", "cr0"): ((0.0143421437123503, 2.65558839005864), (0.0497926087237731, 2.87057386338499)),
    ("fe", "cr1_full"): ((0.0155539403396027, 2.65558839005864), (0.0539996865863111, 2.87057386338499)),
    ("fe", "cr2"): ((0.0206311068339027, 1.81256840291113), (0.0826753020489784, 1.79953119283771)),
    ("twfe", "cr1_full"): ((0.0111089155204725, 4.30367312675307), (0.0491059410265699, 4.20670993457596)),
    ("twfe", "cr2"): ((0.0208148232757164, 2.38867112040638), (0.100213954232013, 1.84346038043578)),
}
"""Effects, kind -> (se, Satterthwaite degrees of freedom) of value and capital: CR0, CR1S and CR2 of clubSandwich."""
CLUBSANDWICH_CR1 = (0.01511794688683, 0.0524860180695643)
"""CR1 of clubSandwich, which is CR0 times the root of G/(G-1), firm effects."""
WILD = {
    (10, "fe"): (0.00390625, 0.025390625),
    (11, "fe"): (0.001953125, 0.0244140625),
    (10, "twfe"): (0.001953125, 0.05078125),
    (11, "twfe"): (0.0009765625, 0.0185546875),
}
"""Firms, effects -> p of WCR11 of value and capital: exact enumeration, ties counted."""
WILDBOOTTEST_31 = {
    (10, "fe"): 0.0546875,
    (11, "fe"): 0.052734375,
    (10, "twfe"): 0.021484375,
    (11, "twfe"): 0.0224609375,
}
"""p of WCR31 of value by wildboottest, exact."""


def grunfeld(firms, effects):
    """Return the regression of investment on value and capital, clustered by firm; without American Steel for 10."""
    from statsmodels.datasets import grunfeld as shipped

    frame = shipped.load_pandas().data
    frame = frame if firms == 11 else frame[frame["firm"] != "American Steel"]
    code, names = pd.factorize(frame["firm"])
    absorbed = [pd.get_dummies(frame[name]) for name in ("firm", "year")][: 2 if effects == "twfe" else 1]
    design = np.column_stack([frame[list(REGRESSORS)], *absorbed]).astype(float)
    rank = int(np.linalg.matrix_rank(design))
    return LinearEstimates(
        REGRESSORS,
        np.linalg.pinv(design)[:2].T,
        frame["invest"].to_numpy(dtype=float),
        design,
        code.astype(np.intp),
        tuple(names),
        rank - firms + 1,
        rank,
    )


def imputation(panel):
    """Return the imputation estimate of a panel as linear estimates, and the fit."""
    fit = fit_imputation(panel, **COLUMNS)
    seen = fit.observations
    columns = two_way_columns(seen.unit, seen.period_code, len(seen.unit_names), seen.n_periods)
    design = np.column_stack([columns, seen.treated.astype(float)])
    rank = int(np.linalg.matrix_rank(design))
    estimates = LinearEstimates(
        ("ATT",), fit.weights[:, None], seen.outcome, design, seen.cluster, seen.cluster_names,
        rank - seen.n_units + 1, rank, columns,
    )  # fmt: skip
    return estimates, fit


@pytest.mark.parametrize(("effects", "kind"), CLUBSANDWICH)
def test_variances_and_degrees_of_freedom_are_clubsandwichs(effects, kind):
    estimates = grunfeld(10, effects)
    found = cluster_robust(estimates, kind)
    for one, df, (se, expected_df) in zip(
        found, satterthwaite(estimates, kind), CLUBSANDWICH[effects, kind], strict=True
    ):
        assert one.se == pytest.approx(se, abs=1e-10)
        assert df == pytest.approx(expected_df, abs=1e-8)
        assert one.df == (pytest.approx(df) if kind == "cr2" else 9)


def test_clubsandwichs_cr1_is_cr0_with_one_factor():
    found = [one.se * np.sqrt(10 / 9) for one in cluster_robust(grunfeld(10, "fe"), "cr0")]
    assert found == pytest.approx(CLUBSANDWICH_CR1, abs=1e-10)


@pytest.mark.parametrize(("firms", "effects"), WILD)
def test_restricted_wild_bootstrap_is_the_exact_one(firms, effects):
    found = wild_bootstrap(grunfeld(firms, effects))
    assert tuple(one.p for one in found) == pytest.approx(WILD[firms, effects], abs=1e-12)
    assert {(one.draws, one.is_exact) for one in found} == {(2**firms, True)}


@pytest.mark.parametrize(("firms", "effects"), WILD)
def test_unrestricted_wild_bootstrap_rejects_always(firms, effects):
    assert [one.p for one in wild_bootstrap(grunfeld(firms, effects), restricted=False)] == [0.0, 0.0]


@pytest.mark.parametrize(("firms", "effects"), WILDBOOTTEST_31)
def test_jackknifed_wild_bootstrap_is_wildboottests(firms, effects):
    found = wild_bootstrap(grunfeld(firms, effects), kind="31")[0].p
    assert found == pytest.approx(WILDBOOTTEST_31[firms, effects], abs=1e-12)


def test_the_outside_file_says_the_same():
    """Every figure of the plan's file that is written down here, and t of the exact runs."""
    computed = json.loads(reference_file("expected.json").read_text())["cases"]["grunfeld"]["computed"]
    names = {"cr0": "CR0", "cr1_full": "CR1S", "cr2": "CR2"}
    for (effects, kind), expected in CLUBSANDWICH.items():
        rows = computed["clubSandwich"][f"grunfeld10_{effects}_{names[kind]}"]
        assert expected == tuple((row["SE"], row["df_Satt"]) for row in rows)
    for (firms, effects), expected in WILD.items():
        plain = cluster_robust(grunfeld(firms, effects), "cr0")
        for name, p, one in zip(REGRESSORS, expected, plain, strict=True):
            case = computed["wcr_exact"][f"grunfeld{firms}_{effects}_{name}_WCR11"]
            assert (case["p_sym_ge"], case["n"]) == (p, 2**firms)
            assert one.t == pytest.approx(case["t"], rel=1e-6)
        jackknifed = computed["wcr_exact"][f"grunfeld{firms}_{effects}_value_wildboottest_WCR31"]
        assert jackknifed[1] == WILDBOOTTEST_31[firms, effects]
        assert cluster_robust(grunfeld(firms, effects), "cr1_full")[0].t == pytest.approx(jackknifed[0], rel=1e-6)


def refit(panel):
    """Return the refit of a panel when its regions take over other start paths."""

    def statistic(paths):
        starts = dict(zip(sorted(panel["region"].unique()), paths, strict=True))
        inference = fit_imputation(panel.assign(cohort=panel["region"].map(starts)), **COLUMNS).inference
        return inference.estimate, inference.t

    return statistic


def test_region_staggered_agrees_with_the_outside_reference():
    panel = pd.read_csv(reference_file("region_staggered.csv")).fillna({"cohort": 0})
    expected = json.loads(reference_file("expected.json").read_text())["cases"]["region_staggered"]["computed"]
    estimates, _ = imputation(panel)
    cr2, wild = cluster_robust(estimates, "cr2")[0], wild_bootstrap(estimates, denominator="cr2")[0]
    assert estimates.estimates[0] == pytest.approx(expected["estimate"], abs=1e-9)
    shown = {name: getattr(cr2, name) for name in expected["cr2"]}
    assert shown == pytest.approx(expected["cr2"], abs=1e-8)
    assert (wild.p, wild.draws) == (expected["wild"]["p"], expected["wild"]["draws"])
    blocks = panel.groupby("region").agg(cohort=("cohort", "first"), bodies=("body", "nunique"))
    found = randomise(refit(panel), blocks["cohort"].tolist(), sizes=blocks["bodies"].tolist())
    assert found.p_t == pytest.approx(expected["randomisation"]["p_t"], abs=1e-12)
    assert found.p_coefficient == pytest.approx(expected["randomisation"]["p_coefficient"], abs=1e-12)
    assert found.assignments == expected["randomisation"]["assignments"]
    assert (found.is_exact, found.is_approximate, found.not_estimable) == (True, True, 0)
    shares = np.array([cluster_leverage(estimates)[0].partial[name] for name in ("r0", "r1", "r2")])
    assert (shares / shares.sum()).tolist() == pytest.approx(expected["leverage_share_treated"], abs=1e-9)


@pytest.mark.parametrize("missing", [0, 100])
def test_wild_bootstrap_of_imputation_is_a_refit_in_every_draw(missing):
    """A new outcome for each of 512 sign vectors from the residuals of unit and quarter effects, imputed anew."""
    panel = invented_panel(effect=-0.02)
    panel = panel.drop(np.random.default_rng(3).choice(len(panel), missing, replace=False))
    estimates, fit = imputation(panel)
    columns = estimates.restricted
    fitted = columns @ np.linalg.lstsq(columns, estimates.outcome, rcond=None)[0]
    rest = estimates.outcome - fitted
    drawn = []
    for sign in sign_draws(9)[0]:
        drawn.append(abs(infer(fit.model, fit.weights, fitted + sign[estimates.cluster] * rest).t))
    expected = np.mean(np.array(drawn) >= abs(fit.inference.t) * (1 - 1e-9))
    found = wild_bootstrap(estimates, denominator="cr2", confidence=0.95)[0]
    assert found.p == pytest.approx(expected, abs=1e-12)
    assert found.low < estimates.estimates[0] < found.high


def test_region_wild_interval_holds_the_truth(staggered):
    found = wild_bootstrap(imputation(staggered)[0], denominator="cr2", confidence=0.95)[0]
    assert found.low < -0.08 < found.high < 0


SIZE = {"cr2": 0.031, "wild": 0.049, "randomisation_t": 0.05}
"""World B (region shocks, ICC .3): size at nominal 5 % in the plan of analysis; randomisation is exact but for sizes."""
DRAWS = 500


@pytest.mark.slow
def test_size_with_region_shocks():
    """Within three Monte Carlo standard errors (.0097 each) of the size given."""
    panel = invented_panel(effect=0.0)
    with threadpool_limits(limits=1):
        shares = rejections(panel)
    assert shares == pytest.approx(SIZE, abs=0.029)


def rejections(panel):
    """Return how often each test rejects in drawn noise without an effect."""
    estimates, fit = imputation(panel)
    prepared, signs = prepare(estimates, "cr2")[0], sign_draws(9)[0]
    weights, scores = _reassigned(panel)
    draw = np.random.default_rng(45)
    rejected = {name: 0 for name in SIZE}
    for _ in range(DRAWS):
        noise = world(draw, icc=0.3).ravel()
        bootstrap = prepared.statistics(noise, signs)
        t = np.abs(weights @ noise) / np.sqrt(((scores @ noise) ** 2).sum(axis=1))
        rejected["cr2"] += infer(fit.model, fit.weights, noise).p < 0.05
        rejected["wild"] += np.mean(bootstrap.t_draws(0.0) >= abs(bootstrap.t(0.0)) * (1 - 1e-9)) < 0.05
        rejected["randomisation_t"] += np.mean(t >= t[0] * (1 - 1e-9)) < 0.05
    return {name: count / DRAWS for name, count in rejected.items()}


def _reassigned(panel):
    """Return weights and scores of the estimator under all 504 assignments, the observed one first."""
    from ikz_eval.inference import assignments

    regions = [f"r{region}" for region in range(len(BODIES))]
    weights, scores = [], []
    for paths in assignments(STARTS)[0]:
        starts = dict(zip(regions, paths, strict=True))
        fit = fit_imputation(panel.assign(cohort=panel["region"].map(starts)), **COLUMNS)
        weights.append(fit.weights)
        scores.append(score_rows(fit.model, fit.weights))
    return np.array(weights), np.array(scores)
