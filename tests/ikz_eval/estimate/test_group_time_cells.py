"""Group-time cells with covariates, weights and gaps: by hand, by brute force, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.group_time import fit_group_time
from ikz_eval.inference import infer_each, working_model

COLUMNS = {"outcome": "y", "unit": "unit", "period": "period", "cohort": "cohort"}
KINDS = ("simple", "dynamic", "group", "calendar")


def make_panel(units: int = 60, periods: int = 6, seed: int = 5) -> pd.DataFrame:
    """Return units in cohorts 0, 3 and 5 whose chance to be treated and trend both depend on x and z."""
    draw = np.random.default_rng(seed)
    x, z = draw.normal(size=units), draw.integers(0, 2, units)
    cohort = np.where(x + draw.normal(size=units) < 0.4, 0, np.where(draw.random(units) < 0.5, 3, 5))
    rows = [
        {
            "unit": f"u{i:02d}", "block": f"k{i % 12}", "period": t, "cohort": cohort[i], "x": x[i] + 0.1 * t, "z": z[i],
            "w": 1 + i % 3, "y": x[i] * t + z[i] * t**1.5 - (0 < cohort[i] <= t) + draw.normal(),
        }
        for i in range(units) for t in range(1, periods + 1)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def panel():
    return make_panel()


def stratified(panel, group, period, base):
    """Return the two-by-two difference within z = 0 and 1, averaged as the treated are spread."""
    wide = panel.pivot(index="unit", columns="period", values="y")
    who = panel.groupby("unit")[["cohort", "z"]].first()
    change = wide[period] - wide[base]
    parts = [
        change[(who["cohort"] == group) & (who["z"] == z)].mean()
        - change[(who["cohort"] == 0) & (who["z"] == z)].mean()
        for z in (0, 1)
    ]
    return np.average(parts, weights=[((who["cohort"] == group) & (who["z"] == z)).sum() for z in (0, 1)])


@pytest.mark.parametrize("adjustment", ["dr", "reg", "ipw"])
def test_with_one_binary_covariate_every_adjustment_is_the_stratified_difference(panel, adjustment):
    cells = fit_group_time(panel, **COLUMNS, covariates=["z"], adjustment=adjustment).to_frame()
    for cell in cells.itertuples():
        assert cell.estimate == pytest.approx(stratified(panel, cell.group, cell.period, cell.base), abs=1e-9)


def test_covariates_are_those_of_the_base_period(panel):
    """Outcome regression by least squares on the comparison units, with x as it was in the base period."""
    cell = fit_group_time(panel, **COLUMNS, covariates=["x"], adjustment="reg").to_frame().set_index("term")
    wide, x = (panel.pivot(index="unit", columns="period", values=name) for name in ("y", "x"))
    cohort, change = panel.groupby("unit")["cohort"].first(), wide[6] - wide[2]
    slope, level = np.polyfit(x[2][cohort == 0], change[cohort == 0], 1)
    expected = (change - level - slope * x[2])[cohort == 3].mean()
    assert cell.loc["ATT(3,6)", "estimate"] == pytest.approx(expected, abs=1e-10)
    assert cell.loc["ATT(3,6)", "base"] == 2


CASES = [("never", (), "dr"), ("not_yet", (), "dr")] + [
    (comparison, ("x", "z"), adjustment) for comparison in ("never", "not_yet") for adjustment in ("dr", "reg", "ipw")
]


@pytest.mark.parametrize(("comparison", "covariates", "adjustment"), CASES)
def test_whole_weights_count_as_copies_of_units(panel, comparison, covariates, adjustment):
    options = {"covariates": covariates, "comparison": comparison, "adjustment": adjustment}
    weighted = fit_group_time(panel, **COLUMNS, **options, weights="w")
    copies = pd.concat([panel[panel["w"] > k].assign(unit=lambda p, k=k: p["unit"] + f"_{k}") for k in range(3)])
    copied = fit_group_time(copies, **COLUMNS, **options)
    for kind in KINDS:
        assert weighted.aggregate(kind).estimate == pytest.approx(copied.aggregate(kind).estimate, abs=1e-9)


@pytest.mark.parametrize(("comparison", "covariates", "adjustment"), CASES)
def test_influence_is_the_derivative_by_each_units_weight(panel, comparison, covariates, adjustment):
    """Brute force: raise and lower one unit's weight, fit again; times units it is the unit's influence."""
    options = {"covariates": covariates, "comparison": comparison, "adjustment": adjustment, "weights": "w"}
    flat = panel.assign(w=1.0)
    fit, step = fit_group_time(flat, **COLUMNS, **options), 1e-4
    names = sorted(panel["unit"].unique())
    for place in (0, 7, 23, 41):
        moved = [
            fit_group_time(flat.assign(w=1.0 + sign * step * (flat["unit"] == names[place])), **COLUMNS, **options)
            for sign in (1, -1)
        ]
        for kind in KINDS:
            up, down = (each.aggregate(kind).estimate for each in moved)
            influence = fit.aggregate(kind).influence[place] / len(names)
            assert influence == pytest.approx((up - down) / (2 * step), abs=1e-6)


def test_standard_errors_are_sums_of_squared_influence(panel):
    whole = fit_group_time(panel, **COLUMNS, cluster="block").aggregate("dynamic")
    blocks = panel.groupby("unit")["block"].first()
    by_block = pd.Series(whole.influence / 60, index=blocks.index).groupby(blocks).sum()
    assert whole.se_unit == pytest.approx(np.sqrt(((whole.influence / 60) ** 2).sum()), abs=1e-12)
    assert whole.se_cluster == pytest.approx(np.sqrt((by_block**2).sum()), abs=1e-12)


@pytest.mark.parametrize("aggregate", [*KINDS, "none"])
@pytest.mark.parametrize("weights", [None, "w"])
def test_without_covariates_estimates_are_linear_in_the_outcomes(panel, aggregate, weights):
    gaps = panel.drop(panel.sample(40, random_state=1).index)
    options = {"weights": weights, "aggregate": aggregate, "cluster": "block", "comparison": "not_yet"}
    fit = fit_group_time(gaps, **COLUMNS, **options)
    linear = fit.linear
    assert linear.terms == tuple(fit.to_frame()["term"])
    assert linear.estimates == pytest.approx(fit.to_frame()["estimate"].to_numpy(), abs=1e-12)
    other = gaps.assign(y=np.random.default_rng(9).normal(size=len(gaps)))
    root = np.sqrt(fit.observations.weight)
    again = linear.weights.T @ (root * other["y"].to_numpy()[fit.observations.rows])
    assert again == pytest.approx(
        fit_group_time(other, **COLUMNS, **options).to_frame()["estimate"].to_numpy(), abs=1e-12
    )
    assert np.abs((linear.weights.T @ linear.design)[:, :-1]).max() < 1e-10, "unit and period effects drop out"
    assert linear.parameters_full - linear.parameters == fit.n_units - 1
    model = working_model(linear.design, linear.cluster)
    assert all(each.se > 0 for each in infer_each(model, linear.weights, linear.outcome))


def test_with_covariates_nothing_is_claimed_to_be_linear(panel):
    assert fit_group_time(panel, **COLUMNS, covariates=["x"]).linear is None


def test_terms_of_each_aggregation(panel):
    found = {kind: fit_group_time(panel, **COLUMNS, aggregate=kind).to_frame()["term"].tolist() for kind in KINDS}
    assert found["simple"] == ["ATT"]
    assert found["group"] == ["ATT", "g=3", "g=5"]
    assert found["calendar"] == ["ATT", "t=3", "t=4", "t=5", "t=6"]
    assert found["dynamic"] == ["ATT", "e=-3", "e=-2", "e=-1", "e=0", "e=1", "e=2", "e=3"]


def test_quarters_as_text_keep_their_names(panel):
    text = panel.assign(
        period="2024-Q" + panel["period"].astype(str), cohort=panel["cohort"].map({0: None, 3: "2024-Q3", 5: "2024-Q3"})
    )
    text = text[text["period"] <= "2024-Q4"]
    assert "ATT(2024-Q3,2024-Q4)" in fit_group_time(text, **COLUMNS).to_frame()["term"].tolist()


def test_cells_use_the_units_seen_in_both_periods(panel):
    gaps = panel.drop(panel.sample(80, random_state=2).index)
    cells = fit_group_time(gaps, **COLUMNS).to_frame()
    wide = gaps.pivot(index="unit", columns="period", values="y")
    cohort = gaps.groupby("unit")["cohort"].first()
    for cell in cells.itertuples():
        change = (wide[cell.period] - wide[cell.base]).dropna()
        own, others = change[cohort[change.index] == cell.group], change[cohort[change.index] == 0]
        assert cell.estimate == pytest.approx(own.mean() - others.mean(), abs=1e-12)
        assert (cell.n_treated, cell.n_comparison) == (len(own), len(others))


def test_missing_cells_and_unused_rows_are_counted(panel):
    lone = (panel["unit"] == "u00") & (panel["period"] != 4)
    gap = (panel["cohort"] == 3) & (panel["period"] == 5)
    without = panel[~lone & ~gap]
    assert panel.loc[panel["unit"] == "u00", "cohort"].iloc[0] == 0, "the example needs a comparison unit"
    fit = fit_group_time(without, **COLUMNS)
    assert fit.missing == {"ATT(3,5)": "no_treated_unit"}
    assert fit.dropped == {"in_no_cell": 1}
    assert (fit.n_units, fit.n_obs) == (59, len(without) - 1)


def test_unusable_rows_are_counted_by_reason(panel):
    spoilt = panel.assign(x=panel["x"].astype(float), w=panel["w"].astype(float))
    spoilt.loc[0, "y"] = np.nan
    spoilt.loc[[1, 2], "x"] = np.nan
    spoilt.loc[7, "w"] = 0.0
    spoilt.loc[8, "w"] = np.nan
    fit = fit_group_time(spoilt, **COLUMNS, covariates=["x"], weights="w")
    assert {"outcome_missing": 1, "covariate_missing": 2, "weight_zero": 1, "weight_missing": 1}.items() <= (
        fit.dropped.items()
    )


def test_anticipated_periods_are_neither_base_nor_effect(panel):
    fit = fit_group_time(panel, **COLUMNS, covariates=["z"], anticipation=1, comparison="not_yet")
    cells = fit.to_frame().set_index("term")
    assert cells.loc["ATT(5,6)", "base"] == 3
    assert "ATT(5,4)" not in cells.index
    assert fit.dropped["anticipation"] == panel.groupby("unit")["cohort"].first().gt(0).sum()


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (
            lambda p: p.assign(x=(p["cohort"] == 3) * 1.0 + 0.01 * p["x"]),
            {"covariates": ["x"]},
            r"\[3\] have no overlap",
        ),
        (lambda p: p.assign(x=2.0), {"covariates": ["x"]}, "covariates that repeat each other and would vanish"),
        (
            lambda p: p.assign(x=1 - p["z"]),
            {"covariates": ["x", "z"], "adjustment": "reg"},
            r"groups \[3, 5\] have too few",
        ),
        (lambda p: p[p["cohort"] > 0], {"comparison": "not_yet"}, r"groups \[5\] have no base or no comparison unit"),
        (lambda p: p.assign(w=-1), {"weights": "w"}, "'w' holds the weight -1.0; allowed: >= 0"),
        (lambda p: p, {"covariates": ["block"]}, "'block' holds words in .*; allowed are numbers"),
        (lambda p: p, {"covariates": ["income"]}, "no column for covariate 1 'income'"),
        (lambda p: p, {"covariates": ["x", "x"]}, "allowed is each name once"),
        (lambda p: p, {"adjustment": "lasso"}, "adjustment 'lasso' is unknown; allowed: dr, reg, ipw"),
        (lambda p: p, {"aggregate": "mean"}, "aggregation 'mean' is unknown"),
        (lambda p: p, {"anticipation": -1}, "anticipation is -1"),
    ],
)
def test_what_cannot_be_estimated_is_refused(panel, change, options, message):
    with pytest.raises(EstimationError, match=message):
        fit_group_time(change(panel), **COLUMNS, **options)
