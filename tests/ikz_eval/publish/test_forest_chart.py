"""The figure of all fields: one row each, from published cells alone; their average set apart, without a verdict."""

import re
import xml.etree.ElementTree as ElementTree

import pandas as pd
import pytest

from ikz_eval.publish.cells import cells_of
from ikz_eval.publish.columns import TABLES
from ikz_eval.publish.figures import draw
from ikz_eval.publish.forest_chart import draw_forest
from tests.ikz_eval.publish.invented_cells import EVALUATION, FIELD, make_cells, make_empty_cells

SVG = "{http://www.w3.org/2000/svg}"
SECOND = "wohngeld"


def primary(field, **changes):
    row = {
        "field": field, "specification": "primary", "level": "partnership", "outcome": "log_real_gross_cost_per_case",
        "method": "imputation", "term": "ATT", "is_primary": True,
    }  # fmt: skip
    return row | changes


EFFECTS = [
    primary(FIELD, effect_percent=-11.25, low_percent=-14.1, high_percent=-8.4, verdict="supported"),
    primary(FIELD, is_primary=False, method="group_time", effect_percent=-99.0),
    primary(FIELD, term="R1", effect_percent=-77.0),
    primary(SECOND, effect_percent=2.0, verdict="not_assessable"),
]
REGIONS = [
    {"field": FIELD, "check": "region_effect", "part": "R1", "effect_percent": -13.0},
    {"field": FIELD, "check": "region_effect", "part": "R2", "effect_percent": -9.5},
    {"field": FIELD, "check": "leave_one_region_out", "part": "R1", "effect_percent": 55.0},
]


AVERAGE = {"specification": "alle", "effect_percent": -4.5, "low_percent": -8.0, "high_percent": -1.0}


def cells(effects=EFFECTS, regions=REGIONS, averages=()):
    rows = {"T10": effects, "RC": regions, "DF": list(averages)}
    return pd.concat([cells_of(EVALUATION, table, rows.get(table, [])) for table in TABLES], ignore_index=True)


def words(svg):
    return " ".join(ElementTree.fromstring(svg).itertext())


def places(svg, colour, mark):
    """Return x of every point of a colour, by whether it is the fill or the stroke."""
    found = []
    for path in ElementTree.fromstring(svg).iter(f"{SVG}path"):
        moved = re.fullmatch(r"translate\(([-\d.]+),([-\d.]+)\)", path.get("transform") or "")
        if moved and path.get(mark) == colour and "A" in path.get("d", ""):
            found.append((float(moved.group(1)), float(moved.group(2))))
    return sorted(found)


@pytest.fixture(scope="module")
def forest(demonstration):
    return draw(cells(), demonstration, "de")["wirkungen"]


def test_each_field_says_verdict_interval_and_estimate(forest):
    said = words(forest)
    assert "Fahrzeugzulassung – belegt: −14,1 bis −8,4 %, Schätzung −11,3 %" in said
    assert "Wohngeld – nicht beurteilbar: Schätzung 2,0 %, ohne Intervall" in said
    assert "ERFUNDENE ZAHLEN" in said


def test_only_primary_rows_and_effects_of_regions_are_drawn(forest):
    said = words(forest)
    assert not re.search(r"−99|−77|55,0", said)
    assert len(places(forest, "#8f8f8f", "fill")) == 2
    assert len(places(forest, "#00558c", "fill")) == 1, "a filled point only where the effect is supported"
    assert len([at for at in places(forest, "#00558c", "stroke") if at[1] > 52]) == 1, "a hollow one otherwise"


def test_points_lie_on_one_straight_scale(forest):
    """Two regions, the estimate and the other field's estimate: places are a straight line of the numbers."""
    regions = [x for x, _ in places(forest, "#8f8f8f", "fill")]
    estimate, other = places(forest, "#00558c", "fill")[0][0], max(places(forest, "#00558c", "stroke"))[0]
    slope = (regions[1] - regions[0]) / (-9.5 + 13.0)
    # -11.25 is published as -11.3: figures are made from printed digits.
    assert estimate == pytest.approx(regions[0] + slope * (-11.3 + 13.0), abs=0.01)
    assert other == pytest.approx(regions[0] + slope * (2.0 + 13.0), abs=0.01)
    assert slope > 0


