"""Wild cluster bootstrap against a refit in every draw, and what it refuses."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from ikz_eval.errors import EstimationError
from ikz_eval.inference import sign_draws, smallest_wild_p, wild_bootstrap, wild_t
from tests.ikz_eval.inference.drawn import least_squares, left_over, regression, robust_t

TYPES = ("11", "31", "13", "33")


def refitted_t(drawn, term, signs, kind, *, restricted, denominator=None, null=0.0):
    """Draw an outcome for each sign vector, fit it anew in full matrices, return the observed |t| and those drawn."""
    design, cluster = drawn.design, drawn.cluster
    variance = denominator or ("cr3" if kind[1] == "3" else "cr1")
    others = np.delete(design, term, axis=1) if restricted else design
    outcome = drawn.outcome - null * design[:, term]
    rest = left_over(others)
    fitted, residual = outcome - rest @ outcome, rest @ outcome
    if kind[0] == "3":
        for code in np.unique(cluster):
            rows = np.flatnonzero(cluster == code)
            residual[rows] = np.linalg.pinv(rest[np.ix_(rows, rows)], rcond=1e-9) @ (rest @ outcome)[rows]
    estimate, observed = robust_t(design, outcome, cluster, term, variance)
    centre = 0.0 if restricted else estimate
    drawn_t = []
    for sign in signs:
        again, t = robust_t(design, fitted + sign[cluster] * residual, cluster, term, variance)
        drawn_t.append(abs((again - centre) * t / again))
    return abs(observed), np.array(drawn_t)


def share(observed, drawn):
    return np.mean(drawn >= observed * (1 - 1e-9))


@pytest.mark.parametrize("effects", ["none", "cluster", "two-way"])
@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("kind", TYPES)
def test_p_is_that_of_a_refit_in_every_draw(kind, restricted, effects):
    """Six clusters of 3 to 8 rows, all 64 sign vectors."""
    drawn = regression(11, effects=effects, effect=0.4)
    signs = np.array(list(product([1.0, -1.0], repeat=6)))
    found = wild_bootstrap(drawn, kind=kind, restricted=restricted)
    for term in range(2):
        observed, each = refitted_t(drawn, term, signs, kind, restricted=restricted)
        assert found[term].p == pytest.approx(share(observed, each), abs=1e-12)
        assert (found[term].draws, found[term].is_exact, found[term].low) == (64, True, None)


@pytest.mark.parametrize("weights", ["rademacher", "webb", "mammen"])
@pytest.mark.parametrize("kind", TYPES)
def test_each_t_is_that_of_a_refit(kind, weights):
    drawn = regression(12, effects="two-way", effect=0.3)
    signs, is_exact = sign_draws(6, weights=weights, draws=30, seed=3)
    assert not is_exact
    observed, found = wild_t(drawn, signs, kind=kind)
    expected_t, expected = refitted_t(drawn, 0, signs, kind, restricted=True)
    assert abs(observed[0]) * np.sqrt(factor(drawn, kind)) == pytest.approx(expected_t, rel=1e-9)
    assert found[:, 0] * np.sqrt(factor(drawn, kind)) == pytest.approx(expected, rel=1e-7)


def factor(drawn, kind):
    n, g = drawn.n_obs, drawn.n_clusters
    return g / (g - 1) * (n - 1) / (n - drawn.parameters) if kind[1] == "1" else 1.0


def test_cr2_as_denominator_is_that_of_a_refit():
    drawn = regression(13, effects="cluster", effect=0.3)
    signs = np.array(list(product([1.0, -1.0], repeat=6)))
    observed, each = refitted_t(drawn, 0, signs, "11", restricted=True, denominator="cr2")
    assert wild_bootstrap(drawn, denominator="cr2")[0].p == pytest.approx(share(observed, each), abs=1e-12)


def test_a_weighted_fit_is_the_refit_in_root_weight_space():
    drawn = regression(14, effects="none", effect=0.3)
    root = np.sqrt(np.random.default_rng(1).uniform(0.5, 2, drawn.n_obs))
    weighted = least_squares(root[:, None] * drawn.design, root * drawn.outcome, drawn.cluster, tested=2)
    signs = np.array(list(product([1.0, -1.0], repeat=6)))
    observed, each = refitted_t(weighted, 1, signs, "11", restricted=True)
    assert wild_bootstrap(weighted)[1].p == pytest.approx(share(observed, each), abs=1e-12)


def test_naming_the_null_model_changes_nothing_in_least_squares():
    drawn = regression(15, effects="two-way")
    drawn = replace(drawn, terms=("x0",), weights=drawn.weights[:, :1])
    named = replace(drawn, restricted=np.delete(drawn.design, 0, axis=1))
    for kind in TYPES:
        found, expected = (wild_bootstrap(one, kind=kind, confidence=0.8)[0] for one in (named, drawn))
        assert (found.p, found.low, found.high) == pytest.approx((expected.p, expected.low, expected.high), rel=1e-9)


@pytest.mark.parametrize("kind", ["11", "31"])
def test_effects_inside_the_interval_are_not_rejected(kind):
    """Eight clusters; at both ends the refitted p of that effect crosses .10."""
    drawn = regression(16, sizes=(3, 8, 4, 6, 5, 7, 4, 6), effect=0.5)
    found = wild_bootstrap(drawn, kind=kind, confidence=0.9)[0]
    signs = np.array(list(product([1.0, -1.0], repeat=8)))

    def p_of(null):
        return share(*refitted_t(drawn, 0, signs, kind, restricted=True, null=null))

    nudge = 1e-6
    assert found.low < drawn.estimates[0] < found.high
    assert p_of(found.low + nudge) >= 0.1 > p_of(found.low - nudge)
    assert p_of(found.high - nudge) >= 0.1 > p_of(found.high + nudge)


def test_unrestricted_interval_is_symmetric():
    drawn = regression(17, sizes=(5,) * 8)
    found = wild_bootstrap(drawn, restricted=False, confidence=0.9)[0]
    assert found.high - drawn.estimates[0] == pytest.approx(drawn.estimates[0] - found.low, rel=1e-6)


def test_too_few_clusters_give_an_endless_interval():
    """With four clusters no p is below 2/16, so at 95 % no effect is ever rejected."""
    drawn = regression(18, sizes=(5, 6, 7, 8), effect=3.0)
    found = wild_bootstrap(drawn, confidence=0.95)[0]
    assert (found.low, found.high) == (-np.inf, np.inf)
    assert found.p >= smallest_wild_p(4) == 2 / 16


def test_the_smallest_p_is_reached():
    drawn = regression(19, sizes=(9,) * 7, effect=50.0)
    assert wild_bootstrap(drawn)[0].p == smallest_wild_p(7) == 2 / 128


def test_random_draws_count_the_observed_and_repeat_by_seed():
    drawn = regression(20, sizes=(4,) * 15, effect=9.0)
    found = wild_bootstrap(drawn, draws=499, seed=4)
    assert found == wild_bootstrap(drawn, draws=499, seed=4)
    assert len({wild_bootstrap(drawn, draws=499, seed=seed)[1].p for seed in range(4, 9)}) > 1
    assert (found[0].p, found[0].draws, found[0].is_exact) == (1 / 500, 499, False)


@pytest.mark.parametrize(("weights", "third", "fourth"), [("rademacher", 0, 1), ("webb", 0, 7 / 6), ("mammen", 1, 2)])
def test_weights_have_their_moments(weights, third, fourth):
    """Mean 0, variance 1 and the third and fourth moments of the distribution, in 200,000 draws."""
    signs, _ = sign_draws(20, weights=weights, draws=10_000, seed=1)
    moments = [float((signs**power).mean()) for power in (1, 2, 3, 4)]
    assert moments == pytest.approx([0, 1, third, fourth], abs=0.02)


def test_every_sign_vector_occurs_once_the_observed_first():
    signs, is_exact = sign_draws(5, draws=32)
    assert is_exact
    assert len({tuple(row) for row in signs}) == 32
    assert signs[0].tolist() == [1.0] * 5
    assert sign_draws(5, draws=31)[1] is False


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "12"}, "wild bootstrap '12' is unknown; allowed: 11, 31, 13, 33"),
        ({"kind": "13", "denominator": "cr2"}, "'13' has the variance cr3, not cr2"),
        ({"weights": "normal"}, "weights 'normal' are unknown; allowed: rademacher, webb, mammen"),
        ({"draws": 0}, "draws is 0; allowed are whole numbers from 1"),
        ({"confidence": 1.0}, "confidence is 1.0; allowed is between 0 and 1"),
    ],
)
def test_unknown_options_are_refused(options, message):
    with pytest.raises(EstimationError, match=message):
        wild_bootstrap(regression(21), **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: {"restricted": d.design}, "'x0' moves with the model of no effect"),
        (lambda d: {"outcome": d.design @ np.arange(3.0)}, "'x0': no residual variation is left"),
        (lambda d: {"design": d.design[:, 2:], "weights": left_over(d.design[:, 2:]) @ d.weights}, "has no column"),
        (lambda d: {"cluster": np.zeros(33, dtype=int), "cluster_names": ("a",)}, "1 cluster"),
    ],
)
def test_what_cannot_be_bootstrapped_is_refused(change, message):
    drawn = regression(22)
    with pytest.raises(EstimationError, match=message):
        wild_bootstrap(replace(drawn, **change(drawn)))


def test_signs_must_fit_the_clusters():
    with pytest.raises(EstimationError, match="signs for 5 clusters, but the estimates have 6"):
        wild_t(regression(23), np.ones((4, 5)))
