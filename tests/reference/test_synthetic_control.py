"""Synthetic control: published and peers' numbers, brute force, what must not change it, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest

from ikz_eval.errors import EstimationError, UsageError
from ikz_eval.estimate import Request, answer, fit_synthetic_control
from ikz_eval.estimate.inferring import Plan
from ikz_eval.inference.synthetic_control import fit_ratios
from tests.reference.factor_panels import EFFECT, one_region
from tests.reference.staggered import reference_file
from tests.reference.synthetic_peers import PYSYNCON, SYNTHDID_CONTROL

SMOKING = {"outcome": "PacksPerCapita", "unit": "State", "period": "Year", "treatment": "treated"}
REGION = {"outcome": "cost", "unit": "body", "period": "period", "cohort": "start", "cluster": "block"}


@pytest.fixture(scope="module")
def smoking():
    return pd.read_csv(reference_file("prop99.csv"))


@pytest.fixture(scope="module")
def california(smoking):
    return fit_synthetic_control(smoking, **SMOKING)


@pytest.fixture(scope="module")
def region():
    return fit_synthetic_control(one_region(), **REGION)


def test_proposition_99(california):
    """The reference program stops its search early; the exact optimum lies .106 beside it and is reported as such."""
    case = json.loads(reference_file("expected.json").read_text(encoding="utf-8"))["cases"]["prop99"]
    assert california.estimate == pytest.approx(case["computed"]["sc_no_covariates"], abs=case["tol"]["sc"])
    assert california.estimate == pytest.approx(SYNTHDID_CONTROL["prop99"], abs=1e-6)
    best = california.starts.set_index("start").loc["optimum"]
    assert (best["estimate"], best["rmspe_before"]) == pytest.approx(PYSYNCON["prop99"], abs=1e-4)
    numbers = california.infer("placebo", Plan(()))["ATT"]
    assert (numbers["rank"], numbers["of"], numbers["attainable_p"], numbers["p"]) == (3, 39, 1 / 39, None)
    assert numbers["rank_blocks"] is numbers["attainable_p_blocks"] is None
    assert numbers["equal_fit_low"] < best["estimate"] < numbers["equal_fit_high"]


def test_starting_points_disagree_on_proposition_99_and_the_verdict_says_so(california):
    assert california.is_fragile
    low, high = california.started_range
    assert (low, high) == pytest.approx((-20.07, -19.14), abs=0.01)
    german = " ".join(california.describe("de"))
    assert "fragil" in german
    assert "zwischen −20,07 und −19,14" in german
    assert "Rang 3 von 39: Bei 2 von 38 Vergleichskörperschaften" in german
    assert "kleiner als 1/39 kann dieser Anteil nicht werden" in german
    assert "Rank 3 of 39: 2 of the 38 comparison bodies" in " ".join(california.describe("en"))


def test_an_invented_region_as_the_peers_have_it(region):
    assert region.estimate == pytest.approx(SYNTHDID_CONTROL["one_region"], abs=1e-9)
    best = region.starts.set_index("start").loc["optimum"]
    assert (best["estimate"], best["rmspe_before"]) == pytest.approx(PYSYNCON["one_region"], abs=1e-3)
    assert region.estimate == pytest.approx(EFFECT, abs=0.5)
    assert not region.is_fragile


def test_gaps_fit_and_terms_follow_from_the_weights(region):
    panel = one_region()
    table = panel.pivot(index="period", columns="body", values="cost")
    weights = pd.Series(region.weights, index=region.wide.donor_names)
    gap = table[["b00", "b01", "b02", "b03"]].mean(axis=1) - table[list(weights.index)] @ weights
    frame = region.to_frame().set_index("term")
    assert frame.loc["e=0", "estimate"] == pytest.approx(gap[12], abs=1e-12)
    assert frame.loc["e=-11", "estimate"] == pytest.approx(gap[1], abs=1e-12)
    assert frame.loc["ATT", "estimate"] == pytest.approx(gap.loc[12:].mean(), abs=1e-12)
    assert frame.loc["ATT", "rmspe_before"] == region.rmspe[0]
    assert region.rmspe[0] == pytest.approx(np.sqrt((gap.loc[:11] ** 2).mean()), abs=1e-12)
    assert list(frame.index) == ["ATT", *(f"e={time}" for time in range(-11, 9))]


@pytest.mark.slow
def test_a_placebo_is_the_estimate_with_another_body_or_block_taken_as_treated(region):
    """By brute force: the region left out, the donor or block given the start; same weights, same ratio."""
    panel = one_region()
    others = panel[panel["block"] != "r0"]
    for name in ("b07", "b19"):
        again = fit_synthetic_control(others.assign(start=np.where(others["body"] == name, 12, 0)), **REGION)
        own = region.placebo.bodies.set_index("name").loc[name]
        assert (own["estimate"], own["ratio"]) == pytest.approx((again.estimate, again.placebo.ratio), abs=1e-9)
    again = fit_synthetic_control(others.assign(start=np.where(others["block"] == "k2", 12, 0)), **REGION)
    own = region.placebo.blocks.set_index("name").loc["k2"]
    assert (own["estimate"], own["ratio"]) == pytest.approx((again.estimate, again.placebo.ratio), abs=1e-9)
    numbers = region.placebo.numbers()
    ratios = region.placebo.bodies["ratio"]
    assert numbers["rank"] == 1 + (ratios >= region.placebo.ratio).sum() == 1
    assert (numbers["of"], numbers["of_blocks"], numbers["attainable_p_blocks"]) == (17, 5, 0.2)


def test_leaving_out_a_donor_is_the_estimate_without_it(region):
    left = region.leave_one_out.set_index("donor")["estimate"]
    assert set(left.index) == set(region.weights_frame()["donor"])
    panel = one_region()
    name = region.weights_frame()["donor"][0]
    again = fit_synthetic_control(panel[panel["body"] != name], **REGION)
    assert left[name] == pytest.approx(again.estimate, abs=1e-9)


def test_a_constant_and_the_order_of_rows_change_nothing(region):
    panel = one_region().sample(frac=1, random_state=1)
    again = fit_synthetic_control(panel, **REGION)
    assert again.to_frame().equals(region.to_frame())
    moved = fit_synthetic_control(panel.assign(cost=panel["cost"] + 1000), **REGION)
    assert moved.estimate == pytest.approx(region.estimate, abs=1e-6)


@pytest.mark.slow
def test_names_and_units_of_the_outcome_change_nothing(region):
    """Donors in another order, and the outcome in another unit."""
    panel = one_region()
    renamed = panel.assign(body=panel["body"].map(lambda name: f"x{40 - int(name[1:]):02d}"))
    assert fit_synthetic_control(renamed, **REGION).estimate == pytest.approx(region.estimate, abs=1e-6)
    scaled = fit_synthetic_control(panel.assign(cost=panel["cost"] * 100), **REGION)
    assert scaled.estimate == pytest.approx(100 * region.estimate, abs=1e-4)


def test_an_effect_added_after_the_start_is_found_in_full(region):
    more = one_region(effect=EFFECT - 10)
    assert fit_synthetic_control(more, **REGION).estimate == pytest.approx(region.estimate - 10, abs=1e-9)


def test_a_donor_like_the_region_gets_the_weight_and_leaves_no_effect():
    panel = one_region()
    mean = panel[panel["block"] == "r0"].groupby("period", as_index=False)["cost"].mean()
    twin = mean.assign(body="twin", block="k9", start=0)
    fit = fit_synthetic_control(pd.concat([panel, twin]), **REGION)
    weights = dict(zip(fit.wide.donor_names, fit.weights, strict=True))
    assert weights["twin"] == pytest.approx(1, abs=1e-3)
    assert fit.estimate == pytest.approx(0, abs=1e-2)
    assert "fast genau" in " ".join(fit.describe("de"))
    best = fit.starts.set_index("start").loc["optimum"]
    assert best["estimate"] == pytest.approx(0, abs=1e-4)


def test_a_region_that_copies_a_donor_throughout_is_not_first():
    """No gap before and none after: nothing has changed, so its ratio is one and not infinite."""
    gaps = np.array([[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.1, 0.1], [0.1, -0.1, 0.2, 0.2]])
    assert fit_ratios(gaps, 2, 1.0) == pytest.approx([1.0, np.inf, 2.0])


def test_a_perfect_fit_ranks_no_better_than_other_perfect_fits():
    """With more donors than periods ratios are infinite; ties count against the region."""
    panel = one_region()
    early = panel[panel["period"].between(10, 14)]
    fit = fit_synthetic_control(early, **REGION)
    numbers = fit.placebo.numbers()
    perfect = np.isinf(fit.placebo.bodies["ratio"]).sum()
    assert numbers["rank"] == 1 + perfect if np.isinf(fit.placebo.ratio) else numbers["rank"] >= perfect


def test_named_donors_only(region):
    names = ("b04", "b05", "b10", "b19")
    fit = fit_synthetic_control(one_region(), **REGION, donors=names)
    assert fit.wide.donor_names == names
    assert fit.dropped == {"not_a_named_donor": 12 * 20}
    with pytest.raises(UsageError, match="donor 'b99' is not in the panel; units never treated are: b04, b05"):
        fit_synthetic_control(one_region(), **REGION, donors=("b99",))
    with pytest.raises(UsageError, match="donor 'b01' is treated itself"):
        fit_synthetic_control(one_region(), **REGION, donors=("b01", "b04"))


def test_gaps_in_the_panel_are_left_out_and_counted():
    """A period without one of the treated goes for all; a donor without a remaining period goes altogether."""
    panel = one_region()
    missing = (panel["body"] == "b02") & (panel["period"] == 5) | (panel["body"] == "b09") & (panel["period"] == 17)
    fit = fit_synthetic_control(panel.assign(cost=panel["cost"].mask(missing)), **REGION)
    assert fit.dropped == {"outcome_missing": 2, "period_without_all_treated": 19, "incomplete_donor": 18}
    assert fit.n_obs == 19 * 19
    assert "5" not in fit.wide.period_names
    assert "b09" not in fit.wide.donor_names


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.assign(start=p["start"].mask(p["body"] == "b01", 15)), "describes one start, found 2: 12, 15"),
        (lambda p: p.assign(start=p["start"].mask(p["block"] == "k1", 12)), "found 2 with treated units: k1, r0"),
        (lambda p: p.assign(start=0), "no unit is treated"),
        (lambda p: p[p["period"] > 10], "start 12: 1 periods before and 9 from it on"),
        (lambda p: p[p["body"].isin(["b00", "b07"])], "1 donors have an outcome in every period"),
        (lambda p: p.assign(cost=p["cost"].where(p["body"].isin(["b00", "b01", "b02", "b03"]), 1.0)), "do not vary"),
    ],
)
def test_refusals(change, message):
    with pytest.raises(EstimationError, match=message):
        fit_synthetic_control(change(one_region()), **REGION)


def test_the_door_describes_and_withholds(region):
    request = Request("synthetic_control", "cost", unit="body", period="period", cohort="start", cluster="block")
    answered = answer(one_region(), request)
    assert answered.verdict is not None
    assert (answered.verdict.code, answered.verdict.words["de"]) == ("descriptive", region.describe("de"))
    assert "Maßgeblich ist der Rang unter ganzen Vergleichsgruppen" in " ".join(answered.verdict.words["de"])
    numbers = answered.estimates[0].inference["placebo"]
    assert numbers is not None
    assert (numbers["p"], numbers["rank_blocks"], numbers["of_blocks"]) == (None, 1, 5)
    with pytest.raises(
        EstimationError, match="inference 'jackknife': this method does not offer it; it offers placebo"
    ):
        answer(one_region(), Request("synthetic_control", "cost", unit="body", period="period", cohort="start",
                                     inference=("jackknife",)))  # fmt: skip


def test_a_table_a_summary_and_a_plot(region):
    assert "SyntheticControlFit: 400 rows" in region.summary()
    assert len(region.plot().spec["layer"][1]["data"]["values"]) == 21
