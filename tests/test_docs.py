"""The docs are true: links lead somewhere, commands exist, generated pages are current."""

import re
from pathlib import Path

import pytest

from docs.build import stale_pages
from ikz_eval.cli import COMMANDS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_named_exist(page):
    content = page.read_text(encoding="utf-8")
    for command in re.findall(r"`(?:\.venv/bin/)?ikz ([a-z]+)", content):
        assert command in COMMANDS, f"{page.name}: ikz {command}"
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    for target in re.findall(r"`make ([a-z-]+)", content):
        assert target in targets, f"{page.name}: make {target}"


def test_the_tour_names_files_that_exist():
    tour = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:ikz_eval|assets|schemas|studies|notebooks)/[\w/.-]+)`", tour)
    assert len(named) > 10
    for name in named:
        assert (ROOT / name).exists(), name


def test_generated_pages_are_current():
    assert stale_pages() == []
