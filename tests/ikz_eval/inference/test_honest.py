"""Honest bounds by hand and by brute force: linear programs, general optimisers, draws."""

import numpy as np
import pytest
from scipy import optimize, stats

from ikz_eval.errors import EstimationError
from ikz_eval.inference.honest import honest_bounds, pretrend_power
from ikz_eval.inference.honest.conditional import Levels, MomentSet, least_favourable, rejects
from ikz_eval.inference.honest.lasso_path import lasso_path
from ikz_eval.inference.honest.relative_magnitudes import _moment_sets, _steps, contains_zero
from ikz_eval.inference.honest.smoothness import folded_normal_quantile, frontier
from ikz_eval.inference.honest.study import event_study

LEVELS = Levels(0.05, 0.005)


def drawn_study(seed: int, n_pre: int, n_post: int, gap: int = 0, weights=None):
    draw = np.random.default_rng(seed)
    size = n_pre + n_post
    root = draw.normal(size=(3 * size, size))
    return event_study(draw.normal(size=size), root.T @ root / (9 * size), n_pre, n_post, weights, gap)


def test_two_periods_by_hand():
    """Effects .5 and .9 after a step of .2 and one of -.1: M times .2, once and twice."""
    points = [-0.1, 0.1, 0.5, 0.9]
    first = honest_bounds(points, None, 2, 2, m=[0, 1.5])
    assert [(b.low, b.high) for b in first.bounds] == [(0.5, 0.5), pytest.approx((0.2, 0.8))]
    assert first.breakdown == pytest.approx(0.5 / 0.2)
    second = honest_bounds(points, None, 2, 2, m=[1], l_vec=[0, 1]).bounds[0]
    assert (second.low, second.high) == pytest.approx((0.5, 1.3))
    average = honest_bounds(points, None, 2, 2, m=[1], l_vec=[0.5, 0.5]).bounds[0]
    assert (average.low, average.high) == pytest.approx((0.4, 1.0))  # .7 -+ .2 (1 + .5)
    assert first.kind == "point_identified"


def test_smoothness_by_hand():
    """The last slope before is -.1 and goes on; it turned by .3 before, so M below that is refuted."""
    points = [-0.1, 0.1, 0.5, 0.9]
    found = honest_bounds(points, None, 2, 2, restriction="smoothness", m=[0.2, 0.3, 0.4])
    assert np.isnan(found.bounds[0].low)
    assert [(b.low, b.high) for b in found.bounds[1:]] == [pytest.approx((0.3, 0.9)), pytest.approx((0.2, 1.0))]
    assert found.breakdown == pytest.approx(0.6)
    second = honest_bounds(points, None, 2, 2, restriction="smoothness", m=[0.3], l_vec=[0, 1]).bounds[0]
    assert (second.low, second.high) == pytest.approx((1.1 - 0.9, 1.1 + 0.9))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("restriction", ["relative_magnitudes", "smoothness"])
def test_identified_bounds_are_those_of_a_linear_program(seed, restriction):
    study = drawn_study(seed, 3, 4, weights=np.random.default_rng(seed).normal(size=4))
    m = 1.3 if restriction == "relative_magnitudes" else 1.2 * float(np.abs(study.pre_turns).max())
    steps = _steps(study)[3:]
    if restriction == "relative_magnitudes":
        rows, limit = steps, np.full(4, m * np.abs(study.pre_steps).max())
    else:
        every = _steps(study)
        rows, limit = np.diff(every, axis=0), np.full(6, m)
    objective = study.functional
    ends = []
    for side in (1, -1):
        fixed = [(b, b) for b in study.estimates[:3]] + [(None, None)] * 4
        solved = optimize.linprog(
            side * objective, A_ub=np.vstack([rows, -rows]), b_ub=np.tile(limit + 1e-12, 2), bounds=fixed
        )
        ends.append(study.estimate - side * solved.fun)
    found = honest_bounds(study.estimates, None, 3, 4, restriction=restriction, m=[m], l_vec=study.weights).bounds[0]
    assert (found.high, found.low) == pytest.approx(tuple(ends), abs=1e-8)


