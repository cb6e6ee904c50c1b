"""Stacked difference-in-differences: castle-doctrine laws as two peers have them, and least squares with all dummies."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from ikz_eval.cli import cli
from ikz_eval.errors import EstimationError, UsageError
from ikz_eval.estimate import fit_stacked
from ikz_eval.estimate.door import Request, answer
from ikz_eval.inference.sandwich import cluster_robust
from tests.reference.staggered import invented_panel

COLUMNS = {"outcome": "log_cost", "unit": "body", "period": "quarter", "cohort": "cohort", "cluster": "region"}
CASTLE = {
    "aggregate": {
        "e=-3": (-0.026669913935230983, 0.049826170367916006), "e=-2": (-0.08933704293839659, 0.04830718429788624),
        "e=0": (0.012110036090806813, 0.06716929868701461), "e=1": (0.013157160576381999, 0.04882087871817016),
        "e=2": (0.030654626026378706, 0.052074876019040574),
    },
    "none": {
        "e=-3": (-0.02167770347748835, 0.04797848729452942), "e=-2": (-0.08829407322080952, 0.050307717210456786),
        "e=0": (0.004203962617775262, 0.07558993731916593), "e=1": (0.02492723395208136, 0.0499392597818662),
        "e=2": (0.03436045669319619, 0.05336142190508973),
    },
}  # fmt: skip
"""Estimate and CR1 by state: pyfixest 0.60.0 on a stack built by hand (tests/reference/peers/stacked_castle.py)."""
DIFF_DIFF_ATT = 0.018640607564521388
"""diff-diff 3.13.0, StackedDiD with its aggregate weights; its error (.0441) has one set of event-time effects."""


@pytest.fixture(scope="module")
def castle():
    from causaldata import castle

    panel = castle.load_pandas().data[["sid", "year", "homicide", "post"]].assign(y=lambda x: np.log(x["homicide"]))
    first = panel[panel["post"] > 0].groupby("sid")["year"].min()
    return panel.assign(first=panel["sid"].map(first).fillna(0).astype(int))


@pytest.mark.parametrize("weights", CASTLE)
def test_castle_agrees_with_the_peers(castle, weights):
    fit = fit_stacked(
        castle, outcome="y", unit="sid", period="year", cohort="first", pre=3, post=2, stack_weights=weights
    )
    found = dict(zip(fit.linear.terms, cluster_robust(fit.linear, "cr1"), strict=True))
    for term, (estimate, se) in CASTLE[weights].items():
        assert (found[term].estimate, found[term].se) == pytest.approx((estimate, se), abs=1e-11)
    after = [CASTLE[weights][f"e={e}"][0] for e in (0, 1, 2)]
    assert found["ATT"].estimate == pytest.approx(np.mean(after), abs=1e-11)
    if weights == "aggregate":
        assert found["ATT"].estimate == pytest.approx(DIFF_DIFF_ATT, abs=1e-11)
    assert fit.stacks["treated_units"].tolist() == [1, 13, 4, 0, 0]
    assert fit.stacks["comparison_units"].tolist() == [32, 30, 29, 0, 0]
    assert fit.stacks["trimmed"].tolist()[3:] == ["window_outside_panel"] * 2
    # Ten of 22 rows of 2009's two states serve as clean controls of 2006; so do seven of 2010's.
    assert fit.dropped["cohort_2009_window_outside_panel"] == 10
    assert fit.n_obs == 654 and fit.n_panel_rows + sum(fit.dropped.values()) == len(castle)


def brute_force(panel, *, pre, post):
    """Return the trimmed aggregate effect as a weighted mean of differences of means, cohort by cohort."""
    effects, numbers = [], []
    for start in sorted(set(panel["cohort"]) - {0}):
        if start - pre < panel["quarter"].min() or start + post > panel["quarter"].max():
            continue
        near = panel[panel["quarter"].between(start - pre, start + post)]
        clean = near[(near["cohort"] == start) | (near["cohort"] == 0) | (near["cohort"] > start + post)]
        means = clean.groupby([clean["cohort"] == start, "quarter"])["log_cost"].mean()
        change = {side: means[side].loc[start:].mean() - means[side].loc[start - 1] for side in (True, False)}
        effects.append(change[True] - change[False])
        numbers.append(clean.loc[clean["cohort"] == start, "body"].nunique())
    return np.average(effects, weights=numbers)


@pytest.mark.parametrize(("pre", "post"), [(8, 6), (4, 7), (1, 0)])
def test_the_effect_is_the_mean_over_treated_units_of_untrimmed_cohorts(pre, post):
    panel = invented_panel()
    fit = fit_stacked(panel, **COLUMNS, pre=pre, post=post)
    assert fit.linear.estimates[fit.linear.terms.index("ATT")] == pytest.approx(
        brute_force(panel, pre=pre, post=post), abs=1e-12
    )


def test_one_set_of_event_time_effects_gives_the_same_points():
    """The paper's regression has a treated-group effect and event times for all sub-experiments together."""
    panel, pre, post = invented_panel(), 4, 6
    fit = fit_stacked(panel, **COLUMNS, pre=pre, post=post)
    parts = []
    for row in fit.stacks.itertuples():
        start = int(row.cohort)
        near = panel[panel["quarter"].between(start - pre, start + post)]
        part = near[(near["cohort"] == start) | (near["cohort"] == 0) | (near["cohort"] > start + post)]
        is_treated = part["cohort"] == start
        parts.append(part.assign(e=part["quarter"] - start, treat=is_treated, w=np.where(is_treated, 1.0, row.weight)))
    stack = pd.concat(parts)
    times = [e for e in range(-pre, post + 1) if e != -1]
    columns = [np.ones(len(stack)), stack["treat"]]
    columns += [stack["e"] == e for e in times] + [(stack["e"] == e) & stack["treat"] for e in times]
    root = np.sqrt(stack["w"].to_numpy())
    plain = np.linalg.lstsq(np.column_stack(columns) * root[:, None], stack["log_cost"] * root, rcond=None)[0]
    assert fit.linear.estimates[: len(times)] == pytest.approx(plain[-len(times) :], abs=1e-10)


