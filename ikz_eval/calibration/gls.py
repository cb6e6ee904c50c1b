"""Whitening, tried: the primary estimate by generalised least squares with a first-order autoregression.

Holds the weights of imputation on quasi-differenced outcomes, under any dealing of start paths. It is measured by
bench/gains.py and is no specification of a study (decision 0018).
"""

from collections.abc import Sequence

import numpy as np

from ikz_eval.calibration.prepared import PreparedStudy
from ikz_eval.calibration.tried import estimates_of, only_field, with_estimates
from ikz_eval.calibration.worlds import Floats
from ikz_eval.errors import UsageError
from ikz_eval.estimate.design import StartPath
from ikz_eval.estimate.reassignment import PathPanel
from ikz_eval.inference import assignments
from ikz_eval.inference.estimator import LinearEstimates


def whitened(study: PreparedStudy, rho: float) -> PreparedStudy:
    """Return a study of one field whose three tests with p values are those of the whitened estimate.

    The estimate is the mean over treated regions of constant effects in a regression of quasi-differences on
    quasi-differenced unit, quarter and region effects; the required tests without p values stay those of the primary
    estimate.

    Parameters
    ----------
    study : PreparedStudy
        One field, no quarter left out because of a path.
    rho : float
        Autocorrelation that is taken as known.

    Raises
    ------
    UsageError
        If there is more than one field, the panel is not complete, or ``rho`` lies outside its range.
    """
    if not 0 <= rho < 1:
        raise UsageError(f"rho is {rho:g}; allowed is from 0 to below 1")
    _, panel = only_field(study)
    transform = _transform(panel, rho)
    dealings = [_linear(panel, transform, paths) for paths in assignments(panel.paths)[0]]
    return with_estimates(study, dealings, transform)


def _transform(panel: PathPanel, rho: float) -> Floats:
    """Return the Prais-Winsten quasi-differences as a matrix on the rows, shape (n, n)."""
    matrix = np.eye(panel.unit.size)
    place = {(int(u), int(t)): row for row, (u, t) in enumerate(zip(panel.unit, panel.period, strict=True))}
    for (unit, period), row in place.items():
        if period == 0:
            matrix[row, row] = np.sqrt(1 - rho**2)
        else:
            matrix[row, place[unit, period - 1]] = -rho
    return matrix


def _linear(panel: PathPanel, transform: Floats, paths: Sequence[object]) -> LinearEstimates:
    treated = panel.treated([path for path in paths if isinstance(path, StartPath)])
    regions = np.unique(panel.unit[treated])
    effects = np.column_stack([treated & (panel.unit == region) for region in regions]).astype(np.float64)
    absorbed = transform @ panel.columns
    design = np.column_stack([absorbed, transform @ effects])
    weights = np.linalg.pinv(design)[-regions.size :].mean(axis=0)
    rank = int(np.linalg.matrix_rank(design))
    effect = transform @ treated.astype(np.float64)
    return estimates_of(panel, weights, absorbed, effect, parameters_full=rank)
