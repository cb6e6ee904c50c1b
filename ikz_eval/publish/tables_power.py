"""PW: what the verdict could find on the study's design, and with one thing added.

Nothing is simulated here: rows of the study's power.csv are put into order. What is assumed stands in the row. Making it is
ikz_eval/calibration (``ikz power --store``).
"""

from ikz_eval.publish.cells import Gap, Row
from ikz_eval.registry import Registry
from ikz_eval.registry.calibration import design_rows, why_none

_FIGURES = (
    "power_5_percent", "power_10_percent", "power_20_percent", "mde_cr2_percent", "mde_supported_one_percent",
    "mde_supported_percent",
)  # fmt: skip
_PLAIN = ("fields", "noise_percent", "icc", "autocorrelation")


def power(registry: Registry, quarter: str) -> list[Row]:
    """Return the rows of PW, a design each; one row that says why when there are none for this evaluation's design."""
    own = design_rows(registry, registry.power, quarter)
    if own.empty:
        gap = Gap(f"power_{why_none(registry.power, quarter)}")
        return [{"design": "base", **dict.fromkeys(_FIGURES, gap)}]
    rows: list[Row] = []
    for found in own.to_dict("records"):
        row: Row = {"design": found["design"], **{key: found[key] for key in _PLAIN}}
        row["noise_source"] = "estimated" if isinstance(found["noise_quarter"], str) else "assumed"
        row["starts"] = "assumed" if found["are_starts_assumed"] else "registered"
        # A least saving that is empty is one that no effect reaches.
        row |= {key: Gap("power_never") if found[key] != found[key] else float(found[key]) for key in _FIGURES}
        rows.append(row)
    return rows
