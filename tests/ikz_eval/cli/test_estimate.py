"""``ikz estimate``: what a referee gets who checks a figure without the pipeline."""

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from ikz_eval.cli import cli
from ikz_eval.quarters import quarter_range
from tests.reference.staggered import invented_panel, reference_file

REGIONS = (
    "--outcome",
    "log_cost",
    "--unit",
    "body",
    "--period",
    "quarter",
    "--cohort",
    "cohort",
    "--cluster",
    "region",
)
MPDTA = ("--outcome", "lemp", "--unit", "countyreal", "--period", "year", "--cohort", "first_treat")


def run(panel: Path, *arguments: str):
    return CliRunner().invoke(cli, ["estimate", str(panel), *arguments])


def answer(panel: Path, *arguments: str) -> dict:
    result = run(panel, *arguments, "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def by_term(answered: dict) -> dict[str, float]:
    return {entry["term"]: entry["estimate"] for entry in answered["estimates"]}


@pytest.fixture(scope="module")
def panel(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("panel") / "panel.csv"
    frame = invented_panel()
    frame.assign(size=frame["body"].str[1:].astype(int) % 7).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def without(panel, tmp_path_factory):
    """Return a function that writes the panel without some regions."""
    folder = tmp_path_factory.mktemp("without")

    def write(*regions: str) -> Path:
        frame = pd.read_csv(panel)
        path = folder / f"{'_'.join(regions)}.csv"
        frame[~frame["region"].isin(regions)].to_csv(path, index=False)
        return path

    return write


def test_the_primary_estimate_of_the_reference_panel_is_the_one_written_down():
    known = json.loads(reference_file("expected.json").read_text(encoding="utf-8"))["cases"]["region_staggered"]
    expected, tolerance = known["computed"], known["tol"]
    arguments = (*REGIONS, "--average", "clusters", "--inference", "cr2,wild,randomisation")
    answered = answer(reference_file("region_staggered.csv"), "--method", "imputation", *arguments)
    (entry,) = answered["estimates"]
    inference = entry["inference"]
    assert entry["estimate"] == pytest.approx(expected["estimate"], abs=tolerance["estimate"])
    for name in ("se", "p", "low", "high"):
        assert inference["cr2"][name] == pytest.approx(expected["cr2"][name], abs=tolerance["cr2"])
    assert inference["cr2"]["df"] == pytest.approx(expected["cr2"]["df"], abs=tolerance["df"])
    assert (inference["wild"]["p"], inference["wild"]["draws"]) == (expected["wild"]["p"], 512)
    for name in ("p_t", "p_coefficient", "assignments"):
        assert inference["randomisation"][name] == pytest.approx(expected["randomisation"][name], abs=tolerance["p"])
    assert answered["design"]["leverage_share_max"] == pytest.approx(max(expected["leverage_share_treated"]))
    assert (answered["verdict"]["code"], answered["verdict"]["direction"]) == ("supported", "saving")
    default = answer(reference_file("region_staggered.csv"), "--method", "imputation", *REGIONS)
    assert by_term(default)["ATT"] == pytest.approx(expected["observation_weighted_bjs"], abs=1e-9)


def test_published_staggered_estimates_by_every_method():
    path = reference_file("mpdta.csv")
    expected = json.loads(reference_file("expected.json").read_text(encoding="utf-8"))["cases"]["mpdta"]["computed"]
    cells = answer(path, "--method", "group_time", *MPDTA, "--aggregate", "none", "--inference", "analytic")
    never = expected["cs_nevertreated_analytic"]
    assert len(cells["estimates"]) == 12
    for entry in cells["estimates"]:
        point, se = never["gt"][entry["term"].removeprefix("ATT(").removesuffix(")")]
        assert entry["estimate"] == pytest.approx(point, abs=1e-6)
        assert entry["inference"]["analytic"]["se"] == pytest.approx(se, abs=1e-4)
    dynamic = by_term(
        answer(path, "--method", "group_time", *MPDTA, "--aggregate", "dynamic", "--inference", "analytic")
    )
    assert dynamic["ATT"] == pytest.approx(never["dynamic"][0], abs=1e-6)
    assert dynamic["e=2"] == pytest.approx(never["dynamic_e"]["2"][0], abs=1e-6)
    bacon = {entry["term"]: entry for entry in answer(path, "--method", "bacon", *MPDTA)["estimates"]}
    for kind, (weight, point) in expected["bacon_weights"].items():
        assert (bacon[kind]["weight"], bacon[kind]["estimate"]) == pytest.approx((weight, point), abs=5e-5)
    assert bacon["ATT"]["estimate"] == pytest.approx(expected["twfe"][0], abs=1e-6)


def test_the_verdict_is_refused_for_one_region_and_says_why(without):
    path = without("r1", "r2")
    answered = answer(path, "--method", "imputation", *REGIONS, "--inference", "cr2,wild,randomisation")
    (entry,) = answered["estimates"]
    assert entry["inference"]["cr2"]["se"] > 0
    assert [entry["inference"][name][key] for name, key in (
        ("cr2", "p"), ("cr2", "low"), ("cr2", "high"), ("wild", "p"), ("randomisation", "p_t"),
        ("randomisation", "p_coefficient"))] == [None] * 6  # fmt: skip
    assert answered["design"]["withheld"] == "only one treated cluster: nothing can be said about uncertainty"
    assert answered["design"]["mde_cr2"] is None
    assert answered["verdict"]["code"] == "not_assessable"
    assert "fewer_than_2_regions" in answered["verdict"]["reasons"]
    assert "weniger als zwei Modellregionen" in " ".join(answered["verdict"]["words"]["de"])


def test_a_test_that_was_not_asked_for_keeps_the_verdict_at_compatible(panel):
    answered = answer(panel, "--method", "imputation", *REGIONS, "--average", "clusters", "--inference", "cr2")
    assert (answered["verdict"]["code"], answered["verdict"]["reasons"]) == ("compatible", ["tests_missing"])
    assert "--inference cr2,wild,randomisation" in answered["verdict"]["words"]["de"][0]


def test_without_cr2_there_is_no_verdict_and_the_reason_names_the_option(panel):
    answered = answer(panel, "--method", "imputation", *REGIONS, "--average", "clusters", "--inference", "wild")
    assert (answered["verdict"]["code"], answered["verdict"]["reasons"]) == ("not_assessable", ["no_cr2"])
    assert "--inference cr2" in answered["verdict"]["words"]["en"][0]


def test_another_method_is_never_supported(panel):
    answered = answer(panel, "--method", "twoway", *REGIONS, "--inference", "cr2,wild,randomisation", "--draws", "199")
    assert answered["estimates"][0]["inference"]["cr2"]["p"] < 0.01
    assert answered["verdict"]["code"] == "compatible"


def test_a_treatment_column_says_the_same_as_a_cohort(panel, tmp_path):
    frame = pd.read_csv(panel)
    frame["on"] = ((frame["cohort"] > 0) & (frame["quarter"] >= frame["cohort"])).astype(int)
    frame.drop(columns="cohort").to_parquet(tmp_path / "panel.parquet")
    columns = [name if name != "cohort" else "on" for name in REGIONS]
    columns[columns.index("--cohort")] = "--treatment"
    treated = answer(tmp_path / "panel.parquet", "--method", "imputation", *columns)
    assert by_term(treated) == pytest.approx(by_term(answer(panel, "--method", "imputation", *REGIONS)))


def test_rows_that_were_dropped_are_counted_with_their_reason(panel, tmp_path):
    frame = pd.read_csv(panel)
    frame.loc[frame.index[:3], "log_cost"] = None
    frame.to_csv(tmp_path / "gaps.csv", index=False)
    answered = answer(tmp_path / "gaps.csv", "--method", "imputation", *REGIONS)
    assert (answered["n_obs"], answered["n_units"]) == (861, 36)
    assert answered["dropped"] == [{"reason": "outcome_missing", "rows": 3}]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--method", "imputation", "--outcome", "log_cost"), "method imputation needs --unit, --period"),
        (("--method", "twoway", *REGIONS[:6]), "method twoway needs exactly one of --cohort and --treatment"),
        (("--method", "regression", "--outcome", "log_cost"), "method regression needs --regressors"),
        (("--method", "imputation", *REGIONS, "--regressors", "body"), "does not know --regressors"),
        (("--method", "imputation", *REGIONS, "--inference", "cr9"), "'cr9' is unknown; allowed: classical, "),
        (("--method", "imputation", *REGIONS, "--honest-m", "1"), "--honest-m serves --inference honest alone"),
        (("--method", "twoway", *REGIONS[:-1], "nowhere"), "panel.csv has no column 'nowhere'; it has body, region"),
    ],
)
def test_wrong_usage_exits_2_and_says_what_to_name(panel, arguments, message):
    result = run(panel, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--method", "regression", "--outcome", "log_cost", "--regressors", "cohort", "--absorb", "body"), "'cohort'"),
        (("--method", "regression", "--outcome", "log_cost", "--regressors", "quarter", "--inference", "randomisation"),
         "randomisation' needs a treatment"),
        (("--method", "group_time", *REGIONS, "--covariates", "size", "--inference", "cr2"), "not linear in the outcomes"),
        (("--method", "imputation", *REGIONS[:-2], "--cluster", "quarter"), "'quarter' changes within unit"),
    ],
)  # fmt: skip
def test_what_cannot_be_computed_is_one_line_and_exits_3(panel, arguments, message):
    result = run(panel, *arguments)
    assert result.exit_code == 3
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


