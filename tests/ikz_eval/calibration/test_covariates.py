"""A covariate as it was tried: estimate, CR2 and bootstrap are those of imputation with covariates, under any dealing."""

import numpy as np
import pytest

from ikz_eval.calibration.covariates import with_covariate
from ikz_eval.calibration.statistics import run_required
from ikz_eval.calibration.tally import draw_field
from ikz_eval.calibration.worlds import WORLDS
from ikz_eval.errors import UsageError
from ikz_eval.estimate import fit_imputation
from ikz_eval.inference import assignments, wild_bootstrap
from tests.ikz_eval.calibration.designs import small_study

COLUMNS = {"outcome": "y", "unit": "unit", "period": "quarter", "cohort": "start", "covariates": ["x"]}


@pytest.fixture(scope="module")
def tried():
    """Give a study one covariate; return it, its rows with two outcomes, and what it made of them."""
    study = small_study(1)
    field = study.fields[0]
    drawn = draw_field(field, WORLDS["C"], 3, np.random.default_rng(4)).errors
    covariate, outcomes = drawn[0], drawn[1:] - 0.04 * field.treated + 0.5 * drawn[0]
    given = with_covariate(study, covariate)
    rows = field.layout.found.partnership.frame.rows.assign(x=covariate, y=outcomes[0])
    return given, rows, run_required(given, given.fields[0], outcomes)


def test_the_estimate_and_its_error_are_those_of_imputation_with_the_covariate(tried):
    given, rows, tested = tried
    fit = fit_imputation(rows, **COLUMNS)
    assert tested.estimate[0] == pytest.approx(fit.estimate, abs=1e-12)
    assert fit.estimate != pytest.approx(fit_imputation(rows, **COLUMNS | {"covariates": []}).estimate, abs=1e-3)
    assert (tested.p["cr2"][0], tested.low[0]) == pytest.approx((fit.inference.p, fit.inference.low), abs=1e-10)
    assert given.fields[0].partnership.sandwiches["cr2"].df == pytest.approx(fit.inference.df, abs=1e-8)
    assert tested.p["wild"][0] == wild_bootstrap(fit.linear, denominator="cr2")[0].p


def test_under_another_dealing_the_slope_is_fitted_anew(tried):
    given, rows, tested = tried
    names = sorted(rows["unit"].unique())
    panel_paths = given.fields[0].layout.found.paths
    dealt = assignments([panel_paths[name] for name in names])[0]
    start = {name: path.start for name, path in zip(names, dealt[7], strict=True)}
    again = fit_imputation(rows.assign(start=rows["unit"].map(start)), **COLUMNS)
    assert tested.dealt_t[0, 0] == pytest.approx(abs(tested.t[0]), rel=1e-9)
    assert tested.dealt_t[0, 7] == pytest.approx(abs(again.estimate / again.inference.se), rel=1e-9)


def test_sign_checks_look_at_what_the_covariate_leaves(tried):
    """Adding the covariate to the outcome changes none of them."""
    given, rows, _ = tried
    checks = given.fields[0].checks
    for weights in (checks.left_out, checks.bins):
        assert weights @ rows["y"] == pytest.approx(weights @ (rows["y"] + 3 * rows["x"]), abs=1e-12)


def test_what_cannot_be_told_from_the_effects_is_refused():
    study = small_study(1)
    with pytest.raises(UsageError, match="does not vary beyond unit and quarter effects"):
        with_covariate(study, study.fields[0].period.astype(float))
    with pytest.raises(UsageError, match="2 fields"):
        with_covariate(small_study(2), np.zeros(1))
