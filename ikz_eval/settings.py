"""The two environment variables, read here and nowhere else.

``IKZ_STUDY`` names the study (default ``demonstration``), ``IKZ_DATA`` the folder everything is kept in (default
``data``). One process, one study. Parameters of the evaluation do not belong here: they stand in the study's study.toml.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ikz_eval.errors import StudyError

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: studies/ and requirements.lock lie here."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one study keeps its files: ``<data>/<study>/...``.

    Attributes
    ----------
    study : str
        Name of the study, a folder of ``studies/``.
    data : Path
        The folder IKZ_DATA names, absolute.
    """

    study: str
    data: Path

    @property
    def home(self) -> Path:
        """Folder of this study's data."""
        return self.data / self.study

    @property
    def study_folder(self) -> Path:
        """Folder of the reviewed study files."""
        return ROOT / "studies" / self.study

    @property
    def inbox(self) -> Path:
        """Where deliveries are dropped."""
        return self.home / "inbox"

    @property
    def outbox(self) -> Path:
        """Where the answers to deliveries lie."""
        return self.home / "outbox"

    @property
    def ledger(self) -> Path:
        """Where every file that ever arrived is kept."""
        return self.home / "ledger"

    @property
    def warehouse(self) -> Path:
        """Delta tables."""
        return self.home / "warehouse"

    @property
    def releases(self) -> Path:
        """Published releases."""
        return self.home / "releases"

    @property
    def dagster(self) -> Path:
        """The Dagster instance (DAGSTER_HOME)."""
        return self.home / "dagster"


def place(study: str | None = None) -> Place:
    """Return the place of ``study``, or of the study that IKZ_STUDY names.

    Raises
    ------
    StudyError
        If the name is no plain folder name, so that nothing is written outside IKZ_DATA.
    """
    name = study or os.environ.get("IKZ_STUDY") or "demonstration"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise StudyError(
            f"IKZ_STUDY: '{name}' is no name of a study; allowed are letters, digits, '_' and '-', for example rlp"
        )
    data = Path(os.environ.get("IKZ_DATA") or ROOT / "data").expanduser().resolve()
    return Place(study=name, data=data)
