"""Conley-Taber and Ferman-Pinto at the one door: sizes from a panel, and numbers with what they rest on.

Holds the reading of the size column, the sentences on what each test assumes of its clusters, and the rule that an effect
seen in one cluster has neither p nor interval. The tests are ikz_eval/inference/few_treated.py and ferman_pinto.py.
"""

from typing import TYPE_CHECKING

import pandas as pd

from ikz_eval.errors import EstimationError, UsageError
from ikz_eval.estimate.number_column import number_column
from ikz_eval.estimate.request import Request
from ikz_eval.inference.estimator import Floats, LinearEstimates
from ikz_eval.inference.ferman_pinto import ferman_pinto
from ikz_eval.inference.few_treated import FewTreatedResult, RowDesign, conley_taber

if TYPE_CHECKING:
    from ikz_eval.estimate.inferring import Numbers, Plan

FEW_TREATED = ("conley_taber", "ferman_pinto")
"""Inference of this file by name."""
ASSUMES = {
    "conley_taber": "errors independent over clusters and alike in treated and comparison clusters; many comparison "
    "clusters. Bodies that share shocks of their region are no clusters: name the region or block",
    "ferman_pinto": "errors independent over clusters, and alike but for a variance a + b/size; many comparison clusters. "
    "Bodies that share shocks of their region are no clusters: name the region or block",
}
"""What each test rests on, shown beside its numbers."""
MANY_CLUSTERS = 100
"""With fewer comparison clusters these tests find an effect where there is none more often than 5 %: with six in 15 to 45 % of
cases (worlds A to D), with a hundred in about 5 % (docs/methods/conley_taber.md)."""
CAUTION = (
    "{clusters} comparison clusters are few: with six such tests reject a true null in 15 to 45 % of cases, with "
    f"{MANY_CLUSTERS} in about 5 %"
)


def size_column(panel: pd.DataFrame, request: Request) -> Floats | None:
    """Return the size of the unit in each row of the panel, shape (rows,); None without Ferman-Pinto.

    Raises
    ------
    UsageError
        If Ferman-Pinto has no size, or a size is named without it.
    EstimationError
        If the column is missing or holds no numbers.
    """
    name = request.size
    if (name is None) == ("ferman_pinto" in request.inference):
        raise UsageError(
            "inference ferman_pinto needs --size: a column with the size of the unit in the period, such as its cases"
            if name is None
            else "--size serves inference ferman_pinto alone; it would change nothing"
        )
    if name is None:
        return None
    if name not in panel.columns:
        raise EstimationError(
            f"the panel has no column for size '{name}'; it has: {', '.join(map(str, panel.columns))}"
        )
    return number_column(panel, name, "numbers above zero")


def few_treated_numbers(name: str, linear: LinearEstimates, rows: RowDesign, plan: "Plan") -> list["Numbers"]:
    """Return p, low, high, draws and what they rest on, for each term."""
    options = {"draws": plan.draws, "seed": plan.seed}
    if name == "conley_taber":
        return [_numbers(name, one, plan) for one in conley_taber(linear, rows, confidence=plan.confidence, **options)]
    assert plan.size is not None  # size_column has refused a request without it
    found = ferman_pinto(linear, rows, plan.size[rows.position], confidence=plan.confidence, **options)
    return [_numbers(name, one, plan) for one in found]


def _numbers(name: str, one: FewTreatedResult, plan: "Plan") -> "Numbers":
    from ikz_eval.texts import text

    numbers: Numbers = {
        "p": one.p, "low": one.low, "high": one.high, "draws": one.draws, "is_approximate": one.is_approximate,
        "treated_clusters": one.treated_clusters, "comparison_clusters": one.comparison_clusters,
        "left_out": one.left_out, "assumes": ASSUMES[name],
    }  # fmt: skip
    if one.comparison_clusters < MANY_CLUSTERS:
        numbers |= {"caution": CAUTION.format(clusters=one.comparison_clusters)}
    if plan.is_withheld or one.treated_clusters < 2:
        numbers |= {"p": None, "low": None, "high": None, "reason": text("verdict.withheld.one_treated_cluster", "en")}
    return numbers
