"""Contract of what the further instruments say: one region, few treated, honest bounds, scale, exploratory outcomes, averages.

Nothing here bears a verdict; the primary estimate and its tests are schemas/estimate.py.
"""

from pandera.typing import Series

from schemas.base import Contract, described
from schemas.vocabulary import FURTHER_FAMILIES, FURTHER_METHODS, FURTHER_WARNINGS, QUARTER

_WARNINGS = rf"^({'|'.join(FURTHER_WARNINGS)})(,({'|'.join(FURTHER_WARNINGS)}))*$"


class FurtherEstimate(Contract):
    """One figure of a further instrument under the primary specification; never "belegt"."""

    evaluation_quarter: Series[str] = described("Evaluation quarter", str_matches=QUARTER)
    specification: Series[str] = described("Name in study.toml of the primary specification, or of the average")
    field: Series[str] = described("Cooperation field; all for an average over fields")
    family: Series[str] = described("Kind of instrument", isin=FURTHER_FAMILIES)
    method: Series[str] = described("Instrument, or exploratory outcome", isin=FURTHER_METHODS)
    part: Series[str] = described(
        "Region, size or bound M the figure is about, or fields averaged, apart by blanks; all otherwise"
    )
    estimate: Series[float] = described("Log points; for scale the elasticity; empty when there is none", nullable=True)
    low: Series[float] = described("Lower end of the 95 % interval or bound, in the same unit", nullable=True)
    high: Series[float] = described("Upper end of the 95 % interval or bound, in the same unit", nullable=True)
    p_value: Series[float] = described("p of the figure alone", nullable=True, ge=0, le=1)
    p_adjusted: Series[float] = described(
        "p adjusted over all exploratory outcomes of all fields (Romano-Wolf)", nullable=True, ge=0, le=1
    )
    rank: Series[float] = described("Rank among placebos, 1 is the most unusual", nullable=True, ge=1)
    rank_of: Series[float] = described("Number ranked, the treated one included", nullable=True, ge=1)
    fit_before: Series[float] = described(
        "Root mean squared distance before the start [log points]", nullable=True, ge=0
    )
    n_units: Series[int] = described("Units used [number]", ge=0)
    warnings: Series[str] = described(
        "Codes of what to beware of, comma separated; texts in ikz_eval/texts", nullable=True, str_matches=_WARNINGS
    )
    withheld: Series[str] = described("Why the row, or its interval and p, are missing", nullable=True)

    class Config:
        """Name of the table and its key."""

        name = "further_estimate"
        unique = ["evaluation_quarter", "specification", "field", "family", "method", "part"]
