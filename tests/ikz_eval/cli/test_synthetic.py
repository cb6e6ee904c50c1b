"""``ikz estimate`` for one region: what a referee gets, and what is refused with which exit code."""

import json

import pytest
from click.testing import CliRunner

from ikz_eval.cli import cli
from tests.reference.factor_panels import one_region
from tests.reference.staggered import reference_file
from tests.reference.synthetic_peers import JACKKNIFE

REGION = ("--outcome", "cost", "--unit", "body", "--period", "period", "--cohort", "start", "--cluster", "block")
SMOKING = ("--outcome", "PacksPerCapita", "--unit", "State", "--period", "Year", "--treatment", "treated")


def run(panel, *arguments):
    return CliRunner().invoke(cli, ["estimate", str(panel), *arguments])


@pytest.fixture(scope="module")
def panel(tmp_path_factory):
    path = tmp_path_factory.mktemp("panel") / "region.csv"
    one_region().to_csv(path, index=False)
    return path


def test_proposition_99_at_the_door():
    case = json.loads(reference_file("expected.json").read_text(encoding="utf-8"))["cases"]["prop99"]
    path = reference_file("prop99.csv")
    for method, name, tolerance in (("synthetic_control", "sc_no_covariates", "sc"), ("synthetic_did", "sdid", "sdid")):
        answered = json.loads(run(path, "--method", method, *SMOKING, "--format", "json").stdout)
        first = answered["estimates"][0]
        assert first["term"] == "ATT"
        assert first["estimate"] == pytest.approx(case["computed"][name], abs=case["tol"][tolerance])
        assert first["inference"]["placebo"]["p"] is None
        assert (answered["n_obs"], answered["n_units"], answered["verdict"]["code"]) == (1209, 39, "descriptive")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("synthetic_control", *REGION, "--donors", "b04,nobody"), 2, "donor 'nobody' is not in the panel"),
        (("synthetic_did", *REGION, "--donors", "b00,b04"), 2, "donor 'b00' is treated itself"),
        (("synthetic_did", *REGION, "--covariates", "cost"), 2, "method synthetic_did does not know --covariates"),
        (("synthetic_control", *REGION[:4]), 2, "method synthetic_control needs --period"),
        (("synthetic_control", *REGION, "--inference", "cr2"), 3, "inference 'cr2': this method offers placebo"),
        (("synthetic_did", *REGION, "--donors", "b04,b05,b06", "--inference", "placebo"), 3, "allowed are at least 5"),
    ],
)  # fmt: skip
def test_what_is_refused_says_why(panel, arguments, code, message):
    result = run(panel, "--method", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr


def test_the_jackknife_and_its_seedless_numbers(panel):
    answered = json.loads(
        run(panel, "--method", "synthetic_did", *REGION, "--inference", "jackknife", "--format", "json").stdout
    )
    numbers = answered["estimates"][0]["inference"]["jackknife"]
    assert numbers["se"] == pytest.approx(JACKKNIFE, abs=1e-9)
    assert (numbers["p"], numbers["low"], numbers["se_blocks"]) == (None, None, None)
