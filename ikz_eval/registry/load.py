"""A study folder becomes a frozen Registry, or one error that lists every fault.

Holds the choice of the folder, the two hashes and the assembly. Reading is draft.py, judging validate.py.
"""

import hashlib
import json
from pathlib import Path

from ikz_eval.errors import StudyError
from ikz_eval.registry.draft import REFERENCE, Draft, read_draft
from ikz_eval.registry.model import Outcome, Pooled, Registry, Specification
from ikz_eval.registry.plan import evaluations, outcomes, pooled, specifications, thresholds
from ikz_eval.registry.validate import draft_faults
from ikz_eval.settings import ROOT, place


def load_registry(study: str | Path | None = None) -> Registry:
    """Load a study and check it.

    Parameters
    ----------
    study : str or Path, optional
        Name of a folder of ``studies/``, or a folder; by default the study that IKZ_STUDY names.

    Returns
    -------
    Registry
        Frames typed by their contracts, plan and hashes; two loads of the same files are equal.

    Raises
    ------
    StudyError
        If the folder does not exist, or anything in it is faulty: lists every fault with file, row and column.
    """
    folder = study_folder(study)
    draft = read_draft(folder)
    faults = draft_faults(draft)
    if faults:
        listed = "\n".join(f"  {fault}" for fault in faults)
        raise StudyError(f"study '{folder.name}' has {len(faults)} fault(s):\n{listed}")
    return _registry(folder, draft)


def study_folder(study: str | Path | None = None) -> Path:
    """Return the folder of a study.

    Raises
    ------
    StudyError
        If there is no such folder; names the studies there are.
    """
    folder = place().study_folder if study is None else Path(study)
    if isinstance(study, str) and (ROOT / "studies" / study).is_dir():
        folder = ROOT / "studies" / study
    if not folder.is_dir():
        known = ", ".join(sorted(path.parent.name for path in (ROOT / "studies").glob("*/study.toml")))
        raise StudyError(
            f"there is no study '{folder.name}'; there are: {known or 'none'}; "
            "choose one with IKZ_STUDY (make: STUDY=), or add a folder to studies/ (docs/howto/add_a_study.md)"
        )
    return folder


def study_hash(folder: Path) -> str:
    """Return the SHA-256 over the CSV and TOML files of a study, sorted by their relative names."""
    digest = hashlib.sha256()
    files = {
        path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.suffix in (".csv", ".toml")
    }
    for name in sorted(files):
        content = files[name].read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def specification_hash(
    outcomes: tuple[Outcome, ...],
    specifications: tuple[Specification, ...],
    averages: tuple[Pooled, ...],
    unit_of_body: dict[str, str],
) -> str:
    """Return the SHA-256 over the frozen analysis plan: outcomes, specifications, averages, the unit of every body.

    Reasons are left out: a reworded reason is not another plan.
    """
    plan = {
        "outcomes": {outcome.field: outcome.name for outcome in outcomes},
        "specifications": [
            [s.name, s.is_primary, s.method, s.late_joiners, s.average, s.anticipation_quarters] for s in specifications
        ],
        "pooled": {average.name: average.fields for average in averages},
        "units": unit_of_body,
    }
    canonical = json.dumps(plan, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _registry(folder: Path, draft: Draft) -> Registry:
    frames = {name: table.frame for name, table in draft.tables.items()}
    study, fields, bodies = draft.plan.study, frames["fields"], frames["bodies"]
    chosen = outcomes(draft.plan)
    ways = specifications(draft.plan, list(fields.loc[fields["is_delivered"], "field"]))
    averages, units = pooled(draft.plan), dict(zip(bodies["ags"], bodies["unit"], strict=True))
    return Registry(
        study=folder.name,
        title_de=study["title_de"],
        title_en=study["title_en"],
        is_invented=study["is_invented"],
        first_quarter=study["first_quarter"],
        due_days=study["due_days"],
        price_base=study["price_base"],
        bodies=bodies,
        regions=frames["regions"],
        fields=fields,
        agreements=frames["agreements"],
        grants=frames["grants"],
        corrections=frames["corrections"],
        **{name: frames[name] for name in REFERENCE},
        evaluations=evaluations(draft.plan),
        outcomes=chosen,
        specifications=ways,
        thresholds=thresholds(draft.plan),
        study_hash=study_hash(folder),
        specification_hash=specification_hash(chosen, ways, averages, units),
        conflicts=frames["conflicts"],
        calibration=frames["calibration"],
        robustness=frames["robustness"],
        power=frames["power"],
        pooled=averages,
    )
