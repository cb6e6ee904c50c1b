"""Donald-Lang, leverage of clusters and equivalence, by hand and against scipy, and what they refuse."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ikz_eval.errors import EstimationError
from ikz_eval.inference import cluster_leverage, donald_lang, equivalence, region_changes
from tests.ikz_eval.inference.drawn import left_over, regression


def test_donald_lang_is_the_pooled_t_test():
    changes = np.array([0.3, -0.1, 0.25, 0.9, 1.2])
    treated = np.array([False, False, False, True, True])
    found = donald_lang(changes, treated)
    expected = stats.ttest_ind(changes[treated], changes[~treated])
    interval = expected.confidence_interval()
    shown = (found.t, found.df, found.p, found.low, found.high)
    assert shown == pytest.approx((expected.statistic, 3, expected.pvalue, interval.low, interval.high), rel=1e-10)


def test_donald_lang_takes_one_treated_region_only_with_two_others():
    assert donald_lang([1.0, 0.2, 0.1], [True, False, False]).df == 1


def test_changes_by_hand():
    """Starts at 1 and 3 of five periods. The comparison region 0, 1, 2, 3, 4 changes by 2.5 at either start."""
    means = [[1.0, 2.0, 2.0, 2.0, 2.0], [0.0, 3.0, 0.0, 5.0, np.nan], [0.0, 1.0, 2.0, 3.0, 4.0]]
    changes, treated = region_changes(means, [1, 3, np.inf])
    assert changes.tolist() == [1.0, 4.0, 2.5]
    assert treated.tolist() == [True, True, False]


def test_changes_with_one_start_are_the_two_by_two_comparison():
    draw = np.random.default_rng(3)
    means, starts = draw.normal(size=(6, 8)), np.array([4, 4, *[np.inf] * 4])
    after = means[:, 4:].mean(axis=1) - means[:, :4].mean(axis=1)
    assert donald_lang(*region_changes(means, starts)).estimate == pytest.approx(after[:2].mean() - after[2:].mean())


@pytest.mark.slow
def test_donald_lang_keeps_its_size_with_five_regions():
    draw = np.random.default_rng(4)
    treated = np.array([True, True, False, False, False])
    rejected = [donald_lang(draw.normal(size=5), treated).p < 0.05 for _ in range(8_000)]
    assert np.mean(rejected) == pytest.approx(0.05, abs=0.0075)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: donald_lang([1.0, 2.0], [True, False]), "Donald-Lang needs both, and three in all"),
        (lambda: donald_lang([1.0, 2.0, 3.0], [True] * 3), "3 treated and 0 comparison regions"),
        (lambda: donald_lang([1.0, 1.0, 3.0, 3.0], [True, True, False, False]), "all changed alike"),
        (lambda: donald_lang([1.0, np.nan, 3.0], [True, True, False]), "one finite change"),
        (lambda: region_changes([[1.0, 2.0]], [np.inf]), "no region is treated"),
        (lambda: region_changes([[1.0, 2.0], [1.0, 2.0]], [0, np.inf]), "region 0 has no value before or after"),
        (lambda: region_changes([[1.0, 2.0], [np.nan, 2.0]], [1, np.inf]), "region 1 has no value before or after"),
        (lambda: region_changes([1.0], [1.0]), "expected"),
        (lambda: equivalence(0.0, 1.0, 3.0, lower=1.0, upper=1.0), "the lower one must be below"),
        (lambda: equivalence(0.0, 0.0, 3.0, lower=-1.0, upper=1.0), "allowed are se > 0"),
        (lambda: equivalence(0.0, 1.0, 3.0, lower=-1.0, upper=1.0, alpha=0.6), "alpha is 0.6"),
    ],
)
def test_what_cannot_be_compared_is_refused(call, message):
    with pytest.raises(EstimationError, match=message):
        call()


def test_partial_leverage_and_ranks_add_up():
    drawn = regression(31)
    hat = 1 - np.diag(left_over(drawn.design))
    for term, found in enumerate(cluster_leverage(drawn)):
        assert sum(found.partial.values()) == pytest.approx(1)
        rows = drawn.cluster == 3
        expected = (drawn.weights[rows, term] ** 2).sum() / (drawn.weights[:, term] ** 2).sum()
        assert found.partial["g3"] == pytest.approx(expected, rel=1e-12)
        assert found.rank["g3"] == pytest.approx(hat[rows].sum(), rel=1e-10)
        assert sum(found.rank.values()) == pytest.approx(3)
        assert 1 <= found.effective <= 6


def test_effective_number_by_hand():
    """Parts 1, 1, 4 in the variance: mean 2, variance 2, so 3 / (1 + 2/4) = 2; equal parts give G."""
    drawn = replace(
        regression(32, sizes=(1, 1, 1, 3)),
        weights=np.column_stack([[1.0, 1.0, 2.0, 0, 0, 0], [1.0, -1.0, 1.0, 1 / 3, 1 / 3, 1 / 3]]),
    )
    uneven, even = cluster_leverage(drawn)
    assert uneven.effective == pytest.approx(36 / 18)
    assert even.effective_shared == pytest.approx(4.0)


def test_effects_by_cluster_cancel_a_shared_shock():
    assert cluster_leverage(regression(33, effects="cluster"))[0].effective_shared is None
    assert cluster_leverage(regression(33))[0].effective_shared is not None


def test_weights_of_zero_have_no_leverage():
    drawn = regression(34)
    with pytest.raises(EstimationError, match="'x0': every weight is zero"):
        cluster_leverage(replace(drawn, weights=drawn.weights * 0))


def test_equivalence_is_two_one_sided_tests():
    found = equivalence(0.01, 0.02, 4.0, lower=-0.05, upper=0.05)
    assert found.p_lower == pytest.approx(stats.t.sf((0.01 + 0.05) / 0.02, 4), rel=1e-10)
    assert found.p_upper == pytest.approx(stats.t.cdf((0.01 - 0.05) / 0.02, 4), rel=1e-10)
    assert found.p == found.p_upper
    assert not found.is_equivalent


@pytest.mark.parametrize("estimate", [-0.045, -0.02, 0.0, 0.013, 0.04, 0.2])
def test_equivalent_exactly_when_the_interval_lies_within_the_margins(estimate):
    found = equivalence(estimate, 0.012, 5.0, lower=-0.05, upper=0.04)
    assert found.is_equivalent == (found.low > -0.05 and found.high < 0.04)
