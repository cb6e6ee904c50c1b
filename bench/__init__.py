"""Measurements of speed; run by ``make bench``, imported by nothing."""
