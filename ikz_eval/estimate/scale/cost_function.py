"""Cost function: by how many per cent cost grows when output grows by one.

One method, two papers: Nerlove for the log-log form, Christensen and Greene for the translog. The regressors are
cost_terms.py; rows are read by usable_rows.py, fitted by least_squares.py. Docs: docs/methods/cost_function.md.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.absorbed_effects import prepare_effects, without_singletons
from ikz_eval.estimate.least_squares import LeastSquares, least_squares
from ikz_eval.estimate.observations import Flags, Floats
from ikz_eval.estimate.regression import row_clusters, terms_frame
from ikz_eval.estimate.scale.cost_terms import ELASTICITY, FORMS, CostTerms, cost_terms
from ikz_eval.estimate.shown import Shown
from ikz_eval.estimate.usable_rows import UsableRows, usable_rows
from ikz_eval.inference.estimator import LinearEstimates


@dataclass(frozen=True, slots=True)
class CostFunctionFit(Shown):
    """Elasticity of cost with respect to output.

    Attributes
    ----------
    fit : LeastSquares
        ``elasticity`` (at the means), ``elasticity(1000)`` at the sizes asked for, then the other coefficients. Each is a
        combination of coefficients, so linear in log cost: every inference by cluster is exact for it.
    terms : CostTerms
        Regressors, and the range of outputs observed.
    form : str
        ``loglog`` or ``translog``.
    n_units : int or None
        Units used; None where none are named.
    dropped : dict of str to int
        Rows dropped, by reason.
    """

    fit: LeastSquares
    terms: CostTerms
    form: str
    n_units: int | None
    dropped: dict[str, int]

    @property
    def linear(self) -> LinearEstimates:
        """Elasticities and coefficients as linear estimates, for inference."""
        return self.fit.linear

    @property
    def n_obs(self) -> int:
        """Number of rows used."""
        return self.fit.linear.n_obs

    def to_frame(self) -> pd.DataFrame:
        """Return one row a term: term, estimate, se, df and p of independent errors, scale_economies (1 / elasticity)."""
        frame = terms_frame(self.fit)
        is_elasticity = frame["term"].str.fullmatch(rf"{ELASTICITY}(\(.*\))?")
        return frame.assign(scale_economies=(1 / frame["estimate"]).where(is_elasticity))


def fit_cost_function(
    panel: pd.DataFrame,
    *,
    outcome: str,
    output: str,
    prices: Sequence[str] = (),
    form: str = "loglog",
    at: Sequence[float] = (),
    unit: str | None = None,
    period: str | None = None,
    absorb: Sequence[str] = (),
    cluster: str | None = None,
    covariates: Sequence[str] = (),
) -> CostFunctionFit:
    """Regress log cost on log output, with prices relative to the first.

    Parameters
    ----------
    panel : pd.DataFrame
        A row per unit, or per unit and period.
    outcome, output : str
        Columns of cost and of output (cases), both above zero; other rows are dropped, counted.
    prices : sequence of str
        Columns of input prices, above zero. Cost and all prices are divided by the first.
    form : str
        ``loglog``: one elasticity at all sizes; ``translog``: it changes with log output and log prices.
    at : sequence of float
        Outputs at which the elasticity is wanted (at mean log prices), within those observed.
    unit : str, optional
        Column naming the unit; the clusters when no others are named. Its effects are not absorbed unless asked for.
    period : str, optional
        Column with the period, whose effects are absorbed: prices and tasks that change for all alike.
    absorb : sequence of str
        Columns of labels whose effects are absorbed besides.
    cluster : str, optional
        Column of clusters; the unit when left out, without one each row.
    covariates : sequence of str
        Columns that enter linearly, as they are.

    Raises
    ------
    EstimationError
        If a column is missing or no numbers, no row is left, a regressor is not identified, or a size lies outside the
        outputs observed.

    References
    ----------
    .. [1] Nerlove, M. (1963). Returns to scale in electricity supply. In Christ, C. (ed.), *Measurement in Economics*.
    .. [2] Christensen, L. R., Greene, W. H. (1976). Economies of scale in U.S. electric power generation. *Journal of
       Political Economy* 84(4).
    """
    _require_call(form, (outcome, output, *prices, *covariates))
    effects = tuple(dict.fromkeys([*absorb, *(() if period is None else (period,))]))
    by = cluster or unit
    seen = usable_rows(
        panel,
        numbers={"cost": (outcome,), "output": (output,), "price": tuple(prices), "covariate": tuple(covariates)},
        keys={"absorbed": effects, "cluster": () if by is None else (by,), "unit": () if unit is None else (unit,)},
    )
    kept, reasons = _positive(seen)
    dropped = dict(sorted((Counter(seen.dropped) + reasons).items()))
    if not kept.any():
        raise EstimationError(f"no usable row is left of {len(panel)}; dropped: {dropped}")
    terms, log_cost = _regressors(seen, kept, prices, covariates, form)
    fit = _fit(seen, kept, terms, log_cost)
    names, shares = terms.combinations(at)
    n_units = None if unit is None else int(np.unique(seen.keys["unit"][0][0][kept]).size)
    return CostFunctionFit(fit.combined(names, shares), terms, form, n_units, dropped)


def _require_call(form: str, columns: tuple[str, ...]) -> None:
    if form not in FORMS:
        raise EstimationError(f"form '{form}' is unknown; allowed: {', '.join(FORMS)}")
    twice = [name for name, times in Counter(columns).items() if times > 1]
    if twice:
        raise EstimationError(f"'{twice[0]}' is named twice among cost, output, prices and covariates; allowed is once")


def _positive(seen: UsableRows) -> tuple[Flags, Counter[str]]:
    """Return the rows with logarithms and not alone in an absorbed effect, and the count of the others by reason."""
    kept, reasons = np.ones(seen.n_obs, dtype=bool), Counter[str]()
    for role in ("cost", "output", "price"):
        if role in seen.numbers:
            wrong = kept & ~(seen.numbers[role] > 0).all(axis=1)
            reasons[f"{role}_not_positive"] = int(wrong.sum())
            kept = kept & ~wrong
    if seen.keys["absorbed"] and kept.any():
        together, singletons = without_singletons([codes[kept] for codes, _ in seen.keys["absorbed"]])
        kept[np.flatnonzero(kept)[~together]] = False
        reasons += singletons
    return kept, +reasons


def _regressors(
    seen: UsableRows, kept: Flags, prices: Sequence[str], covariates: Sequence[str], form: str
) -> tuple[CostTerms, Floats]:
    """Return the regressors and log cost, relative to the first price where there is one."""
    rows = int(kept.sum())
    price = seen.numbers["price"][kept] if prices else np.ones((rows, 1))
    further = seen.numbers["covariate"][kept] if covariates else np.empty((rows, 0))
    names = tuple(prices) or ("none",)
    terms = cost_terms(seen.numbers["output"][kept, 0], price, names, further, tuple(covariates), form)
    log_cost: Floats = np.log(seen.numbers["cost"][kept, 0]) - np.log(price[:, 0])
    return terms, log_cost


def _fit(seen: UsableRows, kept: Flags, terms: CostTerms, log_cost: Floats) -> LeastSquares:
    effects = prepare_effects([codes[kept] for codes, _ in seen.keys["absorbed"]], seen.weight[kept])
    codes, names = seen.keys["cluster"][0] if seen.keys["cluster"] else row_clusters(seen.rows)
    return least_squares(terms.names, log_cost, terms.columns, effects, codes[kept], names)
