"""Contract of what published figures of other cooperations say, evaluated with the same care.

One row is one comparison drawn from figures that stand in print (``published_figure``).
"""

from pandera.typing import Series

from schemas.base import Contract, described


class PublishedCase(Contract):
    """One comparison of printed figures: what differs by how much, and what it may be called."""

    case: Series[str] = described("Key of the published case")
    sequence: Series[int] = described("Order within the case, from 1", ge=1)
    measure: Series[str] = described("posts_fte, cases_per_year, eur_per_case, posts_fte_per_case")
    base_label: Series[str] = described("What is compared with: carriers as printed, joined by ' + '")
    joint_label: Series[str] = described("What is compared: the joint carrier, or the carriers afterwards, as printed")
    base_value: Series[str] = described("Base figure, canonical decimal; empty when refused", nullable=True)
    joint_value: Series[str] = described("Joint figure, canonical decimal; empty when refused", nullable=True)
    difference: Series[str] = described("Joint less base, canonical decimal; empty when refused", nullable=True)
    difference_percent: Series[str] = described(
        "Difference in percent of the base, one decimal [%]; empty when refused", nullable=True
    )
    conclusion: Series[str] = described(
        "shifted: moved between partners, nothing saved; descriptive: unadjusted difference, no causal claim; "
        "refused: the figures are not comparable",
        isin=("shifted", "descriptive", "refused"),
    )
    reason: Series[str] = described("Reason code; its text stands in ikz_eval/texts")
    source: Series[str] = described("Where the figures are printed", str_length={"min_value": 3})

    class Config:
        """Name of the table and its key."""

        name = "published_case"
        unique = ["case", "sequence"]
