"""Whitening, tried: the primary estimate by generalised least squares with a first-order autoregression.

Holds the weights and the CR2 scores of imputation on quasi-differenced outcomes, under any dealing of start paths. It is
measured by bench/gains.py and is no specification of a study (decision 0018).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ikz_eval.calibration.matrices import Bootstrap, Sandwich, bootstrap_matrices
from ikz_eval.calibration.prepared import Dealt, PreparedField, PreparedStudy
from ikz_eval.calibration.worlds import Floats, Ints
from ikz_eval.errors import UsageError
from ikz_eval.estimate.design import StartPath
from ikz_eval.estimate.reassignment import PathPanel, path_panel
from ikz_eval.inference import assignments, score_rows, working_model
from ikz_eval.inference.estimator import LinearEstimates
from ikz_eval.inference.sandwich import satterthwaite
from ikz_eval.inference.wild_statistics import prepare


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
        If there is more than one field, or the panel is not complete.
    """
    if len(study.fields) != 1 or not 0 <= rho < 1:
        raise UsageError(f"{len(study.fields)} fields, rho {rho:g}; allowed are one field, and rho from 0 to below 1")
    field = study.fields[0]
    panel = path_panel(field.layout.found.partnership.frame)
    if panel.unit.size != len(panel.names) * panel.n_periods:
        raise UsageError("whitening is tried on complete panels only")
    transform = _transform(panel, rho)
    dealings = [_linear(panel, transform, paths) for paths in assignments(panel.paths)[0]]
    coefficients = np.array([each.weights[:, 0] @ transform for each in dealings])
    scores = np.array([_scores(each) @ transform for each in dealings])
    columns = field.partnership.bootstraps["wild"].columns
    level = replace(
        field.partnership,
        weights=coefficients[0],
        sandwiches={"cr2": Sandwich(scores[0], float(satterthwaite(dealings[0], "cr2")[0]))},
        bootstraps={"wild": _bootstrap(dealings[0], transform, columns)},
    )
    changed: PreparedField = replace(field, partnership=level)
    dealt = Dealt(coefficients, scores, np.zeros(len(dealings), dtype=bool))
    return replace(study, fields=(changed,), dealt=(dealt,))


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
    return LinearEstimates(
        terms=("ATT",),
        weights=weights[:, None],
        outcome=np.zeros(panel.unit.size),
        design=np.column_stack([absorbed, transform @ treated.astype(np.float64)]),
        cluster=panel.unit,
        cluster_names=panel.names,
        parameters=rank - len(panel.names) + 1,
        parameters_full=rank,
        restricted=absorbed,
    )


def _scores(estimates: LinearEstimates) -> Floats:
    return score_rows(working_model(estimates.design, estimates.cluster), estimates.weights[:, 0])


def _bootstrap(estimates: LinearEstimates, transform: Floats, columns: Ints) -> Bootstrap:
    n = estimates.n_obs
    plain = bootstrap_matrices(prepare(estimates, "cr2")[0], columns, np.arange(n, dtype=np.intp), n)
    return Bootstrap(plain.observed @ transform, plain.numerators @ transform, plain.scores @ transform, columns)
