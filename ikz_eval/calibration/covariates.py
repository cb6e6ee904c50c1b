"""Covariates, tried: the primary estimate adjusted for one covariate of the partnership.

Holds imputation with a covariate in its untreated model, under any dealing of start paths, as fit_imputation makes it (a test
compares the two). It is measured by bench/gains_covariates.py; no study names a covariate (decision 0018).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ikz_eval.calibration.prepared import PreparedStudy
from ikz_eval.calibration.tried import estimates_of, only_field, with_estimates
from ikz_eval.calibration.worlds import Floats
from ikz_eval.errors import UsageError
from ikz_eval.estimate.design import StartPath
from ikz_eval.estimate.observations import Flags
from ikz_eval.estimate.reassignment import PathPanel, weights_under
from ikz_eval.estimate.sign_checks import SignChecks
from ikz_eval.inference import assignments
from ikz_eval.inference.estimator import LinearEstimates
from ikz_eval.inference.linear import EIGENVALUE_FLOOR


def with_covariate(study: PreparedStudy, covariate: Floats) -> PreparedStudy:
    """Return a study of one field whose required tests are those of the estimate given a covariate.

    The slope is fitted to the untreated rows of each dealing, and is part of the working model of CR2 and of the bootstrap's
    model of no effect. The required tests without p values look at outcomes less covariate times the observed slope.

    Parameters
    ----------
    study : PreparedStudy
        One field, no quarter left out because of a path.
    covariate : ndarray
        Of each row of the partnership level, shape (n,).

    Raises
    ------
    UsageError
        If there is more than one field, the panel is not complete, or the covariate does not vary beyond unit and quarter
        effects in the untreated rows.
    """
    field, panel = only_field(study)
    dealings = [_linear(panel, covariate, paths) for paths in assignments(panel.paths)[0]]
    changed = with_estimates(study, dealings, np.eye(covariate.size))
    slope = _slope(panel, covariate, ~weights_under(panel, panel.paths).treated)
    checks = _less(field.checks, covariate, slope)
    return replace(changed, fields=(replace(changed.fields[0], checks=checks),))


def _linear(panel: PathPanel, covariate: Floats, paths: Sequence[object]) -> LinearEstimates:
    """Return imputation under an assignment: the estimate without the covariate, less its slope times what it does to it."""
    found = weights_under(panel, [path for path in paths if isinstance(path, StartPath)])
    slope = _slope(panel, covariate, ~found.treated)
    absorbed = np.column_stack([panel.columns, covariate])
    rank = panel.columns.shape[1] + 1
    effect = found.treated.astype(np.float64)
    return estimates_of(panel, found.c - (found.c @ covariate) * slope, absorbed, effect, parameters_full=rank)


def _slope(panel: PathPanel, covariate: Floats, untreated: Flags) -> Floats:
    """Return how the outcomes enter the slope of the covariate in the untreated rows, shape (n,)."""
    effects = panel.basis(untreated)
    inside = covariate * untreated
    rest = inside - effects @ (effects.T @ inside)
    left = float(rest @ rest)
    if left <= EIGENVALUE_FLOOR * float(inside @ inside):
        raise UsageError("the covariate does not vary beyond unit and quarter effects in the untreated rows")
    slope: Floats = rest / left
    return slope


def _less(checks: SignChecks, covariate: Floats, slope: Floats) -> SignChecks:
    def on_the_rest(weights: Floats | None) -> Floats | None:
        return None if weights is None else weights - np.outer(weights @ covariate, slope)

    return replace(checks, left_out=on_the_rest(checks.left_out), bins=on_the_rest(checks.bins))
