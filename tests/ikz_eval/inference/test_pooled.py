"""The average of linear estimates: matrices written out, the dependence between outcomes, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import linalg, special

from ikz_eval.errors import EstimationError
from ikz_eval.inference import LinearEstimates, average_of, cluster_robust

ROUNDING = 1e-10
"""Between two ways to compute the same numbers."""


def made(seed: int, names: tuple[str, ...], rows: int) -> LinearEstimates:
    """Return an estimate of a drawn design: a constant and one regressor, weights of least squares."""
    draw = np.random.default_rng(seed)
    cluster = np.sort(np.arange(rows) % len(names)).astype(np.intp)
    design = np.column_stack([np.ones(rows), draw.normal(size=rows)])
    return LinearEstimates(
        terms=("ATT",),
        weights=np.linalg.pinv(design)[1:].T,
        outcome=draw.normal(size=rows),
        design=design,
        cluster=cluster,
        cluster_names=names,
        parameters=2,
        parameters_full=2,
        restricted=design[:, :1],
    )


def test_the_average_is_that_of_matrices_written_out():
    """Two outcomes of different rows and clusters, c among them in one only: everything from the definition of CR2."""
    one, other = made(1, ("a", "b", "c", "d"), 17), made(2, ("a", "b", "d"), 14)
    (found,) = cluster_robust(average_of([one, other]), "cr2")
    x = linalg.block_diag(one.design, other.design)
    rest = np.eye(31) - x @ np.linalg.inv(x.T @ x) @ x.T
    c = np.concatenate([one.weights[:, 0], other.weights[:, 0]]) / 2
    y = np.concatenate([one.outcome, other.outcome])
    cluster = np.array([part.cluster_names[code] for part in (one, other) for code in part.cluster])
    p = np.zeros((4, 31))
    for row, name in zip(p, "abcd", strict=True):
        rows = cluster == name
        row[:] = np.linalg.inv(linalg.sqrtm(rest[np.ix_(rows, rows)]).real) @ c[rows] @ rest[rows]
    k = p @ p.T
    estimate, se, df = c @ y, np.linalg.norm(p @ y), np.trace(k) ** 2 / (k**2).sum()
    assert (found.estimate, found.se, found.df) == pytest.approx((estimate, se, df), abs=ROUNDING)
    assert found.p == pytest.approx(2 * special.stdtr(df, -abs(estimate / se)), abs=ROUNDING)


def test_outcomes_that_move_together_by_cluster_add_up_and_opposite_ones_cancel():
    one = made(3, ("a", "b", "c", "d"), 20)
    (alone,) = cluster_robust(one, "cr2")
    (twice,) = cluster_robust(average_of([one, one]), "cr2")
    assert (twice.estimate, twice.se, twice.df) == pytest.approx((alone.estimate, alone.se, alone.df), abs=ROUNDING)
    (none,) = cluster_robust(average_of([one, replace(one, outcome=-one.outcome)]), "cr2")
    assert (none.estimate, none.se) == pytest.approx((0.0, 0.0), abs=ROUNDING), "an outcome and its mirror: no average"


def test_counts_and_the_model_without_effect_follow():
    both = average_of([made(1, ("a", "b", "c", "d"), 17), made(2, ("a", "b", "e"), 14)])
    assert both.cluster_names == ("a", "b", "c", "d", "e") and both.n_obs == 31
    assert (both.parameters, both.parameters_full) == (4, 4) and both.restricted.shape == (31, 2)
    assert average_of([replace(made(1, ("a", "b"), 9), restricted=None), made(2, ("a", "b"), 9)]).restricted is None


@pytest.mark.parametrize("parts", [[], [made(1, ("a", "b"), 9), replace(made(2, ("a", "b"), 9), terms=("e=0",))]])
def test_nothing_and_unlike_terms_are_refused(parts):
    with pytest.raises(EstimationError, match="an average needs estimates of the same terms"):
        average_of(parts)
