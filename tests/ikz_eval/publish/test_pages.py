"""The page: self-contained, marked, in two languages, usable without sight, colour or JavaScript."""

import re
from datetime import date
from html.parser import HTMLParser
from io import BytesIO

import openpyxl
import pandas as pd
import pytest

from ikz_eval.publish.columns import SHEETS
from ikz_eval.publish.pages import Edition, facts, page_bytes
from ikz_eval.publish.workbook import workbook_bytes
from ikz_eval.warehouse import typed
from tests.ikz_eval.publish.small_evaluation import (
    NOT_ASSESSABLE,
    QUARTER,
    estimate_row,
    make_cells,
    make_study,
    make_tables,
)

SVG = '<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 1 1"><title>Bild</title></svg>'
FIGURES = {"lieferkalender": SVG, "fallkosten_wohngeld": SVG, "ereignispfad_wohngeld": SVG}
VOID = {"meta", "link", "br", "img", "hr", "input"}


class Outline(HTMLParser):
    """Counts tags and checks that every opened tag is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def page(study, lang="de", last=date(2022, 8, 13), **changes):
    cells = make_cells(study, make_tables(study, **changes))
    return page_bytes(cells, study, Edition(study.evaluation(QUARTER), 1, last), FIGURES, lang).decode()


@pytest.fixture(scope="module")
def german():
    return page(make_study())


def outline(text):
    parser = Outline()
    parser.feed(text)
    assert parser.open == []
    return parser.tags


def test_the_page_is_well_formed_and_refers_to_nothing_outside(german):
    tags = outline(german)
    addresses = [value for _, attrs in tags for key, value in attrs.items() if key in ("href", "src", "srcset")]
    assert [each for each in addresses if not each.startswith("#")] == ["index.en.html"]
    assert "script" not in {tag for tag, _ in tags}
    assert not re.search(r"url\(|@import|javascript:|\son\w+=", german)


def test_every_link_inside_has_its_target(german):
    tags = outline(german)
    ids = {attrs["id"] for _, attrs in tags if "id" in attrs}
    assert {attrs["href"][1:] for _, attrs in tags if attrs.get("href", "").startswith("#")} <= ids
    assert {name for _, attrs in tags for name in (attrs.get("aria-labelledby") or "").split()} <= ids


def test_tables_have_captions_and_scopes(german):
    tags = [tag for tag, _ in outline(german)]
    assert tags.count("caption") == tags.count("table") > 3
    assert all("scope" in attrs for tag, attrs in outline(german) if tag == "th")


def test_the_first_screen_says_what_a_reader_needs(german):
    first = re.sub(r"<[^>]+>", " ", german.split("<nav")[0].split("<body")[1]).replace("\u202f", " ")
    for words in (
        "ERFUNDENE ZAHLEN – Vorführung, keine echten Körperschaften",
        "Klein: erfundene Regionen",
        QUARTER,
        "Stichtag 01.09.2022; letzte berücksichtigte Lieferung vom 13.08.2022",
        "r1",
        "Wohngeld: vereinbar mit −14,1 % bis −8,3 %",
        "Kleinste nachweisbare Wirkung: 6,3 %",
        "„Nicht beurteilbar“ heißt:",
        "Diese Prüfungen für das Urteil „belegt“ lassen die vorliegenden Zahlen nicht in jedem Feld zu: Wild-Bootstrap je Region;",
        "Beteiligte Körperschaften: Alle 3 haben alle 18 fälligen Lieferungen abgegeben.",
    ):
        assert words in first


def test_the_first_screen_says_what_a_minus_means_only_where_there_is_a_number(german):
    lead = "Ein Minus heißt billiger, ein Plus heißt teurer."
    assert lead in german.split("<nav")[0]
    assert lead not in page(make_study(), **NOT_ASSESSABLE)


def with_bodies(study):
    tables = make_tables(study)
    shift = {"level": "body", "outcome": "log_real_net_cost_per_case", "is_primary": False, "effect_percent": -3.3}
    tables["estimate"] = pd.concat([tables["estimate"], typed("estimate", [estimate_row(**shift)])], ignore_index=True)
    return make_cells(study, tables)


def test_rows_of_bodies_are_folded_away_and_named_as_no_saving():
    study = make_study()
    edition = Edition(study.evaluation(QUARTER), 1, date(2022, 8, 13))
    text = page_bytes(with_bodies(study), study, edition, FIGURES, "de").decode()
    section = text.split('id="wirkung"')[1].split("</section>")[0]
    first, folded = section.split("<details>", 1)
    assert "−11,3" in first and "−3,3" not in first
    note, rows = folded.split("<table>", 1)
    assert "Verschieben Partner Kosten nur untereinander" in note and "Das ist keine Ersparnis." in note
    assert "−3,3" in rows and "Körperschaften (netto), nur zur Orientierung" in rows
    sheet = openpyxl.load_workbook(BytesIO(workbook_bytes(with_bodies(study), study, {}, [])))["T10"]
    assert "das ist keine Ersparnis" in sheet["A3"].value
    assert [cell.value for cell in sheet["C"]][-3] == "Körperschaften (netto), nur zur Orientierung"


def test_long_tables_are_folded_and_printed_in_full(german):
    for section in ("kostenbloecke", "vollstaendigkeit"):
        shown = re.sub(
            r"<details class=\"prints\">.*?</details>",
            "",
            german.split(f'id="{section}"')[1].split("</section>")[0],
            flags=re.S,
        )
        assert "<table>" not in shown and "<svg" not in shown
    assert "details.prints::details-content { content-visibility: visible" in german.split("@media print")[1]


def test_a_real_study_is_marked_internal():
    text = page(make_study(is_invented=False))
    assert text.count("INTERN – nicht zur Weitergabe") >= 4
    assert "ERFUNDEN" not in text


def test_the_english_edition_is_english_and_links_back():
    text = page(make_study(), "en")
    assert '<html lang="en">' in text
    assert 'href="index.html"' in text
    assert "INVENTED FIGURES – demonstration, no real bodies" in text
    assert "Small: invented regions" in text
    for german in ("Körperschaft", "Quartal", "Wirkung", "Vergleich"):
        assert german not in text.replace("Vergleichsblock", "")


def test_without_deliveries_the_page_says_so():
    assert "Stichtag 01.09.2022; keine Lieferung berücksichtigt" in page(make_study(), last=None, **NOT_ASSESSABLE)


def test_names_are_escaped():
    study = make_study(title_de="A <b> & „B“")
    assert "<h1>A &lt;b&gt; &amp; „B“</h1>" in page(study)


def test_numbers_carry_the_marks_of_the_language(german):
    assert "1.680,00" in german
    assert "1,680.00" in page(make_study(), "en")


def test_a_value_that_is_missing_points_to_its_reason(german):
    blocks = german.split('id="kostenbloecke"')[1].split("</section>")[0]
    assert "–<sup>b</sup>" in blocks
    assert "<sup>b</sup> wird nicht preisbereinigt" in blocks


def book(study, sentences=("Satz eins.",)):
    cells = make_cells(study, make_tables(study))
    edition = Edition(study.evaluation(QUARTER), 1, date(2022, 8, 13))
    return workbook_bytes(cells, study, facts(study, edition, "de"), list(sentences))


def test_a_long_sentence_has_room_in_the_overview():
    sheet = openpyxl.load_workbook(BytesIO(book(make_study(), ["kurz", "lang " * 50])))["Übersicht"]
    rows = {cell.value: cell.row for cell in sheet["B"]}
    assert sheet.row_dimensions[rows["kurz"]].height in (None, 15)
    assert sheet.row_dimensions[rows["lang " * 50]].height == 45


def test_no_word_of_a_heading_is_broken_in_the_workbook():
    """The heading Simulationsfehler was wider than its column and ran into the line of the units."""
    for sheet in openpyxl.load_workbook(BytesIO(book(make_study()))).worksheets[1:]:
        headings = next(row for row in sheet.iter_rows() if row[0].font.bold and row[0].row > 3)
        spans = sheet.column_dimensions.values()
        widths = {place: span.width for span in spans for place in range(span.min, span.max + 1)}
        for cell in headings:
            longest = max((len(word) for word in str(cell.value or "").split()), default=0)
            assert longest < widths[cell.column], f"{sheet.title} {cell.value}"


def test_every_sheet_of_the_workbook_is_marked_and_numbers_are_numbers():
    sheets = openpyxl.load_workbook(BytesIO(book(make_study(is_invented=False))))
    assert sheets.sheetnames == ["Übersicht", *SHEETS]
    for sheet in sheets:
        assert sheet["A2"].value == "INTERN – nicht zur Weitergabe"
    rows = list(sheets["T2"].iter_rows(min_row=5, values_only=True))
    assert rows[0][:3] == ("Feld", "Region oder Block", "Kostenblock")
    assert rows[1][5] == "EUR je Quartal"
    assert rows[2][:9] == ("Wohngeld", "nord", "Personal", 4, 2, 2000, 1680, 2000, 1600)


def test_a_name_that_looks_like_a_formula_stays_text():
    study = make_study()
    bodies = study.bodies.assign(name=study.bodies["name"].replace("Kreis X0101", "=1+1"))
    sheet = openpyxl.load_workbook(BytesIO(book(make_study(bodies=bodies))))["T1"]
    cell = next(cell for cell in sheet["B"] if cell.value == "=1+1")
    assert cell.data_type == "s"


def test_the_workbook_has_the_same_bytes_every_time():
    assert book(make_study()) == book(make_study())


def test_inline_figures_stay_inside_the_page(german):
    assert german.count(SVG) == german.count("<svg") == len(FIGURES)
