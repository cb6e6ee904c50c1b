"""Contracts of the study's own tables: who takes part, in which field, by which agreement, with which corrections.

One row is one row of the study's CSV file of that name, checked and typed. Reading the files is ikz_eval/registry.
"""

from pandera.typing import Series

from schemas.base import Contract, described
from schemas.vocabulary import AGS, BODY_KINDS, ISO_DATE, UNIT_KINDS


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
