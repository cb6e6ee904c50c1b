"""The verdict on a field's primary outcome, as one function of results and design card.

Holds the rules of the plan of analysis (docs/methods/verdict.md) and the codes of their reasons; the sentences stand in
ikz_eval/texts/verdict.*.toml. Estimating and counting are done before this is called.
"""

from collections.abc import Mapping
from dataclasses import dataclass

REQUIRED_TESTS = (
    "cr2_adjusted",
    "wild_bootstrap",
    "randomisation_t",
    "leave_one_region_out",
    "event_path_bins",
    "relative_magnitude",
)
"""Everything that must hold before an effect is "belegt"."""
SIGN_TESTS = ("leave_one_region_out", "event_path_bins", "relative_magnitude")
"""Those without a p value."""

LEAST_REGIONS = 2
LEAST_BLOCKS = 2
LEAST_QUARTERS_BEFORE = 4
LEAST_QUARTERS_AFTER = 2
LARGEST_P = 0.05
LARGEST_LEVERAGE = 0.5
IN_LEVELS = "outcome_in_levels"
"""Note among the reasons: zero or negative cost, so that effects are in EUR per case and percent of the mean."""
_ROUNDING = 1e-9
"""Two regions with equal leverage have half each, up to rounding."""


@dataclass(frozen=True, slots=True)
class FieldDesign:
    """What the design of a field allows; the counts of domain.md, section 6.

    Attributes
    ----------
    treated_regions, comparison_blocks : int
        With usable data.
    quarters_before, quarters_after : int or None
        Fewest in a treated region; None without one.
    attainable_p : float or None
        Largest of the smallest p values that the required tests can give. Adjusting over fields by step-down max-|t|
        does not raise it: one draw serves all fields, and the observed one can be the largest of all.
    leverage_share_max : float or None
        Largest share of a region in the leverage of the treated regions.
    gaps : tuple of str
        Codes that explain a lack of data: ``no_deliveries``, ``unknown_start``, ``price_missing`` and so on.
    not_positive : int
        Rows with zero or negative cost; with any, the outcome is EUR per case instead of its logarithm.
    is_defined : bool
        Whether the mean cost without cooperation is positive, so that an effect in levels means something.
    """

    treated_regions: int
    comparison_blocks: int
    quarters_before: int | None
    quarters_after: int | None
    attainable_p: float | None
    leverage_share_max: float | None
    gaps: tuple[str, ...] = ()
    not_positive: int = 0
    is_defined: bool = True

    @property
    def notes(self) -> tuple[str, ...]:
        """Codes of what must be said beside any verdict; no reasons for it."""
        return (IN_LEVELS,) if self.not_positive else ()


@dataclass(frozen=True, slots=True)
class FieldEffect:
    """The primary estimate of a field [log points, or EUR per case in levels], its unadjusted CR2 interval, and the p adjusted over fields."""

    estimate: float
    low: float
    high: float
    p_adjusted: float

    @property
    def is_zero_excluded(self) -> bool:
        """Whether the unadjusted interval lies on one side of zero."""
        return self.low > 0 or self.high < 0

    @property
    def direction(self) -> str:
        """``saving`` or ``dearer`` when the interval lies on one side of zero, else ``none``."""
        if not self.is_zero_excluded:
            return "none"
        return "saving" if self.high < 0 else "dearer"


@dataclass(frozen=True, slots=True)
class FieldTests:
    """What the required tests say of a field.

    Attributes
    ----------
    p_cr2, p_wild, p_randomisation_t, p_randomisation_coefficient : float
        For the field alone. The last one is shown only: without a standard error it rejects too often.
    p_cr2_adjusted, p_wild_adjusted, p_randomisation_t_adjusted : float
        Over the fields of the specification: Holm, step-down max-|t|, step-down max-|t|.
    passed : mapping of str to bool
        Outcome of each required test; one that the rows do not allow is absent.
    least_supported : float
        Least effect that would pass all of them with 80 % power [log points]; infinite when none would, nan when a test
        cannot be carried out.
    """

    p_cr2: float
    p_cr2_adjusted: float
    p_wild: float
    p_wild_adjusted: float
    p_randomisation_t: float
    p_randomisation_t_adjusted: float
    p_randomisation_coefficient: float
    passed: Mapping[str, bool]
    least_supported: float

    @property
    def missing(self) -> tuple[str, ...]:
        """Required tests that the rows do not allow."""
        return tuple(name for name in REQUIRED_TESTS if name not in self.passed)


@dataclass(frozen=True, slots=True)
class FieldVerdict:
    """A verdict (``supported``, ``compatible``, ``not_assessable``), its direction and the codes of its reasons."""

    code: str
    direction: str
    reasons: tuple[str, ...]


def decide(design: FieldDesign, effect: FieldEffect | None, passed: Mapping[str, bool]) -> FieldVerdict:
    """Return the verdict.

    Parameters
    ----------
    design : FieldDesign
        Counts that do not depend on outcomes.
    effect : FieldEffect or None
        None when nothing could be estimated or inference is withheld.
    passed : mapping of str to bool
        Outcome of each required test that was carried out; one that the rows do not allow is absent, and missing.
    """
    blocking = blocking_reasons(design)
    if blocking:
        return FieldVerdict("not_assessable", "none", (*design.gaps, *blocking, *design.notes))
    if effect is None:
        return FieldVerdict("not_assessable", "none", (*design.gaps, "not_identified", *design.notes))
    failed = tuple(f"failed_{name}" for name in REQUIRED_TESTS if passed.get(name) is False)
    missing = ("tests_missing",) if any(name not in passed for name in REQUIRED_TESTS) else ()
    if failed or missing:
        interval = () if effect.is_zero_excluded else ("zero_in_interval",)
        return FieldVerdict("compatible", effect.direction, (*interval, *failed, *missing, *design.notes))
    return FieldVerdict("supported", "saving" if effect.estimate < 0 else "dearer", design.notes)


def blocking_reasons(design: FieldDesign) -> list[str]:
    """Return the codes of everything that makes a field not assessable, in the order of the rules."""
    reasons = []
    if design.treated_regions < LEAST_REGIONS:
        reasons.append("fewer_than_2_regions")
    if design.comparison_blocks < LEAST_BLOCKS:
        reasons.append("fewer_than_2_blocks")
    if design.quarters_before is not None and design.quarters_before < LEAST_QUARTERS_BEFORE:
        reasons.append("fewer_than_4_quarters_before")
    if design.quarters_after is not None and design.quarters_after < LEAST_QUARTERS_AFTER:
        reasons.append("fewer_than_2_quarters_after")
    if design.attainable_p is not None and design.attainable_p > LARGEST_P:
        reasons.append("attainable_p_above_05")
    if design.leverage_share_max is not None and design.leverage_share_max > LARGEST_LEVERAGE + _ROUNDING:
        reasons.append("region_dominates_leverage")
    if not design.is_defined:
        reasons.append("outcome_not_defined")
    return reasons
