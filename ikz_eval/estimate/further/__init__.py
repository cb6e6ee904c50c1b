"""Further instruments in the pipeline: what they say of each field under the primary specification, never a verdict.

Puts the families in a row: single regions described, few treated, honest bounds, scale, exploratory outcomes. How each works
stands with its method; here is which rows of a study they get.
"""

from collections.abc import Sequence

import pandas as pd

from ikz_eval.estimate.evaluation import FieldEvaluation
from ikz_eval.estimate.further.description import describe_regions
from ikz_eval.estimate.further.figure import Figure

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
    return {found.field: [*describe_regions(found)] for found in evaluations}
