"""What a study's calibration says, for whoever shows estimates beside it.

Holds the hash of the design a calibration is made for, which rows belong to a field, and which inference may be primary.
Making the table is ikz_eval/calibration; its columns are the contract's part (schemas/registry.py).
"""

import hashlib
import json
from dataclasses import dataclass

import pandas as pd

from ikz_eval.registry.model import Registry
from ikz_eval.texts import number, text

LARGEST_SIZE = 0.07
"""Largest share of true nulls that primary inference may reject in the worlds of the plan of analysis."""
LARGEST_FALSE_VERDICTS = 0.05
"""Largest share of null programmes in which any field may be called "belegt"."""
PLAN_WORLDS = ("A", "B", "C", "D")
"""Worlds the plan of analysis binds primary inference to."""
CANDIDATES = ("cr2", "randomisation_t", "wild")
"""Inference that may be primary, in order of preference: the usual one first."""
_DESIGN_COLUMNS = ("field", "unit", "ags", "start", "end", "status")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a calibration allows.

    Attributes
    ----------
    primary : str or None
        Inference that is primary on the design; None when none keeps its size.
    held, failed : tuple of str
        Candidates that keep their size in every world of the plan and both blocks of seeds, and those that do not.
    largest : dict of str to float
        Largest size of each candidate there.
    false_verdicts : float
        Largest share of null programmes with a "belegt" there.
    is_verdict_held : bool
        Whether that is at most five percent.
    """

    primary: str | None
    held: tuple[str, ...]
    failed: tuple[str, ...]
    largest: dict[str, float]
    false_verdicts: float
    is_verdict_held: bool


def design_hash(registry: Registry, quarter: str) -> str:
    """Return the SHA-256 over everything that decides the design of an evaluation: who, where, since when, which quarters.

    Names, sources and reasons are left out: they change no design. The number of inhabitants counts (world H).
    """
    agreements = registry.agreements[registry.agreements["field"].isin(registry.delivered_fields)]
    primary = registry.primary
    design = {
        "quarters": [registry.first_quarter, quarter],
        "fields": registry.delivered_fields,
        "bodies": _rows(registry.bodies, ("ags", "unit", "is_participant")),
        "units": _rows(registry.regions, ("unit", "kind")),
        "agreements": _rows(agreements, _DESIGN_COLUMNS),
        "inhabitants": _rows(registry.population, ("ags", "reference_date", "inhabitants")),
        "specification": [primary.method, primary.late_joiners, primary.average, primary.anticipation_quarters],
    }
    canonical = json.dumps(design, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def is_current(registry: Registry, quarter: str) -> bool:
    """Return whether the study's calibration was made for the design of this evaluation quarter."""
    known = set(registry.calibration["design_hash"]) if not registry.calibration.empty else set()
    return known == {design_hash(registry, quarter)}


def is_power_current(registry: Registry, quarter: str) -> bool:
    """Return whether the study's power was made for the design of this evaluation quarter."""
    known = set(registry.power["design_hash"]) if not registry.power.empty else set()
    return known == {design_hash(registry, quarter)}


def field_rows(table: pd.DataFrame, field: str) -> pd.DataFrame:
    """Return the rows of a calibration that speak of a field, those of all fields jointly included, in its order."""
    if table.empty:
        return table
    speaks = table["fields"].map(lambda names: field in str(names).split())
    return table[speaks].reset_index(drop=True)


def judge_calibration(table: pd.DataFrame) -> Judgement:
    """Return which inference may be primary on the design a calibration was made for.

    Parameters
    ----------
    table : pd.DataFrame
        Contract ``Calibration``; of one field or of all. An inference that was not calibrated in every world of the plan
        does not hold.
    """
    held: list[str] = []
    failed: list[str] = []
    largest: dict[str, float] = {}
    for name in CANDIDATES:
        sizes = _sizes(table, name)
        largest[name] = max(sizes, default=float("nan"))
        (held if sizes and largest[name] <= LARGEST_SIZE else failed).append(name)
    false = max(_sizes(table, "verdict"), default=float("nan"))
    is_held = bool(false <= LARGEST_FALSE_VERDICTS)
    return Judgement(held[0] if held else None, tuple(held), tuple(failed), largest, false, is_held)


def sentences(judged: Judgement, lang: str = "de") -> tuple[str, ...]:
    """Return what a judgement means for the study, in words."""
    if not all(size == size for size in judged.largest.values()):
        return (text("calibration.not_calibrated", lang),)
    shown = {name: number(100 * size, lang, 1) for name, size in judged.largest.items()}
    limit = number(100 * LARGEST_SIZE, lang)
    found = [text("calibration.none", lang, limit=limit)]
    if judged.primary is not None:
        name = text(f"calibration.inference.{judged.primary}", lang)
        found = [text("calibration.primary", lang, inference=name, size=shown[judged.primary], limit=limit)]
    for failed in judged.failed:
        name = text(f"calibration.inference.{failed}", lang)
        found.append(text("calibration.failed", lang, inference=name, size=shown[failed], limit=limit))
    if judged.false_verdicts == judged.false_verdicts:
        key = "calibration.verdict_held" if judged.is_verdict_held else "calibration.verdict_failed"
        share = number(100 * judged.false_verdicts, lang, 1)
        found.append(text(key, lang, share=share, limit=number(100 * LARGEST_FALSE_VERDICTS, lang)))
    return tuple(found)


def _sizes(table: pd.DataFrame, inference: str) -> list[float]:
    """Return the sizes of an inference of the partnership in the worlds of the plan; none when a world is missing."""
    if table.empty:
        return []
    chosen = (table["inference"] == inference) & (table["level"] == "partnership") & table["world"].isin(PLAN_WORLDS)
    mine = table[chosen].dropna(subset="size")
    return [float(size) for size in mine["size"]] if set(mine["world"]) == set(PLAN_WORLDS) else []


def _rows(frame: pd.DataFrame, columns: tuple[str, ...]) -> list[list[object]]:
    if frame.empty:
        return []
    known = frame[list(columns)].astype("object").where(frame[list(columns)].notna(), None)
    return sorted(([_plain(value) for value in row] for row in known.itertuples(index=False)), key=str)


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, str) else str(value)
