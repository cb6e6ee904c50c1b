"""Every method of the one door by name, and the refusal of a request that does not fit its method.

Refuses what does not belong to a method instead of leaving it out silently. How each is called stands in ``*_calls.py``.
"""

from dataclasses import fields

from ikz_eval.errors import UsageError
from ikz_eval.estimate.few_treated_calls import FEW_TREATED_METHODS
from ikz_eval.estimate.panel_calls import PANEL_METHODS
from ikz_eval.estimate.request import NAMED, Request
from ikz_eval.estimate.scale_calls import SCALE_METHODS
from ikz_eval.estimate.series_calls import SERIES_METHODS
from ikz_eval.estimate.synthetic_calls import SYNTHETIC_METHODS

METHODS = {**PANEL_METHODS, **FEW_TREATED_METHODS, **SYNTHETIC_METHODS, **SERIES_METHODS, **SCALE_METHODS}
"""Methods of the door by name."""
_EVERYWHERE = (
    "method",
    "outcome",
    "cluster",
    "inference",
    "wild_type",
    "wild_weights",
    "draws",
    "seed",
    "confidence",
    "honest_m",
    "honest_smoothness",
)


def check_request(request: Request) -> None:
    """Refuse a request that lacks what its method needs, or names what the method does not know.

    Raises
    ------
    UsageError
        Which option, and what the method knows.
    """
    if request.method not in METHODS:
        raise UsageError(f"method '{request.method}' is unknown; allowed: {', '.join(METHODS)}")
    method = METHODS[request.method]
    lacking = [_option(name) for name in method.needs if not getattr(request, name)]
    if lacking:
        raise UsageError(f"method {request.method} needs {', '.join(lacking)}")
    if method.has_treatment and (request.cohort is None) == (request.treatment is None):
        raise UsageError(f"method {request.method} needs exactly one of --cohort and --treatment")
    known = {*_EVERYWHERE, *method.needs, *method.knows}
    foreign = [f.name for f in fields(request) if f.name not in known and getattr(request, f.name) != f.default]
    foreign = [name for name in foreign if name in NAMED]
    if foreign:
        raise UsageError(
            f"method {request.method} does not know {', '.join(map(_option, foreign))}; it would change nothing"
        )
    bounds = [_option(name) for name in ("honest_m", "honest_smoothness") if getattr(request, name)]
    if bounds and "honest" not in request.inference:
        raise UsageError(f"{', '.join(bounds)} serves --inference honest alone; it would change nothing")


def _option(name: str) -> str:
    return "--" + {"bin_length": "bin"}.get(name, name).replace("_", "-")
