"""Evaluation of inter-municipal cooperation: from a delivered workbook to a published cell.

Holds the version only; every stage is a package below (see docs/tour.md).
"""

__version__ = "0.1.0"
