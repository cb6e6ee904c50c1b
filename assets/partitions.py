"""The partitions: evaluation quarters, one for every evaluation the study names.

Read lightly from study.toml, because loading the pipeline must stay quick; whether the file is right is judged by
ikz_eval/registry when a run begins.
"""

import tomllib

import dagster as dg

from ikz_eval.errors import StudyError
from ikz_eval.settings import place


def evaluation_quarters() -> list[str]:
    """Return the keys of all evaluation quarters of the study, in order.

    Raises
    ------
    StudyError
        If the study has no folder or no evaluation.
    """
    path = place().study_folder / "study.toml"
    if not path.is_file():
        known = sorted(folder.parent.name for folder in path.parent.parent.glob("*/study.toml"))
        raise StudyError(
            f"there is no study '{place().study}' (looked for studies/{place().study}/study.toml); IKZ_STUDY may be: "
            f"{', '.join(known)}"
        )
    quarters = [entry["quarter"] for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("evaluation", [])]
    if not quarters:
        raise StudyError(
            f"studies/{place().study}/study.toml names no [[evaluation]]; write one with quarter and cutoff"
        )
    return sorted(quarters)


EVALUATIONS = dg.StaticPartitionsDefinition(evaluation_quarters())
"""One partition per evaluation quarter; the key is the text in column ``evaluation_quarter``."""
