"""Comparisons of printed figures: the two cases of the real study worked by hand, and the rules on invented ones."""

from decimal import Decimal

import pandas as pd
import pytest

from ikz_eval.economics import compare_published
from ikz_eval.registry import load_registry
from ikz_eval.texts import LANGUAGES, text
from schemas.economics import PublishedCase
from schemas.reference import PublishedFigure


def figures(*rows):
    """Build published figures from (moment, carrier, measure, value, definition, is_joint)."""
    names = ["moment", "carrier", "measure", "value", "definition", "is_joint"]
    frame = pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows])
    frame = frame.assign(case="Fall", sequence=range(1, len(rows) + 1), source="erfunden", note_de=None)
    frame = frame.astype({"note_de": "str"})[list(PublishedFigure.to_schema().columns)]
    return PublishedFigure.validate(frame)


def compare(*rows):
    compared = compare_published(figures(*rows))
    PublishedCase.validate(compared)
    return compared


@pytest.fixture(scope="module")
def rlp():
    compared = compare_published(load_registry("rlp").published_figure)
    PublishedCase.validate(compared)
    return compared.set_index(["case", "sequence"])


BAFOEG = "BAföG Südwestpfalz, Pirmasens, Zweibrücken 2023"
VACCINATION = "Landesimpfzentren Rheinland-Pfalz 2021"


def test_bafoeg_posts_were_shifted_not_saved(rlp):
    posts = rlp.loc[(BAFOEG, 1)]
    assert (posts["base_value"], posts["joint_value"], posts["difference"]) == ("2.90", "2.90", "0.00")
    assert (posts["difference_percent"], posts["conclusion"]) == ("0.0", "shifted")
    assert posts["base_label"] == "Landkreis Südwestpfalz + Pirmasens + Zweibrücken"
    assert posts["joint_label"] == "gemeinsam beim Landkreis Südwestpfalz"


def test_bafoeg_counts_are_refused_and_with_them_posts_per_case(rlp):
    refused = rlp.loc[BAFOEG].loc[[2, 3]]
    assert list(refused["measure"]) == ["cases_per_year", "posts_fte_per_case"]
    assert list(refused["reason"]) == ["definition_changed", "rests_on_refused"]
    assert set(refused["conclusion"]) == {"refused"}
    assert refused[["base_value", "joint_value", "difference", "difference_percent"]].isna().all(axis=None)


def test_vaccination_centres_differ_by_12_00_and_3_83_eur(rlp):
    shown = rlp.loc[VACCINATION, ["base_label", "base_value", "joint_value", "difference", "difference_percent"]]
    assert shown.to_numpy().tolist() == [
        ["kreisfreie Städte", "61.64", "49.64", "-12.00", "-19.5"],  # 12 / 61.64 = 0.19468
        ["Landkreise", "53.47", "49.64", "-3.83", "-7.2"],  # 3.83 / 53.47 = 0.07163
    ]
    assert set(rlp.loc[VACCINATION, "conclusion"]) == {"descriptive"}


def test_comparable_counts_give_posts_per_case():
    compared = compare(
        ("before", "A", "posts_fte", "3", "vzae", False),
        ("after", "A", "posts_fte", "2", "vzae", False),
        ("before", "A", "cases_per_year", "400", "antraege", False),
        ("after", "A", "cases_per_year", "300", "antraege", False),
    ).set_index("measure")
    ratio = compared.loc["posts_fte_per_case"]
    assert (ratio["base_value"], ratio["joint_value"]) == ("0.007500", "0.006667")
    assert ratio["difference_percent"] == "-11.1"
    assert compared.loc["posts_fte", "difference_percent"] == "-33.3"


def test_equal_posts_of_one_carrier_are_no_shift():
    compared = compare(
        ("before", "A", "posts_fte", "2.0", "vzae", False), ("after", "A", "posts_fte", "2.00", "vzae", False)
    )
    assert compared["conclusion"].item() == "descriptive"


def test_equal_case_counts_are_no_shift_of_effort():
    compared = compare(
        ("before", "A", "cases_per_year", "100", "antraege", False),
        ("before", "B", "cases_per_year", "50", "antraege", False),
        ("after", "A und B", "cases_per_year", "150", "antraege", True),
    )
    assert compared["conclusion"].item() == "descriptive"


def test_sums_are_exact_where_binary_fractions_are_not():
    assert 0.1 + 0.2 != 0.3
    compared = compare(
        ("before", "A", "posts_fte", "0.1", "vzae", False),
        ("before", "B", "posts_fte", "0.2", "vzae", False),
        ("after", "A und B", "posts_fte", "0.3", "vzae", True),
    )
    assert compared["conclusion"].item() == "shifted"
    assert Decimal(compared["difference"].item()) == 0


def test_averages_of_several_carriers_are_not_added():
    compared = compare(
        ("before", "A", "eur_per_case", "10", "ausgaben", False),
        ("before", "B", "eur_per_case", "20", "ausgaben", False),
        ("after", "A und B", "eur_per_case", "15", "ausgaben", True),
    )
    assert (compared["conclusion"].item(), compared["reason"].item()) == ("refused", "not_additive")


def test_carriers_with_another_definition_are_not_compared():
    compared = compare(
        ("same", "A", "eur_per_case", "10", "ausgaben", False), ("same", "AB", "eur_per_case", "8", "kosten", True)
    )
    assert compared["reason"].item() == "definition_differs"
    assert compared["difference"].isna().all()


def test_a_base_of_zero_has_a_difference_but_no_percentage():
    compared = compare(
        ("same", "A", "eur_per_case", "0", "ausgaben", False), ("same", "AB", "eur_per_case", "8", "ausgaben", True)
    )
    assert compared["difference"].item() == "8"
    assert compared["difference_percent"].isna().all()


def test_without_cases_there_is_no_ratio():
    compared = compare(
        ("before", "A", "posts_fte", "1", "vzae", False),
        ("after", "A", "posts_fte", "1", "vzae", False),
        ("before", "A", "cases_per_year", "0", "antraege", False),
        ("after", "A", "cases_per_year", "3", "antraege", False),
    )
    assert compared["reason"].iloc[-1] == "no_cases"


def test_the_order_of_rows_does_not_matter():
    table = load_registry("rlp").published_figure
    pd.testing.assert_frame_equal(compare_published(table.iloc[::-1]), compare_published(table))


def test_no_figures_give_an_empty_table_of_the_contract():
    compared = compare_published(load_registry("rlp").published_figure.iloc[:0])
    assert compared.empty
    PublishedCase.validate(compared)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    "reason",
    [
        "moved_between_partners",
        "unadjusted_before_after",
        "unadjusted_cross_section",
        "definition_changed",
        "definition_differs",
        "not_additive",
        "rests_on_refused",
        "no_cases",
    ],
)
def test_every_reason_has_a_sentence(reason, lang):
    assert text(f"economics.reason.{reason}", lang).endswith(".")
