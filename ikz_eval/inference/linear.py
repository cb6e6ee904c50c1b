"""CR2 with Satterthwaite degrees of freedom for any linear estimator b = c'y.

Holds the working model (hat matrix and adjustment by cluster, made once a design) and the inference for one vector of
weights. How the weights come about is an estimator's part (ikz_eval/estimate). Docs: docs/methods/cr2.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, special

from ikz_eval.errors import EstimationError

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

EIGENVALUE_FLOOR = 1e-10
"""Eigenvalues of (I-H)_rr lie in [0, 1]; below this they are zero and the Moore-Penrose root leaves them out."""
_RANK_TOLERANCE = 1e-10
"""Relative to the largest pivot of the design with columns of unit length."""


@dataclass(frozen=True, slots=True)
class WorkingModel:
    """The model whose residuals measure the noise, prepared for CR2.

    Attributes
    ----------
    basis : ndarray
        Orthonormal basis Q of the design's columns, shape (n, rank); the hat matrix is H = QQ'.
    members : tuple of ndarray
        Row positions of each of the G clusters.
    roots : tuple of ndarray
        Moore-Penrose root [(I-H)_rr]^(+1/2) of each cluster, shape (n_r, n_r).
    """

    basis: Floats
    members: tuple[Ints, ...]
    roots: tuple[Floats, ...]

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return len(self.members)

    def residuals(self, outcome: Floats) -> Floats:
        """Return e = (I - H) y, shape (n,)."""
        residuals: Floats = outcome - self.basis @ (self.basis.T @ outcome)
        return residuals


@dataclass(frozen=True, slots=True)
class LinearInference:
    """A linear estimate and what CR2 says of it.

    Attributes
    ----------
    estimate, se : float
        Estimate and CR2 standard error, in units of the outcome.
    df : float
        Satterthwaite degrees of freedom.
    t, p : float
        t statistic of no effect and its two-sided p value.
    low, high : float
        Ends of the interval at the confidence asked for, in units of the outcome.
    """

    estimate: float
    se: float
    df: float
    t: float
    p: float
    low: float
    high: float


def working_model(design: ArrayLike, clusters: ArrayLike) -> WorkingModel:
    """Prepare a working model for CR2.

    Parameters
    ----------
    design : array_like
        All columns of the model, absorbed effects included (demeaning alone gives a wrong CR2), shape (n, k); columns
        that repeat others do no harm, only their span counts.
    clusters : array_like
        Cluster of each row, shape (n,).

    Raises
    ------
    EstimationError
        If shapes differ, a value is not finite, or the model leaves no residual.
    """
    columns = np.asarray(design, dtype=np.float64)
    codes = np.unique(np.asarray(clusters), return_inverse=True)[1].ravel()
    if columns.ndim != 2 or columns.shape[0] != codes.size:
        raise EstimationError(f"the design has shape {columns.shape}, but there are {codes.size} cluster labels")
    if not np.isfinite(columns).all():
        raise EstimationError("the design holds values that are not finite; drop or mend those rows first")
    basis = column_basis(columns)
    if basis.shape[1] >= codes.size:
        raise EstimationError(f"{codes.size} rows and rank {basis.shape[1]}: the working model leaves no residual")
    members = tuple(np.flatnonzero(codes == code) for code in range(int(codes.max()) + 1))
    return WorkingModel(basis, members, tuple(_adjustment(basis[rows]) for rows in members))


def column_basis(columns: Floats) -> Floats:
    """Return an orthonormal basis of the span of the columns, shape (n, rank)."""
    length = np.linalg.norm(columns, axis=0)
    scaled = columns[:, length > 0] / length[length > 0]
    if scaled.shape[1] == 0:
        return np.empty((columns.shape[0], 0))
    decomposition: Any = linalg.qr(scaled, mode="economic", pivoting=True)
    basis, triangle = decomposition[0], decomposition[1]
    pivots = np.abs(np.diag(triangle))
    return np.ascontiguousarray(basis[:, : int((pivots > _RANK_TOLERANCE * pivots[0]).sum())], dtype=np.float64)


def infer(model: WorkingModel, weights: ArrayLike, outcome: ArrayLike, *, confidence: float = 0.95) -> LinearInference:
    """Infer about b = c'y with CR2 and Satterthwaite degrees of freedom.

    Parameters
    ----------
    model : WorkingModel
        From :func:`working_model`, over the same rows.
    weights : array_like
        c: how each outcome enters the estimate, shape (n,).
    outcome : array_like
        y, shape (n,).
    confidence : float
        Of the interval.

    Raises
    ------
    EstimationError
        If no cluster's outcome moves the estimate once the working model is fitted: there is nothing to infer from.

    References
    ----------
    .. [1] Bell, R. M., McCaffrey, D. F. (2002). Bias reduction in standard errors for linear regression with
       multi-stage samples. *Survey Methodology* 28(2).
    .. [2] Pustejovsky, J. E., Tipton, E. (2018). Small-sample methods for cluster-robust variance estimation and
       hypothesis testing in fixed effects models. *Journal of Business & Economic Statistics* 36(4).
    """
    c, y = np.asarray(weights, dtype=np.float64), np.asarray(outcome, dtype=np.float64)
    return infer_each(model, c[:, None], y, confidence=confidence)[0]


def infer_each(
    model: WorkingModel, weights: ArrayLike, outcome: ArrayLike, *, confidence: float = 0.95
) -> list[LinearInference]:
    """Infer about several linear estimators of one outcome, as :func:`infer` does about one.

    Parameters
    ----------
    model, outcome, confidence
        As for :func:`infer`.
    weights : array_like
        A column c for each estimator, shape (n, m).
    """
    c, y = np.asarray(weights, dtype=np.float64), np.asarray(outcome, dtype=np.float64)
    adjusted = _adjusted_weights(model, c)
    residuals = model.residuals(y)
    scores = np.array([residuals[rows] @ a for a, rows in zip(adjusted, model.members, strict=True)])
    estimates, errors = c.T @ y, np.sqrt((scores**2).sum(axis=0))
    each_products = score_products(model.basis, model.members, adjusted)
    return [
        _inference(float(estimate), float(se), products, confidence)
        for estimate, se, products in zip(estimates, errors, each_products, strict=True)
    ]


def _inference(estimate: float, se: float, products: Floats, confidence: float) -> LinearInference:
    spread = float((products**2).sum())
    if spread <= 0.0:
        raise EstimationError("the working model explains every cluster's part in the estimate; no variance is left")
    df = float(np.trace(products)) ** 2 / spread
    t = estimate / se if se > 0 else float(np.copysign(np.inf, estimate))
    reach = float(special.stdtrit(df, 0.5 + confidence / 2)) * se
    return LinearInference(
        estimate, se, df, t, float(2 * special.stdtr(df, -abs(t))), estimate - reach, estimate + reach
    )


def score_rows(model: WorkingModel, weights: ArrayLike) -> Floats:
    """Return P, shape (G, n): row r is a_r'(I-H)_r., so that the CR2 variance of any outcome y is |Py|^2."""
    adjusted = _adjusted_weights(model, np.asarray(weights, dtype=np.float64)[:, None])
    rows = np.zeros((model.n_clusters, model.basis.shape[0]))
    for row, a, members in zip(rows, adjusted, model.members, strict=True):
        row[members] = a[:, 0]
        row -= model.basis @ (model.basis[members].T @ a[:, 0])
    return rows


