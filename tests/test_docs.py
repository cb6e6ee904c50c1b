"""The docs are true: links lead somewhere, commands exist, generated pages are current."""

import re
from pathlib import Path

import pandas as pd
import pytest

from docs import build, calibration_page
from docs.build import stale_pages
from ikz_eval.cli import COMMANDS
from ikz_eval.registry.calibration import judge_calibration

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


def test_the_calibration_page_shows_the_latest_quarter_in_full_and_others_in_a_line(tmp_path, monkeypatch):
    committed = pd.read_csv(calibration_page.BENCH / "calibration.csv")
    one = committed[committed["study"] == "demonstration"]
    one = one[one["quarter"] == one["quarter"].max()]
    earlier = one.assign(quarter="2000-Q1", design_hash="a" * 64, draws=7)
    monkeypatch.setattr(calibration_page, "BENCH", tmp_path)
    one.to_csv(tmp_path / "calibration.csv", index=False)
    alone = calibration_page.calibration_page()
    pd.concat([earlier, one]).to_csv(tmp_path / "calibration.csv", index=False)
    both = calibration_page.calibration_page().splitlines()
    added = [line for line in both if line not in alone.splitlines()]
    assert set(alone.splitlines()) <= set(both)
    (line,) = [line for line in added if "2000-Q1" in line]
    judged = judge_calibration(one)
    assert line.startswith(f"| 2000-Q1 | `{'a' * 12}` | 7 | cr2 | {judged.largest['cr2']:.3f} |")


def test_a_decision_begins_with_its_number(tmp_path, monkeypatch):
    (tmp_path / "decisions").mkdir()
    (tmp_path / "decisions" / "0002-two.md").write_text("# 0002 Two ways\n", encoding="utf-8")
    (tmp_path / "decisions" / "README.md").write_text("# Decisions\n", encoding="utf-8")
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    assert build.decisions_page().splitlines()[-1] == "- [0002](0002-two.md) Two ways"
    (tmp_path / "decisions" / "0001-one.md").write_text("# One way\n", encoding="utf-8")
    with pytest.raises(ValueError, match="first line must be '# 0001 Title'"):
        build.decisions_page()
