"""Who and what is studied: loads and checks a folder of studies/ into a frozen Registry.

``load_registry`` is the only public function beside ``validate.study_faults``; the types it returns stand in model.py,
reading in tables.py (CSV) and plan.py (study.toml), the checks in validate.py. What a body delivers does not belong here.
"""

from ikz_eval.registry.load import load_registry
from ikz_eval.registry.model import (
    EvaluationQuarter,
    Outcome,
    Registry,
    Specification,
    Threshold,
)

__all__ = ["EvaluationQuarter", "Outcome", "Registry", "Specification", "Threshold", "load_registry"]
