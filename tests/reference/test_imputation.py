"""Imputation with CR2 by region: a written-out computation, the outside reference, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ikz_eval.errors import EstimationError
from ikz_eval.estimate import fit_imputation
from tests.reference.staggered import reference_file

COLUMNS = {"outcome": "log_cost", "unit": "body", "period": "quarter", "cohort": "cohort", "cluster": "region"}

REGION_STAGGERED = {
    "estimate": -0.06216333635475412, "se": 0.004518070764490142, "df": 3.2439306445318135,
    "p": 0.0005485134468652075, "low": -0.07594912986828208, "high": -0.04837754284122617,
}  # fmt: skip
"""Invented panel of the brief, known effect -0.08; values computed there by brute force with full hat matrices."""
REGION_LEVERAGE = {"r0": 0.2863352416008576, "r1": 0.27251906560752953, "r2": 0.44114569279161275}
REGION_BY_OBSERVATION = -0.061650128070254925
MPDTA_ATT = -0.04770991827781727
"""Borusyak, Jaravel, Spiess on mpdta (R package did): diff-diff, did-imputation, py2sdid agree to 2e-8."""


BJS_SE = 0.013222488650016436
"""The paper's standard error on mpdta, as in the reference file."""
SINGLE_PRECISION = 1e-7
"""The package holds log homicides in single precision; the peers read them as decimal text."""
CASTLE = {
    (): (0.06689984315742534, 0.0566935513614869),
    ("poverty", "unemployrt"): (0.07252527000959508, 0.05641722469822676),
}  # fmt: skip
CASTLE_BY_TIME = {
    "e=0": (0.07266787625562324, 0.05808896406089921), "e=1": (0.06270302399241716, 0.06727721282115748),
    "e=2": (0.08246398801382497, 0.07211902349415668), "e=3": (0.04091442738283855, 0.065679423272347),
    "e=4": (0.11334874482445567, 0.044032356996999845),
}  # fmt: skip
"""Log homicides after castle-doctrine laws (package causaldata): point and the paper's error by diff-diff 3.13.0."""


def pseudo_root(block):
    """Return the Moore-Penrose inverse of the symmetric square root, by singular values."""
    left, values, _ = np.linalg.svd(block)
    return (left * np.where(values > 1e-9, 1 / np.sqrt(np.maximum(values, 1e-9)), 0.0)) @ left.T


def by_definition(panel):
    """Impute and infer in full matrices: dummies, pseudo-inverses, matrix square roots; nothing shared with the code."""
    treated = ((panel["cohort"] > 0) & (panel["quarter"] >= panel["cohort"])).to_numpy()
    dummies = np.column_stack([pd.get_dummies(panel["body"]), pd.get_dummies(panel["quarter"])]).astype(float)
    outcome, region = panel["log_cost"].to_numpy(), panel["region"].to_numpy()
    share = np.zeros(len(panel))
    for name in np.unique(region[treated]):
        share[treated & (region == name)] = 1 / (treated & (region == name)).sum() / np.unique(region[treated]).size
    weights = share.copy()
    weights[~treated] = -(share @ dummies) @ np.linalg.pinv(dummies[~treated])
    design = np.column_stack([dummies, treated])
    rest = np.eye(len(panel)) - design @ np.linalg.pinv(design)
    rows = []
    for name in np.unique(region):
        inside = np.flatnonzero(region == name)
        root = pseudo_root(rest[np.ix_(inside, inside)])
        rows.append((root @ weights[inside]) @ rest[inside])
    products = np.array(rows) @ np.array(rows).T
    estimate, se = weights @ outcome, np.sqrt(((np.array(rows) @ outcome) ** 2).sum())
    df = np.trace(products) ** 2 / (products**2).sum()
    reach = stats.t.ppf(0.975, df) * se
    return {"estimate": estimate, "se": se, "df": df, "p": 2 * stats.t.sf(abs(estimate / se), df),
            "low": estimate - reach, "high": estimate + reach}  # fmt: skip


def shown(fit):
    return {name: getattr(fit.inference, name) for name in REGION_STAGGERED}


