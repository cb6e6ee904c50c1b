"""Matrices on many draws say what the pipeline's own functions say of each draw, p value by p value."""

from dataclasses import replace

import numpy as np
import pytest

from ikz_eval.calibration import prepare_study, study_layout
from ikz_eval.calibration.pooled import average_deviation, average_p
from ikz_eval.calibration.statistics import judge, run_tests
from ikz_eval.calibration.tally import Chunk, Drawn, draw_field, estimate_deviation
from ikz_eval.calibration.worlds import WORLDS
from ikz_eval.estimate.evaluation import FieldEvaluation, fit_level
from ikz_eval.estimate.further import pooled_figure
from ikz_eval.estimate.required_tests import run_required_tests
from ikz_eval.estimate.verdict import FieldEffect, decide
from ikz_eval.inference import cluster_robust, donald_lang, region_changes, wild_bootstrap
from ikz_eval.registry import Pooled, load_registry
from tests.ikz_eval.calibration.designs import small_study


def evaluated(field, outcome: np.ndarray) -> FieldEvaluation:
    """Evaluate one field on an outcome as the pipeline does."""
    found = field.layout.found
    frame = found.partnership.frame
    rows = frame.rows.assign(outcome=outcome[: len(frame.rows)])
    of_paths = frame.path_rows.assign(outcome=outcome[len(frame.rows) :])
    return replace(found, partnership=fit_level("partnership", replace(frame, rows=rows, path_rows=of_paths)))


def drawn(study, world: str, draws: int, seed: int, effects: tuple[float, ...]) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    outcomes = []
    for field, size in zip(study.fields, effects, strict=True):
        each: Drawn = draw_field(field, WORLDS[world], draws, generator)
        outcomes.append(each.errors + size * each.effect)
    return outcomes


@pytest.mark.parametrize(("world", "size"), [("B", -0.08), ("D", -0.03), ("G", 0.0)])
def test_every_p_value_and_verdict_equals_that_of_the_pipeline(world, size):
    """Counted p values are equal exactly; t tests up to rounding."""
    study = small_study()
    outcomes = drawn(study, world, 2, 11, (size, 0.0))
    tested = [run_tests(study, field, each) for field, each in zip(study.fields, outcomes, strict=True)]
    judged = judge(study.fields, tested)
    for draw in range(2):
        found = [evaluated(field, each[draw]) for field, each in zip(study.fields, outcomes, strict=True)]
        expected = run_required_tests(found)
        for position, (field, each) in enumerate(zip(study.fields, found, strict=True)):
            of_field, fit = expected[field.layout.field], each.partnership.imputation
            mine = tested[position]
            assert mine.estimate[draw] == pytest.approx(fit.estimate, abs=1e-12)
            assert mine.p["cr2"][draw] == pytest.approx(of_field.p_cr2, rel=1e-8)
            assert judged.p["cr2"][draw, position] == pytest.approx(of_field.p_cr2_adjusted, rel=1e-8)
            assert mine.p["wild"][draw] == of_field.p_wild
            assert judged.p["wild"][draw, position] == of_field.p_wild_adjusted
            assert mine.p["randomisation_t"][draw] == of_field.p_randomisation_t
            assert judged.p["randomisation_t"][draw, position] == of_field.p_randomisation_t_adjusted
            assert mine.p["randomisation_coefficient"][draw] == of_field.p_randomisation_coefficient
            assert {name: bool(flags[draw]) for name, flags in mine.signs.items()} == {
                name: of_field.passed[name] for name in mine.signs
            }
            inference = fit.inference
            effect = FieldEffect(fit.estimate, inference.low, inference.high, of_field.p_cr2_adjusted)
            verdict = decide(each.design, effect, of_field.passed)
            assert judged.supported[draw, position] == (verdict.code == "supported")


def test_the_other_inferences_are_those_of_the_library():
    study = small_study()
    field = study.fields[0]
    outcome = drawn(study, "C", 1, 5, (-0.05, 0.0))[0]
    tested, fit = run_tests(study, field, outcome), evaluated(field, outcome[0]).partnership.imputation
    for kind in ("cr1", "cr1_full", "cr3"):
        assert tested.p[kind][0] == pytest.approx(cluster_robust(fit.linear, kind)[0].p, rel=1e-9)
    assert tested.p["wild_cr1"][0] == wild_bootstrap(fit.linear)[0].p
    path = evaluated(field, outcome[0]).partnership.paths[4]
    first_year = next(point for point in path.points if point.event_time == 0)
    assert tested.p["event_path_first_year"][0] == pytest.approx(first_year.inference.p, rel=1e-8)
    table = outcome[0].reshape(field.layout.bodies.n_units, -1)
    expected = donald_lang(*region_changes(table, field.layout.bodies.start))
    assert tested.p["donald_lang"][0] == pytest.approx(expected.p, rel=1e-12)
    assert (tested.low[0], tested.high[0]) == pytest.approx((fit.inference.low, fit.inference.high), abs=1e-10)


