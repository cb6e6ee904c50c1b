"""Prices: from nominal to real amounts.

Deflates EUR cents with the indices of table ``price_index``: pay index for personnel, consumer prices for the rest
(``schemas.vocabulary.PRICE_SERIES_OF_BLOCK``), to the price base of the study. Whole-number arithmetic only, so that no
result depends on a machine's floats. A missing index stays missing, with the reason: nothing is extrapolated.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.arrays import IntegerArray

from ikz_eval.panel import codes
from ikz_eval.registry import Registry

Factors = dict[str, Fraction]
"""Quarter -> factor that turns nominal into real amounts; a quarter without index is absent."""


def price_factors(price_index: pd.DataFrame, series: str, base: str) -> Factors:
    """Return index(base) / index(quarter) of one series as exact fractions.

    Parameters
    ----------
    price_index : pd.DataFrame
        Table ``price_index``; values count with the digits they are printed with.
    series : str
        ``consumer`` or ``pay``.
    base : str
        Quarter whose prices real amounts are expressed in; without an index there, the result is empty.
    """
    mine = price_index[price_index["series"] == series]
    index = {q: Fraction(Decimal(repr(float(v)))) for q, v in zip(mine["quarter"], mine["price_index"], strict=True)}
    return {quarter: index[base] / value for quarter, value in index.items()} if base in index else {}


def deflate(cents: pd.Series, quarters: pd.Series, factors: Factors) -> IntegerArray:
    """Return amounts at prices of the base, rounded half away from zero to whole cents.

    Parameters
    ----------
    cents : pd.Series
        Nominal amounts [EUR cents], shape (n,).
    quarters : pd.Series
        Quarter of each amount, shape (n,).
    factors : dict of str to Fraction
        From :func:`price_factors`; where the quarter is absent the result is missing.
    """
    codes_of, names = pd.factorize(quarters)
    known = np.array([name in factors for name in names], dtype=bool)
    top, bottom = _parts([factors.get(name, Fraction(1)) for name in names])
    amounts = cents.to_numpy(dtype=np.int64).astype(object)
    if len(amounts) == 0:
        return pd.array([], dtype="Int64")
    numerator, denominator = np.abs(amounts) * top[codes_of], bottom[codes_of]
    size = (2 * numerator + denominator) // (2 * denominator)
    real = np.where(amounts < 0, -size, size).astype(np.int64)
    return IntegerArray(real, mask=~known[codes_of])


def price_gaps(registry: Registry, quarters: Sequence[str]) -> dict[str, str]:
    """Return why real cost is empty, by quarter; quarters with both indices are absent."""
    factors = {name: price_factors(registry.price_index, name, registry.price_base) for name in ("consumer", "pay")}
    gaps: dict[str, str] = {}
    for quarter in quarters:
        missing = [name for name, known in factors.items() if quarter not in known]
        if any(not factors[name] for name in missing):
            gaps[quarter] = codes.NO_BASE_INDEX
        elif missing:
            both = len(missing) == len(factors)
            single = {"consumer": codes.NO_CONSUMER_INDEX, "pay": codes.NO_PAY_INDEX}[missing[0]]
            gaps[quarter] = codes.NO_INDEX if both else single
    return gaps


def _parts(factors: Sequence[Fraction]) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return numerators and denominators as Python integers, which do not overflow."""
    top = np.array([factor.numerator for factor in factors], dtype=object)
    bottom = np.array([factor.denominator for factor in factors], dtype=object)
    return top, bottom
