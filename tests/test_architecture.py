"""The house stands as it was drawn: layers, one exit for settings, no places of one machine."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [path for folder in ("ikz_eval", "assets", "schemas") for path in sorted((ROOT / folder).rglob("*.py"))]


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


READS_A_VARIABLE = re.compile(r"""(?:environ\.get\(|getenv\(|= os\.environ\[)["']IKZ_(?:STUDY|DATA)""")


def test_the_two_variables_are_read_in_one_place():
    readers = [
        p.relative_to(ROOT).as_posix() for p in SOURCES if READS_A_VARIABLE.search(p.read_text(encoding="utf-8"))
    ]
    assert readers == ["ikz_eval/settings.py"]


def test_no_file_names_a_path_of_one_machine_or_a_registry():
    machine = re.compile(r"(?<![\w.-])/(?:work|farm|root|home/\w+)/")
    registry = re.compile(r"(?:pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian\.org)")
    for path in tracked():
        if path.suffix in {".py", ".md", ".toml", ".yaml", ".lock", ".txt", ".csv", ".j2"} and path != Path(__file__):
            content = path.read_text(encoding="utf-8")
            assert not machine.search(content), path
            assert not registry.search(content), path


def test_the_lock_carries_hashes_and_no_addresses():
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    assert len(re.findall(r"^\S+==", lock, flags=re.M)) > 100
    assert "--hash=sha256:" in lock


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_belongs_there(path):
    head = path.read_text(encoding="utf-8").lstrip()
    assert head.startswith('"""'), "a module starts with its docstring"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_stay_readable(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350
