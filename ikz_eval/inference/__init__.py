"""Inference with few clusters: arrays in, numbers out.

Knows no table, no study and no field; numpy and scipy only. A method (ikz_eval/estimate) hands over its estimates as
:class:`LinearEstimates`; which rows and which weights enter is decided there.
"""

from ikz_eval.inference.attainable import count_assignments, smallest_randomisation_p, smallest_wild_p
from ikz_eval.inference.bootstrap_weights import sign_draws
from ikz_eval.inference.dealt_twoway import randomise_twoway
from ikz_eval.inference.detectable import Reassigned, minimum_detectable, minimum_supported, saving_percent
from ikz_eval.inference.donald_lang import donald_lang, region_changes
from ikz_eval.inference.equivalence import Equivalence, equivalence
from ikz_eval.inference.estimator import LinearEstimates
from ikz_eval.inference.ferman_pinto import ferman_pinto
from ikz_eval.inference.few_treated import FewTreatedResult, RowDesign, conley_taber
from ikz_eval.inference.holm import holm
from ikz_eval.inference.leverage import ClusterLeverage, cluster_leverage
from ikz_eval.inference.linear import LinearInference, WorkingModel, infer, infer_each, score_rows, working_model
from ikz_eval.inference.multiplier import MultiplierResult, multiplier_bootstrap
from ikz_eval.inference.pooled import average_of
from ikz_eval.inference.randomisation import (
    RandomisationDraws,
    RandomisationResult,
    assignments,
    randomisation_draws,
    randomise,
)
from ikz_eval.inference.romano_wolf import RomanoWolf, romano_wolf
from ikz_eval.inference.sandwich import CoefficientInference, cluster_robust, satterthwaite
from ikz_eval.inference.stepdown import step_down
from ikz_eval.inference.wild_bootstrap import WildResult, wild_bootstrap, wild_t

__all__ = [
    "ClusterLeverage",
    "CoefficientInference",
    "Equivalence",
    "FewTreatedResult",
    "LinearEstimates",
    "LinearInference",
    "MultiplierResult",
    "RandomisationDraws",
    "RandomisationResult",
    "Reassigned",
    "RomanoWolf",
    "RowDesign",
    "WildResult",
    "WorkingModel",
    "assignments",
    "average_of",
    "cluster_leverage",
    "cluster_robust",
    "conley_taber",
    "count_assignments",
    "donald_lang",
    "equivalence",
    "ferman_pinto",
    "holm",
    "infer",
    "infer_each",
    "minimum_detectable",
    "minimum_supported",
    "multiplier_bootstrap",
    "randomisation_draws",
    "randomise",
    "randomise_twoway",
    "region_changes",
    "romano_wolf",
    "satterthwaite",
    "saving_percent",
    "score_rows",
    "sign_draws",
    "smallest_randomisation_p",
    "smallest_wild_p",
    "step_down",
    "wild_bootstrap",
    "wild_t",
    "working_model",
]
