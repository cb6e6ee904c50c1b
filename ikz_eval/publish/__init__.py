"""STAGE 5: from evaluation tables to published cells, and from cells to a release.

``tables.build_cells`` decides every published number; pages, workbook, CSV files, figures and notebooks are made from
those cells alone. ``release.make_release`` puts them into one folder that appears whole or not at all.
"""
