"""Linear regression with any number of absorbed effects.

One method, one paper: Frisch and Waugh, Lovell. Rows and labels are read by usable_rows.py, fitted by least_squares.py.
Knows no treatment. Docs: docs/methods/regression.md.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.absorbed_effects import prepare_effects, without_singletons
from ikz_eval.estimate.least_squares import LeastSquares, least_squares
from ikz_eval.estimate.observations import Flags, Ints
from ikz_eval.estimate.quick_arrays import chosen
from ikz_eval.estimate.shown import Shown
from ikz_eval.estimate.usable_rows import UsableRows, usable_rows
from ikz_eval.inference.estimator import LinearEstimates
from ikz_eval.inference.sandwich import CoefficientInference


@dataclass(frozen=True, slots=True)
class RegressionFit(Shown):
    """Coefficients of a linear regression.

    Attributes
    ----------
    fit : LeastSquares
        A term for each regressor, by name.
    rows : ndarray of int
        Position of each row used in the panel, shape (n,).
    n_units : int or None
        Levels of the first absorbed column; None without one.
    dropped : dict of str to int
        Rows dropped, by reason.
    """

    fit: LeastSquares
    rows: Ints
    n_units: int | None
    dropped: dict[str, int]

    @property
    def linear(self) -> LinearEstimates:
        """The coefficients as linear estimates, for inference."""
        return self.fit.linear

    @property
    def classical(self) -> tuple[CoefficientInference, ...]:
        """Inference that assumes independent errors of one variance, a term each."""
        return self.fit.classical()

    @property
    def n_obs(self) -> int:
        """Number of rows used."""
        return self.fit.linear.n_obs

    def to_frame(self) -> pd.DataFrame:
        """Return one row a term: term, estimate, se_classical, df_classical, p_classical."""
        return terms_frame(self.fit)


def terms_frame(fit: LeastSquares) -> pd.DataFrame:
    """Return one row a term with the inference of independent errors, named as such."""
    found = fit.classical()
    return pd.DataFrame(
        {
            "term": list(fit.linear.terms),
            "estimate": [each.estimate for each in found],
            "se_classical": [each.se for each in found],
            "df_classical": [each.df for each in found],
            "p_classical": [each.p for each in found],
        }
    )


def fit_regression(
    panel: pd.DataFrame,
    *,
    outcome: str,
    regressors: Sequence[str],
    absorb: Sequence[str] = (),
    cluster: str | None = None,
    weights: str | None = None,
) -> RegressionFit:
    """Regress an outcome on regressors, with a constant or with absorbed effects.

    Parameters
    ----------
    panel : pd.DataFrame
        Any table; a row is an observation.
    outcome : str
        Column of the outcome.
    regressors : sequence of str
        Columns of numbers; each becomes a term under its name.
    absorb : sequence of str
        Columns of labels whose effects are taken out. Without any, a constant is.
    cluster : str, optional
        Column of the clusters; each row is its own when left out.
    weights : str, optional
        Column of weights: rows with zero or none are dropped, counted.

    Raises
    ------
    EstimationError
        If a column is missing or no numbers, a regressor is not identified (named), a weight is negative, or the rows do
        not suffice.

    References
    ----------
    .. [1] Frisch, R., Waugh, F. V. (1933). Partial time regressions as compared with individual trends.
       *Econometrica* 1(4).
    .. [2] Lovell, M. C. (1963). Seasonal adjustment of economic time series and multiple regression analysis.
       *Journal of the American Statistical Association* 58(304).
    """
    _require_roles(outcome, regressors)
    seen = usable_rows(
        panel,
        numbers={"outcome": (outcome,), "regressor": tuple(regressors)},
        keys={"absorbed": tuple(absorb), "cluster": () if cluster is None else (cluster,)},
        weights=weights,
    )
    kept, singletons = without_singletons([codes for codes, _ in seen.keys["absorbed"]])
    kept = kept if absorb else np.ones(seen.n_obs, dtype=bool)
    dropped = dict(sorted((Counter(seen.dropped) + singletons).items()))
    if not kept.any():
        raise EstimationError(f"every row is alone in an absorbed effect ({', '.join(absorb)}); dropped: {dropped}")
    fit = _fit(seen, kept, tuple(regressors))
    n_units = int(np.count_nonzero(np.bincount(chosen(seen.keys["absorbed"][0][0], kept)))) if absorb else None
    return RegressionFit(fit, chosen(seen.rows, kept), n_units, dropped)


def _fit(seen: UsableRows, kept: Flags, terms: tuple[str, ...]) -> LeastSquares:
    known = [chosen(codes, kept) for codes, _ in seen.keys["absorbed"]]
    effects = prepare_effects(known, chosen(seen.weight, kept))
    codes, names = seen.keys["cluster"][0] if seen.keys["cluster"] else row_clusters(seen.rows)
    outcome, regressors = (chosen(seen.numbers[role], kept) for role in ("outcome", "regressor"))
    same = next((own for own, (each, _) in zip(known, seen.keys["absorbed"], strict=True) if each is codes), None)
    return least_squares(
        terms, outcome[:, 0], regressors, effects, chosen(codes, kept) if same is None else same, names
    )


def row_clusters(rows: Ints) -> tuple[Ints, tuple[str, ...]]:
    """Return each row as a cluster of its own, named by its position."""
    return np.arange(rows.size, dtype=np.intp), tuple(f"row {row}" for row in rows)


def _require_roles(outcome: str, regressors: Sequence[str]) -> None:
    if isinstance(regressors, str):
        raise EstimationError(f"regressors is the text '{regressors}'; allowed is a list of column names")
    if not regressors:
        raise EstimationError("no regressor is named; at least one is needed")
    twice = [name for name, times in Counter([outcome, *regressors]).items() if times > 1]
    if twice:
        raise EstimationError(f"'{twice[0]}' is named twice among outcome and regressors; allowed is once")
