"""``ikz honest``: bounds from published coefficients alone."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from ikz_eval.cli import cli
from tests.reference.event_studies import MEDICAID, MEDICAID_COVARIANCE
from tests.reference.staggered import invented_panel

TIMES = (-6, -5, -4, -3, -2, 0, 1)


@pytest.fixture
def files(tmp_path):
    points = tmp_path / "points.csv"
    rows = [f"{t},{b!r}" for t, b in zip(TIMES, map(float, MEDICAID), strict=True)]
    points.write_text("event_time,estimate\n" + "\n".join([*rows, "-1,0"]) + "\n")
    covariance = tmp_path / "covariance.csv"
    np.savetxt(covariance, MEDICAID_COVARIANCE, delimiter=",", fmt="%.17g")
    return points, covariance


def run(*arguments):
    return CliRunner().invoke(cli, ["honest", *map(str, arguments)])


def test_the_readme_of_honestdid_from_two_files(files):
    result = run(*files, "--honest-m", "0.5,2", "--honest-smoothness", "0,0.01", "--format", "json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    ends = [(b["restriction"], b["m"], round(b["low"], 3), round(b["high"], 3), b["kind"]) for b in found["bounds"]]
    assert ends == [
        ("relative_magnitudes", 0.5, 0.024, 0.067, "confidence"),
        ("relative_magnitudes", 2.0, -0.001, 0.088, "confidence"),
        ("smoothness", 0.0, 0.026, 0.061, "confidence"),
        ("smoothness", 0.01, 0.013, 0.079, "confidence"),
    ]
    assert (found["n_pre"], found["n_post"]) == (5, 2)
    assert 1.9 < found["breakdown_relative_magnitudes"] < 2
    assert found["pretrend_slope_80"] > found["pretrend_slope_50"] > 0


def test_average_and_later_effects_in_words(files):
    assert "effect average: 0.0578265" in run(*files, "--effect", "average").stdout
    assert "effect 1: 0.0692062" in run(*files, "--effect", "1").stdout


def test_without_a_covariance_the_points_alone(files):
    found = json.loads(run(files[0], "--format", "json").stdout)
    assert {b["kind"] for b in found["bounds"]} == {"point_identified"}
    assert found["bounds"][-5]["low"] is None  # a straight line is refuted by the points before the start


def test_an_m_below_the_turns_before_the_start_is_called_refuted(tmp_path):
    points = tmp_path / "points.csv"
    points.write_text("event_time,estimate\n-3,0.01\n-2,-0.02\n0,-0.1\n")
    lines = run(points, "--honest-smoothness", "0,0.1").stdout.splitlines()
    refuted, held = (line for line in lines if line.startswith("smoothness"))
    assert "refuted before the start" in refuted and "refuted" not in held


def test_rows_in_another_order_mean_the_same(files, tmp_path):
    order = [6, 2, 0, 1, 5, 4, 3]
    points, covariance = tmp_path / "p.csv", tmp_path / "v.csv"
    points.write_text("event_time,estimate\n" + "".join(f"{TIMES[i]},{float(MEDICAID[i])!r}\n" for i in order))
    np.savetxt(covariance, MEDICAID_COVARIANCE[np.ix_(order, order)], delimiter=",", fmt="%.17g")
    assert run(points, covariance).stdout == run(*files).stdout


def test_wrong_usage_is_exit_2_and_says_what_is_needed(files, tmp_path):
    hole = tmp_path / "hole.csv"
    hole.write_text("event_time,estimate\n-4,0.1\n-2,0.1\n0,1\n")
    named = tmp_path / "named.csv"
    named.write_text("time,b\n-2,0.1\n0,1\n")
    moved = tmp_path / "moved.csv"
    moved.write_text("event_time,estimate\n-2,0.1\n-1,0.3\n0,1\n")
    lettered = tmp_path / "lettered.csv"
    cells = [[str(one) for one in row] for row in MEDICAID_COVARIANCE]
    cells[1][2] = "x"
    lettered.write_text("\n".join(",".join(row) for row in cells))
    for arguments, words in (
        ((hole,), "every one from the first"),
        ((named,), "no column event_time"),
        ((moved,), "reference -1 has an estimate that is not zero"),
        ((files[0], files[0]), "7 rows and columns"),
        ((files[0], lettered), "row 2, column 3 holds 'x'; 7 rows and columns of numbers"),
        ((*files, "--effect", "7"), "allowed: average, first, 0, 1"),
    ):
        result = run(*arguments)
        assert result.exit_code == 2
        assert words in " ".join(result.stderr.split())


def test_a_covariance_that_is_none_is_exit_3(files, tmp_path):
    wrong = tmp_path / "wrong.csv"
    skewed, correlated = MEDICAID_COVARIANCE.copy(), MEDICAID_COVARIANCE.copy()
    skewed[0, 1] *= 2
    correlated[0, 1] = correlated[1, 0] = 0.9
    for covariance, words in (
        (-MEDICAID_COVARIANCE, "holds the variance -"),
        (skewed, "not symmetric: row 1, column 2 holds "),
        (correlated, "not positive semidefinite: a combination of the coefficients"),
    ):
        np.savetxt(wrong, covariance, delimiter=",")
        result = run(files[0], wrong)
        assert result.exit_code == 3
        assert result.stderr.startswith("ikz: ") and words in result.stderr


def test_on_a_panel_through_ikz_estimate(tmp_path):
    path = tmp_path / "panel.csv"
    invented_panel().to_csv(path, index=False)
    arguments = ["--method", "event_path", "--outcome", "log_cost", "--unit", "body", "--period", "quarter", "--cohort",
                 "cohort", "--cluster", "region", "--bin", "2", "--inference", "honest", "--honest-m", "0.5,1",
                 "--honest-smoothness", "0.2", "--format", "json"]  # fmt: skip
    result = CliRunner().invoke(cli, ["estimate", str(path), *arguments])
    assert result.exit_code == 0, result.output
    found = {one["term"]: one["inference"]["honest"] for one in json.loads(result.stdout)["estimates"]}
    assert found["e=-4"] is None
    assert [(b["restriction"], b["m"]) for b in found["e=0"]["bounds"]] == [
        ("relative_magnitudes", 0.5), ("relative_magnitudes", 1.0), ("smoothness", 0.2),
    ]  # fmt: skip
    assert found["e=0"]["reason"].startswith("9 clusters do not outnumber")


def test_where_there_is_no_breakdown_value_it_says_on_which_side(tmp_path):
    """No movement before the start: no M of it makes room for zero, and JSON has no infinity to say so."""
    points = tmp_path / "points.csv"
    points.write_text("event_time,estimate\n-3,0\n-2,0\n0,-0.1\n")
    found = json.loads(run(points, "--format", "json").stdout)
    assert found["breakdown_relative_magnitudes"] is None
    assert found["breakdown_relative_magnitudes_note"] == "zero is outside at every M"
    assert "breakdown_relative_magnitudes: zero is outside at every M" in run(points).stdout
