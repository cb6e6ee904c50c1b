"""Judgement of one file: read it, apply the rules that need file and study, keep the cells of an accepted delivery.

``judge`` never raises for what stands in a file: every fault is a finding. What needs earlier deliveries is compare.py;
taking the file into the ledger is ingest.py. The same functions serve ``ikz check``.
"""

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ikz_eval.delivery.expectation import Expected
from ikz_eval.delivery.findings import Finding, Place
from ikz_eval.delivery.form import Form
from ikz_eval.delivery.form_csv import read_csv
from ikz_eval.delivery.form_sheets import read_sheets
from ikz_eval.delivery.judgement import Cell, Judgement
from ikz_eval.delivery.numbers import canonical
from ikz_eval.delivery.reading import Contents, Refusal, read_file
from ikz_eval.delivery.rules import content, plausibility, value
from ikz_eval.delivery.rules import file as file_rules
from ikz_eval.delivery.rules import reading as reading_rules
from ikz_eval.delivery.rules.view import view_of
from ikz_eval.settings import ROOT

if TYPE_CHECKING:
    from ikz_eval.delivery.reading.sandbox import Sandbox

__all__ = ["Cell", "Judgement", "judge", "judge_read"]


def judge(data: bytes, file_name: str, expected: Expected, *, sandbox: "Sandbox | None" = None) -> Judgement:
    """Read a file and judge it.

    Parameters
    ----------
    data : bytes
        The file.
    file_name : str
        Name as it arrived; only compared with the content, never believed.
    expected : Expected
        What the study expects.
    sandbox : Sandbox, optional
        Where the file is opened; a sandbox of this process when left out.
    """
    return judge_read(read_file(data, file_name, sandbox), data, file_name, expected)


def judge_read(read: Contents | Refusal, data: bytes, file_name: str, expected: Expected) -> Judgement:
    """Judge a file that has been read already; ``read`` is what :func:`read_file` returned for ``data``."""
    sha256 = hashlib.sha256(data).hexdigest()
    form = _form(read, file_name, expected)
    if isinstance(form, Finding):
        export = _export(form, read, data, file_name, expected)
        if export is not None:
            return export
        return Judgement(
            file_name,
            sha256[:12],
            sha256,
            None,
            None,
            None,
            "rejected",
            expected.is_invented,
            (),
            (form,),
            (),
            read.guards,
        )
    findings = _findings(form, expected)
    is_accepted = not any(found.is_rejecting for found in findings)
    return Judgement(
        file_name=file_name,
        delivery_id=sha256[:12],
        sha256=sha256,
        layout=form.layout.edition,
        ags=form.cover["ags"].text if form.cover["ags"].text in expected.bodies else None,
        quarter=None if any(found.rule == "K05" for found in findings) else form.cover["quarter"].text,
        status="accepted" if is_accepted else "rejected",
        is_invented=file_rules.is_invented(form),
        cells=_cells(form) if is_accepted else (),
        findings=findings,
        guards=read.guards,
    )


def _export(
    found: Finding, read: Contents | Refusal, data: bytes, file_name: str, expected: Expected
) -> Judgement | None:
    """Return the judgement of a file that is no official form but an export some layout knows."""
    if found.rule != "K03" or isinstance(read, Refusal):
        return None
    from ikz_eval.delivery.exports.judging import judge_export

    own = ROOT / "studies" / expected.study / "layouts"
    return judge_export(read, data, file_name, own_layouts=own, is_invented=expected.is_invented)


def _form(read: Contents | Refusal, file_name: str, expected: Expected) -> Form | Finding:
    """Return the filled-in form, or why there is none."""
    if isinstance(read, Refusal):
        apply = file_rules.k01_file_is_readable if read.rule == "K01" else file_rules.k02_format_is_xlsx_or_csv
        return apply(Place(file_name), read.case)
    if read.text is not None:
        form = read_csv(read.text, file_name, expected)
    else:
        form = read_sheets(read.sheets, file_name, expected)
    if isinstance(form, Form):
        form.findings[:0] = reading_rules.contents_findings(read, file_name)
    return form


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
    findings = (*about_file, *form.findings, *about_values, *about_content)
    return (*findings, *_contradictions(form, expected, findings))


def _contradictions(form: Form, expected: Expected, findings: tuple[Finding, ...]) -> Iterator[Finding]:
    """Yield what the file's numbers say against each other; also of a rejected file, so that all is mended at once."""
    address = form.cover["ags"].text, form.cover["quarter"].text
    view = view_of(form.file_name, form.layout.edition, address, _cells(form), expected, findings=findings)
    yield from plausibility.k50_total_agrees(view)
    yield from plausibility.k52_rows_differ(view)


def _cells(form: Form) -> tuple[Cell, ...]:
    """Return values and remarks with their addresses."""
    cells = []
    for entry in form.entries:
        place = entry.place
        if entry.reading.value is None:  # a total that was left out
            continue
        assert place.sheet is not None and place.row is not None and place.column is not None
        written = canonical(entry.reading.value)
        cells.append(Cell(place.sheet, place.row, place.column, entry.table, entry.field, entry.column.item, written))
    for remark in form.remarks:
        place = remark.place
        assert place.row is not None and place.column is not None
        cells.append(Cell(place.sheet or "", place.row, place.column, "remark", None, "remark", remark.text))
    return tuple(cells)
