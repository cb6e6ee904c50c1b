"""The average of the fields: equal to the analysis of the mean outcome, finds what single fields do not, says what it lacks."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import linalg

from ikz_eval.estimate import evaluate
from ikz_eval.estimate.evaluation import FieldEvaluation, LevelFits, evaluate_field, fit_level
from ikz_eval.estimate.further import pooled_figure
from ikz_eval.estimate.further.pooled import LEAST_FIELDS
from ikz_eval.inference import average_of, cluster_robust
from ikz_eval.registry import Outcome, Pooled, Registry
from tests.ikz_eval.estimate.invented import FIELD, LAST, MAIN, make_panel, make_partnership, make_registry

ROUNDING = 1e-10
"""Between two ways to compute the same numbers."""
FIELDS = (FIELD, "wohngeld", "elterngeld", "bussgeld")
ALL = Pooled("alle", FIELDS, "reason")


@cache
def evaluated(seed: int, field: str = FIELD, *, without: tuple[str, ...] = (), **how) -> FieldEvaluation:
    """Evaluate a drawn field; ``without`` leaves units out."""
    panel = make_panel(seed=seed, **how)
    panel = panel[~panel["unit"].isin(without)]
    return replace(evaluate_field(make_registry(), MAIN, FIELD, LAST, panel, make_partnership(panel)), field=field)


def several(*, first: int = 1, **how) -> list[FieldEvaluation]:
    return [evaluated(seed, field, **how) for seed, field in enumerate(FIELDS, start=first)]


def refitted(found: FieldEvaluation, rows: pd.DataFrame) -> LevelFits:
    return fit_level("partnership", replace(found.partnership.frame, rows=rows))


def test_on_a_balanced_panel_it_is_the_primary_estimate_of_the_mean_outcome():
    fields = several()
    rows = fields[0].partnership.frame.rows
    mean = np.mean([each.partnership.frame.rows["outcome"].to_numpy() for each in fields], axis=0)
    expected = refitted(fields[0], rows.assign(outcome=mean)).imputation.inference
    (found,) = cluster_robust(average_of([each.partnership.imputation.linear for each in fields]), "cr2")
    assert (found.estimate, found.se, found.df) == pytest.approx((expected.estimate, expected.se, expected.df), abs=ROUNDING)  # fmt: skip
    said = pooled_figure(ALL, fields)
    assert (said.estimate, said.low, said.high) == pytest.approx((expected.estimate, expected.low, expected.high), abs=ROUNDING)  # fmt: skip
    assert said.p == pytest.approx(expected.p, abs=ROUNDING)
    assert (said.part, said.n_units, said.warnings) == (" ".join(FIELDS), 7, ("hides_single_fields",))


def by_hand(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return c, (I-H) and the cluster of each row of one field: imputation with regions alike, written out."""
    treated = (rows["quarter"] >= rows["start"].fillna("9999-Q4")).to_numpy()
    dummies = pd.get_dummies(rows[["unit", "quarter"]]).to_numpy(dtype=float)
    share = np.zeros(len(rows))
    for region in rows.loc[treated, "cluster"].unique():
        mine = treated & (rows["cluster"] == region).to_numpy()
        share[mine] = 1 / mine.sum() / rows.loc[treated, "cluster"].nunique()
    c = share.copy()
    c[~treated] = -(share @ dummies @ np.linalg.pinv(dummies[~treated]))
    design = np.column_stack([dummies, treated])
    return c, np.eye(len(rows)) - design @ np.linalg.pinv(design), rows["cluster"].to_numpy()


def test_on_unbalanced_panels_it_equals_a_calculation_by_hand():
    """Each field lacks other rows, one lacks a whole block: weights, hat matrix and CR2 from their definitions."""
    draw = np.random.default_rng(5)
    full, *others = several(effect=-0.05)[:3]
    others[1] = evaluated(3, FIELDS[2], without=("block2",))
    fields = [full]
    for each in others:
        rows = each.partnership.frame.rows
        kept = rows[draw.random(len(rows)) > 0.1].reset_index(drop=True)
        fields.append(replace(each, partnership=refitted(each, kept)))
    parts = [by_hand(each.partnership.frame.rows) for each in fields]
    c = np.concatenate([part[0] for part in parts]) / 3
    rest, cluster = linalg.block_diag(*[part[1] for part in parts]), np.concatenate([part[2] for part in parts])
    y = np.concatenate([each.partnership.frame.rows["outcome"].to_numpy() for each in fields])
    scores = []
    for name in np.unique(cluster):
        own = cluster == name
        values, vectors = np.linalg.eigh(rest[np.ix_(own, own)])
        root = (vectors[:, values > 1e-10] / np.sqrt(values[values > 1e-10])) @ vectors[:, values > 1e-10].T
        scores.append(root @ c[own] @ rest[own])
    p = np.array(scores)
    k = p @ p.T
    (found,) = cluster_robust(average_of([each.partnership.imputation.linear for each in fields]), "cr2")
    expected = (c @ y, np.linalg.norm(p @ y), np.trace(k) ** 2 / (k**2).sum())
    assert (found.estimate, found.se, found.df) == pytest.approx(expected, abs=ROUNDING)
    points = [each.partnership.imputation.estimate for each in fields]
    assert pooled_figure(Pooled("drei", FIELDS[:3], "reason"), fields).estimate == pytest.approx(np.mean(points))


