"""CR2 of a linear estimator against the written-out definition, and what it refuses."""

import numpy as np
import pytest
from scipy import stats

from ikz_eval.errors import EstimationError
from ikz_eval.inference import infer, score_rows, working_model


def pseudo_root(block):
    """Return the Moore-Penrose inverse of the symmetric square root, by singular values."""
    left, values, _ = np.linalg.svd(block)
    return (left * np.where(values > 1e-9, 1 / np.sqrt(np.maximum(values, 1e-9)), 0.0)) @ left.T


def by_definition(design, weights, outcome, clusters):
    """Write the definition out with full matrices: H by pseudo-inverse, root by matrix functions."""
    n = len(outcome)
    rest = np.eye(n) - design @ np.linalg.pinv(design)
    rows = []
    for cluster in np.unique(clusters):
        inside = np.flatnonzero(clusters == cluster)
        root = pseudo_root(rest[np.ix_(inside, inside)])
        rows.append((root @ weights[inside]) @ rest[inside])
    scores = np.array(rows)
    products = scores @ scores.T
    se = np.sqrt(((scores @ outcome) ** 2).sum())
    df = np.trace(products) ** 2 / (products**2).sum()
    p = 2 * stats.t.sf(abs(weights @ outcome / se), df)
    return se, df, p, scores


def regression(seed, *, with_unit_effects):
    """Draw a regression of 40 rows in 8 unequal clusters; the clusters' effects are absorbed when asked for."""
    draw = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(8), [3, 8, 4, 6, 5, 7, 4, 3])
    design = np.column_stack([np.ones(40), draw.normal(size=(40, 2)), draw.normal(size=8)[clusters]])
    if with_unit_effects:
        design = np.column_stack([design[:, 1:3], np.eye(8)[clusters]])
    outcome = design @ draw.normal(size=design.shape[1]) + draw.normal(size=40) + draw.normal(size=8)[clusters]
    return design, outcome, clusters


@pytest.mark.parametrize("with_unit_effects", [False, True])
def test_cr2_follows_its_definition(with_unit_effects):
    design, outcome, clusters = regression(3, with_unit_effects=with_unit_effects)
    weights = np.linalg.pinv(design)[1]
    found = infer(working_model(design, clusters), weights, outcome)
    se, df, p, scores = by_definition(design, weights, outcome, clusters)
    assert (found.se, found.df, found.p) == pytest.approx((se, df, p), rel=1e-7)
    assert found.estimate == pytest.approx(weights @ outcome, rel=1e-12)
    assert score_rows(working_model(design, clusters), weights) == pytest.approx(scores, abs=1e-9)


def test_every_row_its_own_cluster_gives_hc2():
    design, outcome, _ = regression(4, with_unit_effects=False)
    hat = design @ np.linalg.pinv(design)
    residual = outcome - hat @ outcome
    weights = np.linalg.pinv(design)[2]
    hc2 = np.sqrt((weights**2 * residual**2 / (1 - np.diag(hat))).sum())
    assert infer(working_model(design, np.arange(40)), weights, outcome).se == pytest.approx(hc2, rel=1e-10)


def test_two_equal_groups_give_the_two_sample_t_test():
    """With ten clusters of one row each, five treated, CR2 is Welch's and its df those of the two-sample test."""
    treated = np.repeat([0.0, 1.0], 5)
    outcome = np.array([3.1, 2.4, 4.0, 3.3, 2.7, 5.2, 4.1, 6.0, 5.5, 4.4])
    weights = np.where(treated == 1, 0.2, -0.2)
    found = infer(working_model(np.column_stack([np.ones(10), treated]), np.arange(10)), weights, outcome)
    expected = stats.ttest_ind(outcome[5:], outcome[:5])
    assert (found.t, found.df, found.p) == pytest.approx((expected.statistic, 8.0, expected.pvalue), rel=1e-10)


def test_columns_that_repeat_others_do_no_harm():
    design, outcome, clusters = regression(5, with_unit_effects=True)
    weights = np.linalg.pinv(design)[0]
    twice = np.column_stack([design, design[:, 3] + design[:, 4], design[:, 0] * 1000])
    once = infer(working_model(design, clusters), weights, outcome)
    again = infer(working_model(twice, clusters), weights, outcome)
    assert (again.se, again.df) == pytest.approx((once.se, once.df), rel=1e-9)


def test_interval_excludes_zero_exactly_when_p_is_below_its_level():
    design, outcome, clusters = regression(6, with_unit_effects=False)
    model, weights = working_model(design, clusters), np.linalg.pinv(design)[1]
    p = infer(model, weights, outcome).p
    for confidence in (1 - p - 1e-6, 1 - p + 1e-6):
        found = infer(model, weights, outcome, confidence=confidence)
        assert (found.low > 0 or found.high < 0) == (p < 1 - confidence)


def test_a_model_without_residuals_is_refused():
    with pytest.raises(EstimationError, match="4 rows and rank 4: the working model leaves no residual"):
        working_model(np.eye(4), np.arange(4))


def test_wrong_shapes_and_values_are_refused():
    with pytest.raises(EstimationError, match="there are 3 cluster labels"):
        working_model(np.ones((4, 1)), [1, 2, 3])
    with pytest.raises(EstimationError, match="not finite"):
        working_model([[1.0], [np.nan], [1.0]], [1, 2, 3])
    with pytest.raises(EstimationError, match="weights for a working model of 3 rows"):
        infer(working_model(np.ones((3, 1)), [1, 2, 3]), [1.0, -1.0], [1.0, 2.0])


def test_an_estimate_that_the_model_explains_away_is_refused():
    with pytest.raises(EstimationError, match="no variance is left"):
        infer(working_model(np.eye(6)[:, :3], [0, 0, 0, 1, 1, 1]), [1.0, 1, 1, 0, 0, 0], np.arange(6.0))


def test_a_cluster_of_high_leverage_is_not_taken_for_one_that_is_explained():
    """Eigenvalues of (I-H)_rr down to .01 are small but not zero: the root keeps them."""
    draw = np.random.default_rng(3)
    clusters = np.repeat(np.arange(6), 3)
    regressor = draw.normal(size=18)
    regressor[0] = 40.0
    design = np.column_stack([np.ones(18), regressor])
    weights, outcome = np.linalg.pinv(design)[1], draw.normal(size=18)
    rest = np.eye(18) - design @ np.linalg.pinv(design)
    variance, smallest = 0.0, 1.0
    for cluster in range(6):
        inside = np.flatnonzero(clusters == cluster)
        values, vectors = np.linalg.eigh(rest[np.ix_(inside, inside)])
        smallest = min(smallest, values[0])
        variance += float(((vectors / np.sqrt(values)) @ vectors.T @ weights[inside] @ (rest @ outcome)[inside]) ** 2)
    assert 1e-4 < smallest < 0.1
    assert infer(working_model(design, clusters), weights, outcome).se == pytest.approx(np.sqrt(variance), rel=1e-9)
