"""The one door: any method on any tidy panel, with the inference asked for, as one frozen answer.

Holds what a call must name for each method and how a fit becomes an answer (table, JSON). The methods are the files beside
this one; what is inferred from a fit is inferring.py; the design and the verdict of a panel are panel_verdict.py. Called by
``ikz estimate`` and in notebooks.
"""

import json
import math
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import pandas as pd

from ikz_eval.estimate.few_treated import size_column
from ikz_eval.estimate.inferring import Inferred, Numbers, Plan, infer_terms
from ikz_eval.estimate.methods import METHODS, check_request
from ikz_eval.estimate.panel_calls import decomposition
from ikz_eval.estimate.panel_verdict import PanelDesign, PanelVerdict, described
from ikz_eval.estimate.request import Described, Fit, InfersItself, Request, Trims
from ikz_eval.estimate.shown import Chart, dots
from ikz_eval.estimate.treatment_design import TreatmentDesign, with_cohort
from ikz_eval.inference.estimator import LinearEstimates

__all__ = ["Answer", "Request", "answer"]

SENTENCES = ("assumes", "reason", "caution")
"""What an inference says in sentences; a summary shows them below the table, in English."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A method's answer on a panel.

    Attributes
    ----------
    method : str
        Name of the method.
    n_obs, n_units : int or None
        Rows used, and units among them.
    dropped : dict of str to int
        Rows dropped, by reason.
    estimates : tuple of Inferred
        Each term with the inference asked for.
    design : PanelDesign or None
        What the design allows; None without a treatment.
    verdict : PanelVerdict or None
        On the average effect; None without a treatment.
    """

    method: str
    n_obs: int
    n_units: int | None
    dropped: dict[str, int]
    estimates: tuple[Inferred, ...]
    design: PanelDesign | None = None
    verdict: PanelVerdict | None = None
    outcome: str = "outcome"

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain values; what is absent is None."""
        verdict = self.verdict
        answered: dict[str, Any] = _finite(
            {
                "method": self.method,
                "n_obs": self.n_obs,
                "n_units": self.n_units,
                "dropped": [{"reason": reason, "rows": rows} for reason, rows in sorted(self.dropped.items())],
                "estimates": [_entry(one) for one in self.estimates],
                "design": {} if self.design is None else asdict(self.design),
                "verdict": None
                if verdict is None
                else {
                    "code": verdict.code,
                    "direction": verdict.direction,
                    "reasons": list(verdict.reasons),
                    "words": verdict.words,
                },
            }
        )
        return answered

    def to_json(self) -> str:
        """Return the answer as JSON."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a term and inference: term, estimate, inference, and its numbers."""
        rows: list[dict[str, Any]] = []
        for one in self.estimates:
            bare = {"term": one.term, "estimate": one.estimate} | ({} if one.weight is None else {"weight": one.weight})
            known = {name: numbers for name, numbers in one.inference.items() if numbers is not None}
            rows += [
                bare | {"inference": name} | row for name, numbers in known.items() for row in _unfolded(numbers)
            ] or [bare]
        return pd.DataFrame(rows)

    def summary(self) -> str:
        """Return the answer as text: estimates, rows dropped, design and verdict in words."""
        lines = [f"{self.method}: {self.n_obs} rows" + (f", {self.n_units} units" if self.n_units else "")]
        lines += [f"dropped {rows} rows: {reason}" for reason, rows in sorted(self.dropped.items())]
        sentences = [name for key in SENTENCES for name in (key, f"{key}_de")]
        table = self.to_frame().drop(columns=sentences, errors="ignore").dropna(axis="columns", how="all")
        cells = table.astype("object").where(table.notna(), "")  # na_rep leaves None as it is
        lines.append(cells.to_string(index=False, float_format=lambda x: f"{x:.6g}"))
        said = (
            f"{name} {key}: {numbers[key]}"
            for one in self.estimates
            for name, numbers in one.inference.items()
            for key in SENTENCES
            if numbers is not None and numbers.get(key)
        )
        lines += dict.fromkeys(said)
        if self.design is not None:
            shown = ((f.name, getattr(self.design, f.name)) for f in fields(self.design))
            lines.append(
                "design: " + ", ".join(f"{name} {_shown(value)}" for name, value in shown if value is not None)
            )
        if self.verdict is not None and self.verdict.code == "descriptive":
            lines += ["verdict: descriptive", *self.verdict.words["en"]]
        elif self.verdict is not None:
            why = "; ".join(self.verdict.words["en"])
            lines.append(
                f"verdict: {self.verdict.code} ({self.verdict.direction})" + (f", because {why}" if why else "")
            )
        return "\n".join(lines)

    def plot(self) -> Chart:
        """Return the estimates, each with the first interval that was asked for."""
        rows = []
        for one in self.estimates:
            ends = next((n for n in one.inference.values() if n and n.get("low") is not None), {})
            rows.append({"term": one.term, "estimate": one.estimate, "low": ends.get("low"), "high": ends.get("high")})
        return dots(rows, f"effect on {self.outcome}")


