"""What is asked at the one door, and what a method must be to stand there.

Holds the request, what a fit offers, and the form in which a method names the options it needs and knows. The methods
themselves are called in ``*_calls.py`` and listed in methods.py; the answer is door.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import pandas as pd

from ikz_eval.inference.estimator import LinearEstimates
from ikz_eval.inference.few_treated import RowDesign

if TYPE_CHECKING:
    from ikz_eval.estimate.inferring import Numbers, Plan


class Fit(Protocol):
    """What every method returns."""

    @property
    def linear(self) -> LinearEstimates | None:
        """Its estimates for inference; None when they are not linear in the outcomes."""

    @property
    def dropped(self) -> dict[str, int]:
        """Rows dropped, by reason."""

    @property
    def n_obs(self) -> int:
        """Rows used."""

    @property
    def n_units(self) -> int | None:
        """Units among them."""

    def to_frame(self) -> pd.DataFrame:
        """Return one row a term."""


@runtime_checkable
class InfersItself(Protocol):
    """A fit with inference of its own: placebo ranks, standard errors of a series, bounds.

    Attributes
    ----------
    own_inference : tuple of str
        Names it offers, the usual one first; each is also in ``inferring.INFERENCE``.
    """

    @property
    def own_inference(self) -> tuple[str, ...]:
        """Names it offers, the usual one first."""

    def infer(self, name: str, plan: "Plan") -> "Mapping[str, Numbers]":
        """Return one of them for each term it says something about."""


@runtime_checkable
class HasRows(Protocol):
    """A linear fit that knows period, treatment and weight of its rows, as inference with few treated clusters needs."""

    @property
    def row_design(self) -> RowDesign:
        """Of the rows of ``linear``."""


@runtime_checkable
class Trims(Protocol):
    """A fit that leaves treated clusters out: what the design allows counts those that are left."""

    @property
    def treated_clusters(self) -> tuple[str, ...]:
        """Clusters treated in the rows that the estimates are made from."""


@runtime_checkable
class Described(Protocol):
    """A fit that describes one region or series: its verdict is "descriptive", whatever its numbers say."""

    def describe(self, lang: str) -> tuple[str, ...]:
        """Return what can be said of it as sentences in German (``de``) or English (``en``): the rank, the fit, warnings."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a panel: a method, the columns it reads, and the inference; see ``ikz estimate --help``.

    Without ``inference`` it is CR2 where the estimates are linear in the outcomes, and the method's own where it has one.
    """

    method: str
    outcome: str
    unit: str | None = None
    period: str | None = None
    cohort: str | None = None
    treatment: str | None = None
    regressors: tuple[str, ...] = ()
    absorb: tuple[str, ...] = ()
    cluster: str | None = None
    comparison: str = "never"
    covariates: tuple[str, ...] = ()
    adjustment: str = "dr"
    anticipation: int = 0
    weights: str | None = None
    average: str = "observations"
    aggregate: str = "simple"
    bin_length: int = 1
    intervention: str | None = None
    offset: str | None = None
    donors: tuple[str, ...] = ()
    output: str | None = None
    prices: tuple[str, ...] = ()
    honest_m: tuple[float, ...] = ()
    size: str | None = None
    pre: int | None = None
    post: int | None = None
    stack_weights: str = "aggregate"
    trend: bool | None = None
    slope: bool = False
    harmonics: int = 0
    season_length: int | None = None
    lags: int | None = None
    form: str = "loglog"
    at: tuple[float, ...] = ()
    honest_smoothness: tuple[float, ...] = ()
    inference: tuple[str, ...] = ()
    wild_type: str = "11"
    wild_weights: str = "rademacher"
    draws: int = 9_999
    seed: int = 0
    confidence: float = 0.95

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns the request names."""
        single = (self.outcome, self.unit, self.period, self.cohort, self.treatment, self.cluster, self.weights)
        lists = (*self.prices, *self.regressors, *self.absorb, *self.covariates)
        named = (*single, self.size, self.offset, self.output, *lists)
        return tuple(dict.fromkeys(name for name in named if name))


@dataclass(frozen=True, slots=True)
class Method:
    """A method at the door: its call, the options it needs, and those it knows besides."""

    fit: Callable[[pd.DataFrame, Request], Fit]
    needs: tuple[str, ...]
    knows: tuple[str, ...]

    @property
    def has_treatment(self) -> bool:
        """Whether it is asked with a cohort or a treatment."""
        return bool({*TREATMENT} & {*self.needs, *self.knows})


def panel_columns(request: Request) -> tuple[str, str]:
    """Return unit and period of a request that was checked to name them."""
    assert request.unit is not None and request.period is not None
    return request.unit, request.period


PANEL = ("unit", "period")
TREATMENT = ("cohort", "treatment")
ADJUSTED = ("covariates", "weights", "anticipation")
NAMED = tuple(f.name for f in fields(Request) if f.default is not MISSING)
"""Options that can be left out, so that naming them means something."""
