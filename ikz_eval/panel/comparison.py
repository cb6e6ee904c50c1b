"""Comparison bodies: which of them are a clean comparison in a field.

A body of a comparison block is clean in a field as long as it does not cooperate in it: neither before the programme
nor outside the model regions. Bodies of model regions are exposure.py.
"""

import pandas as pd

from ikz_eval.panel import codes


def comparison_exclusion(agreements: pd.DataFrame) -> str | None:
    """Return why a comparison body cannot be compared with in a field; None when it can.

    Parameters
    ----------
    agreements : pd.DataFrame
        The body's rows of table ``agreement`` in the field. A planned agreement has not begun and does no harm; a
        conflicting one may have begun, and that is enough.
    """
    statuses = set(agreements["status"])
    if "earlier" in statuses:
        return codes.EARLIER_COOPERATION
    if statuses & {"valid", "conflicting"}:
        return codes.OTHER_COOPERATION
    return None
