"""The demonstration with regions taken away: not assessable, with the right reason, and no p value."""

from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

from ikz_eval.estimate import judge
from ikz_eval.panel import build_panel, build_partnership
from ikz_eval.registry import Registry, load_registry
from ikz_eval.simulation import simulate

REGIONS = ("nebelquorn", "quastelbach", "irrlichtmoor")


QUARTER = "2026-Q2"

pytestmark = pytest.mark.xdist_group("lacking regions")


@cache
def demonstration_panel() -> tuple[Registry, pd.DataFrame]:
    """Return the demonstration with its primary specification, and its panel, made once for all tests."""
    registry = load_registry("demonstration")
    registry = replace(registry, specifications=(registry.primary,))
    programme = simulate(registry, 1)
    tables = programme.delivery, programme.cost, programme.caseload, programme.staff
    return registry, build_panel(registry, registry.evaluation(QUARTER), *tables)


def judged(*gone: str) -> pd.DataFrame:
    """Return the verdicts of the demonstration without the deliveries of some regions."""
    registry, panel = demonstration_panel()
    panel = panel[~panel["unit"].isin(gone)]
    return judge(registry, QUARTER, panel, build_partnership(registry, panel))["verdict"]


@pytest.mark.parametrize("gone", REGIONS)
def test_with_two_regions_one_carries_more_than_half(gone):
    """Two regions that started apart never have equal leverage."""
    verdict = judged(gone)
    assert set(verdict["verdict"]) == {"not_assessable"}
    assert verdict["reasons"].str.contains("region_dominates_leverage").all()


def test_with_one_region_nothing_can_be_said_about_chance():
    verdict = judged(*REGIONS[1:])
    assert set(verdict["verdict"]) == {"not_assessable"}
    assert verdict["reasons"].str.contains("fewer_than_2_regions").all()
    assert verdict[[name for name in verdict if name.startswith("p_")]].isna().all(axis=None)
