"""manifest.json: from what, with what and by which rules a release was made, and the hash of each of its files.

Holds nothing that differs between two builds of the same input: no time of building, no path, no machine.
"""

import json
import subprocess
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd

import schemas
from ikz_eval import __version__
from ikz_eval.errors import ReleaseError
from ikz_eval.publish.fingerprint import fingerprint, study_rows_hash, table_hashes
from ikz_eval.publish.mark import mark
from ikz_eval.publish.sentences import field_results
from ikz_eval.publish.tables import of_quarter
from ikz_eval.publish.versions import METHOD_VERSIONS
from ikz_eval.registry import EvaluationQuarter, Registry
from ikz_eval.settings import ROOT
from ikz_eval.texts import LANGUAGES

MANIFEST = "manifest.json"
UNKNOWN = "unknown"


def deliveries_used(
    registry: Registry, evaluation: EvaluationQuarter, tables: Mapping[str, pd.DataFrame]
) -> list[dict[str, str]]:
    """Return the deliveries that count, ordered by body and quarter; the time of taking them in is left out.

    Raises
    ------
    ReleaseError
        If a counting delivery is not in the ledger, or a demonstration and real deliveries would mix.
    """
    calendar = of_quarter(tables["delivery_calendar"], evaluation.quarter)
    counted = set(calendar["delivery_id"].dropna())
    known = tables["delivery"][tables["delivery"]["delivery_id"].isin(counted)]
    if len(known) != len(counted):
        absent = sorted(counted - set(known["delivery_id"]))
        raise ReleaseError(
            f"{evaluation.quarter}: the delivery calendar counts {', '.join(absent)}, but table delivery has no such "
            "delivery; evaluate the quarter again"
        )
    foreign = known[known["is_invented"] != registry.is_invented]
    if not foreign.empty:
        kinds = ("real", "invented") if registry.is_invented else ("invented", "real")
        raise ReleaseError(
            f"{evaluation.quarter}: delivery {foreign['delivery_id'].iloc[0]} is {kinds[0]}, study '{registry.study}' is "
            f"{kinds[1]}; the two are never mixed in one release: keep each study in its own place (IKZ_DATA)"
        )
    return [_delivery(row) for row in known.sort_values(["ags", "quarter"]).to_dict("records")]


def _delivery(row: Mapping[Any, Any]) -> dict[str, str]:
    received = row["received_at"].tz_convert("UTC").isoformat()
    return {key: str(row[key]) for key in ("delivery_id", "sha256", "ags", "quarter")} | {"received_at": received}


def manifest_bytes(
    registry: Registry,
    evaluation: EvaluationQuarter,
    number: int,
    tables: Mapping[str, pd.DataFrame],
    cells: pd.DataFrame,
    release: Path,
) -> bytes:
    """Return the manifest of the files that lie in ``release``."""
    deliveries = deliveries_used(registry, evaluation, tables)
    content = {
        "mark": {lang: mark(registry, lang) for lang in LANGUAGES},
        "study": registry.study,
        "is_invented": registry.is_invented,
        "evaluation_quarter": evaluation.quarter,
        "cutoff": evaluation.cutoff.isoformat(),
        "number": number,
        "fingerprint": fingerprint(registry, evaluation, tables, cells, deliveries),
        "results": {lang: _results(cells, registry, lang) for lang in LANGUAGES},
        "code": code_version(),
        "study_hash": registry.study_hash,
        "study_rows_hash": study_rows_hash(registry, evaluation),
        "specification_hash": registry.specification_hash,
        "specifications": [specification.name for specification in registry.specifications],
        "lock_hash": _file_hash(ROOT / "requirements.lock"),
        "contract": {"version": schemas.TABLE_SCHEMA_VERSION, "hash": contract_hash()},
        "method_versions": {
            name: {"version": method.version, "reason": method.reason} for name, method in METHOD_VERSIONS.items()
        },
        "tables": table_hashes(evaluation.quarter, tables),
        "deliveries": deliveries,
        "files": file_hashes(release),
    }
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


def _results(cells: pd.DataFrame, registry: Registry, lang: str) -> list[dict[str, str]]:
    return [
        {"field": result.field, "verdict": result.verdict, "sentence": result.sentence}
        for result in field_results(cells, registry, lang)
    ]


def file_hashes(release: Path) -> dict[str, str]:
    """Return path (relative, with slashes) -> SHA-256 of every file of a release but the manifest."""
    files = sorted(path for path in release.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(release).as_posix(): _file_hash(path) for path in files}


def _file_hash(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else UNKNOWN


def contract_hash() -> str:
    """Return a hash of the contracts' source."""
    digest = sha256()
    for path in sorted(Path(schemas.__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def code_version() -> dict[str, object]:
    """Return package version and commit of the checkout; ``unknown`` where the code lies in no checkout of its own."""
    commit = UNKNOWN
    is_modified = False
    if _git("rev-parse", "--show-toplevel") == str(ROOT):
        commit = _git("rev-parse", "HEAD") or UNKNOWN
        is_modified = commit != UNKNOWN and bool(_git("status", "--porcelain", "--untracked-files=no"))
    return {"package": "ikz-eval", "version": __version__, "commit": commit, "is_modified": is_modified}


def _git(*arguments: str) -> str | None:
    """Return what git prints; None without git, outside a checkout or before the first commit."""
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def read_manifest(release: Path) -> dict[str, Any]:
    """Return the manifest of a release.

    Raises
    ------
    ReleaseError
        If it cannot be read: the folder was changed by hand.
    """
    try:
        content = json.loads((release / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReleaseError(
            f"release {release.name}: {MANIFEST} cannot be read ({error.__class__.__name__}); a release is never changed "
            "by hand: restore the folder from the backup, or move it out of releases/"
        ) from error
    return dict(content)
