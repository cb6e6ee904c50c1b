"""The required tests of several fields together: against refits, by hand, and with parts taken away."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from ikz_eval.errors import EstimationError
from ikz_eval.estimate import judge, required_tests
from ikz_eval.estimate.design import StartPath, partnership_frame
from ikz_eval.estimate.evaluation import evaluate_field, fit_level
from ikz_eval.estimate.reassignment import Dealing, linear_estimates, path_panel, weights_under
from ikz_eval.estimate.required_tests import run_required_tests
from ikz_eval.estimate.sign_checks import SignChecks, sign_checks
from ikz_eval.inference import cluster_robust
from tests.ikz_eval.estimate.invented import (
    FIELD,
    LAST,
    MAIN,
    STARTS,
    make_panel,
    make_partnership,
    make_registry,
    with_anticipation,
)

TINY = make_registry()


@pytest.fixture(autouse=True)
def few_simulations(monkeypatch):
    """Simulate the least supported effect with few sets of noise: quick, and no figure of it is checked here."""
    monkeypatch.setattr(required_tests, "SIMULATIONS", 10)


@cache
def tiny_panel(effect: float = -0.1, seed: int = 7) -> pd.DataFrame:
    return make_panel(effect, seed=seed)


def frame_of(panel=None, specification=MAIN, change=None):
    partnership = make_partnership(tiny_panel() if panel is None else panel)
    partnership = partnership if change is None else change(partnership)
    return partnership_frame(TINY, specification, FIELD, LAST, partnership)


def with_partial_quarter(partnership):
    cut = (partnership["unit"] == "beta") & (partnership["quarter"] == STARTS["beta"])
    return partnership.assign(is_partial=partnership["is_partial"] | cut)


def with_gap(partnership):
    return partnership[~((partnership["unit"] == "block1") & (partnership["quarter"] == "2021-Q1"))]


@pytest.mark.parametrize("change", [None, with_partial_quarter, with_gap])
def test_weights_under_the_observed_paths_are_those_of_imputation(change):
    frame = frame_of(change=change)
    fit = fit_level("partnership", frame).imputation
    panel = path_panel(frame)
    found = weights_under(panel, panel.paths)
    assert found.c @ panel.outcome == pytest.approx(fit.estimate, abs=1e-12)
    assert np.linalg.norm(found.scores @ panel.outcome) == pytest.approx(fit.inference.se, rel=1e-9)
    known = cluster_robust(linear_estimates(panel)[0], "cr2")[0]
    assert (known.se, known.df) == pytest.approx((fit.inference.se, fit.inference.df), rel=1e-9)


def test_weights_under_other_paths_are_those_of_a_refit():
    """Starts are exchanged in the table itself and everything is read and fitted anew."""
    panel = path_panel(frame_of(specification=with_anticipation(2)))
    order = [3, 0, 5, 1, 2, 6, 4]
    dealt = [panel.paths[code] for code in order]
    found = weights_under(panel, dealt)
    starts = dict(zip(panel.names, (path.start for path in dealt), strict=True))
    kinds = {unit: "block" if start is None else "region" for unit, start in starts.items()}

    def moved(partnership):
        return partnership.assign(
            cohort=partnership["unit"].map(starts).astype(object).where(lambda s: s.notna(), None),
            unit_kind=partnership["unit"].map(kinds),
        )

    fit = fit_level("partnership", frame_of(specification=with_anticipation(2), change=moved)).imputation
    assert found.c @ panel.outcome == pytest.approx(fit.estimate, abs=1e-12)
    assert np.linalg.norm(found.scores @ panel.outcome) == pytest.approx(fit.inference.se, rel=1e-9)
    assert fit.observations.outcome.size == found.used.sum() == 7 * 16 - 6


def test_the_excluded_quarters_of_a_path_go_with_it():
    panel = path_panel(frame_of(change=with_partial_quarter))
    paths = dict(zip(panel.names, panel.paths, strict=True))
    assert paths["beta"] == StartPath(STARTS["beta"], (STARTS["beta"],))
    swapped = [paths[{"beta": "block1", "block1": "beta"}.get(name, name)] for name in panel.names]
    out = ~panel.used(swapped)
    assert [panel.names[code] for code in panel.unit[out]] == ["block1"]
    assert panel.outcome.size == 7 * 16


def test_an_assignment_that_leaves_nothing_untreated_is_refused():
    panel = path_panel(frame_of())
    with pytest.raises(EstimationError, match="no treated row can be imputed"):
        weights_under(panel, [StartPath(None)] * 7)


def two_fields(second=None):
    """Return a study of two fields, the second without effect, and its tables."""
    registry = make_registry()
    both = replace(
        registry,
        fields=pd.concat([registry.fields, registry.fields.assign(field="wohngeld")], ignore_index=True),
        agreements=pd.concat([registry.agreements, registry.agreements.assign(field="wohngeld")], ignore_index=True),
        outcomes=(*registry.outcomes, replace(registry.outcomes[0], field="wohngeld")),
    )
    first, other = tiny_panel(), (make_panel(0.0, seed=3) if second is None else second).assign(field="wohngeld")
    partnership = pd.concat([make_partnership(first), make_partnership(other).assign(field="wohngeld")])
    return both, pd.concat([first, other], ignore_index=True), partnership


def evaluations(registry, panel, partnership):
    return [evaluate_field(registry, MAIN, field, LAST, panel, partnership) for field in registry.delivered_fields]


def test_one_dealing_serves_all_fields_and_the_observed_one_is_the_first():
    tests = run_required_tests(evaluations(*two_fields()))
    clear, null = tests[FIELD], tests["wohngeld"]
    assert (clear.p_randomisation_t, clear.p_randomisation_t_adjusted) == pytest.approx((1 / 210, 1 / 210))
    assert (clear.p_wild, clear.p_wild_adjusted) == pytest.approx((2 / 128, 2 / 128))
    assert clear.p_cr2_adjusted == pytest.approx(2 * clear.p_cr2)
    assert all(clear.passed.values()) and not clear.missing
    assert null.p_wild_adjusted >= null.p_wild > 0.05
    assert null.p_randomisation_t_adjusted >= null.p_randomisation_t > 0.05


def test_randomisation_by_hand():
    """Every dealing is refitted by weights_under and counted."""
    panel = path_panel(frame_of(make_panel(-0.02, noise=0.02, seed=2)))
    draws = Dealing([panel], seed=1).draws()
    found = weights_under(panel, panel.paths)
    t = found.c @ panel.outcome / np.linalg.norm(found.scores @ panel.outcome)
    assert draws.t.shape == (210, 1) and draws.is_exact
    assert draws.t[0, 0] == pytest.approx(t)
    assert draws.results()[0].p_t == pytest.approx((np.abs(draws.t) >= abs(t) - 1e-9).mean())


def test_fields_with_rows_of_different_blocks_are_aligned_by_name():
    """The second field lacks a block: its dealings pass over that block, and each remains one of its own."""
    registry, panel, partnership = two_fields()
    gone = (partnership["field"] == "wohngeld") & (partnership["unit"] == "block2")
    tests = run_required_tests(evaluations(registry, panel, partnership[~gone]))
    alone = run_required_tests(evaluations(registry, panel, partnership[~gone])[1:])
    for name in ("p_cr2", "p_wild", "p_randomisation_t", "p_randomisation_coefficient"):
        assert getattr(tests["wohngeld"], name) == pytest.approx(getattr(alone["wohngeld"], name)), name


@pytest.mark.parametrize(
    ("bins", "expected"),
    [
        ([0.01, -0.01, 0.0, -0.1, -0.12], {"event_path_bins": True, "relative_magnitude": True}),
        ([0.09, -0.03, 0.0, -0.1, -0.12], {"event_path_bins": True, "relative_magnitude": False}),
        ([0.01, -0.01, 0.0, -0.1, 0.01], {"event_path_bins": False, "relative_magnitude": True}),
        ([0.0, 0.11, 0.0, -0.1, -0.1], {"event_path_bins": True, "relative_magnitude": False}),
    ],
)
def test_the_event_path_by_hand(bins, expected):
    """Largest change between neighbouring bins before the start: .02, .12, .02 and .11, the reference counted."""
    checks = SignChecks(None, np.eye(5), np.array([-12.0, -8.0, -4.0, 0.0, 4.0]))
    assert checks.hold(np.array(bins), -0.1) == expected


def test_a_path_with_one_bin_before_says_nothing_about_deviations():
    checks = SignChecks(None, np.eye(2), np.array([-4.0, 0.0]))
    assert checks.hold(np.array([0.0, -0.1]), -0.1) == {"event_path_bins": True}


def test_the_checks_read_the_published_path_and_the_estimates_without_each_region():
    frame = frame_of()
    fits = fit_level("partnership", frame)
    panel = path_panel(frame)
    checks = sign_checks(panel, fits.paths)
    assert (checks.bins @ panel.outcome).tolist() == pytest.approx([p.estimate for p in fits.paths[4].points])
    without = [
        fit_level("partnership", frame_of(tiny_panel()[tiny_panel()["unit"] != unit])).imputation.estimate
        for unit in STARTS
    ]
    assert (checks.left_out @ panel.outcome).tolist() == pytest.approx(without)


def test_a_sign_that_hangs_on_one_region_fails():
    """One region saves much, the two others become a little dearer."""
    panel = tiny_panel(0.0).copy()
    for unit, effect in {"alpha": -0.5, "beta": 0.03, "gamma": 0.03}.items():
        after = (panel["unit"] == unit) & (panel["quarter"] >= STARTS[unit])
        cents = (panel.loc[after, "real_gross_cost_cents"] * np.exp(effect)).round().astype(int)
        panel.loc[after, "real_gross_cost_cents"] = cents
    verdict = judge(TINY, LAST, panel, make_partnership(panel))["verdict"].iloc[0]
    assert verdict["verdict"] == "compatible"
    assert "failed_leave_one_region_out" in verdict["reasons"].split(",")


def test_with_one_treated_region_there_is_no_p_value_at_all():
    panel = tiny_panel()[~tiny_panel()["unit"].isin(["beta", "gamma"])]
    verdict = judge(TINY, LAST, panel, make_partnership(panel))["verdict"].iloc[0]
    assert verdict["verdict"] == "not_assessable"
    assert verdict["reasons"].split(",")[0] == "fewer_than_2_regions"
    assert verdict[[name for name in verdict.index if name.startswith("p_")]].isna().all()


def test_the_same_rows_give_the_same_tests():
    first, again = (run_required_tests(evaluations(*two_fields())) for _ in range(2))
    assert first == again
    assert list(first) == [FIELD, "wohngeld"]