@pytest.mark.parametrize("method", ["imputation", "twoway", "group_time", "synthetic_did", "two_by_two"])
@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        (
            "log_cost",
            "ca. 3",
            "'log_cost' holds words in one row, first 'ca. 3'; allowed are numbers, with a decimal point",
        ),
        ("quarter", "4a", "'quarter': '4a' is not a quarter; allowed is a year and Q1 to Q4"),
    ],
)
def test_words_in_a_column_of_numbers_are_named(panel, tmp_path, method, column, cell, words):
    frame = pd.read_csv(panel).astype({column: "object"})
    frame.loc[5, column] = cell
    frame.to_csv(tmp_path / "words.csv", index=False)
    result = run(tmp_path / "words.csv", "--method", method, *REGIONS)
    assert result.exit_code == 3
    assert words in result.stderr and result.stderr.count("\n") == 1


def test_a_file_as_a_german_spreadsheet_saves_it_is_refused_with_the_remedy(panel, tmp_path):
    frame = pd.read_csv(panel)
    frame.to_csv(tmp_path / "semicolons.csv", index=False, sep=";")
    frame.rename(columns={"body": "Körper"}).to_csv(tmp_path / "latin.csv", index=False, encoding="latin-1")
    for name, words in (("semicolons", "separate columns by commas"), ("latin", "save it as UTF-8")):
        result = run(tmp_path / f"{name}.csv", "--method", "imputation", *REGIONS)
        assert result.exit_code == 2
        assert words in " ".join(result.stderr.split())