@pytest.mark.parametrize("missing", [0, 60])
def test_estimate_and_cr2_follow_their_definition(staggered, missing):
    panel = staggered.drop(np.random.default_rng(1).choice(len(staggered), missing, replace=False))
    fit = fit_imputation(panel, **COLUMNS)
    expected = by_definition(panel)
    assert fit.estimate == pytest.approx(expected["estimate"], abs=1e-10)
    assert shown(fit) == pytest.approx(expected, rel=1e-6)
    assert fit.weights @ fit.observations.outcome == pytest.approx(fit.estimate, abs=1e-12)


def test_truth_lies_in_the_interval(staggered):
    fit = fit_imputation(staggered, **COLUMNS)
    assert fit.inference.low < -0.08 < fit.inference.high < 0


def test_region_staggered_agrees_with_the_outside_reference():
    fit = fit_imputation(pd.read_csv(reference_file("region_staggered.csv")), **COLUMNS)
    expected = json.loads(reference_file("expected.json").read_text())["cases"]["region_staggered"]["computed"]
    assert fit.estimate == pytest.approx(expected["estimate"], abs=1e-9)
    assert expected["cr2"] == pytest.approx({name: REGION_STAGGERED[name] for name in expected["cr2"]}, rel=1e-12)
    assert (fit.inference.se, fit.inference.low, fit.inference.high) == pytest.approx(
        (expected["cr2"]["se"], expected["cr2"]["low"], expected["cr2"]["high"]), abs=1e-6
    )
    assert fit.inference.df == pytest.approx(expected["cr2"]["df"], abs=1e-4)
    assert fit.inference.p == pytest.approx(expected["cr2"]["p"], abs=1e-9)
    assert fit.leverage_shares == pytest.approx(REGION_LEVERAGE, abs=1e-9)


def test_region_staggered_by_observation_agrees_with_the_outside_reference():
    panel = pd.read_csv(reference_file("region_staggered.csv"))
    fit = fit_imputation(panel, **COLUMNS, average="observations")
    assert fit.estimate == pytest.approx(REGION_BY_OBSERVATION, abs=1e-9)


def test_mpdta_agrees_with_three_peers():
    panel = pd.read_csv(reference_file("mpdta.csv"))
    fit = fit_imputation(
        panel, outcome="lemp", unit="countyreal", period="year", cohort="first_treat", average="observations"
    )
    assert fit.estimate == pytest.approx(MPDTA_ATT, abs=2e-8)
    assert (fit.observations.n_units, fit.observations.outcome.size) == (500, 2500)
    assert fit.conservative_errors == pytest.approx([BJS_SE], abs=1e-9)


def castle_panel():
    from causaldata import castle

    panel = castle.load_pandas().data
    first = panel[panel["post"] > 0].groupby("sid")["year"].min()
    return panel.assign(cohort=panel["sid"].map(first).fillna(0).astype(int))


@pytest.mark.parametrize("covariates", CASTLE, ids=str)
def test_castle_agrees_with_a_peer(covariates):
    fit = fit_imputation(
        castle_panel(), outcome="l_homicide", unit="sid", period="year", cohort="cohort", average="observations",
        covariates=covariates, aggregate="dynamic",
    )  # fmt: skip
    found = pd.DataFrame({"estimate": fit.linear.estimates, "se": fit.conservative_errors}, index=list(fit.terms))
    assert found.loc["ATT"].tolist() == pytest.approx(CASTLE[covariates], abs=SINGLE_PRECISION)
    for term, expected in CASTLE_BY_TIME.items() if not covariates else []:
        assert found.loc[term].tolist() == pytest.approx(expected, abs=SINGLE_PRECISION)


def test_two_units_two_periods_by_hand():
    """Treated 5 to 9, untreated 2 to 3: without treatment the treated would have been 6, so the effect is 3."""
    panel = pd.DataFrame(
        {"u": ["a", "a", "b", "b", "c", "c"], "t": [1, 2] * 3, "g": [2, 2, 0, 0, None, None], "y": [5.0, 9, 2, 3, 4, 5]}
    )
    fit = fit_imputation(panel, outcome="y", unit="u", period="t", cohort="g")
    assert fit.estimate == pytest.approx(3.0)
    assert fit.effects[["unit", "period", "counterfactual", "effect"]].to_numpy().tolist() == [
        ["a", 2, pytest.approx(6.0), pytest.approx(3.0)]
    ]
    assert fit.inference is None, "a single treated cluster allows no inference"


