"""The regressors of an interrupted series: constant, level, slope, trend, season, covariates.

Holds which columns enter and under which name, which term comes from which column, and the refusal of columns that repeat each
other. What is fitted with them is each method's part.
"""

from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np

from ikz_eval.errors import EstimationError, UsageError
from ikz_eval.estimate.observations import Floats
from ikz_eval.estimate.series.read_series import Series

LEVEL, SLOPE, TREND, BEFORE_AFTER = "level", "slope", "trend", "before_after"
"""Jump at the intervention; change of slope from it on; slope before it; jump in the model without trend and slope."""
_EXPLAINED = 1e-9
"""What is left of a column, relative to its length, when others explain it: rounding."""


@dataclass(frozen=True, slots=True)
class Segments:
    """Which regressors a series has.

    Attributes
    ----------
    trend : bool or None
        A straight line in time. None: unless a covariate is one already.
    slope : bool
        A change of slope at the intervention; needs the trend.
    harmonics : int
        Pairs of sine and cosine of the season.
    season_length : int or None
        Periods in a season; 4 for quarters when left out.
    """

    trend: bool | None = None
    slope: bool = False
    harmonics: int = 0
    season_length: int | None = None

    def without_trend(self) -> "Segments":
        """Return the same without trend and slope."""
        return replace(self, trend=False, slope=False)


@dataclass(frozen=True, slots=True)
class Design:
    """Columns of a regression of one series.

    Attributes
    ----------
    names : tuple of str
        ``const`` first.
    columns : ndarray
        Shape (n, k), of full rank.
    terms : tuple of str
        Those to be shown: level, slope, trend, covariates; constant and season are not.
    has_trend : bool
        Whether the line in time is ours (and not a covariate).
    """

    names: tuple[str, ...]
    columns: Floats
    terms: tuple[str, ...]
    has_trend: bool


class Designed(Protocol):
    """A fit of one series on the columns of a design."""

    @property
    def design(self) -> Design:
        """Its columns."""


Model = TypeVar("Model", bound=Designed)


def parts_of(model: Model, plain: Model | None) -> tuple[tuple[str, Model, int], ...]:
    """Return each term with the model and the column it comes from.

    Parameters
    ----------
    model : Designed
        The model asked for.
    plain : Designed or None
        The same without trend and slope, whose level is the term ``before_after``; None where the model has none.
    """
    own = [(term, model, model.design.names.index(term)) for term in model.design.terms]
    if plain is None:
        return tuple(own)
    return (*own, (BEFORE_AFTER, plain, plain.design.names.index(LEVEL)))


def design(series: Series, segments: Segments) -> Design:
    """Return the columns of a series.

    Raises
    ------
    UsageError
        If a slope is asked for without a trend, or harmonics without a season that holds them.
    EstimationError
        If a column is explained by those before it, naming it, or too few periods are left.
    """
    has_trend = _has_trend(series, segments)
    if segments.slope and segments.trend is False:
        raise UsageError("--slope is a change of the trend; it cannot be had with --no-trend")
    season = _season(series, segments)
    shown: dict[str, Floats] = {}
    if series.intervention is not None:
        shown[LEVEL] = series.after.astype(np.float64)
        if segments.slope:
            shown[SLOPE] = np.where(series.after, series.period - series.intervention, 0.0)
    if has_trend:
        shown[TREND] = series.period - series.period[0]
    shown |= dict(zip(series.covariate_names, series.covariates.T, strict=True))
    columns = {"const": np.ones(series.n_obs)} | shown | season
    _require_rank(columns)
    return Design(tuple(columns), np.column_stack(list(columns.values())), tuple(shown), has_trend)


def _has_trend(series: Series, segments: Segments) -> bool:
    if segments.trend is not None:
        return segments.trend
    line = np.column_stack([np.ones(series.n_obs), series.period - series.period[0]])
    return not any(_left(line, column) <= _EXPLAINED and np.ptp(column) > 0 for column in series.covariates.T)


def _season(series: Series, segments: Segments) -> dict[str, Floats]:
    """Return pairs of sine and cosine; the sine of half a season of two periods is zero and left out."""
    length = segments.season_length or (4 if series.is_quarters else None)
    if segments.harmonics == 0:
        if segments.season_length is not None:
            raise UsageError("--season-length changes nothing without --harmonics")
        return {}
    if length is None:
        raise UsageError("--harmonics needs --season-length, the number of periods in a season (12 for months)")
    if 2 * segments.harmonics > length:
        raise UsageError(f"{segments.harmonics} harmonics in a season of {length}: allowed are at most {length // 2}")
    season: dict[str, Floats] = {}
    for k in range(1, segments.harmonics + 1):
        angle = 2 * np.pi * k * series.period / length
        season |= {} if 2 * k == length else {f"sin{k}": np.sin(angle)}
        season[f"cos{k}"] = np.cos(angle)
    return season


def _require_rank(columns: dict[str, Floats]) -> None:
    names, values = list(columns), list(columns.values())
    if len(set(names)) < len(names) or len(names) >= values[0].size:
        raise EstimationError(
            f"{values[0].size} periods and {len(names)} regressors: more periods than that are needed"
        )
    for k in range(1, len(names)):
        if _left(np.column_stack(values[:k]), values[k]) <= _EXPLAINED:
            raise EstimationError(
                f"regressor '{names[k]}' is a combination of {', '.join(names[:k])} in this series; leave it out"
            )


def _left(columns: Floats, column: Floats) -> float:
    """Return what other columns leave of one, relative to its length; zero for a column of zeros."""
    length = float(np.linalg.norm(column))
    if length == 0:
        return 0.0
    scale = np.linalg.norm(columns, axis=0)
    unit = columns / np.where(scale > 0, scale, 1.0)
    solved = np.linalg.lstsq(unit, column, rcond=None)[0]
    return float(np.linalg.norm(column - unit @ solved)) / length
