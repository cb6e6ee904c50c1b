"""Quarter keys count as calendars do."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikz_eval.errors import IkzError
from ikz_eval.quarters import (
    quarter_index,
    quarter_of_date,
    quarter_of_index,
    quarter_range,
    quarter_shift,
    quarter_start,
)


def test_the_range_crosses_the_year():
    assert quarter_range("2023-Q3", "2024-Q2") == ["2023-Q3", "2023-Q4", "2024-Q1", "2024-Q2"]
    assert quarter_shift("2024-Q1", -1) == "2023-Q4"


def test_a_day_lies_in_its_quarter():
    assert quarter_of_date(date(2023, 1, 9)) == "2023-Q1"
    assert quarter_of_date(date(2021, 9, 30)) == "2021-Q3"
    assert quarter_start("2024-Q4") == date(2024, 10, 1)


@pytest.mark.parametrize("wrong", ["2024Q1", "2024-Q5", "24-Q1", "", "2024-Q1 "])
def test_anything_else_is_refused_with_an_example(wrong):
    with pytest.raises(IkzError, match="for example 2024-Q3"):
        quarter_index(wrong)


@given(st.integers(min_value=4, max_value=39999))
def test_index_and_key_are_inverse(index):
    assert quarter_index(quarter_of_index(index)) == index
