"""Exports: what finance systems and statistical offices write, read by a layout file; no code for a new body.

``read_export`` (read.py) is the door. A layout (layout.py, files in ikz_eval/delivery/layouts/exports and in a study's
``layouts/``) says where what stands and how it is signed; classification.py turns accounts into cost blocks; control.py
recomputes every subtotal; draft.py proposes a layout for a file nobody knows. The official form is form*.py.
"""

from ikz_eval.delivery.exports.layout import ExportLayout, export_layouts
from ikz_eval.delivery.exports.read import ExportReading, Figure, read_export

__all__ = ["ExportLayout", "ExportReading", "Figure", "export_layouts", "read_export"]