def test_never_may_be_written_as_0_beside_quarters(panel, tmp_path):
    frame = pd.read_csv(panel)
    quarters = quarter_range("2018-Q1", "2023-Q4")
    starts = frame["cohort"].map(lambda start: quarters[int(start)] if start > 0 else "0")
    named = frame.assign(quarter=frame["quarter"].map(lambda number: quarters[int(number)]), cohort=starts)
    named.to_csv(tmp_path / "quarters.csv", index=False)
    asked = ("--method", "imputation", *REGIONS, "--inference", "cr2,randomisation")
    assert answer(tmp_path / "quarters.csv", *asked)["estimates"] == answer(panel, *asked)["estimates"]


def test_the_table_leaves_out_what_is_absent(without):
    result = run(without("r1", "r2"), "--method", "imputation", *REGIONS)
    header, row = result.stdout.splitlines()[1:3]
    assert header.split() == ["term", "estimate", "inference", "se", "df"], "p and interval are withheld"
    assert "None" not in row and "nan" not in row


def test_the_table_says_the_verdict_in_words(panel):
    result = run(panel, "--method", "imputation", *REGIONS, "--average", "clusters")
    assert result.stdout.startswith("imputation: 864 rows, 36 units\n")
    assert "verdict: compatible (saving), because not all planned tests were carried out" in result.stdout
