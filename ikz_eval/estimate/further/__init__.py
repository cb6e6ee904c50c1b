"""Further instruments in the pipeline: what they say of each field under the primary specification, never a verdict.

Puts the families in a row: single regions described, few treated, honest bounds, scale, exploratory outcomes, and the average
over fields. How each works stands with its method; here is which rows of a study they get.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ikz_eval.estimate.evaluation import FieldEvaluation
from ikz_eval.estimate.further.description import describe_regions
from ikz_eval.estimate.further.exploratory import explore_outcomes
from ikz_eval.estimate.further.figure import Figure
from ikz_eval.estimate.further.honest import honest_figures
from ikz_eval.estimate.further.pooled import pooled_figure
from ikz_eval.estimate.further.scale import scale_elasticities
from ikz_eval.estimate.further.sensitivity import few_treated

__all__ = ["further_figures", "pooled_figure"]


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
            *_in_logs(found, describe_regions(found)),
            *_in_logs(found, few_treated(found)),
            *_in_logs(found, honest_figures(found)),
            *scale_elasticities(found, panel),
            *explored[found.field],
        ]
        for found in evaluations
    }


def _in_logs(found: FieldEvaluation, figures: Iterable[Figure]) -> Iterator[Figure]:
    """Withhold effects of an outcome in levels: these figures are shown in percent of logs. Ranks and p values stay."""
    for figure in figures:
        if found.partnership.frame.is_log:
            yield figure
        else:
            why, none = figure.withheld or "in_levels", np.nan
            yield replace(figure, estimate=none, low=none, high=none, fit_before=none, withheld=why)
