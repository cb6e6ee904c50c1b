"""From counts to the table of a calibration, and the table as a file.

Holds the columns' formulas (contract ``Calibration``) and which inference is marked as primary. Counting is tally.py.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ikz_eval.calibration.prepared import PreparedStudy
from ikz_eval.calibration.tally import COUNTS, JOINT, Counts, Key
from ikz_eval.registry.calibration import judge_calibration
from schemas.registry import Calibration

ORDER = (
    "cr2", "wild", "randomisation_t", "cr2_adjusted", "wild_adjusted", "randomisation_t_adjusted", "verdict",
    "verdict_one_field", "verdict_every_field", "cr1", "cr1_full", "cr3", "wild_cr1", "randomisation_coefficient",
    "donald_lang", "event_path_first_year", "wild_interval", "imputation_conservative", "group_time",
    "group_time_influence", "cr2_pooled",
)  # fmt: skip
"""Order of the inferences in the table: what the verdict rests on first."""
_DIGITS = 4
_BIAS_DIGITS = 6


def calibration_table(
    study: PreparedStudy, counts: Mapping[tuple[str, str], Counts], *, design_hash: str, seed: int, draws: int
) -> pd.DataFrame:
    """Return the table of a calibration.

    Parameters
    ----------
    study : PreparedStudy
        The design.
    counts : mapping of (world, block) to counts
        From :func:`ikz_eval.calibration.run.calibrate`.
    design_hash : str
        Of the design, see :func:`ikz_eval.registry.calibration.design_hash`.
    seed, draws : int
        What it was made with.

    Returns
    -------
    pd.DataFrame
        Contract ``Calibration``, in order of world, block, design, level and inference.
    """
    head = {"quarter": study.layout.quarter, "design_hash": design_hash}
    rows = [
        head
        | {"fields": _fields(study, key[0]), "level": key[1], "inference": key[2], "primary": False}
        | {"world": world, "seed_block": block, "seed": seed}
        | _figures(dict(zip(COUNTS, values, strict=True)), draws)
        for (world, block), of_world in counts.items()
        for key, values in sorted(of_world.items(), key=lambda item: _place(item[0]))
    ]
    table = pd.DataFrame(rows, columns=list(Calibration.to_schema().columns))
    for fields in table["fields"].unique():
        mine = table["fields"] == fields
        primary = judge_calibration(table[mine]).primary
        table.loc[mine & (table["inference"] == primary) & (table["level"] == "partnership"), "primary"] = True
    return table


def _place(key: Key) -> tuple[bool, int, bool, int]:
    design, level, inference = key
    return design < 0, abs(design), level == "body", ORDER.index(inference)


def _fields(study: PreparedStudy, design: int) -> str:
    if design < JOINT:
        return " ".join(study.fields[at].layout.field for at in study.pooled[JOINT - design - 1].positions)
    return " ".join(field.layout.field for field in study.fields if design in (JOINT, field.dealing))


def _figures(sums: Mapping[str, float], draws: int) -> dict[str, object]:
    """Return the figures of an inference; what was not counted is empty."""
    size = _ratio(sums["rejected"], sums["tests"])
    bias = _ratio(sums["error_sum"], sums["bias_tests"])
    tests = sums["tests"] or sums["power_tests"]
    if sums["tests"]:
        error = float(np.sqrt(size * (1 - size) / tests))
    elif sums["bias_tests"]:
        error = float(np.sqrt(max(sums["error_squares"] / sums["bias_tests"] - bias**2, 0.0) / sums["bias_tests"]))
    else:
        power = _ratio(sums["power_rejected"], tests)
        error = float(np.sqrt(power * (1 - power) / tests))
    return {
        "draws": int(min(draws, sums["draws"])),
        "size": round(size, _DIGITS),
        "coverage": round(_ratio(sums["covered"], sums["intervals"]), _DIGITS),
        "power": round(_ratio(sums["power_rejected"], sums["power_tests"]), _DIGITS),
        "power_estimate": round(_ratio(sums["power_estimate_rejected"], sums["power_estimate_tests"]), _DIGITS),
        "bias": round(bias, _BIAS_DIGITS) + 0.0,
        "mc_error": round(error, _BIAS_DIGITS),
    }


def _ratio(top: float, bottom: float) -> float:
    return top / bottom if bottom else float("nan")


def table_text(table: pd.DataFrame) -> str:
    """Return the table as CSV, the same bytes for the same numbers."""
    shown = table.assign(primary=table["primary"].map({True: "true", False: "false"}))
    for column in ("size", "coverage", "power", "power_estimate"):
        shown[column] = shown[column].map(lambda value: "" if pd.isna(value) else f"{value:.{_DIGITS}f}")
    for column in ("bias", "mc_error"):
        shown[column] = shown[column].map(lambda value: "" if pd.isna(value) else f"{value:.{_BIAS_DIGITS}f}")
    return shown.to_csv(index=False, lineterminator="\n")