def test_every_row_is_used_or_counted():
    panel = invented_panel().assign(log_cost=lambda x: x["log_cost"].where((x["body"] != "b20") | (x["quarter"] != 10)))
    fit = fit_stacked(panel, **COLUMNS, pre=4, post=7)
    assert fit.dropped["outcome_missing"] == 1
    # Cohort 17 has seven quarters only, and is a clean control of cohort 9 up to quarter 16: rows 17 to 23 and 0 to 4 fall out.
    assert fit.dropped["cohort_17_window_outside_panel"] == 3 * (24 - 12)
    # b20 lacks quarter 10, which lies in both windows (5 to 16, 9 to 20): all its rows there fall out with it.
    assert fit.dropped["incomplete_window"] == 15
    assert fit.n_panel_rows + sum(fit.dropped.values()) == len(panel)
    assert fit.n_units == 35
    assert fit.treated_clusters == ("r0", "r1")


def test_a_treatment_column_says_the_same_as_a_cohort():
    panel = invented_panel()
    treated = panel.assign(on=((panel["cohort"] > 0) & (panel["quarter"] >= panel["cohort"])).astype(int))
    columns = {name: value for name, value in COLUMNS.items() if name != "cohort"}
    one = fit_stacked(panel, **COLUMNS, pre=4, post=6)
    other = fit_stacked(treated, **columns, treatment="on", pre=4, post=6)
    assert one.linear.estimates == pytest.approx(other.linear.estimates, abs=1e-12)


def test_what_is_refused():
    panel = invented_panel()
    with pytest.raises(EstimationError, match=r"no cohort has a whole window .*9: window_outside_panel"):
        fit_stacked(panel, **COLUMNS, pre=20, post=3)
    with pytest.raises(EstimationError, match="allowed are pre >= 1 and post >= 0"):
        fit_stacked(panel, **COLUMNS, pre=0, post=3)
    with pytest.raises(EstimationError, match="stack weights 'some' are unknown"):
        fit_stacked(panel, **COLUMNS, pre=2, post=3, stack_weights="some")
    with pytest.raises(EstimationError, match="no row is treated"):
        fit_stacked(panel.assign(cohort=0), **COLUMNS, pre=2, post=3)
    with pytest.raises(EstimationError, match="no_clean_control_with_whole_window"):
        fit_stacked(panel[panel["cohort"] == 9], **COLUMNS, pre=2, post=3)
    gaps = panel[(panel["cohort"] == 0) | (panel["quarter"] != 10) & (panel["cohort"] == 9)]
    with pytest.raises(EstimationError, match="no_treated_unit_with_whole_window"):
        fit_stacked(gaps, **COLUMNS, pre=2, post=3)


def test_at_the_door_with_every_inference():
    asked = Request("stacked", **COLUMNS, pre=8, post=6, inference=("cr2", "wild"))
    found = answer(invented_panel(), asked)
    effect = next(one for one in found.estimates if one.term == "ATT")
    assert effect.inference["wild"]["draws"] == 512
    assert 0 < effect.inference["cr2"]["p"] < 1
    assert found.design.treated_clusters == 3
    assert found.verdict.code in ("compatible", "not_assessable"), "never supported: it is not the primary method"


def test_a_window_that_leaves_one_treated_region_withholds_p():
    found = answer(invented_panel(), Request("stacked", **COLUMNS, pre=8, post=12, inference=("cr2", "wild")))
    assert (found.design.treated_clusters, found.verdict.code) == (1, "not_assessable")
    assert found.design.withheld is not None
    for one in found.estimates:
        assert [one.inference[name][key] for name in ("cr2", "wild") for key in ("p", "low", "high")] == [None] * 6


def test_the_command_line(tmp_path):
    path = tmp_path / "panel.csv"
    invented_panel().to_csv(path, index=False)
    options = "--outcome log_cost --unit body --period quarter --cohort cohort --cluster region --format json"
    done = CliRunner().invoke(
        cli, ["estimate", str(path), "--method", "stacked", *options.split(), "--pre", "4", "--post", "0"]
    )
    assert done.exit_code == 0, done.output
    assert [one["term"] for one in json.loads(done.output)["estimates"]] == ["e=-4", "e=-3", "e=-2", "e=0", "ATT"]
    assert CliRunner().invoke(cli, ["estimate", str(path), "--method", "stacked", *options.split()]).exit_code == 2
    with pytest.raises(UsageError, match="does not know --pre"):
        answer(invented_panel(), Request("twoway", **COLUMNS, pre=3))