def _adjustment(basis_rows: Floats) -> Floats:
    """Return the Moore-Penrose root of (I-H)_rr raised to -1/2, from the rows of the basis of one cluster."""
    block = np.eye(basis_rows.shape[0]) - basis_rows @ basis_rows.T
    values, vectors = np.linalg.eigh(block)
    kept = values > EIGENVALUE_FLOOR
    root: Floats = (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T
    return root


def _adjusted_weights(model: WorkingModel, weights: Floats) -> list[Floats]:
    """Return a_r of each cluster, shape (n_r, m) for m estimators."""
    if weights.shape[0] != model.basis.shape[0]:
        raise EstimationError(f"{weights.shape[0]} weights for a working model of {model.basis.shape[0]} rows")
    return [root @ weights[rows] for root, rows in zip(model.roots, model.members, strict=True)]


def score_products(basis: Floats, members: Sequence[Ints], adjusted: Sequence[Floats]) -> Floats:
    """Return K = PP' of each estimator, shape (m, G, G), from the a_r of each cluster, shape (n_r, m).

    P is not formed: (I-H) is idempotent, so K_rs = a_r'(I-H)_rs a_s.
    """
    projected = np.array([a.T @ basis[rows] for rows, a in zip(members, adjusted, strict=True)])
    by_estimator = projected.transpose(1, 0, 2)
    products: Floats = -(by_estimator @ by_estimator.transpose(0, 2, 1))
    each = np.arange(len(members))
    products[:, each, each] += np.array([(a**2).sum(axis=0) for a in adjusted]).T
    return products
