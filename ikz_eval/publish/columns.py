"""The published tables and their columns: order, unit, kind and printed digits.

Headings and descriptions in words stand in ikz_eval/texts (``publish.column``, ``publish.describe``); how a value is
computed stands in the modules named ``tables_*``. One row of ``TABLES`` is one CSV file and one sheet.
"""

from dataclasses import dataclass

EUR_PER_CASE = "EUR/Fall"
EUR_PER_QUARTER = "EUR/Quartal"
CASES_PER_FTE = "Fälle/VZÄ und Quartal"
QUARTERS = "Quartale"
DELIVERIES = "Lieferungen"
PERCENT = "%"
P_VALUES = (
    "p_cr2", "p_cr2_adjusted", "p_wild", "p_wild_adjusted", "p_randomisation_t", "p_randomisation_t_adjusted",
    "p_randomisation_coefficient",
)  # fmt: skip
"""p values of the required tests of a field, alone and adjusted over fields."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a published table.

    Attributes
    ----------
    key : str
        Name in ``published_cell`` and in the CSV file.
    kind : str
        ``text`` as it is; ``integer``, ``decimal``, ``percent`` and ``change`` (percent with its sign) are numbers;
        ``as_printed`` a number with the digits of its source; ``flag`` true or false; any other kind is a code list
        whose words stand in ikz_eval/texts or in the study (``field``, ``unit``, ``reasons`` …).
    unit : str or None
        Unit of the numbers, None for words and pure counts.
    digits : int
        Decimal places that are published.
    """

    key: str
    kind: str = "text"
    unit: str | None = None
    digits: int = 0

    @property
    def is_number(self) -> bool:
        """Whether values are numbers."""
        return self.kind in ("integer", "decimal", "percent", "change")


def _eur(key: str, unit: str = EUR_PER_CASE) -> Column:
    return Column(key, "decimal", unit, 2)


def _change(key: str, digits: int = 1) -> Column:
    return Column(key, "change", PERCENT, digits)


def _share(key: str) -> Column:
    return Column(key, "percent", PERCENT, 1)


def _count(key: str, unit: str | None = None) -> Column:
    return Column(key, "integer", unit)


_WINDOWS = (_count("quarters_before", QUARTERS), _count("quarters_after", QUARTERS))
_CALIBRATED = (
    _share("size_a_percent"), _share("size_b_percent"), _share("size_c_percent"), _share("size_d_percent"),
    _share("coverage_percent"), _share("power_percent"), Column("mc_error_percent", "percent", PERCENT, 2),
    _count("draws"),
)  # fmt: skip

