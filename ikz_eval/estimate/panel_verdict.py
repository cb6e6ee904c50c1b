"""Design and verdict of one tidy panel, for the one door.

Counts what the design allows and judges a single effect by the same rules as a study's field (verdict.py): the clusters of
the panel are its regions and blocks. Fields of a study are judged together in the evaluation, not here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.event_study import fit_event_path
from ikz_eval.estimate.inferring import Inferred, Numbers
from ikz_eval.estimate.sign_checks import BIN, SignChecks
from ikz_eval.estimate.verdict import LARGEST_P, FieldDesign, FieldEffect, blocking_reasons, decide
from ikz_eval.inference import count_assignments, minimum_detectable, smallest_randomisation_p, smallest_wild_p
from ikz_eval.inference.estimator import LinearEstimates
from ikz_eval.inference.randomisation import Path

if TYPE_CHECKING:
    from ikz_eval.estimate.request import Request

_LARGEST_COUNT = 2**53
PRIMARY = "imputation"
"""The method whose estimate the verdict's tests are made for."""
TESTS = {"cr2": ("cr2_adjusted", "p"), "wild": ("wild_bootstrap", "p"), "randomisation": ("randomisation_t", "p_t")}
"""Inference -> the required test it carries out, and its p."""

AT_THE_DOOR = ("no_cr2", "tests_missing")
"""Reasons that may lie in what was asked for, not in the figures: their words name the option."""


@dataclass(frozen=True, slots=True)
class Starts:
    """Starts by cluster.

    Attributes
    ----------
    paths : dict of str to Path
        Start of each cluster as the panel writes it, None when never.
    sizes : dict of str to int
        Rows of each cluster.
    before, after : dict of str to int
        Periods with rows before, and from, the start of each treated cluster.
    is_whole : bool
        Whether all units of each cluster share one start, so that paths can be dealt anew.
    """

    paths: dict[str, Path]
    sizes: dict[str, int]
    before: dict[str, int]
    after: dict[str, int]
    is_whole: bool

    @property
    def treated(self) -> tuple[str, ...]:
        """Clusters with a treated row."""
        return tuple(self.before)


@dataclass(frozen=True, slots=True)
class PanelDesign:
    """What the design of a panel allows.

    Attributes
    ----------
    clusters, treated_clusters, comparison_clusters : int
        Numbers.
    periods_before, periods_after : int or None
        Fewest in a treated cluster.
    leverage_share_max : float or None
        Largest share of a treated cluster in the leverage of the treated ones.
    attainable_p_wild, attainable_p_randomisation : float or None
        Smallest p these tests can give.
    assignments : int or None
        Distinct assignments of start paths; None without any, or for more than 2^53.
    mde_cr2 : float or None
        Minimum detectable effect of the CR2 test [units of the outcome]; None where its p is withheld.
    withheld : str or None
        Why p values and intervals are withheld.
    """

    clusters: int
    treated_clusters: int
    comparison_clusters: int
    periods_before: int | None
    periods_after: int | None
    leverage_share_max: float | None
    attainable_p_wild: float | None
    attainable_p_randomisation: float | None
    assignments: int | None
    mde_cr2: float | None
    withheld: str | None


@dataclass(frozen=True, slots=True)
class PanelVerdict:
    """A verdict: code, direction, codes of its reasons, and the reasons in words by language."""

    code: str
    direction: str
    reasons: tuple[str, ...]
    words: dict[str, tuple[str, ...]]


def describe(starts: Starts, linear: LinearEstimates | None, mde: float | None) -> PanelDesign:
    """Return the design card of a panel."""
    treated, clusters = starts.treated, len(starts.paths)
    paths = list(starts.paths.values())
    has_blocks = starts.is_whole and 0 < len(treated) < clusters
    shares = {} if linear is None or not treated else _leverage_shares(linear, treated)
    withheld = withheld_reason(starts)
    return PanelDesign(
        clusters,
        len(treated),
        clusters - len(treated),
        min(starts.before.values(), default=None),
        min(starts.after.values(), default=None),
        max(shares.values(), default=None),
        smallest_wild_p(clusters) if clusters > 1 else None,
        smallest_randomisation_p(paths) if has_blocks else None,
        _exact(count_assignments(paths)) if has_blocks else None,
        None if withheld else mde,
        withheld,
    )


def _exact(count: int) -> int | None:
    """Return a count that every reader of JSON keeps exactly, None for more."""
    return count if count <= _LARGEST_COUNT else None


def withheld_reason(starts: Starts) -> str | None:
    """Return why p values are withheld: one treated cluster says nothing about uncertainty, whatever its error."""
    from ikz_eval.texts import text

    return text("verdict.withheld.one_treated_cluster", "en") if len(starts.treated) == 1 else None


