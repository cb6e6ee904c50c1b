"""``ikz estimate`` for one series and for scale: the calls a referee makes, and their exit codes."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from click.testing import CliRunner

from ikz_eval.cli import cli
from tests.reference.staggered import reference_file

NILE = ("--outcome", "volume", "--period", "year")
NERLOVE = ("--method", "cost_function", "--outcome", "cost", "--output", "output", "--prices", "fuel,labor,capital")


def run(panel: Path, *arguments: str):
    return CliRunner().invoke(cli, ["estimate", str(panel), *arguments])


def answer(panel: Path, *arguments: str) -> dict:
    result = run(panel, *arguments, "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def by_term(answered: dict) -> dict[str, dict]:
    return {entry["term"]: entry for entry in answered["estimates"]}


@pytest.fixture(scope="module")
def nile(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("nile") / "nile.csv"
    sm.datasets.nile.load_pandas().data.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def nerlove() -> Path:
    return Path(__file__).parents[2] / "reference" / "nerlove.csv"


def test_sicily_by_the_door():
    known = json.loads(reference_file("expected.json").read_text())["cases"]["sicily"]["computed"]
    call = ("--method", "poisson_interrupted", "--outcome", "aces", "--period", "time", "--intervention", "37")
    answered = answer(reference_file("sicily.csv"), *call, "--offset", "stdpop", "--inference", "mle,quasi,hac")
    level = by_term(answered)["level"]
    assert np.exp(level["estimate"]) == pytest.approx(known["sicily_poisson"]["rr"], abs=5e-4)
    assert level["inference"]["mle"]["rate_ratio_low"] == pytest.approx(known["sicily_poisson"]["ci"][0], abs=5e-4)
    assert level["inference"]["quasi"]["se"] == pytest.approx(known["sicily_quasipoisson"]["se"], rel=1e-5)
    assert level["inference"]["hac"]["lags"] == 3
    assert (answered["n_obs"], answered["n_units"], answered["dropped"]) == (59, 1, [])


def test_the_verdict_of_a_series_is_descriptive_and_in_words(nile):
    answered = answer(nile, "--method", "interrupted", *NILE, "--intervention", "1899", "--no-trend")
    assert (answered["verdict"]["code"], answered["verdict"]["direction"]) == ("descriptive", "none")
    assert answered["verdict"]["words"]["de"][0].startswith("Ab 1899 ändert sich das Niveau um −248")
    assert list(by_term(answered)) == ["level"]
    assert by_term(answered)["level"]["inference"]["hac"]["se"] == pytest.approx(31.657623867701517, rel=1e-9)
    slope = answer(nile, "--method", "interrupted", *NILE, "--intervention", "1899", "--slope", "--lags", "0")
    assert list(by_term(slope)) == ["level", "slope", "trend", "before_after"]
    assert by_term(slope)["slope"]["inference"]["hac"]["lags"] == 0


def test_the_structural_variances_are_terms_without_inference(nile):
    found = by_term(answer(nile, "--method", "structural", *NILE))
    assert found["irregular_variance"]["estimate"] == pytest.approx(15098.5, rel=1e-3)
    assert found["level_variance"]["estimate"] == pytest.approx(1469.1, rel=1e-3)
    assert set(found["llf"]["inference"].values()) == {None}
    with_break = by_term(answer(nile, "--method", "structural", *NILE, "--intervention", "1899"))
    assert with_break["level"]["inference"]["mle"]["se"] == pytest.approx(28.777, abs=0.01)


def test_the_cost_function_by_the_door(nerlove):
    found = by_term(answer(nerlove, *NERLOVE, "--form", "translog", "--at", "100,1000", "--inference", "classical,cr2"))
    assert found["elasticity(100)"]["estimate"] < found["elasticity(1000)"]["estimate"] < 1
    assert found["elasticity(100)"]["inference"]["classical"]["df"] == 145 - 10
    plain = by_term(answer(nerlove, *NERLOVE))
    assert round(plain["elasticity"]["estimate"], 6) == 0.720667


def test_a_series_in_quarters_from_parquet(tmp_path):
    draw = np.random.default_rng(6)
    quarters = [f"{2018 + i // 4}-Q{i % 4 + 1}" for i in range(24)]
    path = tmp_path / "series.parquet"
    pd.DataFrame({"quarter": quarters, "cost": 5 + draw.normal(size=24)}).to_parquet(path)
    call = ("--method", "interrupted", "--outcome", "cost", "--period", "quarter", "--intervention", "2021-Q1")
    answered = answer(path, *call, "--harmonics", "1", "--inference", "hac,classical")
    assert by_term(answered)["level"]["inference"]["classical"]["df"] == 24 - 5
    assert run(path, *call[:-1], "2021").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--method", "interrupted", *NILE), "method interrupted needs --intervention"),
        (("--method", "interrupted", *NILE, "--intervention", "1899", "--cluster", "year"), "does not know --cluster"),
        (("--method", "interrupted", *NILE, "--intervention", "1899", "--offset", "year"), "does not know --offset"),
        (("--method", "interrupted", *NILE, "--intervention", "1899", "--no-trend", "--slope"), "cannot be had with --no-trend"),
        (("--method", "interrupted", *NILE, "--intervention", "spring"), "intervention 'spring'"),
        (("--method", "structural", *NILE, "--lags", "3"), "method structural does not know --lags"),
        (("--method", "cost_function", "--outcome", "volume"), "method cost_function needs --output"),
        (("--method", "twoway", "--outcome", "volume", "--unit", "year", "--period", "year", "--cohort", "year", "--slope"),
         "method twoway does not know --slope"),
    ],
)  # fmt: skip
def test_wrong_usage_exits_2(nile, arguments, message):
    result = run(nile, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--method", "interrupted", *NILE, "--intervention", "1872"), "at least 4 before and 2 after are needed"),
        (("--method", "interrupted", *NILE, "--intervention", "1899", "--inference", "cr2"), "offers hac, classical"),
        (("--method", "structural", *NILE, "--intervention", "1899", "--inference", "hac"), "it offers mle"),
        (
            ("--method", "cost_function", "--outcome", "volume", "--output", "year", "--at", "10"),
            "size 10 lies outside",
        ),
    ],
)
def test_what_cannot_be_computed_exits_3(nile, arguments, message):
    result = run(nile, *arguments)
    assert result.exit_code == 3
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