def test_anticipated_periods_count_as_steps():
    """With a gap of two the first step after the reference spans three periods."""
    points = [-0.1, 0.1, 0.5]
    relative = honest_bounds(points, None, 2, 1, m=[1], gap=2).bounds[0]
    assert (relative.low, relative.high) == pytest.approx((0.5 - 0.6, 0.5 + 0.6))
    padded = honest_bounds(
        [*points[:2], 7.0, 7.0, 0.5], None, 2, 3, restriction="smoothness", m=[0.4], l_vec=[0, 0, 1]
    ).bounds[0]
    smooth = honest_bounds(points, None, 2, 1, restriction="smoothness", m=[0.4], gap=2).bounds[0]
    assert (smooth.low, smooth.high) == pytest.approx((padded.low, padded.high))


@pytest.mark.parametrize(("mean", "expected"), [(0.0, 1.959963985), (50.0, 51.644853627)])
def test_folded_normal_quantile_at_its_ends(mean, expected):
    assert folded_normal_quantile(mean, 0.95) == pytest.approx(expected, abs=1e-8)


def test_folded_normal_quantile_is_that_of_a_noncentral_chi():
    for mean in (0.1, 0.7, 2.3):
        assert folded_normal_quantile(mean, 0.95) ** 2 == pytest.approx(stats.ncx2.ppf(0.95, 1, mean**2), rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_lasso_path_satisfies_its_optimality_conditions(seed):
    draw = np.random.default_rng(seed)
    root = draw.normal(size=(9, 7))
    gram, linear = root.T @ root, draw.normal(size=7) * 3
    knots = lasso_path(gram, linear)
    assert knots[-1] == pytest.approx(np.linalg.solve(gram, linear))
    for q in (knots[:-1] + knots[1:]) / 2:
        rest = linear - gram @ q
        active = q != 0
        penalty = np.abs(rest).max()
        assert rest[active] == pytest.approx(penalty * np.sign(q[active]))
        assert (np.abs(rest[~active]) <= penalty + 1e-9).all()


@pytest.mark.parametrize(("seed", "m"), [(0, 0.0), (0, 0.2), (1, 1.0), (2, 0.05)])
def test_no_estimator_found_by_a_general_optimiser_has_a_shorter_interval(seed, m):
    """Worst bias by a linear program, weights by Nelder-Mead over all estimators free of a linear trend."""
    study = drawn_study(seed, 4, 2)
    turns = np.diff(_steps(study), axis=0)

    def half_length(free):
        slope = study.post_times @ study.weights
        last = slope - np.arange(4, 1, -1) @ free
        estimator = np.concatenate([free, [last], study.weights])
        worst = 0.0
        if m > 0:
            solved = optimize.linprog(
                -estimator, A_ub=np.vstack([turns, -turns]), b_ub=np.full(2 * len(turns), m), bounds=(None, None)
            )
            worst = -solved.fun
        error = np.sqrt(estimator @ study.covariance @ estimator)
        return error * folded_normal_quantile(worst / error, 0.95)

    low, high = frontier(study).interval(m, 0.05)
    estimator, half = frontier(study)._shortest(m, 0.05)
    assert (low + high) / 2 == pytest.approx(estimator @ study.estimates)
    assert half_length(estimator[:3]) == pytest.approx(half, rel=1e-7)
    found = [
        optimize.minimize(half_length, estimator[:3] + away, method="Nelder-Mead", options={"maxfev": 40}).fun
        for away in np.random.default_rng(seed).normal(0, 0.1, (2, 3))
    ]
    assert half <= min(found) + 1e-9


def generic_test(study, m, step, sign, theta, first, level):
    """Andrews, Roth and Pakes by linear programs alone: moments from the start on, the other effects as nuisances."""
    every = _steps(study)
    largest = sign * every[step]
    rows = np.vstack([side * every[study.n_pre :] - m * np.outer(study.post_spans, largest) for side in (1, -1)])
    basis = np.vstack([study.weights, np.eye(study.n_post)[1:]])
    turned = rows[:, study.n_pre :] @ np.linalg.inv(basis)
    y = rows @ study.estimates - turned[:, 0] * theta
    covariance = rows @ study.covariance @ rows.T
    equal = np.vstack([np.sqrt(np.diag(covariance)), turned[:, 1:].T])
    right = np.eye(len(equal))[0]

    def largest_of(values):
        solved = optimize.linprog(-values, A_eq=equal, b_eq=right, bounds=(0, None), method="highs-ds")
        return -solved.fun, solved.x

    eta, dual = largest_of(y)
    if eta > first:
        return True
    variance = dual @ covariance @ dual
    direction = covariance @ dual / variance
    rest = y - direction * (dual @ y)

    def is_kept(value):
        return abs(largest_of(rest + direction * value)[0] - value) < 1e-7

    ends = []
    for far in (-200.0, 200.0):
        kept, lost = eta, far
        for _ in range(35):
            middle = (kept + lost) / 2
            kept, lost = (middle, lost) if is_kept(middle) else (kept, middle)
        ends.append(far if is_kept(far) else kept)
    low, high, z = (value / np.sqrt(variance) for value in (ends[0], min(ends[1], first), eta))
    p = (stats.norm.sf(z) - stats.norm.sf(high)) / (stats.norm.sf(low) - stats.norm.sf(high))
    return eta > 0 and p < level


@pytest.mark.parametrize(("seed", "n_post", "gap"), [(0, 2, 0), (2, 3, 1)])
def test_closed_form_decides_as_linear_programs_do(seed, n_post, gap):
    study = drawn_study(seed, 2, n_post, gap, np.random.default_rng(seed + 50).uniform(0.2, 1, n_post))
    decisions = []
    for number, moments in enumerate(_moment_sets(study, 0.8)):
        first = least_favourable(moments.covariance, LEVELS.kappa)
        step, sign = number // 2, (1.0, -1.0)[number % 2]
        for theta in study.estimate + np.linspace(-3, 3, 4):
            ours = bool(rejects(moments, np.array([theta]), LEVELS, first)[0])
            assert ours == generic_test(study, 0.8, step, sign, theta, first, LEVELS.second)
            decisions.append(ours)
    assert 0 < sum(decisions) < len(decisions)


def test_least_favourable_quantile_is_that_of_draws():
    root = np.random.default_rng(5).normal(size=(6, 2))
    drawn = (np.random.default_rng(6).normal(size=(400_000, 2)) @ root.T).max(axis=1)
    assert least_favourable(root @ root.T, 0.005) == pytest.approx(np.quantile(drawn, 0.995), rel=0.01)
    assert least_favourable(root @ root.T, 0.0) == np.inf
    wide = np.random.default_rng(7).normal(size=(6, 4))
    assert least_favourable(wide @ wide.T, 0.005) == pytest.approx(
        np.quantile((np.random.default_rng(8).normal(size=(400_000, 4)) @ wide.T).max(axis=1), 0.995), rel=0.03
    )


def test_one_moment_is_a_one_sided_normal_test():
    """Nothing to condition on: the conditional test is the usual one."""
    moments = MomentSet(np.array([0.0]), np.array([-1.0]), np.eye(1))
    theta = np.array([-1.60, -1.70])
    assert rejects(moments, theta, Levels(0.05, 0.0), np.inf).tolist() == [False, True]


def test_with_m_zero_and_one_effect_it_is_close_to_the_usual_interval():
    study = drawn_study(3, 3, 2)
    found = honest_bounds(study.estimates, study.covariance, 3, 2, m=[0]).bounds[0]
    reach = 1.959964 * study.standard_error
    assert (found.low, found.high) == pytest.approx((study.estimate - reach, study.estimate + reach), abs=0.02 * reach)


@pytest.mark.parametrize("restriction", ["relative_magnitudes", "smoothness"])
def test_at_the_breakdown_value_the_set_begins_to_hold_zero(restriction):
    draw = np.random.default_rng(11)
    root = draw.normal(size=(30, 5))
    points = np.array([0.05, -0.02, 0.03, 1.0, 1.2])
    covariance = root.T @ root / 30 * 0.01
    value = honest_bounds(points, covariance, 3, 2, restriction=restriction).breakdown
    near = honest_bounds(points, covariance, 3, 2, restriction=restriction, m=[0.995 * value, 1.005 * value]).bounds
    assert near[0].low > 0 > near[1].low
    none = honest_bounds(points * [1, 1, 1, 0.01, 0], covariance, 3, 2, restriction=restriction)
    assert np.isnan(none.breakdown) and none.breakdown_note == "zero is inside at every M"


def test_pretest_of_one_coefficient_is_a_normal_tail():
    found = pretrend_power([0.3, 1.0], [[0.04, 0.01], [0.01, 0.09]], 1, 1, trend=[-0.2, 0.2])
    z = 1.959964
    power = stats.norm.sf(z - 1) + stats.norm.cdf(-z - 1)
    assert found.power == pytest.approx(power, abs=1e-6)
    assert found.size == pytest.approx(0.05, abs=1e-6)
    cut = stats.truncnorm(-z + 1, z + 1, loc=-0.2, scale=0.2)
    assert found.expected[0] == pytest.approx(cut.mean(), abs=1e-5)
    assert found.bias == pytest.approx(0.2 + 0.25 * (cut.mean() + 0.2), abs=1e-5)
    for wanted, slope in found.slopes.items():
        assert stats.norm.sf(z - slope / 0.2) + stats.norm.cdf(-z - slope / 0.2) == pytest.approx(wanted, abs=1e-6)


def test_passing_is_as_drawn():
    """Mean given that all three pass, against a million draws."""
    study = drawn_study(4, 3, 2)
    trend = np.array([-0.9, -0.6, -0.3, 0.3, 0.6])
    found = pretrend_power(study.estimates, study.covariance, 3, 2, trend=trend)
    draws = trend + np.random.default_rng(9).standard_normal((400_000, 5)) @ np.linalg.cholesky(study.covariance).T
    passed = (np.abs(draws[:, :3]) < 1.959964 * np.sqrt(np.diag(study.covariance)[:3])).all(axis=1)
    assert found.power == pytest.approx(1 - passed.mean(), abs=0.003)
    assert found.expected == pytest.approx(draws[passed].mean(axis=0), abs=0.02)


GOOD = ([0.1, 0.2, 0.3], np.eye(3), 2, 1)


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (([0.1, 0.2, 0.3], np.eye(2), 2, 1), {}, "shape"),
        (([0.1, np.nan, 0.3], np.eye(3), 2, 1), {}, "finite"),
        (([0.1, 0.2, 0.3], np.eye(3), 0, 3), {}, "at least"),
        (([0.1, 0.2, 0.3], np.array([[1, 0.5, 0], [0, 1, 0], [0, 0, 1]]), 2, 1), {}, "not symmetric"),
        (([0.1, 0.2, 0.3], np.diag([1.0, -1, 1]), 2, 1), {}, "positive semidefinite"),
        (GOOD, {"restriction": "none"}, "allowed: relative_magnitudes, smoothness"),
        (GOOD, {"m": [-1.0]}, "zero or more"),
        (GOOD, {"alpha": 1.0}, "between 0 and 1"),
        (GOOD, {"l_vec": [0.0]}, "not all zero"),
        (GOOD, {"gap": -1}, "gap"),
    ],
)
def test_refusals_say_what_is_allowed(arguments, options, words):
    with pytest.raises(EstimationError, match=words):
        honest_bounds(*arguments, **options)


