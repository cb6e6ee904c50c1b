"""What the one door refuses, and in which words: provokes each and writes docs/methods/refusals.md.

``python -m docs.refusals`` writes the page; a test fails when it is out of date. Every case is a call on an invented panel of
six units and eight periods.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ikz_eval.errors import EstimationError, UsageError
from ikz_eval.estimate import Request, answer

PAGE = Path(__file__).parent / "methods" / "refusals.md"
COLUMNS: dict[str, Any] = {"outcome": "y", "unit": "unit", "period": "period", "cohort": "start"}
Change = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Case:
    """A call that is refused: in words, the request, and what is done to the panel first."""

    title: str
    request: Request
    change: Change = lambda panel: panel


def panel() -> pd.DataFrame:
    """Return an invented panel: two units start in period 4, one in period 6, three never."""
    draw = np.random.default_rng(1)
    starts = [4, 4, 6, 0, 0, 0]
    frame = pd.DataFrame(
        [(u, p, starts[u]) for u in range(6) for p in range(1, 9)], columns=["unit", "period", "start"]
    )
    frame["x"] = frame["unit"] * 1.0
    frame["on"] = ((frame["start"] > 0) & (frame["period"] >= frame["start"])).astype(int)
    return frame.assign(y=draw.normal(size=len(frame)))


def ends_again(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the panel with a treatment that stops in the last period."""
    return frame.assign(on=frame["on"].where(frame["period"] < 8, 0))


def everything_treated(frame: pd.DataFrame) -> pd.DataFrame:
    """Return only units that are treated from the first period."""
    return frame.assign(start=1)


def with_costs(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the panel with costs and sizes above zero."""
    return frame.assign(cost=np.exp(frame["y"]), size=10.0 + frame["unit"] * frame["period"])


def one_start(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one treated unit and the never treated."""
    return frame[frame["unit"].isin([0, 3, 4, 5])]


def one_unit(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a single series."""
    return frame[frame["unit"] == 0]


CASES = (
    Case("unknown method", Request("magic", "y")),
    Case("no treatment named", Request("twoway", "y", unit="unit", period="period")),
    Case("two treatments named", Request("twoway", **COLUMNS, treatment="on")),
    Case("an option that would change nothing", Request("twoway", **COLUMNS, regressors=("x",))),
    Case("a column that is not there", Request("imputation", **{**COLUMNS, "outcome": "z"})),
    Case("words in a column of numbers", Request("imputation", **COLUMNS),
         lambda frame: frame.assign(y=frame["y"].astype("object").where(frame.index != 5, "ca. 3"))),
    Case("no outcome left", Request("imputation", **COLUMNS), lambda frame: frame.assign(y=np.nan)),
    Case("a unit and period twice", Request("imputation", **COLUMNS), lambda frame: pd.concat([frame, frame.head(1)])),
    Case("a start that changes within a unit", Request("imputation", **COLUMNS),
         lambda frame: frame.assign(start=frame["start"].where(frame["period"] < 8, 5))),
    Case("a treatment that is not 0 or 1", Request("imputation", "y", unit="unit", period="period", treatment="x")),
    Case("a treatment that ends again", Request("imputation", "y", unit="unit", period="period", treatment="on"),
         ends_again),
    Case("nobody treated", Request("imputation", **COLUMNS), lambda frame: frame.assign(start=0)),
    Case("everybody treated from the first period", Request("imputation", **COLUMNS), everything_treated),
    Case("everybody treated, group-time", Request("group_time", **COLUMNS), everything_treated),
    Case("no never-treated unit", Request("group_time", **COLUMNS), lambda frame: frame[frame["start"] > 0]),
    Case("an absorbed regressor", Request("regression", "y", regressors=("x",), absorb=("unit",))),
    Case("regressors that repeat each other", Request("regression", "y", regressors=("x", "unit"))),
    Case("staggered starts in a two-by-two", Request("two_by_two", **COLUMNS)),
    Case("a decomposition of an unbalanced panel", Request("bacon", **COLUMNS), lambda frame: frame.drop(index=3)),
    Case("a negative weight", Request("imputation", **COLUMNS, weights="w"), lambda frame: frame.assign(w=-1.0)),
    Case("a cluster that changes within a unit", Request("imputation", **COLUMNS, cluster="period")),
    Case("one cluster", Request("regression", "y", regressors=("on",), cluster="one"),
         lambda frame: frame.assign(one="all")),
    Case("a perfect fit", Request("regression", "z", regressors=("x",)), lambda frame: frame.assign(z=2 * frame["x"])),
    Case("randomisation without a treatment",
         Request("regression", "y", regressors=("on",), cluster="unit", inference=("randomisation",))),
    Case("randomisation with starts that differ within a cluster",
         Request("imputation", **COLUMNS, cluster="half", inference=("randomisation",)),
         lambda frame: frame.assign(half=frame["unit"] % 3)),
    Case("CR2 of an estimate that is not linear",
         Request("group_time", **COLUMNS, covariates=("c",), adjustment="reg", inference=("cr2",)),
         lambda frame: frame.assign(c=np.random.default_rng(2).normal(size=len(frame)))),
    Case("an influence function of a method that has none", Request("twoway", **COLUMNS, inference=("analytic",))),
    Case("Conley-Taber of a method that does not offer it",
         Request("sun_abraham", **COLUMNS, inference=("conley_taber",))),
    Case("Conley-Taber with too few comparison clusters", Request("imputation", **COLUMNS, inference=("conley_taber",)),
         lambda frame: frame[frame["unit"] < 4]),
    Case("Ferman-Pinto without sizes", Request("imputation", **COLUMNS, inference=("ferman_pinto",))),
    Case("Ferman-Pinto with a size of zero", Request("imputation", **COLUMNS, inference=("ferman_pinto",), size="x")),
    Case("a stack without a window", Request("stacked", **COLUMNS)),
    Case("a window that no cohort has whole", Request("stacked", **COLUMNS, pre=3, post=5)),
    Case("a synthetic control with two starts", Request("synthetic_control", **COLUMNS)),
    Case("a donor that is not there", Request("synthetic_control", **COLUMNS, donors=("9",)), one_start),
    Case("several units as one series", Request("interrupted", "y", period="period", unit="unit", intervention="5")),
    Case("a series that is too short", Request("interrupted", "y", period="period", intervention="3"), one_unit),
    Case("a size that was never observed", Request("cost_function", "cost", output="size", at=(1e6,)), with_costs),
    Case("a bound without its inference", Request("sun_abraham", **COLUMNS, honest_m=(1.0,))),
    Case("honest bounds without coefficients before the start", Request("twoway", **COLUMNS, inference=("honest",))),
)  # fmt: skip


def message(case: Case) -> str:
    """Return what the door says, or that it answered after all."""
    try:
        answer(case.change(panel()), case.request)
    except UsageError as error:
        return f"(usage) {error}"
    except EstimationError as error:
        return str(error)
    return "no refusal"


def page() -> str:
    """Return the page."""
    rows = "\n".join(f"| {case.title} | `{case.request.method}` | {message(case)} |" for case in CASES)
    return (
        "# What is refused, and in which words\n\nWritten by `python -m docs.refusals`, which provokes each on an invented "
        "panel; `(usage)` is exit code 2 of `ikz estimate`, everything else 3. With one treated cluster nothing is refused, but "
        "every p value and interval is null, with the reason in `design.withheld`.\n\n"
        f"| asked | method | answer |\n|---|---|---|\n{rows}\n"
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
