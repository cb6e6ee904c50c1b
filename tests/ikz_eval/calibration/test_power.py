"""Power of planned designs: the same programmes judged one by one, noise found again, words in both languages."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from ikz_eval.calibration import prepare_study
from ikz_eval.calibration.layout import PlannedRegion, assumed_regions, planned_layout, study_layout
from ikz_eval.calibration.noise import Noise, from_moments, residual_moments
from ikz_eval.calibration.power import EFFECTS, PlannedStudy, Power, _Simulated, alternatives, plan_of, power_of
from ikz_eval.calibration.power_report import PowerReport
from ikz_eval.calibration.worlds import draw_errors, world_of
from ikz_eval.cli import cli
from ikz_eval.errors import UsageError
from ikz_eval.estimate.evaluation import fit_level
from ikz_eval.estimate.required_tests import run_required_tests
from ikz_eval.estimate.verdict import FieldEffect, decide
from ikz_eval.quarters import quarter_range
from ikz_eval.registry import load_registry
from ikz_eval.settings import ROOT
from tests.ikz_eval.calibration.designs import QUARTERS, REGIONS, small_study
from tests.ikz_eval.calibration.test_same_as_pipeline import evaluated

SMALL = PlannedStudy("base", REGIONS, tuple(QUARTERS), 2)
NOISE = Noise(0.05, 0.3, 0.0)
TINY = ("power", "--regions", "3", "--bodies", "2", "--blocks", "3", "--before", "8", "--after", "6", "--fields", "1", "--noise", "5", "--icc", "0.3", "--draws", "50")  # fmt: skip
IMPOSSIBLE = ("power", "--study", "demonstration", "--regions", "3", "--before", "1", "--after", "1", "--noise", "5")


@pytest.mark.slow
def test_power_is_the_share_that_the_pipeline_calls_supported():
    """Six programmes of one field with a saving of 10 %, each evaluated by the pipeline's own functions."""
    study = small_study(1)
    simulated = _Simulated.of(study, world_of(0.3, 0.0), 0.05, 6, 9)
    size = float(np.log(0.9))
    supported = []
    for outcome in simulated.errors + size * simulated.effect:
        found = evaluated(study.fields[0], outcome)
        fit, tests = found.partnership.imputation, run_required_tests([found])
        of_field = next(iter(tests.values()))
        effect = FieldEffect(fit.estimate, fit.inference.low, fit.inference.high, of_field.p_cr2_adjusted)
        verdict = decide(found.design, effect, of_field.passed)
        supported.append((verdict.code, verdict.direction) == ("supported", "saving"))
    assert simulated.share(size, 1) == pytest.approx(np.mean(supported))
    assert np.mean(supported) > 0, "an effect of two noise scales is found at least once"


@pytest.mark.slow
def test_least_savings_are_found_with_their_power_and_grow_with_fields():
    found = power_of(SMALL, NOISE, draws=200)
    assert found.power[-20.0] >= found.power[-10.0] >= found.power[-5.0]
    assert found.cr2_percent < found.supported_one_percent <= found.supported_percent
    again = power_of(SMALL, NOISE, draws=200, effects=(-found.supported_percent,))
    assert again.power[-found.supported_percent] == pytest.approx(0.8, abs=0.03)


def test_alternatives_add_one_thing_each():
    base, region, quarters, longer, blocks = alternatives(SMALL)
    assert base is SMALL
    assert len(region.treated) == len(base.treated) + 1 and region.treated[-1].bodies == 3
    assert region.treated[-1].start == "2022-Q4", "with the last one"
    assert len(quarters.quarters) == len(base.quarters) + 4 and quarters.quarters[0] == base.quarters[0]
    assert longer.quarters[0] == "2018-Q1" and longer.quarters[-1] == base.quarters[-1]
    assert len(blocks.blocks) == len(base.blocks) + 2


def test_a_registered_design_is_planned_as_it_stands():
    layout = study_layout(load_registry("demonstration"), "2026-Q2")
    plan = plan_of(layout.fields[0], 4)
    assert [region.bodies for region in plan.treated] == [3, 4, 4] and len(plan.blocks) == 6
    assert {region.name: region.start for region in plan.treated}["nebelquorn"] == "2022-Q4"
    assert (plan.quarters[0], plan.quarters[-1], len(plan.quarters)) == ("2020-Q3", "2026-Q2", 24)
    again = planned_layout("x", plan.regions, plan.quarters, fields=1).fields[0]
    registered = layout.fields[0]
    assert again.found.design == replace(
        registered.found.design, leverage_share_max=again.found.design.leverage_share_max
    )
    weights = (prepare_study(each).fields[0].partnership.weights for each in (planned_layout("x", plan.regions, plan.quarters, fields=1), replace(layout, fields=layout.fields[:1])))  # fmt: skip
    assert next(weights) == pytest.approx(next(weights), abs=1e-12)


