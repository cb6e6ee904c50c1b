"""Conley-Taber and Ferman-Pinto: by hand, against refits on exchanged residuals, and how often they reject a true null."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import nnls

from ikz_eval.errors import EstimationError
from ikz_eval.estimate import fit_imputation, fit_two_by_two, fit_twoway
from ikz_eval.inference import LinearEstimates, RowDesign, conley_taber, ferman_pinto
from ikz_eval.inference.ferman_pinto import cluster_sizes, variance_by_size
from ikz_eval.inference.few_treated import combinations, reach_of

PANEL = {"outcome": "y", "unit": "unit", "period": "t", "cohort": "cohort"}
FITS = {
    "imputation": lambda panel, **more: fit_imputation(panel, **PANEL, cluster="cluster", **more),
    "twoway": lambda panel, **more: fit_twoway(panel, **PANEL, cluster="cluster", **more),
}


def drawn_panel(seed=3, *, starts=(4, 6, 0, 0, 0, 0), units=(2, 3, 2, 2, 3, 1), periods=8):
    """Return an invented panel: units in clusters, staggered starts by cluster, sizes and weights by unit."""
    draw = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(len(units)), units)
    shape = (cluster.size, periods)
    level = draw.normal(size=shape[0])[:, None] + draw.normal(size=periods)
    start = np.array(starts)[cluster][:, None]
    treated = (start > 0) & (np.arange(periods) >= start)
    return pd.DataFrame(
        {
            "unit": np.repeat(np.arange(cluster.size), periods), "cluster": np.repeat(cluster, periods),
            "t": np.tile(np.arange(periods), cluster.size), "cohort": np.repeat(start, periods),
            "y": (level + draw.normal(size=shape) + 0.8 * treated).ravel(),
            "size": np.repeat(draw.uniform(1, 9, cluster.size), periods),
            "weight": np.repeat(draw.uniform(0.5, 2, cluster.size), periods),
        }
    )  # fmt: skip


def by_hand():
    """Return four clusters of one unit, two periods; the first is treated in the second. Changes: 5 and 1, 2, 6."""
    outcome = np.array([0.0, 5, 0, 1, 0, 2, 0, 6])
    unit, time = np.repeat(np.arange(4), 2), np.tile([0, 1], 4)
    treated = (unit == 0) & (time == 1)
    weights = np.where(time == 1, 1.0, -1.0) * np.where(unit == 0, 1.0, -1 / 3)
    design = np.column_stack([unit[:, None] == np.arange(4), time, treated]).astype(float)
    linear = LinearEstimates(("ATT",), weights[:, None], outcome, design, unit, ("a", "b", "c", "d"), 6, 6)
    return linear, RowDesign(time, treated, np.ones(8), np.arange(8))


def test_two_periods_by_hand():
    """Estimate 5 - 3 = 2; comparison changes less their mean are -2, -1, 3: two of three reach 2, so p = 3/4."""
    linear, rows = by_hand()
    found = conley_taber(linear, rows, confidence=0.5)[0]
    assert (found.p, found.draws, found.is_exact, found.is_approximate) == (0.75, 3, True, False)
    assert (found.treated_clusters, found.comparison_clusters, found.left_out) == (1, 3, 0)
    # An effect is rejected at .5 when fewer than 1 of 3 errors reach: beyond the largest, 3.
    assert (found.low, found.high) == pytest.approx((2 - 3, 2 + 3))
    assert conley_taber(linear, rows)[0].low == -np.inf, "3 errors cannot reach .05"


@pytest.mark.parametrize("method", FITS)
@pytest.mark.parametrize("weights", [None, "weight"])
def test_errors_are_those_of_a_refit_on_exchanged_residuals(method, weights):
    """Give the treated clusters the mean residuals of comparison clusters, all else zero, and estimate again."""
    panel = drawn_panel()
    more = {} if weights is None else {"weights": weights}
    fit = FITS[method](panel, **more)
    linear = fit.linear
    rest = linear.residuals / np.sqrt(fit.row_design.weight)
    weight = fit.row_design.weight
    cells = (
        pd.DataFrame({"c": panel["cluster"], "t": panel["t"], "rw": rest * weight, "w": weight})
        .groupby(["c", "t"])
        .sum()
    )
    means = cells["rw"] / cells["w"]
    errors = []
    for pair in product((2, 3, 4, 5), repeat=2):
        outcome = np.zeros(len(panel))
        for cluster, donor in enumerate(pair):
            own = (panel["cluster"] == cluster).to_numpy()
            outcome[own] = means[donor].to_numpy()[panel.loc[own, "t"]]
        # A hair of noise outside, so that no fit is exact; estimates are linear, so take its own part off.
        hair = 1e-3 * rest
        whole, part = (
            FITS[method](panel.assign(y=each), **more).linear.estimates[0] for each in (outcome + hair, hair)
        )
        errors.append(whole - part)
    estimate, sizes = linear.estimates[0], np.abs(errors)
    found = conley_taber(linear, fit.row_design)[0]
    assert (found.draws, found.is_exact, found.treated_clusters, found.comparison_clusters) == (16, True, 2, 4)
    assert found.p == (1 + (sizes >= abs(estimate) * (1 - 1e-9)).sum()) / 17
    found = conley_taber(linear, fit.row_design, confidence=0.6)[0]
    assert found.high - estimate == pytest.approx(np.sort(sizes)[-6], abs=1e-10), (
        "6 of 17 is the fewest above .4 less 1"
    )


def test_ferman_pinto_against_plain_loops():
    """Every cluster takes a rescaled residual of a comparison cluster; the variance line by scipy's nnls."""
    panel = drawn_panel(units=(3, 1, 2, 2, 3, 1))
    fit = FITS["imputation"](panel)
    linear, rows, draws = fit.linear, fit.row_design, 40
    size = panel["size"].to_numpy()
    by_cluster = [panel.loc[panel["cluster"] == c].groupby("t")["size"].sum().mean() for c in range(6)]
    assert cluster_sizes(linear, rows, size) == pytest.approx(by_cluster)
    rest = pd.Series(linear.residuals).groupby([panel["cluster"], panel["t"]]).mean()
    loads = pd.Series(linear.weights[:, 0]).groupby([panel["cluster"], panel["t"]]).sum()
    taken = np.empty((6, 4))
    for taker in range(6):
        plain = np.array([loads[taker] @ rest[donor] for donor in (2, 3, 4, 5)])
        columns = np.column_stack([np.ones(4), 1 / np.array(by_cluster[2:])])
        (a, b), _ = nnls(columns, plain**2)
        taken[taker] = plain * np.sqrt((a + b / by_cluster[taker]) / (columns @ (a, b)))
    picks, is_exact = combinations(4, 6, draws=draws, seed=7)
    errors = np.abs([sum(taken[taker, pick] for taker, pick in enumerate(each)) for each in picks])
    found = ferman_pinto(linear, rows, size, draws=draws, seed=7, confidence=0.8)[0]
    assert not is_exact and not found.is_exact and found.draws == draws
    assert found.p == (1 + (errors >= abs(found.high + found.low) / 2).sum()) / 41
    assert (found.high - found.low) / 2 == pytest.approx(np.sort(errors)[-8], abs=1e-10)


