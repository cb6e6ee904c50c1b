"""The frozen types a study is loaded into.

Reading files is load.py, judging them validate.py. Frames follow the contracts of the same name in schemas/.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import pandas as pd

from ikz_eval.errors import StudyError

ROBUSTNESS_COLUMNS = ["check", "ags", "field", "quarter", "unit", "source"]
"""Columns of the records of the robustness card, also where a study has none."""


@dataclass(frozen=True, slots=True)
class EvaluationQuarter:
    """One evaluation: a quarter and the moment up to which deliveries count.

    Attributes
    ----------
    quarter : str
        Last calendar quarter evaluated, ``2024-Q3``.
    cutoff : datetime
        Deliveries received at or before this moment count; aware, UTC (end of the cut-off day in Europe/Berlin).
    reason : str
        Why this cut-off.
    """

    quarter: str
    cutoff: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The primary outcome of a field, frozen before outcomes are read.

    Attributes
    ----------
    field : str
        Cooperation field.
    name : str
        ``log_real_gross_cost_per_case``: log EUR per case of the partnership.
    reason : str
        Why this outcome.
    """

    field: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Specification:
    """One way to estimate, as committed in study.toml.

    Attributes
    ----------
    name : str
        Printed in every table note.
    is_primary : bool
        Exactly one specification is primary.
    method : str
        ``imputation``.
    anticipation_quarters : dict of str to int
        Quarters before the start that may already be affected, by field.
    late_joiners : str
        ``region_start``: a late joiner takes the region's first start; ``own_start``: its own.
    average : str
        ``regions``: each treated region weighs the same.
    reason : str
        Why this specification.
    """

    name: str
    is_primary: bool
    method: str
    anticipation_quarters: dict[str, int]
    late_joiners: str
    average: str
    reason: str


@dataclass(frozen=True, slots=True)
class Pooled:
    """An exploratory average over fields, as committed in study.toml.

    Attributes
    ----------
    name : str
        Its own; no specification has it.
    fields : tuple of str
        Delivered fields that are averaged, each with the same weight.
    reason : str
        Why an average, and why over these fields.
    """

    name: str
    fields: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number that decides something, with its reason and source; never a constant in code."""

    name: str
    value: Decimal
    unit: str
    reason: str
    source: str


@dataclass(frozen=True, slots=True)
class Registry:
    """A study, loaded and checked.

    Attributes
    ----------
    study : str
        Folder name.
    title_de, title_en : str
        Title of the study.
    is_invented : bool
        True for the demonstration: everything made from it is marked as invented.
    first_quarter : str
        First quarter that bodies deliver.
    due_days : int
        Calendar days after the end of a quarter by which its delivery is due.
    price_base : str
        Calendar quarter whose prices real amounts are expressed in.
    bodies, regions, fields, agreements, grants, corrections : pd.DataFrame
        Contracts ``body``, ``region``, ``cooperation_field``, ``agreement``, ``grant``, ``correction``.
    price_index, population, vehicle_stock, registration_district, employment, published_figure : pd.DataFrame
        Reference tables by the contracts of the same name; empty where the study ships none.
    evaluations : tuple of EvaluationQuarter
        In order of time.
    outcomes : tuple of Outcome
        One per field.
    specifications : tuple of Specification
        The primary one first.
    thresholds : dict of str to Threshold
        By name.
    study_hash : str
        SHA-256 over all files of the study folder (names and bytes), hexadecimal.
    specification_hash : str
        SHA-256 over outcomes, specifications, averages over fields and blocks in canonical form: the frozen analysis plan.
    conflicts : pd.DataFrame
        Statements of sources that disagree about something outside the other tables (``DocumentedConflict``).
    calibration : pd.DataFrame
        How inference performs on the study's designs, one for a quarter (``Calibration``); empty before ``make calibrate``.
    robustness : pd.DataFrame
        Records that checks of the robustness card rest on (``RobustnessRecord``).
    power : pd.DataFrame
        What the verdict could find on them (``StudyPower``); empty before ``ikz power --store``.
    pooled : tuple of Pooled
        Exploratory averages over fields; none where the study registers none.
    """

    study: str
    title_de: str
    title_en: str
    is_invented: bool
    first_quarter: str
    due_days: int
    price_base: str
    bodies: pd.DataFrame
    regions: pd.DataFrame
    fields: pd.DataFrame
    agreements: pd.DataFrame
    grants: pd.DataFrame
    corrections: pd.DataFrame
    price_index: pd.DataFrame
    population: pd.DataFrame
    vehicle_stock: pd.DataFrame
    registration_district: pd.DataFrame
    employment: pd.DataFrame
    published_figure: pd.DataFrame
    evaluations: tuple[EvaluationQuarter, ...]
    outcomes: tuple[Outcome, ...]
    specifications: tuple[Specification, ...]
    thresholds: dict[str, Threshold]
    study_hash: str
    specification_hash: str
    conflicts: pd.DataFrame = field(default_factory=pd.DataFrame)
    calibration: pd.DataFrame = field(default_factory=pd.DataFrame)
    robustness: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=ROBUSTNESS_COLUMNS, dtype="str"))
    power: pd.DataFrame = field(default_factory=pd.DataFrame)
    pooled: tuple[Pooled, ...] = ()

    @property
    def delivered_fields(self) -> list[str]:
        """Keys of the fields the bodies deliver, in the order of fields.csv."""
        return list(self.fields.loc[self.fields["is_delivered"], "field"])

    @property
    def primary(self) -> Specification:
        """The primary specification."""
        return next(spec for spec in self.specifications if spec.is_primary)

    def title(self, lang: str = "de") -> str:
        """Return the title in ``lang``."""
        return self.title_de if lang == "de" else self.title_en

    def evaluation(self, quarter: str) -> EvaluationQuarter:
        """Return the evaluation of ``quarter``.

        Raises
        ------
        StudyError
            If the study has no such evaluation quarter.
        """
        for evaluation in self.evaluations:
            if evaluation.quarter == quarter:
                return evaluation
        known = ", ".join(e.quarter for e in self.evaluations)
        raise StudyError(
            f"studies/{self.study}/study.toml: '{quarter}' is no evaluation quarter; allowed: {known}; "
            "to add one, write it there with its cut-off date and reason"
        )

    def closed(self, now: datetime) -> list[EvaluationQuarter]:
        """Return the evaluations whose cut-off has passed at ``now`` (aware), in order."""
        return [evaluation for evaluation in self.evaluations if evaluation.cutoff <= now]

    def latest_closed(self, now: datetime) -> EvaluationQuarter:
        """Return the last evaluation whose cut-off has passed at ``now`` (aware).

        Raises
        ------
        StudyError
            If no cut-off has passed yet.
        """
        closed = self.closed(now)
        if not closed:
            raise StudyError(f"studies/{self.study}/study.toml: no evaluation quarter is closed yet at {now:%Y-%m-%d}")
        return closed[-1]