def test_it_finds_a_saving_that_no_single_field_shows():
    """A programme whose fields all save 10 %, each with noise in which CR2 does not see it."""
    fields = several(first=14, effect=float(np.log(0.9)), noise=0.2)
    alone = [each.partnership.imputation.inference for each in fields]
    said = pooled_figure(ALL, fields)
    assert all(each.p > 0.05 for each in alone)
    assert said.p < 0.05 and said.low < np.log(0.9) < said.high < 0


def test_a_dearer_field_hides_in_it_and_the_row_warns_of_that():
    fields = [evaluated(1, "a", effect=-0.3), evaluated(2, "b", effect=0.1)]
    said = pooled_figure(Pooled("zwei", ("a", "b"), "reason"), fields)
    assert said.estimate == pytest.approx(-0.1, abs=0.01) and said.high < 0
    assert said.warnings == ("hides_single_fields",)


def in_levels(found: FieldEvaluation) -> FieldEvaluation:
    frame = found.partnership.frame
    return replace(found, partnership=replace(found.partnership, frame=replace(frame, outcome="real_gross_cost_per_case")))  # fmt: skip


def unidentified(found: FieldEvaluation) -> FieldEvaluation:
    return replace(found, partnership=replace(found.partnership, imputation=None))


def one_region(found: FieldEvaluation) -> FieldEvaluation:
    return replace(found, design=replace(found.design, treated_regions=1))


@pytest.mark.parametrize(
    ("spoil", "code"),
    [(in_levels, "in_levels"), (unidentified, "not_identified"), (one_region, "too_few_regions")],
)
def test_a_field_that_cannot_enter_is_left_out_and_said(spoil, code):
    first, second, third, fourth = several()
    said = pooled_figure(ALL, [first, spoil(second), third, spoil(fourth)])
    kept = pooled_figure(Pooled("zwei", (FIELDS[0], FIELDS[2]), "reason"), [first, third])
    assert said.warnings == ("hides_single_fields", f"left_out_{code}")
    assert said.part == f"{FIELDS[0]} {FIELDS[2]}" and said.withheld is None
    assert (said.estimate, said.p) == (kept.estimate, kept.p)


@pytest.mark.parametrize(
    ("spoil", "withheld"),
    [(in_levels, "too_few_fields"), (unidentified, "too_few_fields"), (one_region, "too_few_regions")],
)
def test_with_fewer_than_two_fields_there_is_no_average(spoil, withheld):
    said = pooled_figure(ALL, [several()[0], *(spoil(each) for each in several()[1:])])
    assert LEAST_FIELDS == 2 and said.withheld == withheld and said.part == " ".join(FIELDS)
    assert np.isnan([said.estimate, said.low, said.high, said.p]).all()


def test_outcomes_without_noise_have_a_point_and_no_interval():
    same = evaluated(1, noise=0.0)
    frame = same.partnership.frame
    flat = refitted(same, frame.rows.assign(outcome=np.where(frame.rows["quarter"] >= frame.rows["start"].fillna("9999-Q4"), -0.1, 0.0)))  # fmt: skip
    fields = [replace(same, field=name, partnership=flat) for name in ("a", "b")]
    said = pooled_figure(Pooled("zwei", ("a", "b"), "reason"), fields)
    assert said.estimate == pytest.approx(-0.1) and np.isnan(said.p) and said.withheld == "no_interval"


def two_fields(**changes: object) -> tuple[Registry, pd.DataFrame, pd.DataFrame]:
    """Return a study of two fields with its panel and partnership."""
    study, other = make_registry(), "wohngeld"
    both = {
        name: pd.concat([getattr(study, name), getattr(study, name).assign(field=other)], ignore_index=True)
        for name in ("fields", "agreements")
    }
    outcomes = (*study.outcomes, Outcome(other, "log_real_gross_cost_per_case", "reason"))
    specified = (replace(MAIN, anticipation_quarters={FIELD: 0, other: 0}),)
    study = replace(study, **both, outcomes=outcomes, specifications=specified, **changes)
    panels = [make_panel(seed=7), make_panel(seed=8)]
    partnerships = [make_partnership(panels[0]), make_partnership(panels[1]).assign(field=other)]
    return study, pd.concat([panels[0], panels[1].assign(field=other)]), pd.concat(partnerships)


def test_the_table_has_a_row_for_each_average_and_nothing_else_moves():
    study, panel, partnership = two_fields()
    before = evaluate(study, LAST, panel, partnership)
    averages = (Pooled("beide", (FIELD, "wohngeld"), "reason"),)
    after = evaluate(replace(study, pooled=averages), LAST, panel, partnership)
    further = after["further_estimate"]
    mine = further["family"] == "pooled"
    (row,) = further[mine].to_dict("records")
    assert (row["specification"], row["field"], row["part"]) == ("beide", "all", f"{FIELD} wohngeld")
    assert row["estimate"] == pytest.approx(-0.1, abs=0.01) and row["low"] < row["estimate"] < row["high"]
    pd.testing.assert_frame_equal(further[~mine].reset_index(drop=True), before.pop("further_estimate"))
    for name, frame in before.items():
        pd.testing.assert_frame_equal(after[name], frame)


def test_without_deliveries_the_row_says_why_there_is_no_average():
    study, panel, partnership = two_fields(pooled=(Pooled("beide", (FIELD, "wohngeld"), "reason"),))
    further = evaluate(study, LAST, panel.iloc[:0], partnership.iloc[:0])["further_estimate"]
    (row,) = further[further["family"] == "pooled"].to_dict("records")
    assert row["withheld"] == "too_few_fields" and row["warnings"] == "hides_single_fields,left_out_not_identified"
