"""Prepares the place a study is evaluated in: its folders, and the Dagster instance with telemetry off.

Called by evaluate.py and serve.py, so that both use the same instance. Nothing is configured here: dagster.yaml is.
"""

import os
from pathlib import Path

from ikz_eval.settings import ROOT, Place

SETTINGS = Path(__file__).with_name("dagster.yaml")
LOCATION = "ikz_eval"
"""Name of the code location, as in workspace.yaml."""


def prepare(place: Place) -> Path:
    """Create the folders of a study and its Dagster instance; point DAGSTER_HOME to it.

    Parameters
    ----------
    place : Place
        The study's place under IKZ_DATA.

    Returns
    -------
    Path
        The folder of the instance.
    """
    for folder in (place.inbox, place.outbox, place.ledger, place.warehouse, place.releases, place.dagster):
        folder.mkdir(parents=True, exist_ok=True)
    settings = place.dagster / "dagster.yaml"
    wanted = SETTINGS.read_bytes()
    if not settings.is_file() or settings.read_bytes() != wanted:
        aside = settings.with_name(f"dagster.yaml.{os.getpid()}.tmp")
        aside.write_bytes(wanted)
        aside.replace(settings)
    os.environ["DAGSTER_HOME"] = str(place.dagster)
    return place.dagster


def environment(place: Place) -> dict[str, str]:
    """Return the environment of a server or run of this study: one process, one study, wherever it is started."""
    path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH", "")) if part)
    return os.environ | {
        "DAGSTER_HOME": str(place.dagster),
        "IKZ_STUDY": place.study,
        "IKZ_DATA": str(place.data),
        "PYTHONPATH": path,
    }
