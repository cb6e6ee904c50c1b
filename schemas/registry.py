"""Contracts of the study's own tables: who takes part, in which field, by which agreement, with which corrections.

One row is one row of the study's CSV file of that name, checked and typed. Reading the files is ikz_eval/registry.
"""

from pandera.typing import Series

from schemas.base import Contract, described
from schemas.vocabulary import (
    AGS,
    BODY_KINDS,
    CALIBRATION_WORLDS,
    ISO_DATE,
    POWER_DESIGNS,
    QUARTER,
    ROBUSTNESS_RECORDS,
    UNIT_KINDS,
)  # fmt: skip


class Body(Contract):
    """One body (Landkreis or kreisfreie Stadt) of the Land that is studied."""

    ags: Series[str] = described(
        "Amtlicher Gemeindeschlüssel (AGS) of the body, 5 characters", str_matches=AGS, unique=True
    )
    name: Series[str] = described("Official name of the body", str_length={"min_value": 2})
    kind: Series[str] = described("Landkreis or Kreisfreie Stadt", isin=BODY_KINDS)
    unit: Series[str] = described("Model region or comparison block the body belongs to, see regions.csv")
    is_participant: Series[bool] = described("Whether the body takes part in the programme")
    source: Series[str] = described("Where this is documented", str_length={"min_value": 3})

    class Config:
        """Name of the table."""

        name = "body"


class Region(Contract):
    """One model region (treated together) or one block of comparison bodies."""

    unit: Series[str] = described("Short key of the region or block", unique=True, str_length={"min_value": 2})
    name: Series[str] = described("Name as published")
    kind: Series[str] = described("region: takes part in the programme; block: comparison", isin=UNIT_KINDS)
    source: Series[str] = described("Where this is documented", str_length={"min_value": 3})

    class Config:
        """Name of the table."""

        name = "region"


class CooperationField(Contract):
    """One field (task) in which bodies cooperate."""

    field: Series[str] = described("Key of the cooperation field", unique=True, str_length={"min_value": 2})
    name_de: Series[str] = described("Name of the field in German")
    name_en: Series[str] = described("Name of the field in English")
    case_unit_de: Series[str] = described("What one case is, in German")
    is_delivered: Series[bool] = described("Whether the bodies deliver cost and cases of this field")
    source: Series[str] = described("Where this is documented", str_length={"min_value": 3})

    class Config:
        """Name of the table."""

        name = "cooperation_field"


class Agreement(Contract):
    """One body's part in one agreement about one field; two sources that disagree are two rows with a status."""

    agreement: Series[str] = described("Key of the agreement; several bodies share it")
    field: Series[str] = described("Cooperation field, see fields.csv")
    unit: Series[str] = described("Model region the agreement belongs to; empty for older cooperation", nullable=True)
    ags: Series[str] = described("Body that takes part", str_matches=AGS)
    start: Series[str] = described(
        "First day of joint operation; empty when unknown", str_matches=ISO_DATE, nullable=True
    )
    start_earliest: Series[str] = described("Earliest possible start when unknown", str_matches=ISO_DATE, nullable=True)
    start_latest: Series[str] = described("Latest possible start when unknown", str_matches=ISO_DATE, nullable=True)
    end: Series[str] = described(
        "Last day of joint operation; empty when open or unknown", str_matches=ISO_DATE, nullable=True
    )
    legal_form: Series[str] = described("Legal form, e.g. Zweckvereinbarung; empty when unknown", nullable=True)
    is_host: Series[bool] = described("Whether this body hosts the joint office")
    allocation_key: Series[str] = described("How partners share the cost (Umlage); empty when unknown", nullable=True)
    status: Series[str] = described(
        "valid: used; conflicting: contradicted by another row; planned: not begun; earlier: cooperation before the programme",
        isin=("valid", "conflicting", "planned", "earlier"),
    )
    source: Series[str] = described("Where this is documented", str_length={"min_value": 3})

    class Config:
        """Name of the table."""

        name = "agreement"


class Grant(Contract):
    """One source's figure for a grant to a region; sources that disagree are several rows."""

    unit: Series[str] = described("Model region that received the grant")
    amount_cents: Series[int] = described("Amount as the source gives it [EUR cents]", ge=0)
    is_approximate: Series[bool] = described("Whether the source says 'about'")
    period: Series[str] = described("Period the source names; empty when none", nullable=True)
    status: Series[str] = described("valid or conflicting", isin=("valid", "conflicting"))
    source: Series[str] = described("Where this is documented", str_length={"min_value": 3})

    class Config:
        """Name of the table."""

        name = "grant"


class Correction(Contract):
    """One known error of a source, with the value it is replaced by."""

    table: Series[str] = described("Table the correction applies to")
    ags: Series[str] = described("Body", str_matches=AGS)
    field: Series[str] = described("Cooperation field; empty when it does not apply", nullable=True)
    quarter: Series[str] = described("Calendar quarter; empty when it does not apply", nullable=True)
    column: Series[str] = described("Column or item that is wrong")
    old_value: Series[str] = described("Value as delivered; the correction fails when the source says something else")
    new_value: Series[str] = described("Value to use")
    reason: Series[str] = described("Why", str_length={"min_value": 3})
    reported_to: Series[str] = described("Who was told", nullable=True)
    status: Series[str] = described("open or settled", isin=("open", "settled"))

    class Config:
        """Name of the table."""

        name = "correction"


