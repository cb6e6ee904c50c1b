"""The average of several linear estimates as one linear estimate, with the dependence between them by cluster.

Holds how the working models of several outcomes are put beside each other. Which outcomes are averaged is a method's part
(ikz_eval/estimate/further/pooled.py). Docs: docs/methods/further.md.
"""

from collections.abc import Sequence

import numpy as np
from scipy import linalg

from ikz_eval.errors import EstimationError
from ikz_eval.inference.estimator import LinearEstimates


def average_of(parts: Sequence[LinearEstimates]) -> LinearEstimates:
    """Return the average of estimates of several outcomes, each outcome with the same weight.

    The rows of all outcomes follow each other, each with its own working model, so H has a block an outcome. Clusters of
    one name are one cluster: CR2 sums the scores of all its rows before it squares, and with them any covariance between
    the outcomes of a cluster. On one design for all outcomes this is the estimate of their mean, to rounding.

    Parameters
    ----------
    parts : sequence of LinearEstimates
        One per outcome, all with the same terms.

    Raises
    ------
    EstimationError
        If there is no estimate, or their terms differ.
    """
    if len({part.terms for part in parts}) != 1:
        found = "; ".join(", ".join(part.terms) for part in parts) or "nothing"
        raise EstimationError(f"an average needs estimates of the same terms; found: {found}")
    names = sorted({name for part in parts for name in part.cluster_names})
    codes = [np.array([names.index(name) for name in part.cluster_names])[part.cluster] for part in parts]
    without_effect = [part.restricted for part in parts if part.restricted is not None]
    return LinearEstimates(
        terms=parts[0].terms,
        weights=np.vstack([part.weights for part in parts]) / len(parts),
        outcome=np.concatenate([part.outcome for part in parts]),
        design=linalg.block_diag(*[part.columns for part in parts]),
        cluster=np.concatenate(codes).astype(np.intp),
        cluster_names=tuple(names),
        parameters=sum(part.parameters for part in parts),
        parameters_full=sum(part.parameters_full for part in parts),
        restricted=linalg.block_diag(*without_effect) if len(without_effect) == len(parts) else None,
    )
