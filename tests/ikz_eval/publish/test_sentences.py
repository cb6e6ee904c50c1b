"""The words of the first screen: one sentence per field from the verdict, and never stronger."""

import pytest

from ikz_eval.errors import ReleaseError
from ikz_eval.publish.sentences import field_results, who_is_missing
from ikz_eval.warehouse import empty_table
from tests.ikz_eval.publish.small_evaluation import (
    NOT_ASSESSABLE,
    design_row,
    make_cells,
    make_ledger,
    make_study,
    make_tables,
)


def first_screen(lang="de", **changes):
    study = make_study()
    return field_results(make_cells(study, make_tables(study, **changes)), study, lang)[0]


def plain(sentence):
    return sentence.replace("\u202f", " ")


def test_compatible_and_zero_excluded_says_that_it_is_not_supported_yet():
    assert plain(first_screen().sentence) == (
        "Wohngeld: vereinbar mit −14,1 % bis −8,3 % bei den realen laufenden Kosten je Fall (95-%-Intervall; schließt null "
        "aus, gilt aber noch nicht als belegt, weil die vorliegenden Zahlen nicht alle vorgesehenen Prüfungen zulassen)."
    )
    assert plain(first_screen("en").sentence) == (
        "Housing benefit: compatible with −14.1 % to −8.3 % in real running cost per case (95 % interval; excludes "
        "zero, but does not count as supported yet, because the figures at hand do not allow all planned tests)."
    )


def test_an_outcome_in_eur_is_said_in_a_sentence_of_its_own_and_is_no_reason():
    plain_one = plain(first_screen().sentence)
    said = plain(first_screen(reasons="tests_missing,outcome_in_levels").sentence)
    assert said.startswith(
        plain_one + " Weil in 0 Zeilen die Kosten null oder negativ sind, ist dieses Feld in Euro je Fall"
    )
    only = plain(first_screen(verdict="supported", direction="saving", reasons="outcome_in_levels").sentence)
    assert (
        "belegt – die realen laufenden Kosten je Fall sinken" in only and "in Euro je Fall statt in Logarithmen" in only
    )


def test_compatible_and_zero_included_claims_nothing():
    said = first_screen(low_percent=-1.2, high_percent=1.4, is_zero_excluded=False, direction="none").sentence
    assert plain(said) == (
        "Wohngeld: vereinbar mit −1,2 % bis +1,4 % bei den realen laufenden Kosten je Fall (95-%-Intervall; schließt null "
        "ein: weder Ersparnis noch Mehrkosten sind nachgewiesen)."
    )


def test_not_assessable_gives_every_reason_and_no_number():
    said = first_screen(**NOT_ASSESSABLE).sentence
    assert said == (
        "Wohngeld: nicht beurteilbar, weil noch keine Lieferung eines Kreises oder einer Stadt vorliegt; weil weniger als "
        "zwei Modellregionen mit begonnener Zusammenarbeit und brauchbaren Zahlen vorliegen."
    )
    assert "%" not in said


@pytest.mark.parametrize(("direction", "word"), [("saving", "sinken"), ("dearer", "steigen")])
def test_supported_names_the_direction(direction, word):
    said = plain(first_screen(verdict="supported", direction=direction, reasons=None).sentence)
    assert said.startswith("Wohngeld: belegt – die realen laufenden Kosten je Fall ")
    assert f"{word} (−11,3 %; 95-%-Intervall −14,1 % bis −8,3 %)" in said


@pytest.mark.parametrize("changes", [{}, NOT_ASSESSABLE, {"is_zero_excluded": False}])
@pytest.mark.parametrize("lang", ["de", "en"])
def test_only_the_verdict_supported_is_called_supported(changes, lang):
    said = first_screen(lang, **changes).sentence
    assert "belegt –" not in said
    assert "supported –" not in said
    assert "sinken" not in said


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({**NOT_ASSESSABLE, "reasons": None}, "'not_assessable' needs at least one reason"),
        ({"low_percent": None}, "needs a value for low_percent"),
        ({"verdict": "supported", "direction": "none"}, "supported without a direction"),
    ],
)
def test_a_verdict_that_lacks_what_its_sentence_needs_is_refused(changes, message):
    with pytest.raises(ReleaseError, match=message):
        first_screen(**changes)


def test_a_field_without_verdict_is_refused():
    study = make_study()
    tables = make_tables(study) | {"verdict": empty_table("verdict")}
    with pytest.raises(ReleaseError, match="field 'wohngeld' has no verdict by specification 'main'"):
        field_results(make_cells(study, tables), study, "de")


def test_both_minimum_detectable_effects_stand_beside():
    assert [plain(each) for each in first_screen().detectable] == [
        "Kleinste nachweisbare Wirkung: 6,3 % (CR2-Test allein, Güte 80 %)",
        "um als belegt zu gelten: nicht bestimmbar",
    ]
    assert design_row()["mde_supported_percent"] is None


def test_who_is_missing():
    study = make_study()
    sentences = who_is_missing(
        make_cells(study, make_tables(study, make_ledger(skip=("X0102", "2021-Q2")))), study, "de"
    )
    assert sentences == [
        "Beteiligte Körperschaften: 3 von 3 haben geliefert; 1 von 18 fälligen Lieferungen fehlen oder sind "
        "zurückgewiesen (Zahl in Klammern): Kreis X0102 (1).",
        "Vergleichskörperschaften: Alle 3 haben alle 18 fälligen Lieferungen abgegeben.",
    ]
