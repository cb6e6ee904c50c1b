"""Dagster, and nothing but Dagster: puts the stages in a row, by quarter, with checks, a schedule and a sensor.

Start reading at definitions.py. No figure is computed here; that is the work of the stages in ikz_eval/.
"""
