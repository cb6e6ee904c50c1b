"""The event path: by hand, against long differences, with intervals by region, and what it refuses."""

import numpy as np
import pytest

from ikz_eval.errors import EstimationError
from ikz_eval.estimate import fit_event_path, fit_imputation
from ikz_eval.inference import infer
from tests.reference.staggered import invented_panel

COLUMNS = {"outcome": "log_cost", "unit": "body", "period": "quarter", "cohort": "cohort", "cluster": "region"}


@pytest.fixture(scope="module")
def staggered():
    return invented_panel()


def long_difference(panel, region, start, inside, reference):
    """Change of a region's bodies from the reference quarters, less that of the never treated bodies."""
    wide = panel.pivot(index="body", columns="quarter", values="log_cost")
    who = panel.groupby("body")[["region", "cohort"]].first()

    def change(bodies):
        later = wide.loc[bodies, [start + e for e in inside]].mean(axis=1)
        return (later - wide.loc[bodies, [start + e for e in reference]].mean(axis=1)).mean()

    return change(who.index[who["region"] == region]) - change(who.index[who["cohort"] == 0])


def test_single_quarters_are_long_differences_averaged_over_regions(staggered):
    path = fit_event_path(staggered, **COLUMNS).to_frame().set_index("event_time")
    for event_time in (-9, -4, 0, 3, 6):
        by_region = [
            long_difference(staggered, region, start, [event_time], [-1])
            for region, start in (("r0", 9), ("r1", 13), ("r2", 17))
        ]
        assert path.loc[event_time, "estimate"] == pytest.approx(np.mean(by_region), abs=1e-12)
        assert path.loc[event_time, "n_clusters"] == 3
    alone = long_difference(staggered, "r0", 9, [14], [-1])
    assert path.loc[14, ["estimate", "n_clusters"]].tolist() == [pytest.approx(alone, abs=1e-12), 1]


def test_bins_of_four_are_means_of_their_quarters(staggered):
    path = fit_event_path(staggered, **COLUMNS, bin_length=4).to_frame().set_index("event_time")
    expected = np.mean(
        [long_difference(staggered, r, g, range(4), range(-4, 0)) for r, g in (("r0", 9), ("r1", 13), ("r2", 17))]
    )
    assert path.loc[0, "estimate"] == pytest.approx(expected, abs=1e-12)
    assert path.index.tolist() == [-20, -16, -12, -8, -4, 0, 4, 8, 12]
    assert path.index[path["is_reference"]].tolist() == [-4]
    assert path.loc[-4, "estimate"] == 0.0


def test_intervals_are_cr2_of_the_working_model(staggered):
    path = fit_event_path(staggered, **COLUMNS, bin_length=4)
    whole = fit_imputation(staggered, **COLUMNS)
    point = next(point for point in path.points if point.event_time == 0)
    treated = staggered["cohort"] > 0
    weights = np.zeros(len(staggered))
    for _, start, bodies in (("r0", 9, 4), ("r1", 13, 4), ("r2", 17, 3)):
        own, others = treated & (staggered["cohort"] == start), ~treated
        for since, sign in ((range(4), 1.0), (range(-4, 0), -1.0)):
            inside = staggered["quarter"].isin([start + e for e in since])
            weights += sign * (own & inside) / (4 * bodies * 3) - sign * (others & inside) / (4 * 25 * 3)
    expected = infer(whole.model, weights, staggered["log_cost"])
    assert (point.inference.se, point.inference.df) == pytest.approx((expected.se, expected.df), rel=1e-9)


def test_one_region_alone_gets_no_interval(staggered):
    path = fit_event_path(staggered, **COLUMNS).to_frame()
    alone = path[path["n_clusters"] == 1]
    assert len(alone) == 8 and alone[["se", "df", "p", "low", "high"]].isna().all(axis=None)
    assert path.loc[(path["n_clusters"] > 1) & ~path["is_reference"], "se"].gt(0).all()


def test_before_the_start_the_path_is_flat_and_afterwards_at_the_effect():
    path = fit_event_path(invented_panel(effect=-0.5), **COLUMNS, bin_length=4).to_frame().set_index("event_time")
    assert path.loc[[-12, -8], "estimate"].abs().max() < 0.06
    assert path.loc[[0, 4, 8], "estimate"].tolist() == pytest.approx([-0.5] * 3, abs=0.06)


def test_missing_rows_do_not_mix_levels_of_bodies(staggered):
    """Without noise any gaps leave the path exact, though bodies differ in level."""
    panel = staggered.copy()
    level = panel["body"].str[1:].astype(float)
    panel["log_cost"] = (
        level + 0.1 * panel["quarter"] - 0.2 * ((panel["cohort"] > 0) & (panel["quarter"] >= panel["cohort"]))
    )
    gaps = panel.drop(np.random.default_rng(3).choice(len(panel), 200, replace=False))
    path = fit_event_path(gaps, **COLUMNS, bin_length=4).to_frame()
    expected = np.where(path["event_time"] >= 0, -0.2, 0.0)
    # Within a bin a body may have other quarters than in the reference; the common trend is taken out by period.
    assert path["estimate"].to_numpy() == pytest.approx(expected, abs=1e-9)


def test_anticipated_quarters_are_left_out(staggered):
    path = fit_event_path(staggered, **COLUMNS, bin_length=4, anticipation=2)
    assert [point.event_time for point in path.points if point.is_reference] == [-6]
    assert path.observations.dropped == {"anticipation": 22}


def test_what_has_no_comparison_is_refused(staggered):
    with pytest.raises(EstimationError, match="no unit is never treated"):
        fit_event_path(staggered[staggered["cohort"] > 0], **COLUMNS)
    with pytest.raises(EstimationError, match="no unit is treated"):
        fit_event_path(staggered.assign(cohort=0), **COLUMNS)
    with pytest.raises(EstimationError, match="bin_length is 0"):
        fit_event_path(staggered, **COLUMNS, bin_length=0)
    with pytest.raises(EstimationError, match="both in the reference bin and in another one"):
        fit_event_path(staggered[staggered["quarter"] >= 17], **COLUMNS)
