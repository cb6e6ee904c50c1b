"""Conley-Taber and Ferman-Pinto at the one door: numbers with what they rest on, and none with one treated cluster."""

import json

import numpy as np
import pytest

from ikz_eval.errors import EstimationError, UsageError
from ikz_eval.estimate.door import Request, answer
from ikz_eval.estimate.few_treated import ASSUMES
from ikz_eval.inference import conley_taber
from tests.reference.staggered import invented_panel

COLUMNS = {"outcome": "log_cost", "unit": "body", "period": "quarter", "cohort": "cohort", "cluster": "region"}
BOTH = ("conley_taber", "ferman_pinto")


def panel(**changes):
    return invented_panel().assign(**{"cases": lambda x: 100 + 10 * x["quarter"]} | changes)


def effect(found, name):
    return next(one for one in found.estimates if one.term == "ATT").inference[name]


@pytest.mark.parametrize("method", ["imputation", "twoway"])
def test_numbers_of_the_linear_methods(method):
    found = answer(panel(), Request(method, **COLUMNS, size="cases", inference=BOTH, draws=499))
    for name in BOTH:
        numbers = effect(found, name)
        assert numbers["low"] < found.estimates[0].estimate < numbers["high"]
        assert (numbers["treated_clusters"], numbers["comparison_clusters"], numbers["left_out"]) == (3, 6, 0)
        assert numbers["assumes"] == ASSUMES[name] and numbers["is_approximate"] is True
        assert "reason" not in numbers
        assert numbers["caution"].startswith("6 comparison clusters are few") and numbers["caution"] in found.summary()
    assert effect(found, "conley_taber")["draws"] == 216 and effect(found, "ferman_pinto")["draws"] == 499
    assert "region or block" in found.summary() and "assumes" not in found.summary().splitlines()[1]
    json.loads(found.to_json())


def test_two_by_two_with_one_start():
    one = panel(cohort=lambda x: x["cohort"].where(x["cohort"] == 0, 9))
    found = answer(one, Request("two_by_two", **COLUMNS, size="cases", inference=BOTH, draws=499))
    assert 0 < effect(found, "conley_taber")["p"] < 1 and 0 < effect(found, "ferman_pinto")["p"] < 1


def test_one_treated_cluster_has_neither_p_nor_interval_but_a_reason():
    alone = panel()[lambda x: x["cohort"].isin([0, 9])]
    found = answer(alone, Request("imputation", **COLUMNS, size="cases", inference=BOTH))
    for name in BOTH:
        numbers = effect(found, name)
        assert [numbers[key] for key in ("p", "low", "high")] == [None] * 3
        assert "one treated cluster" in numbers["reason"] and numbers["reason"] in found.summary()


def test_a_term_that_one_cluster_makes_alone_is_withheld():
    asked = Request("imputation", **COLUMNS, inference=("conley_taber",), aggregate="dynamic", average="clusters")
    found = {one.term: one.inference["conley_taber"] for one in answer(panel(), asked).estimates}
    # Starts 9, 13, 17 of 24 quarters: from the eleventh quarter after the start on only the first region is seen.
    assert found["e=6"]["treated_clusters"] == 3 and found["e=6"]["p"] is not None
    assert found["e=10"]["treated_clusters"] == 2 and found["e=10"]["p"] is not None
    assert found["e=11"]["treated_clusters"] == 1 and found["e=11"]["p"] is None and "reason" in found["e=11"]


def test_sizes_are_read_from_the_rows_that_are_used():
    """Shuffled rows and dropped ones: the same numbers."""
    whole = panel(cases=lambda x: 50.0 + x["body"].str[1:].astype(int))
    gone = whole.assign(log_cost=whole["log_cost"].where(whole["quarter"] != 3))
    asked = Request("imputation", **COLUMNS, size="cases", inference=("ferman_pinto",), draws=199)
    first = answer(gone, asked)
    other = answer(whole[whole["quarter"] != 3].sample(frac=1, random_state=2), asked)
    assert effect(first, "ferman_pinto")["p"] == effect(other, "ferman_pinto")["p"]
    ends = [[effect(each, "ferman_pinto")[key] for key in ("low", "high")] for each in (first, other)]
    assert ends[0] == pytest.approx(ends[1])


def test_wrong_usage_and_what_cannot_be_computed():
    with pytest.raises(UsageError, match="ferman_pinto needs --size"):
        answer(panel(), Request("imputation", **COLUMNS, inference=("ferman_pinto",)))
    with pytest.raises(UsageError, match="--size serves inference ferman_pinto alone"):
        answer(panel(), Request("imputation", **COLUMNS, size="cases"))
    with pytest.raises(UsageError, match="does not know --size"):
        answer(panel(), Request("sun_abraham", **COLUMNS, size="cases", inference=("ferman_pinto",)))
    with pytest.raises(EstimationError, match="no column for size 'inhabitants'"):
        answer(panel(), Request("imputation", **COLUMNS, size="inhabitants", inference=("ferman_pinto",)))
    with pytest.raises(EstimationError, match="'body' holds words"):
        answer(panel(), Request("imputation", **COLUMNS, size="body", inference=("ferman_pinto",)))
    with pytest.raises(EstimationError, match="size holds nan"):
        answer(panel(cases=np.nan), Request("imputation", **COLUMNS, size="cases", inference=("ferman_pinto",)))
    with pytest.raises(EstimationError, match="'conley_taber': this method does not offer it"):
        answer(panel(), Request("sun_abraham", **COLUMNS, inference=("conley_taber",)))


def test_the_function_computes_what_the_door_withholds():
    """For simulations of its size; see docs/methods/conley_taber.md."""
    from ikz_eval.estimate import fit_imputation

    fit = fit_imputation(panel()[lambda x: x["cohort"].isin([0, 9])], **COLUMNS)
    found = conley_taber(fit.linear, fit.row_design)[0]
    assert (found.treated_clusters, found.draws, found.low) == (1, 6, -np.inf)
    assert found.p >= 1 / 7