def test_regions_weigh_the_same_however_long_they_are_treated(staggered):
    fit = fit_imputation(staggered, **COLUMNS)
    by_region = fit.effects.groupby("cluster")["effect"].mean()
    assert fit.estimate == pytest.approx(by_region.mean(), abs=1e-12)
    assert fit.effects.groupby("cluster")["weight"].sum().tolist() == pytest.approx([1 / 3] * 3)


def test_rows_that_cannot_be_imputed_are_dropped_with_their_reason(staggered):
    always = staggered.assign(cohort=staggered["cohort"].where(staggered["body"] != "b00", 0))
    always.loc[always["body"] == "b04", "cohort"] = 1
    always = always[~((always["body"] == "b04") & (always["quarter"] == 0))]
    fit = fit_imputation(always, **COLUMNS)
    assert fit.observations.dropped == {"unit_without_untreated_rows": 23}


def test_quarters_in_which_all_are_treated_are_dropped_with_their_reason(staggered):
    treated_only = staggered[staggered["cohort"] > 0]
    fit = fit_imputation(treated_only, **COLUMNS)
    assert fit.observations.dropped == {"period_without_untreated_rows": 7 * 11}
    assert set(fit.effects["cluster"]) == {"r0", "r1"}


def test_anticipated_quarters_are_neither_base_nor_effect(staggered):
    fit = fit_imputation(staggered, **COLUMNS, anticipation=2)
    assert fit.observations.dropped == {"anticipation": 22}
    shifted = staggered.copy()
    shifted.loc[(shifted["cohort"] > 0) & (shifted["quarter"].isin([7, 8])) & (shifted["cohort"] == 9), "log_cost"] += 9
    assert fit_imputation(shifted, **COLUMNS, anticipation=2).estimate == pytest.approx(fit.estimate, abs=1e-12)


def test_missing_outcomes_are_counted(staggered):
    holes = staggered.copy()
    holes.loc[[3, 50, 700], "log_cost"] = np.nan
    assert fit_imputation(holes, **COLUMNS).observations.dropped == {"outcome_missing": 3}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.assign(cohort=0), "no row is treated"),
        (lambda p: p[p["quarter"] >= 17].query("cohort > 0"), "every row is treated"),
        (lambda p: p[p["quarter"].between(9, 12)].query("region in ['r0', 'r3']"), "no treated row can be imputed"),
        (lambda p: p.drop(columns="region"), "no column for cluster 'region'"),
        (lambda p: pd.concat([p, p.iloc[[5]]]), r"occur more than once, first \(b00, 5\)"),
        (lambda p: p.assign(cohort=p["cohort"] + (p["quarter"] == 3)), "'cohort' changes within unit 'b00'"),
        (lambda p: p.assign(log_cost=np.nan), "no usable row is left of 864"),
        (lambda p: p.iloc[:0], "the panel has no rows"),
        (lambda p: p.assign(quarter=p["quarter"] + 0.5), "allowed are whole numbers"),
    ],
)
def test_panels_that_do_not_identify_an_effect_are_refused(staggered, change, message):
    with pytest.raises(EstimationError, match=message):
        fit_imputation(change(staggered), **COLUMNS)


def test_quarters_may_be_text(staggered):
    def as_text(number):
        return f"{2020 + int(number) // 4}-Q{int(number) % 4 + 1}"

    text = staggered.assign(
        quarter=staggered["quarter"].map(as_text),
        cohort=staggered["cohort"].map(lambda start: as_text(start) if start else None).astype("str"),
    )
    assert fit_imputation(text, **COLUMNS).estimate == pytest.approx(fit_imputation(staggered, **COLUMNS).estimate)


def test_leverage_counts_all_weights_of_a_treated_cluster_its_untreated_rows_included(staggered):
    fit = fit_imputation(staggered, **COLUMNS)
    clusters = np.array(fit.observations.cluster_names)[fit.observations.cluster]
    squares = {name: float((fit.weights[clusters == name] ** 2).sum()) for name in ("r0", "r1", "r2")}
    expected = {name: value / sum(squares.values()) for name, value in squares.items()}
    assert fit.leverage_shares == pytest.approx(expected, abs=1e-12)
    assert fit.leverage_shares == pytest.approx(REGION_LEVERAGE, abs=1e-9), "the design alone decides"
