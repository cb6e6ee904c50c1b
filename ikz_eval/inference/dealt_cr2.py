"""The t with CR2 of one linear estimate under many assignments of a treatment to the same rows.

Holds what does not change with the assignment: the effects of the working model and the eigenvectors of each cluster's part
of what they leave. One constant effect is a change of rank one, so an assignment needs an eigenproblem only as large as the
number of distinct eigenvalues (two in a balanced panel). How weights come about is each method's part. Docs:
docs/methods/speed.md.
"""

from dataclasses import dataclass

import numpy as np

from ikz_eval.errors import EstimationError
from ikz_eval.inference.estimator import Floats, Ints
from ikz_eval.inference.linear import EIGENVALUE_FLOOR, column_basis

_SAME = 1e-11
"""Eigenvalues closer than this are one."""
_NOTHING_LEFT = 1e-9
"""Length left of a treatment that the effects explain, relative to its own: rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One cluster: its rows, eigenvectors with eigenvalue above zero, their distinct eigenvalues, and where each begins."""

    rows: Ints
    vectors: Floats
    values: Floats
    begins: Ints


@dataclass(frozen=True, slots=True, eq=False)
class FixedEffectsModel:
    """The effects of a working model with one constant effect to come.

    Attributes
    ----------
    basis : ndarray
        Orthonormal basis of the effects and covariates, shape (n, k).
    parts : tuple
        Clusters.
    outcome, left : ndarray
        y, and what the effects leave of it, shape (n,).
    """

    basis: Floats
    parts: tuple[_Part, ...]
    outcome: Floats
    left: Floats

    def t(self, weights: Floats, treated: Floats) -> tuple[Floats, Floats]:
        """Return estimate and t of each assignment, shape (B,); t is nan where the effects explain the treatment.

        Parameters
        ----------
        weights, treated : ndarray
            Weights c of the estimate, and the column of the constant effect, under each assignment, shape (n, B).
        """
        direction = self.residuals(treated)
        length = np.linalg.norm(direction, axis=0)
        has_one = length > _NOTHING_LEFT * np.linalg.norm(treated, axis=0)
        direction = direction / np.where(has_one, length, 1.0)
        rest = self.left[:, None] - direction * (direction.T @ self.outcome)
        variance = np.zeros(weights.shape[1])
        for part in self.parts:
            variance += _score(part, weights[part.rows], direction[part.rows], rest[part.rows]) ** 2
        estimate = weights.T @ self.outcome
        with np.errstate(divide="ignore", invalid="ignore"):
            t = estimate / np.sqrt(variance)
        return estimate, np.where(has_one, t, np.nan)

    def residuals(self, columns: Floats) -> Floats:
        """Return what the effects leave of columns, shape (n, B)."""
        for _ in range(2):  # so that rounding does not pile up
            columns = columns - self.basis @ (self.basis.T @ columns)
        return columns


def fixed_effects_model(columns: Floats, cluster: Ints, outcome: Floats) -> FixedEffectsModel:
    """Prepare a working model.

    Parameters
    ----------
    columns : ndarray
        Effects and covariates of the working model, all columns but the constant effect, shape (n, k).
    cluster : ndarray of int
        Codes of the clusters from 0, shape (n,).
    outcome : ndarray
        y, shape (n,).

    Raises
    ------
    EstimationError
        If the model leaves no residual.
    """
    basis = column_basis(columns)
    if basis.shape[1] + 1 >= outcome.size:
        raise EstimationError(
            f"{outcome.size} rows and rank {basis.shape[1] + 1}: the working model leaves no residual"
        )
    parts = tuple(_part(basis, np.flatnonzero(cluster == code)) for code in range(int(cluster.max()) + 1))
    bare = FixedEffectsModel(basis, parts, outcome, outcome)
    return FixedEffectsModel(basis, parts, outcome, bare.residuals(outcome[:, None])[:, 0])


def _part(basis: Floats, rows: Ints) -> _Part:
    values, vectors = np.linalg.eigh(np.eye(rows.size) - basis[rows] @ basis[rows].T)
    kept = values > EIGENVALUE_FLOOR
    values, vectors = values[kept], vectors[:, kept]
    begins = np.flatnonzero(np.diff(values, prepend=-1.0) > _SAME)
    return _Part(rows, np.ascontiguousarray(vectors.T), values[begins], begins)


def _score(part: _Part, weights: Floats, direction: Floats, rest: Floats) -> Floats:
    """Return a_r'e_r of each assignment: c'(A - dd')^(+1/2) e, A the cluster's part of what the effects leave.

    Within an eigenspace of A only the direction d has there takes part in the change; the remainder keeps its eigenvalue.
    """
    if part.values.size == 0:
        return np.zeros(weights.shape[1])
    c, d, e = (part.vectors @ each for each in (weights, direction, rest))
    cd, ce, de, dd = (np.add.reduceat(x * y, part.begins, axis=0) for x, y in ((c, d), (c, e), (d, e), (d, d)))
    length = np.sqrt(dd)
    with np.errstate(divide="ignore", invalid="ignore"):
        along_c, along_e = (np.where(length > 0, each / length, 0.0) for each in (cd, de))
    kept = ((ce - along_c * along_e) / np.sqrt(part.values)[:, None]).sum(axis=0)
    turned: Floats = kept + _inside(part.values, length.T, along_c.T, along_e.T)
    return turned


def _inside(values: Floats, length: Floats, along_c: Floats, along_e: Floats) -> Floats:
    """Return s'(L - zz')^(+1/2) r of each assignment, in the span of the directions, shape (B,)."""
    inner = np.diag(values) - length[:, :, None] * length[:, None, :]
    found, vectors = np.linalg.eigh(inner)
    kept = found > EIGENVALUE_FLOOR
    power = np.where(kept, np.where(kept, found, 1.0) ** -0.5, 0.0)
    left, right = (np.einsum("bij,bi->bj", vectors, each) for each in (along_c, along_e))
    summed: Floats = (left * power * right).sum(axis=1)
    return summed
