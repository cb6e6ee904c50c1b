"""Is the release of a quarter still what an evaluation would give? Asked before anything is computed.

Compares what the manifest says with the study, the deliveries that count now and the versions of the methods; exact, and
quick enough for every call of ``make evaluate`` and every tick of the schedule. What a release rests on is decided in
ikz_eval/publish (fingerprint.py, versions.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ikz_eval.settings import Place

if TYPE_CHECKING:
    from ikz_eval.registry import EvaluationQuarter, Registry


def current_release(at: Place, registry: Registry, due: EvaluationQuarter) -> Path | None:
    """Return the newest release of the quarter if nothing it rests on has changed, otherwise None.

    Parameters
    ----------
    at : Place
        Where deliveries and releases lie.
    registry, due
        The study as it stands now, and the evaluation.

    Raises
    ------
    ReleaseError
        If the release was changed by hand.
    """
    from ikz_eval.publish.release import latest_release

    release = latest_release(at, due.quarter)
    return release if release is not None and _rests_on_the_same(release, at, registry, due) else None


def _rests_on_the_same(release: Path, at: Place, registry: Registry, due: EvaluationQuarter) -> bool:
    from ikz_eval.panel import build_calendar, standing
    from ikz_eval.publish.fingerprint import frame_hash, study_rows_hash
    from ikz_eval.publish.manifest import read_manifest
    from ikz_eval.publish.versions import METHOD_VERSIONS
    from ikz_eval.warehouse import Warehouse
    from schemas import TABLE_SCHEMA_VERSION

    manifest = read_manifest(release)
    methods = {name: entry["version"] for name, entry in manifest["method_versions"].items()}
    if (
        manifest["study_rows_hash"] != study_rows_hash(registry, due)
        or manifest["contract"]["version"] != TABLE_SCHEMA_VERSION
        or methods != {name: method.version for name, method in METHOD_VERSIONS.items()}
    ):
        return False
    warehouse = Warehouse(at.warehouse, read_only=True)
    if not warehouse.exists("published_cell"):
        return False
    calendar = build_calendar(
        registry, due, standing(warehouse.read("delivery"), warehouse.read("ledger_event"), due.cutoff)
    )
    return bool(manifest["tables"]["delivery_calendar"] == frame_hash(calendar))
