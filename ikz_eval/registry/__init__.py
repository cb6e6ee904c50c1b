"""Who and what is studied: loads and checks a folder of studies/ into a frozen Registry.

``load_registry`` is the only public function beside ``validate.study_faults``; the types it returns stand in model.py,
reading in tables.py (CSV) and plan.py (study.toml), the checks in validate.py. What a body delivers does not belong here.
The names are loaded when they are first asked for (PEP 562): plain.py serves commands that must answer at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ikz_eval.registry.load import load_registry
    from ikz_eval.registry.model import EvaluationQuarter, Outcome, Pooled, Registry, Specification, Threshold

__all__ = ["EvaluationQuarter", "Outcome", "Pooled", "Registry", "Specification", "Threshold", "load_registry"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'ikz_eval.registry' has no attribute '{name}'")
    home = "load" if name == "load_registry" else "model"
    return getattr(import_module(f"ikz_eval.registry.{home}"), name)
