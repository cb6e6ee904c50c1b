"""BE, WI and SK: order, percent and the words of what to beware of."""

import pytest

from ikz_eval.publish.cells import notes, wide
from ikz_eval.publish.columns import column
from ikz_eval.publish.display import Words
from tests.ikz_eval.publish.small_evaluation import make_cells, make_study, make_tables


@pytest.fixture(scope="module")
def cells():
    study = make_study()
    return make_cells(study, make_tables(study))


def test_a_region_is_described_by_rank_and_point_and_never_by_an_interval(cells):
    table = wide(cells, "BE")
    assert list(table["further_method"]) == ["before_after", "synthetic_control"]
    control = table.iloc[1]
    assert (control["effect_percent"], control["rank"], control["rank_of"]) == ("-9.5", "1", "26")
    assert (control["attainable_p"], control["fit_before_percent"]) == ("0.0385", "2.0")
    assert not {"low_percent", "high_percent", "p_value"} & set(table.columns)


def test_bounds_and_exploratory_outcomes_stand_in_the_order_of_their_kinds(cells):
    table = wide(cells, "WI")
    assert list(table["family"]) == ["honest", "exploratory"]
    assert list(table["low_percent"]) == ["-18.1", "-1.0"] and list(table["p_adjusted"])[1] == "0.4000"


def test_an_elasticity_is_published_as_it_is(cells):
    row = wide(cells, "SK").iloc[0]
    assert (row["size_cases"], row["elasticity"], row["elasticity_low"], row["elasticity_high"]) == (
        "1200",
        "0.80",
        "0.70",
        "0.90",
    )


def test_words_of_parts_and_warnings():
    words = Words(make_study(), "de")
    assert words.show("M=0.5", column("WI", "further_part")) == "M\u202f=\u202f0,5"
    assert words.show("1200", column("SK", "size_cases")) == "1.200"
    assert words.show("few_donors,fragile_weights", column("BE", "warnings")).startswith(
        "wenige Vergleichsstellen, Gewichte"
    )
    assert words.show("relative_magnitudes", column("WI", "further_method")) == "Abweichung bis M-mal wie vorher"


def test_what_is_withheld_says_why(cells):
    assert notes(cells, "BE")["effect_percent"].isna().all()