@pytest.mark.parametrize("world", ["B", "G"])
def test_the_average_over_fields_is_that_of_the_pipeline(world):
    study = small_study()
    outcomes = drawn(study, world, 2, 13, (-0.08, 0.03))
    (pooled,) = study.pooled
    estimate, p = average_p(pooled, outcomes)
    registered = Pooled("alle", tuple(field.layout.field for field in study.fields), "reason")
    for draw in range(2):
        found = [
            replace(evaluated(field, each[draw]), field=name)
            for field, each, name in zip(study.fields, outcomes, registered.fields, strict=True)
        ]
        said = pooled_figure(registered, found)
        assert (estimate[draw], p[draw]) == pytest.approx((said.estimate, said.p), rel=1e-8)


def test_group_time_weights_give_the_published_point():
    study = small_study()
    field = study.fields[0]
    outcome = drawn(study, "A", 1, 6, (-0.05, 0.0))[0]
    point = evaluated(field, outcome[0]).partnership.group_time.aggregate("group").estimate
    assert float(field.group_time @ outcome[0]) == pytest.approx(point, abs=1e-12)


def test_bodies_are_judged_by_the_body_level_estimate():
    study = small_study()
    field = study.fields[0]
    each = draw_field(field, WORLDS["B"], 1, np.random.default_rng(2))
    frame = field.layout.found.body.frame
    fits = fit_level("body", replace(frame, rows=frame.rows.assign(outcome=each.body_errors[0])))
    level = field.bodies
    assert float(level.weights @ each.body_errors[0]) == pytest.approx(fits.imputation.estimate, abs=1e-12)
    error = float(np.linalg.norm(level.sandwiches["cr2"].scores @ each.body_errors[0]))
    assert error == pytest.approx(fits.imputation.inference.se, rel=1e-9)


def test_a_partnership_moves_like_the_mean_of_its_bodies():
    field = small_study().fields[0]
    each = draw_field(field, WORLDS["B"], 2, np.random.default_rng(3))
    layout = field.layout
    members = np.flatnonzero(layout.bodies.unit == 0)
    table = np.full((len(layout.ags), layout.n_periods), np.nan)
    table[field.body, field.body_period] = each.body_errors[1]
    assert each.errors[1][field.unit == 0] == pytest.approx(table[members].mean(axis=0), abs=1e-15)


def test_the_deviation_of_the_estimate_is_that_of_its_draws():
    field = small_study().fields[0]
    for name in ("B", "D", "E", "H"):
        errors = draw_field(field, WORLDS[name], 2_000, np.random.default_rng(4)).errors
        found = float((errors @ field.partnership.weights).std())
        assert estimate_deviation(field, WORLDS[name]) == pytest.approx(found, rel=0.06)


def test_the_deviation_of_an_average_is_that_of_its_draws():
    study = small_study()
    fields, (pooled,) = study.fields, study.pooled
    generator = np.random.default_rng(4)
    errors = [draw_field(field, WORLDS["C"], 2_000, generator).errors for field in fields]
    expected = average_deviation([estimate_deviation(field, WORLDS["C"]) for field in fields])
    assert average_p(pooled, errors)[0].std() == pytest.approx(expected, rel=0.06)


def test_chunks_have_seeds_of_their_own():
    first = [Chunk(world, 1, block, number, 1, False).generator.normal() for world in "AB" for block in (0, 1) for number in (0, 1)]  # fmt: skip
    assert len(set(first)) == 8


@pytest.mark.slow
def test_the_demonstrations_design_equals_the_pipeline_too():
    study = prepare_study(study_layout(load_registry("demonstration"), "2026-Q2"))
    outcomes = drawn(study, "B", 2, 21, (-0.15, 0.0, 0.0, -0.1))
    tested = [run_tests(study, field, each) for field, each in zip(study.fields, outcomes, strict=True)]
    judged = judge(study.fields, tested)
    for draw in range(2):
        found = [evaluated(field, each[draw]) for field, each in zip(study.fields, outcomes, strict=True)]
        expected = run_required_tests(found)
        for position, field in enumerate(study.fields):
            of_field = expected[field.layout.field]
            assert judged.p["wild"][draw, position] == of_field.p_wild_adjusted
            assert judged.p["randomisation_t"][draw, position] == of_field.p_randomisation_t_adjusted
            assert judged.p["cr2"][draw, position] == pytest.approx(of_field.p_cr2_adjusted, rel=1e-8)
