"""A simulated programme keeps its books to the cent and contains the truth it claims."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ikz_eval.errors import StudyError
from ikz_eval.settings import ROOT
from ikz_eval.simulation import load_truth, simulate, true_effects
from ikz_eval.simulation.files import deliveries_digest
from ikz_eval.simulation.programme import SimulatedProgramme, swap_digits
from schemas import CONTRACTS
from schemas.vocabulary import RUNNING_COST_BLOCKS

SEED = 11


@pytest.fixture(scope="module")
def programme(demonstration) -> SimulatedProgramme:
    return simulate(demonstration, SEED)


@pytest.fixture(scope="module")
def books(programme, demonstration) -> pd.DataFrame:
    """Gross and net cost with and without cooperation, one row per body, field and quarter."""
    parts = {}
    for name, frame in (("actual", programme.actual_cost), ("without", programme.counterfactual_cost)):
        wide = frame.pivot(index=["ags", "field", "quarter"], columns="cost_block", values="amount_cents")
        gross = wide[list(RUNNING_COST_BLOCKS)].sum(axis=1)
        parts[f"{name}_gross"] = gross
        parts[f"{name}_net"] = gross + wide["partner_paid"] - wide["partner_received"]
        parts[f"{name}_paid"], parts[f"{name}_received"] = wide["partner_paid"], wide["partner_received"]
    table = pd.DataFrame(parts).reset_index().merge(demonstration.bodies[["ags", "unit", "is_participant"]], on="ags")
    hosts = demonstration.agreements[["ags", "field", "is_host", "start"]]
    return table.merge(hosts, on=["ags", "field"], how="left").assign(is_host=lambda t: t["is_host"].eq(True))


@pytest.mark.parametrize("table", ["cost", "caseload", "staff", "service_quality", "delivery"])
def test_every_frame_keeps_its_contract(programme, table):
    CONTRACTS[table].validate(getattr(programme, table))


def test_cost_with_and_without_cooperation_keep_the_contract_of_cost(programme):
    for frame in (programme.actual_cost, programme.counterfactual_cost):
        CONTRACTS["cost"].validate(frame)
        assert len(frame) == 36 * 4 * 25 * 11


def test_payments_between_partners_mirror_to_the_cent_in_every_field_and_quarter(books):
    sums = books.groupby(["unit", "field", "quarter"])[["actual_paid", "actual_received"]].sum()
    assert (sums["actual_paid"] == sums["actual_received"]).all()
    assert (sums["actual_paid"] > 0).sum() == 4 * (16 + 12 + 8)


def test_net_and_gross_cost_of_a_partnership_are_equal_to_the_cent(books):
    sums = books.groupby(["unit", "field", "quarter"])[["actual_gross", "actual_net"]].sum()
    assert (sums["actual_gross"] == sums["actual_net"]).all()


def test_shifting_field_changes_sum_to_zero_to_the_cent(books):
    shifted = books[books["field"] == "elterngeld"]
    change = (shifted["actual_net"] - shifted["without_net"]).groupby([shifted["unit"], shifted["quarter"]]).sum()
    assert (change == 0).all()


def test_shifting_field_every_guest_saves_what_the_host_pays_more(books):
    running = books["quarter"] >= books["start"].map(lambda day: f"{day[:4]}-Q4", na_action="ignore")
    joint = books[(books["field"] == "elterngeld") & running]
    change = joint["actual_net"] - joint["without_net"]
    assert (change[~joint["is_host"]] < 0).all()
    assert (change[joint["is_host"]] > 0).all()


def test_guests_share_the_saving_of_vehicle_registration(books):
    running = books["quarter"] >= books["start"].map(lambda day: f"{day[:4]}-Q4", na_action="ignore")
    joint = books[(books["field"] == "fahrzeugzulassung") & running]
    assert np.log(joint["actual_net"] / joint["without_net"]).to_numpy() == pytest.approx(-0.12, abs=1e-5)


def test_outside_cooperation_nothing_differs(books):
    outside = books[~books["is_participant"] | (books["quarter"] < "2022-Q4")]
    assert (outside["actual_gross"] == outside["without_gross"]).all()
    assert (outside["actual_paid"] == 0).all()


def test_late_joiner_is_affected_from_its_own_start(books):
    late = books[(books["ags"] == "X0104") & (books["field"] == "bussgeldstelle")].set_index("quarter")
    assert late.loc["2023-Q3", "actual_gross"] == late.loc["2023-Q3", "without_gross"]
    assert late.loc["2023-Q4", "actual_paid"] > 0


def test_true_effects_are_the_planted_ones_less_the_late_joiner(programme, demonstration):
    effects = true_effects(programme, demonstration, demonstration.evaluation("2026-Q2"))
    # Nebelquorn: 4 of its 15 quarters without a body of about 18 % of the cost, one region of three.
    assert effects["fahrzeugzulassung"] == pytest.approx(-0.12 + 0.12 * 4 / 15 * 0.18 / 3, abs=0.0008)
    assert effects["bussgeldstelle"] == pytest.approx(0.08 - 0.08 * 4 / 15 * 0.18 / 3, abs=0.0008)
    assert effects["wohngeld"] == pytest.approx(0, abs=1e-12)
    assert effects["elterngeld"] == pytest.approx(0, abs=1e-12)


def test_without_late_joiner_the_true_effect_is_the_planted_one(demonstration):
    agreements = demonstration.agreements.copy()
    agreements.loc[agreements["ags"] == "X0104", "start"] = "2022-10-01"
    punctual = replace(demonstration, agreements=agreements)
    effects = true_effects(simulate(punctual, SEED), punctual, punctual.evaluation("2026-Q2"))
    assert effects["fahrzeugzulassung"] == pytest.approx(-0.12, abs=1e-6)


def test_a_changed_truth_changes_the_effect(demonstration):
    truth = load_truth(demonstration)
    fields = tuple(replace(item, effect_log=-0.05) for item in truth.fields)
    drawn = simulate(demonstration, SEED, truth=replace(truth, fields=fields))
    effects = true_effects(drawn, demonstration, demonstration.evaluation("2026-Q2"))
    assert effects["wohngeld"] == pytest.approx(-0.05, abs=0.001)


def test_grants_paid_to_the_hosts_add_up_to_the_grants_of_the_study(programme, demonstration):
    paid = programme.actual_cost[programme.actual_cost["cost_block"] == "grants"]
    by_unit = paid.merge(demonstration.bodies[["ags", "unit"]], on="ags").groupby("unit")["amount_cents"].sum()
    assert by_unit[by_unit > 0].to_dict() == {"nebelquorn": 64800000, "quastelbach": 57550000, "irrlichtmoor": 41225000}


def test_one_off_cost_arises_around_the_own_start_of_participants_only(programme):
    one_off = programme.actual_cost.query("cost_block == 'transition' and amount_cents > 0")
    assert one_off["ags"].nunique() == 11
    assert sorted(one_off.loc[one_off["ags"] == "X0104", "quarter"].unique()) == ["2023-Q3", "2023-Q4", "2024-Q1"]


def test_one_quarter_of_one_field_costs_some_hundred_thousand_euro(books):
    typical = books.groupby("field")["actual_gross"].median() / 100
    assert typical["fahrzeugzulassung"] == pytest.approx(220_000, rel=0.2)
    assert (typical > 50_000).all()


def test_staff_sits_where_personnel_cost_arises(programme, demonstration):
    staff = programme.staff[
        (programme.staff["field"] == "fahrzeugzulassung") & (programme.staff["quarter"] == "2025-Q1")
    ]
    mean = staff.groupby("ags")["staff_fte"].mean()
    assert mean["X0101"] > 2 * mean["X0102"]


def test_wrong_first_version_differs_in_one_personnel_amount(programme):
    delivery = programme.delivery
    second = delivery[delivery["version"] == 2].iloc[0]
    same = delivery[(delivery["ags"] == second["ags"]) & (delivery["quarter"] == second["quarter"])]
    first = same[same["version"] == 1].iloc[0]
    keys = ["field", "cost_block"]
    a = programme.cost[programme.cost["delivery_id"] == first["delivery_id"]].set_index(keys)["amount_cents"]
    b = programme.cost[programme.cost["delivery_id"] == second["delivery_id"]].set_index(keys)["amount_cents"]
    assert [block for _, block in a.index[a != b]] == ["personnel"]
    assert second["received_at"] > first["received_at"]


@pytest.mark.parametrize(("right", "wrong"), [(1234567, 1324567), (11234, 12134), (2222222, 2222322)])
def test_swapped_digits_look_like_a_typing_error(right, wrong):
    assert swap_digits(right) == wrong


def test_same_seed_same_programme_in_another_time_zone_and_locale(demonstration):
    code = (
        "from ikz_eval.registry import load_registry; from ikz_eval.simulation import simulate; "
        "from ikz_eval.simulation.files import deliveries_digest; "
        "print(deliveries_digest(simulate(load_registry('demonstration'), 5)))"
    )
    environment = {**os.environ, "TZ": "Pacific/Auckland", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "3"}
    there = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert there.stdout.strip() == deliveries_digest(simulate(demonstration, 5))
    assert there.stdout.strip() != deliveries_digest(simulate(demonstration, 6))


def test_a_study_of_real_bodies_is_refused(rlp):
    with pytest.raises(StudyError, match="real bodies"):
        simulate(rlp, 1)


def test_a_start_inside_a_quarter_is_refused_by_name(demonstration):
    agreements = demonstration.agreements.copy()
    agreements.loc[0, "start"] = "2022-10-17"
    with pytest.raises(StudyError, match="start 2022-10-17 cannot be simulated; allowed is the first day"):
        simulate(replace(demonstration, agreements=agreements), 1)
