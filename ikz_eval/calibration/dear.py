"""Inference that is not a matrix product: refitted draw by draw, on fewer draws.

Holds the published inference whose p value needs the estimator itself: the interval of the wild bootstrap by inversion,
the standard error of the imputation paper, and the influence functions of group-time effects by region, which are never
published and stand in the table as the reason why.
"""

from collections.abc import Callable
from dataclasses import replace

from scipy import special

from ikz_eval.calibration.prepared import PreparedField
from ikz_eval.calibration.worlds import Floats
from ikz_eval.estimate.group_time import compare_groups
from ikz_eval.estimate.imputation import impute
from ikz_eval.estimate.verdict import LARGEST_P
from ikz_eval.inference import wild_bootstrap

DRAWS = 400
"""Programmes on which the dear inferences are counted, of the main block of seeds."""


def dear_counts(field: PreparedField, errors: Floats, effect: Floats, size: float) -> dict[str, dict[str, float]]:
    """Return the counts of each dear inference.

    Parameters
    ----------
    field : PreparedField
        The field.
    errors : ndarray
        Outcomes without an effect, shape (D, n).
    effect : ndarray
        What one unit of effect adds, shape (n,).
    size : float
        The effect of the tests with power [log points].
    """
    rows = field.partnership.rows
    counts = {}
    for name, interval in _INTERVALS.items():
        null = [interval(field, outcome[rows]) for outcome in errors]
        if (effect == field.treated).all():
            # All of these move with a constant effect on the treated rows, ends and estimate alike.
            found = [(low + size, high + size, estimate + size) for low, high, estimate in null]
        else:
            found = [interval(field, outcome[rows]) for outcome in errors + size * effect]
        counts[name] = {
            "draws": len(null),
            "tests": len(null),
            "rejected": sum(not low <= 0.0 <= high for low, high, _ in null),
            "intervals": len(found),
            "covered": sum(low <= size <= high for low, high, _ in found),
            "power_tests": len(found),
            "power_rejected": sum(not low <= 0.0 <= high for low, high, _ in found),
            "bias_tests": len(found),
            "error_sum": float(sum(estimate - size for *_, estimate in found)),
            "error_squares": float(sum((estimate - size) ** 2 for *_, estimate in found)),
        }
    return counts


Interval = tuple[float, float, float]
"""Ends of a 95 % interval, and the estimate."""


def _wild_interval(field: PreparedField, outcome: Floats) -> Interval:
    fit = field.partnership.fit
    whole = replace(fit, terms=fit.terms[:1], term_weights=fit.term_weights[:, :1]).linear
    linear = replace(whole, outcome=outcome)
    (result,) = wild_bootstrap(linear, confidence=1 - LARGEST_P, denominator="cr2")
    assert result.low is not None and result.high is not None
    return result.low, result.high, float(linear.estimates[0])


def _conservative(field: PreparedField, outcome: Floats) -> Interval:
    fit = impute(replace(field.partnership.fit.observations, outcome=outcome))
    return _normal(fit.estimate, float(fit.conservative_errors[0]))


def _influence(field: PreparedField, outcome: Floats) -> Interval:
    fit = compare_groups(replace(field.partnership.fit.observations, outcome=outcome), average="clusters")
    whole = fit.aggregate("group")
    return _normal(whole.estimate, whole.se_cluster)


def _normal(estimate: float, se: float) -> Interval:
    reach = float(special.ndtri(1 - LARGEST_P / 2)) * se
    return estimate - reach, estimate + reach, estimate


_INTERVALS: dict[str, Callable[[PreparedField, Floats], Interval]] = {
    "wild_interval": _wild_interval,
    "imputation_conservative": _conservative,
    "group_time_influence": _influence,
}
NEVER_PUBLISHED = ("group_time_influence",)
"""Counted to show why it is not published."""