@pytest.mark.parametrize(
    ("squares", "inverse", "expected"),
    [
        ([1, 2, 3, 4], [1, 2, 3, 4], (0, 1)),
        ([3, 5, 7, 9], [1, 2, 3, 4], (1, 2)),
        ([9, 7, 5, 3], [1, 2, 3, 4], (6, 0)),
        ([0, 1, 5, 8], [1, 2, 3, 4], (0, (0 + 2 + 15 + 32) / 30)),
        ([1, 3], [0.5, 0.5], (2, 0)),
    ],
)
def test_the_variance_line_is_never_negative(squares, inverse, expected):
    a, b = variance_by_size(np.array([squares], dtype=float), np.array(inverse, dtype=float))
    assert (a[0], b[0]) == pytest.approx(expected)
    known = nnls(np.column_stack([np.ones(len(squares)), inverse]), np.array(squares, dtype=float))[0]
    if len(set(inverse)) > 1:
        assert (a[0], b[0]) == pytest.approx(known)


def test_sizes_that_do_not_matter_leave_conley_taber_with_comparison_noise():
    """Equal sizes: nothing is rescaled; both tests then differ by what comparison clusters add alone."""
    panel = drawn_panel(units=(2,) * 6)
    fit = FITS["imputation"](panel)
    one, other = (ferman_pinto(fit.linear, fit.row_design, np.full(len(panel), s), draws=500)[0] for s in (1.0, 7.5))
    assert one == other
    plain = conley_taber(fit.linear, fit.row_design)[0]
    assert one.high - one.low > plain.high - plain.low or plain.low == -np.inf


