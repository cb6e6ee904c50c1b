"""What was read of one file and what was found: plain types that cross processes, free of frames.

Judging is judge.py, comparing with earlier deliveries compare.py; frames of the ledger are made in frames.py.
"""

from dataclasses import dataclass
from typing import NamedTuple

from ikz_eval.delivery.findings import Finding


class Cell(NamedTuple):
    """One value with its address, by the columns of contract ``delivery_cell``.

    Attributes
    ----------
    sheet : str
        Sheet, or section of a CSV file.
    row : int
        Row in the sheet or line of the file, from 1.
    column : str
        Column letter, or column name of a CSV file.
    table : str
        ``cost``, ``caseload``, ``staff``, ``service_quality``, ``control`` (totals) or ``remark``.
    field : str or None
        Cooperation field; None for remarks.
    item : str
        Cost block, ``cases``, ``staff_fte``, indicator, ``total`` or ``remark``.
    value : str
        Canonical number, or the text of a remark.
    """

    sheet: str
    row: int
    column: str
    table: str
    field: str | None
    item: str
    value: str


class Amount(NamedTuple):
    """One amount of a body's own export (status ``supporting``), by the columns of contract ``export_amount``."""

    product: str
    account: str
    cost_block: str
    period: str
    kind: str
    amount_cents: int
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was read of one file, and what was found.

    Attributes
    ----------
    file_name : str
        Name as it arrived.
    delivery_id : str
        First 12 hexadecimal digits of ``sha256``.
    sha256 : str
        SHA-256 of the file.
    layout : str or None
        Edition or export layout it was read with; None when none fitted.
    ags, quarter : str or None
        Body and quarter, from the content; None when unreadable or not of this study.
    status : str
        ``accepted``, ``rejected`` (at least one rejecting finding) or ``supporting`` (an export that belongs to it).
    is_invented : bool
        Whether the file belongs to the demonstration; an unreadable file counts as the study's own.
    cells : tuple of Cell
        Values and remarks of an accepted delivery; empty otherwise.
    findings : tuple of Finding
        In the order of the form; those of :func:`ikz_eval.delivery.compare.compare` follow.
    amounts : tuple of Amount
        Amounts of an export; empty for the official form.
    guards : tuple of str
        Which limits held while the file was read: ``memory``, ``cpu``, ``network``, ``time``.
    """

    file_name: str
    delivery_id: str
    sha256: str
    layout: str | None
    ags: str | None
    quarter: str | None
    status: str
    is_invented: bool
    cells: tuple[Cell, ...] = ()
    findings: tuple[Finding, ...] = ()
    amounts: tuple[Amount, ...] = ()
    guards: tuple[str, ...] = ()

    def has(self, rule: str) -> bool:
        """Whether rule ``rule`` found something."""
        return any(found.rule == rule for found in self.findings)
