"""Another estimate in the place of the primary one, in a study that is prepared.

Holds how the tests with p values follow from an estimate's weights under every dealing of start paths. Which estimates were
tried is the part of gls.py and covariates.py; none of them is a specification of a study (decision 0018).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ikz_eval.calibration.matrices import Bootstrap, Sandwich, bootstrap_matrices
from ikz_eval.calibration.prepared import Dealt, PreparedField, PreparedStudy
from ikz_eval.calibration.worlds import Floats, Ints
from ikz_eval.errors import UsageError
from ikz_eval.estimate.reassignment import PathPanel, path_panel
from ikz_eval.inference import score_rows, working_model
from ikz_eval.inference.estimator import LinearEstimates
from ikz_eval.inference.sandwich import satterthwaite
from ikz_eval.inference.wild_statistics import prepare


def only_field(study: PreparedStudy) -> tuple[PreparedField, PathPanel]:
    """Return the field of a study that has one, and its rows.

    Raises
    ------
    UsageError
        If there is more than one field, or the panel is not complete.
    """
    if len(study.fields) != 1:
        raise UsageError(f"{len(study.fields)} fields; other estimates are tried on one field")
    field = study.fields[0]
    panel = path_panel(field.layout.found.partnership.frame)
    if panel.unit.size != len(panel.names) * panel.n_periods:
        raise UsageError("other estimates are tried on complete panels only")
    return field, panel


def with_estimates(study: PreparedStudy, dealings: Sequence[LinearEstimates], transform: Floats) -> PreparedStudy:
    """Return the study with the three tests that have p values made from other estimates.

    Parameters
    ----------
    study : PreparedStudy
        One field.
    dealings : sequence of LinearEstimates
        The estimate under every dealing of start paths, the observed one first, in rows times ``transform``.
    transform : ndarray
        What the outcomes are multiplied by before they enter, shape (n, n).
    """
    field = study.fields[0]
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


def estimates_of(
    panel: PathPanel, weights: Floats, absorbed: Floats, effect: Floats, *, parameters_full: int
) -> LinearEstimates:
    """Return one estimate of a panel: its weights, the columns of no effect, and one unit of effect in each row.

    Parameters
    ----------
    panel : PathPanel
        Rows; each unit is a cluster.
    weights : ndarray
        c of b = c'y, shape (n,).
    absorbed : ndarray
        Columns of the model of no effect, shape (n, k).
    effect : ndarray
        Shape (n,).
    parameters_full : int
        Rank of the design the weights come from.
    """
    return LinearEstimates(
        terms=("ATT",),
        weights=weights[:, None],
        outcome=np.zeros(panel.unit.size),
        design=np.column_stack([absorbed, effect]),
        cluster=panel.unit,
        cluster_names=panel.names,
        parameters=parameters_full - len(panel.names) + 1,
        parameters_full=parameters_full,
        restricted=absorbed,
    )


def _scores(estimates: LinearEstimates) -> Floats:
    return score_rows(working_model(estimates.design, estimates.cluster), estimates.weights[:, 0])


def _bootstrap(estimates: LinearEstimates, transform: Floats, columns: Ints) -> Bootstrap:
    n = estimates.n_obs
    plain = bootstrap_matrices(prepare(estimates, "cr2")[0], columns, np.arange(n, dtype=np.intp), n)
    return Bootstrap(plain.observed @ transform, plain.numerators @ transform, plain.scores @ transform, columns)
