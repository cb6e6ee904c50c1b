"""Inference with few clusters: arrays in, numbers out.

Knows no table, no study and no field; numpy and scipy only. Which rows and which weights enter is decided in
ikz_eval/estimate. The wild bootstrap and randomisation over blocks have their place here beside linear.py.
"""

from ikz_eval.inference.attainable import count_assignments, smallest_randomisation_p, smallest_wild_p
from ikz_eval.inference.detectable import minimum_detectable, saving_percent
from ikz_eval.inference.holm import holm
from ikz_eval.inference.linear import LinearInference, WorkingModel, infer, infer_each, score_rows, working_model

__all__ = [
    "LinearInference",
    "WorkingModel",
    "count_assignments",
    "holm",
    "infer",
    "infer_each",
    "minimum_detectable",
    "saving_percent",
    "score_rows",
    "smallest_randomisation_p",
    "smallest_wild_p",
    "working_model",
]
