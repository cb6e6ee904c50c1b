"""German number text is read strictly: what is read is what was meant, or nothing is read."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikz_eval.delivery.numbers import (
    Number,
    canonical,
    decimals,
    exact_number,
    german,
    german_grouped,
    parse_amount,
    parse_number,
)

amounts = st.decimals(min_value=-9_999_999_999, max_value=9_999_999_999, places=2, allow_nan=False)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1.234,56", "1234.56"),
        ("1234,56", "1234.56"),
        ("1.234", "1234"),
        ("9.267.280", "9267280"),
        ("0", "0"),
        ("0,5", "0.5"),
        ("-12,50", "-12.50"),
        ("-0", "0"),
        ("12345,678", "12345.678"),
    ],
)
def test_official_spellings_are_read_without_note(written, value):
    assert parse_amount(written) == Number(Decimal(value), is_tolerated=False)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1.234,56 €", "1234.56"),
        ("EUR 12", "12"),
        ("12 Euro", "12"),
        ("1 234,56", "1234.56"),
        ("1\u202f234", "1234"),
        (" 12,50 ", "12.50"),
        ("12,50-", "-12.50"),
        ("\u2212 12,50", "-12.50"),
        ("–5", "-5"),
        ("+5", "5"),
        ("1'234", "1234"),
        ("1\u2019234\u2019567,89", "1234567.89"),
    ],
)
def test_clear_but_unusual_spellings_are_read_with_note(written, value):
    assert parse_amount(written) == Number(Decimal(value), is_tolerated=True)


@pytest.mark.parametrize(
    "written",
    [
        "1.23",
        "0.234",
        "1234.56",
        "1,234.56",
        "1,234",
        "1.23,4",
        "12.3456",
        "1'23",
        "1'234.56",
        "1.234'567",
        "1,2,3",
        "1.2345",
    ],
)
def test_text_that_can_mean_two_numbers_is_refused(written):
    assert parse_amount(written) == "ambiguous"


@pytest.mark.parametrize(
    "written",
    [
        "ca. 12 Tsd.",
        "-",
        "...",
        "k. A.",
        "1E5",
        "#REF!",
        "１２",
        "٣",
        "(5)",
        "12 % €",
        "--5",
        "inf",
        "NaN",
        "=1+1",
        "5-5",
    ],
)
def test_words_and_signs_are_no_number(written):
    assert parse_amount(written) == "not_a_number"


def test_a_dot_groups_thousands_only_where_the_role_of_the_column_says_so():
    assert parse_number("1.234", "count") == Number(Decimal(1234))
    assert parse_number("1,234", "fte") == Number(Decimal("1.234"))
    assert [parse_number("1.234", kind) for kind in ("fte", "hours", "minutes", "percent")] == ["ambiguous"] * 4
    assert parse_number("12,5 %", "percent") == Number(Decimal("12.5"), is_tolerated=True)
    assert parse_number("12,5 %", "amount") == "not_a_number"


@given(amounts)
def test_every_amount_survives_both_german_spellings(amount):
    plain = canonical(amount)
    for written in (german(plain), german_grouped(plain), german_grouped(f"{amount:f}")):
        assert parse_amount(written) == Number(amount)


@given(amounts)
def test_a_full_amount_with_two_decimals_is_always_read(amount):
    assert parse_amount(german_grouped(f"{amount:.2f}")) == Number(amount)
    assert parse_amount(german(f"{amount:.2f}")) == Number(amount)


@given(amounts)
def test_english_spelling_is_never_misread(amount):
    read = parse_amount(f"{amount:,.2f}")
    assert read == "ambiguous"


@given(st.text(alphabet="0123456789.,- €'", max_size=12))
def test_whatever_is_read_has_exactly_the_digits_that_were_written(written):
    read = parse_amount(written)
    if isinstance(read, Number):
        digits = "".join(c for c in written if c.isdigit()).lstrip("0")
        fraction = written.rpartition(",")[2] if "," in written else ""
        places = sum(c.isdigit() for c in fraction)
        assert abs(read.value) == Decimal(digits or "0").scaleb(-places)


@given(amounts)
def test_a_stored_number_is_exact(amount):
    assert exact_number(float(amount)) == amount


def test_noise_of_binary_sums_is_no_third_decimal():
    assert exact_number(0.1 + 0.2) == Decimal("0.3")
    assert exact_number(1234.565) == Decimal("1234.565")
    assert exact_number(12) == Decimal(12)
    assert exact_number(-0.0) == 0 and not str(exact_number(-0.0)).startswith("-")
    assert exact_number(float("inf")) is None


def test_canonical_form_has_no_exponent_and_no_superfluous_zeros():
    assert [canonical(Decimal(text)) for text in ("12.50", "1E+3", "0.00", "1E-7", "100")] == [
        "12.5", "1000", "0", "0.0000001", "100",
    ]  # fmt: skip
    assert decimals(Decimal("12.50")) == 1


def test_the_page_for_bodies_says_what_is_read():
    """Every row of docs/zahlen.md: spelling, role of the column, what is read, whether it is noted."""
    page = (Path(__file__).parents[3] / "docs" / "zahlen.md").read_text(encoding="utf-8")
    kinds = {"Betrag": "amount", "Anzahl": "count", "VZÄ": "fte", "Prozent": "percent", "Minuten": "minutes"}
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| `")
    ]
    assert len(rows) >= 25
    for written, column, said, how in rows:
        read = parse_number(written.strip("`").replace("␣", "\u00a0"), kinds[column])
        if how == "Fehler":
            assert read in ("ambiguous", "not_a_number"), written
        else:
            assert isinstance(read, Number), written
            assert (german(canonical(read.value)), read.is_tolerated) == (said, how == "Hinweis"), written
