"""Honest bounds on the first year's effect of a field, from the event path in bins of four quarters.

Which path and which effect are looked at; the rule of when bounds come with sampling error and the bounds themselves are
ikz_eval/estimate/honest_terms.py. Docs: docs/methods/honest.md.
"""

from collections.abc import Iterator

import numpy as np

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.evaluation import FieldEvaluation
from ikz_eval.estimate.event_study import EventPathFit
from ikz_eval.estimate.further.figure import Figure
from ikz_eval.estimate.honest_terms import ENOUGH_CLUSTERS, honest_terms
from ikz_eval.estimate.inferring import Numbers, Plan
from ikz_eval.estimate.sign_checks import BIN

FAMILY = "honest"
FIRST_YEAR = "e=0"


def _known(path: EventPathFit, *, is_withheld: bool) -> Numbers:
    """Return bounds; without sampling error also where clusters barely outnumber coefficients.

    There the covariance is nearly singular and sets without any violation exclude the truth in far more than 5 % of cases
    (docs/methods/honest.md), so the stricter rule holds for what is published.
    """
    coefficients = sum(not point.is_reference for point in path.points)
    barely = path.linear.n_clusters < ENOUGH_CLUSTERS * coefficients
    return honest_terms(path, Plan(("honest",), is_withheld=is_withheld or barely))[FIRST_YEAR]


def honest_figures(found: FieldEvaluation) -> Iterator[Figure]:
    """Yield bounds for each M of both restrictions; bounds that no value satisfies are left out."""
    path = found.partnership.paths.get(BIN)
    if path is None:
        return
    try:
        known = _known(path, is_withheld=not found.has_inference)
    except (EstimationError, KeyError):  # no bin before the reference, or none right after the start
        for restriction in ("relative_magnitudes", "smoothness"):
            yield Figure(FAMILY, restriction, withheld="not_identified")
        return
    estimate = next(point.estimate for point in path.points if f"e={point.event_time}" == FIRST_YEAR)
    warnings = ("first_year_only", *(("point_identified",) if known["reason"] else ()))
    bounds = known["bounds"]
    assert isinstance(bounds, list)
    seen: set[tuple[object, str]] = set()
    for bound in bounds:
        m, low, high = (float(str(bound[key])) for key in ("m", "low", "high"))
        key = bound["restriction"], f"M={m:.3g}"
        if key not in seen and np.isfinite([low, high]).all():  # on rows without noise all M of smoothness are zero
            seen.add(key)
            yield Figure(
                FAMILY,
                str(bound["restriction"]),
                f"M={m:.3g}",
                estimate,
                low,
                high,
                n_units=path.n_units,
                warnings=warnings,
            )
