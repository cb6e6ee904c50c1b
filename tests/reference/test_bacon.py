"""Goodman-Bacon's decomposition: exact on any balanced panel, and against printed weights."""

import json

import causaldata
import numpy as np
import pandas as pd
import pytest

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.bacon import decompose
from ikz_eval.estimate.twoway import fit_twoway
from tests.reference.staggered import reference_file

INVENTED = {"outcome": "log_cost", "unit": "body", "period": "quarter", "cohort": "cohort", "cluster": "region"}
CASTLE = {
    "treated_vs_never": (0.899, 0.078),
    "earlier_vs_later": (0.077, -0.029),
    "later_vs_earlier": (0.024, 0.046),
}
"""Cunningham, Causal Inference: The Mixtape, chapter on difference-in-differences: weights and average estimates as printed."""


def test_county_employment():
    expected = json.loads(reference_file("expected.json").read_text())["cases"]["mpdta"]["computed"]["bacon_weights"]
    table = pd.read_csv(reference_file("mpdta.csv"))
    found = decompose(table, outcome="lemp", unit="countyreal", period="year", cohort="first_treat").by_kind()
    for row in found.itertuples():
        assert [round(row.weight, 4), round(row.estimate, 4)] == expected[row.kind]
    assert set(found["kind"]) == set(expected)


def test_castle_doctrine_as_printed():
    table = causaldata.castle.load_pandas().data
    found = decompose(table, outcome="l_homicide", unit="sid", period="year", treatment="post")
    for row in found.by_kind().itertuples():
        assert (row.weight, row.estimate) == pytest.approx(CASTLE[row.kind], abs=5e-4)
    assert found.linear.estimates[0] == pytest.approx(0.069, abs=5e-4)


@pytest.mark.parametrize("starts", [(9, 13, 17, 0, 0), (1, 5, 23, 30, 9), (3, 4, 5, 5, 22)])
def test_comparisons_average_to_the_coefficient(starts):
    draw = np.random.default_rng(5)
    panel = pd.DataFrame([(u, t, starts[u % 5]) for u in range(17) for t in range(24)], columns=["u", "t", "g"])
    panel["y"] = draw.normal(size=len(panel))
    found = decompose(panel, outcome="y", unit="u", period="t", cohort="g")
    frame = found.to_frame()
    twoway = fit_twoway(panel, outcome="y", unit="u", period="t", cohort="g").linear.estimates[0]
    assert frame["weight"].sum() == pytest.approx(1.0, abs=1e-12)
    assert (frame["weight"] > 0).all()
    assert (frame["weight"] * frame["estimate"]).sum() == pytest.approx(twoway, abs=1e-12)


def test_each_comparison_is_a_regression_on_its_rows(staggered):
    frame = decompose(staggered, **INVENTED).to_frame()
    assert len(frame) == 3 + 3 * 2
    row = frame[(frame["treated"] == "13") & (frame["control"] == "9")].iloc[0]
    inside = staggered[staggered["cohort"].isin([9, 13]) & (staggered["quarter"] >= 9)]
    own = inside.assign(cohort=inside["cohort"].where(inside["cohort"] == 13, 0))
    assert row["estimate"] == pytest.approx(fit_twoway(own, **INVENTED).linear.estimates[0], abs=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.drop(index=3), "not balanced: unit 'b00' has 23 of 24 periods"),
        (lambda p: p.assign(log_cost=p["log_cost"].where(p.index != 3)), "not balanced.*outcome_missing"),
        (lambda p: p.assign(cohort=p["cohort"] * 0), "no row is treated"),
        (lambda p: p.assign(cohort=9), "all units start in the same period"),
        (lambda p: p.assign(quarter=p["quarter"] + 9), "treated from the first period on"),
        (lambda p: p[p["quarter"] == 10], "single period"),
    ],
)
def test_what_cannot_be_decomposed(staggered, change, message):
    with pytest.raises(EstimationError, match=message):
        decompose(change(staggered), **INVENTED)
