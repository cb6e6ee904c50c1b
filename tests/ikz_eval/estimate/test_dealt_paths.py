"""Randomisation at the one door: the quick way against a refit of the whole method under each assignment."""

import numpy as np
import pytest

from ikz_eval.estimate import Request, answer
from ikz_eval.estimate.dealt_paths import dealt_paths
from ikz_eval.estimate.methods import METHODS
from ikz_eval.estimate.treatment_design import TreatmentDesign
from ikz_eval.inference import assignments, cluster_robust
from tests.reference.staggered import invented_panel

COLUMNS = {"outcome": "log_cost", "unit": "body", "period": "quarter", "cohort": "cohort", "cluster": "region"}


def panel(missing):
    frame = invented_panel()
    frame["w"] = np.random.default_rng(5).uniform(0.5, 2, len(frame))
    gone = np.random.default_rng(3).choice(len(frame), int(missing * len(frame)), replace=False)
    return frame.drop(index=frame.index[gone])


def design_of(frame, request):
    return TreatmentDesign.of(frame, request, METHODS[request.method].fit)


@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize(
    "options",
    [
        {"method": "imputation", "average": "clusters"},
        {"method": "imputation", "weights": "w"},
        {"method": "twoway"},
        {"method": "twoway", "weights": "w"},
    ],
)
def test_as_a_refit(options, missing):
    design = design_of(panel(missing), Request(**COLUMNS, **options))
    dealt = assignments(list(design.starts.paths.values()))[0][::126]
    coefficient, t = design.blocks.at_once(dealt)
    for paths, b, each in zip(dealt, coefficient, t, strict=True):
        again = cluster_robust(design.blocks.refit(dict(zip(design.starts.paths, paths, strict=True))), "cr2")[0]
        assert (b, each) == pytest.approx((again.estimate, again.t), rel=1e-9)


def test_quarters_as_text_and_rows_without_an_outcome():
    frame = panel(0.0)
    frame["quarter"] = [f"{2020 + q // 4}-Q{q % 4 + 1}" for q in frame["quarter"]]
    frame["cohort"] = [None if q == 0 else f"{2020 + q // 4}-Q{q % 4 + 1}" for q in frame["cohort"]]
    frame.loc[frame.index[::17], "log_cost"] = np.nan
    design = design_of(frame, Request(**COLUMNS, method="imputation"))
    dealt = assignments(list(design.starts.paths.values()))[0][::200]
    _, t = design.blocks.at_once(dealt)
    for paths, each in zip(dealt, t, strict=True):
        again = cluster_robust(design.blocks.refit(dict(zip(design.starts.paths, paths, strict=True))), "cr2")[0]
        assert each == pytest.approx(again.t, rel=1e-9)


def test_assignments_whose_rows_differ_are_left_to_a_refit():
    """Block r8 is not observed before quarter 13: under a start at 9 none of its rows can be imputed."""
    frame = panel(0.0)
    frame = frame[(frame["region"] != "r8") | (frame["quarter"] >= 13)]
    design = design_of(frame, Request(**COLUMNS, method="imputation"))
    dealt = assignments(list(design.starts.paths.values()))[0]
    _, t = design.blocks.at_once(dealt)
    starts_early = np.array([paths[list(design.starts.paths).index("r8")] in (9, 13) for paths in dealt])
    assert starts_early.any()
    np.testing.assert_array_equal(np.isnan(t), starts_early)


@pytest.mark.parametrize(
    "options",
    [
        {"method": "imputation", "anticipation": 1},
        {"method": "imputation", "aggregate": "dynamic"},
        {"method": "twoway", "covariates": ("w",)},
        {"method": "group_time"},
    ],
)
def test_other_requests_are_refitted(options):
    design = design_of(panel(0.0), request := Request(**COLUMNS, **options))
    assert dealt_paths(design.panel, request, design.cluster, design.starts.paths) is None


def test_the_answer_is_that_of_refits(monkeypatch):
    request = Request(**COLUMNS, method="imputation", average="clusters", inference=("randomisation",))
    small = panel(0.0)
    small = small[small["region"].isin(["r0", "r1", "r3", "r4", "r5"])]
    quick = answer(small, request).estimates[0].inference["randomisation"]
    monkeypatch.setattr("ikz_eval.estimate.treatment_design.dealt_paths", lambda *given: None)
    assert quick == answer(small, request).estimates[0].inference["randomisation"]
    assert quick["assignments"] == 20
