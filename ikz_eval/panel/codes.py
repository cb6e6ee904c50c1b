"""The codes a panel row may carry: why it is not used, and why its real cost is empty.

Only the words of the code; the sentences people read stand in ikz_eval/texts/panel.*.toml under the same keys, the
rules that assign them in exposure.py, comparison.py and exclusion.py.
"""

UNKNOWN_START = "unknown_start"
"""The body takes part in the field, but no source gives the day it began."""
NOT_TAKING_PART = "not_taking_part"
"""The body belongs to a model region and does not (yet) take part in the field."""
EARLIER_COOPERATION = "earlier_cooperation"
"""The body cooperated in the field before the programme."""
OTHER_COOPERATION = "other_cooperation"
"""The comparison body cooperates in the field outside the model regions."""
PARTIAL_QUARTER = "partial_quarter"
"""Cooperation began inside this quarter, after its first day."""
AFTER_END = "after_end"
"""Cooperation of the region had ended before this quarter did."""
MEMBERS_MISSING = "members_missing"
"""Not every member's delivery counts at the cut-off (partnership only)."""
PRICE_MISSING = "price_missing"
"""Real cost is empty because an index is missing."""
NO_CASES = "no_cases"
"""There were no cases to divide by."""
COST_NOT_POSITIVE = "cost_not_positive"
"""Cost is zero or negative: it has no logarithm; the level is kept."""

EXCLUSIONS = (
    UNKNOWN_START,
    NOT_TAKING_PART,
    EARLIER_COOPERATION,
    OTHER_COOPERATION,
    PARTIAL_QUARTER,
    AFTER_END,
    MEMBERS_MISSING,
    PRICE_MISSING,
    NO_CASES,
    COST_NOT_POSITIVE,
)
"""All reasons; when several hold, the first is given."""

NO_BASE_INDEX = "no_base_index"
"""A series has no index in the quarter of the price base: nothing of it can be expressed in real terms."""
NO_CONSUMER_INDEX = "no_consumer_index"
NO_PAY_INDEX = "no_pay_index"
NO_INDEX = "no_index"
"""Neither series has an index in the quarter."""
PRICE_GAPS = (NO_BASE_INDEX, NO_INDEX, NO_CONSUMER_INDEX, NO_PAY_INDEX)
"""All reasons why real cost is empty."""