def _leverage_shares(linear: LinearEstimates, treated: tuple[str, ...]) -> dict[str, float]:
    squares = np.bincount(linear.cluster, linear.weights[:, 0] ** 2, minlength=linear.n_clusters)
    by_name = {name: float(squares[code]) for code, name in enumerate(linear.cluster_names) if name in treated}
    whole = sum(by_name.values())
    return {name: part / whole for name, part in by_name.items()} if whole > 0 else {}


def judge_panel(
    design: PanelDesign, effect: Inferred | None, further: Mapping[str, bool], *, is_primary: bool
) -> PanelVerdict:
    """Return the verdict on the average effect.

    Parameters
    ----------
    design : PanelDesign
        From :func:`describe`.
    effect : Inferred or None
        The estimate ``ATT``; its CR2 is needed for any verdict but "not assessable".
    further : mapping of str to bool
        Required tests beyond CR2, bootstrap and randomisation that were carried out.
    is_primary : bool
        Whether the method is the primary one; another one's estimate is at most compatible.
    """
    field = _field(design)
    cr2 = None if effect is None else effect.inference["cr2"]
    passed: dict[str, bool] = {}
    found = None
    if effect is not None and cr2 is not None and not blocking_reasons(field):
        found = FieldEffect(effect.estimate, _value(cr2, "low"), _value(cr2, "high"), _value(cr2, "p"))
        passed = dict(further) if is_primary else {}
        for name, (test, key) in TESTS.items() if is_primary else ():
            numbers = effect.inference[name]
            if numbers is not None:
                passed[test] = _value(numbers, key) < LARGEST_P
    verdict = decide(field, found, passed)
    is_unasked = effect is not None and cr2 is None
    reasons = tuple("no_cr2" if is_unasked and code == "not_identified" else code for code in verdict.reasons)
    words = {lang: tuple(_sentence(code, lang) for code in reasons) for lang in ("de", "en")}
    return PanelVerdict(verdict.code, verdict.direction, reasons, words)


def described(describe: Callable[[str], tuple[str, ...]]) -> PanelVerdict:
    """Return the verdict on one region or series: descriptive, with what can be said in words."""
    return PanelVerdict("descriptive", "none", (), {lang: describe(lang) for lang in ("de", "en")})


def is_judgeable(design: PanelDesign) -> bool:
    """Whether the design allows any verdict but "not assessable", so that further tests are worth their time."""
    return not blocking_reasons(_field(design))


def _field(design: PanelDesign) -> FieldDesign:
    known = [p for p in (design.attainable_p_wild, design.attainable_p_randomisation) if p is not None]
    return FieldDesign(
        design.treated_clusters,
        design.comparison_clusters,
        design.periods_before,
        design.periods_after,
        max(known, default=None),
        design.leverage_share_max,
    )


def _value(numbers: Numbers, key: str) -> float:
    value = numbers.get(key)
    return float(value) if isinstance(value, int | float) else float("nan")


def _sentence(code: str, lang: str) -> str:
    from ikz_eval.texts import text

    return text(f"verdict.{'door' if code in AT_THE_DOOR else 'reason'}.{code}", lang)


def keeps_sign(estimate: float, treated: tuple[str, ...], without: Callable[[str], float]) -> bool | None:
    """Whether the sign stays when any one treated cluster is left out; None when that cannot be estimated.

    ``without`` returns the estimate without a cluster.
    """
    try:
        return all(np.sign(without(name)) == np.sign(estimate) for name in treated)
    except EstimationError:
        return None


def detectable(effect: Inferred | None) -> float | None:
    """Return the minimum detectable effect of the CR2 test, None without CR2."""
    cr2 = None if effect is None else effect.inference["cr2"]
    return None if cr2 is None else minimum_detectable(_value(cr2, "se"), _value(cr2, "df"))


def path_tests(panel: pd.DataFrame, request: "Request", estimate: float) -> dict[str, bool]:
    """Return the required tests of the event path, by the same rule as a study's; empty where there is no such path."""
    assert request.unit is not None and request.period is not None and request.cohort is not None
    try:
        path = fit_event_path(
            panel,
            outcome=request.outcome,
            unit=request.unit,
            period=request.period,
            cohort=request.cohort,
            cluster=request.cluster,
            bin_length=BIN,
            anticipation=request.anticipation,
        )
    except EstimationError:
        return {}
    estimated = np.array([not point.is_reference for point in path.points])
    bins = (path.weights * estimated).T
    times = np.array([float(point.event_time) for point in path.points])
    return SignChecks(None, bins, times).hold(path.observations.outcome, estimate)
