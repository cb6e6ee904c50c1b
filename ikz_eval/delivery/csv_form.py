"""The form as CSV: the same content as the workbook in long form, one line per value.

Two dialects are written (semicolon and cp1252, comma and UTF-8 with byte order mark). Reading a CSV file is
csv_lines.py (lines) and form_csv.py (their meaning).
"""

import csv
import io

from ikz_eval.delivery.content import DeliveryContent
from ikz_eval.delivery.layout import load_layout
from ikz_eval.delivery.numbers import german, german_grouped
from ikz_eval.errors import DeliveryError
from ikz_eval.registry.model import Registry
from ikz_eval.texts import text

DIALECTS = {"semicolon_cp1252": (";", "cp1252", german_grouped), "comma_utf8_bom": (",", "utf-8-sig", german)}
"""Dialect -> separator, encoding, spelling of numbers."""


def filled_csv(registry: Registry, content: DeliveryContent, dialect: str) -> bytes:
    """Return a delivery as CSV.

    Parameters
    ----------
    registry : Registry
        The study.
    content : DeliveryContent
        What the delivery says.
    dialect : str
        ``semicolon_cp1252`` (amounts ``1.234,56``) or ``comma_utf8_bom`` (amounts ``"1234,56"``).

    Raises
    ------
    DeliveryError
        If a remark holds a character the dialect's encoding does not have.
    """
    separator, encoding, spelled = DIALECTS[dialect]
    layout = load_layout()
    head = [form_name(layout.edition, is_invented=registry.is_invented), content.ags, content.quarter]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerow(layout.csv_headers)
    names = dict(zip(registry.fields["field"], registry.fields["name_de"], strict=True))
    for sheet in layout.sheets:
        for key in registry.delivered_fields:
            for column in sheet.columns:
                value = content.values.get((column.table, key, column.item))
                written = "" if value is None else spelled(value)
                writer.writerow([*head, sheet.name, names[key], column.label, written, column.unit])
    for remark in content.remarks:
        writer.writerow([*head, layout.remarks.sheet, "", layout.remarks.label, remark, ""])
    try:
        return out.getvalue().encode(encoding)
    except UnicodeEncodeError as error:
        raise DeliveryError(
            f"delivery of {content.ags} for {content.quarter}: a remark holds {error.object[error.start]!r}, which "
            f"{encoding} does not have; use the dialect comma_utf8_bom"
        ) from error


def empty_csv(registry: Registry, ags: str, quarter: str) -> bytes:
    """Return the CSV form of a body for a quarter with every value still to be filled in (semicolon, cp1252)."""
    return filled_csv(registry, DeliveryContent(ags=ags, quarter=quarter, values={}), "semicolon_cp1252")


def form_name(edition: str, *, is_invented: bool) -> str:
    """Return what stands in the column ``Formular``: the edition, and the mark of an invented study."""
    return f"{edition} {text('delivery.mark.invented')}" if is_invented else edition
