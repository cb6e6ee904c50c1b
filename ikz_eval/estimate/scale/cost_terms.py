"""The regressors of a cost function, log-log or translog, and the combinations of them that are elasticities.

Holds logs, centring, the normalisation by the first price, and the weights of each coefficient in the elasticity at a size.
Fitting is cost_function.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.observations import Floats

FORMS = ("loglog", "translog")
ELASTICITY = "elasticity"
"""Elasticity of cost with respect to output, at the mean of log output and of log prices."""
CURVATURE = "curvature"
"""How the elasticity changes with log output (translog)."""
_ROUNDING = 1e-12
"""Differences between logarithms smaller than this are rounding: the column is constant."""


@dataclass(frozen=True, slots=True)
class CostTerms:
    """Regressors of a cost function.

    Attributes
    ----------
    names : tuple of str
        ``elasticity`` first: log output.
    columns : ndarray
        Shape (n, k); logs are centred at their means.
    mean_log_output : float
        What log output was centred at.
    smallest, largest : float
        Outputs observed, in units of the output.
    """

    names: tuple[str, ...]
    columns: Floats
    mean_log_output: float
    smallest: float
    largest: float

    def combinations(self, sizes: Sequence[float]) -> tuple[tuple[str, ...], Floats]:
        """Return the terms to show and the weight of each coefficient in them, shape (k, terms).

        Raises
        ------
        EstimationError
            If a size lies outside the outputs observed: there the function is a guess.
        """
        outside = [size for size in sizes if not self.smallest <= size <= self.largest]
        if outside:
            raise EstimationError(
                f"size {outside[0]:g} lies outside the outputs observed, {self.smallest:g} to {self.largest:g}; nothing is "
                "said there: choose sizes within"
            )
        at = np.zeros((len(self.names), len(sizes)))
        at[0] = 1.0
        if CURVATURE in self.names:
            at[self.names.index(CURVATURE)] = np.log(np.asarray(sizes, dtype=np.float64)) - self.mean_log_output
        whole = np.eye(len(self.names))
        names = (ELASTICITY, *(f"{ELASTICITY}({size:.12g})" for size in sizes), *self.names[1:])
        return names, np.column_stack([whole[:, :1], at, whole[:, 1:]])


def cost_terms(
    output: Floats,
    prices: Floats,
    price_names: Sequence[str],
    covariates: Floats,
    covariate_names: Sequence[str],
    form: str,
) -> CostTerms:
    """Return the regressors.

    Parameters
    ----------
    output : ndarray
        Above zero, shape (n,).
    prices : ndarray
        Above zero, shape (n, j); all are divided by the first, which makes the function homogeneous of degree one in them.
    price_names, covariate_names : sequence of str
        Names of columns.
    covariates : ndarray
        Enter as they are, shape (n, k).
    form : str
        ``loglog`` or ``translog``.
    """
    log_output = np.log(output)
    size = _centred(log_output[:, None])[:, 0]
    logs = np.log(prices)
    relative = _centred(logs[:, 1:] - logs[:, :1])
    columns = {ELASTICITY: size}
    names = list(price_names[1:])
    columns |= {f"price({name})": one for name, one in zip(names, relative.T, strict=True)}
    if form == "translog":
        columns[CURVATURE] = 0.5 * size**2
        for a, first in enumerate(names):
            columns[f"output x price({first})"] = size * relative[:, a]
            for b, second in enumerate(names[a:], start=a):
                half = 0.5 if a == b else 1.0
                columns[f"price({first}) x price({second})"] = half * relative[:, a] * relative[:, b]
    columns |= dict(zip(covariate_names, covariates.T, strict=True))
    return CostTerms(
        tuple(columns), np.column_stack(list(columns.values())), float(log_output.mean()), float(output.min()),
        float(output.max()),
    )  # fmt: skip


def _centred(columns: Floats) -> Floats:
    """Return columns less their means; a constant column becomes zeros and not rounding, so that it is refused by name."""
    centred = columns - columns.mean(axis=0)
    return np.where(np.abs(centred).max(axis=0, initial=0.0) > _ROUNDING, centred, 0.0)
