"""Honest bounds: what an event study still says when trends were not quite parallel.

Arrays in, numbers out: two restrictions on the violation (smoothness and relative magnitudes), their confidence sets, the
bounds without sampling error, breakdown values, and the power of a test for pre-trends. Docs: docs/methods/honest.md.
"""

from ikz_eval.inference.honest.bounds import RESTRICTIONS, TESTS, Bound, HonestBounds, honest_bounds
from ikz_eval.inference.honest.pretrend_power import PretrendPower, pretrend_power

__all__ = [
    "RESTRICTIONS",
    "TESTS",
    "Bound",
    "HonestBounds",
    "PretrendPower",
    "honest_bounds",
    "pretrend_power",
]