TABLES: dict[str, tuple[Column, ...]] = {
    "T1": (
        Column("ags"), Column("name"), Column("unit", "unit"), Column("group", "group"),
        _count("due", DELIVERIES), _count("on_time", DELIVERIES), _count("late", DELIVERIES),
        _count("rejected", DELIVERIES), _count("missing", DELIVERIES),
    ),
    "T2": (
        Column("field", "field"), Column("unit", "unit"), Column("cost_block", "cost_block"), *_WINDOWS,
        _eur("nominal_before_eur", EUR_PER_QUARTER), _eur("nominal_after_eur", EUR_PER_QUARTER),
        _eur("real_before_eur", EUR_PER_QUARTER), _eur("real_after_eur", EUR_PER_QUARTER),
        _change("real_change_percent"),
    ),
    "T3": (
        Column("field", "field"), Column("level", "level"), Column("unit", "body_or_unit"), *_WINDOWS,
        _eur("real_cost_per_case_before_eur"), _eur("real_cost_per_case_after_eur"), _change("change_percent"),
        Column("cases_per_fte_before", "decimal", CASES_PER_FTE, 1),
        Column("cases_per_fte_after", "decimal", CASES_PER_FTE, 1),
    ),
    "T10": (
        Column("field", "field"), Column("specification"), Column("level", "effect_level"), Column("method", "method"),
        Column("outcome", "outcome"), Column("term", "term"), Column("is_primary", "flag"),
        _change("effect_percent"), _change("low_percent"), _change("high_percent"),
        _eur("effect_eur_per_case"), _eur("low_eur_per_case"), _eur("high_eur_per_case"),
        _share("mde_cr2_percent"), Column("verdict", "verdict"), Column("reasons", "reasons"),
    ),
    "RC": (
        Column("field", "field"), Column("check", "check"), Column("part", "part"), _change("effect_percent"),
        _change("low_percent"), _change("high_percent"), Column("p_value", "decimal", None, 4), _count("n_units"),
    ),
    "PS": (
        Column("field", "field"), Column("block", "unit"), Column("region", "unit"), Column("start"),
        _change("effect_percent"),
    ),
    "BE": (
        Column("field", "field"), Column("unit", "unit"), Column("further_method", "further_method"),
        _change("effect_percent"), _count("rank"), _count("rank_of"), Column("attainable_p", "decimal", None, 4),
        _share("fit_before_percent"), _count("n_units"), Column("warnings", "warnings"),
    ),
    "WI": (
        Column("field", "field"), Column("family", "family"), Column("further_method", "further_method"),
        Column("further_part", "further_part"), _change("effect_percent"), _change("low_percent"), _change("high_percent"),
        Column("p_value", "decimal", None, 4), Column("p_adjusted", "decimal", None, 4), _count("n_units"),
        Column("warnings", "warnings"),
    ),
    "DF": (
        Column("specification"), Column("fields_averaged", "fields"), Column("fields_left_out", "fields"),
        _change("effect_percent"), _change("low_percent"), _change("high_percent"), Column("p_value", "decimal", None, 4),
        _count("n_units"), Column("judgement", "calibration"), *_CALIBRATED, Column("warnings", "warnings"),
    ),
    "SK": (
        Column("field", "field"), Column("size_cases", "further_part"), Column("elasticity", "decimal", None, 2),
        Column("elasticity_low", "decimal", None, 2), Column("elasticity_high", "decimal", None, 2),
        Column("p_value", "decimal", None, 4), _count("n_units"), Column("warnings", "warnings"),
    ),
    "CA": (
        Column("field", "field"), Column("inference", "inference"), Column("judgement", "calibration"), *_CALIBRATED,
    ),
    "PW": (
        Column("design", "design"), _count("fields"), Column("noise_percent", "percent", PERCENT, 1),
        Column("icc", "decimal", None, 2), Column("autocorrelation", "decimal", None, 2),
        Column("noise_source", "known"), Column("starts", "known"),
        _share("power_5_percent"), _share("power_10_percent"), _share("power_20_percent"),
        _share("mde_cr2_percent"), _share("mde_supported_one_percent"), _share("mde_supported_percent"),
    ),
    "DC": (
        Column("field", "field"), Column("specification"), _count("treated_regions"), _count("comparison_blocks"),
        *_WINDOWS, _share("leverage_share_max_percent"),
        Column("attainable_p_wild", "decimal", None, 4), Column("attainable_p_randomisation", "decimal", None, 4),
        _count("assignments"), Column("is_randomisation_approximate", "flag"),
        _share("mde_cr2_percent"), _share("mde_supported_percent"), _count("rows_not_positive"),
        Column("missing_tests", "tests"),
        Column("verdict", "verdict"), Column("direction", "direction"), Column("reasons", "reasons"),
        _change("effect_percent"), _change("low_percent"), _change("high_percent"),
        Column("is_zero_excluded", "flag"),
        *(Column(p, "decimal", None, 4) for p in P_VALUES),
    ),
    "F1": (
        Column("field", "field"), Column("unit", "unit"), Column("unit_kind", "unit_kind"), Column("quarter"),
        _eur("real_gross_cost_per_case_eur"), Column("cohort"),
    ),
    "F2": (
        Column("field", "field"), _count("bin_quarters", QUARTERS), _count("event_time", QUARTERS),
        _change("estimate_percent", 2), _change("low_percent", 2),
        _change("high_percent", 2), _count("treated_regions"), Column("is_reference", "flag"),
    ),
    "F3": (
        Column("ags"), Column("name"), Column("unit", "unit"), Column("quarter"), Column("status", "status"),
    ),
    "PF": (
        Column("case"), _count("sequence"), Column("measure", "measure"),
        Column("base_label", "case_label"), Column("joint_label", "case_label"),
        Column("base_value", "as_printed"), Column("joint_value", "as_printed"), Column("difference", "as_printed"),
        _change("difference_percent"), Column("conclusion", "conclusion"), Column("reason", "case_reason"),
        Column("source"),
    ),
    "RG": (
        Column("field", "field"), Column("unit", "unit"), Column("ags"), Column("name"), Column("start"),
        Column("start_earliest"), Column("start_latest"), Column("agreement_status", "agreement_status"),
        Column("source"),
    ),
    "RS": (Column("series", "series"), Column("first"), Column("last"), _count("values"), Column("source")),
}  # fmt: skip
"""Published tables in the order in which they are printed."""

SHEETS = ("T1", "T2", "T3", "T10", "RC", "PS", "BE", "WI", "DF", "SK", "CA", "PW", "DC", "PF", "RG", "RS")
"""Tables people read as tables; the others are data of figures."""


def column(table: str, key: str) -> Column:
    """Return one column of a table."""
    return next(found for found in TABLES[table] if found.key == key)
