"""The linear estimates of one fit: what every kind of inference needs, and nothing else.

Holds the frozen carrier between a method (ikz_eval/estimate) and inference. How the weights come about is the method's
part; what is inferred from them is the part of the modules beside this one.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ikz_eval.errors import EstimationError
from ikz_eval.inference.absorb import Absorbed
from ikz_eval.inference.linear import column_basis

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

_LONG = 200_000
"""Rows above which residuals are made orthogonal to the regressors once, not twice."""


@dataclass(frozen=True, slots=True, eq=False)
class LinearEstimates:
    """Linear estimates b = C'y of one outcome with their working model: m estimates over n rows in G clusters.

    In a weighted fit weights, outcome, design and restricted are all in the space of rows multiplied by the root of
    their weight, so that the working model is an unweighted one.

    Attributes
    ----------
    terms : tuple of str
        Name of each estimate, length m.
    weights : ndarray
        C: how each outcome enters each estimate, shape (n, m).
    outcome : ndarray
        y, shape (n,).
    design : ndarray
        Columns of the working model, shape (n, k): absorbed effects and the constant-effect columns; only its span
        counts, so repeated columns do no harm.
    cluster : ndarray of int
        Cluster of each row as a code 0 to G-1, shape (n,).
    cluster_names : tuple of str
        Name of each code, length G.
    parameters : int
        K of ``cr1``: absorbed effects nested in clusters are not counted (convention of fixest).
    parameters_full : int
        K of ``cr1_full``: rank of the design.
    restricted : ndarray or None
        Columns of the model of no effect for the wild bootstrap, shape (n, r). None: per estimate, the part of the
        design's span orthogonal to its weights; in least squares, exactly the model without the tested coefficient.
    absorbed : Absorbed or None
        Further effects of the working model, held by their codes instead of as columns of the design; every column of the
        design and every weight is then already free of them.
    """

    terms: tuple[str, ...]
    weights: Floats
    outcome: Floats
    design: Floats
    cluster: Ints
    cluster_names: tuple[str, ...]
    parameters: int
    parameters_full: int
    restricted: Floats | None = None
    absorbed: Absorbed | None = None
    _kept: dict[str, Floats] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        rows = self.outcome.shape[0]
        shapes = {
            "weights": (self.weights.shape, (rows, len(self.terms))),
            "outcome": (self.outcome.shape, (rows,)),
            "design": (self.design.shape, (rows, self.design.shape[-1])),
            "cluster": (self.cluster.shape, (rows,)),
        }
        for name, (found, expected) in shapes.items():
            if found != expected:
                raise EstimationError(f"linear estimates: {name} has shape {found}, expected is {expected}")
        if self.restricted is not None and self.restricted.shape[:1] != (rows,):
            raise EstimationError(f"linear estimates: restricted has shape {self.restricted.shape} for {rows} rows")
        if not self._is_numbered():
            raise EstimationError("linear estimates: cluster codes must run from 0 to G-1, each with a name")
        # A sum holds every nan and infinity: one pass where all is well.
        parts = {"weights": self.weights, "outcome": self.outcome, "design": self.design}
        for name, values in parts.items():
            if not np.isfinite(values.sum()) and not np.isfinite(values).all():
                raise EstimationError(
                    f"linear estimates: {name} holds values that are not finite; drop those rows first"
                )

    def _is_numbered(self) -> bool:
        if self.cluster.size and int(self.cluster.min()) < 0:
            return False
        counts = np.bincount(self.cluster)
        return counts.size == len(self.cluster_names) and bool((counts > 0).all())

    @property
    def estimates(self) -> Floats:
        """C'y, shape (m,)."""
        values: Floats = self.weights.T @ self.outcome
        return values

    @property
    def n_obs(self) -> int:
        """Number of rows n."""
        return int(self.outcome.shape[0])

    @property
    def n_clusters(self) -> int:
        """Number of clusters G."""
        return len(self.cluster_names)

    @property
    def basis(self) -> Floats:
        """Orthonormal basis Q of the design's span, shape (n, rank): H = QQ'. The last one computed is kept."""
        return _basis(self)

    @property
    def residuals(self) -> Floats:
        """Residuals e = (I - H) y of the working model, shape (n,); with absorbed effects computed once."""
        if self.absorbed is not None:
            if "residuals" not in self._kept:
                self._kept["residuals"] = _residuals(self)
            return self._kept["residuals"]
        rest: Floats = self.outcome - self.basis @ (self.basis.T @ self.outcome)
        return rest

    @property
    def columns(self) -> Floats:
        """All columns of the working model, absorbed effects among them, shape (n, k)."""
        if self.absorbed is None:
            return self.design
        return np.column_stack([self.absorbed.columns(), self.design])

    def sums_by_cluster(self, columns: Floats) -> Floats:
        """Return the sums of columns, shape (n, k), by cluster, shape (G, k)."""
        sums = [np.bincount(self.cluster, column, minlength=self.n_clusters) for column in columns.T]
        return np.column_stack([np.empty((self.n_clusters, 0)), *sums])

    @property
    def members(self) -> tuple[Ints, ...]:
        """Row positions of each cluster."""
        order = np.argsort(self.cluster, kind="stable")
        ends = np.cumsum(np.bincount(self.cluster, minlength=self.n_clusters))[:-1]
        return tuple(np.split(order, ends))


@lru_cache(maxsize=1)
def _basis(estimates: LinearEstimates) -> Floats:
    basis = column_basis(estimates.columns)
    if basis.shape[1] >= estimates.n_obs:
        raise EstimationError(
            f"{estimates.n_obs} rows and rank {basis.shape[1]}: the working model leaves no residual to infer from"
        )
    return basis


def _residuals(estimates: LinearEstimates) -> Floats:
    assert estimates.absorbed is not None
    design = estimates.design
    rest = estimates.absorbed.residuals(estimates.outcome)
    inner = design.T @ design
    for _ in range(2 if rest.size <= _LONG else 1):  # so that rounding does not pile up
        rest -= design @ np.linalg.solve(inner, design.T @ rest)
    return rest