def test_the_interval_holds_what_the_test_does_not_reject():
    panel = drawn_panel(starts=(4, 6, 0, 0, 0, 0, 0, 0), units=(2, 2, 2, 2, 2, 2, 2, 2))
    fit = FITS["twoway"](panel)
    found = conley_taber(fit.linear, fit.row_design, confidence=0.9)[0]

    def p_against(effect):
        moved = FITS["twoway"](panel.assign(y=panel["y"] - effect * fit.row_design.is_treated))
        return conley_taber(moved.linear, moved.row_design)[0].p

    for end, outwards in ((found.low, -1e-6), (found.high, 1e-6)):
        assert p_against(end - outwards) >= 0.1 > p_against(end + outwards)


def test_reach_counts_the_observed_one():
    sizes = np.arange(1, 100, dtype=float)
    # 100 draws with the observed one: at .05 an effect stays while 4 of the 99 errors reach it, the fourth largest is 96.
    assert reach_of(sizes, 0.95) == 96
    assert reach_of(sizes[:18], 0.95) == np.inf
    with pytest.raises(EstimationError, match="confidence"):
        reach_of(sizes, 1.0)


def test_same_seed_same_numbers():
    fit = FITS["imputation"](drawn_panel())
    first, again, other = (conley_taber(fit.linear, fit.row_design, draws=10, seed=s)[0] for s in (1, 1, 2))
    assert first == again != other


def test_a_comparison_cluster_without_a_needed_period_is_left_out_and_counted():
    panel = drawn_panel()
    panel = panel[~((panel["cluster"] == 5) & (panel["t"] == 7))]
    fit = FITS["imputation"](panel)
    found = conley_taber(fit.linear, fit.row_design)[0]
    assert (found.comparison_clusters, found.left_out, found.is_approximate) == (3, 1, True)


def test_two_by_two_knows_its_rows():
    panel = drawn_panel(starts=(4, 4, 0, 0, 0, 0), units=(2,) * 6).iloc[::-1].reset_index(drop=True)
    fit = fit_two_by_two(panel, outcome="y", unit="unit", period="t", cohort="cohort", cluster="cluster")
    same = FITS["twoway"](panel)
    mine, theirs = (conley_taber(each.linear, each.row_design, confidence=0.6)[0] for each in (fit, same))
    # Balanced, one start: the coefficient and the errors are those of the two-way regression.
    assert mine.p == theirs.p and (mine.low, mine.high) == pytest.approx((theirs.low, theirs.high))
    assert (fit.row_design.is_treated == ((panel["cluster"] < 2) & (panel["t"] >= 4)).to_numpy()).all()


def test_what_is_refused():
    panel = drawn_panel()
    fit = FITS["imputation"](panel)
    linear, rows, size = fit.linear, fit.row_design, panel["size"].to_numpy()
    with pytest.raises(EstimationError, match=r"size holds 0 in a row"):
        ferman_pinto(linear, rows, np.where(panel["unit"] == 3, 0.0, size))
    with pytest.raises(EstimationError, match="size has shape"):
        ferman_pinto(linear, rows, size[:-1])
    with pytest.raises(EstimationError, match="draws is 0"):
        conley_taber(linear, rows, draws=0)
    with pytest.raises(EstimationError, match="period has shape"):
        conley_taber(linear, replace(rows, period=rows.period[:-1]))
    with pytest.raises(EstimationError, match="weights must be above zero"):
        conley_taber(linear, replace(rows, weight=0 * rows.weight))
    with pytest.raises(EstimationError, match="no treated cluster"):
        conley_taber(linear, replace(rows, is_treated=np.zeros_like(rows.is_treated)))
    with pytest.raises(EstimationError, match="1 clusters are never treated"):
        few = FITS["imputation"](panel[panel["cluster"] < 3])
        conley_taber(few.linear, few.row_design)
    with pytest.raises(EstimationError, match="3 or more"):
        few = FITS["imputation"](panel[panel["cluster"] < 4])
        ferman_pinto(few.linear, few.row_design, size[(panel["cluster"] < 4).to_numpy()])
    exact = replace(linear, outcome=linear.design @ np.ones(linear.design.shape[1]))
    with pytest.raises(EstimationError, match="residuals of the comparison clusters are zero"):
        conley_taber(exact, rows)


@pytest.mark.slow
@pytest.mark.parametrize("test", ["conley_taber", "ferman_pinto"])
def test_size_with_one_treated_and_many_comparison_clusters(test):
    """Independent errors, 50 comparison clusters, 2,000 outcomes (Monte Carlo error .005): .03 to .07."""
    from bench.size_few_treated import _independent, rejects_few

    assert rejects_few(*_independent(1, 50), test) == pytest.approx(0.05, abs=0.02)
