"""The average over fields: what the programme changed on average of the fields that the study registers for it.

Exploratory. It is another question than that of a field: never "belegt", never among the tests that are adjusted together,
and a field that became dearer hides in it. Which fields enter stands here; the average itself is
ikz_eval/inference/pooled.py. Docs: docs/methods/further.md.
"""

from collections.abc import Sequence

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.evaluation import FieldEvaluation
from ikz_eval.estimate.further.figure import Figure
from ikz_eval.inference import average_of
from ikz_eval.inference.estimator import LinearEstimates
from ikz_eval.inference.sandwich import cluster_robust
from ikz_eval.registry import Pooled

FAMILY, METHOD = "pooled", "mean_of_fields"
LEAST_FIELDS = 2
"""An average over one field is that field."""


def pooled_figure(pooled: Pooled, evaluations: Sequence[FieldEvaluation]) -> Figure:
    """Return the average over the primary estimates of the fields that have one, with CR2 by region.

    Every field keeps its rows, its starts, and its own unit and quarter effects. A field enters with an estimate in logs
    and with regions and blocks enough for a standard error; one that does not is left out and said in the warnings.

    Parameters
    ----------
    pooled : Pooled
        Fields to average, as registered.
    evaluations : sequence of FieldEvaluation
        All fields of the study under the primary specification.

    Returns
    -------
    Figure
        ``part`` names the fields averaged, apart by blanks; where nothing is, the registered ones.
    """
    by_field = {found.field: found for found in evaluations}
    lacking = {field: _lacking(by_field[field]) for field in pooled.fields}
    averaged = {field: _linear(by_field[field]) for field, why in lacking.items() if why is None}
    warnings = ("hides_single_fields", *dict.fromkeys(f"left_out_{why}" for why in lacking.values() if why))
    if len(averaged) < LEAST_FIELDS:
        estimated = sum(why in (None, "too_few_regions") for why in lacking.values())
        withheld = "too_few_fields" if estimated < LEAST_FIELDS else "too_few_regions"
        return Figure(FAMILY, METHOD, " ".join(pooled.fields), warnings=warnings, withheld=withheld)
    return _averaged(" ".join(averaged), average_of(list(averaged.values())), warnings)


def _lacking(found: FieldEvaluation) -> str | None:
    """Return why a field cannot enter the average; None when it can."""
    if found.partnership.imputation is None:
        return "not_identified"
    if not found.partnership.frame.is_log:
        return "in_levels"
    return None if found.has_inference else "too_few_regions"


def _linear(found: FieldEvaluation) -> LinearEstimates:
    assert found.partnership.imputation is not None, "asked for fields with an estimate alone"
    return found.partnership.imputation.linear


def _averaged(part: str, linear: LinearEstimates, warnings: tuple[str, ...]) -> Figure:
    point = float(linear.estimates[0])
    try:
        (known,) = cluster_robust(linear, "cr2")
    except EstimationError:  # outcomes without any noise: nothing to infer from
        return Figure(FAMILY, METHOD, part, point, n_units=linear.n_clusters, warnings=warnings, withheld="no_interval")
    return Figure(
        FAMILY, METHOD, part, known.estimate, known.low, known.high, known.p, n_units=linear.n_clusters,
        warnings=warnings,
    )  # fmt: skip