def test_the_real_study_has_no_field_to_assess_and_earliest_starts_to_plan_with():
    registry = load_registry("rlp")
    layout = study_layout(registry, "2026-Q2")
    assert layout.fields == () and "unknown_start" in layout.reasons["kfz_zulassung"]
    planned = {region.name: region for region in assumed_regions(registry)}
    assert {name: region.start for name, region in planned.items() if region.start} == {
        "emh": "2021-Q4", "swp": "2022-Q1", "vp": "2021-Q1",
    }  # fmt: skip
    assert sum(region.bodies for region in planned.values()) == 36
    assert len(set(planned["vp"].inhabitants)) == 4


@pytest.mark.parametrize(("scale", "icc", "autocorrelation"), [(0.05, 0.3, 0.0), (0.03, 0.6, 0.5)])
def test_noise_is_found_again(scale, icc, autocorrelation):
    """Mean over twelve fields, within about three standard errors of such a mean; an effect does not disturb it."""
    regions = (
        PlannedRegion("a", 4, "2022-Q4"), PlannedRegion("b", 4, "2023-Q4"),
        PlannedRegion("c", 3, "2024-Q4"), *(PlannedRegion(f"d{number}", 4) for number in range(6)),
    )  # fmt: skip
    field = planned_layout("noise", regions, quarter_range("2020-Q3", "2026-Q2"), fields=1).fields[0]
    frame = field.found.body.frame
    draw = np.random.default_rng(8)
    moments = []
    for errors in draw_errors(world_of(icc, autocorrelation), field.bodies, 24, draws=12, seed=draw, noise=scale):
        rows = frame.rows.assign(outcome=errors.ravel() - 0.3 * frame.rows["start"].notna() * (frame.rows["quarter"] >= frame.rows["start"].fillna("9")))  # fmt: skip
        moments.append(residual_moments(fit_level("body", replace(frame, rows=rows)).imputation))
    found = from_moments(moments, "2026-Q2")
    assert found.scale == pytest.approx(scale, rel=0.1)
    assert found.icc == pytest.approx(icc, abs=0.1)
    assert found.autocorrelation == pytest.approx(autocorrelation, abs=0.08)


@pytest.mark.parametrize("lang", ["de", "en"])
def test_the_report_says_what_is_assumed_and_draws_every_design(lang):
    base, region, *_ = alternatives(SMALL)
    powers = (
        Power(base, {-5.0: 0.31, -10.0: 0.8, -20.0: 1.0}, 4.1, 6.2, 7.3),
        Power(region, {-5.0: 0.5, -10.0: 0.9, -20.0: 1.0}, 3.3, 5.0, float("inf")),
        Power(region, {}, None, None, None, ("fewer_than_2_blocks",)),
    )
    report = PowerReport("Klein", NOISE, powers, ("Eine Annahme.",), 400)
    head, table = report.head(lang), report.table(EFFECTS, lang)
    assert ("Angenommen" if lang == "de" else "Assumed") in head[2] and head[-1] == "Eine Annahme."
    assert [len(line) for line in table] == [6] * 4
    assert table[1][1] == "31 %" and table[1][5] == ("6,2 / 7,3" if lang == "de" else "6.2 / 7.3")
    assert table[2][5].endswith("keine" if lang == "de" else "none")
    estimated = PowerReport("Klein", replace(NOISE, quarter="2026-Q2"), powers, (), 400)
    assert "2026-Q2" in estimated.head(lang)[2]
    (why,) = report.why(lang)
    assert (
        "Nicht beurteilbar, weil weniger als zwei" if lang == "de" else "Not assessable, because fewer than two"
    ) in why
    assert why.endswith(": eine Region mehr." if lang == "de" else ": one more region.")
    svg = report.svg(lang)
    assert svg == report.svg(lang) and "Eine Annahme." in svg
    assert len(re.findall(r"stroke-dasharray", svg)) >= 2
    assert "80" in report.drawing(lang).description


