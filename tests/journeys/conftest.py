"""The demonstration evaluated once, as a user would: by the command, in a folder of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Run:
    """One call of the evaluation: where its data lie and what it printed."""

    data: Path
    study: str
    output: str

    @property
    def home(self) -> Path:
        """Folder of the study's data."""
        return self.data / self.study

    @property
    def last_line(self) -> str:
        """The last line printed."""
        return self.output.strip().splitlines()[-1]


def evaluate(data: Path, study: str = "demonstration", *arguments: str, **variables: str) -> Run:
    """Run the evaluation command the way ``make evaluate`` does."""
    environment = {**os.environ, "IKZ_DATA": str(data), "IKZ_STUDY": study, **variables}
    environment.pop("DAGSTER_HOME", None)
    done = subprocess.run(
        [sys.executable, "-m", "assets.evaluate", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=400,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return Run(data, study, done.stdout)


def ikz(
    data: Path, *arguments: str, study: str = "demonstration", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the command ``ikz``."""
    environment = {**os.environ, "IKZ_DATA": str(data), "IKZ_STUDY": study, **variables}
    return subprocess.run(
        [sys.executable, "-c", "from ikz_eval.cli import main; main()", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=400,
    )  # fmt: skip


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its bytes."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="session")
def demonstration_run(tmp_path_factory) -> Run:
    """Return the demonstration's latest closed quarter, evaluated from nothing."""
    return evaluate(tmp_path_factory.mktemp("demonstration"))
