"""Stage 1, delivery: a file of a body becomes cells, findings and the tables cost, caseload, staff, service_quality.

``judge`` (judge.py) reads and judges one file; ``tidy`` (tidy.py) turns accepted cells into tables; template.py and
csv_form.py write the official form. What counts at a cut-off is decided by the panel stage, not here.
"""

from ikz_eval.delivery.content import DeliveryContent

__all__ = ["DeliveryContent"]
