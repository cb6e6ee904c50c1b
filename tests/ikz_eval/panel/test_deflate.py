"""Prices: worked by hand; the same as exact decimal arithmetic; nothing is extrapolated."""

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from ikz_eval.panel.deflate import deflate, price_factors, price_gaps
from tests.ikz_eval.panel.small_study import make_prices, make_registry


def test_real_amounts_worked_by_hand():
    prices = make_prices(consumer={"2021-Q1": 100.0, "2021-Q2": 105.0, "2021-Q3": 108.3})
    factors = price_factors(prices, "consumer", "2021-Q1")
    quarters = pd.Series(["2021-Q1", "2021-Q2", "2021-Q3", "2021-Q3"])
    real = deflate(pd.Series([12345, 10000, 10000, -10000]), quarters, factors)
    # 10000 * 100 / 105 = 9523.81; 10000 * 100 / 108.3 = 9233.61
    assert list(real) == [12345, 9524, 9234, -9234]


def test_half_a_cent_is_rounded_away_from_zero():
    factors = {"2021-Q1": Fraction(1, 2)}
    assert list(deflate(pd.Series([1, 3, -1, -3, 0]), pd.Series(["2021-Q1"] * 5), factors)) == [1, 2, -1, -2, 0]


def test_without_index_the_real_amount_is_missing_and_says_why():
    consumer = {"2021-Q1": 100.0, "2021-Q2": 101.0, "2021-Q4": 102.0}
    pay = {"2021-Q1": 100.0, "2021-Q3": 103.0, "2021-Q4": 103.0}
    registry = make_registry(price_index=make_prices(consumer, pay))
    real = deflate(
        pd.Series([100, 100]),
        pd.Series(["2021-Q2", "2021-Q3"]),
        price_factors(registry.price_index, "consumer", "2021-Q1"),
    )
    assert list(real.isna()) == [False, True]
    quarters = ["2021-Q1", "2021-Q2", "2021-Q3", "2021-Q4", "2022-Q1"]
    assert price_gaps(registry, quarters) == {
        "2021-Q2": "no_pay_index",
        "2021-Q3": "no_consumer_index",
        "2022-Q1": "no_index",
    }


def test_without_index_in_the_base_nothing_is_real():
    registry = make_registry(price_index=make_prices(consumer={"2021-Q2": 100.0}))
    assert price_factors(registry.price_index, "consumer", "2021-Q1") == {}
    assert price_gaps(registry, ["2021-Q1", "2021-Q2"]) == {"2021-Q1": "no_base_index", "2021-Q2": "no_base_index"}


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(-(10**13), 10**13), min_size=1, max_size=20),
    st.decimals(min_value=1, max_value=300, places=6, allow_nan=False),
    st.decimals(min_value=1, max_value=300, places=6, allow_nan=False),
)
def test_the_same_as_decimal_arithmetic(amounts, base, now):
    prices = make_prices(consumer={"2021-Q1": float(base), "2021-Q2": float(now)})
    real = deflate(
        pd.Series(amounts, dtype="int64"),
        pd.Series(["2021-Q2"] * len(amounts)),
        price_factors(prices, "consumer", "2021-Q1"),
    )
    exact = [Fraction(amount) * Fraction(base) / Fraction(now) for amount in amounts]
    rounded = [_half_up(value) for value in exact]
    assert list(real.to_numpy(np.int64)) == rounded


def _half_up(value: Fraction) -> int:
    with localcontext(prec=60):
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
