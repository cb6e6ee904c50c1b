"""Romano-Wolf over several outcomes: a peer's numbers, refits in every draw, and what is refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ikz_eval.errors import EstimationError
from ikz_eval.estimate import fit_twoway
from ikz_eval.inference import romano_wolf, sign_draws, wild_bootstrap, wild_t

PEER = {
    "alone": (0.66796875, 0.8046875, 0.24609375, 0.046875),
    "adjusted": (0.8401559454191033, 0.8401559454191033, 0.49317738791423, 0.20857699805068225),
}
"""pyfixest 0.60.0 with wildboottest, all 512 sign vectors; made by tests/reference/peers/rwolf.py. It counts draws strictly
beyond the observed |t|, so that the observed signs and their mirror image, two of 512, are left out; its adjusted p then
adds one: (1 + count) / 513."""


def invented(seed=11):
    """Return 27 units in nine clusters, six periods, four outcomes that share a part; effects 0, .3, .9, 1.2."""
    draw = np.random.default_rng(seed)
    unit = np.repeat(np.arange(27), 6)
    cluster, t = unit // 3, np.tile(np.arange(6), 27)
    d = ((cluster < 4) & (t >= 3)).astype(float)
    shock, own = draw.normal(size=(4, 9, 6))[:, cluster, t], draw.normal(size=(4, unit.size))
    outcomes = 0.5 * shock + own + draw.normal(size=unit.size) + np.array([0.0, 0.3, 0.9, 1.2])[:, None] * d
    return pd.DataFrame({"unit": unit, "cluster": cluster, "t": t, "d": d} | {f"y{i}": outcomes[i] for i in range(4)})


def fitted(panel, outcome):
    return fit_twoway(panel, outcome=outcome, unit="unit", period="t", treatment="d", cluster="cluster").linear


@pytest.fixture(scope="module")
def four():
    panel = invented()
    return [fitted(panel, f"y{i}") for i in range(4)]


def test_both_p_values_are_the_peers(four):
    found = romano_wolf(four)
    assert [one.p - 2 / 512 for one in found] == pytest.approx(PEER["alone"], abs=1e-12)
    assert [(512 * one.adjusted_p - 2 + 1) / 513 for one in found] == pytest.approx(PEER["adjusted"], abs=1e-12)
    assert {one.draws for one in found} == {512}


def refits(panel, outcome, signs):
    """Return |t| of a restricted wild bootstrap by least squares with all dummies, anew in each draw."""
    panel = panel.dropna(subset=outcome)
    absorbed = pd.get_dummies(panel[["unit", "t"]].astype(str), dtype=float).to_numpy()
    y, d, cluster = (panel[name].to_numpy() for name in (outcome, "d", "cluster"))
    null = absorbed @ np.linalg.lstsq(absorbed, y, rcond=None)[0]
    columns = np.column_stack([d, absorbed])
    c = np.linalg.pinv(columns)[0]
    found = []
    for sign in signs:
        outcomes = null + sign[cluster] * (y - null)
        rest = outcomes - columns @ np.linalg.lstsq(columns, outcomes, rcond=None)[0]
        scores = np.bincount(cluster, c * rest, minlength=9)
        found.append(abs(c @ outcomes) / np.sqrt((scores**2).sum()))
    return np.array(found)


def test_every_draw_is_a_refit():
    """Rows differ by outcome; Romano and Wolf's steps written out on t of refits, to 1e-10 and in the p values."""
    panel = invented(5)
    panel.loc[[3, 40, 77], "y1"] = np.nan
    panel.loc[panel["cluster"] == 8, "y3"] = np.nan
    signs = sign_draws(9)[0][::3]
    signs = np.vstack([np.ones(9), signs[~(signs == 1).all(axis=1)]])
    each = [fitted(panel, f"y{i}") for i in range(4)]
    drawn = np.column_stack([refits(panel, f"y{i}", signs) for i in range(4)])
    for i, linear in enumerate(each):
        t, mine = wild_t(linear, signs[:, : linear.n_clusters])
        factor = abs(t[0]) / drawn[0, i]  # the small-sample factor of CR1, the same in every draw
        assert mine[:, 0] == pytest.approx(factor * drawn[:, i], rel=1e-10)
        drawn[:, i] *= factor
    order, p, last = np.argsort(-drawn[0]), np.empty(4), 0.0
    every = sign_draws(9)[0]
    everything = np.column_stack([wild_t(one, every[:, : one.n_clusters])[1][:, 0] for one in each])
    for step, i in enumerate(order):
        largest = everything[:, order[step:]].max(axis=1)
        last = max(last, float((largest >= drawn[0, i] * (1 - 1e-9)).mean()))
        p[i] = last
    assert [one.adjusted_p for one in romano_wolf(each)] == pytest.approx(p, abs=1e-12)


def test_adjusted_p_are_monotone_and_never_smaller(four):
    found = sorted(romano_wolf(four), key=lambda one: -abs(one.t))
    assert [one.adjusted_p for one in found] == sorted(one.adjusted_p for one in found)
    assert all(one.adjusted_p >= one.p for one in found)
    assert found[0].adjusted_p > found[0].p, "the largest t is compared with the largest of all outcomes"


def test_one_outcome_is_the_bootstrap_itself(four):
    for options in ({}, {"kind": "33"}, {"denominator": "cr2"}):
        assert romano_wolf(four[2:3], **options)[0].adjusted_p == wild_bootstrap(four[2], **options)[0].p
    drawn = romano_wolf(four[2:3], weights="webb", draws=199, seed=4)[0]
    assert drawn.p == drawn.adjusted_p == wild_bootstrap(four[2], weights="webb", draws=199, seed=4)[0].p


def test_the_same_outcome_twice_costs_nothing(four):
    twice = romano_wolf([four[3], four[3]])
    assert twice[0].adjusted_p == twice[1].adjusted_p == twice[0].p, (
        "dependence is in the draws; Bonferroni would double"
    )


def test_unrestricted_draws_count_the_observed_sample(four):
    found = romano_wolf(four, restricted=False)
    assert all(1 / 513 <= one.p <= 1 for one in found)
    assert found[3].p == pytest.approx((1 + 512 * wild_bootstrap(four[3], restricted=False)[0].p) / 513)


def test_what_is_refused(four):
    with pytest.raises(EstimationError, match="no outcome"):
        romano_wolf([])
    renamed = replace(four[1], cluster_names=tuple(f"x{i}" for i in range(9)))
    with pytest.raises(EstimationError, match="0 clusters in common"):
        romano_wolf([four[0], renamed])


@pytest.mark.slow
def test_the_chance_of_one_false_claim():
    """Four outcomes without effect, world B, 300 draws (Monte Carlo error .0126): at most .05 + .038; each alone far more."""
    from bench.size_few_treated import familywise, imputation, world
    from ikz_eval.inference.wild_statistics import prepare

    design = imputation("region", 3, "cases")
    prepared, signs = prepare(design.linear, "cr2")[0], sign_draws(9)[0]
    alone, adjusted = familywise(prepared, [world("B", 300, 60 + k) for k in range(4)], signs, 0)
    assert adjusted <= 0.05 + 0.038 < alone
