"""Contracts of what the estimators say: effects, event paths, design cards, verdicts.

Effects of log outcomes are published as 100 (exp b - 1) %, the end points of intervals likewise (domain, section 6); with zero or
negative cost the outcome is in levels: EUR per case, and percent of the mean without cooperation.
"""

from typing import Any

from pandera.typing import Series

from schemas.base import Contract, described
from schemas.types import Int
from schemas.vocabulary import DIRECTIONS, LEVELS, QUARTER, ROBUSTNESS_CHECKS, VERDICTS


def p_value(description: str) -> Any:
    """Declare a column of p values; a field that is not assessable has none."""
    return described(f"{description}; empty when withheld", nullable=True, ge=0, le=1)


class Estimate(Contract):
    """One estimated effect: specification, field, level, method and term."""

    evaluation_quarter: Series[str] = described("Evaluation quarter", str_matches=QUARTER)
    specification: Series[str] = described("Name of the specification in study.toml")
    field: Series[str] = described("Cooperation field")
    level: Series[str] = described("partnership (gross cost of regions) or body (net cost)", isin=LEVELS)
    outcome: Series[str] = described(
        "Outcome: log_real_gross_cost_per_case [log EUR per case], or in levels real_gross_cost_per_case [EUR per case]"
    )
    is_primary: Series[bool] = described("Whether this is the field's frozen primary outcome by the primary method")
    method: Series[str] = described("imputation or group_time", isin=("imputation", "group_time"))
    term: Series[str] = described("ATT, or the unit (region, body) a share of the effect is shown for")
    estimate_log: Series[float] = described("Estimate [log points]; empty in levels", nullable=True)
    se_log: Series[float] = described(
        "CR2 standard error by region [log points]; empty when not to be published", nullable=True
    )
    df: Series[float] = described("Satterthwaite degrees of freedom", nullable=True)
    p_value: Series[float] = described("p value of CR2; empty when withheld", nullable=True, ge=0, le=1)
    low_log: Series[float] = described("Lower end of the 95 % interval [log points]", nullable=True)
    high_log: Series[float] = described("Upper end of the 95 % interval [log points]", nullable=True)
    effect_percent: Series[float] = described(
        "Effect [%]: 100 (exp b - 1); in levels of the mean without cooperation, empty when that is not positive",
        nullable=True,
    )
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
    estimate_log: Series[float] = described(
        "Estimate against the reference [log points]; empty in levels", nullable=True
    )
    se_log: Series[float] = described("CR2 standard error by region [log points]", nullable=True)
    df: Series[float] = described("Satterthwaite degrees of freedom", nullable=True)
    low_log: Series[float] = described("Lower end of the 95 % interval [log points]", nullable=True)
    high_log: Series[float] = described("Upper end of the 95 % interval [log points]", nullable=True)
    estimate_percent: Series[float] = described(
        "Estimate [%]: 100 (exp b - 1); in levels of the mean without cooperation of all treated", nullable=True
    )
    low_percent: Series[float] = described("Lower end [%]", nullable=True)
    high_percent: Series[float] = described("Upper end [%]", nullable=True)
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
        "Least saving that would be 'belegt': all tests, adjusted, 80 % power [%]; empty when none would", nullable=True
    )
    rows_not_positive: Series[int] = described(
        "Rows with zero or negative cost; with any, the field is evaluated in EUR per case [number]", ge=0
    )
    missing_tests: Series[str] = described("Required tests that the rows do not allow, comma separated", nullable=True)
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
    p_cr2: Series[float] = p_value("p of CR2")
    p_cr2_adjusted: Series[float] = p_value("p of CR2, Holm over fields")
    p_wild: Series[float] = p_value("p of the wild bootstrap by region, WCR-11 with CR2 denominator")
    p_wild_adjusted: Series[float] = p_value("p of the wild bootstrap, step-down max-|t| over fields")
    p_randomisation_t: Series[float] = p_value("p of randomisation over blocks by t")
    p_randomisation_t_adjusted: Series[float] = p_value("p of randomisation by t, step-down max-|t| over fields")
    p_randomisation_coefficient: Series[float] = p_value("p of randomisation by the coefficient alone; shown only")

    class Config:
        """Name of the table and its key."""

        name = "verdict"
        unique = ["evaluation_quarter", "specification", "field"]


class Placebo(Contract):
    """What the primary method finds for a comparison block with the start of a region, where nothing began."""

    evaluation_quarter: Series[str] = described("Evaluation quarter", str_matches=QUARTER)
    specification: Series[str] = described("Name of the specification in study.toml")
    field: Series[str] = described("Cooperation field")
    block: Series[str] = described("Comparison block that is given a start")
    region: Series[str] = described("Model region whose start it is given")
    start: Series[str] = described("That start", str_matches=QUARTER)
    estimate_log: Series[float] = described(
        "Estimate against the other blocks [log points]; empty in levels", nullable=True
    )
    effect_percent: Series[float] = described("Estimate [%], as in table estimate", nullable=True)

    class Config:
        """Name of the table and its key."""

        name = "placebo"
        unique = ["evaluation_quarter", "specification", "field", "block", "region"]


class Robustness(Contract):
    """The robustness card: a field's primary estimate again with one thing changed, and the specification curve."""

    evaluation_quarter: Series[str] = described("Evaluation quarter", str_matches=QUARTER)
    specification: Series[str] = described("Name of the primary specification in study.toml")
    field: Series[str] = described("Cooperation field")
    check: Series[str] = described("What is changed or looked at", isin=ROBUSTNESS_CHECKS)
    part: Series[str] = described("Region, body, specification or end of a bound the check is about; all otherwise")
    estimate_log: Series[float] = described("Estimate [log points]; empty when there is none", nullable=True)
    low_log: Series[float] = described("Lower end of the interval [log points]", nullable=True)
    high_log: Series[float] = described("Upper end of the interval [log points]", nullable=True)
    effect_percent: Series[float] = described("Effect [%], as in table estimate", nullable=True)
    low_percent: Series[float] = described("Lower end; 95 %, for equivalence 90 % [%]", nullable=True)
    high_percent: Series[float] = described("Upper end; 95 %, for equivalence 90 % [%]", nullable=True)
    p_value: Series[float] = p_value("p of CR2, of Donald-Lang, or of an effect of at least 5 % (equivalence)")
    n_units: Series[int] = described("Units used [number]", ge=0)
    withheld: Series[str] = described("Why interval and p, or the whole row, are missing", nullable=True)

    class Config:
        """Name of the table and its key."""

        name = "robustness"
        unique = ["evaluation_quarter", "specification", "field", "check", "part"]
