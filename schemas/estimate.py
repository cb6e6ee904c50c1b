"""Contracts of what the estimators say: effects, event paths, design cards, verdicts.

Effects of log outcomes are published as 100 (exp b - 1) %, the end points of intervals likewise (domain, section 6).
"""

from pandera.typing import Series

from schemas.base import Contract, described
from schemas.types import Int
from schemas.vocabulary import DIRECTIONS, LEVELS, QUARTER, VERDICTS


class Estimate(Contract):
    """One estimated effect: specification, field, level, method and term."""

    evaluation_quarter: Series[str] = described("Evaluation quarter", str_matches=QUARTER)
    specification: Series[str] = described("Name of the specification in study.toml")
    field: Series[str] = described("Cooperation field")
    level: Series[str] = described("partnership (gross cost of regions) or body (net cost)", isin=LEVELS)
    outcome: Series[str] = described("Outcome, e.g. log_real_gross_cost_per_case [log EUR per case]")
    is_primary: Series[bool] = described("Whether this is the field's frozen primary outcome by the primary method")
    method: Series[str] = described("imputation or group_time", isin=("imputation", "group_time"))
    term: Series[str] = described("ATT, or the unit (region, body) a share of the effect is shown for")
    estimate_log: Series[float] = described("Estimate [log points]")
    se_log: Series[float] = described(
        "CR2 standard error by region [log points]; empty when not to be published", nullable=True
    )
    df: Series[float] = described("Satterthwaite degrees of freedom", nullable=True)
    p_value: Series[float] = described("p value of CR2; empty when withheld", nullable=True, ge=0, le=1)
    low_log: Series[float] = described("Lower end of the 95 % interval [log points]", nullable=True)
    high_log: Series[float] = described("Upper end of the 95 % interval [log points]", nullable=True)
    effect_percent: Series[float] = described("Effect [%], 100 (exp b - 1)")
    low_percent: Series[float] = described("Lower end [%]", nullable=True)
    high_percent: Series[float] = described("Upper end [%]", nullable=True)
    effect_eur_per_case: Series[float] = described(
        "Effect per case at prices of the base [EUR per case]", nullable=True
    )
    low_eur_per_case: Series[float] = described("Lower end [EUR per case]", nullable=True)
    high_eur_per_case: Series[float] = described("Upper end [EUR per case]", nullable=True)
    mde_cr2_percent: Series[float] = described(
        "Minimum detectable effect of the CR2 test alone, 80 % power [%]", nullable=True
    )
    n_obs: Series[int] = described("Rows used [number]", ge=0)
    n_units: Series[int] = described("Units used [number]", ge=0)
    n_dropped: Series[int] = described("Rows dropped [number]", ge=0)
    dropped: Series[str] = described("Rows dropped by reason, 'reason: number; …'", nullable=True)
    withheld: Series[str] = described(
        "Why standard error and p value are withheld; empty when they are not", nullable=True
    )

    class Config:
        """Name of the table and its key."""

        name = "estimate"
        unique = ["evaluation_quarter", "specification", "field", "level", "outcome", "method", "term"]


class EventPath(Contract):
    """Effect by time since the start, in quarters or bins of four."""

    evaluation_quarter: Series[str] = described("Evaluation quarter", str_matches=QUARTER)
    specification: Series[str] = described("Name of the specification in study.toml")
    field: Series[str] = described("Cooperation field")
    level: Series[str] = described("partnership or body", isin=LEVELS)
    outcome: Series[str] = described("Outcome")
    bin_quarters: Series[int] = described("Length of a bin: 1 or 4 [quarters]", isin=(1, 4))
    event_time: Series[int] = described("First quarter of the bin, counted from the start [quarters]")
    estimate_log: Series[float] = described("Estimate against the reference [log points]")
    se_log: Series[float] = described("CR2 standard error by region [log points]", nullable=True)
    df: Series[float] = described("Satterthwaite degrees of freedom", nullable=True)
    low_log: Series[float] = described("Lower end of the 95 % interval [log points]", nullable=True)
    high_log: Series[float] = described("Upper end of the 95 % interval [log points]", nullable=True)
    n_regions: Series[int] = described("Treated regions that contribute [number]", ge=1)
    is_reference: Series[bool] = described("Whether this bin is the reference, zero by construction")

    class Config:
        """Name of the table and its key."""

        name = "event_path"
        unique = ["evaluation_quarter", "specification", "field", "level", "outcome", "bin_quarters", "event_time"]


class DesignCard(Contract):
    """What the design of a field allows at all, before any outcome is looked at."""

    evaluation_quarter: Series[str] = described("Evaluation quarter", str_matches=QUARTER)
    specification: Series[str] = described("Name of the specification in study.toml")
    field: Series[str] = described("Cooperation field")
    treated_regions: Series[int] = described("Treated regions with data [number]", ge=0)
    comparison_blocks: Series[int] = described("Comparison blocks with data [number]", ge=0)
    quarters_before: Series[Int] = described(
        "Fewest quarters before the start in a treated region [quarters]", nullable=True
    )
    quarters_after: Series[Int] = described(
        "Fewest quarters after the start in a treated region [quarters]", nullable=True
    )
    leverage_share_max: Series[float] = described(
        "Largest share of a region in the leverage of the treated", nullable=True
    )
    attainable_p_wild: Series[float] = described("Smallest p the wild bootstrap by region can give", nullable=True)
    attainable_p_randomisation: Series[float] = described(
        "Smallest p randomisation over blocks can give", nullable=True
    )
    assignments: Series[Int] = described("Distinct assignments of start paths to units [number]", nullable=True)
    mde_cr2_percent: Series[float] = described("Minimum detectable effect of the CR2 test alone [%]", nullable=True)
    mde_supported_percent: Series[float] = described(
        "Minimum effect to be 'belegt'; empty while tests are missing [%]", nullable=True
    )
    missing_tests: Series[str] = described("Required tests that do not exist yet, comma separated", nullable=True)
    is_randomisation_approximate: Series[bool] = described(
        "Whether blocks are of unequal size, so that randomisation is approximate"
    )

    class Config:
        """Name of the table and its key."""

        name = "design_card"
        unique = ["evaluation_quarter", "specification", "field"]


class Verdict(Contract):
    """The verdict on a field's primary outcome, never stronger than the rules of domain.md, section 6."""

    evaluation_quarter: Series[str] = described("Evaluation quarter", str_matches=QUARTER)
    specification: Series[str] = described("Name of the specification in study.toml")
    field: Series[str] = described("Cooperation field")
    verdict: Series[str] = described("supported, compatible or not_assessable", isin=VERDICTS)
    direction: Series[str] = described("saving, dearer or none", isin=DIRECTIONS)
    reasons: Series[str] = described("Reason codes, comma separated; texts in ikz_eval/texts", nullable=True)
    effect_percent: Series[float] = described("Primary estimate [%]; empty when there is none", nullable=True)
    low_percent: Series[float] = described("Lower end of the unadjusted CR2 interval [%]", nullable=True)
    high_percent: Series[float] = described("Upper end of the unadjusted CR2 interval [%]", nullable=True)
    is_zero_excluded: Series[bool] = described("Whether the unadjusted CR2 interval excludes zero")

    class Config:
        """Name of the table and its key."""

        name = "verdict"
        unique = ["evaluation_quarter", "specification", "field"]
