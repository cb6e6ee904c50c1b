"""Least squares with absorbed effects, after Frisch, Waugh and Lovell: arrays in, linear estimates out.

Holds the fit (statsmodels), the refusal of regressors that are not identified, and the weights that make each coefficient
a linear estimate b = c'y for inference. Which columns enter is each method's part.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.absorbed_effects import AbsorbedEffects, without_gaps
from ikz_eval.estimate.observations import Floats, Ints
from ikz_eval.inference.classical import classical
from ikz_eval.inference.estimator import LinearEstimates
from ikz_eval.inference.sandwich import CoefficientInference

_EXPLAINED = 1e-9
"""What is left of a regressor, relative to its length, when others explain it: rounding."""
LONG_TABLE = 200_000
"""Rows above which the weights come from the normal equations."""
_INVOLVED = 1e-6
"""Smallest coefficient, among columns of unit length, with which a regressor is named as part of a combination."""


@dataclass(frozen=True, slots=True)
class LeastSquares:
    """A fit: the regressors' coefficients as linear estimates, and what independent errors would say of them.

    Attributes
    ----------
    linear : LinearEstimates
        A term for each regressor.
    variance : float
        Residual variance s^2 with n - rank degrees of freedom.
    df : int
        n - rank.
    """

    linear: LinearEstimates
    variance: float
    df: int

    def only(self, terms: Sequence[str]) -> "LeastSquares":
        """Return the fit with these terms alone; the working model stays whole."""
        if tuple(terms) == self.linear.terms:
            return self
        chosen = [self.linear.terms.index(term) for term in terms]
        return replace(self, linear=replace(self.linear, terms=tuple(terms), weights=self.linear.weights[:, chosen]))

    def combined(self, terms: Sequence[str], shares: Floats) -> "LeastSquares":
        """Return combinations of the terms, shares of shape (terms, combinations); the working model stays whole."""
        return replace(self, linear=replace(self.linear, terms=tuple(terms), weights=self.linear.weights @ shares))

    def classical(self, confidence: float = 0.95) -> tuple[CoefficientInference, ...]:
        """Return the inference that assumes independent errors of one variance, for comparison with printed tables."""
        return tuple(classical(self.linear, confidence=confidence))


def least_squares(
    terms: Sequence[str],
    outcome: Floats,
    regressors: Floats,
    effects: AbsorbedEffects,
    cluster: Ints,
    cluster_names: Sequence[str],
) -> LeastSquares:
    """Fit an outcome on regressors and absorbed effects.

    Parameters
    ----------
    terms : sequence of str
        Names of the regressors.
    outcome, regressors : ndarray
        Shapes (n,) and (n, k), as read: the root of the weights is applied here.
    effects : AbsorbedEffects
        Absorbed effects, or the constant; carries the weights.
    cluster : ndarray of int
        Cluster of each row, a position in ``cluster_names``, shape (n,).
    cluster_names : sequence of str
        Names of clusters; those without a row are left out.

    Raises
    ------
    EstimationError
        If a regressor is explained by the effects or by other regressors, naming it, or no residual is left.
    """
    y, x = effects.scaled(outcome), effects.scaled(regressors)
    left = effects.residuals(x)
    _require_identified(terms, x, left)
    rank = effects.rank + len(terms)
    if rank >= y.size:
        raise EstimationError(f"{y.size} rows and rank {rank}: the regression leaves no residual")
    codes = without_gaps(cluster)
    present = np.flatnonzero(np.bincount(cluster))
    linear = LinearEstimates(
        terms=tuple(terms),
        weights=_coefficient_weights(effects, y, left),
        outcome=y,
        design=left,
        cluster=codes,
        cluster_names=_chosen(cluster_names, present),
        parameters=effects.parameters(codes, len(terms)),
        parameters_full=rank,
        absorbed=effects.projection,
    )
    rest = linear.residuals
    return LeastSquares(linear, float(rest @ rest) / (y.size - rank), y.size - rank)


def _coefficient_weights(effects: AbsorbedEffects, y: Floats, left: Floats) -> Floats:
    """Return the weights of each coefficient, shape (n, k): the pseudo-inverse of what is left of the regressors.

    statsmodels forms it from a singular value decomposition of all rows; in a table too long for that, where the
    regressors were shown to be far from collinear, the normal equations give it in one product.
    """
    if left.shape[0] <= LONG_TABLE:
        from statsmodels.regression.linear_model import OLS

        fit = OLS(effects.residuals(y), left).fit()
        return np.ascontiguousarray(fit.model.pinv_wexog.T)
    weights: Floats = left @ np.linalg.inv(left.T @ left)
    return weights


def _chosen(names: Sequence[str], present: Ints) -> tuple[str, ...]:
    if present.size == len(names):
        return tuple(names)
    return tuple(names[code] for code in present)


def _require_identified(terms: Sequence[str], columns: Floats, left: Floats) -> None:
    """Refuse the first regressor that the effects, or the effects and the regressors before it, explain."""
    length, remains = (np.sqrt(np.einsum("ij,ij->j", each, each)) for each in (columns, left))
    for name, before, after in zip(terms, length, remains, strict=True):
        if after <= _EXPLAINED * before:
            raise EstimationError(
                f"regressor '{name}' does not vary once the absorbed effects or the constant are taken out; "
                "leave it out"
            )
    if len(terms) == 1:
        return
    unit = left / remains
    pivots = np.abs(np.diag(np.linalg.qr(unit, mode="r")))
    if unit.shape[1] <= unit.shape[0] and (pivots > _EXPLAINED).all():
        return
    culprit = int(np.flatnonzero(pivots <= _EXPLAINED)[0]) if (pivots <= _EXPLAINED).any() else pivots.size
    coefficients = np.linalg.lstsq(unit[:, :culprit], unit[:, culprit], rcond=None)[0]
    involved = [term for term, size in zip(terms[:culprit], np.abs(coefficients), strict=True) if size > _INVOLVED]
    raise EstimationError(
        f"regressor '{terms[culprit]}' is a combination of {', '.join(involved)} and the absorbed effects or the constant; "
        "leave one out"
    )
