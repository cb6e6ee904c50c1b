"""Closed code lists and patterns that several contracts share.

Holds the words a table may use (cost blocks, severities, verdicts) and the patterns of keys. What a word means for a
single table stands in that table's contract; German labels stand in ikz_eval/texts. Standard library only.
"""

AGS = r"^(\d{5}|X\d{4})$"
"""Amtlicher Gemeindeschlüssel of a district or city, 5 digits; invented bodies carry ``X`` and four digits."""
QUARTER = r"^\d{4}-Q[1-4]$"
ISO_DATE = r"^\d{4}-\d{2}-\d{2}$"
DELIVERY_ID = r"^[0-9a-f]{12}$"

RUNNING_COST_BLOCKS = ("personnel", "material", "it", "rooms", "overhead", "internal_services")
"""Blocks that make up the running cost, the primary outcome's numerator (domain: cost concepts)."""
ONE_OFF_BLOCKS = ("transition",)
PARTNER_BLOCKS = ("partner_paid", "partner_received")
"""Payments between partners (Umlage, Erstattung); both are delivered as positive amounts."""
OTHER_BLOCKS = ("fee_revenue", "grants")
COST_BLOCKS = RUNNING_COST_BLOCKS + ONE_OFF_BLOCKS + PARTNER_BLOCKS + OTHER_BLOCKS
PRICE_SERIES_OF_BLOCK = {block: ("pay" if block == "personnel" else "consumer") for block in COST_BLOCKS}
"""Which price series deflates a block: pay index (TVöD) for personnel, consumer price index (VPI) for the rest."""
PRICE_SERIES = ("consumer", "pay")

SERVICE_INDICATORS = ("waiting_minutes", "opening_hours_per_week", "online_share_percent")
SEVERITIES = ("reject_file", "reject_value", "question", "note")
"""Fixed meaning: the file is rejected, a value is rejected (and so the file), the sender is asked, for information."""
REJECTING = ("reject_file", "reject_value")
DELIVERY_STATUS = ("accepted", "rejected", "supporting")
"""``supporting``: a body's own export (Beleg); kept with its amounts, never the delivery of a quarter."""
LEDGER_EVENTS = ("withdrawn", "removed")
"""What may happen to a delivery later: its sender takes it back, or its content goes by law."""
NOTICES = ("before", "due", "overdue")
"""Reminders before, at and after the due date."""
CALENDAR_STATUS = ("on_time", "late", "rejected", "missing")
BODY_KINDS = ("Landkreis", "Kreisfreie Stadt")
UNIT_KINDS = ("region", "block")
VERDICTS = ("supported", "compatible", "not_assessable")
DIRECTIONS = ("saving", "dearer", "none")
LEVELS = ("partnership", "body")

ROBUSTNESS_CHECKS = (
    "specification", "region_effect", "leave_one_region_out", "leave_one_body_out", "cases", "weighted_cases",
    "donald_lang", "equivalence", "without_neighbours", "without_other_cooperation", "without_ikfz", "alternative_grouping",
    "planning_regions", "missing_bounds", "unknown_starts",
)  # fmt: skip
"""Rows of the robustness card (domain, section 6), in the order in which they are shown."""
ROBUSTNESS_RECORDS = (
    "without_neighbours", "without_other_cooperation", "without_ikfz", "alternative_grouping", "planning_regions",
)  # fmt: skip
"""Checks of the card that rest on records of the study (robustness.csv)."""

FURTHER_FAMILIES = ("description", "few_treated", "honest", "scale", "exploratory", "pooled")
"""Kinds of further instruments, in the order in which they are shown; none of them bears a verdict."""
FURTHER_METHODS = (
    "before_after", "synthetic_control", "synthetic_did", "interrupted", "conley_taber", "ferman_pinto", "stacked",
    "relative_magnitudes", "smoothness", "cost_function", "outcome_cases", "outcome_cases_per_fte",
    "outcome_cost_with_transition", "mean_of_fields",
)  # fmt: skip
"""Further instruments and exploratory outcomes (domain, sections 2 and 6)."""
FURTHER_WARNINGS = (
    "no_comparison", "poor_fit", "fragile_weights", "one_donor_matters", "autocorrelated", "short_series", "few_donors",
    "independent_blocks_assumed", "point_identified", "association_only", "donors_dropped",
    "incomplete_quarters_dropped", "first_year_only", "hides_single_fields", "left_out_not_identified",
    "left_out_in_levels", "left_out_too_few_regions",
)  # fmt: skip
"""What to beware of in a figure of a further instrument."""
EVERY_FIELD = "all"
"""What stands for the field where a figure is about several: an average over fields."""

CALIBRATION_WORLDS = ("A", "B", "C", "D", "E", "F", "G", "H")
"""Error worlds of the calibration, see ikz_eval/calibration/worlds.py."""
POWER_DESIGNS = ("base", "one_region", "four_quarters", "longer_base", "more_blocks")
"""Designs whose power is compared, see ikz_eval/calibration/power.py."""