class DocumentedConflict(Contract):
    """One statement of one source in a question on which sources disagree, about bodies or series outside the other tables."""

    topic: Series[str] = described(
        "Short key of the question; at least two statements share it", str_length={"min_value": 2}
    )
    subject: Series[str] = described("Who or what the statement is about, as printed")
    question: Series[str] = described("What the sources disagree on")
    statement: Series[str] = described("What this source says")
    source: Series[str] = described("Where this is documented", str_length={"min_value": 3})

    class Config:
        """Name of the table and its key; a register of the study, not a table of the pipeline."""

        name = "documented_conflict"
        unique = ["topic", "source"]


class Calibration(Contract):
    """How one inference performed on the study's design in one error world; made by ``make calibrate``, never by hand."""

    quarter: Series[str] = described("Last quarter of the design", str_matches=QUARTER)
    design_hash: Series[str] = described("SHA-256 over the design it was made for", str_matches=r"^[0-9a-f]{64}$")
    fields: Series[str] = described("Cooperation fields with this design, apart by blanks; all that count jointly")
    level: Series[str] = described("partnership or body", isin=("partnership", "body"))
    inference: Series[str] = described("Inference, see docs/methods/calibration.md", str_length={"min_value": 2})
    primary: Series[bool] = described("Whether this inference is primary on the design")
    world: Series[str] = described("Error world, see docs/methods/calibration.md", isin=CALIBRATION_WORLDS)
    seed_block: Series[str] = described("main, or held_out: seeds nothing was chosen by", isin=("main", "held_out"))
    seed: Series[int] = described("Seed of the calibration", ge=0)
    draws: Series[int] = described("Programmes drawn [number]", ge=1)
    size: Series[float] = described(
        "Share of null programmes (joint inference) or null fields that are rejected at 5 %; empty for a point",
        nullable=True,
    )
    coverage: Series[float] = described(
        "Share of 95 % intervals that hold the truth; empty without interval", nullable=True
    )
    power: Series[float] = described(
        "Share of effects of three noise scales of a body's quarter that are found; empty for a point", nullable=True
    )
    power_estimate: Series[float] = described(
        "Share of effects of three standard deviations of the estimate that are found; empty when not counted",
        nullable=True,
    )
    bias: Series[float] = described("Mean of estimate less truth [log points]; empty when not counted", nullable=True)
    mc_error: Series[float] = described("Monte Carlo standard error of the size; of the bias for a point")

    class Config:
        """Name of the table and its key; a register of the study, not a table of the pipeline."""

        name = "calibration"
        unique = ["quarter", "fields", "level", "inference", "world", "seed_block"]


class RobustnessRecord(Contract):
    """One record a check of the robustness card rests on; which columns it fills depends on the check."""

    check: Series[str] = described(
        "without_neighbours: ags borders on region unit; without_other_cooperation: ags cooperates elsewhere in field (empty: "
        "in any); without_ikfz: quarter of field to leave out; alternative_grouping, planning_regions: ags belongs to unit",
        isin=ROBUSTNESS_RECORDS,
    )
    ags: Series[str] = described("Body, see bodies.csv", str_matches=AGS, nullable=True)
    field: Series[str] = described("Cooperation field, see fields.csv", nullable=True)
    quarter: Series[str] = described("Calendar quarter", str_matches=QUARTER, nullable=True)
    unit: Series[str] = described(
        "Model region (without_neighbours) or group of the alternative grouping or of planning regions", nullable=True
    )
    source: Series[str] = described("Where this is documented", str_length={"min_value": 3})

    class Config:
        """Name of the table and its key; a register of the study, not a table of the pipeline."""

        name = "robustness_record"
        unique = ["check", "ags", "field", "quarter", "unit"]


class StudyPower(Contract):
    """What the verdict could find on the study's design, or with one thing added; made by ``ikz power --store``."""

    quarter: Series[str] = described("Last quarter of the design", str_matches=QUARTER)
    design_hash: Series[str] = described("SHA-256 over the design it was made for", str_matches=r"^[0-9a-f]{64}$")
    design: Series[str] = described("base, or what is added to it", isin=POWER_DESIGNS)
    are_starts_assumed: Series[bool] = described("Whether every region is taken to begin as early as it can have")
    noise_percent: Series[float] = described("Noise of a body's quarterly cost per case [%]", gt=0)
    icc: Series[float] = described("Share of its variance common to a region", ge=0)
    autocorrelation: Series[float] = described("Correlation with the quarter before", ge=0)
    noise_quarter: Series[str] = described(
        "Evaluation quarter of the deliveries it was estimated from; empty when assumed", nullable=True
    )
    fields: Series[int] = described("Fields tested together [number]", ge=1)
    draws: Series[int] = described("Programmes drawn [number]", ge=1)
    power_5_percent: Series[float] = described("Programmes in which -5 % is supported [%]", nullable=True)
    power_10_percent: Series[float] = described("Programmes in which -10 % is supported [%]", nullable=True)
    power_20_percent: Series[float] = described("Programmes in which -20 % is supported [%]", nullable=True)
    mde_cr2_percent: Series[float] = described("Least saving that CR2 alone finds with 80 % [%]", nullable=True)
    mde_supported_one_percent: Series[float] = described(
        "Least saving supported with 80 %, one field alone [%]; empty when none is", nullable=True
    )
    mde_supported_percent: Series[float] = described(
        "Least saving supported with 80 %, all fields together [%]; empty when none is", nullable=True
    )

    class Config:
        """Name of the table and its key; a register of the study, not a table of the pipeline."""

        name = "power"
        unique = ["quarter", "design"]
