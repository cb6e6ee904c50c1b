"""What can be said of a synthetic comparison, as sentences in German and English.

Chooses sentences and rounds numbers; the words are ikz_eval/texts/synthetic.*.toml, the numbers the fits' part.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ikz_eval.estimate.inferring import Number
from ikz_eval.texts import number, text

if TYPE_CHECKING:
    from ikz_eval.estimate.synthetic.control import SyntheticControlFit
    from ikz_eval.estimate.synthetic.did import SyntheticDidFit

DOMINANT = 0.5
"""A single donor with more than this weight is named."""


def control_sentences(fit: SyntheticControlFit, lang: str) -> tuple[str, ...]:
    """Return effect, fit before the start, fragility, rank and warnings of a synthetic control."""
    from ikz_eval.estimate.synthetic.control import SAME_FIT

    wide, numbers = fit.wide, fit.numbers()
    shown = _Rounded(lang, fit.estimate, fit.noise)
    donors, used = len(wide.donor_names), len(fit.weights_frame())
    deviation = float(wide.donors[:, : fit.before].std(ddof=1))
    said = [
        text("synthetic.control.effect", lang, start=wide.period_names[fit.before], who=", ".join(wide.treated_names),
             periods=fit.gap.size - fit.before, effect=shown(fit.estimate), used=used, donors=donors),
        text("synthetic.control.fit", lang, rmspe=shown(numbers["rmspe_before"]), periods=fit.before,
             sd=number(numbers["rmspe_before"] / deviation, lang, 3)),
    ]  # fmt: skip
    if numbers["rmspe_before"] <= SAME_FIT * fit.noise:
        said.append(text("synthetic.control.perfect", lang, donors=donors, periods=fit.before))
    if numbers["rmspe_before"] > fit.noise:
        said.append(text("synthetic.control.poor", lang, noise=shown(fit.noise)))
    said += _ranks(fit.placebo.numbers(), lang, measure="ratio")
    if len(wide.treated_names) > 1:
        said.append(text("synthetic.rank.mean", lang))
    if fit.is_fragile:
        low, high = fit.started_range
        said.append(text("synthetic.control.starts", lang, same=int(fit.starts["is_same_fit"].sum()), all=len(fit.starts),
                         low=shown(low), high=shown(high)))  # fmt: skip
    said.append(text("synthetic.control.equal_fit", lang, tolerance=shown(SAME_FIT * fit.noise),
                     low=shown(fit.equal_fit[0]), high=shown(fit.equal_fit[1])))  # fmt: skip
    return (*said, *_left_out(fit, shown, lang), text("synthetic.rank.no_p", lang))


def _left_out(fit: SyntheticControlFit, shown: _Rounded, lang: str) -> list[str]:
    left = fit.leave_one_out
    low, high = float(left["estimate"].min()), float(left["estimate"].max())
    said = [text("synthetic.control.leave_one_out", lang, used=len(left), low=shown(low), high=shown(high))]
    changed = left.loc[np.sign(left["estimate"]) != np.sign(fit.estimate), "donor"]
    return said + [text("synthetic.control.sign", lang, donor=name) for name in changed]


def did_sentences(fit: SyntheticDidFit, lang: str) -> tuple[str, ...]:
    """Return effect, weights, rank and warnings of a synthetic difference-in-differences."""
    wide, weights = fit.wide, fit.weights_frame()
    shown = _Rounded(lang, fit.estimate, max(cohort.noise for cohort in fit.cohorts))
    donors = weights[weights["kind"] == "donor"]
    periods = weights.loc[weights["kind"] == "period", "name"].nunique()
    said = [
        text("synthetic.did.effect", lang, who=", ".join(wide.treated_names), effect=shown(fit.estimate),
             cells=sum(cohort.cells for cohort in fit.cohorts), used=donors["name"].nunique(),
             donors=len(wide.donor_names), periods=periods)
    ]  # fmt: skip
    if len(fit.starts) > 1:
        names = ", ".join(wide.period_names[wide.before(start)] for start in fit.starts)
        said.append(text("synthetic.did.starts", lang, count=len(fit.starts), starts=names))
    for name, share in donors.loc[donors["weight"] > DOMINANT, ["name", "weight"]].itertuples(index=False):
        said.append(text("synthetic.did.dominant", lang, donor=name, share=number(100 * share, lang)))
    has_regions = len(wide.treated_clusters) > 1
    said += _ranks(fit.ranks(), lang, measure="effect", many=has_regions)
    return (*said, text("synthetic.did.no_test" if has_regions else "synthetic.rank.no_p", lang))


def _ranks(ranks: Mapping[str, Number], lang: str, *, measure: str, many: bool = False) -> list[str]:
    """Return the rank over bodies and over blocks in words, or why there is none."""
    said = []
    for level, kind, absent in (("", "bodies", "none"), ("_blocks", "blocks", "no_blocks")):
        rank, of = ranks.get(f"rank{level}"), ranks.get(f"of{level}")
        if not isinstance(rank, int) or not isinstance(of, int):
            said.append(text(f"synthetic.rank.{absent}", lang))
            continue
        first = kind == "bodies" and rank == 1
        name = "bodies_first" if first else "blocks_drawn" if kind == "blocks" and many else kind
        values = {"of": of, "count": of - 1} | ({} if first else {"rank": rank, "others": rank - 1})
        said.append(text(f"synthetic.rank.{name}", lang, **values))
    return [*said, text(f"synthetic.rank.measure_{measure}", lang)]


class _Rounded:
    """Writes numbers of one outcome with four significant digits of the effect or the noise, whichever is larger."""

    def __init__(self, lang: str, *scales: float) -> None:
        largest = max((abs(scale) for scale in scales), default=0.0)
        self.lang = lang
        self.digits = 2 if not largest > 0 else min(max(3 - math.floor(math.log10(largest)), 0), 8)

    def __call__(self, value: float) -> str:
        return number(value, self.lang, self.digits)
