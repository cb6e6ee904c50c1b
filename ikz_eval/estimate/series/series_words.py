"""What can be said of one interrupted series, in sentences: jump, trend, residuals, length, and what the number holds.

Holds the choice of sentences; their words are ikz_eval/texts/series.*.toml. Intervals are the usual 95 %.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ikz_eval.estimate.inferring import Numbers
from ikz_eval.estimate.observations import Floats
from ikz_eval.estimate.series.read_series import Series
from ikz_eval.estimate.series.segments import BEFORE_AFTER, LEVEL, SLOPE

SHORT = 50
"""Fewer periods than this make the variance of one series a guess (Box and Jenkins ask for 50)."""
LEVEL_OF_TEST = 0.05


@dataclass(frozen=True, slots=True)
class Jump:
    """An estimate and its interval, in units of the outcome or as log rate ratios."""

    estimate: float
    low: float
    high: float

    @classmethod
    def of(cls, numbers: Numbers, estimate: float) -> "Jump":
        """Return the estimate with the interval among ``numbers``."""
        low, high = numbers["low"], numbers["high"]
        assert isinstance(low, float) and isinstance(high, float)
        return cls(estimate, low, high)


@dataclass(frozen=True, slots=True)
class Findings:
    """What the sentences are about.

    Attributes
    ----------
    inference : str
        The one the intervals are from.
    series : Series
        The series.
    jumps : mapping of str to Jump
        By term.
    residuals : ndarray
        Of the model, in order of time, shape (n,) or shorter.
    lags : int or None
        Lags of the interval's variance.
    is_ratio : bool
        Whether the estimates are log rate ratios.
    """

    inference: str
    series: Series
    jumps: Mapping[str, Jump]
    residuals: Floats
    lags: int | None = None
    is_ratio: bool = False


def sentences(found: Findings, lang: str) -> tuple[str, ...]:
    """Return the sentences in German (``de``) or English (``en``)."""
    return (
        *_jumps(found, lang),
        *_residuals(found, lang),
        *_length(found.series, lang),
        *((_say("nothing_to_compare", lang),) if found.series.intervention is not None else ()),
    )


def _jumps(found: Findings, lang: str) -> list[str]:
    said = [] if found.series.intervention is not None else [_say("no_intervention", lang)]
    if found.series.intervention is not None:
        since = found.series.name_of(found.series.intervention)
        for term in (LEVEL, SLOPE, BEFORE_AFTER):
            if term in found.jumps:
                said.append(_say(f"{term}.{_kind(found)}", lang, since=since, **_ends(found, term, lang)))
        low, high = found.jumps[LEVEL].low, found.jumps[LEVEL].high
        said.append(_say("interval_holds_zero" if low <= 0 <= high else "interval_excludes_zero", lang))
        said.append(_say(f"interval.{found.inference}", lang, lags=found.lags))
    return said


def _kind(found: Findings) -> str:
    return "percent" if found.is_ratio else "units"


def _ends(found: Findings, term: str, lang: str) -> dict[str, str]:
    jump = found.jumps[term]
    values = np.array([jump.estimate, jump.low, jump.high])
    values = 100 * np.expm1(values) if found.is_ratio else values
    scale = max(float(np.abs(values).max()), 1e-12)
    digits = 1 if found.is_ratio and term != SLOPE else int(np.clip(2 - np.floor(np.log10(scale)), 0, 8))
    return {name: _figure(value, lang, digits) for name, value in zip(("estimate", "low", "high"), values, strict=True)}


def _residuals(found: Findings, lang: str) -> list[str]:
    """Ljung-Box over min(10, n/5) lags, as Hyndman and Athanasopoulos advise."""
    from statsmodels.stats.diagnostic import acorr_ljungbox

    rest = found.residuals
    lags = max(1, min(10, rest.size // 5))
    p = float(acorr_ljungbox(rest, lags=[lags])["lb_pvalue"].iloc[0])
    centred = rest - rest.mean()
    first = float(centred[1:] @ centred[:-1] / (centred @ centred))
    key = "autocorrelated" if p < LEVEL_OF_TEST else "not_autocorrelated"
    return [_say(key, lang, first=_figure(first, lang, 2), lags=lags, p=_figure(p, lang, 3))]


def _length(series: Series, lang: str) -> list[str]:
    said = []
    if series.n_periods < SHORT:
        said.append(_say("short", lang, periods=series.n_periods))
    if series.n_missing:
        said.append(_say("missing", lang, missing=series.n_missing))
    return said


def _figure(value: float, lang: str, digits: int) -> str:
    from ikz_eval.texts import number

    return number(float(value), lang, digits)


def _say(key: str, lang: str, /, **values: object) -> str:
    from ikz_eval.texts import text

    return text(f"series.{key}", lang, **values)
