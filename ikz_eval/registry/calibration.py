"""What a study's calibration says, for whoever shows estimates beside it.

Holds the hash of the design a calibration is made for, which rows belong to an evaluation quarter and to a field, and which
inference may be primary.
Making the table is ikz_eval/calibration; its columns are the contract's part (schemas/registry.py).
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from ikz_eval.registry.model import Registry
from ikz_eval.texts import number, text

LARGEST_SIZE = 0.07
"""Largest share of true nulls that primary inference may reject in the worlds of the plan of analysis."""
LARGEST_FALSE_VERDICTS = 0.05
"""Largest share of null programmes in which any field may be called "belegt"."""
PLAN_WORLDS = ("A", "B", "C", "D")
"""Worlds the plan of analysis binds primary inference to."""
POOLED = "cr2_pooled"
"""The average over fields; exploratory, so never primary for a field."""
CANDIDATES = ("cr2", "randomisation_t", "wild")
"""Inference that may be primary, in order of preference: the usual one first."""
ALL = "all"
"""In place of a quarter: every closed one that has nothing for its design yet."""
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


def design_rows(registry: Registry, table: pd.DataFrame, quarter: str) -> pd.DataFrame:
    """Return the rows of the study's calibration or power that were made for the design of an evaluation quarter.

    None when the quarter has no rows, or its rows are of another design: bodies or agreements were changed since.
    """
    if table.empty:
        return table
    made = (table["quarter"] == quarter) & (table["design_hash"] == design_hash(registry, quarter))
    return table[made].reset_index(drop=True)


def why_none(table: pd.DataFrame, quarter: str) -> str:
    """Return why :func:`design_rows` finds nothing: ``outdated`` when the quarter was simulated on another design, or ``missing``."""
    return "outdated" if not table.empty and (table["quarter"] == quarter).any() else "missing"


def quarters_meant(registry: Registry, table: pd.DataFrame, asked: str | None, now: datetime) -> list[str]:
    """Return the evaluation quarters that a command is to simulate.

    Parameters
    ----------
    registry : Registry
        The study.
    table : pd.DataFrame
        What it has of earlier runs: its calibration or its power.
    asked : str or None
        A quarter; ``all`` for every closed one whose design has no rows in ``table``; None for the latest closed one.
    now : datetime
        Aware.

    Raises
    ------
    StudyError
        If the quarter is no evaluation of the study, or none is closed yet.
    """
    if asked == ALL:
        return [e.quarter for e in registry.closed(now) if design_rows(registry, table, e.quarter).empty]
    return [registry.evaluation(asked).quarter if asked else registry.latest_closed(now).quarter]


def field_rows(table: pd.DataFrame, field: str) -> pd.DataFrame:
    """Return the rows of a calibration that speak of a field, those of all fields jointly included, in its order."""
    if table.empty:
        return table
    speaks = table["fields"].map(lambda names: field in str(names).split())
    return table[speaks].reset_index(drop=True)


def pooled_rows(table: pd.DataFrame, fields: str) -> pd.DataFrame:
    """Return the rows of a calibration that speak of the average over exactly these fields, apart by blanks."""
    if table.empty:
        return table
    same = table["fields"].map(lambda names: set(str(names).split()) == set(fields.split()))
    return table[same & (table["inference"] == POOLED)].reset_index(drop=True)


def keeps_size(table: pd.DataFrame, inference: str) -> bool:
    """Return whether an inference was calibrated in every world of the plan and keeps its size in all of them."""
    return max(_sizes(table, inference), default=float("inf")) <= LARGEST_SIZE


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
        largest[name] = max(_sizes(table, name), default=float("nan"))
        (held if keeps_size(table, name) else failed).append(name)
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


def average_sentences(table: pd.DataFrame, lang: str = "de") -> tuple[str, ...]:
    """Return what a calibration means for each average over fields, in words."""
    found = []
    for fields in dict.fromkeys(table.loc[table["inference"] == POOLED, "fields"]):
        sizes = _sizes(pooled_rows(table, fields), POOLED)
        if sizes:
            key = "average_held" if max(sizes) <= LARGEST_SIZE else "average_failed"
            size, limit = number(100 * max(sizes), lang, 1), number(100 * LARGEST_SIZE, lang)
            found.append(text(f"calibration.{key}", lang, fields=len(fields.split()), size=size, limit=limit))
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