def test_without_an_average_nothing_is_pooled_and_the_figure_says_why(forest):
    assert "Keine Zusammenfassung über Felder" in words(forest)
    assert len(places(forest, "#00558c", "fill")) + 1 == 2, "two fields, two large points, no third"


def test_the_average_is_the_last_row_below_a_line_and_bears_no_verdict(forest, demonstration):
    svg = draw(cells(averages=[AVERAGE]), demonstration, "de")["wirkungen"]
    said = words(svg)
    assert "Durchschnitt der Felder (explorativ) – explorativ, kein Urteil: −8,0 bis −1,0 %, Schätzung −4,5 %" in said
    assert "Er sagt nichts über ein einzelnes Feld" in said and "Keine Zusammenfassung" not in said
    assert len(places(svg, "#00558c", "fill")) == len(places(forest, "#00558c", "fill")), "a mark of its own"
    diamonds = re.findall(r'translate\([-\d.]+,([-\d.]+)\)" d="M-[^A"]*Z" fill="white" stroke="#00558c"', svg)
    fields = [y for _, y in places(svg, "#00558c", "fill") + places(svg, "#00558c", "stroke")]
    assert len(diamonds) == 1 and float(diamonds[0]) - max(fields) > 52, "farther away than the next row would be"


def test_an_average_without_an_interval_is_a_point_and_one_without_a_point_is_left_out(demonstration):
    point = {"specification": "alle", "effect_percent": -4.5}
    said = words(draw(cells(averages=[point]), demonstration, "de")["wirkungen"])
    assert "explorativ, kein Urteil: Schätzung −4,5 %, ohne Intervall" in said
    said = words(draw(cells(averages=[{"specification": "alle"}]), demonstration, "de")["wirkungen"])
    assert "Keine Zusammenfassung über Felder" in said


def test_the_english_edition_speaks_english(demonstration):
    said = words(draw(cells(), demonstration, "en")["wirkungen"])
    assert "supported: −14.1 to −8.4 %, estimate −11.3 %" in said
    assert "No pooled effect over fields" in said
    assert not re.search("belegt|Schätzung|Felder", said)
    said = words(draw(cells(averages=[AVERAGE]), demonstration, "en")["wirkungen"])
    assert "Average of the fields (exploratory) – exploratory, no verdict: −8.0 to −1.0 %, estimate −4.5 %" in said
    assert not re.search("Durchschnitt|explorativ|Felder", said)


def test_the_same_cells_give_the_same_bytes(forest, demonstration):
    shuffled = cells().sample(frac=1, random_state=1)
    assert draw(shuffled, demonstration, "de")["wirkungen"] == forest


def test_a_field_without_an_estimate_keeps_its_row():
    none = float("nan")
    figures = {"effect_percent": [1.0, none], "low_percent": [none, none], "high_percent": [2.0, none]}
    effects = pd.DataFrame({"field": ["a", "b"], **figures, "verdict": "not_assessable"})
    nothing = pd.DataFrame({"field": [], "effect_percent": []})
    drawing = draw_forest(effects, nothing, nothing, {"a": "Eins", "b": "Zwei"}, "de")
    assert "Zwei – nicht beurteilbar: ohne Schätzung" in drawing.description
    assert "Eins – nicht beurteilbar: Schätzung 1,0 %, ohne Intervall" in drawing.description, "one end is no interval"
    assert draw_forest(effects.iloc[1:], nothing, nothing, {}, "de") is None


def test_no_estimate_at_all_draws_nothing(rlp, demonstration):
    assert "wirkungen" not in draw(make_empty_cells(), rlp)
    assert "wirkungen" in draw(make_cells(demonstration), demonstration)