def answer(panel: pd.DataFrame, request: Request) -> Answer:
    """Estimate by one method and infer what was asked for.

    Parameters
    ----------
    panel : pd.DataFrame
        A row per unit and period (or any rows, for ``regression``).
    request : Request
        Method, columns and inference.

    Raises
    ------
    UsageError
        If the request lacks what its method needs, or names what does not belong to it.
    EstimationError
        If the data do not allow the estimate or an inference: which, and why.
    """
    from threadpoolctl import threadpool_limits

    check_request(request)
    # One BLAS thread: the same bytes whatever the number of cores, and quicker for matrices this small.
    with threadpool_limits(limits=1):
        return _answered(panel, request)


def _answered(panel: pd.DataFrame, request: Request) -> Answer:
    panel, request = with_cohort(panel, request)
    fit = METHODS[request.method].fit(panel, request)
    method = METHODS[request.method]
    has_design = method.has_treatment and not isinstance(fit, Described)
    design = TreatmentDesign.of(panel, request, method.fit) if has_design else None
    if design is not None and isinstance(fit, Trims):
        design = design.trimmed_to(fit.treated_clusters)
    inferred = _inferred(panel, request, fit, design)
    card, verdict = (None, None) if design is None else design.judged(fit.linear, inferred)
    if isinstance(fit, Described):
        verdict = described(fit.describe)
    return Answer(request.method, fit.n_obs, fit.n_units, fit.dropped, inferred, card, verdict, request.outcome)


def _inferred(panel: pd.DataFrame, request: Request, fit: Fit, design: TreatmentDesign | None) -> tuple[Inferred, ...]:
    """Return every term of a fit with the inference asked for; a decomposition's parts have a weight and no inference."""
    own = fit.to_frame()
    points = _points(fit.linear, own)
    blocks = None if design is None or "randomisation" not in request.inference else design.blocks
    plan = replace(_plan(request, design, fit), size=size_column(panel, request))
    inferred = infer_terms(fit, points, plan, blocks)
    if request.method != "bacon":
        return inferred
    kinds = decomposition(panel, request).by_kind()
    parts = zip(kinds["kind"], kinds["estimate"], kinds["weight"], strict=True)
    return inferred + tuple(Inferred(str(kind), float(b), {}, float(weight)) for kind, b, weight in parts)


def _points(linear: LinearEstimates | None, own: pd.DataFrame) -> dict[str, float]:
    if linear is not None:
        return dict(zip(linear.terms, map(float, linear.estimates), strict=True))
    return {str(term): float(value) for term, value in zip(own["term"], own["estimate"], strict=True)}


def _plan(request: Request, design: TreatmentDesign | None, fit: Fit) -> Plan:
    """Return how to infer; the bootstrap of the primary estimate has the CR2 denominator (plan of analysis)."""
    is_primary = request.method in ("imputation", "event_path") and request.wild_type == "11"
    own: tuple[str, ...] = ("analytic",) if request.method == "group_time" else ()
    own = fit.own_inference[:1] if isinstance(fit, InfersItself) else own
    usual = (*own, "cr2") if fit.linear is not None else own
    return Plan(
        request.inference or usual, request.wild_type, request.wild_weights, request.draws, request.seed, request.confidence,
        "cr2" if is_primary else None, design is not None and design.is_withheld, request.honest_m,
        request.honest_smoothness,
    )  # fmt: skip


def _entry(one: Inferred) -> dict[str, Any]:
    weight = {} if one.weight is None else {"weight": one.weight}
    return {"term": one.term, "estimate": one.estimate, **weight, "inference": one.inference}


def _unfolded(numbers: Numbers) -> list[dict[str, Any]]:
    """Return one row, or a row for each entry of a list such as honest bounds."""
    single = {key: value for key, value in numbers.items() if not isinstance(value, list)}
    lists = [value for value in numbers.values() if isinstance(value, list)]
    return [single | entry for entry in lists[0]] if lists else [single]


def _finite(value: Any) -> Any:
    """Return plain values with None in place of what is no number."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
