"""The page: self-contained, marked, in two languages, usable without sight, colour or JavaScript."""

import re
import xml.etree.ElementTree as ElementTree
from datetime import date
from html.parser import HTMLParser
from io import BytesIO

import openpyxl
import pytest

from ikz_eval.publish.columns import SHEETS
from ikz_eval.publish.pages import Edition, facts, page_bytes
from ikz_eval.publish.workbook import workbook_bytes
from tests.ikz_eval.publish.small_evaluation import NOT_ASSESSABLE, QUARTER, make_cells, make_study, make_tables

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
        "Für das Urteil „belegt“ sind noch nicht eingebaut: Wild-Bootstrap je Region;",
        "Beteiligte Körperschaften: Alle 3 haben alle 18 fälligen Lieferungen abgegeben.",
    ):
        assert words in first


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
    assert "Körperschaft (netto)" not in text


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


def book(study):
    cells = make_cells(study, make_tables(study))
    edition = Edition(study.evaluation(QUARTER), 1, date(2022, 8, 13))
    return workbook_bytes(cells, study, facts(study, edition, "de"), ["Satz eins."])


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
    assert german.count("<svg") == len(FIGURES)
    assert ElementTree.fromstring(SVG).tag.endswith("svg")
