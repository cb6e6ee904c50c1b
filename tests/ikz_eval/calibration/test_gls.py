"""Whitening as it was tried: with no autocorrelation it is least squares, with some it is generalised least squares."""

import numpy as np
import pytest
import statsmodels.api as sm

from ikz_eval.calibration.gls import whitened
from ikz_eval.calibration.statistics import run_required
from ikz_eval.calibration.tally import draw_field
from ikz_eval.calibration.worlds import WORLDS
from ikz_eval.errors import UsageError
from ikz_eval.estimate.reassignment import path_panel
from tests.ikz_eval.calibration.designs import small_study


@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_the_estimate_is_the_mean_of_the_regions_effects_in_gls(rho):
    """Statsmodels' GLS with the covariance of the autoregression, unit and quarter dummies and an effect a region."""
    study = small_study(1)
    field = whitened(study, rho).fields[0]
    panel = path_panel(study.fields[0].layout.found.partnership.frame)
    outcome = draw_field(study.fields[0], WORLDS["C"], 1, np.random.default_rng(1)).errors[0]
    treated = panel.treated(panel.paths)
    regions = np.unique(panel.unit[treated])
    effects = np.column_stack([treated & (panel.unit == region) for region in regions]).astype(float)
    same = panel.unit[:, None] == panel.unit
    covariance = same * rho ** np.abs(np.subtract.outer(panel.period, panel.period))
    fit = sm.GLS(outcome, np.column_stack([panel.columns[:, 1:], effects]), sigma=covariance).fit()
    assert float(field.partnership.weights @ outcome) == pytest.approx(fit.params[-regions.size :].mean(), abs=1e-10)


def test_what_dealing_observes_is_the_estimate_itself():
    study = whitened(small_study(1), 0.5)
    field = study.fields[0]
    outcomes = draw_field(field, WORLDS["B"], 3, np.random.default_rng(2)).errors
    tested = run_required(study, field, outcomes)
    assert tested.dealt_t[:, 0] == pytest.approx(np.abs(tested.t), rel=1e-9)
    bootstrap = field.partnership.bootstraps["wild"]
    assert np.linalg.norm(bootstrap.observed @ outcomes[0]) == pytest.approx(tested.estimate[0] / tested.t[0], rel=1e-9)


def test_more_than_one_field_is_refused():
    with pytest.raises(UsageError, match="2 fields"):
        whitened(small_study(2), 0.5)
