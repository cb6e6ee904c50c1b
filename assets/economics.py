"""Stage 4: what printed figures of other cooperations say, judged with the same care.

Unpartitioned: printed figures have no evaluation quarter. The comparison is ikz_eval/economics.
"""

from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.storage import in_plain_words

if TYPE_CHECKING:
    from pandas import DataFrame as Frame
else:
    Frame = Any


@dg.asset(group_name="economics", kinds={"deltalake"}, code_version="1")
@in_plain_words
def published_case(published_figure: Frame) -> Frame:
    """Comparisons drawn from printed figures: shifted, descriptive, or refused because they are not comparable."""
    from ikz_eval.economics.published_cases import compare_published

    return compare_published(published_figure)
