"""Figures: same bytes everywhere, readable without colour, numbers at the height where they belong."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pandas as pd
import pytest

from ikz_eval.publish.figures import Picture, draw, picture, table
from tests.ikz_eval.publish.invented_cells import BINS, FIELD, make_cells, make_empty_cells

ROOT = Path(__file__).parents[3]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def cells(demonstration):
    return make_cells(demonstration)


@pytest.fixture(scope="module")
def figures(cells, demonstration):
    return draw(cells, demonstration, "de")


def words(svg: str) -> str:
    return " ".join(ElementTree.fromstring(svg).itertext())


def test_one_figure_per_table_and_field(figures):
    assert list(figures) == ["lieferkalender", "wirkungen", f"fallkosten_{FIELD}", f"ereignispfad_{FIELD}"]


def test_another_process_in_another_place_draws_the_same_bytes(figures, tmp_path):
    script = (
        "import sys; from ikz_eval.registry import load_registry; from ikz_eval.publish.figures import draw;"
        "from tests.ikz_eval.publish.invented_cells import make_cells; r = load_registry('demonstration');"
        "sys.stdout.buffer.write('|'.join(draw(make_cells(r), r).values()).encode())"
    )
    environment = {"PYTHONPATH": str(ROOT), "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, check=True
    )
    assert done.stdout.decode() == "|".join(figures.values())


def test_every_figure_is_well_formed_marked_described_and_self_contained(figures):
    for stem, svg in figures.items():
        root = ElementTree.fromstring(svg)
        assert root.get("role") == "img"
        assert "ERFUNDENE ZAHLEN" in root.find(f"{SVG}title").text
        assert len(root.find(f"{SVG}desc").text) > 100
        shown = [element.text for element in root.iter(f"{SVG}text")]
        assert any("ERFUNDENE ZAHLEN" in line for line in shown if line), stem
        assert set(re.findall(r"https?://[^\"' ]+", svg)) <= {
            "http://www.w3.org/2000/svg",
            "http://www.w3.org/1999/xlink",
        }
        assert "<script" not in svg
        assert all(identifier.startswith(stem) for identifier in re.findall(r'\bid="([^"]+)"', svg))


def test_figures_of_a_real_study_say_internal(cells, rlp):
    svg = draw(cells, rlp, "de")["lieferkalender"]
    assert "INTERN – nicht zur Weitergabe" in words(svg)
    assert "ERFUNDEN" not in words(svg)


def test_the_calendar_names_bodies_regions_and_what_is_missing(figures):
    said = words(figures["lieferkalender"])
    assert "864 fällige Lieferungen: 860 pünktlich, 1 verspätet, 1 nur abgewiesen, 2 fehlen" in said
    assert "Landkreis Nebelquorn: 2026-Q1, 2026-Q2" in said
    assert "Modellregion Nebelquorn" in said
    assert "22/24" in said and "23/24" in said


def test_each_status_of_the_calendar_has_a_shape_of_its_own(figures):
    root = ElementTree.fromstring(figures["lieferkalender"])
    shapes = {}
    for path in root.iter(f"{SVG}path"):
        colour = path.get("stroke")
        if colour in ("#0b4f8a", "#8a5a00", "#4b2a77", "#a3160f") and path.get("transform", "").startswith("translate"):
            shapes.setdefault(colour, []).append(path.get("d"))
    symbols = {colour: [d for d in found if "h" not in d] for colour, found in shapes.items()}
    assert {colour: len(found) for colour, found in symbols.items()} == {
        "#0b4f8a": 861, "#8a5a00": 2, "#4b2a77": 2, "#a3160f": 3,
    }  # fmt: skip
    assert len({found[0] for found in symbols.values()}) == 4


def test_cost_lines_are_named_directly_with_their_starts(figures):
    said = words(figures[f"fallkosten_{FIELD}"])
    for unit in ("Nebelquorn", "Quastelbach", "Irrlichtmoor"):
        assert f"Start Modellregion {unit}" in said
    assert "Vergleich (Mittel)" in said
    assert "EUR je Fall in Preisen von 2020-Q4" in said
    assert "Modellregion Nebelquorn: zuerst 38,00 EUR, zuletzt" in said


def test_a_missing_quarter_breaks_the_line(figures):
    root = ElementTree.fromstring(figures[f"fallkosten_{FIELD}"])
    lines = [
        path.get("d")
        for path in root.iter(f"{SVG}path")
        if path.get("stroke") == "#b34700" and path.get("stroke-width") == "2.2"
    ]
    assert sorted(d.count("L") + 1 for d in lines) == [6, 15]


def test_the_event_path_draws_the_ends_of_the_intervals(figures):
    """Heights of the interval rules follow the numbers on one straight scale."""
    root = ElementTree.fromstring(figures[f"ereignispfad_{FIELD}"])
    rules = []
    for line in root.iter(f"{SVG}line"):
        if line.get("stroke") == "#00558c" and line.get("stroke-width") == "2":
            place = float(re.search(r"translate\([\d.]+,([\d.]+)\)", line.get("transform")).group(1))
            rules.append(sorted((place, place + float(line.get("y2") or 0))))
    expected = [(low, high) for _, _, low, high in BINS if low is not None]
    assert len(rules) == len(expected)
    heights = [end for rule in sorted(rules, key=lambda rule: rule[0] + rule[1]) for end in rule]
    values = [end for low, high in sorted(expected, key=lambda pair: -(pair[0] + pair[1])) for end in (high, low)]
    slope = (heights[-1] - heights[0]) / (values[-1] - values[0])
    assert heights == pytest.approx([heights[0] + slope * (value - values[0]) for value in values], abs=0.01)
    assert slope < 0


def test_the_event_path_says_its_numbers(figures):
    said = words(figures[f"ereignispfad_{FIELD}"])
    assert "Quartale 0 bis 3: −10,4 % (95-%-Intervall −14,1 bis −6,6 %)" in said
    assert "Quartale −4 bis −1: Bezugszeitraum" in said
    assert "−12,3\u202f%" in said


def test_a_point_of_one_region_is_named_as_such(cells, demonstration):
    is_regions = (cells["table"] == "F2") & (cells["column"] == "treated_regions")
    is_interval = (cells["table"] == "F2") & cells["column"].isin(["low_percent", "high_percent"])
    alone = cells.copy()
    alone.loc[is_regions, "value"] = "1"
    alone.loc[is_interval, "value"] = None
    name = f"ereignispfad_{FIELD}"
    said = words(draw(alone, demonstration)[name])
    assert "−10,4\u202f% (1 Region)" in said
    assert "Quartale 0 bis 3: −10,4 % (nur eine Modellregion: beschreibend, ohne Intervall)" in said
    alone.loc[is_regions, "value"] = "2"
    assert "(1 Region)" not in words(draw(alone, demonstration)[name])


def test_the_english_edition_speaks_english(cells, demonstration):
    drawn = draw(cells, demonstration, "en")
    said = words(drawn[f"ereignispfad_{FIELD}"])
    assert "Quarters 0 to 3: −10.4 % (95 % interval −14.1 to −6.6 %)" in said
    assert "Wirkung" not in said


def test_nothing_delivered_draws_nothing(rlp):
    assert draw(make_empty_cells(), rlp) == {}


def test_a_field_without_values_has_no_figure(cells, demonstration):
    bare = cells.copy()
    numbers = ["real_gross_cost_per_case_eur", "estimate_percent", "effect_percent", "low_percent", "high_percent"]
    is_number = bare["column"].isin(numbers)
    bare.loc[is_number, "value"] = None
    assert list(draw(bare, demonstration)) == ["lieferkalender"]


def test_a_notebook_shows_words_and_german_numbers(demonstration):
    rows = pd.DataFrame(
        {
            "mark": ["x", "x"],
            "field": [FIELD, None],
            "level": ["partnership", None],
            "change_percent": ["-10.0", None],
            "extra": ["1", None],
        }
    )
    shown = table(rows.drop(columns="mark"), "T3", demonstration)
    assert shown.frame.to_dict("records") == [
        {"Feld": "Fahrzeugzulassung", "Ebene": "Region gesamt (brutto)", "Veränderung [%]": "−10,0", "extra": "1"}
    ]
    assert "<th>Ebene</th>" in shown._repr_html_()


def test_a_table_without_rows_and_a_missing_figure_say_so(demonstration, tmp_path):
    shown = table(pd.DataFrame({"mark": ["x"], "field": [None]}), "T3", demonstration)
    assert shown._repr_html_() == "<p>Keine Werte: dazu ist noch nichts geliefert.</p>"
    missing = picture(tmp_path / "fallkosten_wohngeld.svg")
    assert missing == Picture("fallkosten_wohngeld", "")
    assert repr(missing) == "Die Abbildung fallkosten_wohngeld gibt es in dieser Auswertung nicht: es fehlen Werte."
