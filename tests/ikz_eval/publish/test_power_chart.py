"""The figure of what the verdict could find: made from PW, says its numbers in words, and is left out without them."""

import pandas as pd
import pytest

from ikz_eval.publish.power_chart import draw_power
from ikz_eval.publish.svg import render

ROWS = pd.DataFrame(
    {
        "design": ["base", "one_region"], "fields": [4, 4], "noise_percent": [5.0, 5.0],
        "power_5_percent": [43.8, 76.8], "power_10_percent": [97.3, 99.5], "power_20_percent": [100.0, 100.0],
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("de", "eine Region mehr: 77 % bei −5 %, 100 % bei −10 %"),
        ("en", "one more region: 77 % at −5 %, 100 % at −10 %"),
    ],
)
def test_the_figure_says_its_numbers_and_draws_three_savings_a_design(lang, said):
    drawing = draw_power(ROWS, lang)
    assert said in drawing.description and "{" not in drawing.description
    points = [row for each in drawing.layers if each["mark"]["type"] == "point" for row in each["data"]["values"]]
    assert sorted(point["x"] for point in points) == [43.8, 76.8, 97.3, 99.5, 100.0, 100.0]
    svg = render(drawing, "aussagekraft", "MARK", lang)
    assert svg == render(draw_power(ROWS, lang), "aussagekraft", "MARK", lang)


def test_without_simulated_power_there_is_no_figure():
    assert draw_power(ROWS.assign(power_10_percent=float("nan")), "de") is None