@pytest.mark.slow
def test_the_command_plans_from_scratch(tmp_path):
    figure = tmp_path / "power.svg"
    done = CliRunner().invoke(cli, [*TINY, "--format", "json", "--figure", str(figure)], catch_exceptions=False)
    found = json.loads(done.output)
    base = found["designs"][0]
    assert (base["regions"], base["blocks"], base["quarters"], base["fields"]) == (3, 3, 22, 1)
    assert found["noise"] == {"noise_percent": 5.0, "icc": 0.3, "autocorrelation": 0.0, "estimated_from": None}
    assert base["power"]["-20"] >= base["power"]["-5"]
    assert [each["design"] for each in found["designs"]] == [
        "base", "one_region", "four_quarters", "longer_base", "more_blocks",
    ]  # fmt: skip
    assert figure.read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--icc", "0.3"), "need --noise"),
        (("--blocks", "5", "--before", "9"), "--blocks, --before goes with --regions"),
        (("--regions", "3", "--quarter", "2026-Q2"), "--quarter goes with the design of a registered study"),
    ],
)
def test_the_command_refuses_what_does_not_belong_together(arguments, words):
    with pytest.raises(UsageError, match=words):
        CliRunner().invoke(cli, ["power", *arguments], catch_exceptions=False)


def test_the_command_says_why_a_design_is_not_assessable():
    done = CliRunner().invoke(cli, [*IMPOSSIBLE, "--lang", "en"], catch_exceptions=False)
    assert "Not assessable, because a model region has fewer than four quarters before its start" in done.output
    assert "as planned" in done.output.split("Not assessable, because")[1]


@pytest.mark.parametrize(
    ("regions", "match"),
    [
        ((PlannedRegion("a", 2), PlannedRegion("b", 2)), "needs regions with a start"),
        ((PlannedRegion("a", 2, "2019-Q1"), PlannedRegion("b", 2)), "starts after 2019-Q1"),
        ((PlannedRegion("a", 2, "2021-Q1"), PlannedRegion("a", 2)), "own name"),
    ],
)
def test_impossible_plans_are_refused(regions, match):
    with pytest.raises(UsageError, match=match):
        planned_layout("x", regions, QUARTERS, fields=1)


def test_a_plan_with_one_region_is_not_assessable():
    found = power_of(replace(SMALL, regions=(REGIONS[0], *REGIONS[3:])), NOISE)
    assert found.power == {} and "fewer_than_2_regions" in found.reasons


@pytest.mark.slow
def test_power_is_stored_by_quarter_and_all_means_what_is_lacking(tmp_path, monkeypatch):
    registry = load_registry("demonstration")
    registry = replace(registry, power=registry.power[registry.power["quarter"] == "2026-Q2"])
    (tmp_path / "studies" / "demonstration").mkdir(parents=True)
    path = tmp_path / "studies" / "demonstration" / "power.csv"
    committed = (ROOT / "studies" / "demonstration" / "power.csv").read_text(encoding="utf-8").splitlines()
    before = [line for line in committed if line.startswith(("quarter", "2026-Q2"))]
    path.write_text("\n".join(before) + "\n", encoding="utf-8")
    monkeypatch.setattr("ikz_eval.settings.ROOT", tmp_path)
    monkeypatch.setattr("ikz_eval.registry.load_registry", lambda study: registry)
    monkeypatch.setattr("ikz_eval.calibration.power.alternatives", lambda study: [replace(SMALL, fields=1)])
    asked = ["power", "--store", "--noise", "5", "--draws", "50"]
    for quarter in ("2025-Q1", "all", "2025-Q1"):
        CliRunner().invoke(cli, [*asked, "--quarter", quarter], catch_exceptions=False)
    counts = pd.read_csv(path).groupby("quarter").size().to_dict()
    assert list(counts) == [
        f"{year}-Q{number}" for year, number in ((2024, 4), *((2025, n) for n in (1, 2, 3, 4)), (2026, 1), (2026, 2))
    ]
    assert set(counts.values()) == {1, len(before) - 1}
    assert set(before) <= set(path.read_text(encoding="utf-8").splitlines()), "what was there stays"


def test_all_quarters_are_for_storing():
    done = CliRunner().invoke(cli, ["power", "--study", "demonstration", "--quarter", "all"])
    assert done.exit_code != 0 and "goes with --store" in done.output + str(done.exception)
