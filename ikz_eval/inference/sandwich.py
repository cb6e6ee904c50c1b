"""Cluster-robust variances CR0, CR1, CR2 and CR3 for linear estimates.

Holds the adjustment of each cluster's part of the weights and what follows from it: standard error, degrees of freedom,
p and interval. CR2 is that of linear.py, for several estimates at once. Docs: docs/methods/cluster_robust.md.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from ikz_eval.errors import EstimationError
from ikz_eval.inference.estimator import Floats, LinearEstimates
from ikz_eval.inference.linear import EIGENVALUE_FLOOR, score_products

KINDS = ("cr0", "cr1", "cr1_full", "cr2", "cr3")
"""Variances that exist."""
CR3_SCALING = "clubSandwich, no (G-1)/G"
"""CR3 is the sum of squared jackknife deviations; other programs multiply by (G-1)/G."""
_POWERS = {"cr2": -0.5, "cr3": -1.0}
_NO_RESIDUAL = 1e-12
"""Residuals smaller than this, relative to the outcome, are rounding."""


@dataclass(frozen=True, slots=True)
class CoefficientInference:
    """An estimate and what a t test says of it.

    Attributes
    ----------
    estimate, se : float
        Estimate and standard error, in units of the outcome.
    df : float
        Degrees of freedom of the t distribution.
    t, p : float
        t statistic of no effect and its two-sided p value.
    low, high : float
        Ends of the interval at the confidence asked for, in units of the outcome.
    scaling : str or None
        Which of several factors in use was taken; None where there is only one.
    """

    estimate: float
    se: float
    df: float
    t: float
    p: float
    low: float
    high: float
    scaling: str | None = None


def cluster_robust(estimates: LinearEstimates, kind: str, *, confidence: float = 0.95) -> list[CoefficientInference]:
    """Infer about each estimate with a cluster-robust variance.

    Parameters
    ----------
    estimates : LinearEstimates
        From a method.
    kind : str
        ``cr0``; ``cr1``: times G/(G-1) (N-1)/(N-K), K without effects nested in clusters; ``cr1_full``: K with all;
        ``cr2``: Satterthwaite degrees of freedom; ``cr3``: jackknife. All but ``cr2`` have G-1 degrees of freedom.
    confidence : float
        Of the interval.

    Raises
    ------
    EstimationError
        If the kind is unknown, there are fewer than two clusters, or no residual variation is left.
    """
    require_clusters(estimates)
    is_plain = kind in KINDS and kind not in _POWERS
    adjusted = [] if is_plain else adjusted_weights(estimates, kind)
    _require_residual(estimates)
    rest = estimates.residuals
    if is_plain:
        scores = estimates.sums_by_cluster(estimates.weights * rest[:, None])
    else:
        scores = np.array([rest[rows] @ a for rows, a in zip(estimates.members, adjusted, strict=True)])
    errors = np.sqrt(small_sample_factor(estimates, kind) * (scores**2).sum(axis=0))
    between = np.full(errors.size, estimates.n_clusters - 1.0)
    df = _degrees_of_freedom(estimates, adjusted) if kind == "cr2" else between
    scaling = CR3_SCALING if kind == "cr3" else None
    return [
        t_inference(float(b), float(se), float(freedom), confidence=confidence, scaling=scaling)
        for b, se, freedom in zip(estimates.estimates, errors, df, strict=True)
    ]


def satterthwaite(estimates: LinearEstimates, kind: str) -> Floats:
    """Return Satterthwaite degrees of freedom of each estimate under any kind, shape (m,).

    Those of ``cr0``, ``cr1`` and ``cr1_full`` are equal: a factor cancels.
    """
    require_clusters(estimates)
    return _degrees_of_freedom(estimates, adjusted_weights(estimates, kind))


def t_inference(
    estimate: float, se: float, df: float, *, confidence: float = 0.95, scaling: str | None = None
) -> CoefficientInference:
    """Return t, p and interval of an estimate from the t distribution."""
    if not se >= 0 or not df > 0:
        raise EstimationError(f"standard error {se} and degrees of freedom {df}: allowed are se >= 0 and df > 0")
    if not 0 < confidence < 1:
        raise EstimationError(f"confidence is {confidence}; allowed is between 0 and 1")
    t = estimate / se if se > 0 else float(np.copysign(np.inf, estimate))
    reach = float(special.stdtrit(df, 0.5 + confidence / 2)) * se
    p = float(2 * special.stdtr(df, -abs(t)))
    return CoefficientInference(estimate, se, df, t, p, estimate - reach, estimate + reach, scaling)


def adjusted_weights(estimates: LinearEstimates, kind: str) -> list[Floats]:
    """Return a_r of each cluster, shape (n_r, m): c_r, [(I-H)_rr]^(+1/2) c_r for CR2, [(I-H)_rr]^+ c_r for CR3."""
    if kind not in KINDS:
        raise EstimationError(f"inference '{kind}' is unknown; allowed: {', '.join(KINDS)}")
    c = estimates.weights
    if kind not in _POWERS:
        return [c[rows] for rows in estimates.members]
    basis = estimates.basis
    return [_raised(basis[rows], c[rows], _POWERS[kind]) for rows in estimates.members]


def jackknifed(basis: Floats, members: tuple[np.ndarray, ...], values: Floats) -> Floats:
    """Return [(I-H)_rr]^+ v_r in place of each cluster's part of the columns of ``values``, shape (n, columns).

    For least-squares residuals v these are the residuals of a cluster predicted from the others alone.
    """
    moved = np.empty_like(values)
    for rows in members:
        moved[rows] = _raised(basis[rows], values[rows], -1.0)
    return moved


def require_clusters(estimates: LinearEstimates) -> None:
    """Refuse a single cluster: between clusters there is then nothing to compare."""
    if estimates.n_clusters < 2:
        raise EstimationError(f"{estimates.n_clusters} cluster; inference by cluster needs at least 2")


def _raised(basis_rows: Floats, values: Floats, power: float) -> Floats:
    """Return (I - Q_r Q_r')^power v by Moore-Penrose: eigenvalues below the floor drop out, all others from the SVD."""
    left, singular, _ = np.linalg.svd(basis_rows, full_matrices=False)
    eigenvalues = 1.0 - singular**2
    kept = eigenvalues > EIGENVALUE_FLOOR
    factor = np.where(kept, np.where(kept, eigenvalues, 1.0) ** power, 0.0) - 1.0
    raised: Floats = values + left @ (factor[:, None] * (left.T @ values))
    return raised


def _degrees_of_freedom(estimates: LinearEstimates, adjusted: list[Floats]) -> Floats:
    products = score_products(estimates.basis, estimates.members, adjusted)
    spread = (products**2).sum(axis=(1, 2))
    if (spread <= 0).any():
        term = estimates.terms[int(np.flatnonzero(spread <= 0)[0])]
        raise EstimationError(f"'{term}': the working model explains every cluster's part; no variance is left")
    df: Floats = np.trace(products, axis1=1, axis2=2) ** 2 / spread
    return df


def small_sample_factor(estimates: LinearEstimates, kind: str) -> float:
    """Return the factor of the variance: G/(G-1) (N-1)/(N-K) for ``cr1`` and ``cr1_full``, else one."""
    if kind not in ("cr1", "cr1_full"):
        return 1.0
    n, g = estimates.n_obs, estimates.n_clusters
    k = estimates.parameters if kind == "cr1" else estimates.parameters_full
    if k >= n:
        raise EstimationError(f"{kind}: {n} rows and {k} parameters; more rows than parameters are needed")
    return g / (g - 1) * (n - 1) / (n - k)


def _require_residual(estimates: LinearEstimates) -> None:
    if np.linalg.norm(estimates.residuals) <= _NO_RESIDUAL * np.linalg.norm(estimates.outcome):
        raise EstimationError("the working model fits the outcome exactly; there is no noise to infer from")
