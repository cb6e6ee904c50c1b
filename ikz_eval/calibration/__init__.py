"""How the published inference performs on a study's own design: size, coverage, power and bias in error worlds.

A layer above the stages, imported by none of them: it runs their estimators and their verdict on drawn programmes. The
table it makes is a file of the study (studies/<name>/calibration.csv) that a release can show. Whether an effect is found
in real data does not belong here. Docs: docs/methods/calibration.md.
"""

from ikz_eval.calibration.layout import PlannedRegion, StudyLayout, planned_layout, study_layout
from ikz_eval.calibration.prepared import PreparedStudy, prepare_study
from ikz_eval.calibration.run import calibrate
from ikz_eval.calibration.table import calibration_table
from ikz_eval.calibration.worlds import WORLDS, World

__all__ = [
    "WORLDS",
    "PlannedRegion",
    "PreparedStudy",
    "StudyLayout",
    "World",
    "calibrate",
    "calibration_table",
    "planned_layout",
    "prepare_study",
    "study_layout",
]
