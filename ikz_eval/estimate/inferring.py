"""From the estimates of a fit to every inference that was asked for.

Holds which inference needs what, the refit of randomisation, and the rule that one treated cluster gives no p value. The
formulas are ikz_eval/inference; what a fit is, is each method's part. Called by door.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.few_treated import FEW_TREATED, few_treated_numbers
from ikz_eval.estimate.honest_terms import honest_terms
from ikz_eval.estimate.request import Fit, HasRows, InfersItself
from ikz_eval.inference.classical import classical
from ikz_eval.inference.estimator import Floats, LinearEstimates
from ikz_eval.inference.randomisation import AtOnce, Path, randomisation_draws
from ikz_eval.inference.sandwich import KINDS, cluster_robust
from ikz_eval.inference.wild_bootstrap import wild_bootstrap

Number = float | int | str | None
Numbers = dict[str, Number | list[dict[str, Number]]]
OWN = ("multiplier", "placebo", "jackknife", "hac", "mle", "quasi", "conley_taber", "ferman_pinto", "honest")
"""Inference that only some methods offer."""
INFERENCE = ("classical", "analytic", *KINDS, "wild", "randomisation", *OWN)
"""Inference by name; ``analytic`` is that of group_time (influence functions)."""
P_VALUES = ("p", "low", "high", "band_low", "band_high", "p_t", "p_coefficient")
"""What is withheld with one treated cluster: p values, and intervals, which are p values in another form."""
NO_LINEAR = "the estimates are not linear in the outcomes (covariates in the comparison); only 'analytic' and 'multiplier' can be had"

Refit = Callable[[Mapping[str, Path]], LinearEstimates]


@dataclass(frozen=True, slots=True)
class Plan:
    """Which inference is wanted, and how.

    Attributes
    ----------
    names : tuple of str
        Of ``INFERENCE``.
    wild_type, wild_weights, draws, seed
        Of the bootstrap; draws and seed also of randomisation.
    confidence : float
        Of every interval.
    denominator : str or None
        Variance in the t of the wild bootstrap: ``cr2`` for the primary estimate, None for the type's own.
    is_withheld : bool
        Whether p values and intervals are withheld.
    honest_m : tuple of float
        Bounds on violations of parallel trends, for ``honest``: M of relative magnitudes.
    size : ndarray or None
        Size of the unit in each row of the panel, for ``ferman_pinto``.
    honest_smoothness : tuple of float
        M of the smoothness restriction, in units of the outcome.
    """

    names: tuple[str, ...]
    wild_type: str = "11"
    wild_weights: str = "rademacher"
    draws: int = 9_999
    seed: int = 0
    confidence: float = 0.95
    denominator: str | None = None
    is_withheld: bool = False
    honest_m: tuple[float, ...] = ()
    honest_smoothness: tuple[float, ...] = ()
    size: Floats | None = None


@dataclass(frozen=True, slots=True)
class Inferred:
    """One estimate, what was inferred about it by name (None where not asked for), and its weight in a decomposition."""

    term: str
    estimate: float
    inference: dict[str, Numbers | None]
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Blocks:
    """What randomisation permutes: the start path of each cluster, its size, and the refit under other paths.

    ``at_once`` returns coefficient and t (CR2) of ``ATT`` under many assignments, nan where one has to be refitted; None
    where all have to be.
    """

    paths: dict[str, Path]
    sizes: dict[str, int]
    refit: Refit
    at_once: AtOnce | None = None


def infer_terms(fit: Fit, points: Mapping[str, float], plan: Plan, blocks: Blocks | None) -> tuple[Inferred, ...]:
    """Return each estimate with the inference asked for.

    Parameters
    ----------
    fit : Fit
        Its linear estimates, if any, and its own inference.
    points : mapping of str to float
        Estimates by term, in the order to be shown.
    plan : Plan
        What is wanted.
    blocks : Blocks or None
        For randomisation; None without a treatment.

    Raises
    ------
    EstimationError
        If an inference cannot be had for this fit: what and why.
    """
    by_name = {name: _named(name, fit, plan, blocks) for name in plan.names}
    hidden = dict.fromkeys(P_VALUES) if plan.is_withheld else {}
    inferred = []
    for term, estimate in points.items():
        found: dict[str, Numbers | None] = dict.fromkeys(INFERENCE)
        for name, terms in by_name.items():
            one = terms.get(term)
            found[name] = None if one is None else {key: hidden.get(key, value) for key, value in one.items()}
        inferred.append(Inferred(term, estimate, found))
    return tuple(inferred)


def _named(name: str, fit: Fit, plan: Plan, blocks: Blocks | None) -> Mapping[str, Numbers]:
    """Return one inference of all terms."""
    own = fit.own_inference if isinstance(fit, InfersItself) else ()
    if isinstance(fit, InfersItself) and name in own:
        return fit.infer(name, plan)
    if name == "honest":
        return honest_terms(fit, plan)
    if name == "analytic":
        return analytic(fit.to_frame(), plan.confidence)
    if name in FEW_TREATED and isinstance(fit, HasRows) and fit.linear is not None:
        return _of(fit.linear, few_treated_numbers(name, fit.linear, fit.row_design, plan))
    if name in OWN:
        raise EstimationError(
            f"inference '{name}': this method does not offer it" + (f"; it offers {', '.join(own)}" if own else "")
        )
    linear = fit.linear
    if linear is None:
        offered = f"this method offers {', '.join(own)}" if own and "analytic" not in own else NO_LINEAR
        raise EstimationError(f"inference '{name}': {offered}")
    if name == "classical":
        return _of(linear, [_plain(one) for one in classical(linear, confidence=plan.confidence)])
    if name == "wild":
        return _wild(linear, plan)
    if name == "randomisation":
        return _randomisation(linear, plan, blocks)
    return _of(linear, [_plain(one) for one in cluster_robust(linear, name, confidence=plan.confidence)])


def _of(linear: LinearEstimates, numbers: list[Numbers]) -> dict[str, Numbers]:
    return dict(zip(linear.terms, numbers, strict=True))


def _plain(one: object) -> Numbers:
    numbers: Numbers = {name: float(getattr(one, name)) for name in ("se", "df", "p", "low", "high")}
    scaling = getattr(one, "scaling", None)
    return numbers | ({"scaling": scaling} if scaling else {})


def _wild(linear: LinearEstimates, plan: Plan) -> dict[str, Numbers]:
    results = wild_bootstrap(
        linear, kind=plan.wild_type, weights=plan.wild_weights, draws=plan.draws, seed=plan.seed,
        confidence=plan.confidence, denominator=plan.denominator,
    )  # fmt: skip
    return _of(linear, [{"p": r.p, "draws": r.draws, "low": r.low, "high": r.high} for r in results])


def _randomisation(linear: LinearEstimates, plan: Plan, blocks: Blocks | None) -> dict[str, Numbers]:
    """Deal the start paths anew; t has the CR2 denominator."""
    if blocks is None:
        raise EstimationError("inference 'randomisation' needs a treatment (--cohort or --treatment) to deal anew")
    names = list(blocks.paths)

    def statistic(assignment: tuple[Path, ...]) -> tuple[Floats, Floats]:
        again = blocks.refit(dict(zip(names, assignment, strict=True)))
        known = dict(zip(again.terms, cluster_robust(again, "cr2"), strict=True))
        pairs = [(known[t].estimate, known[t].t) if t in known else (np.inf, np.inf) for t in linear.terms]
        return np.array([one for one, _ in pairs]), np.array([t for _, t in pairs])

    drawn = randomisation_draws(
        statistic, list(blocks.paths.values()), sizes=[blocks.sizes[name] for name in names], draws=plan.draws,
        seed=plan.seed, at_once=blocks.at_once if linear.terms == ("ATT",) else None,
    )  # fmt: skip
    keys = ("p_t", "p_coefficient", "assignments", "is_approximate")
    return _of(linear, [{key: getattr(one, key) for key in keys} for one in drawn.results()])


def analytic(own: pd.DataFrame, confidence: float) -> dict[str, Numbers]:
    """Return a method's own standard errors with normal quantiles."""
    from scipy import special

    if "se_cluster" not in own.columns:
        raise EstimationError(
            "inference 'analytic' is that of group_time; this method has no standard error of its own"
        )
    reach = float(special.ndtri(0.5 + confidence / 2))
    found: dict[str, Numbers] = {}
    for term, estimate, se in zip(own["term"], own["estimate"], own["se_cluster"], strict=True):
        p = float(2 * special.ndtr(-abs(estimate / se))) if se > 0 else None
        found[str(term)] = {
            "se": float(se),
            "df": None,
            "p": p,
            "low": estimate - reach * se,
            "high": estimate + reach * se,
        }
    return found
