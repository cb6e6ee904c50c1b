"""Judgement of one file: read it, apply the rules, keep the cells of an accepted delivery.

``judge`` never raises for what stands in a file: every fault is a finding. Taking the file into the ledger is
ingest.py; the same function serves ``ikz check``.
"""

import hashlib
from dataclasses import dataclass

import pandas as pd

from ikz_eval.delivery.csv_lines import looks_like_text
from ikz_eval.delivery.expectation import Expected, expect
from ikz_eval.delivery.findings import Finding, Place
from ikz_eval.delivery.form import Form
from ikz_eval.delivery.form_csv import read_csv
from ikz_eval.delivery.form_sheets import read_sheets
from ikz_eval.delivery.numbers import canonical
from ikz_eval.delivery.rules import content, value
from ikz_eval.delivery.rules import file as file_rules
from ikz_eval.delivery.workbook import MAX_FILE_BYTES, Refusal, read_workbook
from ikz_eval.registry.model import Registry


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was read of one file, and what was found.

    Attributes
    ----------
    delivery_id : str
        First 12 hexadecimal digits of ``sha256``.
    sha256 : str
        SHA-256 of the file.
    layout : str or None
        Edition it was read with; None when none fitted.
    ags, quarter : str or None
        Body and quarter, from the content; None when unreadable or not of this study.
    status : str
        ``accepted`` or ``rejected`` (at least one rejecting finding).
    is_invented : bool
        Whether the file belongs to the demonstration; an unreadable file counts as the study's own.
    cells : pd.DataFrame
        Contract ``delivery_cell``; empty when rejected.
    findings : tuple of Finding
        In the order of the form.
    """

    delivery_id: str
    sha256: str
    layout: str | None
    ags: str | None
    quarter: str | None
    status: str
    is_invented: bool
    cells: pd.DataFrame
    findings: tuple[Finding, ...]


def judge(data: bytes, file_name: str, registry: Registry) -> Judgement:
    """Read a file and judge it.

    Parameters
    ----------
    data : bytes
        The file.
    file_name : str
        Name as it arrived; only compared with the content, never believed.
    registry : Registry
        The study it is delivered to.
    """
    expected = expect(registry)
    sha256 = hashlib.sha256(data).hexdigest()
    form = _read(data, file_name, expected)
    if isinstance(form, Finding):
        return Judgement(
            sha256[:12], sha256, None, None, None, "rejected", expected.is_invented, _cells(sha256[:12], None), (form,)
        )
    findings = _findings(form, expected)
    is_accepted = not any(found.is_rejecting for found in findings)
    return Judgement(
        delivery_id=sha256[:12],
        sha256=sha256,
        layout=form.layout.edition,
        ags=form.cover["ags"].text if form.cover["ags"].text in expected.bodies else None,
        quarter=form.cover["quarter"].text if not _has(findings, "K05") else None,
        status="accepted" if is_accepted else "rejected",
        is_invented=file_rules.is_invented(form),
        cells=_cells(sha256[:12], form if is_accepted else None),
        findings=findings,
    )


def _read(data: bytes, file_name: str, expected: Expected) -> Form | Finding:
    """Return the filled-in form, or why there is none."""
    place = Place(file_name)
    if not data or len(data) > MAX_FILE_BYTES:
        return file_rules.k01_file_is_readable(place, "too_large" if data else "empty")
    if looks_like_text(data):
        return read_csv(data, file_name, expected)
    sheets = read_workbook(data)
    if not isinstance(sheets, Refusal):
        return read_sheets(sheets, file_name, expected)
    apply = file_rules.k01_file_is_readable if sheets.rule == "K01" else file_rules.k02_format_is_xlsx_or_csv
    return apply(place, sheets.case)


def _findings(form: Form, expected: Expected) -> tuple[Finding, ...]:
    """Return all findings: about the file, its structure, its values, and what they say together."""
    first = (
        file_rules.k06_invented_stays_apart(form, expected),
        file_rules.k04_body_belongs_to_study(form, expected),
        file_rules.k05_quarter_is_due(form, expected),
    )
    about_file = [found for found in first if found is not None]
    is_addressed = not about_file
    if is_addressed:
        asked = file_rules.k25_file_name_agrees(form, expected), file_rules.k32_name_agrees_with_ags(form, expected)
        about_file += [found for found in asked if found is not None]
    about_values = value.entry_findings(form.entries)
    about_content = content.content_findings(form, expected, is_addressed=is_addressed)
    return (*about_file, *form.findings, *about_values, *about_content)


def _has(findings: tuple[Finding, ...], rule: str) -> bool:
    return any(found.rule == rule for found in findings)


def _cells(delivery_id: str, form: Form | None) -> pd.DataFrame:
    """Return contract ``delivery_cell``; without a form, or of a rejected one, no row."""
    rows: list[tuple[str, int | None, str | None, str, str | None, str, str]] = []
    if form is not None:
        for entry in form.entries:
            place = entry.place
            assert place.sheet is not None and entry.reading.value is not None
            rows.append(
                (place.sheet, place.row, place.column, entry.table, entry.field, entry.column.item,
                 canonical(entry.reading.value))
            )  # fmt: skip
        rows += [
            (remark.place.sheet or "", remark.place.row, remark.place.column, "remark", None, "remark", remark.text)
            for remark in form.remarks
        ]
    columns = list(zip(*rows, strict=True)) if rows else [()] * 7
    frame = {"delivery_id": pd.Series([delivery_id] * len(rows), dtype="str")}
    for name, column in zip(("sheet", "row", "column", "table", "field", "item", "value"), columns, strict=True):
        frame[name] = pd.Series(column, dtype="int64" if name == "row" else "str")
    return pd.DataFrame(frame)
