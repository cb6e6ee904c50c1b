"""Further instruments in the pipeline: what they say of each field under the primary specification, never a verdict.

Puts the families in a row: single regions described, few treated, honest bounds, scale, exploratory outcomes. How each works
stands with its method; here is which rows of a study they get.
"""

from collections.abc import Sequence

import pandas as pd

from ikz_eval.estimate.evaluation import FieldEvaluation
from ikz_eval.estimate.further.description import describe_regions
from ikz_eval.estimate.further.exploratory import explore_outcomes
from ikz_eval.estimate.further.figure import Figure
from ikz_eval.estimate.further.honest import honest_figures
from ikz_eval.estimate.further.scale import scale_elasticities
from ikz_eval.estimate.further.sensitivity import few_treated

__all__ = ["further_figures"]


def further_figures(
    evaluations: Sequence[FieldEvaluation], panel: pd.DataFrame, partnership: pd.DataFrame
) -> dict[str, list[Figure]]:
    """Return the figures of every field.

    Parameters
    ----------
    evaluations : sequence of FieldEvaluation
        All fields under the primary specification.
    panel, partnership : pd.DataFrame
        Contracts ``panel`` and ``partnership``.
    """
    explored = explore_outcomes(evaluations, partnership)
    return {
        found.field: [
            *describe_regions(found),
            *few_treated(found),
            *honest_figures(found),
            *scale_elasticities(found, panel),
            *explored[found.field],
        ]
        for found in evaluations
    }