def test_collinear_coefficients_before_the_start_have_no_pretest():
    covariance = np.ones((3, 3)) + np.diag([0, 0, 1.0])
    with pytest.raises(EstimationError, match="collinear"):
        pretrend_power([0.1, 0.1, 0.3], covariance, 2, 1)


def coverage(m: float, violation: np.ndarray, draws: int, is_relative: bool) -> float:
    at = np.arange(7)
    covariance = 0.04 * (0.6 ** np.abs(at[:, None] - at) + 0.4)
    root, draw = np.linalg.cholesky(covariance), np.random.default_rng(31)
    inside = 0
    for _ in range(draws):
        study = event_study(violation + root @ draw.standard_normal(7), covariance, 4, 3)
        if is_relative:
            inside += contains_zero(study, m, LEVELS)
        else:
            low, high = frontier(study).interval(m, 0.05)
            inside += low <= 0 <= high
    return inside / draws


@pytest.mark.slow
@pytest.mark.parametrize(("m", "draws"), [(0.0, 1_500), (0.5, 1_500)])
def test_fixed_length_intervals_cover_at_the_bound(m, draws):
    """A linear trend whose slope turns by M each period from the start on; three Monte Carlo errors below .95."""
    times = np.array([-4.0, -3, -2, -1, 1, 2, 3])
    violation = 0.3 * times + np.where(times > 0, m * times * (times + 1) / 2, 0.0)
    assert coverage(m, violation, draws, is_relative=False) > 0.95 - 3 * np.sqrt(0.95 * 0.05 / draws)


@pytest.mark.slow
def test_relative_sets_cover_at_the_bound():
    violation = np.array([0.0, 0, 0, -1.0, 1.0, 2.0, 3.0])
    assert coverage(1.0, violation, 400, is_relative=True) > 0.95 - 3 * np.sqrt(0.95 * 0.05 / 400)
