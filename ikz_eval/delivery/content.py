"""What a delivery says, apart from any file: body, quarter, values and remarks.

The type that template.py and csv_form.py write from. Reading a file into entries with addresses is form.py.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeliveryContent:
    """The content of one delivery.

    Attributes
    ----------
    ags : str
        Body.
    quarter : str
        Quarter delivered, ``2024-Q3``.
    values : dict of (table, field, item) to str
        Values in canonical decimal form, e.g. ``("cost", "wohngeld", "personnel") -> "12400.50"``; units as in the
        contracts ``cost`` (here in EUR), ``caseload``, ``staff`` and ``service_quality``.
    remarks : tuple of str
        Free text.
    """

    ags: str
    quarter: str
    values: dict[tuple[str, str, str], str]
    remarks: tuple[str, ...] = ()
