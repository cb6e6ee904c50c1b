"""Bodies weigh by their cases before the start: a shift between partners is no saving, a changed mix no effect."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from ikz_eval.errors import EstimationError
from ikz_eval.estimate import fit_event_path, fit_group_time, fit_imputation
from ikz_eval.estimate.design import case_shares

START = 6
HOST, GUEST = 900.0, 100.0
"""Cases a period; both cost 10 EUR a case before the start, then 200 EUR a period move from guest to host."""


def shifted() -> pd.DataFrame:
    """Return two regions of host and guest that shift cost after the start, and two blocks that do nothing."""
    rows = []
    for region, period in product(("r1", "r2", "b1", "b2"), range(12)):
        for body, cases in (("host", HOST), ("guest", GUEST)):
            moved = 200.0 * (1 if body == "host" else -1) * (region[0] == "r" and period >= START)
            rows.append(
                {
                    "unit": f"{region}{body}", "cluster": region, "period": period,
                    "cohort": START if region[0] == "r" else 0, "share": cases,
                    "y": np.log((10 * cases + moved) / cases) + 0.01 * np.sin(period),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


NAMES = {"outcome": "y", "unit": "unit", "period": "period", "cohort": "cohort", "cluster": "cluster"}
UNWEIGHTED = (np.log(9200 / 9000) + np.log(800 / 1000)) / 2
WEIGHTED = 0.9 * np.log(9200 / 9000) + 0.1 * np.log(800 / 1000)


def test_a_pure_shift_is_hardly_seen_with_shares_and_taken_for_a_saving_without():
    panel = shifted()
    assert fit_imputation(panel, **NAMES).estimate == pytest.approx(UNWEIGHTED, abs=1e-12)
    assert fit_imputation(panel, **NAMES, share="share").estimate == pytest.approx(WEIGHTED, abs=1e-12)
    assert UNWEIGHTED < -0.1
    assert abs(WEIGHTED) < 0.003


def test_the_weights_are_those_of_the_effects_shown():
    effects = fit_imputation(shifted(), **NAMES, share="share").effects
    by_unit = effects.groupby("unit")["weight"].sum()
    assert by_unit.to_dict() == pytest.approx({"r1host": 0.45, "r1guest": 0.05, "r2host": 0.45, "r2guest": 0.05})


def test_without_a_share_all_methods_weigh_units_alike():
    panel = shifted()
    alike = panel.assign(share=7.0)
    assert fit_imputation(panel, **NAMES).estimate == fit_imputation(alike, **NAMES, share="share").estimate
    assert fit_group_time(panel, **NAMES, average="clusters").aggregate("group").estimate == pytest.approx(UNWEIGHTED)
    after = fit_event_path(panel, **NAMES, bin_length=4).to_frame().set_index("event_time")["estimate"]
    assert after[0] == pytest.approx(UNWEIGHTED)


@pytest.mark.parametrize(("share", "message"), [(0.0, "must be above zero"), (np.nan, "must be above zero")])
def test_a_share_that_is_no_weight_is_refused(share, message):
    with pytest.raises(EstimationError, match=message):
        fit_imputation(shifted().assign(share=share), **NAMES, share="share")


def test_a_share_that_changes_within_a_unit_is_refused():
    panel = shifted()
    with pytest.raises(EstimationError, match="'share' changes within unit"):
        fit_imputation(panel.assign(share=panel["share"] + panel["period"]), **NAMES, share="share")


def cases_of(ags: str, cohort: str | None, cases: dict[str, int]) -> list[dict[str, object]]:
    return [{"ags": ags, "cohort": cohort, "quarter": quarter, "cases": n} for quarter, n in cases.items()]


def test_shares_are_the_last_four_usable_quarters_before_the_start():
    quarters = ["2023-Q1", "2023-Q2", "2023-Q3", "2023-Q4", "2024-Q1", "2024-Q2", "2024-Q3"]
    rows = pd.DataFrame(
        cases_of("X0001", "2024-Q2", dict(zip(quarters, [999, 10, 20, 30, 40, 5000, 6000], strict=True)))
        + cases_of("X0002", None, dict(zip(quarters, [1, 2, 3, 4, 5, 6, 7], strict=True)))
    ).astype({"cohort": "str"})
    reason = pd.Series(None, index=rows.index, dtype=object)
    shares = case_shares(rows, reason)
    assert set(shares[rows["ags"] == "X0001"]) == {25.0}, "neither the fifth quarter back nor the mix after the start"
    assert set(shares[rows["ags"] == "X0002"]) == {1.0}
    reason[4] = "price_missing"
    assert set(case_shares(rows, reason)[rows["ags"] == "X0001"]) == {(999 + 10 + 20 + 30) / 4}
