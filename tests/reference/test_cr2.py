"""CR2 with Satterthwaite degrees of freedom against R's clubSandwich, on the data that statsmodels ships."""

import numpy as np
import pandas as pd
import pytest

from ikz_eval.inference import infer, working_model

CLUBSANDWICH = {
    ("fe", "value"): (0.110123804120719, 0.0206311068339027, 1.81256840291113, 0.0410217892800321),
    ("fe", "capital"): (0.310065341300139, 0.0826753020489784, 1.79953119283771, 0.0755286886155372),
    ("twfe", "value"): (0.117715855082606, 0.0208148232757164, 2.38867112040638, 0.0196733998430458),
    ("twfe", "capital"): (0.357916273073428, 0.100213954232013, 1.84346038043578, 0.0790615897423978),
}
"""clubSandwich, vcov "CR2", coef_test "Satterthwaite": Grunfeld, 10 firms (without American Steel), 1935-1954, clustered
by firm; firm effects, and firm and year effects. Coefficient, standard error, degrees of freedom, p."""


@pytest.fixture(scope="module")
def grunfeld() -> pd.DataFrame:
    from statsmodels.datasets import grunfeld as shipped

    frame = shipped.load_pandas().data
    return frame[frame["firm"] != "American Steel"].reset_index(drop=True)


@pytest.mark.parametrize(("effects", "regressor"), CLUBSANDWICH)
def test_cr2_is_clubsandwichs(grunfeld, effects, regressor):
    absorbed = [pd.get_dummies(grunfeld["firm"])]
    if effects == "twfe":
        absorbed.append(pd.get_dummies(grunfeld["year"]))
    design = np.column_stack([grunfeld[["value", "capital"]], *absorbed]).astype(float)
    weights = np.linalg.pinv(design)[["value", "capital"].index(regressor)]
    found = infer(working_model(design, grunfeld["firm"]), weights, grunfeld["invest"])
    coefficient, se, df, p = CLUBSANDWICH[effects, regressor]
    assert len(grunfeld) == 200
    assert found.estimate == pytest.approx(coefficient, abs=1e-8)
    assert found.se == pytest.approx(se, abs=1e-6)
    assert found.df == pytest.approx(df, abs=1e-6)
    assert found.p == pytest.approx(p, abs=1e-6)


def test_demeaning_alone_gives_another_cr2(grunfeld):
    """Why absorbed effects belong into H: leaving them out moves the two-way standard error by more than 1 %."""
    numbers = grunfeld[["invest", "value", "capital"]]
    firm = numbers.groupby(grunfeld["firm"]).transform("mean")
    year = numbers.groupby(grunfeld["year"]).transform("mean")
    within = numbers - firm - year + numbers.mean()
    design = within[["value", "capital"]].to_numpy()
    found = infer(working_model(design, grunfeld["firm"]), np.linalg.pinv(design)[1], within["invest"])
    coefficient, se, _, _ = CLUBSANDWICH["twfe", "capital"]
    assert found.estimate == pytest.approx(coefficient, abs=1e-8)
    assert abs(found.se / se - 1) > 0.01
