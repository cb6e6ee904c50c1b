"""The treatment side of a request: who is treated since when, what randomisation deals anew, what the verdict looks at.

Holds the start of each cluster of a tidy panel and the refits the one door needs (other starts, a cluster left out). The
reading of a treatment column is treatment_start.py; the rules of the verdict panel_verdict.py and verdict.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError, UsageError
from ikz_eval.estimate.dealt_paths import dealt_paths
from ikz_eval.estimate.inferring import Blocks, Inferred
from ikz_eval.estimate.panel_verdict import (
    PRIMARY,
    PanelDesign,
    PanelVerdict,
    Starts,
    describe,
    detectable,
    is_judgeable,
    judge_panel,
    keeps_sign,
    path_tests,
)  # fmt: skip
from ikz_eval.estimate.request import Fit, Request
from ikz_eval.estimate.treatment_start import with_start
from ikz_eval.inference.estimator import Floats, LinearEstimates
from ikz_eval.inference.randomisation import Path

FitMethod = Callable[[pd.DataFrame, Request], Fit]
_ROW_CLUSTER = "row"


def with_cohort(panel: pd.DataFrame, request: Request) -> tuple[pd.DataFrame, Request]:
    """Return panel and request with a cohort in place of a treatment, where units are followed over time.

    Among starts that are quarters a 0 is text; it means never there, too.
    """
    if request.cohort in panel.columns and not pd.api.types.is_numeric_dtype(panel[request.cohort].dtype):
        starts = panel[request.cohort]
        panel = panel.assign(**{str(request.cohort): starts.where(starts.astype("str") != "0")})
    if request.treatment is None or request.unit is None or request.period is None or request.method == "regression":
        return panel, request
    started = with_start(
        panel, unit=request.unit, period=request.period, treatment=request.treatment, cohort=request.cohort
    )
    return started.panel, replace(request, treatment=None, cohort=started.cohort)


@dataclass(frozen=True, slots=True)
class TreatmentDesign:
    """The starts of a panel's clusters, and refits of the method.

    Attributes
    ----------
    panel, request, method
        What was asked.
    cluster : str
        Column of the clusters.
    starts : Starts
        By cluster.
    """

    panel: pd.DataFrame
    request: Request
    method: FitMethod
    cluster: str
    starts: Starts

    @classmethod
    def of(cls, panel: pd.DataFrame, request: Request, method: FitMethod) -> TreatmentDesign | None:
        """Return the design; None for a method without a treatment."""
        start = _start_of_rows(panel, request)
        if start is None:
            return None
        cluster = request.cluster or request.unit
        if cluster is None:  # rows without unit or cluster are their own clusters
            panel, cluster = panel.assign(**{_ROW_CLUSTER: np.arange(len(panel))}), _ROW_CLUSTER
        period = panel[request.period] if request.period else pd.Series(0, index=panel.index)
        return cls(panel, request, method, cluster, read_starts(panel[cluster], period, start))

    def trimmed_to(self, treated: tuple[str, ...]) -> TreatmentDesign:
        """Return the design with these treated clusters alone; a method may leave some out."""
        before, after = (
            {name: rows for name, rows in each.items() if name in treated}
            for each in (self.starts.before, self.starts.after)
        )
        return replace(self, starts=replace(self.starts, before=before, after=after))

    @property
    def is_withheld(self) -> bool:
        """Whether p values are withheld: one treated cluster says nothing about uncertainty."""
        return len(self.starts.treated) < 2

    @property
    def blocks(self) -> Blocks | None:
        """What randomisation deals anew.

        Raises
        ------
        EstimationError
            On use, when units of a cluster have different starts: there is no one path to deal.
        """

        def refit(paths: Mapping[str, Path]) -> LinearEstimates:
            if not self.starts.is_whole or self.request.cohort is None:
                raise EstimationError(
                    "randomisation deals the start of each cluster anew; here units of a cluster differ in theirs, or no "
                    "--cohort and --unit are named: name a cluster whose units start together"
                )
            dealt = self.panel[self.cluster].astype("str").map(dict(paths)).to_numpy(dtype=object)
            linear = self.method(
                self.panel.assign(**{self.request.cohort: pd.array(dealt).astype(self._kind)}), self.request
            ).linear
            if linear is None:
                raise EstimationError("randomisation needs an estimate that is linear in the outcomes")
            return linear

        def at_once(assignments: Sequence[tuple[Path, ...]]) -> tuple[Floats, Floats]:
            quick = (
                dealt_paths(self.panel, self.request, self.cluster, self.starts.paths) if self.starts.is_whole else None
            )
            if quick is None:
                return np.full(len(assignments), np.nan), np.full(len(assignments), np.nan)
            return quick.statistics(assignments)

        return Blocks(self.starts.paths, self.starts.sizes, refit, at_once)

    @property
    def _kind(self) -> str:
        assert self.request.cohort is not None
        return "float64" if pd.api.types.is_numeric_dtype(self.panel[self.request.cohort].dtype) else "str"

    def judged(
        self, linear: LinearEstimates | None, inferred: tuple[Inferred, ...]
    ) -> tuple[PanelDesign, PanelVerdict]:
        """Return design card and verdict on the average effect."""
        effect = next((one for one in inferred if one.term == "ATT"), None)
        design = describe(self.starts, linear, detectable(effect))
        is_primary = self.request.method == PRIMARY
        further = {}
        if is_primary and effect is not None and is_judgeable(design):
            further = self._further_tests(effect.estimate)
        return design, judge_panel(design, effect, further, is_primary=is_primary)

    def _further_tests(self, estimate: float) -> dict[str, bool]:
        """Return the required tests beyond p values, where they can be carried out."""
        sign = keeps_sign(estimate, self.starts.treated, self._estimate_without)
        tests = {} if sign is None else {"leave_one_region_out": sign}
        return tests | path_tests(self.panel, self.request, estimate)

    def _estimate_without(self, name: str) -> float:
        linear = self.method(self.panel[self.panel[self.cluster].astype("str") != name], self.request).linear
        if linear is None:
            raise EstimationError("not linear in the outcomes")
        return float(linear.estimates[linear.terms.index("ATT")])


def _start_of_rows(panel: pd.DataFrame, request: Request) -> pd.Series | None:
    """Return the raw start of each row, empty when never treated; None for a method without a treatment."""
    if request.method == "regression":
        return None
    if request.cohort is not None:
        start = panel[request.cohort]
        return start.where(start.ne(0) & start.notna() & ~start.isin((np.inf,)))
    if request.treatment is None:
        raise UsageError(f"method {request.method} needs --cohort or --treatment")
    if request.period is None:
        raise UsageError(f"method {request.method} needs --period")
    later = panel[request.period].max()
    return pd.Series(later, index=panel.index).where(panel[request.treatment].eq(1))


def read_starts(cluster: pd.Series, period: pd.Series, start: pd.Series) -> Starts:
    """Return the start of each cluster; one after the last period counts as never (None).

    Parameters
    ----------
    cluster, period, start : pd.Series
        Of each row; ``start`` is empty when the row's unit is never treated.
    """
    start = start.where(start.notna() & (start <= period.max()))
    table = pd.DataFrame({"cluster": cluster.astype("str"), "period": period, "start": start})
    paths: dict[str, Path] = {}
    is_whole = True
    for name, values in table.groupby("cluster")["start"]:
        found = sorted(values.dropna().unique())
        is_whole &= len(found) + int(values.isna().any()) == 1
        paths[str(name)] = found[0] if found else None
    treated = table[table["start"].notna()]
    before = treated[treated["period"] < treated["start"]].groupby("cluster")["period"].nunique()
    after = treated[treated["period"] >= treated["start"]].groupby("cluster")["period"].nunique()
    names = sorted(set(treated["cluster"]))
    return Starts(
        paths,
        {str(name): int(rows) for name, rows in table.groupby("cluster").size().items()},
        {name: int(before.get(name, 0)) for name in names},
        {name: int(after.get(name, 0)) for name in names},
        is_whole,
    )
