"""A file that is not the official form but an export some layout knows: judged, kept as evidence, never counted."""

import hashlib
from pathlib import Path

from ikz_eval.delivery.exports.layout import export_layouts
from ikz_eval.delivery.exports.read import ExportReading, read_export
from ikz_eval.delivery.judgement import Amount, Judgement
from ikz_eval.delivery.reading import Contents
from ikz_eval.delivery.rules.exports import export_findings

MAX_AMOUNTS = 100_000


def judge_export(
    contents: Contents, data: bytes, file_name: str, *, own_layouts: Path, is_invented: bool
) -> Judgement | None:
    """Return the judgement of an export, None when no layout knows the file.

    Parameters
    ----------
    contents : Contents
        The file as read.
    data : bytes
        The file.
    file_name : str
        Name as it arrived.
    own_layouts : Path
        Folder of the study's own layouts; need not exist.
    is_invented : bool
        Whether the study is the demonstration.
    """
    reading = read_export(contents, export_layouts(own_layouts))
    if reading is None:
        return None
    sha256 = hashlib.sha256(data).hexdigest()
    return Judgement(
        file_name=file_name,
        delivery_id=sha256[:12],
        sha256=sha256,
        layout=reading.layout.name,
        ags=reading.layout.ags,
        quarter=None,
        status="supporting",
        is_invented=is_invented,
        findings=tuple(export_findings(reading, file_name)),
        amounts=_amounts(reading),
        guards=contents.guards,
    )


def _amounts(reading: ExportReading) -> tuple[Amount, ...]:
    """Return the amounts in EUR that are whole cents; what is zero says nothing."""
    return tuple(
        Amount(
            f"{figure.region} {figure.product or figure.product_name}".strip(),
            f"{figure.account} {figure.account_name}".strip(),
            figure.block,
            figure.period,
            figure.kind,
            int(figure.amount.scaleb(2)),
            figure.row,
            figure.column,
        )
        for figure in reading.figures[:MAX_AMOUNTS]
        if figure.amount and figure.unit == "EUR" and figure.amount.scaleb(2) == int(figure.amount.scaleb(2))
    )
