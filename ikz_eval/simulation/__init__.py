"""An invented programme with a known effect: frames for simulation studies, real files for the demonstration.

``simulate`` draws a programme from a seed, ``true_effects`` says what an estimator should find in it,
``write_deliveries`` writes its deliveries as files into an inbox, ``write_demonstration`` once per place. Parameters stand in the study's simulation.toml.
Estimating, judging and ingesting do not belong here.
"""

from ikz_eval.simulation.demonstration import write_demonstration
from ikz_eval.simulation.effects import true_effects
from ikz_eval.simulation.files import write_deliveries
from ikz_eval.simulation.programme import SimulatedProgramme, simulate
from ikz_eval.simulation.truth import Truth, load_truth

__all__ = [
    "SimulatedProgramme",
    "Truth",
    "load_truth",
    "simulate",
    "true_effects",
    "write_deliveries",
    "write_demonstration",
]
