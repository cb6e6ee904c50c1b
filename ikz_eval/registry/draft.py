"""A study folder as read: tables and plan without faults of their own, and the faults found so far.

Which files a study consists of stands here. Cross-references are validate.py, the finished Registry load.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ikz_eval.registry.faults import Fault
from ikz_eval.registry.plan import FILE, Plan, read_plan
from ikz_eval.registry.tables import StudyTable, read_table
from schemas import CONTRACTS, Contract
from schemas.registry import Calibration, DocumentedConflict, RobustnessRecord, StudyPower

REQUIRED = {
    "bodies": "body",
    "regions": "region",
    "fields": "cooperation_field",
    "agreements": "agreement",
    "grants": "grant",
    "corrections": "correction",
}
"""File (without .csv) every study has -> its contract."""
REFERENCE = (
    "price_index",
    "population",
    "vehicle_stock",
    "registration_district",
    "employment",
    "published_figure",
)
"""Reference series a study may have, in reference/; file and contract have the same name."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A study as read.

    Attributes
    ----------
    tables : dict of str to StudyTable
        By the name of the file without folder and ending.
    plan : Plan
        study.toml.
    faults : tuple of Fault
        Faults of single files, rows and cells.
    """

    tables: dict[str, StudyTable]
    plan: Plan
    faults: tuple[Fault, ...]

    def is_sound(self, *names: str) -> bool:
        """Return whether the files of these tables (or ``study``, the study.toml) have no fault of their own."""
        files = {FILE if name == "study" else self.tables[name].file for name in names}
        return not files & {fault.file for fault in self.faults}

    def rows(self, name: str) -> Iterator[tuple[int, dict[str, object]]]:
        """Yield line and row of a table; null is None."""
        table = self.tables[name]
        for line, row in zip(table.lines, table.frame.to_dict("records"), strict=True):
            yield line, {str(column): None if pd.isna(value) else value for column, value in row.items()}


def study_files() -> dict[str, tuple[str, type[Contract], bool]]:
    """Return name -> (path inside the folder, contract, whether it is required), for every CSV file of a study."""
    files: dict[str, tuple[str, type[Contract], bool]] = {
        name: (f"{name}.csv", CONTRACTS[table], True) for name, table in REQUIRED.items()
    }
    files["conflicts"] = ("conflicts.csv", DocumentedConflict, False)
    files["calibration"] = ("calibration.csv", Calibration, False)
    files["robustness"] = ("robustness.csv", RobustnessRecord, False)
    files["power"] = ("power.csv", StudyPower, False)
    for name in REFERENCE:
        files[name] = (f"reference/{name}.csv", CONTRACTS[name], False)
    return files


def read_draft(folder: Path) -> Draft:
    """Read every file of a study folder, collecting faults instead of stopping at the first."""
    plan, faults = read_plan(folder)
    tables = {}
    files = study_files()
    for name, (file, contract, is_required) in files.items():
        tables[name], own = read_table(folder, file, contract, is_required)
        faults.extend(own)
    known = {file for file, _, _ in files.values()}
    for path in sorted(folder.rglob("*.csv")):
        file = path.relative_to(folder).as_posix()
        if file not in known:
            faults.append(Fault(file, 0, "", "an unknown file", ", ".join(sorted(known)), "remove or rename it"))
    return Draft(tables, plan, tuple(faults))
